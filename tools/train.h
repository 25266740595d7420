/* train.h: a training as a user started it, and what the program says about it: for the files of
 * `isocl train`. */
#ifndef ISO_TRAIN_H
#define ISO_TRAIN_H
#include "console.h"
#include "core/train/image_crc32.h"
#include "setup.h"

struct train_options {
    struct iso_setup_options setup;
    int64_t epochs, steps;     /* -1: as the model file says; 0: epochs count */
    double checkpoint_minutes; /* -1: as the model file says */
    const char *weights, *out;
    bool resume, quiet, json;
};
struct training {
    struct train_options *options;
    struct iso_setup setup;
    struct iso_dataset *train, *validation; /* validation NULL: none */
    struct iso_run_settings settings;
    struct iso_fit_state state;
    struct iso_run *run;
    struct iso_image_sums sums;
    struct iso_console console;
    char command[2048];  /* as it was typed, but for quotes; cut where it is longer */
    char path[ISO_PATH]; /* of a resumed run's model file; the faults borrow it */
};

/* True if there is nothing left to train. */
bool iso_train_reached_goal(const struct training *);

/* train_resume.c: the settings of the run in --out, also as options; t->path becomes its model
 * file, which `model` must be where it is not NULL. ISO_EUSAGE for options that say otherwise. */
iso_rc iso_train_read_run(struct training *, const char *model);

/* train_tell.c: model, data and device; the phase that begins; how to go on, also from the last
 * checkpoint after a failure; the run and its hash. */
void iso_train_tell_start(const struct training *);
void iso_train_tell_phase(const struct training *);
void iso_train_tell_resume(const struct training *);
void iso_train_tell_checkpoint(const struct training *);
iso_rc iso_train_tell_end(const struct training *);
#endif
