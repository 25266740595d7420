/* onnx_network.h: what the tests of ONNX share: a network on the cpu backend, and its file. */
#ifndef ISO_TEST_ONNX_NETWORK_H
#define ISO_TEST_ONNX_NETWORK_H
#include "core/onnx/export.h"
#include "network.h"

/* With initial weights, for batches of one. */
void open_network(struct network *, const char *path);
/* Writes the network as an ONNX file. */
void export_to(const char *path, struct network *, bool preprocessing);
/* The only case of a program that has nothing to test without ONNX. */
void built_without_onnx(void **state);
#endif
