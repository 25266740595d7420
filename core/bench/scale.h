/* scale.h: how long a training step would take on many devices, by a model of devices and networks:
 * each device computes as fast as its peaks allow, times an efficiency, and messages cost what
 * LogGP says (Alexandrov et al., 1995): a message of k bytes keeps its sender busy for o + k G, and
 * arrives L later. One that is too long to be sent unasked, as MPI has it, first waits for the
 * receiver's answer: 2 L. The buckets and their order are those that training plans. */
#ifndef ISO_SCALE_H
#define ISO_SCALE_H
#include "core/train/exec.h"

struct iso_scale_device {
    const char *name, *doc;
    double flops, memory; /* peaks: flop/s in float32, bytes/s of memory */
    double link;          /* bytes/s between device and host, where messages are added */
    double launch;        /* seconds that a call takes at least */
};
struct iso_scale_network {
    const char *name, *doc;
    double latency, overhead, bandwidth; /* L and o in seconds; 1 / G in bytes/s, each way */
    double eager;                        /* bytes of the longest message that is sent unasked */
};
/* Tables of public figures; end with name NULL. */
extern const struct iso_scale_device iso_scale_devices[];
extern const struct iso_scale_network iso_scale_networks[];

struct iso_scale_options {
    struct iso_scale_device device;
    struct iso_scale_network network;
    double efficiency; /* share of the peaks that is reached, above 0 */
    double data;       /* images/s that each rank reads; 0: as many as it wants */
    double slowdown;   /* factor of all calls, from a measurement; 0: 1 */
    double delay;      /* seconds that messages take besides the network's latency */
    int processors;    /* ranks take turns on this number of processors; 0: each has its own */
};
/* Parts of a step, in seconds. All but `compute` is time in which the device does not compute. */
struct iso_scale_step {
    double compute;  /* forward and backward passes, and the update of a slice */
    double copies;   /* sums and weights between device and host */
    double exchange; /* waiting for sums, after the backward pass */
    double adding;   /* adding other ranks' sums, in the tree's order */
    double gather;   /* waiting for the updated weights */
    double data;     /* waiting for images */
    double total;
    double messages; /* share of exchange and gather that is latency and overhead, not bytes */
};
/* Simulates a step of the executor's graph; it may have been made with plan_only. Its ranks, of
 * which only the numbers are used, say how many there are; NULL: one. */
void iso_scale_simulate(const struct iso_exec *, const struct iso_scale_options *,
                        struct iso_scale_step *out);
/* Returns what a step is bound by: "compute", "bandwidth", "messages", "adding", "copies" or
 * "data". */
const char *iso_scale_bound(const struct iso_scale_step *);
#endif
