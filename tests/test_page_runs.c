/* test_page_runs.c: the page of several runs, and `isocl runs`: what differs, what has the same
 * bits, how rows are sorted, and where runs first part. */
#include "cli.h"
#include "page_rows.h"
#include "tools/report/parting.h"
#include "tools/report/runs_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS = 4 };
static struct iso_told told[RUNS];
static struct iso_page page;

static void new_run(int i, const char *name, const char *hash, const char *yaml,
                    const char *history)
{
    struct iso_told *t = &told[i];
    *t = (struct iso_told){ .has_state = true, .yaml = strdup(yaml) };
    t->settings = (struct iso_run_settings){ .seed = 1, .batch = 40, .epochs = 2 };
    t->state.epoch = 2;
    snprintf(t->folder, sizeof t->folder, "runs/%s", name);
    snprintf(t->name, sizeof t->name, "%s", name);
    snprintf(t->hash, sizeof t->hash, "%s", hash);
    strcpy(t->model, "net");
    strcpy(t->device.id, "cpu");
    strcpy(t->device.mode, "exact");
    cli_write("history.csv", history);
    assert_int_equal(iso_table_read(cli_folder, "history.csv", &t->epochs), ISO_OK);
}

static const char header[] = "epoch,seconds,loss,accuracy,validation_loss,validation_accuracy\n";

static int set_up(void **state)
{
    char csv[512];
    cli_setup(state);
    snprintf(csv, sizeof csv, "%s1,2,3,.25,2.5,.5\n2,2.5,2,.5,2.75,.75\n", header);
    new_run(0, "a", "aaaa", "model: net\nseed: 1\n# one\nrate: 3\nboth: 1\n", csv);
    snprintf(csv, sizeof csv, "%s1,9,3,.25,2.5,.5\n2,8,2,.5,2.75,.75\n", header);
    new_run(1, "b", "ab00", "model: net\nseed: 2\n# two\nrate: 3\nboth: 1\n", csv);
    new_run(2, "c", "ab00", "model: net\nseed: 2\nrate: 3\n  more: 1\n", csv);
    snprintf(csv, sizeof csv, "%s1,1,5,.125,4,.25\n2,1,4,.25,,\n", header);
    new_run(3, "d", "", "model: net\nseed: 1\nrate: 3\n", csv);
    told[1].settings.seed = told[2].settings.seed = 2;
    told[3].settings.fast = 1;
    told[1].best = (struct iso_run_best){ "validation_accuracy", 0.75, 2, 0.75 };
    told[0].best = (struct iso_run_best){ "validation_loss", 2.5, 1, -2.5 };
    return 0;
}

static int tear_down(void **state)
{
    for (int i = 0; i < RUNS; i++)
        iso_told_free(&told[i]);
    iso_page_free(&page);
    page = (struct iso_page){ .out = NULL };
    return cli_teardown(state);
}

static const char *make(int n)
{
    iso_page_free(&page);
    page = (struct iso_page){ .out = NULL };
    assert_int_equal(iso_page_of_runs(&page, told, n), ISO_OK);
    return page_text(&page);
}

/* ---- The page ------------------------------------------------------------------------------ */

static void runs_with_the_same_bits_are_named(void **state)
{
    (void)state;
    const char *text = make(RUNS);
    assert_string_equal(page_row(text, "runs", "a", 0),
                        "-|net|exact|cpu|1|40|2/2|4.5 s|2.0000|0.5000|2.7500|0.7500|"
                        "2.5000 @1 validation_loss|aaaa|-|");
    assert_string_equal(page_row(text, "runs", "b", 0),
                        "-|net|exact|cpu|2|40|2/2|17.0 s|2.0000|0.5000|2.7500|0.7500|"
                        "0.7500 @2|ab00|-|");
    assert_string_equal(page_row(text, "runs", "c", 0),
                        "same bits as b|net|exact|cpu|2|40|2/2|17.0 s|2.0000|0.5000|2.7500|0.7500|"
                        "-|ab00|-|");
    assert_string_equal(page_row(text, "runs", "d", 0),
                        "-|net|fast|cpu|1|40|2/2|2.0 s|4.0000|0.2500|-|-|-|-|-|");
    cli_says(text, "b has the numbers of a as far as both go: 2 epochs."); /* but for seconds */
    cli_says(text, "d parts from a in epoch 1: loss is 5 instead of 3.");
}

static void what_differs_from_the_first_run_is_bold(void **state)
{
    (void)state;
    const char *text = make(RUNS);
    assert_string_equal(page_row(text, "differences", "Seed", 0), "1|2|2|1");
    assert_string_equal(page_row(text, "differences", "loss", 0), "2.0000|2.0000|2.0000|4.0000");
    assert_string_equal(page_row(text, "differences", "validation_loss", 0),
                        "2.7500|2.7500|2.7500|4.0000"); /* the last number of each */
    assert_string_equal(page_row(text, "differences", "best validation_loss", 0),
                        "2.5000, epoch 1|2.5000, epoch 1|2.5000, epoch 1|4.0000, epoch 1");
    assert_string_equal(page_row(text, "differences", "best validation_accuracy", 0),
                        "0.7500, epoch 2|0.7500, epoch 2|0.7500, epoch 2|0.2500, epoch 1");
    assert_string_equal(page_row(text, "differences", "Seconds", 0), "4.5|17.0|17.0|2.0");
    cli_says(text,
             "<th scope=\"row\">Seed</th>\n<td>1</td>\n<td class=\"differs\">2</td>\n"
             "<td class=\"differs\">2</td>\n<td>1</td>\n");
    assert_false(page_has_row(text, "differences", "Training data")); /* none says so */
    told[0].log = strdup("train digits, 90 rows\nvalidation digits\n");
    told[1].log = strdup("train digits, 80 rows\nvalidation digits\n");
    text = make(2);
    assert_string_equal(page_row(text, "differences", "Training data", 0),
                        "digits, 90 rows|digits, 80 rows");
    assert_false(page_has_row(text, "differences", "Validation data")); /* it is the same */
}

/* A line of a model file is listed with each run that has it, unless all have it. */
static void lines_that_not_all_have_are_listed(void **state)
{
    (void)state;
    const char *text = strstr(make(RUNS), "<section id=\"models\">");
    cli_says(text, "<h3>In a, but not in all</h3>\n<pre>seed: 1\nboth: 1\n</pre>");
    cli_says(text, "<h3>In b, but not in all</h3>\n<pre>seed: 2\nboth: 1\n</pre>");
    cli_says(text, "<h3>In c, but not in all</h3>\n<pre>seed: 2\n  more: 1\n</pre>");
    cli_says(text, "<h3>In d, but not in all</h3>\n<pre>seed: 1\n</pre>");
    assert_null(strstr(text, "# "));
    assert_null(strstr(text, "rate: 3"));
}

/* ---- The table ----------------------------------------------------------------------------- */

static void order_is(const char *column, bool reverse, const char *want)
{
    char order[RUNS + 1] = "";
    assert_int_equal(iso_runs_sort(told, RUNS, column, reverse), ISO_OK);
    for (int i = 0; i < RUNS; i++)
        order[i] = *told[i].name;
    assert_string_equal(order, want);
}

/* Runs without a number come last, whichever way the others are sorted. */
static void what_has_no_number_is_sorted_last(void **state)
{
    (void)state;
    order_is("run", true, "dcba");
    order_is("val_acc", false, "abcd");
    order_is("val_acc", true, "abcd"); /* equal ones by name */
    order_is("loss", true, "dabc");
    order_is("loss", false, "abcd");
    order_is("time", false, "dabc");
    order_is("val_loss", true, "abcd");
    order_is("mode", true, "dabc");
    order_is("best", false, "bacd");
    order_is("seed", true, "bcad");
}

/* ---- Where runs part ----------------------------------------------------------------------- */

enum { TENSORS = 6 };
static float values[2][TENSORS][4];

/* Fills a trace of two steps of the layers "one" and "two". */
static struct iso_st_file trace_of(struct iso_st_tensor *tensors, int which,
                                   const char *const *names, int n)
{
    for (int i = 0; i < n; i++)
        tensors[i] = (struct iso_st_tensor){
            .name = names[i], .type = ISO_ST_F32, .ndim = 1, .dim = { 4 }, .data = values[which][i]
        };
    return (struct iso_st_file){ .n = n, .tensors = tensors };
}

/* The tensor that is named is the first, of those that differ, that was computed: steps, then
 * results from the first layer on, the loss, gradients from the last layer on. */
static void the_first_tensor_in_the_order_of_computation_is_named(void **state)
{
    static const char *const names[TENSORS] = { "d/one/kernel@0", "d/two/kernel@0", "loss@0",
                                                "one/y@1",        "two/y@0",        "z@0" };
    static const char *const in_order[] = {
        "z@0", "two/y@0", "loss@0", "d/two/kernel@0", "d/one/kernel@0", "one/y@1"
    };
    struct iso_layer layers[2] = { { .name = "one" }, { .name = "two" } };
    struct iso_model model = { .layers = layers, .nlayers = 2 };
    struct iso_st_tensor a[TENSORS], b[TENSORS];
    struct iso_tensor_parting p;
    (void)state;
    memset(values, 0, sizeof values);
    for (int first = TENSORS - 1; first >= 0; first--) {
        int at = 0;
        while (strcmp(names[at], in_order[first]) != 0)
            at++;
        values[1][at][2] = 3; /* this one and all that come after it */
        values[1][at][3] = 4;
        const struct iso_st_file fa = trace_of(a, 0, names, TENSORS),
                                 fb = trace_of(b, 1, names, TENSORS);
        iso_parting_of_tensors(&fa, &fb, &model, &p);
        assert_string_equal(p.first, in_order[first]);
        assert_int_equal(p.differing, TENSORS - first);
        assert_int_equal(p.tensors, TENSORS);
        assert_int_equal(p.alone, 0);
        assert_true(p.elements == 2 && p.count == 4 && p.element == 2 && p.a == 0 && p.b == 3);
    }
    const struct iso_st_file fa = trace_of(a, 0, names, TENSORS),
                             fb = trace_of(b, 1, names + 1, TENSORS - 2);
    b[3].dim[0] = 3; /* another shape */
    iso_parting_of_tensors(&fa, &fb, &model, &p);
    assert_int_equal(p.tensors, 3);
    assert_int_equal(p.alone, 2 + 2); /* two that only a has, one that both have */
}

static void rows_part_in_the_first_number_that_differs(void **state)
{
    struct iso_row_parting p;
    (void)state;
    iso_parting_of_rows("epoch,seconds,images_per_second,loss,f1\n1,5,6,2,3\n2,7,8,4,5\n",
                        "epoch,f1,seconds,images_per_second,loss\n1,3,9,9,2\n2,6,9,9,4\n", &p);
    assert_int_equal(p.number, 2);
    assert_int_equal(p.rows, 2);
    assert_string_equal(p.column, "f1");
    assert_string_equal(p.a, "5");
    assert_string_equal(p.b, "6");
    iso_parting_of_rows("epoch,loss\n1,2\n2,3\n", "epoch,loss,other\n1,2,7\n", &p);
    assert_true(p.number == 0 && p.rows == 1);
}

#define RUNS_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUNS_TEST(runs_with_the_same_bits_are_named),
        RUNS_TEST(what_differs_from_the_first_run_is_bold),
        RUNS_TEST(lines_that_not_all_have_are_listed),
        RUNS_TEST(what_has_no_number_is_sorted_last),
        cmocka_unit_test(the_first_tensor_in_the_order_of_computation_is_named),
        cmocka_unit_test(rows_part_in_the_first_number_that_differs),
    };
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
