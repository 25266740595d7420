/* image_crc32.h: the files train-images.crc32 and validation-images.crc32 in a run's folder, for
 * data that stay on disk. They hold a CRC-32 of each image at its first read, 4 bytes each,
 * little-endian; 0 if the run has not read it yet. They are collected during training, without an
 * extra pass over the data. A later read that differs, in this command or a later one of the run,
 * fails and names the file. Not detected: a change before the first read, and, if data that were in
 * memory are streamed from disk after resuming, any change but that of labels. Once all images have
 * been read, run.json gets a CRC-32 over their sums. */
#ifndef ISO_IMAGE_CRC32_H
#define ISO_IMAGE_CRC32_H
#include "run_json.h"

#include "core/data/row_sums.h"

struct iso_image_sums {
    char folder[ISO_PATH];
    struct iso_row_sums *sums[2]; /* for data sets 0 and 1; NULL: not on disk */
    int64_t saved[2];             /* number of sums in the file; -1: not known */
};
/* Begins to keep sums of images, with those already in the folder. data: the run's data sets; NULL:
 * none. folder NULL: there are none. Their sources must outlive *out, and nobody may be reading
 * them yet. Fails with ISO_EDATA if a file is damaged or belongs to other data. */
iso_rc iso_image_sums_open(const char *folder, const struct iso_dataset *const data[2],
                           struct iso_image_sums *out);
/* Returns a listener that writes the files whenever the run saves its state. */
struct iso_fit_listener iso_image_sums_listener(struct iso_image_sums *);
#endif
