/* disk.h: images of a data set that are not in memory: each one is read, decoded or drawn when it
 * is needed, from any thread. */
#ifndef ISO_DISK_H
#define ISO_DISK_H
#include "dataset.h"
#include "frame.h"
#include "row_file.h"
#include "row_sums.h"

/* Reads image `row` of the source into image, whose size is that of the set's images when it was
 * given the source. Called from several threads at once. */
typedef iso_rc iso_disk_read(const void *source, int64_t row, uint8_t *image);
/* Writes the name of a row for messages, such as the path of its file. */
typedef void iso_disk_name(const void *source, int64_t row, char *buf, size_t n);
struct iso_disk;

/* Gives a set without images a source of its rows. names may be NULL: rows are then named by their
 * numbers. free_source may be NULL. On success the set owns the source. */
iso_rc iso_disk_attach(struct iso_dataset *, void *source, iso_disk_read *, iso_disk_name *names,
                       void (*free_source)(void *));
/* Does the same with images that are stored one after another in a file, from byte `begin` to its
 * end. */
iso_rc iso_disk_attach_file(struct iso_dataset *, const char *path, int64_t begin);
/* Keeps these rows only; there must not be more than before. */
iso_rc iso_disk_keep(struct iso_disk *, const int32_t *rows, int64_t count);
/* Sets the frame that images get when they are read. Called at most once. */
void iso_disk_frame(struct iso_disk *, const struct iso_image_frame *);
/* Keeps a CRC-32 of each row, including its frame, at its first read; a later read that differs
 * fails with ISO_EDATA and names the row. The caller may fill the returned sums with those of an
 * earlier run; the disk owns them. Not detected: a change before the first read and, in one of 4
 * billion cases, a change with the same CRC-32. Called at most once, and not while rows are being
 * read. */
iso_rc iso_disk_remember(struct iso_disk *, int64_t rows, struct iso_row_sums **out);
/* Returns what a row of the set is called, in buf, or NULL where it has a number only. */
const char *iso_disk_row_name(const struct iso_disk *, int64_t row, char *buf, size_t n);
/* Reads row `row` of the set, with its frame. */
iso_rc iso_disk_row(const struct iso_disk *, int64_t row, uint8_t *image);
/* Adds an owner; the last owner's iso_disk_free frees the disk. All owners must be on one thread.
 */
struct iso_disk *iso_disk_share(struct iso_disk *);
void iso_disk_free(struct iso_disk *); /* NULL is fine */

/* Returns true if images of this total size should stay on disk: the request says so, or they
 * exceed the memory that it allows. */
bool iso_disk_wanted(const struct iso_dataset_request *, double bytes);
/* Fails if the request asks to leave on disk a file that must be read whole. why: the reason,
 * "being compressed". */
iso_rc iso_disk_impossible(const struct iso_dataset_request *, const char *path, const char *why);
#endif
