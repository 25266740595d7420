/* network.h: a model file's network on a device, for the tests that look into one. What goes wrong
 * fails the test, with the message. */
#ifndef ISO_TEST_NETWORK_H
#define ISO_TEST_NETWORK_H
#include "core/train/exec.h"

struct network {
    struct iso_faults faults;
    struct iso_model *model;
    struct iso_graph *graph;
    struct iso_backend *backend;
    struct iso_exec *exec;
};
/* Fails the test with the message unless rc is ISO_OK. */
void must(iso_rc rc);

/* Reads a model file and builds its graph; there is no device yet. */
void network_load(struct network *, const char *path, int64_t batch);
/* The same, with a device in exact mode; there is no executor yet. threads 0: all. */
void network_open(struct network *, const char *path, int64_t batch, const char *device,
                  int threads);
/* An executor for it, with initial weights. */
void network_begin(struct network *, const struct iso_exec_options *);
void network_close(struct network *);

/* A tensor's values as float32; it must have `count` elements. */
void network_read(struct network *, const char *name, int64_t count, float *values);
/* Predicts the rows that have been fed, and fails unless the output is these `count` numbers of
 * another program, to 1e-5 of the largest. */
void network_predicts(struct network *, int64_t count, const float *wanted);
#endif
