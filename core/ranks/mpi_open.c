/* mpi_open.c: ranks that exchange messages through MPI. This is the only file that knows it. The
 * library is opened when mpirun has started the process, so that isocl runs without one, too.
 *
 * Only point-to-point messages are used, and every wait asks again and again, with a pause between:
 * a rank that has failed, has ended, or says nothing for too long ends the wait. */
#include "ranks.h"
#include "core/system/environment.h"
#include "core/system/machine.h"

#include <dlfcn.h>
#include <errno.h>
#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TAG = 1, TAG_FAILED = 2, MOST_BYTES = 1 << 30, WITHOUT_PAUSE = 200, HOST = 160 };
static const double END_SECONDS = 5, LOOK_SECONDS = 0.1;

/* ---- The library ----------------------------------------------------------------------------- */

/* clang-format off */
#define FUNCTIONS(X)                                                                     \
    X(MPI_Abort) X(MPI_Comm_rank) X(MPI_Comm_set_errhandler) X(MPI_Comm_size)            \
    X(MPI_Error_string) X(MPI_Finalize) X(MPI_Get_count) X(MPI_Ibarrier) X(MPI_Init)     \
    X(MPI_Iprobe) X(MPI_Irecv) X(MPI_Isend) X(MPI_Recv) X(MPI_Test)
/* clang-format on */
static struct {
#define POINTER(name) __typeof__(name) *name;
    FUNCTIONS(POINTER)
#undef POINTER
    MPI_Comm world;
    MPI_Datatype byte;
    MPI_Errhandler returns;
} mpi;

#ifdef OPEN_MPI
static const char *const libraries[] = { "libmpi.so.40", "libmpi.so", NULL };
static const char support[] = "Open MPI";
#else
static const char *const libraries[] = { "libmpich.so.12", "libmpi.so.12", "libmpich.so", NULL };
static const char support[] = "MPICH";
#endif

const char *iso_mpi_support(void) { return support; }

/* Sets a pointer; returns false if the library lacks it. */
static bool find(void *library, const char *name, void *pointer)
{
    void *address = dlsym(library, name);
    memcpy(pointer, &address, sizeof address);
    return address != NULL;
}

/* Sets MPI's constants, which of Open MPI are addresses in the library. */
static bool find_constants(void *library)
{
#ifdef OPEN_MPI
    return find(library, "ompi_mpi_comm_world", &mpi.world) &&
           find(library, "ompi_mpi_byte", &mpi.byte) &&
           find(library, "ompi_mpi_errors_return", &mpi.returns);
#else
    (void)library;
    mpi.world = MPI_COMM_WORLD;
    mpi.byte = MPI_BYTE;
    mpi.returns = MPI_ERRORS_RETURN;
    return true;
#endif
}

static iso_rc open_library(void)
{
    void *library = NULL;
    for (int i = 0; library == NULL && libraries[i] != NULL; i++)
        library = dlopen(libraries[i], RTLD_NOW | RTLD_GLOBAL); /* its plugins want it global */
    if (library == NULL)
        return iso_fail(ISO_EUSAGE,
                        "mpirun has started several processes, and the library of %s, with which "
                        "this isocl was built, is missing: %s",
                        support, dlerror());
    bool all = find_constants(library);
#define FIND(name) all &= find(library, #name, &mpi.name);
    FUNCTIONS(FIND)
#undef FIND
    return all ? ISO_OK
               : iso_fail(ISO_EUSAGE, "%s is not the library of %s with which this isocl was built",
                          libraries[0], support);
}

/* ---- Ranks ----------------------------------------------------------------------------------- */

struct peer { /* a rank, in its own words */
    char host[HOST];
    int64_t pid;
};
struct mpi_ranks {
    struct iso_ranks ranks; /* first */
    struct peer *peers;
    double limit;           /* seconds of silence that are allowed */
    char why[ISO_RANK_WHY]; /* why this rank ends; sent, so it stays where it is */
};

static iso_rc broke(int code)
{
    char text[MPI_MAX_ERROR_STRING] = "";
    int n = 0;
    mpi.MPI_Error_string(code, text, &n);
    return iso_fail(ISO_EDEVICE, "%s: %s", support, text);
}

#define MPI_TRY(call)            \
    do {                         \
        const int code = (call); \
        if (code != MPI_SUCCESS) \
            return broke(code);  \
    } while (0)

/* ---- Waiting --------------------------------------------------------------------------------- */

struct transfer { /* a piece of a message */
    MPI_Request request;
    int rank;
    bool receives, done;
};
struct iso_transfers {
    struct transfer *list;
    int n, left;
    double heard, looked; /* when something was done, and when ranks were last looked at */
};

/* Fails with what a rank has said before it ended. */
static iso_rc hear_failure(struct mpi_ranks *r)
{
    char why[ISO_RANK_WHY] = "";
    int there = 0, n = 0;
    MPI_Status status;
    MPI_TRY(mpi.MPI_Iprobe(MPI_ANY_SOURCE, TAG_FAILED, mpi.world, &there, &status));
    if (!there)
        return ISO_OK;
    MPI_TRY(mpi.MPI_Get_count(&status, mpi.byte, &n));
    MPI_TRY(mpi.MPI_Recv(why, n < ISO_RANK_WHY ? n : ISO_RANK_WHY - 1, mpi.byte, status.MPI_SOURCE,
                         TAG_FAILED, mpi.world, &status));
    r->ranks.failed = true;
    return iso_fail(ISO_EDEVICE, "rank %d has failed: %s", status.MPI_SOURCE, why);
}

/* Returns the number of bytes that a transfer has brought. */
static iso_rc finish(struct mpi_ranks *r, struct transfer *t, const MPI_Status *status)
{
    int n = 0;
    t->done = true;
    if (!t->receives)
        return ISO_OK;
    MPI_TRY(mpi.MPI_Get_count(status, mpi.byte, &n));
    r->ranks.received += (uint64_t)n;
    return ISO_OK;
}

/* Asks for each transfer; sets *any if one is done. */
static iso_rc ask_each(struct mpi_ranks *r, struct iso_transfers *w, bool *any)
{
    *any = false;
    for (int i = 0; i < w->n; i++) {
        struct transfer *t = &w->list[i];
        int done = 0;
        MPI_Status status;
        if (t->done)
            continue;
        const int code = mpi.MPI_Test(&t->request, &done, &status);
        if (code != MPI_SUCCESS)
            return iso_fail_prefix(broke(code), "rank %d cannot be reached: ", t->rank);
        if (!done)
            continue;
        ISO_TRY(finish(r, t, &status));
        w->left--;
        *any = true;
    }
    return ISO_OK;
}

/* Returns true if a process of this machine has ended: it is gone, or nobody has asked yet how it
 * ended. */
static bool has_ended(int64_t pid)
{
    char path[64], text[512] = "";
    if (kill((pid_t)pid, 0) != 0 && errno == ESRCH)
        return true;
    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    FILE *in = fopen(path, "re");
    if (in == NULL)
        return false;
    const size_t n = fread(text, 1, sizeof text - 1, in);
    fclose(in);
    text[n] = '\0';
    const char *state = strrchr(text, ')'); /* its name is in brackets */
    return state != NULL && strncmp(state, ") Z", 3) == 0;
}

/* Fails if a rank of this machine that is waited for has ended, or if all have been silent for too
 * long. */
static iso_rc look(struct mpi_ranks *r, struct iso_transfers *w)
{
    const double now = iso_clock();
    if (now - w->looked < LOOK_SECONDS)
        return ISO_OK;
    w->looked = now;
    ISO_TRY(hear_failure(r));
    const struct peer *me = &r->peers[r->ranks.rank];
    for (int i = 0; i < w->n; i++) {
        const int rank = w->list[i].rank;
        if (w->list[i].done)
            continue;
        if (strcmp(r->peers[rank].host, me->host) == 0 && has_ended(r->peers[rank].pid))
            return iso_fail(ISO_EDEVICE, "rank %d (process %lld) has ended without a word", rank,
                            (long long)r->peers[rank].pid);
        if (now - w->heard > r->limit)
            return iso_fail(ISO_EDEVICE,
                            "rank %d has said nothing for %.0f s: it hangs, or its machine cannot "
                            "be reached (ISOCL_RANK_SECONDS allows more)",
                            rank, r->limit);
    }
    return ISO_OK;
}

static iso_rc wait_for(struct mpi_ranks *r, struct iso_transfers *w)
{
    const struct timespec pause = { 0, 50000 };
    w->heard = w->looked = iso_clock();
    for (int idle = 0; w->left > 0;) {
        bool any;
        ISO_TRY(ask_each(r, w, &any));
        idle = any ? 0 : idle + 1;
        if (any)
            w->heard = iso_clock();
        ISO_TRY(look(r, w));
        if (idle > WITHOUT_PAUSE)
            nanosleep(&pause, NULL);
    }
    return ISO_OK;
}

/* ---- Messages -------------------------------------------------------------------------------- */

static size_t pieces(const struct iso_message *m, int n)
{
    size_t sum = 0;
    for (int i = 0; i < n; i++)
        sum += (m[i].bytes + MOST_BYTES - 1) / MOST_BYTES;
    return sum;
}

/* Begins to send or receive a message, in pieces that MPI can count. */
static iso_rc begin_one(struct mpi_ranks *r, struct iso_transfers *w, const struct iso_message *m,
                        bool receives)
{
    for (size_t at = 0; at < m->bytes; at += MOST_BYTES) {
        const size_t left = m->bytes - at;
        const int n = left < MOST_BYTES ? (int)left : MOST_BYTES;
        char *data = (char *)m->data + at;
        struct transfer *t = &w->list[w->n];
        *t = (struct transfer){ .rank = m->rank, .receives = receives };
        MPI_TRY(receives ? mpi.MPI_Irecv(data, n, mpi.byte, m->rank, TAG, mpi.world, &t->request)
                         : mpi.MPI_Isend(data, n, mpi.byte, m->rank, TAG, mpi.world, &t->request));
        r->ranks.sent += receives ? 0 : (uint64_t)n;
        w->n++;
        w->left++;
    }
    return ISO_OK;
}

static iso_rc begin_all(struct mpi_ranks *r, struct iso_transfers *w,
                        const struct iso_message *sent, int nsent,
                        const struct iso_message *received, int nreceived)
{
    for (int i = 0; i < nreceived; i++)
        ISO_TRY(begin_one(r, w, &received[i], true));
    for (int i = 0; i < nsent; i++)
        ISO_TRY(begin_one(r, w, &sent[i], false));
    return ISO_OK;
}

/* (After a failure the process ends, and nobody uses the buffers of what is under way.) */
static void drop(struct iso_ranks *ranks, struct iso_transfers *t)
{
    (void)ranks;
    if (t != NULL)
        free(t->list);
    free(t);
}

static iso_rc begin(struct iso_ranks *ranks, const struct iso_message *sent, int nsent,
                    const struct iso_message *received, int nreceived, struct iso_transfers **out)
{
    struct iso_transfers *t = iso_alloc(1, sizeof *t);
    if (t == NULL)
        return ISO_ENOMEM;
    *out = t;
    t->list = iso_alloc(pieces(sent, nsent) + pieces(received, nreceived) + 1, sizeof *t->list);
    return t->list == NULL
               ? ISO_ENOMEM
               : begin_all((struct mpi_ranks *)ranks, t, sent, nsent, received, nreceived);
}

static iso_rc ask(struct iso_ranks *ranks, struct iso_transfers *t, bool wait, bool *done)
{
    struct mpi_ranks *r = (struct mpi_ranks *)ranks;
    bool any;
    ISO_TRY(wait ? wait_for(r, t) : ask_each(r, t, &any));
    *done = t->left == 0;
    return ISO_OK;
}

/* ---- The end --------------------------------------------------------------------------------- */

static void tell(struct iso_ranks *ranks, const char *why)
{
    struct mpi_ranks *r = (struct mpi_ranks *)ranks;
    MPI_Request request; /* never waited for: the message is small, and the process ends */
    snprintf(r->why, sizeof r->why, "%s", why);
    for (int i = 0; i < ranks->count; i++)
        if (i != ranks->rank)
            mpi.MPI_Isend(r->why, (int)strlen(r->why), mpi.byte, i, TAG_FAILED, mpi.world,
                          &request);
}

/* Waits until all ranks have come here, or some seconds. */
static void meet(void)
{
    const struct timespec pause = { 0, 1000000 };
    const double began = iso_clock();
    MPI_Request request;
    int done = mpi.MPI_Ibarrier(mpi.world, &request) != MPI_SUCCESS;
    while (!done && iso_clock() - began < END_SECONDS) {
        MPI_Status status;
        if (mpi.MPI_Test(&request, &done, &status) != MPI_SUCCESS)
            return;
        nanosleep(&pause, NULL);
    }
}

static void close_ranks(struct iso_ranks *ranks, int code)
{
    struct mpi_ranks *r = (struct mpi_ranks *)ranks;
    if (ranks->failed) {
        fflush(NULL);
        meet();
        mpi.MPI_Abort(mpi.world, code);
        _exit(code);
    }
    mpi.MPI_Finalize();
    free(r->peers);
    free(r);
}

/* ---- Opening --------------------------------------------------------------------------------- */

/* Writes what tells machines apart whose processes do not see each other. */
static void name_host(char host[HOST])
{
    char name[64] = "", space[64] = "";
    const ssize_t n = readlink("/proc/self/ns/pid", space, sizeof space - 1);
    space[n > 0 ? n : 0] = '\0';
    gethostname(name, sizeof name - 1);
    snprintf(host, HOST, "%s %s", name, space);
}

static iso_rc know_peers(struct mpi_ranks *r)
{
    struct peer me = { .pid = getpid() };
    name_host(me.host);
    r->peers = iso_alloc((size_t)r->ranks.count, sizeof *r->peers);
    if (r->peers == NULL)
        return ISO_ENOMEM;
    r->peers[r->ranks.rank] = me;
    ISO_TRY(iso_ranks_gather(&r->ranks, &me, sizeof me, r->peers));
    for (int i = 0; i < r->ranks.count; i++) {
        const bool here = strcmp(r->peers[i].host, me.host) == 0;
        r->ranks.locals += here;
        r->ranks.local += here && i < r->ranks.rank;
    }
    return ISO_OK;
}

static iso_rc meet_ranks(struct mpi_ranks *r, int launched)
{
    const char *seconds = iso_environment(ISO_ENV_RANK_SECONDS);
    MPI_TRY(mpi.MPI_Init(NULL, NULL));
    MPI_TRY(mpi.MPI_Comm_set_errhandler(mpi.world, mpi.returns));
    MPI_TRY(mpi.MPI_Comm_rank(mpi.world, &r->ranks.rank));
    MPI_TRY(mpi.MPI_Comm_size(mpi.world, &r->ranks.count));
    if (r->ranks.count != launched)
        return iso_fail(ISO_EUSAGE,
                        "%d processes were started, and %s, with which this isocl was built, knows "
                        "of %d: use the mpirun of %s",
                        launched, support, r->ranks.count, support);
    r->limit = seconds != NULL && atof(seconds) > 0 ? atof(seconds) : ISO_RANK_SECONDS;
    return know_peers(r);
}

iso_rc iso_mpi_open(struct iso_ranks **out)
{
    int rank;
    const int launched = iso_launched(&rank);
    *out = NULL;
    if (launched == 1)
        return ISO_OK;
    ISO_TRY(open_library());
    struct mpi_ranks *r = iso_alloc(1, sizeof *r);
    if (r == NULL)
        return ISO_ENOMEM;
    r->ranks.begin = begin;
    r->ranks.ask = ask;
    r->ranks.drop = drop;
    r->ranks.tell = tell;
    r->ranks.close = close_ranks;
    ISO_TRY(meet_ranks(r, launched)); /* or the program ends, which only reports the failure */
    *out = &r->ranks;
    return ISO_OK;
}
