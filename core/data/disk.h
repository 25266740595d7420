/* disk.h: images of a data set that are not in memory: each one is read, decoded or drawn when it
 * is wanted, from any thread. */
#ifndef ISO_DISK_H
#define ISO_DISK_H
#include "dataset.h"
#include "frame.h"
#include "row_file.h"
#include "row_sums.h"

/* Image `row` of the source into image, as many bytes as the set's images had when it was given
 * the source. Called from several threads at once. */
typedef iso_rc iso_disk_read(const void *source, int64_t row, uint8_t *image);
/* Writes what a row is called in messages, such as the path of its file. */
typedef void iso_disk_name(const void *source, int64_t row, char *buf, size_t n);
struct iso_disk;

/* Gives a set without images a source of its rows; names may be NULL, which are numbers then, and
 * so may free_source. The set takes the source over, but not on failure. */
iso_rc iso_disk_attach(struct iso_dataset *, void *source, iso_disk_read *, iso_disk_name *names,
                       void (*free_source)(void *));
/* The same with images that lie one after another in a file, from byte `begin` to its end. */
iso_rc iso_disk_attach_file(struct iso_dataset *, const char *path, int64_t begin);
/* Keeps these rows only; their number may not grow. */
iso_rc iso_disk_keep(struct iso_disk *, const int32_t *rows, int64_t count);
/* The images get this frame when they are read; once at most. */
void iso_disk_frame(struct iso_disk *, const struct iso_image_frame *);
/* From now on remembers what each of so many rows is, frame and all, when it is read first, or what
 * the sums that are returned are made to know; a row that is not that when it is read fails with
 * ISO_EDATA, naming it. What it cannot notice: a row that was changed before anybody read it, and,
 * in one of 4 billion cases, another CRC-32. Not while rows are read; once. The sums are the
 * disk's. */
iso_rc iso_disk_remember(struct iso_disk *, int64_t rows, struct iso_row_sums **out);
/* Row `row` of the set, with its frame. */
iso_rc iso_disk_row(const struct iso_disk *, int64_t row, uint8_t *image);
/* Another owner, for as long as it reads rows: the last one's iso_disk_free frees it. (Owners are
 * of one thread.) */
struct iso_disk *iso_disk_share(struct iso_disk *);
void iso_disk_free(struct iso_disk *); /* NULL is fine */

/* True if images of so many bytes stay on disk: where the request says so, and where they would
 * take more than the memory it grants. */
bool iso_disk_wanted(const struct iso_dataset_request *, double bytes);
/* Fails where the request says that what must be read whole should stay on disk. why: "being
 * compressed". */
iso_rc iso_disk_impossible(const struct iso_dataset_request *, const char *path, const char *why);
#endif
