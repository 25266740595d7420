#include "bench_report.h"

#include "console.h"
#include "core/text/json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const product_names[ISO_PRODUCTS] = { "forward", "input gradient",
                                                         "weight gradient" };

/* A share of a peak as "97.1 %", or "-" when the peak is not known. */
static const char *share(double rate, double peak, char *buf, size_t n)
{
    snprintf(buf, n, "%s", "-");
    if (peak > 0)
        snprintf(buf, n, "%.1f %%", 100 * rate / peak);
    return buf;
}

/* JSON has no NaN, so an unknown number becomes null. */
static json_t *number(double value) { return isfinite(value) ? json_real(value) : json_null(); }

static json_t *share_json(double rate, double peak) { return number(peak > 0 ? rate / peak : NAN); }

static const char *mode_text(enum iso_mode mode)
{
    return mode == ISO_MODE_EXACT ? "exact" : "fast";
}

/* ---- The machine --------------------------------------------------------------------------- */

void iso_bench_print_machine(const struct iso_bench_report *r, const struct iso_bench_machine *m)
{
    if (r->json)
        iso_console_json(json_pack("{s:s, s:s, s:i, s:o, s:o, s:o, s:o}", "event", "machine",
                                   "name", m->name, "threads", m->threads, "fma_gflops",
                                   number(m->flops / 1e9), "copy_gbs", number(m->copy / 1e9),
                                   "triad_gbs", number(m->triad / 1e9), "handoff_ns",
                                   number(m->handoff > 0 ? 1e9 / m->handoff : NAN)));
    else
        printf("%s, %d thread%s: FMA peak %.1f GFLOP/s, memory copy %.1f GB/s, triad %.1f GB/s",
               m->name, m->threads, m->threads == 1 ? "" : "s", m->flops / 1e9, m->copy / 1e9,
               m->triad / 1e9);
    if (!r->json && m->handoff > 0)
        printf(", handoff %.0f ns", 1e9 / m->handoff);
    if (!r->json)
        printf("\n");
    fflush(stdout);
}

/* ---- Models -------------------------------------------------------------------------------- */

static void model_json(const struct iso_bench_model *m, double training, double inference)
{
    const double rows = (double)m->batch;
    json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:o, s:o}", "event", "model",
                               "model", m->name, "file", m->path, "device", m->device, "mode",
                               mode_text(m->mode), "batch", (json_int_t)m->batch,
                               "training_images_per_second", number(rows / m->training.seconds),
                               "inference_images_per_second", number(rows / m->inference.seconds));
    if (object != NULL)
        iso_json_update(
            object,
            json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:i, s:I, s:b}",
                      "training_mflop_per_image", number(m->training_flops / rows / 1e6),
                      "inference_mflop_per_image", number(m->inference_flops / rows / 1e6),
                      "training_gflops", number(training / 1e9), "training_share_of_peak",
                      share_json(training, m->peak), "inference_gflops", number(inference / 1e9),
                      "inference_share_of_peak", share_json(inference, m->peak), "plan_bytes",
                      (json_int_t)m->plan, "peak_memory_bytes", (json_int_t)m->memory, "samples",
                      m->training.samples, "repeated", (json_int_t)m->repeated, "noisy",
                      m->training.noisy || m->inference.noisy));
    iso_console_json(object);
}

void iso_bench_print_model(struct iso_bench_report *r, const struct iso_bench_model *m)
{
    const double training = m->training_flops / m->training.seconds;
    const double inference = m->inference_flops / m->inference.seconds;
    char a[32], b[32];
    if (r->json) {
        model_json(m, training, inference);
        return;
    }
    if (!r->head)
        printf("\n%-20s %-13s %-5s %5s  %12s %9s %8s  %12s %9s %8s  %8s %8s\n", "MODEL", "DEVICE",
               "MODE", "BATCH", "TRAIN img/s", "GFLOP/s", "OF PEAK", "INFER img/s", "GFLOP/s",
               "OF PEAK", "PLAN MiB", "PEAK MiB");
    r->head = true;
    printf("%-20.20s %-13.13s %-5s %5lld  %12.1f %9.1f %8s  %12.1f %9.1f %8s  %8.1f %8.1f%s\n",
           m->name, m->device, mode_text(m->mode), (long long)m->batch,
           (double)m->batch / m->training.seconds, training / 1e9,
           share(training, m->peak, a, sizeof a), (double)m->batch / m->inference.seconds,
           inference / 1e9, share(inference, m->peak, b, sizeof b), (double)m->plan / 1048576,
           (double)m->memory / 1048576, m->training.noisy || m->inference.noisy ? " ~" : "");
    fflush(stdout);
}

/* ---- Ops of a model ------------------------------------------------------------------------ */

/* Products are judged by the FMA peak, everything else by memory, which caches may beat. */
struct judgement {
    double rate, peak;
    bool products;
};
static struct judgement judge(const struct iso_bench_node *n, const struct iso_bench_model *m)
{
    const bool products = iso_bench_products(n->op) && n->pass != ISO_UPDATE;
    return (struct judgement){ (products ? n->flops : n->bytes) / n->seconds,
                               m->peak <= 0 ? 0
                               : products   ? m->peak
                                            : m->bandwidth,
                               products };
}

static void node_json(const struct iso_bench_model *m, const struct iso_bench_node *n,
                      const char *layer, double of_step, const struct judgement *j)
{
    iso_console_json(json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "event", "op", "model", m->name,
        "device", m->device, "op", iso_ops[n->op].name, "pass", iso_bench_passes[n->pass], "layer",
        layer, "microseconds", number(n->seconds * 1e6), "share_of_step", number(of_step), "gflops",
        number(j->products ? j->rate / 1e9 : NAN), "gbs", number(j->products ? NAN : j->rate / 1e9),
        "share_of_peak", share_json(j->rate, j->peak)));
}

void iso_bench_print_nodes(struct iso_bench_report *r, const struct iso_bench_model *m,
                           const struct iso_model *model, const struct iso_bench_node *nodes,
                           int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += nodes[i].seconds;
    if (!r->json)
        printf("\n  %-32s %-9s %-24s %10s %8s  %14s %8s\n", "OP", "PASS", "LAYER", "us", "OF STEP",
               "RATE", "OF PEAK");
    for (int i = 0; i < count; i++) {
        const struct iso_bench_node *n = &nodes[i];
        const struct judgement j = judge(n, m);
        const char *layer = n->layer < 0 ? "" : model->layers[n->layer].name;
        char a[32], b[32];
        if (r->json)
            node_json(m, n, layer, n->seconds / sum, &j);
        else
            printf("  %-32s %-9s %-24.24s %10.1f %8s  %6.1f %-7s %8s\n", iso_ops[n->op].name,
                   iso_bench_passes[n->pass], layer, n->seconds * 1e6,
                   share(n->seconds, sum, a, sizeof a), j.rate / 1e9,
                   j.products ? "GFLOP/s" : "GB/s", share(j.rate, j.peak, b, sizeof b));
    }
    if (!r->json)
        printf("  %-32s %-9s %-24s %10.1f\n", "all", "", "", sum * 1e6);
    r->head = false;
    fflush(stdout);
}

/* ---- Kernels of a model --------------------------------------------------------------------- */

/* Bytes are known of a kernel that is the only one of its call. */
static struct judgement judge_kernel(const struct iso_bench_kernel *k,
                                     const struct iso_bench_model *m)
{
    const bool products = k->flops > 0;
    const double work = products ? k->flops : k->bytes;
    return (struct judgement){ work / k->seconds,
                               work <= 0  ? 0
                               : products ? m->peak
                                          : m->bandwidth,
                               products };
}

static void kernel_json(const struct iso_bench_model *m, const struct iso_bench_kernel *k,
                        double of_commands, const struct judgement *j)
{
    const bool known = j->rate > 0;
    iso_console_json(json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "event", "kernel", "model",
        m->name, "device", m->device, "kernel", k->name, "op", iso_ops[k->op].name, "pass",
        iso_bench_passes[k->pass], "launches", number(k->launches), "microseconds",
        number(k->seconds * 1e6), "share_of_commands", number(of_commands), "gflops",
        number(known && j->products ? j->rate / 1e9 : NAN), "gbs",
        number(known && !j->products ? j->rate / 1e9 : NAN), "share_of_peak",
        share_json(j->rate, j->peak)));
}

static void kernel_line(const struct iso_bench_kernel *k, double of_commands,
                        const struct judgement *j)
{
    char of[32], peak[32], rate[32] = "-";
    if (j->rate > 0)
        snprintf(rate, sizeof rate, "%.1f %-7s", j->rate / 1e9, j->products ? "GFLOP/s" : "GB/s");
    printf("  %-28.28s %-24.24s %-9s %8.1f %10.1f %8s  %14s %8s\n", k->name, iso_ops[k->op].name,
           iso_bench_passes[k->pass], k->launches, k->seconds * 1e6,
           share(of_commands, 1, of, sizeof of), rate, share(j->rate, j->peak, peak, sizeof peak));
}

void iso_bench_print_kernels(struct iso_bench_report *r, const struct iso_bench_model *m,
                             const struct iso_bench_profile *p,
                             const struct iso_bench_kernel *kernels, int count)
{
    double sum = 0, launches = 0;
    for (int i = 0; i < count; i++) {
        sum += kernels[i].seconds;
        launches += kernels[i].launches;
    }
    if (!r->json)
        printf("\n  %-28s %-24s %-9s %8s %10s %8s  %14s %8s\n", "KERNEL", "OP", "PASS", "LAUNCHES",
               "us A STEP", "OF TIME", "RATE", "OF PEAK");
    for (int i = 0; i < count; i++) {
        const struct judgement j = judge_kernel(&kernels[i], m);
        if (r->json)
            kernel_json(m, &kernels[i], kernels[i].seconds / sum, &j);
        else
            kernel_line(&kernels[i], kernels[i].seconds / sum, &j);
    }
    if (!r->json)
        printf("  %-28s %-24s %-9s %8.1f %10.1f, of the %.1f that a step took (mean of %d)\n",
               "all", "", "", launches, sum * 1e6, p->seconds / p->steps * 1e6, p->steps);
    r->head = false;
    fflush(stdout);
}

/* ---- Single ops ---------------------------------------------------------------------------- */

static void size_json(const char *device, const struct iso_bench_size *s, const char *size,
                      const struct iso_timing *t, const char *product, double flops, double peak)
{
    iso_console_json(json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:b}", "event", "size",
                               "device", device, "op", iso_ops[s->op].name, "size", size, "part",
                               product, "microseconds", number(t->seconds * 1e6), "gflops",
                               number(flops / t->seconds / 1e9), "share_of_peak",
                               share_json(flops / t->seconds, peak), "noisy", t->noisy));
}

void iso_bench_print_size(struct iso_bench_report *r, const char *device,
                          const struct iso_bench_size *s, const struct iso_timing t[ISO_PRODUCTS],
                          double flops, double peak)
{
    char size[64], a[32];
    bool noisy = false;
    iso_bench_size_text(s, size, sizeof size);
    if (!r->json && !r->head)
        printf("\n%-8s %-28s %-13s %17s %17s %17s\n%-51s %17s %17s %17s\n", "OP", "SIZE", "DEVICE",
               "FORWARD", "INPUT GRADIENT", "WEIGHT GRADIENT", "", "GFLOP/s  OF PEAK",
               "GFLOP/s  OF PEAK", "GFLOP/s  OF PEAK");
    r->head = true;
    if (!r->json)
        printf("%-8s %-28s %-13.13s", iso_ops[s->op].name, size, device);
    for (int i = 0; i < ISO_PRODUCTS; i++) {
        const double rate = flops / t[i].seconds;
        noisy = noisy || t[i].noisy;
        if (r->json)
            size_json(device, s, size, &t[i], product_names[i], flops, peak);
        else
            printf(" %8.1f %8s", rate / 1e9, share(rate, peak, a, sizeof a));
    }
    if (!r->json)
        printf("%s\n", noisy ? " ~" : "");
    fflush(stdout);
}

/* ---- The end ------------------------------------------------------------------------------- */

void iso_bench_print_failure(struct iso_bench_report *r, const char *what, const char *device,
                             const char *why)
{
    if (r->json)
        iso_console_json(json_pack("{s:s, s:s, s:s, s:s}", "event", "failure", "what", what,
                                   "device", device, "message", why));
    else
        printf("%-20.20s %-13.13s %s\n", what, device, why);
    fflush(stdout);
}

void iso_bench_print_choice(struct iso_bench_report *r, const char *model, const char *device,
                            double rate, const char *second, double second_rate)
{
    r->head = false;
    if (r->json) {
        iso_console_json(
            json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}", "event", "recommendation", "model", model,
                      "device", device, "images_per_second", number(rate), "second",
                      second != NULL ? iso_json_string(second) : json_null(), "times_second",
                      number(second != NULL ? rate / second_rate : NAN)));
        return;
    }
    printf("%s trains fastest with --device %s: %.1f images/s", model, device, rate);
    if (second != NULL)
        printf(", %.1f times %s", rate / second_rate, second);
    putchar('\n');
}

void iso_bench_print_end(struct iso_bench_report *r, const struct iso_bench_machine *m,
                         int64_t repeated, bool noisy, double seconds)
{
    if (r->json) {
        iso_console_json(json_pack("{s:s, s:o, s:I, s:b, s:o}", "event", "done", "fma_gflops",
                                   number(m->flops / 1e9), "repeated", (json_int_t)repeated,
                                   "noisy", noisy, "seconds", number(seconds)));
        return;
    }
    printf(
        "medians of samples between probes of the processor, whose peak was %.1f GFLOP/s; %lld "
        "repeated because a probe was low; %.0f s in all\n",
        m->flops / 1e9, (long long)repeated, seconds);
    if (noisy)
        printf("~ the processor was busy with something else all along: a lower bound\n");
}
