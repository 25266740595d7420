/* The double reference against vectors that Keras and PyTorch made in float64 (tools/golden):
 * what all our backends could misunderstand together. A case's text is the file's metadata `case
 * N`.
 *
 *   test_golden FOLDER DEVICE TOLERANCE OP...   other vectors of these ops, on another device */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/formats/safetensors.h"
#include "core/parity/harness.h"
#include "main.h"
#include "network.h"

struct golden {
    struct iso_backend *judge;
    double tolerance; /* relative to the sum of absolute values for sums of products, and to the
                         largest value otherwise */
    const struct iso_st_file *file;
    const char *op;
    int number;
    struct iso_case c;
    struct iso_values v, sums;
    long values;  /* compared so far */
    double worst; /* largest |d| as a share of what is allowed */
};

/* N/<kind>/<group><operand><suffix>, or NULL. */
static const struct iso_st_tensor *find(const struct golden *g, const char *kind,
                                        enum iso_group group, int operand, const char *suffix)
{
    char name[64];
    snprintf(name, sizeof name, "%d/%s/%s%d%s", g->number, kind, iso_group_names[group], operand,
             suffix);
    return iso_st_find(g->file, name);
}

static int64_t elements(const struct iso_st_tensor *t)
{
    int64_t n = 1;
    for (int i = 0; i < t->ndim; i++)
        n *= t->dim[i];
    return n;
}

/* Puts every tensor of the file that the pass reads in place of the harness's own data. */
static void take_inputs(struct golden *g, const char *suffix)
{
    for (int group = 0; group < ISO_GROUPS; group++)
        for (int i = 0; i < ISO_OPERANDS; i++) {
            const struct iso_st_tensor *t = find(g, "in", (enum iso_group)group, i, suffix);
            if (t == NULL)
                continue;
            assert_int_equal(t->type, ISO_ST_F64);
            assert_int_equal(iso_array_set(&g->v.a[group][i], elements(t)), ISO_OK);
            memcpy(g->v.a[group][i].v, t->data, (size_t)elements(t) * sizeof(double));
        }
}

static void compare(struct golden *g, enum iso_group group, int operand,
                    const struct iso_st_tensor *t)
{
    const struct iso_array *got = &g->v.a[group][operand], *sums = &g->sums.a[group][operand];
    const double *want = t->data;
    double largest = 0;
    assert_int_equal(got->n, elements(t));
    for (int64_t i = 0; i < got->n; i++)
        if (fabs(want[i]) > largest)
            largest = fabs(want[i]);
    for (int64_t i = 0; i < got->n; i++) {
        const double off = fabs(got->v[i] - want[i]),
                     allowed = g->tolerance * (sums->n > 0 ? sums->v[i] : largest);
        if (!(off <= allowed)) {
            print_error("%s case %d, %s%d[%ld]: %.17g instead of %.17g\n", g->op, g->number,
                        iso_group_names[group], operand, (long)i, got->v[i], want[i]);
            fail();
        }
        if (off > g->worst * allowed)
            g->worst = off / allowed;
    }
    g->values += got->n;
}

static void compare_pass(struct golden *g, enum iso_pass pass)
{
    long before = g->values;
    for (int group = 0; group < ISO_GROUPS; group++)
        for (int i = 0; i < ISO_OPERANDS; i++) {
            const struct iso_st_tensor *t = find(g, "want", (enum iso_group)group, i, "");
            if (t != NULL && iso_values_result(pass, &g->v, (enum iso_group)group, i))
                compare(g, (enum iso_group)group, i, t);
        }
    assert_true(g->values > before);
}

static void run_pass(struct golden *g, const struct iso_call *call, enum iso_pass pass)
{
    const struct iso_how how = { .junk = 0xFF };
    if (!iso_op_has_pass(g->c.op, pass))
        return;
    must(iso_execute_pass(g->judge, g->c.op, call, pass, &how, &g->v));
    if (iso_ops[g->c.op].def->product)
        must(iso_rung_sums(g->judge, g->c.op, call, pass, &g->v, &g->sums));
    compare_pass(g, pass);
    iso_values_free(&g->sums);
}

static void run_updates(struct golden *g)
{
    const struct iso_how how = { .junk = 0xFF };
    for (int64_t step = 0; step < g->c.steps; step++) {
        struct iso_call call;
        char suffix[16];
        snprintf(suffix, sizeof suffix, "@%d", (int)step);
        take_inputs(g, suffix);
        must(iso_case_call(&g->c, 1, (uint64_t)step, &call));
        must(iso_execute_pass(g->judge, g->c.op, &call, ISO_UPDATE, &how, &g->v));
    }
    compare_pass(g, ISO_UPDATE);
}

/* A score has no kernel: the host computes it. */
static void run_score(struct golden *g, const struct iso_call *call)
{
    const struct iso_op_def *def = iso_ops[g->c.op].def;
    must((iso_rc)iso_array_set(&g->v.a[ISO_Y][0], iso_shape_count(&call->y[0].shape)));
    def->score(call->params, &call->x[0].shape, g->v.a[ISO_X][0].v, g->v.a[ISO_Y][0].v);
    compare_pass(g, ISO_FORWARD);
}

static void run_case(struct golden *g, const char *text)
{
    struct iso_call call;
    must(iso_case_parse((enum iso_op)iso_op_find(g->op), text, &g->c));
    must(iso_case_call(&g->c, 1, 0, &call));
    must(iso_fill_case(&g->c, &call, ISO_FILL_REAL, 1, 0, &g->v));
    take_inputs(g, "");
    if (iso_op_has_pass(g->c.op, ISO_UPDATE))
        run_updates(g);
    if (iso_ops[g->c.op].kind == ISO_SCORE)
        run_score(g, &call);
    run_pass(g, &call, ISO_FORWARD);
    run_pass(g, &call, ISO_BACKWARD);
    iso_values_free(&g->v);
    free(g->c.params);
}

static void golden_file(const char *folder, const char *op, struct iso_backend *judge,
                        double tolerance)
{
    char path[256], key[32];
    struct iso_st_file *file;
    struct golden g = { .judge = judge, .tolerance = tolerance, .op = op };
    snprintf(path, sizeof path, "%s/%s.safetensors", folder, op);
    must(iso_st_open(path, &file));
    g.file = file;
    for (;; g.number++) {
        snprintf(key, sizeof key, "case %d", g.number);
        const char *text = iso_st_metadata(file, key);
        if (text == NULL)
            break;
        run_case(&g, text);
    }
    print_message(
        "  %-32s %2d cases %6ld values, worst %.2g of what is allowed (keras %s, torch %s)\n", op,
        g.number, g.values, g.worst, iso_st_metadata(file, "keras"),
        iso_st_metadata(file, "torch"));
    assert_true(g.number >= 1);
    iso_st_close(file);
}

static void every_op_agrees_with_keras(void **state)
{
    (void)state;
    struct iso_backend *judge;
    must(iso_backend_open("reference:double", ISO_MODE_EXACT, 0, &judge));
    for (int op = 0; op < ISO_OP_COUNT; op++)
        if (iso_ops[op].kind != ISO_VIEW)
            golden_file("tests/golden", iso_ops[op].name, judge, 1e-10);
    iso_backend_close(judge);
}

static char **arguments; /* FOLDER DEVICE TOLERANCE OP..., NULL-terminated */

static void these_vectors_agree(void **state)
{
    (void)state;
    struct iso_backend *backend;
    must(iso_backend_open(arguments[1], ISO_MODE_EXACT, 0, &backend));
    for (char **op = arguments + 3; *op != NULL; op++) {
        if (iso_op_find(*op) < 0)
            fail_msg("there is no op '%s'", *op);
        golden_file(arguments[0], *op, backend, strtod(arguments[2], NULL));
    }
    iso_backend_close(backend);
}

int main(void)
{
    const struct CMUnitTest others[] = { cmocka_unit_test(these_vectors_agree) };
    arguments = test_argv + 1;
    if (test_argc > 4)
        return cmocka_run_group_tests(others, NULL, NULL);

    const struct CMUnitTest tests[] = { cmocka_unit_test(every_op_agrees_with_keras) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
