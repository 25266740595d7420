/* run_json.h: run.json in a run's folder: what was trained on what, by which commands, when, and on
 * which devices. Data are known by checksums, so that a run does not go on with other data. */
#ifndef ISO_RUN_JSON_H
#define ISO_RUN_JSON_H
#include "run.h"

/* SHA-256 in hexadecimal of a data set as it is trained on: over the labels, as little-endian
 * int32, and over the SHA-256, as text, of each MiB of the images, so that threads can share the
 * work. "" for images that stay on the disk: image_crc32.h notices when they change. */
struct iso_data_sums {
    char images[65], labels[65];
};
iso_rc iso_data_sums(const struct iso_dataset *, struct iso_data_sums *out);

extern const char *const iso_about_splits[2]; /* train, validation: what data sets 0 and 1 are */
struct iso_about {
    const char *command; /* the command line */
    const struct iso_backend *backend;
    const struct iso_dataset *data[2]; /* train and validation; NULL: none */
    struct iso_data_sums sums[2];
    struct iso_run_settings settings;
    int64_t step; /* steps done before this command */
};
/* Fails with ISO_EDATA, naming the split, when the run in folder was begun on other data. A run
 * without run.json, of an older isocl, is not checked. */
iso_rc iso_about_check(const char *folder, const struct iso_about *);
/* Writes run.json of a run that begins, or adds this command to that of one that goes on. */
iso_rc iso_about_begin(const char *folder, const struct iso_about *);
/* Adds what is known of the images of data set `which` only when all of them have been read: its
 * images_crc32. Does nothing where there is no run.json. */
iso_rc iso_about_images(const char *folder, int which, const char *crc32);
/* Says when, after which step and how the last command ended. One that was killed has no end. */
iso_rc iso_about_end(const char *folder, int64_t step, const char *result);
#endif
