/* model.h: a model file, read and checked: what to train, not yet how (graph.h). */
#ifndef ISO_MODEL_H
#define ISO_MODEL_H
#include "faults.h"

struct iso_layer {
    struct iso_place place;
    char name[ISO_NAME];               /* given, or conv2d_1 in order of appearance */
    enum iso_op op;
    void *params;                      /* owned; the op's struct */
    int ninputs;
    int input[ISO_SLOTS];              /* index of the layer it reads; -1: the model's input */
};
struct iso_data_spec {                 /* data: train / validation / test */
    struct iso_place place;
    bool given;
    char dataset[64], split[32];
    int64_t count;                     /* rows to draw from a generated data set; 0: its default */
    double part[2];                    /* fractions of its rows, from and to; both 0: all */
    bool stratified;                   /* each class has its share of the part */
    uint64_t part_seed;
};
struct iso_op_use { struct iso_place place; enum iso_op op; void *params; };   /* owns params */
enum { ISO_METRICS = 16 };

struct iso_model {
    char *file;                        /* path as given */
    char *text; size_t text_size;      /* the file's bytes, for the run folder */
    char name[64];
    struct iso_data_spec train, validation, test;
    struct iso_place input_place;
    struct iso_shape input;            /* ndim 4 (batch, h, w, c) or 2 (batch, n); dim[0] is 0 */
    double scale;                      /* applied to uint8 data, as one float32 product */
    struct iso_layer *layers; int nlayers;
    struct iso_op_use loss, optimizer, metrics[ISO_METRICS]; int nmetrics;
    int64_t batch_size, epochs; uint64_t seed;
    char expect_source[128]; double expect_accuracy;           /* NaN: none */
};

/* Reads and checks path ("-": standard input). On a bad file: ISO_EMODEL and every fault in faults;
 * on an unreadable one ISO_EIO. The caller frees *out, set only on success, with iso_model_free. */
iso_rc iso_model_load(const char *path, struct iso_faults *faults, struct iso_model **out);
void iso_model_free(struct iso_model *);

/* Fills params from a field table's defaults. Returns ISO_OK, or ISO_ENOMEM with *params NULL. */
iso_rc iso_params_default(enum iso_op op, void **params);
#endif
