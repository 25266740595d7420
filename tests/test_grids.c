/* test_grids.c: images, predictions, a confusion matrix, curves over a threshold and histograms of
 * a report show what they were given, each number in its place. */
#include "cli.h"
#include "reading.h"
#include "tools/report/grids.h"
#include "tools/report/png.h"
#include "tools/report/ridges.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct iso_svg svg;
static const char *picture; /* the text of svg */

/* Takes a picture that was drawn with this result. */
static void take(iso_rc drawn)
{
    assert_int_equal(drawn, ISO_OK);
    picture = reading_of(&svg);
    iso_svg_free(&svg);
}

static void is_near(double a, double b, double slack)
{
    if (!(fabs(a - b) <= slack))
        fail_msg("%g instead of %g", a, b);
}

/* ---- Confusion matrix ---------------------------------------------------------------------- */

static char names[3][ISO_CLASS_NAME] = { "ant", "bee", "cow" };

/* Returns the text of a cell, which has x, y and the content of a number alone. */
static const char *text_at(double x, double y)
{
    for (const char *at = picture; (at = strstr(at, "<text")) != NULL; at++)
        if (fabs(reading_attribute(at, "x") - x) < 3 && fabs(reading_attribute(at, "y") - y) < 3)
            return strchr(at, '>') + 1;
    fail_msg("no text at %.1f, %.1f", x, y);
    return "";
}

/* True classes go down, predicted ones to the right, and each cell is as dark as its share of the
 * true class. */
static void counts_stand_where_their_classes_cross(void **state)
{
    static double matrix[] = { 6, 2, 0, 1, 5, 3, 4, 0, 9 };
    struct iso_measured m = { .class_names = names, .nclass_names = 3 };
    const struct iso_split s = {
        .name = "test", .rows = 30, .classes = 3, .last = { true, 0.5, matrix }
    };
    (void)state;
    take(iso_draw_confusion(&m, &s, &svg));
    for (int t = 0; t < 3; t++)
        for (int c = 0; c < 3; c++) {
            /* The name at the left is the first text of it, the one above its column the next. */
            const char *row = reading_text(picture, names[t]),
                       *column =
                           reading_text(strchr(reading_text(picture, names[c]), '>') + 1, names[c]);
            const double x = reading_attribute(column, "x"), y = reading_attribute(row, "y");
            const double sum = matrix[3 * t] + matrix[3 * t + 1] + matrix[3 * t + 2];
            char want[512];
            snprintf(want, sizeof want, "%.0f<", matrix[3 * t + c]);
            assert_memory_equal(text_at(x, y), want, strlen(want));
            snprintf(want, sizeof want, "<title>true %s, predicted as %s: %.0f of %.0f (%.1f %%)<",
                     names[t], names[c], matrix[3 * t + c], sum, 100 * matrix[3 * t + c] / sum);
            const char *tip = strstr(picture, want);
            assert_true((tip != NULL) == (matrix[3 * t + c] > 0));
            if (tip == NULL)
                continue;
            const char *cell = tip;
            while (strncmp(cell, "<rect", 5) != 0)
                cell--;
            const double left = reading_attribute(cell, "x"), top = reading_attribute(cell, "y");
            assert_true(left < x && x < left + reading_attribute(cell, "width"));
            assert_true(top < y && y < top + reading_attribute(cell, "height"));
            if (matrix[3 * t + c] < sum)
                is_near(pow(reading_attribute(cell, "fill-opacity"), 2), matrix[3 * t + c] / sum,
                        0.002);
        }
}

/* ---- Images -------------------------------------------------------------------------------- */

enum { ROWS = 5, SIDE = 2 };

static void fill_rows(struct iso_shown_rows *r, uint8_t *pixels)
{
    *r = (struct iso_shown_rows){ .n = ROWS, .size = { SIDE, SIDE, 1 }, .pixels = pixels };
    for (int i = 0; i < ROWS; i++) {
        r->row[i] = 10 + i;
        r->label[i] = i % 3;
        for (int k = 0; k < SIDE * SIDE; k++)
            pixels[i * SIDE * SIDE + k] = (uint8_t)(40 * i + k);
    }
}

/* Returns the image of a row: its tip says which. */
static const char *image_of(const struct iso_shown_rows *r, int i)
{
    char tip[320];
    snprintf(tip, sizeof tip, "<title>row %lld: %s", (long long)r->row[i], names[r->label[i]]);
    const char *at = strstr(picture, tip);
    if (at == NULL)
        fail_msg("no image says %s", tip);
    while (at != NULL && strncmp(at, "<image", 6) != 0)
        at--;
    return at;
}

static void images_stand_in_rows_with_their_classes(void **state)
{
    struct iso_measured m = { .class_names = names, .nclass_names = 3 };
    struct iso_shown_rows r;
    uint8_t pixels[ROWS * SIDE * SIDE];
    (void)state;
    fill_rows(&r, pixels);
    take(iso_draw_images(&m, &r, 3, "images", "title", &svg));
    for (int i = 0; i < ROWS; i++) {
        const char *image = image_of(&r, i), *href = strstr(image, "base64,") + 7;
        char *want;
        assert_int_equal(iso_png_base64(pixels + i * SIDE * SIDE, r.size, &want), ISO_OK);
        assert_memory_equal(href, want, strlen(want)); /* its own pixels */
        free(want);
        const double side = reading_attribute(image, "width"), x = reading_attribute(image, "x"),
                     y = reading_attribute(image, "y");
        is_near(x, 160 * (i % 3) + 4, 0.1);
        is_near(y, 28 + (i / 3) * (side + 24), 0.1);
        const char *class = text_at(x + side / 2, y + side + 14);
        assert_memory_equal(class, names[r.label[i]], 3);
    }
}

/* ---- Predictions --------------------------------------------------------------------------- */

static void predictions_say_what_is_right_and_wrong(void **state)
{
    static float p[ROWS * 3] = { .1f,  .7f, .2f, .05f, .9f, .05f, .6f, .25f,
                                 .15f, .3f, .3f, .4f,  .2f, .5f,  .3f };
    static const int predicted[] = { 1, 1, 0, 2, 1 };
    struct iso_measured m = { .class_names = names, .nclass_names = 3, .predicted_split = "test" };
    uint8_t pixels[ROWS * SIDE * SIDE];
    (void)state;
    fill_rows(&m.predictions, pixels);
    m.predictions.classes = 3;
    m.predictions.probabilities = p;
    memcpy(m.predictions.predicted, predicted, sizeof predicted);
    take(iso_draw_predictions(&m, &svg));
    for (int i = 0; i < ROWS; i++) {
        const int label = m.predictions.label[i];
        const bool right = predicted[i] == label;
        const char *image = image_of(&m.predictions, i);
        const double x = reading_attribute(image, "x"), y = reading_attribute(image, "y");
        char want[320];
        snprintf(want, sizeof want, "%s %.0f %% %s<", right ? "\xe2\x9c\x93" : "\xe2\x9c\x97",
                 100 * (double)p[3 * i + predicted[i]], names[predicted[i]]);
        const char *text = text_at(x, y + 68 + 15);
        assert_memory_equal(text, want, strlen(want));
        snprintf(want, sizeof want, "true: %s<", names[label]);
        if (!right)
            assert_memory_equal(text_at(x, y + 68 + 29), want, strlen(want));
        /* Three bars follow, each as high as its probability and in the colour of what it is. */
        const char *bar = image;
        for (int c = 0; c < 3; c++) {
            bar = strstr(bar + 1, "<rect");
            is_near(reading_attribute(bar, "height") / 52, (double)p[3 * i + c], 0.01);
            const char *look = c == label ? "right" : c == predicted[i] ? "wrong" : "bar";
            assert_memory_equal(bar + strlen("<rect class=\""), look, strlen(look));
            snprintf(want, sizeof want, "<title>%s: %.2f %%<", names[c],
                     100 * (double)p[3 * i + c]);
            assert_true(strncmp(strchr(bar, '>') + 1, want, strlen(want)) == 0);
        }
    }
}

/* Ten classes at most have bars: of more, the nine most probable and the true one. */
static void of_many_classes_the_most_probable_have_bars(void **state)
{
    enum { CLASSES = 14 };
    static float p[CLASSES];
    struct iso_measured m = { .predicted_split = "test" };
    uint8_t pixels[ROWS * SIDE * SIDE];
    (void)state;
    fill_rows(&m.predictions, pixels);
    m.predictions.n = 1;
    m.predictions.classes = CLASSES;
    m.predictions.probabilities = p;
    m.predictions.label[0] = 2;
    m.predictions.predicted[0] = 13;
    for (int c = 0; c < CLASSES; c++)
        p[c] = (float)(c + 1) / 105;
    take(iso_draw_predictions(&m, &svg));
    assert_int_equal(reading_count(picture, "<rect"), 10);
    for (int c = 0; c < CLASSES; c++) {
        char want[64];
        snprintf(want, sizeof want, "<title>%d: %.2f %%<", c, 100 * (double)p[c]);
        assert_true((strstr(picture, want) != NULL) == (c == 2 || c >= 5));
    }
}

/* ---- Thresholds ---------------------------------------------------------------------------- */

enum { SCORED = 200, CLASSES = 3 };
static float scored[SCORED][CLASSES];
static int labels[SCORED];

/* Counts the rows, over the classes from `from` to before `to`, whose probability reaches a
 * threshold: those of the class, and all. */
static void count_from(double threshold, int from, int to, double *right, double *all)
{
    *right = *all = 0;
    for (int r = 0; r < SCORED; r++)
        for (int c = from; c < to; c++)
            if ((double)scored[r][c] >= threshold) {
                ++*all;
                *right += labels[r] == c;
            }
}

static double rows_of(int from, int to)
{
    double n = 0;
    for (int r = 0; r < SCORED; r++)
        n += labels[r] >= from && labels[r] < to;
    return n;
}

static void fill_scores(struct iso_thresholds *t)
{
    uint32_t random = 7;
    assert_int_equal(iso_thresholds_new(t, CLASSES), ISO_OK);
    for (int r = 0; r < SCORED; r++) {
        double p[CLASSES], sum = 0;
        labels[r] = r % 5 == 0 ? 1 : r % 3 == 0 ? 2 : 0;
        for (int c = 0; c < CLASSES; c++) {
            random = random * 1664525u + 1013904223u;
            sum += p[c] = exp((double)(random >> 8) / (1 << 22) + (c == labels[r] ? 2 : 0));
        }
        for (int c = 0; c < CLASSES; c++)
            scored[r][c] = (float)(p[c] / sum);
        iso_thresholds_add(t, labels[r], scored[r]);
    }
}

/* Steps through "x,y x,y - ..." of a line; false at its end. A dash is NaN. */
static bool next_point(const char **at, double *x, double *y)
{
    while (**at == ' ')
        ++*at;
    if (**at == '"')
        return false;
    *x = *y = (double)NAN;
    if (**at == '-' && (*at)[1] != '0' && !((*at)[1] > '0' && (*at)[1] <= '9')) {
        ++*at;
        return true;
    }
    char *end;
    *x = strtod(*at, &end);
    *y = strtod(end + 1, &end);
    *at = end;
    return true;
}

static const char *points_of(const char *label)
{
    char want[128];
    snprintf(want, sizeof want, "data-label=\"%s\">\n<path", label);
    const char *at = strstr(picture, want);
    if (at == NULL)
        fail_msg("no line of %s", label);
    return strstr(at, "data-points=\"") + strlen("data-points=\"");
}

/* At each threshold that is drawn, precision and recall are those of the rows that reach it. */
static void thresholds_divide_the_rows(void **state)
{
    struct iso_thresholds t;
    double threshold, precision, recall, x, right, all;
    int n = 0;
    (void)state;
    fill_scores(&t);
    take(iso_draw_thresholds(&t, &svg));
    const char *p = points_of("precision"), *r = points_of("recall");
    while (next_point(&r, &threshold, &recall)) {
        assert_true(next_point(&p, &x, &precision));
        count_from(threshold, 0, CLASSES, &right, &all);
        if (threshold < 4.6e-5)
            continue; /* the last one takes what is below, too */
        is_near(recall, right / SCORED, 1e-6);
        assert_true(isnan(precision) == (all == 0));
        if (all > 0)
            is_near(precision, right / all, 1e-6);
        n++;
    }
    assert_int_equal(n, ISO_THRESHOLDS - 1);
    iso_thresholds_free(&t);
}

static const char *name_of(const void *self, int class, char buf[16])
{
    (void)self;
    (void)buf;
    return names[class];
}

/* The points of a class's curve are those that the thresholds give, from the strictest on. */
static void precision_goes_over_recall(void **state)
{
    static const char *const lines[] = { "ant", "bee", "cow", "all together" };
    static double thresholds[ISO_THRESHOLDS];
    struct iso_thresholds t;
    double recall, precision, right, all;
    int n = 0;
    (void)state;
    fill_scores(&t);
    take(iso_draw_thresholds(&t, &svg));
    for (const char *at = points_of("recall"); next_point(&at, &thresholds[n], &recall);)
        n++;
    assert_int_equal(n, ISO_THRESHOLDS);
    take(iso_draw_precision_recall(&t, name_of, NULL, &svg));
    for (int c = 0; c < 4; c++) {
        const int from = c < 3 ? c : 0, to = c < 3 ? c + 1 : 3;
        const char *at = points_of(lines[c]);
        for (int i = 0; i < n - 1; i++) {
            assert_true(next_point(&at, &recall, &precision));
            count_from(thresholds[i], from, to, &right, &all);
            assert_true(isnan(recall) == (all == 0));
            if (all == 0)
                continue;
            is_near(recall, right / rows_of(from, to), 1e-6);
            is_near(precision, right / all, 1e-6);
        }
    }
    assert_non_null(strstr(picture, ">recall</text>")); /* the label of x */
    iso_thresholds_free(&t);
}

static const char *number_of(const void *self, int class, char buf[16])
{
    return iso_class_text(self, class, buf);
}

/* No class has the look of the line of all together. */
static void ten_classes_have_looks_of_their_own(void **state)
{
    struct iso_measured m = { .class_names = NULL };
    struct iso_thresholds t;
    float p[10] = { 0 };
    (void)state;
    assert_int_equal(iso_thresholds_new(&t, 10), ISO_OK);
    for (int c = 0; c < 10; c++) {
        p[c] = 0.5f;
        iso_thresholds_add(&t, c, p);
    }
    take(iso_draw_precision_recall(&t, number_of, &m, &svg));
    assert_int_equal(reading_count(picture, "<path class=\"s7 d0"), 1);
    assert_non_null(strstr(picture, "data-label=\"all together\">\n<path class=\"s7 d0"));
    iso_thresholds_free(&t);
}

/* ---- Histograms ---------------------------------------------------------------------------- */

enum { BINS = ISO_HISTOGRAM_BINS };

/* Histograms of a weight and its gradient: bins that rise from 1, from -epoch to 2 times epoch. */
static void write_histograms(int epochs)
{
    static char csv[CLI_OUTPUT];
    size_t n = (size_t)snprintf(csv, sizeof csv, "epoch,tensor,count,least,largest");
    for (int b = 0; b < BINS; b++)
        n += (size_t)snprintf(csv + n, sizeof csv - n, ",bin_%d", b);
    n += (size_t)snprintf(csv + n, sizeof csv - n, "\n");
    for (int e = 1; e <= epochs; e++)
        for (int gradient = 0; gradient < 2; gradient++) {
            n += (size_t)snprintf(csv + n, sizeof csv - n, "%d,%sw/kernel,%d,%d,%d", e,
                                  gradient ? "d/" : "", BINS * (BINS + 1) / 2, -e, 2 * e);
            for (int b = 0; b < BINS; b++)
                n += (size_t)snprintf(csv + n, sizeof csv - n, ",%d", b + 1);
            n += (size_t)snprintf(csv + n, sizeof csv - n, "\n");
        }
    /* Its bins do not add up to its count. */
    n += (size_t)snprintf(csv + n, sizeof csv - n, "%d,w/kernel,%d,0,1", epochs + 1, BINS + 1);
    for (int b = 0; b < BINS; b++)
        n += (size_t)snprintf(csv + n, sizeof csv - n, ",1");
    snprintf(csv + n, sizeof csv - n, "\n");
    cli_write("histograms.csv", csv);
}

/* Returns the ridge of an epoch; NULL: it is not drawn. The weight's come before the gradient's. */
static const char *ridge_of(int epoch)
{
    char want[32];
    snprintf(want, sizeof want, "<title>epoch %d:", epoch);
    const char *at = strstr(picture, want);
    while (at != NULL && strncmp(at, "<path", 5) != 0)
        at--;
    return at;
}

/* All epochs are drawn if there are ten at most; otherwise ten at equal distances, the first and
 * the last among them. */
static void epochs_are_chosen_at_equal_distances(void **state)
{
    (void)state;
    for (int epochs = 1; epochs <= 31; epochs++) {
        struct iso_ridges r;
        int last = 0, drawn = 0, least = 99, most = 0;
        write_histograms(epochs);
        assert_int_equal(iso_ridges_read(cli_folder, &r), ISO_OK);
        assert_int_equal(r.n, 2 * epochs); /* without the damaged one */
        take(iso_draw_ridges(&r, "w/kernel", &svg));
        for (int e = 1; e <= epochs; e++)
            if (ridge_of(e) != NULL) {
                least = last > 0 && e - last < least ? e - last : least;
                most = last > 0 && e - last > most ? e - last : most;
                last = e;
                drawn++;
            }
        assert_int_equal(drawn, epochs < 10 ? epochs : 10);
        assert_non_null(ridge_of(1));
        assert_int_equal(last, epochs);
        assert_true(epochs == 1 || most - least <= 1);
        iso_ridges_free(&r);
    }
}

/* A ridge goes from the least number to the largest, over the middles of its bins. */
static void ridges_are_as_high_as_their_bins(void **state)
{
    struct iso_ridges r;
    (void)state;
    write_histograms(3);
    assert_int_equal(iso_ridges_read(cli_folder, &r), ISO_OK);
    take(iso_draw_ridges(&r, "w/kernel", &svg));
    const char *axis = strstr(picture, "<line class=\"axis\"");
    double value[2] = { 0 }, at[2] = { 0 };
    for (int i = 0; i < 2; i++) {
        axis = strstr(axis + 1, "<text class=\"muted tiny middle\"");
        value[i] = strtod(strchr(axis, '>') + 1, NULL);
        at[i] = reading_attribute(axis, "x");
    }
    const double unit = (at[1] - at[0]) / (value[1] - value[0]), zero = at[0] - unit * value[0];
    for (int e = 1; e <= 3; e++) {
        char *next;
        const char *d = strstr(ridge_of(e), " d=\"M") + 5;
        is_near(strtod(d, &next), zero - unit * e, 0.3);
        const double base = strtod(next, &next);
        for (int b = 0; b < BINS; b++) {
            is_near(strtod(next + 1, &next), zero + unit * (-e + 3 * e * (b + 0.5) / BINS), 0.3);
            is_near((base - strtod(next, &next)) / 34, (b + 1.0) / BINS, 0.01);
        }
        is_near(strtod(next + 1, &next), zero + unit * 2 * e, 0.3);
    }
    assert_non_null(strstr(picture, "<title>epoch 2: from -2 to 4</title>"));
    iso_ridges_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_stand_where_their_classes_cross),
        cmocka_unit_test(images_stand_in_rows_with_their_classes),
        cmocka_unit_test(predictions_say_what_is_right_and_wrong),
        cmocka_unit_test(of_many_classes_the_most_probable_have_bars),
        cmocka_unit_test(thresholds_divide_the_rows),
        cmocka_unit_test(precision_goes_over_recall),
        cmocka_unit_test(ten_classes_have_looks_of_their_own),
        TEST(epochs_are_chosen_at_equal_distances),
        TEST(ridges_are_as_high_as_their_bins),
    };
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
