/* test_charts.c: charts of a report show the numbers that they were given: each point is read by
 * the ticks beside it and compared with the number itself. */
#include "cli.h"
#include "reading.h"
#include "tools/report/axis.h"
#include "tools/report/chart.h"
#include "tools/report/curves.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct iso_svg svg;
static const char *picture; /* the text of svg */

static void draw(const struct iso_chart *c)
{
    assert_int_equal(iso_svg_begin(&svg, "chart", 480, 300), ISO_OK);
    iso_chart_draw(&svg, c, 0, 0, 480, 300);
    assert_int_equal(iso_svg_end(&svg), ISO_OK);
    picture = reading_of(&svg);
    iso_svg_free(&svg);
}

static struct iso_chart chart_of(const char *label, const double *x, const double *y, int n)
{
    struct iso_chart c = { .title = "t", .x_label = "epoch", .whole = true };
    iso_chart_add(&c, &(struct iso_series){ .label = label, .x = x, .y = y, .n = n });
    return c;
}

/* ---- Charts -------------------------------------------------------------------------------- */

static void points_are_where_the_ticks_say(void **state)
{
    static const double x[] = { 1, 2, 3, 4, 5 }, left[] = { 0.11, 0.35, 0.62, 0.58, 0.93 },
                        right[] = { 1750, 420, 33000, 12, 900 };
    struct iso_chart c = chart_of("left", x, left, 5);
    (void)state;
    c.has_best = true;
    c.best_x = 4;
    iso_chart_add(&c, &(struct iso_series){
                          .label = "right", .x = x, .y = right, .n = 5, .look = 1, .right = true });
    draw(&c);
    const struct reading_axis ax = reading_ticks(picture, "x-axis", false),
                              ay = reading_ticks(picture, "y-axis", false),
                              ay2 = reading_ticks(picture, "y2-axis", false);
    reading_shows(picture, "left", 0, &ax, &ay, 5, x, left);
    reading_shows(picture, "right", 0, &ax, &ay2, 5, x, right);
    const char *best = strstr(picture, "<line class=\"best\"");
    assert_non_null(best);
    assert_true(fabs(reading_value(&ax, reading_attribute(best, "x1")) - 4) < 0.02);
    reading_text(best, "best: epoch 4");
    assert_true(ay.b < 0 && ay2.b < 0 && ax.b > 0); /* larger is higher, and further right */
    /* Every dot lies on its line. */
    static struct reading_line line;
    reading_path(picture, "right", 0, &line);
    const char *dot = strstr(picture, "data-label=\"right\">\n<path");
    for (int i = 0; i < 5; i++) {
        dot = strstr(dot + 1, "<circle");
        assert_non_null(dot);
        assert_true(fabs(reading_attribute(dot, "cx") - line.x[i]) < 0.01);
        assert_true(fabs(reading_attribute(dot, "cy") - line.y[i]) < 0.01);
    }
    assert_non_null(strstr(picture, "<title>epoch 3: right 3.3e+04</title>"));
    assert_non_null(strstr(picture, "data-points=\"1,0.11 2,0.35 3,0.62 4,0.58 5,0.93\""));
    /* All that is drawn stays in the picture, with room for ticks and label below. */
    assert_true(reading_attribute(reading_text(picture, "epoch"), "y") < 300);
}

/* A number that is missing leaves a gap, and counts neither as an end of the axis nor as a point.
 */
static void gaps_are_not_bridged(void **state)
{
    static const double x[] = { 1, 2, 3, 4 }, y[] = { 2, (double)NAN, 4, 5 },
                        known_x[] = { 1, 3, 4 }, known_y[] = { 2, 4, 5 };
    static struct reading_line line;
    const struct iso_chart c = chart_of("a", x, y, 4);
    (void)state;
    draw(&c);
    const struct reading_axis ax = reading_ticks(picture, "x-axis", false),
                              ay = reading_ticks(picture, "y-axis", false);
    reading_shows(picture, "a", 0, &ax, &ay, 3, known_x, known_y);
    reading_path(picture, "a", 0, &line);
    assert_false(line.joined[0]);
    assert_false(line.joined[1]);
    assert_true(line.joined[2]);
    assert_non_null(strstr(picture, "data-points=\"1,2 - 3,4 4,5\""));
    assert_int_equal(reading_count(picture, "<circle"), 3);
}

/* A range of more than 50 times gets a log scale, where one fits. */
static void wide_ranges_have_a_log_scale(void **state)
{
    static const double x[] = { 1, 2, 3 }, wide[] = { 51, 7, 1 }, narrow[] = { 49, 7, 1 };
    (void)state;
    for (int fits = 0; fits < 2; fits++)
        for (int i = 0; i < 2; i++) {
            struct iso_chart c = chart_of("a", x, i ? wide : narrow, 3);
            c.log_fits = fits;
            draw(&c);
            const struct reading_axis ax = reading_ticks(picture, "x-axis", false),
                                      ay = reading_ticks(picture, "y-axis", fits && i);
            reading_shows(picture, "a", 0, &ax, &ay, 3, x, i ? wide : narrow);
        }
    struct iso_chart c = chart_of("a", x, wide, 3);
    c.log_fits = true;
    draw(&c);
    reading_text(picture, "1");
    reading_text(picture, "2");
    reading_text(picture, "5");
    reading_text(picture, "50");
}

/* A line that lies on another is dashed; one that only meets it is not. */
static void lines_over_each_other_are_dashed(void **state)
{
    static const double x[] = { 1, 2, 3 }, y[] = { 1, 2, 3 }, other[] = { 1, 2, 4 };
    struct iso_chart c = chart_of("a", x, y, 3);
    (void)state;
    iso_chart_add(&c, &(struct iso_series){ .label = "b", .x = x, .y = other, .n = 3, .look = 1 });
    draw(&c);
    assert_null(strstr(picture, " over\""));
    iso_chart_add(&c, &(struct iso_series){ .label = "c", .x = x, .y = y, .n = 3, .look = 2 });
    draw(&c);
    assert_int_equal(reading_count(picture, " over\""), 1);
    assert_non_null(strstr(picture, "data-label=\"c\">\n<path class=\"s2 d0 over\""));
}

/* A long series has at most ISO_CHART_POINTS drawn, at equal distances, and the last one. */
static void the_last_of_many_points_is_drawn(void **state)
{
    enum { N = 2501 };
    static double x[N], y[N];
    static struct reading_line line;
    (void)state;
    for (int i = 0; i < N; i++) {
        x[i] = i + 1;
        y[i] = i == N - 1 ? 77 : i % 3;
    }
    const struct iso_chart c = chart_of("a", x, y, N);
    draw(&c);
    reading_path(picture, "a", 0, &line);
    assert_int_equal(line.n, (N + 2) / 3 + ((N - 1) % 3 != 0));
    assert_non_null(strstr(picture, "data-points=\"1,0 4,0 7,0 "));
    assert_non_null(strstr(picture, " 2501,77\""));
    assert_null(strstr(picture, "<circle"));
}

static void bars_are_as_long_as_their_sums(void **state)
{
    static const struct iso_bar bars[] = { { "one", { 3, 2, 5 } }, { "two", { 1, 0, 1.5 } } };
    static const char *const names[] = { "forward", "backward", "update", NULL };
    (void)state;
    assert_int_equal(iso_svg_begin(&svg, "bars", 480, 100), ISO_OK);
    iso_bars_draw(&svg, bars, 2, names, "ms", 0);
    assert_int_equal(iso_svg_end(&svg), ISO_OK);
    picture = reading_of(&svg);
    iso_svg_free(&svg);
    reading_text(picture, "10 ms");
    reading_text(picture, "2.5 ms");
    const char *at = strstr(reading_text(picture, "one"), "<rect");
    const double unit = reading_attribute(at, "width") / 3, left = reading_attribute(at, "x");
    assert_non_null(strstr(at, "<title>one, forward: 3.0000 ms</title>"));
    at = strstr(at + 1, "<rect");
    assert_true(fabs(reading_attribute(at, "x") - (left + 3 * unit)) < 0.2);
    assert_true(fabs(reading_attribute(at, "width") - 2 * unit) < 0.2);
    at = strstr(at + 1, "<rect");
    assert_true(fabs(reading_attribute(at, "width") - 5 * unit) < 0.2);
    at = strstr(reading_text(picture, "two"), "<rect");
    assert_true(fabs(reading_attribute(at, "width") - unit) < 0.2);
    at = strstr(at + 1, "<rect"); /* a piece of 0 has no bar */
    assert_true(fabs(reading_attribute(at, "width") - 1.5 * unit) < 0.2);
}

/* ---- Axes ---------------------------------------------------------------------------------- */

/* A step is, among all round numbers, the one nearest to the wanted distance, on a log scale. */
static void steps_are_the_nearest_round_numbers(void **state)
{
    static const double shares[] = { 1, 1.3, 1.7, 2, 2.6, 3, 3.4, 5, 6.5, 7.4, 9 };
    (void)state;
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++)
        for (double power = 1e-5; power < 1e6; power *= 10) {
            const double width = 5 * shares[i] * power;
            const struct iso_axis a = iso_axis_over(-width / 2.16, width / 2.16, 5, false, false);
            double nearest = 0;
            for (int p = -7; p < 8; p++)
                for (int k = 1; k <= 5; k += k == 1 ? 1 : 3)
                    if (nearest == 0 || fabs(log(k * pow(10, p) / (shares[i] * power))) <
                                            fabs(log(nearest / (shares[i] * power))))
                        nearest = k * pow(10, p);
            assert_true(fabs(a.step - nearest) < 1e-9 * nearest);
            assert_true(a.to > width / 2.16 && a.from < -width / 2.16); /* with a margin */
        }
}

/* A log scale has ticks at 1, 2 and 5 times each power of ten, and at the powers alone if it is
 * long. */
static void log_scales_have_round_ticks(void **state)
{
    static const double few[] = { 0.1, 0.2, 0.5, 1, 2, 5, 10 }, many[] = { 0.01, 0.1, 1, 10, 100 };
    double ticks[ISO_TICKS];
    (void)state;
    struct iso_axis a = iso_axis_over(0.1, 10, 5, false, true);
    assert_int_equal(iso_axis_ticks(&a, ticks), 7);
    for (int i = 0; i < 7; i++)
        assert_true(fabs(ticks[i] - few[i]) < 1e-9 * few[i]);
    a = iso_axis_over(0.01, 100, 5, false, true);
    assert_int_equal(iso_axis_ticks(&a, ticks), 5);
    for (int i = 0; i < 5; i++)
        assert_true(fabs(ticks[i] - many[i]) < 1e-9 * many[i]);
}

static void numbers_are_short(void **state)
{
    static const struct {
        double value;
        const char *tick, *number;
    } texts[] = {
        { 0.25, "0.25", "0.2500" },
        { 20000, "20k", "2e+04" },
        { 1.5e6, "1.5M", "1.5e+06" },
        { 1e-5, "1e-5", "1e-05" },
        { 0.0512, "0.0512", "0.0512" },
        { 0.1, "0.1", "0.1000" },
        { 999.5, "999.5", "999.5000" },
        { 1234.6, "1234.6", "1235" },
        { 0, "0", "0" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char tick[ISO_TICK_TEXT], number[ISO_NUMBER];
        const struct iso_axis a = { .from = 0, .to = fmax(texts[i].value, 1e-9) };
        assert_string_equal(iso_tick_text(&a, texts[i].value, tick), texts[i].tick);
        assert_string_equal(iso_short_number(texts[i].value, number), texts[i].number);
    }
}

static void texts_are_anchored(void **state)
{
    (void)state;
    assert_int_equal(iso_svg_begin(&svg, "texts", 100, 100), ISO_OK);
    iso_svg_text(&svg, 1, 2, ISO_LEFT, "ink", "l");
    iso_svg_text(&svg, 1, 2, ISO_MIDDLE, "ink", "m");
    iso_svg_text(&svg, 1, 2, ISO_RIGHT, "ink", "r");
    iso_svg_rect(&svg, 1, 2, 3, 4, 0.25, "heat", NULL);
    assert_int_equal(iso_svg_end(&svg), ISO_OK);
    picture = reading_of(&svg);
    iso_svg_free(&svg);
    assert_non_null(strstr(picture, "class=\"ink\" x=\"1.0\" y=\"2.0\">l<"));
    assert_non_null(strstr(picture, "class=\"ink middle\" x=\"1.0\" y=\"2.0\">m<"));
    assert_non_null(strstr(picture, "class=\"ink end\" x=\"1.0\" y=\"2.0\">r<"));
    assert_non_null(strstr(picture, "fill-opacity=\"0.250\""));
}

/* ---- Curves of a run ----------------------------------------------------------------------- */

static struct iso_told told[2];

/* Reads a history as a report does, from a file of this text. */
static void read_history(struct iso_told *t, const char *csv)
{
    *t = (struct iso_told){ .yaml = NULL };
    cli_write("history.csv", csv);
    assert_int_equal(iso_table_read(cli_folder, "history.csv", &t->epochs), ISO_OK);
}

static void read_batches(struct iso_told *t, const char *csv)
{
    cli_write("batches.csv", csv);
    assert_int_equal(iso_table_read(cli_folder, "batches.csv", &t->batches), ISO_OK);
}

/* Takes a picture that was drawn with this result. */
static void take(iso_rc drawn)
{
    assert_int_equal(drawn, ISO_OK);
    picture = reading_of(&svg);
    iso_svg_free(&svg);
}

static void free_told(void)
{
    for (int i = 0; i < 2; i++) {
        iso_table_free(&told[i].epochs);
        iso_table_free(&told[i].batches);
    }
}

static struct iso_metric_columns metric_of(const char *name)
{
    struct iso_metric_columns m[ISO_METRICS_SHOWN];
    const int n = iso_told_metrics(&told[0], m, ISO_METRICS_SHOWN);
    for (int i = 0; i < n; i++)
        if (strcmp(m[i].name, name) == 0)
            return m[i];
    fail_msg("no metric %s", name);
    return m[0];
}

static const char phases[] =
    "epoch,phase,seconds,loss,validation_loss,validation_accuracy\n"
    "1,warm,1,9,10,0.1\n2,warm,1,8,8.5,0.2\n3,main,1,3,4,0.5\n"
    "4,main,1,2,4.5,0.6\n5,main,1,1,5,0.7\n";

/* Phases are lines of their own, behind each other; the best epoch is marked. */
static void a_metric_is_drawn_phase_by_phase(void **state)
{
    static const double epochs[] = { 1, 2, 3, 4, 5 }, loss[] = { 9, 8, 3, 2, 1 },
                        validation[] = { 10, 8.5, 4, 4.5, 5 };
    (void)state;
    read_history(&told[0], phases);
    told[0].nphases = 2;
    told[0].phase[0] = (struct iso_told_phase){ 0, 1, "warm" };
    told[0].phase[1] = (struct iso_told_phase){ 2, 3, "main" };
    told[0].best = (struct iso_run_best){ .monitor = "validation_loss", .epoch = 3 };
    const struct iso_metric_columns m = metric_of("loss");
    take(iso_draw_metric(&told[0], &m, &svg));
    const struct reading_axis ax = reading_ticks(picture, "x-axis", false),
                              ay = reading_ticks(picture, "y-axis", false);
    reading_shows(picture, "training", 0, &ax, &ay, 2, epochs, loss);
    reading_shows(picture, "training", 1, &ax, &ay, 3, epochs + 2, loss + 2);
    reading_shows(picture, "validation", 0, &ax, &ay, 2, epochs, validation);
    reading_shows(picture, "validation", 1, &ax, &ay, 3, epochs + 2, validation + 2);
    const char *mark = strstr(picture, "<line class=\"mark\"");
    assert_non_null(mark);
    assert_true(fabs(reading_value(&ax, reading_attribute(mark, "x1")) - 2.5) < 0.02);
    reading_text(picture, "warm");
    reading_text(picture, "main");
    reading_text(picture, "best: epoch 3");
    assert_int_equal(reading_count(picture, "class=\"key\""), 2);
    *told[0].best.monitor = '\0';
    take(iso_draw_metric(&told[0], &m, &svg));
    assert_null(strstr(picture, "best"));
    free_told();
}

/* Errors are drawn on a log scale if they fall far, what rises is not. */
static void only_errors_have_a_log_scale(void **state)
{
    static const double epochs[] = { 1, 2, 3 }, wide[] = { 0.01, 0.5, 0.9 };
    (void)state;
    read_history(&told[0],
                 "epoch,loss,accuracy,mean_absolute_error\n"
                 "1,.01,.01,.01\n2,.5,.5,.5\n3,.9,.9,.9\n");
    static const char *const names[] = { "loss", "accuracy", "mean_absolute_error" };
    for (int i = 0; i < 3; i++) {
        const struct iso_metric_columns m = metric_of(names[i]);
        take(iso_draw_metric(&told[0], &m, &svg));
        const struct reading_axis ax = reading_ticks(picture, "x-axis", false),
                                  ay = reading_ticks(picture, "y-axis", i != 1);
        reading_shows(picture, "training", 0, &ax, &ay, 3, epochs, wide);
    }
    free_told();
}

static void each_class_has_its_own_numbers(void **state)
{
    static const double epochs[] = { 1, 2 }, f1[3][2] = { { .1, .2 }, { .5, .4 }, { .8, .9 } };
    static const char *const labels[] = { "0", "1", "2" };
    (void)state;
    read_history(&told[0],
                 "epoch,f1_0,f1_1,f1_2,validation_f1_0,validation_f1_1,validation_f1_2\n"
                 "1,0,0,0,.1,.5,.8\n2,0,0,0,.2,.4,.9\n");
    const struct iso_metric_columns m = metric_of("f1");
    take(iso_draw_metric(&told[0], &m, &svg));
    const struct reading_axis ax = reading_ticks(picture, "x-axis", false),
                              ay = reading_ticks(picture, "y-axis", false);
    for (int c = 0; c < 3; c++)
        reading_shows(picture, labels[c], 0, &ax, &ay, 2, epochs, f1[c]);
    assert_non_null(strstr(picture, ">f1 of each class, validation</text>"));
    free_told();
}

static void a_metric_is_drawn_over_the_loss(void **state)
{
    static const double loss[] = { 3, 2 }, accuracy[] = { .3, .7 }, vloss[] = { 4, 5 },
                        vaccuracy[] = { .2, .4 };
    (void)state;
    read_history(&told[0],
                 "epoch,loss,accuracy,validation_loss,validation_accuracy\n"
                 "1,3,.3,4,.2\n2,2,.7,5,.4\n");
    const struct iso_metric_columns l = metric_of("loss"), a = metric_of("accuracy");
    take(iso_draw_loss_against(&told[0], &l, &a, &svg));
    const struct reading_axis ax = reading_ticks(picture, "x-axis", false),
                              ay = reading_ticks(picture, "y-axis", false);
    reading_shows(picture, "training", 0, &ax, &ay, 2, loss, accuracy);
    reading_shows(picture, "validation", 0, &ax, &ay, 2, vloss, vaccuracy);
    free_told();
}

/* More than 200 batches have 100 means at most, of the numbers that are known. */
static void batches_have_means(void **state)
{
    enum { ROWS = 250, WIDTH = 3, MEANS = (ROWS + WIDTH - 1) / WIDTH };
    static char csv[16 * 1024];
    static double steps[MEANS], losses[MEANS], accuracies[MEANS];
    size_t n = (size_t)snprintf(csv, sizeof csv, "step,epoch,loss,accuracy\n");
    (void)state;
    for (int r = 0; r < ROWS; r++) {
        const double loss = 1 + (r * r) % 7, accuracy = (r % 10) / 10.0;
        const int group = r / WIDTH, first = group * WIDTH;
        const int known = (first + 3 <= ROWS ? 3 : ROWS - first) - (group == 5);
        if (r == 16) { /* has no loss */
            n += (size_t)snprintf(csv + n, sizeof csv - n, "%d,1,,%g\n", r + 1, accuracy);
        } else {
            n += (size_t)snprintf(csv + n, sizeof csv - n, "%d,1,%g,%g\n", r + 1, loss, accuracy);
            losses[group] += loss / known;
            steps[group] += (r + 1.0) / known;
        }
        accuracies[group] += accuracy / (known + (group == 5));
    }
    read_history(&told[0], "epoch,loss\n1,1\n");
    read_batches(&told[0], csv);
    take(iso_draw_batches(&told[0], "accuracy", &svg));
    const struct reading_axis ax = reading_ticks(picture, "x-axis", false),
                              ay = reading_ticks(picture, "y-axis", false),
                              ay2 = reading_ticks(picture, "y2-axis", false);
    reading_shows(picture, "loss", 1, &ax, &ay, MEANS, steps, losses); /* 0: the pale numbers */
    static struct reading_line line;
    reading_path(picture, "loss", 0, &line);
    assert_int_equal(line.n, ROWS - 1);
    reading_path(picture, "accuracy", 1, &line);
    assert_int_equal(line.n, MEANS);
    for (int i = 0; i < MEANS; i++)
        assert_true(fabs(reading_value(&ay2, line.y[i]) - accuracies[i]) <=
                    reading_slack(&ay2, line.y[i]));
    free_told();
}

static void runs_are_drawn_over_each_other(void **state)
{
    static const double epochs[] = { 1, 2 }, a[] = { .3, .7 }, b[] = { .5, .1 };
    (void)state;
    read_history(&told[0], "epoch,accuracy,validation_accuracy\n1,0,.3\n2,0,.7\n");
    read_history(&told[1], "epoch,validation_accuracy,accuracy\n1,.5,0\n2,.1,0\n");
    strcpy(told[0].name, "first");
    strcpy(told[1].name, "second");
    take(iso_draw_overlay(told, 2, "accuracy", true, &svg));
    const struct reading_axis ax = reading_ticks(picture, "x-axis", false),
                              ay = reading_ticks(picture, "y-axis", false);
    reading_shows(picture, "first", 0, &ax, &ay, 2, epochs, a);
    reading_shows(picture, "second", 0, &ax, &ay, 2, epochs, b);
    assert_non_null(strstr(picture, ">validation accuracy</text>"));
    free_told();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_are_where_the_ticks_say),
        cmocka_unit_test(gaps_are_not_bridged),
        cmocka_unit_test(wide_ranges_have_a_log_scale),
        cmocka_unit_test(lines_over_each_other_are_dashed),
        cmocka_unit_test(the_last_of_many_points_is_drawn),
        cmocka_unit_test(bars_are_as_long_as_their_sums),
        cmocka_unit_test(steps_are_the_nearest_round_numbers),
        cmocka_unit_test(log_scales_have_round_ticks),
        cmocka_unit_test(numbers_are_short),
        cmocka_unit_test(texts_are_anchored),
        TEST(a_metric_is_drawn_phase_by_phase),
        TEST(only_errors_have_a_log_scale),
        TEST(each_class_has_its_own_numbers),
        TEST(a_metric_is_drawn_over_the_loss),
        TEST(batches_have_means),
        TEST(runs_are_drawn_over_each_other),
    };
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
