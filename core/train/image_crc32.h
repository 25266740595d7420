/* image_crc32.h: the files train-images.crc32 and validation-images.crc32 in a run's folder, of
 * data that stay on disk: a CRC-32 of each image as the network gets it, 4 bytes each, the lowest
 * first; 0 where the run has not read it yet. They are gathered while it trains, so that no pass
 * over the data is needed, and say at once, naming the file, when an image is read that is not what
 * it was, in this command or in an earlier one of the run. What they do not notice: an image that
 * was changed before the run had read it; and, when a run goes on from the disk with data that it
 * had in memory before, anything but other labels. When all images are known, run.json has a CRC-32
 * over their sums. */
#ifndef ISO_IMAGE_CRC32_H
#define ISO_IMAGE_CRC32_H
#include "run_json.h"

#include "core/data/row_sums.h"

struct iso_image_sums {
    char folder[ISO_PATH];
    struct iso_row_sums *sums[2]; /* of data sets 0 and 1; NULL: nothing stays on disk */
    int64_t saved[2];             /* sums that the file has; -1: not known */
};
/* Begins to remember images, with those that the folder knows. data: of the run; NULL: none. Their
 * sources must outlive *out, and nobody may be reading them yet. Fails with ISO_EDATA where a file
 * of other data, or a damaged one, is there. */
iso_rc iso_image_sums_open(const char *folder, const struct iso_dataset *const data[2],
                           struct iso_image_sums *out);
/* Writes the files where a run saves its state. */
struct iso_fit_listener iso_image_sums_listener(struct iso_image_sums *);
#endif
