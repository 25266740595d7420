/* test_parity_ranks.c: parity's rung of ranks passes where they have the reference's bits, and
 * names the part of a step in which one of them has others. The ranks are threads. */
#include "core/parity/parity.h"
#include "thread_ranks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TEXT = 8192 };

static const char model[] =
    "data: {train: {dataset: 'builtin:digits', split: train}}\n"
    "input: {shape: [28, 28, 1], scale: 1/255}\n"
    "layers:\n"
    "  - conv2d: {filters: 3, kernel_size: 5, strides: 4}\n"
    "  - batch_normalization: {synchronized: %s}\n"
    "  - flatten\n"
    "  - dropout: 0.4\n"
    "  - dense: {units: 10, activation: softmax, kernel_regularizer: {l2: 0.01}}\n"
    "loss: categorical_crossentropy\n"
    "metrics: [accuracy, confusion_matrix]\n"
    "optimizer: adam\n"
    "train: {batch_size: 4, epochs: 1}\n";

/* ---- A rank whose device is wrong ------------------------------------------------------------ */

/* Adds to the first number of a tensor. */
static iso_rc spoil(struct iso_backend *b, const struct iso_tensor *t)
{
    float first;
    const size_t at = t->offset * sizeof first;
    if (b->ops->read(b, t->mem, at, &first, sizeof first) != ISO_OK)
        return ISO_EDEVICE;
    first += 1;
    return b->ops->write(b, t->mem, at, &first, sizeof first);
}

static const struct iso_kernel *right(struct iso_backend *b, enum iso_op op)
{
    return b->ops->kernels[op];
}

static iso_rc wrong_dense(struct iso_backend *b, const struct iso_call *c)
{
    ISO_TRY(right(b, ISO_OP_dense)->forward(b, c));
    return spoil(b, &c->y[0]);
}

static iso_rc wrong_gradient(struct iso_backend *b, const struct iso_call *c)
{
    ISO_TRY(right(b, ISO_OP_dense)->backward(b, c));
    return spoil(b, &c->dw[0]);
}

static iso_rc wrong_statistics(struct iso_backend *b, const struct iso_call *c)
{
    ISO_TRY(right(b, ISO_OP_batch_normalization)->update(b, c));
    return spoil(b, &c->w[2]);
}

static iso_rc wrong_update(struct iso_backend *b, const struct iso_call *c)
{
    ISO_TRY(right(b, ISO_OP_adam)->update(b, c));
    return spoil(b, &c->w[0]);
}

static iso_rc wrong_slot(struct iso_backend *b, const struct iso_call *c)
{
    ISO_TRY(right(b, ISO_OP_adam)->update(b, c));
    return spoil(b, &c->state[1]);
}

/* ---- The rung -------------------------------------------------------------------------------- */

struct fault {         /* a fault of rank 1's device */
    const char *where; /* the part of a step that must name it */
    enum iso_op op;
    struct iso_kernel kernel; /* members that are set replace those of the backend */
};
struct rung {
    const struct fault *fault;   /* NULL: none */
    char text[TEXT], said[TEXT]; /* output and message of rank 0 */
    const char *model;
    iso_rc rc[THREAD_RANKS_MOST];
    struct iso_parity_totals totals;
};

static void plant(struct iso_backend *b, const struct fault *f, const struct iso_kernel **table,
                  struct iso_kernel *kernel)
{
    memcpy(table, b->kernels, ISO_OP_COUNT * sizeof *table);
    *kernel = *table[f->op];
    kernel->forward = f->kernel.forward != NULL ? f->kernel.forward : kernel->forward;
    kernel->backward = f->kernel.backward != NULL ? f->kernel.backward : kernel->backward;
    kernel->update = f->kernel.update != NULL ? f->kernel.update : kernel->update;
    table[f->op] = kernel;
    b->kernels = table;
}

static void climb(void *rung, struct iso_ranks *ranks)
{
    struct rung *r = rung;
    struct iso_backend *b;
    struct iso_kernel kernel;
    const struct iso_kernel *table[ISO_OP_COUNT];
    const char *const models[] = { "ranks.yaml", NULL };
    FILE *out = tmpfile();
    struct iso_parity_options o = { .models = models,
                                    .text = r->model,
                                    .backends = &b,
                                    .nbackends = 1,
                                    .ranks = ranks,
                                    .silent = ranks->rank > 0,
                                    .out = out };
    r->rc[ranks->rank] = iso_backend_open("cpu", ISO_MODE_EXACT, 1, &b);
    if (r->rc[ranks->rank] == ISO_OK && ranks->rank == 1 && r->fault != NULL)
        plant(b, r->fault, table, &kernel);
    struct iso_parity_totals t;
    if (r->rc[ranks->rank] == ISO_OK)
        r->rc[ranks->rank] = iso_parity_run(&o, &t);
    if (r->rc[ranks->rank] != ISO_OK)
        iso_ranks_fail(ranks, "it ends");
    if (ranks->rank == 0) {
        r->totals = t;
        iso_error_take(r->said, sizeof r->said);
        rewind(out);
        r->text[fread(r->text, 1, sizeof r->text - 1, out)] = '\0';
    }
    iso_error_clear();
    iso_backend_close(b);
    fclose(out);
}

static void check(struct rung *r, const struct thread_ranks *ranks, const char *synchronized,
                  iso_rc want)
{
    char text[sizeof model + 8];
    snprintf(text, sizeof text, model, synchronized);
    r->model = text;
    thread_ranks_run(ranks, climb, r);
    for (int i = 0; i < ranks->count; i++)
        if (i != ranks->lost && r->rc[i] != want)
            fail_msg("rank %d of %d ends with %d instead of %d\n%s%s", i, ranks->count, r->rc[i],
                     want, r->text, r->said);
}

static void ranks_have_the_bits_of_the_reference(void **state)
{
    (void)state;
    for (int count = 2; count <= THREAD_RANKS_MOST; count++)
        for (int synchronized = 0; synchronized < 2; synchronized++) {
            const struct thread_ranks ranks = { count, -1, false };
            struct rung r = { .fault = NULL };
            check(&r, &ranks, synchronized ? "true" : "false", ISO_OK);
            assert_int_equal(r.totals.passed, 5);
            assert_int_equal(r.totals.skipped, 0);
        }
}

/* Each is named where it begins, with the rank that first has other numbers. */
static void a_device_that_is_wrong_is_found_in_its_part(void **state)
{
    (void)state;
    static const struct fault faults[] = {
        { "forward", ISO_OP_dense, { .forward = wrong_dense } },
        { "gradients", ISO_OP_dense, { .backward = wrong_gradient } },
        { "statistics", ISO_OP_batch_normalization, { .update = wrong_statistics } },
        { "update", ISO_OP_adam, { .update = wrong_update } },
        { "update", ISO_OP_adam, { .update = wrong_slot } },
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        const struct thread_ranks ranks = { 2, -1, false };
        struct rung r = { .fault = &faults[i] };
        char where[64];
        check(&r, &ranks, "false", ISO_EPARITY);
        snprintf(where, sizeof where, "    %s of 4 shards on 2 ranks", faults[i].where);
        const char *failed = strstr(r.text, "FAILED");
        if (failed == NULL || strstr(failed, where) == NULL ||
            strstr(failed, where) != strstr(failed, "\n") + 1)
            fail_msg("fault %zu (%s): %s", i, faults[i].where, r.text);
        assert_non_null(strstr(r.text, "repeat: mpirun -n 2 isocl parity ranks.yaml --steps 3"));
        assert_true(r.totals.failed_on[ISO_RUNG_RANKS] > 0);
    }
}

static void a_changed_message_is_found(void **state)
{
    (void)state;
    const struct thread_ranks ranks = { 2, -1, true };
    struct rung r = { .fault = NULL };
    check(&r, &ranks, "false", ISO_EPARITY);
    assert_null(strstr(r.text, "forward of"));
    assert_non_null(strstr(r.text, "gradients of 4 shards on 2 ranks"));
}

static void a_lost_rank_ends_the_others(void **state)
{
    (void)state;
    const struct thread_ranks ranks = { 3, 1, false };
    struct rung r = { .fault = NULL };
    check(&r, &ranks, "false", ISO_EDEVICE);
    assert_non_null(strstr(r.said, "rank 1 is lost"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_have_the_bits_of_the_reference),
        cmocka_unit_test(a_device_that_is_wrong_is_found_in_its_part),
        cmocka_unit_test(a_changed_message_is_found),
        cmocka_unit_test(a_lost_rank_ends_the_others),
    };
    unsetenv("ISOCL_OPENCL_OPTIONS"); /* commands that repeat a failure carry it */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
