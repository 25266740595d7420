/* setup.h: what commands share: options of a job (core/job/job.h), and what is said of one. */
#ifndef ISO_SETUP_H
#define ISO_SETUP_H
#include "choice_tell.h"
#include "core/job/job.h"
#include "core/ranks/ranks.h"
#include "options.h"

/* Lines of an option table; `type` has a member `setup`, a struct iso_job_options. */
#define ISO_OPTION_DEVICE(type)                                              \
    {                                                                        \
        "device", "DEVICE", ISO_OPTION_TEXT, offsetof(type, setup.device),   \
            "auto, gpu, or one that `isocl devices` lists (default auto)", 0 \
    }
#define ISO_OPTION_MODE(type)                                                                     \
    {                                                                                             \
        "mode", "exact|fast", ISO_OPTION_CHOICE, offsetof(type, setup.mode),                      \
            "exact: the same bits on every device; fast: faster on some devices (default exact)", \
            0                                                                                     \
    }
#define ISO_OPTION_THREADS(type)                                                                \
    {                                                                                           \
        "threads", "N", ISO_OPTION_INT, offsetof(type, setup.threads),                          \
            "processor threads, for devices that use them (default: all); changes no result", 1 \
    }
#define ISO_OPTION_TUNE(type)                                                                     \
    {                                                                                             \
        "tune", "off|auto", ISO_OPTION_CHOICE, offsetof(type, setup.tune),                        \
            "auto: measure which kernels are fastest, once for a model and a device; changes no " \
            "bit in exact mode (default: auto on GPUs)",                                          \
            0                                                                                     \
    }
#define ISO_OPTION_DATA(type)                                                     \
    {                                                                             \
        "data", "DIR", ISO_OPTION_TEXT, offsetof(type, setup.data),               \
            "the only folder with data sets (default: see `isocl help paths`)", 0 \
    }
#define ISO_OPTION_LIMIT(type)                                     \
    {                                                              \
        "limit", "N", ISO_OPTION_INT, offsetof(type, setup.limit), \
            "take only the first N rows of every split", 1         \
    }
#define ISO_OPTION_TTA(type)                                                                \
    {                                                                                       \
        "tta", "flip|five_crop|ten_crop", ISO_OPTION_CHOICE, offsetof(type, setup.tta),     \
            "test-time augmentation: the mean of the outputs for the image and its mirror " \
            "image; for the windows of random_crop in the corners and the middle; for "     \
            "those and their mirror images",                                                \
            0                                                                               \
    }
#define ISO_OPTION_BATCH(type)                                          \
    {                                                                   \
        "batch", "N", ISO_OPTION_INT, offsetof(type, setup.batch),      \
            "rows per batch, instead of the model file's batch_size", 1 \
    }
#define ISO_OPTION_SEED(type)                                            \
    {                                                                    \
        "seed", "S", ISO_OPTION_INT, offsetof(type, setup.seed),         \
            "seed of all random numbers, instead of the model file's", 0 \
    }

#define ISO_OPTION_SET(type)                                                                \
    {                                                                                       \
        "set", "KEY=VALUE", ISO_OPTION_LIST, offsetof(type, setup.set),                     \
            "change a key of the model file, such as optimizer.learning_rate=0.01; may be " \
            "given several times (isocl help set)",                                         \
            0                                                                               \
    }
#define ISO_OPTION_PHASE(type)                                                           \
    {                                                                                    \
        "phase", "NAME", ISO_OPTION_TEXT, offsetof(type, setup.phase),                   \
            "of a model file with phases this one only, by its name or number from 1", 0 \
    }

#define ISO_SETUP_DEFAULTS                                                                  \
    {                                                                                       \
        .batch = -1, .seed = -1, .progress = iso_setup_progress, .chosen = iso_choice_tell, \
        .unhashed = iso_setup_unhashed                                                      \
    }

/* Writes ", mean of 2 views each (flip)" into buf, or nothing without test-time augmentation, and
 * returns buf. */
const char *iso_setup_views(const struct iso_job *, const char *tta, char *buf, size_t n);
/* The model file that a path on the command line stands for: itself, or, where there is none and it
 * begins with models/, that of the models isocl came with, which is told on stderr; found is for
 * its path. */
const char *iso_setup_path(const char *given, char found[ISO_PATH]);
/* Opens that model file: iso_job_model. */
iso_rc iso_setup_model(struct iso_job *, const char *given, const struct iso_job_options *);
/* An iso_progress of reading images: where a reader waits at a terminal, and longer than a moment,
 * a line that the next one covers. */
void iso_setup_progress(int64_t done, int64_t total);

/* Tells on stderr that nobody knows whether weights are as they were written. */
void iso_setup_unhashed(const char *path);

/* Meets the other ranks, if mpirun has started several (*out is NULL if not); only the first says
 * what its options tell. */
iso_rc iso_setup_ranks(struct iso_job_options *, struct iso_ranks **out);
/* Puts this rank's number in front of why it fails, if it does, and tells the others. */
void iso_setup_tell_ranks(struct iso_ranks *, iso_rc);
/* Tells on stderr why a command failed, faults (which may be NULL) a line each, and returns its
 * exit code; for ISO_OK only that. */
int iso_report(const struct iso_command *, iso_rc, const struct iso_faults *);
#endif
