/* stream.c: a ring of buffers, a batch each. Rows are handed out to the threads in their order, one
 * by one, as far as there is a free buffer; a buffer is free when the batch behind it is taken. */
#include "stream.h"
#include "core/system/machine.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_THREADS = 64, BUFFERS = 3, ROWS_AHEAD = 2, MESSAGE = 1024 };
static const int64_t NONE = INT64_MAX;

/* A row is known by its position in the order. */
struct iso_stream {
    struct iso_stream_options o;
    int32_t *order; /* [rows] */
    int64_t buffers;
    uint8_t *memory;  /* [buffers, batch, row] */
    int64_t *missing; /* [buffers]: rows of each that are not read yet */
    pthread_t thread[MOST_THREADS];
    int started;
    pthread_cond_t wake, done; /* for who reads; for who takes */
    pthread_mutex_t lock;      /* protects all below, missing, and order */
    bool quit;
    int busy;            /* threads that are reading a row */
    int64_t begin;       /* the row in buffer 0 */
    int64_t expected;    /* the row expected next; -1: any, and nothing is read ahead */
    int64_t next, limit; /* the next row to read; the first without a buffer */
    int64_t failed;      /* the first row that could not be read, or NONE */
    iso_rc rc;           /* and why */
    char message[MESSAGE];
};

/* ---- The threads ----------------------------------------------------------------------------- */

static int64_t buffer_of(const struct iso_stream *s, int64_t position)
{
    return (position - s->begin) / s->o.batch % s->buffers;
}

static uint8_t *row_at(const struct iso_stream *s, int64_t position)
{
    const int64_t row = buffer_of(s, position) * s->o.batch + (position - s->begin) % s->o.batch;
    return s->memory + (size_t)row * s->o.row;
}

/* With the lock: what has become of a row. */
static void note(struct iso_stream *s, int64_t position, iso_rc rc)
{
    if (rc == ISO_OK) {
        s->missing[buffer_of(s, position)]--;
    } else if (position < s->failed) {
        s->failed = position;
        s->rc = rc;
        iso_error_take(s->message, MESSAGE);
    }
    if (s->busy == 0 || s->missing[buffer_of(s, position)] == 0)
        pthread_cond_signal(&s->done);
}

/* With the lock, which is released while it reads. */
static void read_next(struct iso_stream *s)
{
    const int64_t position = s->next++;
    const int32_t row = s->order[position];
    uint8_t *out = row_at(s, position);
    s->busy++;
    pthread_mutex_unlock(&s->lock);
    const iso_rc rc = s->o.read(s->o.source, row, out);
    pthread_mutex_lock(&s->lock);
    s->busy--;
    note(s, position, rc);
}

static void *read_rows(void *stream)
{
    struct iso_stream *s = stream;
    pthread_mutex_lock(&s->lock);
    while (!s->quit)
        if (s->next < s->limit && s->next < s->failed)
            read_next(s);
        else
            pthread_cond_wait(&s->wake, &s->lock);
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* ---- Opening --------------------------------------------------------------------------------- */

static iso_rc allocate(struct iso_stream *s, int threads)
{
    const struct iso_stream_options *o = &s->o;
    s->buffers = BUFFERS + ROWS_AHEAD * threads / o->batch;
    s->order = iso_alloc((size_t)o->rows, sizeof *s->order);
    s->memory = iso_alloc((size_t)(s->buffers * o->batch), o->row);
    s->missing = iso_alloc((size_t)s->buffers, sizeof *s->missing);
    return s->order != NULL && s->memory != NULL && s->missing != NULL ? ISO_OK : ISO_ENOMEM;
}

/* Fewer threads than wanted are fine. */
static iso_rc start(struct iso_stream *s, int threads)
{
    while (s->started < threads && pthread_create(&s->thread[s->started], NULL, read_rows, s) == 0)
        s->started++;
    return s->started > 0 ? ISO_OK
                          : iso_fail(ISO_ENOMEM, "no thread can be started to read data ahead");
}

iso_rc iso_stream_new(const struct iso_stream_options *options, struct iso_stream **out)
{
    int threads = options->threads > 0 ? options->threads : iso_machine_processors();
    struct iso_stream *s = iso_alloc(1, sizeof *s);
    if (s == NULL)
        return ISO_ENOMEM;
    s->o = *options;
    s->failed = NONE;
    threads = threads < MOST_THREADS ? threads : MOST_THREADS;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->wake, NULL);
    pthread_cond_init(&s->done, NULL);
    iso_rc rc = allocate(s, threads);
    if (rc == ISO_OK)
        iso_stream_order(s, NULL);
    if (rc == ISO_OK)
        rc = start(s, threads);
    if (rc != ISO_OK)
        iso_stream_free(s);
    else
        *out = s;
    return rc;
}

void iso_stream_free(struct iso_stream *s)
{
    if (s == NULL)
        return;
    pthread_mutex_lock(&s->lock);
    s->quit = true;
    pthread_cond_broadcast(&s->wake);
    pthread_mutex_unlock(&s->lock);
    while (s->started > 0)
        pthread_join(s->thread[--s->started], NULL);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->wake);
    pthread_cond_destroy(&s->done);
    free(s->order);
    free(s->memory);
    free(s->missing);
    free(s);
}

/* ---- Taking ---------------------------------------------------------------------------------- */

/* Stops handing out rows, and waits until none is being read. The caller holds the lock. */
static void halt(struct iso_stream *s)
{
    s->limit = 0;
    s->expected = -1;
    while (s->busy > 0)
        pthread_cond_wait(&s->done, &s->lock);
}

void iso_stream_order(struct iso_stream *s, const int32_t *order)
{
    pthread_mutex_lock(&s->lock);
    halt(s);
    for (int64_t i = 0; i < s->o.rows; i++)
        s->order[i] = order != NULL ? order[i] : (int32_t)i;
    pthread_mutex_unlock(&s->lock);
}

/* Assigns a buffer to the batch, or the rest of a batch, that begins there. The caller holds the
 * lock. */
static void expect(struct iso_stream *s, int64_t buffer, int64_t position)
{
    const int64_t left = s->o.rows - position;
    s->missing[buffer] = left < 0 ? 0 : left < s->o.batch ? left : s->o.batch;
}

/* With the lock: begins anew at a position. */
static void restart(struct iso_stream *s, int64_t position)
{
    halt(s);
    s->begin = s->next = position;
    s->failed = NONE;
    for (int64_t i = 0; i < s->buffers; i++)
        expect(s, i, position + i * s->o.batch);
}

/* With the lock: lets the threads read as far as there are buffers, when the batch at `first` is
 * the one in use and that before it no longer is. */
static void go_on(struct iso_stream *s, int64_t first)
{
    const int64_t end = first + s->buffers * s->o.batch;
    if (first > s->begin)
        expect(s, buffer_of(s, first - 1), end - s->o.batch);
    s->limit = end < s->o.rows ? end : s->o.rows;
    pthread_cond_broadcast(&s->wake);
}

/* With the lock: waits for the buffer of the batch at `first`, or for the first of its rows that
 * fails. That is known when all rows before it have been read, which were handed out before it. */
static iso_rc wait_for(struct iso_stream *s, int64_t first, int64_t rows)
{
    const int64_t *missing = &s->missing[buffer_of(s, first)];
    while (*missing > 0 && (s->failed >= first + s->o.batch || s->busy > 0))
        pthread_cond_wait(&s->done, &s->lock);
    return s->failed < first + rows ? iso_error_put(s->rc, s->message) : ISO_OK;
}

iso_rc iso_stream_take(struct iso_stream *s, int64_t first, int64_t rows, const uint8_t **out)
{
    assert(first >= 0 && rows > 0 && rows <= s->o.batch && rows <= s->o.rows - first);
    pthread_mutex_lock(&s->lock);
    if (first != s->expected)
        restart(s, first);
    go_on(s, first);
    const iso_rc rc = wait_for(s, first, rows);
    s->expected = rc == ISO_OK && rows == s->o.batch ? first + rows : -1;
    *out = row_at(s, first);
    pthread_mutex_unlock(&s->lock);
    return rc;
}
