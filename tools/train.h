/* train.h: a training that a command runs, and what is said of it: for `isocl train` and `isocl
 * reproduce`. */
#ifndef ISO_TRAIN_H
#define ISO_TRAIN_H
#include "console.h"
#include "core/job/trainer.h"
#include "setup.h"

enum { ISO_TRAIN_COMMAND = 2048 };
struct training {
    struct iso_trainer trainer;
    struct iso_console console;
};

/* Trains a model (NULL: that of the run to resume), tells of it in the style asked for, and returns
 * the exit code. Ctrl-C saves and stops. */
int iso_train(const struct iso_command *, const char *model, struct iso_trainer_options,
              enum iso_console_style);
/* Writes a command line as it was typed, but for quotes; cut where it is longer. */
void iso_train_command(const char *name, int argc, char **argv, char text[ISO_TRAIN_COMMAND]);

/* train_tell.c: model, data and device; the phase that begins; the features that are kept (NULL:
 * that are about to be); how to go on, also from the last checkpoint after a failure, and on
 * another device than one that strayed; the run and its hash. */
void iso_train_tell_start(const struct training *);
/* The devices of all ranks, if there are several; and what they have sent each other, and which is
 * the slowest. All ranks call both. */
iso_rc iso_train_tell_ranks(const struct training *);
iso_rc iso_train_tell_messages(const struct training *);
void iso_train_tell_phase(const struct training *);
void iso_train_tell_features(const struct training *, const struct iso_kept *);
void iso_train_tell_resume(const struct training *);
void iso_train_tell_checkpoint(const struct training *);
void iso_train_tell_strayed(const struct training *);
iso_rc iso_train_tell_end(const struct training *);
#endif
