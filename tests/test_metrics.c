/* test_metrics.c: what training makes of the counts of metrics: scores of an epoch, the tables of a
 * run, and a resumed run that goes on counting. */
#include "core/ops/score.h"
#include "trainer.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ACCURACY, TOP_3, PRECISION, RECALL, F1, EACH, MATRIX, CLASSES = 10 };
static const char all[] =
    "[accuracy, top_k: 3, precision, {recall: weighted}, f1, {f1: none}, "
    "confusion_matrix]";

static int setup(void **state)
{
    trainer_metrics = all;
    return trainer_setup(state);
}

static void test_one_op_counts_for_all(void **state)
{
    static const int64_t values[] = { 1, 1, 1, 1, 1, CLASSES, 0 };
    struct trainer t;
    char name[ISO_NAME];
    int counters = 0;
    (void)state;
    trainer_open(&t, 8, 1);
    for (int i = 0; i < t.graph->nnodes; i++)
        counters += t.graph->nodes[i].op == ISO_OP_confusion_matrix;
    assert_int_equal(counters, 1);
    assert_int_equal(t.graph->ncounts, CLASSES * CLASSES);
    for (int m = ACCURACY; m <= MATRIX; m++)
        assert_int_equal(iso_metric_values(t.graph, m), values[m]);
    assert_string_equal(iso_metric_name(t.graph, TOP_3, -1, name), "top_3");
    assert_string_equal(iso_metric_name(t.graph, RECALL, 0, name), "recall_weighted");
    assert_string_equal(iso_metric_name(t.graph, EACH, 7, name), "f1_class_7");
    assert_string_equal(iso_metric_name(t.graph, EACH, -1, name), "f1_class");
    assert_int_equal(iso_metric_first(t.graph), ACCURACY);
    trainer_close(&t);
}

/* The true class of each row, counted from the labels, and what the matrix says of it. */
static void check_rows(const struct iso_scores *s, const struct iso_dataset *data)
{
    for (int64_t c = 0; c < CLASSES; c++) {
        const struct iso_shape shape = { 2, { CLASSES, CLASSES } };
        int64_t rows = 0;
        for (int64_t i = 0; i < s->rows; i++)
            rows += data->labels[i] == c;
        assert_true(iso_class_counts(&shape, s->counts, c).actual == (double)rows);
    }
}

static void check_scores(const struct trainer *t, const struct iso_scores *s)
{
    const struct iso_graph *g = t->graph;
    double right = 0, f1 = 0, each[CLASSES];
    const double accuracy = iso_scores_metric(g, s, ACCURACY);
    for (int c = 0; c < CLASSES; c++)
        right += s->counts[c * CLASSES + c];
    assert_true(right > 0 && right / (double)s->rows == accuracy);
    assert_true(fabs(iso_scores_metric(g, s, RECALL) - accuracy) < 1e-12);
    assert_true(iso_scores_metric(g, s, TOP_3) > accuracy);
    iso_scores_values(g, s, EACH, each);
    for (int c = 0; c < CLASSES; c++)
        f1 += each[c] / CLASSES;
    assert_true(f1 > 0 && fabs(iso_scores_metric(g, s, F1) - f1) < 1e-12);
}

/* Training and validation count apart, and each epoch begins anew. */
static void test_scores_of_an_epoch(void **state)
{
    struct trainer t;
    (void)state;
    trainer_open(&t, 16, 1);
    assert_int_equal(trainer_fit(&t, 3, 0, NULL), ISO_OK);
    assert_int_equal(t.nepochs, 3);
    check_rows(&t.epochs[2].train, t.train);
    check_rows(&t.epochs[2].validation, t.validation);
    check_scores(&t, &t.epochs[2].train);
    check_scores(&t, &t.epochs[2].validation);
    trainer_close(&t);
}

static void test_no_rows_give_no_scores(void **state)
{
    const struct iso_scores none = { 0 };
    double each[CLASSES];
    struct trainer t;
    (void)state;
    trainer_open(&t, 8, 1);
    assert_true(isnan(iso_scores_metric(t.graph, &none, ACCURACY)));
    assert_true(isnan(iso_scores_metric(t.graph, &none, F1)));
    iso_scores_values(t.graph, &none, EACH, each);
    for (int c = 0; c < CLASSES; c++)
        assert_true(isnan(each[c]));
    trainer_close(&t);
}

/* ---- Run folders --------------------------------------------------------------------------- */

/* Trains to the end, in one go or stopped after so many steps and resumed. */
static void train(const char *name, int64_t stop_after)
{
    static struct iso_faults faults;
    struct iso_run_settings settings = {
        .seed = 1, .batch = BATCH, .rows = ROWS, .epochs = 3, .validation_rows = VALIDATION_ROWS
    };
    struct trainer t;
    struct iso_run *run = NULL;
    trainer_open(&t, 8, 1);
    assert_int_equal(iso_run_start(trainer_path(name), t.exec, &settings, &run), ISO_OK);
    t.stop_after = stop_after;
    assert_int_equal(trainer_fit(&t, 3, 0, run), ISO_OK);
    iso_run_close(run);
    trainer_close(&t);
    if (stop_after == 0)
        return;
    trainer_open(&t, 8, 1);
    assert_int_equal(iso_run_read(trainer_path(name), &settings, &t.state), ISO_OK);
    assert_true(t.state.step >= stop_after && t.state.step < 3 * EPOCH_STEPS);
    assert_int_equal(iso_run_resume(trainer_path(name), t.exec, &settings, &t.state, &faults, &run),
                     ISO_OK);
    assert_int_equal(trainer_fit(&t, 3, 0, run), ISO_OK);
    iso_run_close(run);
    trainer_close(&t);
}

/* The file's text without the epochs' times: columns 1 and 2. */
static char *read_history(const char *folder)
{
    char path[64], *text = NULL, *to;
    size_t n;
    int column = 0;
    snprintf(path, sizeof path, "%s/history.csv", folder);
    assert_int_equal(iso_file_read(trainer_path(path), &text, &n), ISO_OK);
    to = text;
    for (const char *from = text; *from; from++) {
        column = *from == '\n' ? 0 : column + (*from == ',');
        if (column != 1 && column != 2)
            *to++ = *from;
    }
    *to = '\0';
    return text;
}

static void test_a_resumed_run_continues_the_count(void **state)
{
    static const char columns[] =
        "epoch,learning_rate,loss,accuracy,top_3,precision,recall_weighted,f1,f1_class_0,";
    (void)state;
    train("whole", 0);
    char *whole = read_history("whole");
    assert_true(strncmp(whole, columns, strlen(columns)) == 0);
    assert_non_null(strstr(whole, ",validation_f1_class_9\n"));
    for (int64_t step = 1; step <= 2 * EPOCH_STEPS; step += 3) {
        char name[32];
        snprintf(name, sizeof name, "part%d", (int)step);
        train(name, step);
        char *resumed = read_history(name);
        assert_string_equal(whole, resumed);
        free(resumed);
    }
    free(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_op_counts_for_all, setup, trainer_teardown),
        cmocka_unit_test_setup_teardown(test_scores_of_an_epoch, setup, trainer_teardown),
        cmocka_unit_test_setup_teardown(test_no_rows_give_no_scores, setup, trainer_teardown),
        cmocka_unit_test_setup_teardown(test_a_resumed_run_continues_the_count, setup,
                                        trainer_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
