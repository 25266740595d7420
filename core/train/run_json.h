/* run_json.h: run.json in a run's folder: the model, data, commands, times and devices of a run.
 * Checksums identify the data, so that a run is not resumed with other data. */
#ifndef ISO_RUN_JSON_H
#define ISO_RUN_JSON_H
#include "state.h"
#include "core/data/folders.h"
#include "core/system/file.h"

/* SHA-256 in hexadecimal of a data set as it is trained on: over the labels, as little-endian
 * int32, and over the SHA-256, as text, of each MiB of the images, so that threads can share the
 * work. "" for images that stay on disk: image_crc32.h detects their changes. */
struct iso_data_sums {
    char images[65], labels[65];
};
iso_rc iso_data_sums(const struct iso_dataset *, struct iso_data_sums *out);
/* Writes the hash of the images alone. Those that stay on disk are all read and decoded once, and
 * have the hash that they would have in memory. */
iso_rc iso_data_images_sha256(const struct iso_dataset *, char hex[65]);
/* Writes one SHA-256 for the data of a run: over the lines "SPLIT IMAGES LABELS". */
void iso_data_sha256(const struct iso_data_sums sums[2], char hex[65]);

extern const char
    *const iso_about_splits[2]; /* "train", "validation": names of data sets 0 and 1 */
struct iso_about {
    const char *model;   /* the model's name */
    const char *command; /* the command line */
    const struct iso_backend *backend;
    const struct iso_dataset *data[2]; /* train and validation; NULL: none */
    struct iso_data_origin origin;     /* with whole paths */
    struct iso_data_sums sums[2];
    struct iso_run_settings settings;
    int64_t step;           /* steps done before this command */
    char weights[ISO_PATH]; /* file that a new run begins with; "": none */
    char initial[65];       /* hash of the weights that it begins with */
};
/* Fails with ISO_EDATA, naming the split, if the run in folder was begun on other data. A run of an
 * older isocl, without run.json, is not checked. */
iso_rc iso_about_check(const char *folder, const struct iso_about *);
/* Writes run.json of a new run, or adds this command to that of a resumed one. */
iso_rc iso_about_begin(const char *folder, const struct iso_about *);
/* Reads where the data of the run in a folder were. The result is empty if there is no run, or one
 * of an older isocl. */
iso_rc iso_about_origin(const char *folder, struct iso_data_origin *out);
/* Reads the name of the run's model, which its copy of the model file may not have; "" if there is
 * no run, or one of an older isocl. */
iso_rc iso_about_model(const char *folder, char *name, size_t n);
/* Adds images_crc32 of data set `which`, once all of its images have been read. Does nothing if
 * there is no run.json. */
iso_rc iso_about_images(const char *folder, int which, const char *crc32);
/* Reads the hashes of the model file and of the data: iso_model_sha256 and iso_data_sha256; "": not
 * there, as in a run of an older isocl. *there: false: there is no run.json. */
struct iso_about_sums {
    bool there;
    char model[65], data[65];
};
iso_rc iso_about_sums(const char *folder, struct iso_about_sums *out);
/* Reads the weights that the run began with: the file's path, "" if there was none, and their hash;
 * "": not known. */
iso_rc iso_about_initial(const char *folder, char path[ISO_PATH], char sha256[65]);
/* Steps of a command that another device computed again (core/job/verifier.h), or of which two
 * ranks computed a shard (core/train/exec_compare.c). */
struct iso_about_verified {
    const char *wanted;   /* "1/100" */
    const char *device;   /* the other one */
    const char *compared; /* "bits", or "bounds" in fast mode */
    const char *strayed;  /* the fault that was found; "": none */
    bool known_answers;   /* kernels were tried on known answers before */
    int64_t steps, spans;
    double seconds;
};
/* Records when, after which step and how the last command ended, and what was verified; NULL:
 * nothing. A killed command has no such record. */
iso_rc iso_about_end(const char *folder, int64_t step, const char *result,
                     const struct iso_about_verified *);
#endif
