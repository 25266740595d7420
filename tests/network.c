#include "network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Difference of outputs beside their largest, of two programs. */
static const double MOST = 1e-5;

void must(iso_rc rc)
{
    if (rc != ISO_OK)
        fail_msg("%s", iso_error());
}

void network_load(struct network *n, const char *path, int64_t batch)
{
    memset(n, 0, sizeof *n);
    if (iso_model_load(path, &n->faults, &n->model) != ISO_OK ||
        iso_graph_build(n->model, 0, batch, &n->faults, &n->graph) != ISO_OK) {
        iso_faults_print(&n->faults, stderr);
        fail_msg("%s: %s", path, iso_error());
    }
}

void network_open(struct network *n, const char *path, int64_t batch, const char *device,
                  int threads)
{
    network_load(n, path, batch);
    must(iso_backend_open(device, ISO_MODE_EXACT, threads, &n->backend));
}

void network_begin(struct network *n, const struct iso_exec_options *options)
{
    must(iso_exec_new(n->graph, n->backend, options, &n->exec));
    must(iso_exec_initialize(n->exec));
}

void network_close(struct network *n)
{
    iso_exec_free(n->exec);
    iso_backend_close(n->backend);
    iso_graph_free(n->graph);
    iso_model_free(n->model);
}

void network_read(struct network *n, const char *name, int64_t count, float *values)
{
    struct iso_tensor t;
    if (!iso_exec_tensor(n->exec, name, &t))
        fail_msg("there is no %s", name);
    assert_int_equal(iso_shape_count(&t.shape), count);
    must(iso_tensor_read_f32(n->backend, &t, values));
}

void network_predicts(struct network *n, int64_t count, const float *wanted)
{
    double error = 0, largest = 0;
    float *got = calloc((size_t)count, sizeof *got);
    assert_non_null(got);
    must(iso_exec_forward(n->exec, false, 0, 0));
    network_read(n, n->graph->values[n->graph->output].name, count, got);
    for (int64_t i = 0; i < count; i++) {
        error = fmax(error, fabs((double)got[i] - wanted[i]));
        largest = fmax(largest, fabs((double)wanted[i]));
    }
    free(got);
    if (!(error <= MOST * largest))
        fail_msg("differs by %g of %g", error, largest);
}
