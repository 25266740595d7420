/* onnx_network.h: what the tests of ONNX share: a model file's network on the cpu backend. */
#ifndef ISO_TEST_ONNX_NETWORK_H
#define ISO_TEST_ONNX_NETWORK_H
#include "core/onnx/export.h"

struct network {
    struct iso_faults faults;
    struct iso_model *model;
    struct iso_graph *graph;
    struct iso_backend *backend;
    struct iso_exec *exec;
};
/* Fails the test with the message unless rc is ISO_OK. */
void must(iso_rc rc);
/* With initial weights, in exact mode, for batches of one. */
void open_network(struct network *, const char *model);
void close_network(struct network *);
/* Writes the network as an ONNX file. */
void export_to(const char *path, struct network *, bool preprocessing);
#endif
