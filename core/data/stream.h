/* stream.h: rows of bytes, read ahead by threads in the order in which they are taken, batch by
 * batch: a few batches are in memory, however many rows there are. */
#ifndef ISO_STREAM_H
#define ISO_STREAM_H
#include "core/iso.h"

struct iso_stream;
struct iso_stream_options {
    /* Row `row` of the source, which is borrowed, into out. Called from several threads at once. */
    iso_rc (*read)(const void *source, int64_t row, uint8_t *out);
    const void *source;
    int64_t rows;  /* of the source */
    size_t row;    /* bytes of one */
    int64_t batch; /* rows that are taken at once, but for the last ones */
    int threads;   /* that read; 0: one a processor */
};
/* All that it needs is allocated here, and the threads are started; they read nothing yet. */
iso_rc iso_stream_new(const struct iso_stream_options *, struct iso_stream **out);
/* Ends the reading; returns when no thread uses the source any more. NULL is fine. */
void iso_stream_free(struct iso_stream *);
/* The order [rows] in which rows are taken from now on, which is copied; NULL: as they are. */
void iso_stream_order(struct iso_stream *, const int32_t *order);
/* Waits for rows first.. of the order, at most a batch: *out is [rows, row] until the next call.
 * Then reads on behind them. Taking begins anywhere; where it does not go on with what follows,
 * what was read ahead is lost. Fails as the first of these rows that could not be read did,
 * whatever the number of threads; rows behind it that fail do not matter yet. */
iso_rc iso_stream_take(struct iso_stream *, int64_t first, int64_t rows, const uint8_t **out);
#endif
