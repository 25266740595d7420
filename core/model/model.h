/* model.h: a model file, read and checked: what to train, not yet how (graph.h). */
#ifndef ISO_MODEL_H
#define ISO_MODEL_H
#include "faults.h"
#include "core/data/dataset.h"
#include "core/ops/gather_images.h"
#include "core/ops/gradient_clipping.h"
#include "schedule.h"

struct iso_layer {
    struct iso_location location;
    char name[ISO_NAME]; /* given, or conv2d_1 in order of appearance */
    enum iso_op op;
    void *params; /* owned; the op's struct */
    bool frozen;  /* trainable: false */
    int ninputs;
    int input[ISO_OPERANDS]; /* index of the layer it reads; -1: the model's input */
};
struct iso_data_spec { /* data: train / validation / test */
    struct iso_location location;
    bool given;
    char dataset[ISO_DATASET_NAME], split[32];
    struct iso_source_options options;
    double part[2];  /* fractions of its rows, from and to; both 0: all */
    bool stratified; /* each class has its share of the part */
    uint64_t part_seed;
    bool stream;                   /* images are read when they are wanted, not all at first */
    struct iso_class_map *classes; /* made of those of the data set; owned; NULL: as they are */
};
struct iso_op_use {
    struct iso_location location;
    enum iso_op op;
    void *params;    /* owned */
    bool auto_range; /* an augmentation's value_range is that of the input */
};
struct iso_class_weight {
    struct iso_location location;
    int64_t class;
    double weight;
};
enum { ISO_METRICS = 16, ISO_PHASES = 64, ISO_AUGMENTATIONS = 8 };

struct iso_expect { /* what a model is known to reach; NaN: not said */
    char source[128];
    double training_accuracy, validation_accuracy, test_accuracy; /* shares from 0 to 1 */
    double training_loss, validation_loss, test_loss;
    double seconds_per_epoch; /* of the source, on its machine */
    double parameters;
    int64_t last_epochs; /* figures are means over so many last epochs */
};

/* One training: what is made small, and how. A model file describes one, or several phases on the
 * same weights, each of which takes over what it does not say itself. */
struct iso_training {
    struct iso_location location;
    char name[32]; /* of a phase; "" when there are none */
    struct iso_op_use loss, optimizer;
    struct iso_gradient_clipping clipping; /* belongs to the optimizer */
    struct iso_schedule schedule;
    struct iso_early_stopping early_stopping;
    /* What is done to each batch of images before the first layer, in this order. */
    struct iso_op_use augmentations[ISO_AUGMENTATIONS];
    int naugmentations;
    bool augmentation_given; /* also when it says that there are none */
    int64_t epochs;
    struct iso_expect expect;
    bool shuffle_weights;        /* before it, permutes the elements of every weight */
    bool keep_steps, keep_slots; /* the optimizer goes on counting steps, and with its state,
                                    where the phase before left them */
};

/* Read only once it is loaded; iso_model_measure completes one whose mean or std is `auto`. */
struct iso_model {
    char *file; /* path as given */
    char *text;
    size_t text_size; /* the file's bytes, for the run folder */
    char name[64];
    struct iso_data_spec train, validation, test;
    struct iso_location input_location;
    struct iso_shape input;          /* ndim 4 (batch, h, w, c) or 2 (batch, n); dim[0] is 0 */
    struct iso_gather_images images; /* what becomes of the bytes of a data set */
    size_t mean_at, std_at;          /* where in text an `auto` of theirs stands */
    int preprocessing;               /* 0: none but that, 1: caffe's, which is then in images */
    int64_t pad[4], repeat_channels; /* before that, on the host: core/data/pad.h */
    struct iso_layer *layers;
    int nlayers;
    struct iso_location
        *uses; /* where layer blocks are used: what the layers' locations point to */
    struct iso_op_use metrics[ISO_METRICS];
    int nmetrics;
    int64_t batch_size;
    uint64_t seed;
    double checkpoint_minutes; /* between two checkpoints within an epoch; 0: none */
    struct iso_checkpoint checkpoint;
    bool keep_features; /* what the frozen layers at the beginning give is computed
                           once for each example */
    struct iso_class_weight *class_weights;
    int nclass_weights;          /* of those that are not 1 */
    struct iso_training common;  /* what the sections of the file say */
    struct iso_training *phases; /* without `phases:` one, which is the common one; params
                                    that a phase takes over are the same memory */
    int nphases;
};
/* The phase to which epoch `epoch`, from 0, belongs; the last one has no end. */
int iso_model_phase_at(const struct iso_model *, int64_t epoch);
/* The epoch, from 0, before which a phase ends. */
int64_t iso_model_phase_end(const struct iso_model *, int phase);

/* Reads and checks path ("-": standard input). On a bad file: ISO_EMODEL and every fault in faults;
 * on an unreadable one ISO_EIO. The caller frees *out, set only on success, with iso_model_free. */
iso_rc iso_model_load(const char *path, struct iso_faults *faults, struct iso_model **out);
/* The same for text that a program has; path is the name that faults say. text NULL: the file's. */
iso_rc iso_model_parse(const char *path, const char *text, struct iso_faults *faults,
                       struct iso_model **out);
void iso_model_free(struct iso_model *);
/* What the file says of the data of `split`: train, validation or test. Where it names no test
 * data, that is the test split of the training data. The request borrows from the model; the caller
 * adds where to look, threads, progress and limit. ISO_EMODEL when the file names no such data. */
iso_rc iso_model_data(const struct iso_model *, const char *split, struct iso_dataset_request *out);

/* True if mean or std of the input are still to be computed (n is 0): no data set can be used
 * until they are. */
bool iso_model_measures(const struct iso_model *);
/* Fails, and says what to do, where they are. */
iso_rc iso_model_measured(const struct iso_model *);
/* Computes those of them that are, from the training images, and writes them into text, in place of
 * `auto`; a value_range that is auto follows. See core/data/moments.h; one number of all pixels
 * where the input is no image of at most ISO_REALS channels. Fails with ISO_EDATA where a deviation
 * is 0. progress may be NULL. */
iso_rc iso_model_measure(struct iso_model *, const struct iso_dataset *train, iso_progress *);

/* Fills params from a field table's defaults. Returns ISO_OK, or ISO_ENOMEM with *params NULL. */
iso_rc iso_params_default(enum iso_op op, void **params);
#endif
