/* test_histograms.c: how weights and gradients are spread is counted after each epoch, the same for
 * a run that was resumed, and drawn in the report. */
#include "cli.h"
#include "core/train/histograms.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static char text[CLI_OUTPUT], resumed[CLI_OUTPUT];

static void numbers_are_counted_in_equal_bins(void **state)
{
    int64_t bins[ISO_HISTOGRAM_BINS], sum = 0;
    double least, largest;
    float numbers[ISO_HISTOGRAM_BINS + 3];
    (void)state;
    for (int i = 0; i < ISO_HISTOGRAM_BINS; i++)
        numbers[i] = (float)i + 0.5f; /* one in the middle of each bin */
    numbers[ISO_HISTOGRAM_BINS] = 0;
    numbers[ISO_HISTOGRAM_BINS + 1] = ISO_HISTOGRAM_BINS;
    numbers[ISO_HISTOGRAM_BINS + 2] = (float)NAN;
    assert_int_equal(iso_histogram(numbers, ISO_HISTOGRAM_BINS + 3, &least, &largest, bins),
                     ISO_HISTOGRAM_BINS + 2);
    assert_true(least == 0 && largest == ISO_HISTOGRAM_BINS);
    for (int i = 0; i < ISO_HISTOGRAM_BINS; i++)
        assert_int_equal(bins[i], i == 0 || i == ISO_HISTOGRAM_BINS - 1 ? 2 : 1);
    numbers[0] = numbers[1] = 7; /* all are one number */
    assert_int_equal(iso_histogram(numbers, 2, &least, &largest, bins), 2);
    assert_true(least == 7 && largest == 7 && bins[0] == 2);
    numbers[0] = (float)INFINITY;
    assert_int_equal(iso_histogram(numbers, 1, &least, &largest, bins), 0);
    for (int i = 0; i < ISO_HISTOGRAM_BINS; i++)
        sum += bins[i];
    assert_int_equal(sum, 0);
}

static void a_resumed_run_has_the_same_histograms(void **state)
{
    (void)state;
    assert_int_equal(cli_run(TRAIN "--out a --quiet --epochs 3"), 0);
    cli_read("a/histograms.csv", text);
    /* 4 weights and their gradients */
    assert_int_equal(cli_lines(text), 1 + 3 * 8);
    cli_says(text, "\n1,dense_1/bias,8,");
    cli_says(text, "\n3,d/dense_2/kernel,80,");
    assert_int_equal(cli_run(TRAIN "--out b --quiet --steps 4"), 0);
    assert_int_equal(cli_run("train --resume --out b --quiet --epochs 3"), 0);
    cli_read("b/histograms.csv", resumed);
    assert_string_equal(text, resumed);
    assert_int_equal(cli_run("train tiny.yaml --device cpu --limit 120 --quiet --out c --epochs 3"),
                     0);
    cli_read("c/histograms.csv", resumed);
    assert_string_equal(text, resumed);
}

/* A run that was killed goes on from an epoch before the last one: lines of later epochs, and one
 * that is not whole, are cut off. */
static void lines_of_later_epochs_are_cut(void **state)
{
    static const char head[] = "epoch,tensor\n", first[] = "1,a\n1,b\n", second[] = "2,a\n2,b\n";
    char whole[128];
    (void)state;
    for (int keep = 0; keep < 4; keep++) {
        snprintf(whole, sizeof whole, "%s%s%s3,a", head, first, second);
        cli_write("histograms.csv", whole);
        assert_int_equal(iso_histograms_keep(cli_folder, keep), ISO_OK);
        cli_read("histograms.csv", text);
        snprintf(whole, sizeof whole, "%s%s%s", head, keep > 0 ? first : "",
                 keep > 1 ? second : "");
        assert_string_equal(text, whole);
    }
}

static void the_report_draws_them(void **state)
{
    (void)state;
    assert_int_equal(cli_run(TRAIN "--out a --quiet"), 0);
    assert_int_equal(cli_run("report a --history"), 0);
    cli_read("a/report.html", text);
    cli_says(text, ">d/dense_2/kernel</text>");
    cli_says(text, "<title>epoch 2: from ");
    cli_write("a/histograms.csv", "epoch,tensor,count,least,largest\n1,x,3,0,1,5\n2,,\nx\n1,y,1");
    assert_int_equal(cli_run("report a --history"), 0);
    cli_read("a/report.html", text);
    cli_says(text, "The run has no histograms.csv with an epoch.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_counted_in_equal_bins),
        TEST(lines_of_later_epochs_are_cut),
        TEST(a_resumed_run_has_the_same_histograms),
        TEST(the_report_draws_them),
    };
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
