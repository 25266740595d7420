/* model.h: a model file, read and checked. graph.h turns it into a graph of ops. */
#ifndef ISO_MODEL_H
#define ISO_MODEL_H
#include "changes.h"
#include "faults.h"
#include "core/data/dataset.h"
#include "core/ops/gather_images.h"
#include "core/ops/gradient_clipping.h"
#include "schedule.h"
#include "weight_average.h"
#include "weight_decay.h"

struct iso_layer {
    struct iso_location location;
    char name[ISO_NAME]; /* given, or conv2d_1 in order of appearance */
    enum iso_op op;
    void *params; /* owned; the op's struct */
    bool frozen;  /* trainable: false */
    double rate;  /* factor of the learning rate for its weights */
    int part;     /* layers with the same number run forward again before their backward pass
                     (recompute: true); 0: this one does not */
    int ninputs;
    int input[ISO_OPERANDS]; /* indices of the layers it reads; -1: the model's input */
};
struct iso_data_spec { /* data: train / validation / test */
    struct iso_location location;
    bool given;
    char dataset[ISO_DATASET_NAME], split[32];
    struct iso_source_options options;
    double part[2];  /* fractions of its rows, from and to; both 0: all */
    bool stratified; /* take the same share of each class */
    uint64_t part_seed;
    bool stream;                   /* read images when they are needed, not all at the beginning */
    struct iso_class_map *classes; /* chosen and merged classes of the data set; owned; NULL: all */
};
struct iso_op_use {
    struct iso_location location;
    enum iso_op op;
    void *params;    /* owned */
    bool auto_range; /* the augmentation's value_range, or its black and white, are auto: those of
                        the input */
};
struct iso_class_weight {
    struct iso_location location;
    int64_t class;
    double weight;
};
enum { ISO_METRICS = 16, ISO_PHASES = 64, ISO_AUGMENTATIONS = 8, ISO_MOST_SHARDS = 1 << 16 };

struct iso_expect { /* published figures of the model; NaN: not given */
    char source[128];
    double training_accuracy, validation_accuracy, test_accuracy; /* shares from 0 to 1 */
    double training_loss, validation_loss, test_loss;
    double seconds_per_epoch; /* as published, on the source's machine */
    double parameters;
    int64_t last_epochs; /* the figures are means over this number of last epochs */
};

/* One training: the loss and how it is minimised. A model file describes one training, or several
 * phases on the same weights; a phase inherits all settings that it does not have itself. */
struct iso_training {
    struct iso_location location;
    char name[32]; /* name of the phase; "" if the model has none */
    struct iso_op_use loss, optimizer;
    struct iso_gradient_clipping clipping; /* belongs to the optimizer */
    struct iso_weight_decay decay;         /* belongs to it, too */
    struct iso_weight_average average;     /* and this */
    struct iso_schedule schedule;
    struct iso_early_stopping early_stopping;
    /* Applied to each batch of images before the first layer, in this order. */
    struct iso_op_use augmentations[ISO_AUGMENTATIONS];
    int naugmentations;
    bool augmentation_given; /* also true if the file says that there are none */
    int64_t epochs;
    struct iso_expect expect;
    bool shuffle_weights;        /* permute the elements of every weight before the phase */
    bool keep_steps, keep_slots; /* continue the step count, or state, of the phase before */
    char unfreeze[ISO_NAME];     /* a layer, or all; "": none */
    bool unfreezes;              /* train frozen layers, too, from that one on */
    int first_unfrozen;          /* its index */
};

/* Constant once loaded, except that iso_model_measure completes a model whose mean or std is
 * `auto`. */
struct iso_model {
    char *file; /* path as given */
    char *text;
    size_t text_size; /* the file's bytes, for the run folder */
    char name[64];
    bool named; /* by the file; false: after its path */
    struct iso_data_spec train, validation, test;
    bool rows_given, rows_have_targets; /* a program gives the rows, which have no class */
    struct iso_location input_location;
    struct iso_shape input;          /* ndim 4 (batch, h, w, c) or 2 (batch, n); dim[0] is 0 */
    struct iso_gather_images images; /* conversion of a data set's bytes */
    size_t mean_at, std_at;          /* offsets in text of an `auto` for mean and std */
    int preprocessing; /* 0: none besides images; 1: caffe's, which is included in images */
    int64_t pad[4], repeat_channels; /* applied first, on the host: core/data/pad.h */
    struct iso_layer *layers;
    int nlayers;
    struct iso_location *uses; /* uses of layer blocks, to which the layers' locations point */
    struct iso_op_use metrics[ISO_METRICS];
    int nmetrics;
    int64_t batch_size;
    int64_t shards; /* shares of a step's rows, each a batch of its own; a power of two */
    int64_t memory; /* bytes that training may take, besides data sets; 0: as many as it needs */
    uint64_t seed;
    double checkpoint_minutes; /* interval of checkpoints within an epoch; 0: none */
    struct iso_checkpoint checkpoint;
    bool keep_features; /* compute the result of the first, frozen layers once for each example */
    struct iso_class_weight *class_weights;
    int nclass_weights;          /* number of weights that are not 1 */
    struct iso_training common;  /* settings from the sections of the file */
    struct iso_training *phases; /* one, equal to common, without `phases:`; params that a phase
                                    inherits share memory */
    int nphases;
};
/* Returns the phase of an epoch, counted from 0; the last phase has no end. */
int iso_model_phase_at(const struct iso_model *, int64_t epoch);
/* Returns the epoch, counted from 0, before which a phase ends. */
int64_t iso_model_phase_end(const struct iso_model *, int phase);

/* Reads and checks path ("-": standard input). Fails with ISO_EMODEL and adds every fault to faults
 * if the file is bad; fails with ISO_EIO if it cannot be read. *out is set only on success; free it
 * with iso_model_free. */
iso_rc iso_model_load(const char *path, struct iso_faults *faults, struct iso_model **out);
/* The same for text that a program has; path is the name that faults say. text NULL: the file's. */
iso_rc iso_model_parse(const char *path, const char *text, struct iso_faults *faults,
                       struct iso_model **out);
/* The same with changes, which the model's text then has, too; what is wrong with one of them is a
 * fault at it. NULL: none. */
iso_rc iso_model_load_changed(const char *path, const char *text, const struct iso_changes *,
                              struct iso_faults *, struct iso_model **out);
/* The SHA-256 of what the text says, however it is written. */
iso_rc iso_model_sha256(const struct iso_model *, char hex[65]);
void iso_model_free(struct iso_model *);
/* Gives the request for the data of `split`: train, validation or test. If the file names no test
 * data, these are the test split of the training data. The request borrows from the model; the
 * caller adds folder, threads, progress and limit. Fails with ISO_EMODEL if the file names no such
 * data. */
iso_rc iso_model_data(const struct iso_model *, const char *split, struct iso_dataset_request *out);

/* Returns true if the rows of the training data have targets: numbers in columns, or lists of
 * labels, in place of one class each. */
bool iso_model_targets(const struct iso_model *);

/* Returns true if mean or std of the input are not computed yet (n is 0); no data set can be used
 * until they are. */
bool iso_model_measures(const struct iso_model *);
/* Fails if iso_model_measures is true; the message says what to do. */
iso_rc iso_model_measured(const struct iso_model *);
/* Computes a mean or std that is `auto` from the training images (core/data/moments.h), and
 * replaces `auto` in text; a value_range that is auto follows. Uses one number for all pixels if
 * the input is not an image of at most ISO_REALS channels. Fails with ISO_EDATA if a deviation is
 * 0. progress may be NULL. */
iso_rc iso_model_measure(struct iso_model *, const struct iso_dataset *train, iso_progress *);

/* Fills params from a field table's defaults. Returns ISO_OK, or ISO_ENOMEM with *params NULL. */
iso_rc iso_params_default(enum iso_op op, void **params);
#endif
