/* stream.h: rows of bytes, read ahead by threads in the order in which they are taken, batch by
 * batch. Only a few batches are in memory, whatever the number of rows. */
#ifndef ISO_STREAM_H
#define ISO_STREAM_H
#include "core/iso.h"

struct iso_stream;
struct iso_stream_options {
    /* Reads row `row` of the source, which is borrowed, into out. Called from several threads at
     * once. */
    iso_rc (*read)(const void *source, int64_t row, uint8_t *out);
    const void *source;
    int64_t rows;  /* number of rows in the source */
    size_t row;    /* bytes per row */
    int64_t batch; /* rows taken at a time, except at the end */
    int threads;   /* number of threads; 0: one per processor */
};
/* Allocates everything that the stream needs and starts the threads, which read nothing yet. */
iso_rc iso_stream_new(const struct iso_stream_options *, struct iso_stream **out);
/* Stops reading and frees the stream; no thread uses the source afterwards. NULL is fine. */
void iso_stream_free(struct iso_stream *);
/* Sets the order [rows] in which rows will be taken; it is copied. NULL: ascending. */
void iso_stream_order(struct iso_stream *, const int32_t *order);
/* Waits for `rows` rows of the order from `first` on, at most a batch; *out is [rows, row], valid
 * until the next call. Then continues to read ahead. If `first` does not follow the last call's
 * rows, the rows read ahead are dropped. Fails with the error of the first of these rows that could
 * not be read, whatever the number of threads; errors of later rows are not reported yet. */
iso_rc iso_stream_take(struct iso_stream *, int64_t first, int64_t rows, const uint8_t **out);
#endif
