/* ranks.h: processes that train one network together, each with shards of its own. They know each
 * other by number and exchange messages; who carries these is behind a table of functions: MPI
 * (mpi_open.c) or, in tests, memory that threads share. */
#ifndef ISO_RANKS_H
#define ISO_RANKS_H
#include "core/iso.h"

enum { ISO_RANKS_MOST = 4096, ISO_RANK_WHY = 512 };

struct iso_message { /* to or from a rank; data is borrowed */
    int rank;
    void *data;
    size_t bytes;
};

struct iso_transfers; /* messages under way; known to the carrier */

struct iso_ranks {
    int rank, count;   /* this one's number, from 0, and how many there are */
    int local, locals; /* the same among the ranks of this machine */
    /* Wishes, as bits that the caller defines: what this rank wants to do after the current step,
     * and, once a step's messages are exchanged, what any rank wants. */
    uint32_t say, heard;
    uint64_t sent, received; /* bytes so far, as the messages' carrier has counted them */
    double waited;           /* seconds so far in which only messages were waited for */
    bool failed;             /* a rank has failed, maybe this one: nothing more is exchanged */

    /* The carrier. begin starts to send and receive messages and returns at once; their data must
     * stay valid until they are done. Between two ranks, messages are matched in the order in which
     * both begin them. ask looks after them, sets *done once all have arrived and left, and with
     * `wait` returns only then. It fails, naming the rank, if one has failed, has ended or says
     * nothing for too long. drop frees what begin has made, done or not; NULL is fine. */
    iso_rc (*begin)(struct iso_ranks *, const struct iso_message *sent, int nsent,
                    const struct iso_message *received, int nreceived, struct iso_transfers **out);
    iso_rc (*ask)(struct iso_ranks *, struct iso_transfers *, bool wait, bool *done);
    void (*drop)(struct iso_ranks *, struct iso_transfers *);
    /* Tells all others why this one ends. */
    void (*tell)(struct iso_ranks *, const char *why);
    /* Frees everything. After a failure, first gives all others a few seconds to say what they
     * know, and then ends those that are still there, and this process, with the code. */
    void (*close)(struct iso_ranks *, int code);
};

/* Do what the carrier's functions do, and note a failure. */
iso_rc iso_ranks_begin(struct iso_ranks *, const struct iso_message *sent, int nsent,
                       const struct iso_message *received, int nreceived,
                       struct iso_transfers **out);
iso_rc iso_ranks_ask(struct iso_ranks *, struct iso_transfers *, bool *done);
/* Waits until all messages are done, and adds the time to waited. */
iso_rc iso_ranks_wait(struct iso_ranks *, struct iso_transfers *);
/* Sends and receives all these messages at the same time, and waits for them. */
iso_rc iso_ranks_swap(struct iso_ranks *, const struct iso_message *sent, int nsent,
                      const struct iso_message *received, int nreceived);
/* Tells all others why this one ends, once. `why` has no line break. */
void iso_ranks_fail(struct iso_ranks *, const char *why);
/* Returns the first of n things that belong to a rank: consecutive ones, up to the next rank's
 * first. rank <= count. */
int64_t iso_ranks_first(const struct iso_ranks *, int64_t n, int rank);
/* Gives each rank's bytes to all: all[rank * bytes]. */
iso_rc iso_ranks_gather(struct iso_ranks *, const void *mine, size_t bytes, void *all);
/* Gives a number of bytes, known to all, from each rank to all; at: [count + 1] where each rank's
 * begin in `all`, which holds this rank's already. */
iso_rc iso_ranks_complete(struct iso_ranks *, void *all, const size_t *at);
/* Begins this, as iso_ranks_begin does. */
iso_rc iso_ranks_begin_completing(struct iso_ranks *, void *all, const size_t *at,
                                  struct iso_transfers **out);
/* Tells all ranks `say`, and sets heard. */
iso_rc iso_ranks_agree(struct iso_ranks *);
/* Fails with ISO_EUSAGE, naming the first rank that differs, unless all have the same text. `what`
 * names in the message what the text describes. */
iso_rc iso_ranks_same(struct iso_ranks *, const char *what, const char *text);
/* Returns the device of this rank: an entry of a list such as "cpu,opencl:0", which the ranks of a
 * machine share out by their local numbers; for "auto" (or NULL) the machine's GPUs first, and cpu
 * for those that are left. */
iso_rc iso_ranks_device(const struct iso_ranks *, const char *list, char *device, size_t n);
/* Returns the number of threads for this rank if none is asked for; 0: one per processor. */
int iso_ranks_threads(const struct iso_ranks *);

/* launch.c. Returns the number of processes that mpirun has started with this one, as the
 * environment says; 1: none. *rank: this one's number. */
int iso_launched(int *rank);

/* mpi_open.c, or mpi_without.c. Meets the other ranks; *out is NULL if mpirun has not started this
 * process. Fails with ISO_EUSAGE if this isocl cannot talk to them. */
iso_rc iso_mpi_open(struct iso_ranks **out);
const char *iso_mpi_support(void); /* "Open MPI", "MPICH", "no MPI" */
#endif
