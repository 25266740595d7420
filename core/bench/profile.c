/* profile.c: what each kernel of a training step takes. */
#include "calls.h"
#include "core/system/machine.h"

#include <stdlib.h>
#include <string.h>

enum { WARM_UP = 2, MOST_STEPS = 100 };

/* ---- Steps --------------------------------------------------------------------------------- */

static iso_rc note_call(struct iso_profile *p, const struct iso_bench_node *call, double began)
{
    if (p->count == p->room) {
        const int room = p->room < 256 ? 256 : 2 * p->room;
        struct iso_profile_event *grown = realloc(p->events, (size_t)room * sizeof *grown);
        if (grown == NULL)
            return iso_fail(ISO_ENOMEM, "out of memory for a profile");
        p->events = grown;
        p->room = room;
    }
    p->events[p->count++] = (struct iso_profile_event){
        .name = iso_ops[call->op].name,
        .call = p->call,
        .flops = iso_bench_products(call->op) && call->pass != ISO_UPDATE ? call->flops : 0,
        .begin = began,
        .end = iso_clock(),
    };
    return ISO_OK;
}

/* Runs a step; times the calls here if the device cannot time them itself. */
static iso_rc run_step(struct iso_bench_calls *c, struct iso_profile *p, bool host_clock)
{
    struct iso_backend *b = iso_exec_backend(c->exec);
    for (int i = 0; i < c->count; i++) {
        const double began = iso_clock();
        p->call = i;
        ISO_TRY(iso_bench_call(c, i));
        if (!host_clock)
            continue;
        ISO_TRY(b->ops->sync(b));
        ISO_TRY(note_call(p, &c->nodes[i], began));
    }
    c->step++;
    return ISO_OK;
}

/* Runs steps to warm up, and measures the time of one. */
static iso_rc warm_up(struct iso_bench_calls *c, double *seconds)
{
    struct iso_backend *b = iso_exec_backend(c->exec);
    struct iso_profile unused = { 0 };
    for (int i = 0; i < WARM_UP; i++) {
        const double began = iso_clock();
        ISO_TRY(run_step(c, &unused, false));
        ISO_TRY(b->ops->sync(b));
        *seconds = iso_clock() - began;
    }
    return ISO_OK;
}

static iso_rc run_steps(struct iso_bench_calls *c, struct iso_profile *p, int steps)
{
    struct iso_backend *b = iso_exec_backend(c->exec);
    const bool host_clock = b->ops->profile == NULL;
    if (!host_clock)
        ISO_TRY(b->ops->profile(b, p));
    iso_rc rc = ISO_OK;
    for (int i = 0; i < steps && rc == ISO_OK; i++)
        rc = run_step(c, p, host_clock);
    const iso_rc ended = host_clock ? b->ops->sync(b) : b->ops->profile(b, NULL);
    return rc != ISO_OK ? rc : ended;
}

iso_rc iso_bench_profile(struct iso_exec *e, double seconds, struct iso_bench_profile *out)
{
    struct iso_bench_calls calls;
    struct iso_profile profile = { 0 };
    double once = 0;
    *out = (struct iso_bench_profile){ 0 };
    ISO_TRY(iso_bench_list_calls(e, &calls));
    iso_rc rc = warm_up(&calls, &once);
    const double fits = seconds / once;
    const int steps = fits < 1 ? 1 : fits < MOST_STEPS ? (int)fits : MOST_STEPS;
    const double began = iso_clock();
    if (rc == ISO_OK)
        rc = run_steps(&calls, &profile, steps);
    *out = (struct iso_bench_profile){ .calls = calls.nodes,
                                       .events = profile.events,
                                       .ncalls = calls.count,
                                       .nevents = profile.count,
                                       .steps = steps,
                                       .seconds = iso_clock() - began };
    calls.nodes = NULL;
    iso_bench_free_calls(&calls);
    if (rc != ISO_OK)
        iso_bench_profile_free(out);
    return rc;
}

void iso_bench_profile_free(struct iso_bench_profile *p)
{
    free(p->calls);
    free(p->events);
    *p = (struct iso_bench_profile){ 0 };
}

/* ---- Kernels ------------------------------------------------------------------------------- */

static struct iso_bench_kernel *find(struct iso_bench_kernel *list, int *count, const char *name,
                                     const struct iso_bench_node *call)
{
    for (int i = 0; i < *count; i++)
        if (list[i].op == call->op && list[i].pass == call->pass && strcmp(list[i].name, name) == 0)
            return &list[i];
    list[*count] = (struct iso_bench_kernel){ .name = name, .op = call->op, .pass = call->pass };
    return &list[(*count)++];
}

/* True if no other command belongs to the same call of the same step. */
static bool alone(const struct iso_bench_profile *p, int i)
{
    const int call = p->events[i].call;
    return (i == 0 || p->events[i - 1].call != call) &&
           (i + 1 == p->nevents || p->events[i + 1].call != call);
}

static int longest_first(const void *a, const void *b)
{
    const struct iso_bench_kernel *x = a, *y = b;
    return (x->seconds < y->seconds) - (x->seconds > y->seconds);
}

iso_rc iso_bench_kernels(const struct iso_bench_profile *p, struct iso_bench_kernel **out,
                         int *count)
{
    struct iso_bench_kernel *list = iso_alloc((size_t)p->nevents + 1, sizeof *list);
    bool *shared = iso_alloc((size_t)p->nevents + 1, sizeof *shared);
    *count = 0;
    if (list == NULL || shared == NULL) {
        free(list);
        free(shared);
        return ISO_ENOMEM;
    }
    for (int i = 0; i < p->nevents; i++) {
        const struct iso_profile_event *e = &p->events[i];
        const struct iso_bench_node *call = &p->calls[e->call];
        struct iso_bench_kernel *k = find(list, count, e->name, call);
        k->launches += 1.0 / p->steps;
        k->seconds += (e->end - e->begin) / p->steps;
        k->flops += e->flops / p->steps;
        k->bytes += call->bytes / p->steps;
        shared[k - list] = shared[k - list] || !alone(p, i);
    }
    for (int i = 0; i < *count; i++)
        if (shared[i])
            list[i].bytes = 0;
    free(shared);
    qsort(list, (size_t)*count, sizeof *list, longest_first);
    *out = list;
    return ISO_OK;
}
