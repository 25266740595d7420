#include "thread_ranks.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LETTERS = 256 };

/* ---- Messages -------------------------------------------------------------------------------- */

struct letter {
    void *data;
    size_t bytes;
};
struct mailbox {                    /* from one rank to another */
    struct letter letters[LETTERS]; /* by their numbers; data NULL: not there */
    int sent, awaited;              /* numbers of the next letter, and of the next one begun */
};
struct post {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct mailbox box[THREAD_RANKS_MOST][THREAD_RANKS_MOST];
    int lost;    /* the rank that takes no part; -1: none */
    bool wrong;  /* plants a fault: one bit of each long message changes on its way */
    bool failed; /* a rank has told the others that it fails */
};
struct thread_rank {
    struct iso_ranks ranks; /* first */
    struct post *post;
    thread_ranks_work *work;
    void *self;
    pthread_t thread;
};

static void send(struct post *p, int from, const struct iso_message *m)
{
    struct mailbox *box = &p->box[from][m->rank];
    struct letter *letter = &box->letters[box->sent++ % LETTERS];
    assert_null(letter->data);
    *letter = (struct letter){ malloc(m->bytes), m->bytes };
    memcpy(letter->data, m->data, m->bytes);
    if (p->wrong && m->bytes > 1000)
        ((char *)letter->data)[800] ^= 1;
    pthread_cond_broadcast(&p->changed);
}

static iso_rc receive(struct post *p, int to, const struct iso_message *m, int number)
{
    struct letter *letter = &p->box[m->rank][to].letters[number % LETTERS];
    while (letter->data == NULL && p->lost != m->rank && !p->failed)
        pthread_cond_wait(&p->changed, &p->lock);
    if (letter->data == NULL)
        return iso_fail(ISO_EDEVICE, "rank %d is lost", m->rank);
    if (letter->bytes != m->bytes)
        return iso_fail(ISO_EDEVICE, "%zu bytes instead of %zu", letter->bytes, m->bytes);
    memcpy(m->data, letter->data, m->bytes);
    free(letter->data);
    letter->data = NULL;
    return ISO_OK;
}

struct iso_transfers {
    struct iso_message received[LETTERS];
    int number[LETTERS], next, n;
};

static iso_rc begin(struct iso_ranks *ranks, const struct iso_message *sent, int nsent,
                    const struct iso_message *received, int nreceived, struct iso_transfers **out)
{
    struct post *p = ((struct thread_rank *)ranks)->post;
    struct iso_transfers *t = *out = calloc(1, sizeof *t);
    pthread_mutex_lock(&p->lock);
    for (int i = 0; i < nsent; i++) {
        send(p, ranks->rank, &sent[i]);
        ranks->sent += sent[i].bytes;
    }
    for (; t->n < nreceived; t->n++) {
        t->received[t->n] = received[t->n];
        t->number[t->n] = p->box[received[t->n].rank][ranks->rank].awaited++;
    }
    pthread_mutex_unlock(&p->lock);
    return ISO_OK;
}

/* (Letters are fetched when somebody waits for them.) */
static iso_rc ask(struct iso_ranks *ranks, struct iso_transfers *t, bool wait, bool *done)
{
    struct post *p = ((struct thread_rank *)ranks)->post;
    iso_rc rc = ISO_OK;
    pthread_mutex_lock(&p->lock);
    for (; wait && t->next < t->n && rc == ISO_OK; t->next++) {
        rc = receive(p, ranks->rank, &t->received[t->next], t->number[t->next]);
        ranks->received += t->received[t->next].bytes;
    }
    pthread_mutex_unlock(&p->lock);
    *done = t->next == t->n;
    return rc;
}

static void drop(struct iso_ranks *ranks, struct iso_transfers *t)
{
    (void)ranks;
    free(t);
}

static void tell(struct iso_ranks *ranks, const char *why)
{
    struct post *p = ((struct thread_rank *)ranks)->post;
    (void)why;
    pthread_mutex_lock(&p->lock);
    p->failed = true;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
}

/* ---- Ranks ----------------------------------------------------------------------------------- */

static void *run(void *rank)
{
    struct thread_rank *r = rank;
    r->work(r->self, &r->ranks);
    return NULL;
}

void thread_ranks_run(const struct thread_ranks *r, thread_ranks_work *work, void *self)
{
    static struct post post;
    struct thread_rank ranks[THREAD_RANKS_MOST];
    memset(&post, 0, sizeof post);
    pthread_mutex_init(&post.lock, NULL);
    pthread_cond_init(&post.changed, NULL);
    post.lost = r->lost;
    post.wrong = r->wrong;
    for (int i = 0; i < r->count; i++) {
        ranks[i] = (struct thread_rank){ .ranks = { .rank = i,
                                                    .count = r->count,
                                                    .local = i,
                                                    .locals = r->count,
                                                    .begin = begin,
                                                    .ask = ask,
                                                    .drop = drop,
                                                    .tell = tell },
                                         .post = &post,
                                         .work = work,
                                         .self = self };
        if (i != r->lost)
            assert_int_equal(pthread_create(&ranks[i].thread, NULL, run, &ranks[i]), 0);
    }
    for (int i = 0; i < r->count; i++)
        if (i != r->lost)
            pthread_join(ranks[i].thread, NULL);
    for (int i = 0; i < THREAD_RANKS_MOST * THREAD_RANKS_MOST;
         i++) /* letters that nobody fetched */
        for (int k = 0; k < LETTERS; k++)
            free(post.box[i / THREAD_RANKS_MOST][i % THREAD_RANKS_MOST].letters[k].data);
}
