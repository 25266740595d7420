#include "scale.h"

#include <string.h>

/* Bytes/s at which a host adds numbers: three streams of a core or two of a server. */
static const double HOST_BYTES = 2e10;
enum { MOST_BUCKETS = 4096 };

/* The numbers are those of data sheets: NVIDIA's for A100 (40 GB) and H100 (SXM), with float32
 * outside of tensor cores, which exact mode uses; links are PCI Express 4.0 and 5.0, less the share
 * that protocols take. */
const struct iso_scale_device iso_scale_devices[] = {
    { "a100", "NVIDIA A100: 19.5 Tflop/s, 1,555 GB/s, PCIe 4", 19.5e12, 1.555e12, 2.5e10, 5e-6 },
    { "h100", "NVIDIA H100: 66.9 Tflop/s, 3,350 GB/s, PCIe 5", 66.9e12, 3.35e12, 5e10, 5e-6 },
    { "server", "two processors of 64 cores: 10 Tflop/s, 600 GB/s", 1e13, 6e11, 1e11, 1e-5 },
    { NULL, NULL, 0, 0, 0, 0 }
};
/* Line rates of the standards, less the share that protocols take; latencies as vendors and the OSU
 * benchmarks give them for MPI. Messages that are sent unasked: Open MPI's limits for TCP and for
 * shared memory, and UCX's usual one for RDMA. */
const struct iso_scale_network iso_scale_networks[] = {
    { "ethernet-1", "1 Gbit/s Ethernet", 3e-5, 5e-6, 1.17e8, 65536 },
    { "ethernet-10", "10 Gbit/s Ethernet", 1.5e-5, 3e-6, 1.17e9, 65536 },
    { "ethernet-100", "100 Gbit/s Ethernet with RDMA", 3e-6, 1e-6, 1.17e10, 8192 },
    { "hdr", "200 Gbit/s InfiniBand", 1e-6, 3e-7, 2.4e10, 8192 },
    { "ndr", "400 Gbit/s InfiniBand", 1e-6, 3e-7, 4.8e10, 8192 },
    { "memory", "shared memory of one machine", 1e-6, 1e-6, 5e9, 4096 },
    { "nvlink", "NVLink 4 of one machine, 450 GB/s each way", 1e-6, 3e-7, 4e11, 8192 },
    { NULL, NULL, 0, 0, 0, 0 }
};

/* ---- The device ------------------------------------------------------------------------------ */

/* Returns the seconds of work that a device does at its peaks, times the efficiency. */
static double seconds_of(const struct iso_scale_options *o, const struct iso_cost *cost)
{
    const double sums = cost->flops / o->device.flops, bytes = cost->bytes / o->device.memory;
    const double seconds = o->device.launch + (sums > bytes ? sums : bytes) / o->efficiency;
    return o->slowdown > 0 ? o->slowdown * seconds : seconds;
}

/* Returns the ranks that take turns on a processor: what one computes takes that many times as
 * long. */
static double turns(const struct iso_scale_options *o, int ranks)
{
    return o->processors > 0 && ranks > o->processors ? (double)ranks / o->processors : 1;
}

/* Returns the seconds until a message of so many bytes arrives, after it has been sent. */
static double latency(const struct iso_scale_options *o, double bytes)
{
    const double one = o->network.latency + o->delay;
    return bytes > o->network.eager ? 3 * one : one;
}

static double node_seconds(const struct iso_graph *g, const struct iso_scale_options *o, int node,
                           enum iso_pass pass)
{
    const struct iso_node *n = &g->nodes[node];
    struct iso_cost cost = { 0 };
    struct iso_call c;
    if (iso_ops[n->op].kind == ISO_VIEW || iso_ops[n->op].def->cost == NULL ||
        (pass == ISO_BACKWARD && !iso_graph_has_backward(g, node)) ||
        iso_graph_call(g, node, g->shard_rows, &c) != ISO_OK)
        return 0;
    iso_call_cost(n->op, &c, pass, &cost);
    return seconds_of(o, &cost);
}

static double update_seconds(const struct iso_graph *g, const struct iso_scale_options *o,
                             int ranks)
{
    const struct iso_op_use *optimizer = &g->training->optimizer;
    const struct iso_shape slice = { 1, { iso_graph_parameters(g, true) / ranks + 1 } };
    struct iso_cost cost = { 0 };
    if (iso_ops[optimizer->op].def->cost != NULL)
        iso_ops[optimizer->op].def->cost(optimizer->params, &slice, ISO_UPDATE, &cost);
    return seconds_of(o, &cost);
}

/* ---- The network ----------------------------------------------------------------------------- */

/* Returns how long a rank is busy with sending a share of `bytes` to each of the others, and adds
 * what of it is overhead to *messages. */
static double send_seconds(const struct iso_scale_options *o, int ranks, double bytes,
                           double *messages)
{
    const double overhead = (ranks - 1) * o->network.overhead;
    *messages += overhead;
    return overhead + bytes * (ranks - 1) / ranks / o->network.bandwidth;
}

struct exchange {
    struct iso_exec_bucket buckets[MOST_BUCKETS];
    double arrival[MOST_BUCKETS];
    int n, next;       /* next: the bucket that is not finished yet */
    double free;       /* when the rank's network has sent everything so far */
    double busy, idle; /* seconds of its network for messages: all, and overhead and latency */
};

/* Sends the buckets that are finished when node `node` has gone backward, at time `now`; returns
 * the time after their copies to the host. */
static double send_finished(struct exchange *x, const struct iso_scale_options *o, int ranks,
                            int node, double now, double *copies)
{
    for (; x->next < x->n && (x->buckets[x->next].node < 0 || x->buckets[x->next].node >= node);
         x->next++) {
        const double bytes = (double)x->buckets[x->next].bytes, copy = bytes / o->device.link;
        now += copy;
        *copies += copy;
        const double begin = now > x->free ? now : x->free;
        const double sending = send_seconds(o, ranks, bytes, &x->idle);
        const double late = latency(o, bytes / ranks);
        x->free = begin + sending;
        x->arrival[x->next] = x->free + late;
        x->busy += sending + late;
        x->idle += late;
    }
    return now;
}

/* ---- A step ---------------------------------------------------------------------------------- */

/* Runs both passes; returns the time when they are over, copies of finished sums included. */
static double run_passes(const struct iso_exec *e, const struct iso_scale_options *o, int ranks,
                         struct exchange *x, struct iso_scale_step *out)
{
    const struct iso_graph *g = iso_exec_graph(e);
    const double each = turns(o, ranks);
    double now = 0;
    for (int i = 0; i < g->nnodes; i++)
        now += each * node_seconds(g, o, i, ISO_FORWARD);
    out->compute = now;
    now = send_finished(x, o, ranks, g->nnodes, now, &out->copies);
    for (int i = g->loss_node; i >= 0; i--) {
        const double seconds = each * node_seconds(g, o, i, ISO_BACKWARD);
        out->compute += seconds;
        now = send_finished(x, o, ranks, i, now + seconds, &out->copies);
    }
    return now;
}

/* Waits for the sums of the others, and adds them; returns the time when that is over. */
static double finish_sums(const struct iso_scale_options *o, int ranks, const struct exchange *x,
                          double now, struct iso_scale_step *out)
{
    for (int b = 0; b < x->next; b++) {
        const double received = (double)x->buckets[b].bytes * (ranks - 1) / ranks;
        if (x->arrival[b] > now) {
            out->exchange += x->arrival[b] - now;
            now = x->arrival[b];
        }
        const double adding = turns(o, ranks) * 3 * received / HOST_BYTES;
        out->adding += adding;
        now += adding;
    }
    return now;
}

void iso_scale_simulate(const struct iso_exec *e, const struct iso_scale_options *o,
                        struct iso_scale_step *out)
{
    static struct exchange x; /* too large for a stack */
    const struct iso_graph *g = iso_exec_graph(e);
    const struct iso_ranks *r = iso_exec_ranks(e);
    const int ranks = r != NULL ? r->count : 1;
    double bytes = 0, idle = 0;
    memset(&x, 0, sizeof x);
    *out = (struct iso_scale_step){ 0 };
    x.n = iso_exec_buckets(e, x.buckets, MOST_BUCKETS);
    for (int b = 1; b < x.n; b++)
        bytes += (double)x.buckets[b].bytes;
    double now = finish_sums(o, ranks, &x, run_passes(e, o, ranks, &x, out), out);
    const double update = turns(o, ranks) * update_seconds(g, o, ranks);
    out->compute += update;
    now += update;
    if (ranks > 1) {
        const double copy = (bytes + 2 * bytes / ranks) / o->device.link;
        const double late = latency(o, bytes / ranks);
        out->gather = send_seconds(o, ranks, bytes, &idle) + late;
        out->copies += copy;
        now += copy + out->gather;
        out->messages = (x.idle + idle + late) / (x.busy + out->gather);
    }
    if (o->data > 0 && (double)g->shard_rows / o->data > now)
        out->data = (double)g->shard_rows / o->data - now;
    out->total = now + out->data;
}

const char *iso_scale_bound(const struct iso_scale_step *s)
{
    const double network = s->exchange + s->gather;
    const struct {
        const char *name;
        double seconds;
    } parts[] = { { "compute", s->compute },
                  { "bandwidth", network * (1 - s->messages) },
                  { "messages", network * s->messages },
                  { "adding", s->adding },
                  { "copies", s->copies },
                  { "data", s->data } };
    int most = 0;
    for (int i = 1; i < 6; i++)
        if (parts[i].seconds > parts[most].seconds)
            most = i;
    return parts[most].name;
}
