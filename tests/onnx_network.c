#include "onnx_network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

void must(iso_rc rc)
{
    if (rc != ISO_OK)
        fail_msg("%s", iso_error());
}

void open_network(struct network *net, const char *path)
{
    memset(net, 0, sizeof *net);
    if (iso_model_load(path, &net->faults, &net->model) != ISO_OK ||
        iso_graph_build(net->model, 1, &net->faults, &net->graph) != ISO_OK) {
        iso_faults_print(&net->faults, stderr);
        fail_msg("%s: %s", path, iso_error());
    }
    must(iso_backend_open("cpu", ISO_MODE_EXACT, 1, &net->backend));
    must(iso_exec_new(net->graph, net->backend, &(struct iso_exec_options){ .seed = 1 },
                      &net->exec));
    must(iso_exec_initialize(net->exec));
}

void close_network(struct network *net)
{
    iso_exec_free(net->exec);
    iso_backend_close(net->backend);
    iso_graph_free(net->graph);
    iso_model_free(net->model);
}

void export_to(const char *path, struct network *net, bool preprocessing)
{
    const struct iso_onnx_export_options o = { .preprocessing = preprocessing };
    struct iso_onnx *m;
    must(iso_onnx_export(net->exec, &o, &m));
    must(iso_onnx_write(path, m));
    iso_onnx_free(m);
}
