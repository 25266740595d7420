/* nodes.c: a training step call by call, each timed and waited for. */
#include "calls.h"
#include "core/system/machine.h"

#include <stdlib.h>

struct sweep {
    struct iso_bench_calls calls;
    int samples;
    double *sum;   /* [count] seconds, since the sweep's last sample began */
    double *taken; /* [count][ISO_BENCH_SAMPLES] seconds of one call */
};

static iso_rc run_sweeps(void *data, int64_t times)
{
    struct sweep *s = data;
    struct iso_backend *b = iso_exec_backend(s->calls.exec);
    for (int i = 0; i < s->calls.count; i++)
        s->sum[i] = 0;
    ISO_TRY(b->ops->sync(b));
    for (int64_t t = 0; t < times; t++, s->calls.step++) {
        double last = iso_clock();
        for (int i = 0; i < s->calls.count; i++) {
            ISO_TRY(iso_bench_call(&s->calls, i));
            ISO_TRY(b->ops->sync(b));
            const double now = iso_clock();
            s->sum[i] += now - last;
            last = now;
        }
    }
    return ISO_OK;
}

static void take_sample(void *data, int64_t times)
{
    struct sweep *s = data;
    for (int i = 0; i < s->calls.count; i++)
        s->taken[i * ISO_BENCH_SAMPLES + s->samples] = s->sum[i] / (double)times;
    s->samples++;
}

static int longest_first(const void *a, const void *b)
{
    const struct iso_bench_node *x = a, *y = b;
    return (x->seconds < y->seconds) - (x->seconds > y->seconds);
}

static iso_rc measure(struct sweep *s, struct iso_gate *g, double seconds)
{
    struct iso_timing timing;
    const size_t count = (size_t)s->calls.count;
    s->sum = iso_alloc(count, sizeof *s->sum);
    s->taken = iso_alloc(count * ISO_BENCH_SAMPLES, sizeof *s->taken);
    if (s->sum == NULL || s->taken == NULL)
        return ISO_ENOMEM;
    ISO_TRY(iso_gate_measure(g, seconds, run_sweeps, take_sample, s, &timing));
    for (int i = 0; i < s->calls.count; i++)
        s->calls.nodes[i].seconds = iso_bench_median(s->taken + i * ISO_BENCH_SAMPLES, s->samples);
    qsort(s->calls.nodes, (size_t)s->calls.count, sizeof *s->calls.nodes, longest_first);
    return ISO_OK;
}

iso_rc iso_bench_nodes(struct iso_exec *e, struct iso_gate *g, double seconds,
                       struct iso_bench_node **out, int *count)
{
    struct sweep s = { 0 };
    ISO_TRY(iso_bench_list_calls(e, &s.calls));
    const iso_rc rc = measure(&s, g, seconds);
    if (rc == ISO_OK) {
        *out = s.calls.nodes;
        *count = s.calls.count;
        s.calls.nodes = NULL;
    }
    iso_bench_free_calls(&s.calls);
    free(s.sum);
    free(s.taken);
    return rc;
}
