/* test_page.c: the page of one run says what the run's files and its measurements say: every number
 * is computed here a second time, by hand or another way. */
#include "cli.h"
#include "core/train/histograms.h"
#include "page_rows.h"
#include "tools/report/measured.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct iso_told told;
static struct iso_measured measured;
static struct iso_page page;
static double matrices[4][9];

/* ---- A run --------------------------------------------------------------------------------- */

static const char history[] =
    "epoch,seconds,images_per_second,loss,accuracy,validation_loss,validation_accuracy\n"
    "1,100,50,2.5,0.25,2,0.5\n2,120,60,1.5,0.5,1.25,0.875\n3,140,70,1,0.75,1.5,0.625\n";

static int set_up(void **state)
{
    cli_setup(state);
    told = (struct iso_told){ .has_state = true,
                              .settings = { .seed = 5, .batch = 40, .limit = 90, .epochs = 3 },
                              .state = { .epoch = 3 } };
    strcpy(told.folder, cli_folder);
    strcpy(told.name, "run");
    strcpy(told.model, "net");
    strcpy(told.hash, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    told.device = (struct iso_run_device){ "reference", "host", "exact", "1.0" };
    cli_write("history.csv", history);
    assert_int_equal(iso_table_read(cli_folder, "history.csv", &told.epochs), ISO_OK);
    measured = (struct iso_measured){ .predicted_split = "" };
    static const char *const splits[] = { "train", "validation", "test" };
    for (int i = 0; i < ISO_SPLITS; i++)
        measured.split[i].name = splits[i];
    assert_int_equal(iso_backend_open("reference", ISO_MODE_EXACT, 1, &measured.job.backend),
                     ISO_OK);
    return 0;
}

static int tear_down(void **state)
{
    for (int i = 0; i < ISO_SPLITS; i++)
        measured.split[i].last.matrix = measured.split[i].best.matrix = NULL; /* not its own */
    iso_measured_free(&measured);
    iso_told_free(&told);
    iso_page_free(&page);
    page = (struct iso_page){ .out = NULL };
    return cli_teardown(state);
}

static const char *make(void)
{
    iso_page_free(&page);
    page = (struct iso_page){ .out = NULL, .again = page.again };
    assert_int_equal(iso_page_of_run(&page, &told, &measured), ISO_OK);
    return page_text(&page);
}

/* Gives a split scores: rows and loss, and a matrix of 3 classes. */
static void score(int split, double rows, double loss, int matrix, const double *counts)
{
    struct iso_split *s = &measured.split[split];
    memcpy(matrices[matrix], counts, sizeof matrices[matrix]);
    s->rows = (int64_t)rows;
    s->classes = 3;
    s->last = (struct iso_split_scores){ true, loss, matrices[matrix] };
    strcpy(s->data, "some data");
}

static const double test_counts[] = { 6, 2, 0, 1, 5, 2, 4, 0, 10 },
                    train_counts[] = { 9, 1, 0, 0, 10, 0, 0, 0, 10 };

static void scored_on_all(void)
{
    static const char no[] = "not there";
    score(0, 30, 0.125, 0, train_counts);
    score(2, 30, 0.75, 1, test_counts);
    strcpy(measured.split[1].missing, no);
}

/* ---- Tiles --------------------------------------------------------------------------------- */

/* The test data come first; the best number is that of the validation data, with its epoch. */
static void tiles_tell_the_main_numbers(void **state)
{
    (void)state;
    scored_on_all();
    const char *text = make();
    assert_string_equal(page_tile(text, "Accuracy"),
                        "0.7000|test data, last weights; best in validation 0.8750, epoch 2");
    assert_string_equal(page_tile(text, "Loss"),
                        "0.7500|test data, last weights; best in validation 1.2500, epoch 2");
    assert_string_equal(page_tile(text, "Training time"),
                        "6 min 00 s|2 min 00 s an epoch; 70 images/s");
    assert_string_equal(page_tile(text, "Device"), "reference|host, exact mode");
    cli_says(page_tile(text, "Weights"), "0123456789ab|sha256");
    strcpy(measured.hash, "ffff456789abcdef");
    cli_says(page_tile(make(), "Weights"), "ffff456789ab|");
}

/* Without measurements the tiles have the last numbers of the history. */
static void tiles_tell_the_history_if_nothing_was_measured(void **state)
{
    (void)state;
    const char *text = make();
    assert_string_equal(page_tile(text, "Accuracy"),
                        "0.6250|validation, epoch 3; best in validation 0.8750, epoch 2");
    assert_string_equal(page_tile(text, "Loss"),
                        "1.5000|validation, epoch 3; best in validation 1.2500, epoch 2");
    cli_says(page_tile(text, "Parity"), "not checked|");
    iso_table_free(&told.epochs);
    cli_write("history.csv", "epoch,loss,mean_absolute_error,r2\n1,3,7,.5\n2,4,5,.25\n");
    assert_int_equal(iso_table_read(cli_folder, "history.csv", &told.epochs), ISO_OK);
    text = make();
    assert_string_equal(page_tile(text, "Loss"),
                        "4.0000|training, epoch 2; best in training 3.0000, epoch 1");
    assert_string_equal(page_tile(text, "r2"),
                        "0.2500|training, epoch 2; best in training 0.5000, epoch 1");
    assert_string_equal(page_tile(text, "Accuracy"), ""); /* there is none */
}

static void the_tile_of_parity_says_how_it_was_kept(void **state)
{
    (void)state;
    measured.parity = strdup("table");
    measured.parity_passed = true;
    cli_says(page_tile(make(), "Parity"), "kept|0 bits differ from the reference");
    cli_says(page_text(&page), "<p class=\"good\">");
    measured.job.backend->mode = ISO_MODE_FAST;
    cli_says(page_tile(make(), "Parity"), "kept|within the bounds of the reference");
    measured.parity_passed = false;
    cli_says(page_tile(make(), "Parity"), "broken|the chapter Parity says where");
    cli_says(page_text(&page), "<dd class=\"value bad\">");
    cli_says(page_text(&page), "<p class=\"bad\">");
    strcpy(measured.no_parity, "too large");
    cli_says(page_tile(make(), "Parity"), "not checked|");
}

static void durations_are_readable(void **state)
{
    static const struct {
        double seconds;
        const char *text;
    } durations[] = { { 0.04, "0.0 s" },        { 119.9, "119.9 s" },     { 200, "3 min 20 s" },
                      { 605, "10 min 05 s" },   { 7199, "119 min 59 s" }, { 7325, "2 h 02 min" },
                      { 100000, "27 h 46 min" } };
    char buf[32];
    (void)state;
    for (size_t i = 0; i < sizeof durations / sizeof *durations; i++)
        assert_string_equal(iso_duration(durations[i].seconds, buf, sizeof buf), durations[i].text);
}

/* ---- Settings and results ------------------------------------------------------------------ */

static void results_are_those_of_the_history(void **state)
{
    (void)state;
    const char *text = make();
    assert_string_equal(page_row(text, "summary", "Training loss", 0),
                        "1.0000 in epoch 3, best 1.0000 in epoch 3");
    assert_string_equal(page_row(text, "summary", "Validation loss", 0),
                        "1.5000 in epoch 3, best 1.2500 in epoch 2");
    assert_string_equal(page_row(text, "summary", "Validation accuracy", 0),
                        "0.6250 in epoch 3, best 0.8750 in epoch 2");
    assert_string_equal(page_row(text, "summary", "Time", 0), "6 min 00 s, 2 min 00 s an epoch");
    assert_string_equal(page_row(text, "summary", "Batches, seed", 0), "40 rows, seed 5");
    assert_string_equal(page_row(text, "summary", "Limit", 0), "the first 90 rows of each");
    assert_string_equal(page_row(text, "summary", "Device", 0), "reference (host), exact mode");
    assert_false(page_has_row(text, "summary", "Parameters")); /* there is no model */
    cli_says(text, "finished, 3 epochs.");
}

static void the_model_is_described(void **state)
{
    struct iso_job *job = &measured.job;
    (void)state;
    assert_int_equal(iso_model_load("tests/models/frozen.yaml", &job->faults, &job->model), ISO_OK);
    assert_int_equal(iso_graph_build(job->model, 0, 8, &job->faults, &job->graph), ISO_OK);
    measured.parameters = 17;
    measured.trainable = 12;
    const char *text = make();
    assert_string_equal(page_row(text, "summary", "Parameters", 0), "17, of which 12 are trained");
    cli_says(page_row(text, "summary", "Training", 0),
             "categorical_crossentropy by adam, planned for ");
    cli_says(text, "aria-label=\"the 10 layers of frozen, ");
}

static void verified_steps_are_told(void **state)
{
    (void)state;
    assert_false(page_has_row(make(), "summary", "Verified"));
    told.state.step = 60;
    told.made = json_pack("{s:[{s:{s:s,s:s,s:i}},{},{s:{s:s,s:s,s:i,s:s}}]}", "commands",
                          "verified", "device", "cpu", "compared", "bits", "steps", 7, "verified",
                          "device", "reference", "compared", "bits", "steps", 5, "strayed", "x<y");
    assert_string_equal(page_row(make(), "summary", "Verified", 0),
                        "12 of 60 steps computed again on cpu, then reference: the same bits; but "
                        "once: x&lt;y");
}

static void the_state_of_a_training_is_told(void **state)
{
    static const struct {
        int64_t epoch, epoch_step, step, epochs, steps;
        bool stopped;
        const char *text;
    } states[] = {
        { 3, 0, 9, 3, 0, false, "finished, 3 epochs" },
        { 1, 0, 3, 1, 0, false, "finished, 1 epoch" },
        { 2, 0, 6, 3, 0, false, "not finished: 2 of 3 epochs" },
        { 2, 1, 7, 3, 0, false, "not finished: in epoch 3 of 3, after its step 1" },
        { 2, 0, 6, 9, 0, true, "ended early, after epoch 2 of 9" },
        { 0, 4, 4, 3, 8, false, "stopped after step 4 of 8" },
        { 0, 8, 8, 3, 8, false, "finished after step 8 of 8" },
    };
    char buf[128];
    (void)state;
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        told.state = (struct iso_fit_state){ .epoch = states[i].epoch,
                                             .epoch_step = states[i].epoch_step,
                                             .step = states[i].step };
        told.state.stopping.stopped = states[i].stopped;
        told.settings.epochs = states[i].epochs;
        told.settings.steps = states[i].steps;
        assert_string_equal(iso_told_status(&told, buf, sizeof buf), states[i].text);
    }
}

/* The first of several equally good epochs is the best. */
static void the_first_best_epoch_counts(void **state)
{
    int64_t row;
    (void)state;
    iso_table_free(&told.epochs);
    cli_write("history.csv", "epoch,a,b\n1,,\n2,3,5\n3,1,7\n4,1,7\n5,2,6\n6,,\n");
    assert_int_equal(iso_table_read(cli_folder, "history.csv", &told.epochs), ISO_OK);
    assert_true(iso_table_best(&told.epochs, 1, true, &row) == 1 && row == 2);
    assert_true(iso_table_best(&told.epochs, 2, false, &row) == 7 && row == 2);
    assert_true(iso_table_last(&told.epochs, 1, &row) == 2 && row == 4);
    assert_true(isnan(iso_table_last(&told.epochs, -1, &row)) && row == -1);
}

/* ---- Scores -------------------------------------------------------------------------------- */

/* Precision of a class: its right ones among the column; recall: among the row. */
static double f1_of(const double *m, int c)
{
    const double p = m[4 * c] / (m[c] + m[3 + c] + m[6 + c]),
                 r = m[4 * c] / (m[3 * c] + m[3 * c + 1] + m[3 * c + 2]);
    return 2 * p * r / (p + r);
}

static void scores_are_means_over_the_classes(void **state)
{
    char want[256];
    (void)state;
    scored_on_all();
    const double *m = test_counts;
    measured.best_epoch = 2;
    measured.split[2].best = (struct iso_split_scores){ true, 0.5, matrices[2] };
    memcpy(matrices[2], train_counts, sizeof matrices[2]);
    const char *text = make();
    snprintf(want, sizeof want, "30|0.7500|0.7000|%.4f|%.4f|%.4f|last|some data",
             (6.0 / 11 + 5.0 / 7 + 10.0 / 12) / 3, (6.0 / 8 + 5.0 / 8 + 10.0 / 14) / 3,
             (f1_of(m, 0) + f1_of(m, 1) + f1_of(m, 2)) / 3);
    assert_string_equal(page_row(text, "scores", "test", 0), want);
    snprintf(want, sizeof want, "30|0.5000|%.4f|%.4f|%.4f|%.4f|best, epoch 2|some data", 29.0 / 30,
             (1 + 10.0 / 11 + 1) / 3, (0.9 + 1 + 1) / 3,
             (f1_of(train_counts, 0) + f1_of(train_counts, 1) + f1_of(train_counts, 2)) / 3);
    assert_string_equal(page_row(text, "scores", "test", 1), want);
    cli_says(page_row(text, "scores", "train", 0), "30|0.1250|0.9667|");
    cli_says(text, "No scores of the validation data: not there.");
    cli_says(text, "Scores of the last and the best weights");
}

/* A row of the table of classes has the class's own scores, and how many rows are truly of it. */
static void classes_have_scores_of_their_own(void **state)
{
    static char names[3][ISO_CLASS_NAME] = { "ant", "bee", "cow" };
    /* Class 0 is always sure of its own rows; class 1 comes after a row of another. */
    static const float p[][3] = { { .9f, .05f, .05f }, { .3f, .3f, .4f }, { .1f, .8f, .1f } };
    static const int labels[] = { 0, 1, 2 };
    char want[128];
    (void)state;
    scored_on_all();
    measured.class_names = iso_alloc(3, sizeof *measured.class_names);
    memcpy(measured.class_names, names, sizeof names);
    measured.nclass_names = 3;
    measured.predicted_split = "test";
    assert_int_equal(iso_thresholds_new(&measured.thresholds, 3), ISO_OK);
    for (int i = 0; i < 3; i++)
        iso_thresholds_add(&measured.thresholds, labels[i], p[i]);
    const char *text = make();
    snprintf(want, sizeof want, "%.4f|%.4f|%.4f|1.0000|8", 6.0 / 11, 6.0 / 8,
             f1_of(test_counts, 0));
    assert_string_equal(page_row(text, "confusion", "ant", 0), want);
    snprintf(want, sizeof want, "%.4f|%.4f|%.4f|0.5000|8", 5.0 / 7, 5.0 / 8, f1_of(test_counts, 1));
    assert_string_equal(page_row(text, "confusion", "bee", 0), want);
    snprintf(want, sizeof want, "%.4f|%.4f|%.4f|0.5000|14", 10.0 / 12, 10.0 / 14,
             f1_of(test_counts, 2));
    assert_string_equal(page_row(text, "confusion", "cow", 0), want);
    cli_says(text, "aria-label=\"precision over recall\"");
    cli_says(text, ">confusion matrix, test data</text>");
}

/* ---- Time ---------------------------------------------------------------------------------- */

/* The passes of an op are one bar; the longest comes first, and the 24th is all others. */
static void times_are_added_up_op_by_op(void **state)
{
    enum { OPS = 30 };
    struct iso_model model = { .batch_size = 40 };
    double others = 0;
    char want[128];
    (void)state;
    measured.nodes = iso_alloc(3 * OPS, sizeof *measured.nodes);
    measured.job.model = &model;
    for (int i = 0; i < OPS; i++)
        for (int call = 0; call < 3; call++) /* two forward, and one backward */
            measured.nodes[measured.nnodes++] =
                (struct iso_bench_node){ .op = (enum iso_op)i,
                                         .pass = (enum iso_pass)(call / 2),
                                         .layer = -1,
                                         .seconds = 1e-3 * (i + 1) * (call < 2 ? 0.125 : 0.5) };
    measured.step_seconds = 0.25;
    const char *text = strstr(make(), "<section id=\"time\">");
    measured.job.model = NULL;
    for (int i = 0; i < OPS - 23; i++)
        others += 0.75 * (i + 1);
    snprintf(want, sizeof want, ">%.3g ms</text>", others);
    cli_says(strstr(text, ">all others</text>"), want);
    snprintf(want, sizeof want, "<title>%s, backward: 15.0000 ms</title>", iso_ops[OPS - 1].name);
    cli_says(text, want);
    snprintf(want, sizeof want, "<title>%s, forward: 7.5000 ms</title>", iso_ops[OPS - 1].name);
    cli_says(text, want);
    cli_says(text, "A step of 40 rows takes 250 ms on ");
    const char *before = text;
    for (int i = OPS - 1; i > OPS - 24; i--) {
        snprintf(want, sizeof want, "<title>%s, forward:", iso_ops[i].name);
        const char *at = strstr(text, want);
        assert_true(at > before);
        before = at;
    }
}

/* ---- Weights ------------------------------------------------------------------------------- */

static void write_many_weights(int layers)
{
    static char csv[CLI_OUTPUT];
    size_t n = (size_t)snprintf(csv, sizeof csv, "epoch,tensor,count,least,largest\n");
    for (int i = 0; i < 2 * layers; i++) {
        n += (size_t)snprintf(csv + n, sizeof csv - n, "1,l%d/%s,1,0,1", i / 2,
                              i % 2 ? "kernel" : "bias");
        for (int b = 0; b < ISO_HISTOGRAM_BINS; b++)
            n += (size_t)snprintf(csv + n, sizeof csv - n, ",%d", b == 0);
        n += (size_t)snprintf(csv + n, sizeof csv - n, "\n");
    }
    cli_write("histograms.csv", csv);
}

static void of_many_weights_the_kernels_are_shown(void **state)
{
    (void)state;
    write_many_weights(12);
    const char *text = strstr(make(), "<section id=\"weights\">");
    cli_says(text, ">l11/kernel</text>");
    cli_says(text, ">l11/bias</text>");
    assert_null(strstr(text, "weights more are in"));
    write_many_weights(30);
    text = strstr(make(), "<section id=\"weights\">");
    cli_says(text, ">l23/kernel</text>");
    assert_null(strstr(text, ">l24/kernel</text>"));
    assert_null(strstr(text, ">l0/bias</text>"));
    cli_says(text, "36 weights more are in histograms.csv.");
}

#define PAGE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAGE_TEST(tiles_tell_the_main_numbers),
        PAGE_TEST(tiles_tell_the_history_if_nothing_was_measured),
        PAGE_TEST(the_tile_of_parity_says_how_it_was_kept),
        PAGE_TEST(results_are_those_of_the_history),
        PAGE_TEST(the_model_is_described),
        PAGE_TEST(verified_steps_are_told),
        PAGE_TEST(the_state_of_a_training_is_told),
        PAGE_TEST(the_first_best_epoch_counts),
        PAGE_TEST(scores_are_means_over_the_classes),
        PAGE_TEST(classes_have_scores_of_their_own),
        PAGE_TEST(times_are_added_up_op_by_op),
        PAGE_TEST(of_many_weights_the_kernels_are_shown),
        cmocka_unit_test(durations_are_readable),
    };
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
