#include "onnx_network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

void open_network(struct network *net, const char *path)
{
    network_open(net, path, 1, "cpu", 1);
    network_begin(net, &(struct iso_exec_options){ .seed = 1 });
}

void export_to(const char *path, struct network *net, bool preprocessing)
{
    const struct iso_onnx_export_options o = { .preprocessing = preprocessing };
    struct iso_onnx *m;
    must(iso_onnx_export(net->exec, &o, &m));
    must(iso_onnx_write(path, m));
    iso_onnx_free(m);
}

void built_without_onnx(void **state)
{
    (void)state;
    printf("SKIP: this isocl was built without ONNX\n");
    skip();
}
