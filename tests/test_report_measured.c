/* test_report_measured.c: what isocl report measures itself, with a run's weights, data and device,
 * is what other commands of isocl compute of them, and the images that it shows are those of the
 * data. */
#include "cli.h"
#include "core/image/image.h"
#include "core/system/file.h"
#include "page_rows.h"
#include "reading.h"
#include "tools/report/png.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char page[CLI_OUTPUT];

/* The best weights have scores of their own, those of `isocl eval --best`, and the numbers of the
 * last ones stay those of the last ones in every split. */
static void scores_of_the_best_weights_are_theirs(void **state)
{
    static const char *const splits[] = { "train", "validation", "test" };
    (void)state;
    assert_int_equal(cli_run(TRAIN "--set optimizer.adam.learning_rate=0.1 --epochs 6 --out a"), 0);
    assert_int_equal(cli_run("report a"), 0);
    cli_read("a/report.html", page);
    cli_says(page, "Scores of the last and the best weights");
    for (int i = 0; i < 6; i++) {
        double loss, accuracy;
        char want[64];
        assert_int_equal(cli_run("eval a --split %s --limit 120 --device reference %s",
                                 splits[i / 2], i % 2 ? "--best" : ""),
                         0);
        assert_int_equal(
            sscanf(strstr(cli_out, "loss "), "loss %lf  accuracy %lf", &loss, &accuracy), 2);
        snprintf(want, sizeof want, "120|%.4f|%.4f|", loss, accuracy);
        const char *row = page_row(page, "scores", splits[i / 2], i % 2);
        cli_says(row, want);
        cli_says(row, i % 2 ? "|best, epoch " : "|last|");
    }
}

/* ---- Predictions and samples --------------------------------------------------------------- */

enum { PREDICTED = 120, CLASSES = 10, SHOWN = 15 };
static float probabilities[PREDICTED][CLASSES];

static int class_of(int row)
{
    int best = 0;
    for (int c = 1; c < CLASSES; c++)
        if (probabilities[row][c] > probabilities[row][best])
            best = c;
    return best;
}

/* The row that comes after others, of those that are right or wrong: of wrong ones the surest, of
 * right ones the least sure. -1: there is none. */
static int next_row(const int *labels, const bool *taken, bool right)
{
    int best = -1;
    for (int r = 0; r < PREDICTED; r++) {
        const float sure = probabilities[r][class_of(r)];
        if (taken[r] || (class_of(r) == labels[r]) != right)
            continue;
        if (best < 0 || (right ? sure < probabilities[best][class_of(best)]
                               : sure > probabilities[best][class_of(best)]))
            best = r;
    }
    return best;
}

/* Reads "12.5" of the first "12.5 ms" from *at on, and goes behind it; -1: there is none. */
static double next_time(const char **at, const char *before, const char *behind)
{
    for (; (*at = strstr(*at, behind)) != NULL; ++*at) {
        const char *from = *at;
        while (from > page && strchr("0123456789.e+-", from[-1]) != NULL)
            from--;
        if (strncmp(from - strlen(before), before, strlen(before)) == 0) {
            ++*at;
            return strtod(from, NULL);
        }
    }
    return -1;
}

/* A step takes as long as the bars of its ops together, of which each is rounded to three digits.
 */
static void the_step_is_as_long_as_its_ops(void **state)
{
    double sum = 0, one;
    (void)state;
    assert_int_equal(cli_run(TRAIN "--out a --quiet --steps 2"), 0);
    assert_int_equal(cli_run("report a"), 0);
    cli_read("a/report.html", page);
    const char *at = strstr(page, "<section id=\"time\">"), *bars = at;
    const double step = next_time(&at, "A step of 50 rows takes ", " ms on ");
    assert_true(step > 0);
    while (bars != NULL && (one = next_time(&bars, ">", " ms</text>")) >= 0)
        sum += one;
    assert_true(fabs(sum - step) <= 0.011 * step);
}

/* Ten mistakes come first, the surest before others, and then five right answers, the least sure
 * before others, as `isocl predict` computes them. */
static void the_worst_mistakes_come_first(void **state)
{
    bool taken[PREDICTED] = { false };
    int labels[PREDICTED], row, label;
    (void)state;
    assert_int_equal(cli_run(TRAIN "--out a --quiet --epochs 12"), 0);
    assert_int_equal(cli_run("predict a --split test --limit 120 --device reference --json"), 0);
    const char *at = cli_out;
    for (int r = 0; r < PREDICTED; r++) {
        at = strstr(at + 1, "\"true_class\":");
        assert_non_null(at);
        labels[r] = atoi(at + strlen("\"true_class\":"));
    }
    assert_int_equal(cli_run("predict a --split test --limit 120 --device reference --npy p.npy"),
                     0);
    const size_t n = cli_read("p.npy", page);
    assert_true(n > sizeof probabilities);
    memcpy(probabilities, page + n - sizeof probabilities, sizeof probabilities);
    assert_int_equal(cli_run("report a"), 0);
    cli_read("a/report.html", page);
    at = strstr(page, "aria-label=\"predictions on the test data, the worst mistakes first");
    assert_non_null(at);
    for (int i = 0; i < SHOWN; i++) {
        const int want = next_row(labels, taken, i >= 10);
        at = strstr(at + 1, "<title>row ");
        assert_int_equal(sscanf(at, "<title>row %d: %d<", &row, &label), 2);
        assert_int_equal(row, want);
        assert_int_equal(label, labels[want]);
        taken[want] = true;
    }
}

/* ---- Images -------------------------------------------------------------------------------- */

static void write_image(const char *name, const uint8_t *pixels, const int size[3])
{
    char path[CLI_PATH], folder[CLI_PATH];
    uint8_t *bytes;
    size_t n;
    cli_path(path, name);
    snprintf(folder, sizeof folder, "%.*s", (int)(iso_path_base(path) - path), path);
    assert_int_equal(iso_folder_make(folder), ISO_OK);
    assert_int_equal(iso_png_encode(pixels, size, &bytes, &n), ISO_OK);
    assert_int_equal(iso_file_write(path, bytes, n), ISO_OK);
    free(bytes);
}

/* Images of a folder tell their files, and lead there. */
static void names_the_files_of_images(void **state)
{
    static const int size[3] = { 2, 2, 1 };
    char path[CLI_PATH], want[2 * CLI_PATH];
    (void)state;
    if (strstr(iso_image_support(), "PNG") == NULL)
        skip();
    write_image("pics/train/cat/a b.png", (const uint8_t[]){ 0, 0, 255, 0 }, size);
    write_image("pics/train/dog/c.png", (const uint8_t[]){ 200, 0, 255, 200 }, size);
    cli_write("pics.yaml",
              "model: pics\ndata: {train: {dataset: 'folder:pics', split: train}}\n"
              "input: {shape: [2, 2, 1]}\nlayers:\n  - flatten\n"
              "  - dense: {units: 2, activation: softmax}\n"
              "loss: categorical_crossentropy\noptimizer: sgd\n"
              "train: {batch_size: 2, epochs: 1}\n");
    assert_int_equal(cli_run("train pics.yaml --device reference --quiet --out a"), 0);
    assert_int_equal(cli_run("report a"), 0);
    cli_read("a/report.html", page);
    cli_path(path, "pics/train/cat/a");
    snprintf(want, sizeof want, "<a href=\"file://%s%%20b.png\">", path);
    assert_int_equal(reading_count(page, want), 2); /* a sample and a prediction */
    cli_says(page, "<title>row 1: dog, ");
    cli_says(page, ">c.png</text>");
}

/* Without a change that can be seen, augmented images are the samples' own: what the network reads
 * is turned back into bytes, whatever scale, means and order of colours it reads. */
static void augmented_images_are_shown_as_bytes(void **state)
{
    static const uint8_t pixels[2][12] = { { 10, 200, 30, 0, 255, 128, 7, 8, 9, 250, 1, 90 },
                                           { 60, 50, 40, 30, 20, 10, 255, 0, 255, 0, 255, 0 } };
    static const int size[3] = { 2, 2, 3 };
    static const char *const inputs[] = {
        "scale: 1/255, mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.1]", "preprocessing: caffe"
    };
    (void)state;
    if (strstr(iso_image_support(), "PNG") == NULL)
        skip();
    write_image("pics/train/cat/a.png", pixels[0], size);
    write_image("pics/train/dog/b.png", pixels[1], size);
    for (int i = 0; i < 2; i++) {
        char yaml[1024];
        snprintf(yaml, sizeof yaml,
                 "model: pics\ndata: {train: {dataset: 'folder:pics', split: train}}\n"
                 "input: {shape: [2, 2, 3], %s}\naugmentation: [random_contrast: {factor: [1, 1], "
                 "value_range: auto}]\n"
                 "layers:\n  - flatten\n  - dense: {units: 2, activation: softmax}\n"
                 "loss: categorical_crossentropy\noptimizer: sgd\n"
                 "train: {batch_size: 2, epochs: 1}\n",
                 inputs[i]);
        cli_write("pics.yaml", yaml);
        assert_int_equal(cli_run("train pics.yaml --device reference --quiet --out r%d", i), 0);
        assert_int_equal(cli_run("report r%d", i), 0);
        cli_read(i ? "r1/report.html" : "r0/report.html", page);
        for (int k = 0; k < 2; k++) {
            char *base64;
            assert_int_equal(iso_png_base64(pixels[k], size, &base64), ISO_OK);
            assert_int_equal(reading_count(page, base64),
                             3); /* a sample, augmented, and predicted */
            free(base64);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(scores_of_the_best_weights_are_theirs), TEST(the_step_is_as_long_as_its_ops),
        TEST(the_worst_mistakes_come_first),         TEST(names_the_files_of_images),
        TEST(augmented_images_are_shown_as_bytes),
    };
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
