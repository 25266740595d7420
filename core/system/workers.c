/* workers.c: items are handed out in their order, so all before one that fails get done. */
#include "workers.h"
#include "core/system/machine.h"

#include <pthread.h>
#include <string.h>

enum { MOST_THREADS = 64, MESSAGE = 1024 };

struct workers {
    pthread_mutex_t lock; /* protects all below */
    int64_t next, done, n;
    int64_t failed; /* the first item that failed; n: none */
    iso_rc rc;      /* and its fault */
    char message[MESSAGE];
    iso_work *work;
    void *data;
    iso_progress *progress;
};

/* Records the result of item i, -1 for none, and returns the next item; n if there is none. */
static int64_t next_item(struct workers *w, int64_t i, iso_rc rc)
{
    pthread_mutex_lock(&w->lock);
    w->done += i >= 0;
    if (rc != ISO_OK && i < w->failed) {
        w->failed = i;
        w->rc = rc;
        iso_error_take(w->message, MESSAGE);
    }
    const int64_t item = w->failed < w->n ? w->n : w->next;
    w->next += item < w->n;
    pthread_mutex_unlock(&w->lock);
    return item;
}

static void work_on_items(struct workers *w, iso_progress *progress)
{
    iso_rc rc = ISO_OK;
    for (int64_t i = next_item(w, -1, ISO_OK); i < w->n; i = next_item(w, i, rc)) {
        rc = w->work(w->data, i);
        if (progress != NULL && i % 256 == 0)
            progress(i, w->n);
    }
}

static void *work_in_thread(void *data)
{
    work_on_items(data, NULL);
    return NULL;
}

iso_rc iso_workers_run(int64_t n, int threads, iso_work *work, void *data, iso_progress *progress)
{
    struct workers w = { .n = n, .failed = n, .work = work, .data = data };
    pthread_t thread[MOST_THREADS];
    int started = 0;
    if (threads == 0)
        threads = iso_machine_processors();
    pthread_mutex_init(&w.lock, NULL);
    while (started + 1 < threads && started + 1 < n && started < MOST_THREADS &&
           pthread_create(&thread[started], NULL, work_in_thread, &w) == 0)
        started++; /* fewer are fine */
    work_on_items(&w, progress);
    while (started > 0)
        pthread_join(thread[--started], NULL);
    pthread_mutex_destroy(&w.lock);
    if (w.failed == n)
        return ISO_OK;
    return iso_error_put(w.rc, w.message);
}
