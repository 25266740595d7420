/* Tests test-time augmentation: the output is the mean over windows and mirror images, and loss and
 * metrics are of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "network.h"

enum { ROWS = 5, CLASSES = 6, H = 6, W = 5, C = 2, PART_H = 4, PART_W = 3, CROPS = 5 };
enum { WHOLE = H * W * C, PART = PART_H * PART_W * C };

static void open_network(struct network *n, const char *model)
{
    network_open(n, model, ROWS, "cpu", 1);
    network_begin(n, &(struct iso_exec_options){ .keep_all = true, .seed = 7, .log_steps = 2 });
}

static void fill(float *x, int32_t *y)
{
    for (int i = 0; i < ROWS * WHOLE; i++)
        x[i] = (float)((i * 37 + i / 7 * 11) % 101) / 101;
    for (int r = 0; r < ROWS; r++)
        y[r] = r;
}

/* A window of each image, mirrored or not. */
static void cut(const float *x, int top, int left, bool mirrored, float *part)
{
    for (int r = 0; r < ROWS; r++)
        for (int i = 0; i < PART_H; i++)
            for (int j = 0; j < PART_W; j++)
                for (int c = 0; c < C; c++) {
                    const int column = left + (mirrored ? PART_W - 1 - j : j);
                    part[((r * PART_H + i) * PART_W + j) * C + c] =
                        x[((r * H + top + i) * W + column) * C + c];
                }
}

/* Adds the probabilities that the small network gives for a window. */
static void add_view(struct network *small, const float *part, double *sum)
{
    float p[ROWS * CLASSES];
    assert_int_equal(iso_exec_feed(small->exec, ROWS, part, NULL, NULL), ISO_OK);
    assert_int_equal(iso_exec_score(small->exec, 0), ISO_OK);
    network_read(small, "dense_1/y", ROWS * CLASSES, p);
    for (int i = 0; i < ROWS * CLASSES; i++)
        sum[i] += (double)p[i];
}

static void expect_mean(const float *x, const char *tta, int views, double mean[ROWS * CLASSES])
{
    static const int places[CROPS][2] = { { 0, 0 }, { 0, 2 }, { 2, 0 }, { 2, 2 }, { 1, 1 } };
    const int windows = strcmp(tta, "flip") == 0 ? 1 : CROPS;
    float part[ROWS * PART];
    struct network small;
    open_network(&small, "tests/models/views-part.yaml");
    memset(mean, 0, ROWS * CLASSES * sizeof *mean);
    for (int v = 0; v < views; v++) {
        const int *place = places[windows == 1 ? CROPS - 1 : v % windows];
        cut(x, place[0], place[1], v >= windows, part);
        add_view(&small, part, mean);
    }
    for (int i = 0; i < ROWS * CLASSES; i++)
        mean[i] /= views;
    network_close(&small);
}

static void check_views(const char *tta, int views)
{
    float x[ROWS * WHOLE], p[ROWS * CLASSES];
    double mean[ROWS * CLASSES], log[2 * 8], loss = 0, right = 0;
    int32_t y[ROWS];
    struct network n;
    fill(x, y);
    expect_mean(x, tta, views, mean);
    open_network(&n, "tests/models/views.yaml");
    assert_int_equal(iso_exec_use_views(n.exec, tta), ISO_OK);
    assert_int_equal(iso_exec_views(n.exec), views);
    assert_int_equal(iso_exec_feed(n.exec, ROWS, x, y, NULL), ISO_OK);
    assert_int_equal(iso_exec_score(n.exec, 1), ISO_OK);
    network_read(&n, "dense_1/y", ROWS * CLASSES, p);
    for (int r = 0; r < ROWS; r++) {
        int best = 0;
        for (int c = 0; c < CLASSES; c++) {
            /* The bound is eight roundings of numbers of at most 1. */
            assert_true(fabs((double)p[r * CLASSES + c] - mean[r * CLASSES + c]) < 8 * 0x1p-24);
            best = mean[r * CLASSES + c] > mean[r * CLASSES + best] ? c : best;
        }
        loss -= log1p(mean[r * CLASSES + y[r]] - 1) / ROWS;
        right += best == y[r];
    }
    assert_int_equal(iso_exec_log(n.exec, 2, log), ISO_OK);
    const struct iso_graph *g = n.graph;
    assert_true(g->columns <= 8);
    const double *entry = log + g->columns;
    assert_true(fabs(entry[g->values[g->loss].at] - loss) < 32 * 0x1p-24);
    assert_true(entry[g->values[g->metric[0]].at] == right);
    network_close(&n);
}

static void the_output_is_the_mean_over_the_views(void **state)
{
    (void)state;
    check_views("flip", 2);
    check_views("five_crop", CROPS);
    check_views("ten_crop", 2 * CROPS);
}

static void a_model_without_windows_has_no_crops(void **state)
{
    struct network n;
    (void)state;
    open_network(&n, "tests/models/views-part.yaml");
    assert_int_equal(iso_exec_use_views(n.exec, "five_crop"), ISO_EUSAGE);
    assert_non_null(strstr(iso_error(), "use --tta flip"));
    iso_error_clear();
    assert_int_equal(iso_exec_use_views(n.exec, NULL), ISO_OK);
    assert_int_equal(iso_exec_views(n.exec), 1);
    network_close(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_output_is_the_mean_over_the_views),
        cmocka_unit_test(a_model_without_windows_has_no_crops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
