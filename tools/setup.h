/* setup.h: what train, eval, summary and trace share: from options to a model on a device. */
#ifndef ISO_SETUP_H
#define ISO_SETUP_H
#include "core/data/dataset.h"
#include "core/file.h"
#include "core/train/exec.h"
#include "options.h"

struct iso_setup_options {
    const char *device, *mode, *data; /* NULL: auto, the device's own, the usual folders */
    int64_t threads, limit;           /* 0: as many as there are; all rows */
    int64_t batch, seed;              /* -1: as the model file says */
    const char *tune;                 /* off or auto; NULL: auto */
};
#define ISO_SETUP_DEFAULTS      \
    {                           \
        .batch = -1, .seed = -1 \
    }

/* Lines of an option table; `type` has a member `setup` of the struct above. */
#define ISO_OPTION_DEVICE(type)                                              \
    {                                                                        \
        "device", "DEVICE", ISO_OPTION_TEXT, offsetof(type, setup.device),   \
            "auto, gpu, or one that `isocl devices` lists (default auto)", 0 \
    }
#define ISO_OPTION_MODE(type)                                                             \
    {                                                                                     \
        "mode", "exact|fast", ISO_OPTION_CHOICE, offsetof(type, setup.mode),              \
            "exact: the same bits on every device; fast: maybe faster (default exact)", 0 \
    }
#define ISO_OPTION_THREADS(type)                                                                \
    {                                                                                           \
        "threads", "N", ISO_OPTION_INT, offsetof(type, setup.threads),                          \
            "processor threads, on devices that take them (default: all); changes no result", 1 \
    }
#define ISO_OPTION_TUNE(type)                                                                     \
    {                                                                                             \
        "tune", "off|auto", ISO_OPTION_CHOICE, offsetof(type, setup.tune),                        \
            "auto: measure which kernels are fastest, once for a model and a device; changes no " \
            "bit in exact mode",                                                                  \
            0                                                                                     \
    }
#define ISO_OPTION_DATA(type)                                                             \
    {                                                                                     \
        "data", "DIR", ISO_OPTION_TEXT, offsetof(type, setup.data),                       \
            "where the data sets lie (default: ISOCL_DATA, then ~/.local/share/isocl)", 0 \
    }
#define ISO_OPTION_LIMIT(type)                                     \
    {                                                              \
        "limit", "N", ISO_OPTION_INT, offsetof(type, setup.limit), \
            "take only the first N rows of every split", 1         \
    }
#define ISO_OPTION_BATCH(type)                                           \
    {                                                                    \
        "batch", "N", ISO_OPTION_INT, offsetof(type, setup.batch),       \
            "rows in a batch, instead of the model file's batch_size", 1 \
    }
#define ISO_OPTION_SEED(type)                                    \
    {                                                            \
        "seed", "S", ISO_OPTION_INT, offsetof(type, setup.seed), \
            "of all randomness, instead of the model file's", 0  \
    }

struct iso_setup { /* owns all it names */
    struct iso_faults faults;
    struct iso_model *model;
    struct iso_backend *backend;
    struct iso_graph *graph;
    struct iso_exec *exec;
    char path[ISO_PATH]; /* of the model file, where isocl came with it */
};
/* The model file that a path on the command line stands for: itself, or, where there is none and it
 * begins with models/, that of the models isocl came with, which is told on stderr; found is for
 * its path. */
const char *iso_setup_path(const char *given, char found[ISO_PATH]);
/* Each fills its member. The model takes batch and seed from the options; faults borrow path and
 * the setup. */
iso_rc iso_setup_model(struct iso_setup *, const char *path, const struct iso_setup_options *);
iso_rc iso_setup_backend(struct iso_setup *, const struct iso_setup_options *);
iso_rc iso_setup_exec(struct iso_setup *, const struct iso_exec_options *);
/* Frees executor and graph, to build those of another phase. */
void iso_setup_close_exec(struct iso_setup *);
void iso_setup_free(struct iso_setup *);

/* Opens what the model file names under data: `split` (train, validation, test). Where there is no
 * test, the test split of the training data stands in. */
iso_rc iso_setup_data(const struct iso_setup *, const char *split, const struct iso_setup_options *,
                      struct iso_dataset **out);
/* An iso_progress of reading images: where a reader waits at a terminal, and longer than a moment,
 * a line that the next one covers. */
void iso_setup_progress(int64_t done, int64_t total);
/* Finds what a command's argument stands for: a run's folder, with its model file and last weights,
 * or a model file, for which the weights must be given. weights: given instead, or NULL. */
iso_rc iso_setup_files(const char *argument, const char *weights, char model[ISO_PATH],
                       char path[ISO_PATH]);
/* The weights of a run's best epoch. */
iso_rc iso_setup_best(const char *run, char path[ISO_PATH]);
/* Sets the executor's weights from a safetensors file. The faults borrow path. */
iso_rc iso_setup_weights(struct iso_setup *, const char *path);

/* Writes what to say beside a result: "exact  reference (AMD EPYC 9R14)". Returns buf. */
const char *iso_setup_where(const struct iso_backend *, char *buf, size_t n);
/* Weights of the model, counted in elements; trainable ones only, or all. */
int64_t iso_setup_parameters(const struct iso_graph *, bool trainable);

/* Tells on stderr why a command failed, faults (which may be NULL) a line each, and returns its
 * exit code; for ISO_OK only that. */
int iso_report(const struct iso_command *, iso_rc, const struct iso_faults *);
#endif
