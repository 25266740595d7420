/* test_new.c: `isocl new` on pictures, tables and arrays that the test makes, and what is trained
 * of the model files that it writes. */
#include "cli.h"
#include "core/system/file.h"
#include "tools/report/png.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PHOTOS = 60, MOST = 40 };
static const char *const classes[] = { "across", "both", "upright" };

static unsigned state_of_noise;
static int noise(int n)
{
    state_of_noise = state_of_noise * 1664525U + 1013904223U;
    return (int)((state_of_noise >> 8) % (unsigned)n);
}

/* Draws bars across, upright, or both, of any place, width and colours: no linear model of pixels
 * tells them apart. */
static void draw(int class, int height, int width, uint8_t *pixels)
{
    const int period = 6 + noise(5), x0 = noise(period), y0 = noise(period);
    int ink[2][3];
    for (int c = 0; c < 3; c++) {
        ink[0][c] = noise(256);
        ink[1][c] = (ink[0][c] + 90 + noise(76)) % 256;
    }
    for (int i = 0; i < height * width; i++) {
        const bool across = (i / width + y0) % period < period / 2;
        const bool upright = (i % width + x0) % period < period / 2;
        const bool on = class == 0 ? across : class == 2 ? upright : across != upright;
        for (int c = 0; c < 3; c++) {
            const int value = ink[on][c] + noise(31) - 15;
            pixels[3 * i + c] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
        }
    }
}

static void make_folder(const char *name)
{
    char path[CLI_PATH];
    cli_path(path, name);
    assert_int_equal(iso_folder_make(path), ISO_OK);
}

/* Pictures of different sizes in a folder for each class, and a text that is none. */
static void make_photos(void)
{
    static uint8_t pixels[MOST * MOST * 3];
    char name[128], path[CLI_PATH];
    state_of_noise = 5;
    for (int i = 0; i < 3 * PHOTOS; i++) {
        const int size[3] = { 24 + noise(MOST - 24), 24 + noise(MOST - 24), 3 };
        uint8_t *bytes = NULL;
        size_t n = 0;
        snprintf(name, sizeof name, "photos/%s", classes[i % 3]);
        make_folder(name);
        draw(i % 3, size[0], size[1], pixels);
        assert_int_equal(iso_png_encode(pixels, size, &bytes, &n), ISO_OK);
        snprintf(name, sizeof name, "photos/%s/%d.png", classes[i % 3], i);
        cli_path(path, name);
        assert_int_equal(iso_file_write(path, bytes, n), ISO_OK);
        free(bytes);
    }
    cli_write("photos/across/notes.txt", "no picture\n");
}

/* The best accuracy of validation that a run's history has. */
static double best_accuracy(const char *run)
{
    static char text[CLI_OUTPUT];
    char name[64];
    double best = 0;
    int column = 0, wanted = -1;
    snprintf(name, sizeof name, "%s/history.csv", run);
    cli_read(name, text);
    for (char *rest = NULL, *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        column = 0;
        for (char *more = NULL, *cell = strtok_r(line, ",", &more); cell != NULL;
             cell = strtok_r(NULL, ",", &more), column++) {
            if (strcmp(cell, "validation_accuracy") == 0)
                wanted = column;
            else if (column == wanted && atof(cell) > best)
                best = atof(cell);
        }
    }
    assert_true(wanted >= 0);
    return best;
}

static void photos_are_learnt_from_the_first_command(void **state)
{
    static char text[CLI_OUTPUT];
    (void)state;
    make_photos();
    assert_int_equal(cli_run("new photos --size 32"), 0);
    cli_says(cli_out, "180 images in 3 classes: across, both, upright");
    cli_says(cli_out, "notes.txt");
    cli_says(cli_out, "train it with: isocl train photos.yaml");
    cli_read("photos.yaml", text);
    cli_says(text, "resize: [32, 32]");
    cli_says(text, "part: [0, 0.8], stratified: true");
    cli_says(text, "augmentation:\n  - image_data_generator: {");
    cli_says(text, "horizontal_flip: true");
    assert_int_equal(cli_run("train photos.yaml --device cpu --quiet --epochs 25 --out run"), 0);
    assert_int_equal(strlen(cli_err), 0);
    if (!(best_accuracy("run") >= 0.9))
        fail_msg("validation accuracy %g, should be at least 0.9", best_accuracy("run"));
    assert_int_equal(cli_run("report run --history"), 0);
    assert_int_equal(cli_run("new photos"), ISO_EXIT_FILE);
    cli_says(cli_err, "photos.yaml is there already; --force replaces it");

    assert_int_equal(cli_run("new photos --from run --out next.yaml"), 0);
    cli_says(cli_out, "weights next.safetensors: ");
    cli_read("next.yaml", text);
    cli_says(text, "name: new_head}");
    cli_says(text, "trainable: false");
    assert_int_equal(cli_run("train next.yaml --weights next.safetensors --device cpu --quiet "
                             "--epochs 20 --out next"),
                     0);
    if (!(best_accuracy("next") >= 0.9))
        fail_msg("validation accuracy %g of the transfer", best_accuracy("next"));
}

/* A network of small grey drawings with a frame takes coloured photos of its size. */
static void a_frame_is_not_taken_over(void **state)
{
    static char text[CLI_OUTPUT];
    (void)state;
    make_photos();
    cli_write("drawn.yaml",
              "data: {train: {dataset: 'builtin:digits', split: train, count: 40}}\n"
              "input: {shape: [32, 32, 3], pad: 2, repeat_channels: 3}\nlayers:\n"
              "  - conv2d: {filters: 4, kernel_size: 5, strides: 4}\n  - flatten\n"
              "  - dense: {units: 10, activation: softmax}\n"
              "loss: categorical_crossentropy\noptimizer: adam\n"
              "train: {batch_size: 20, epochs: 1, seed: 1}\n");
    assert_int_equal(cli_run("train drawn.yaml --device cpu --quiet --out drawn"), 0);
    assert_int_equal(cli_run("new photos --from drawn --weights drawn/weights.safetensors --out "
                             "next.yaml"),
                     0);
    cli_read("next.yaml", text);
    cli_says(text, "unfreeze: all");
    assert_int_equal(cli_run("train next.yaml --weights next.safetensors --device cpu --epochs 3 "
                             "--set 'phases=[{epochs: 2}, {epochs: 1, unfreeze: all, optimizer: "
                             "{adam: {learning_rate: 0.00001}}}]'"),
                     0);
}

static void a_table_gets_dense_layers(void **state)
{
    static char text[CLI_OUTPUT];
    (void)state;
    FILE *table = fmemopen(text, sizeof text, "w");
    fprintf(table, "label,a,b,c\n");
    for (int i = 0; i < 60; i++)
        fprintf(table, "%d,%d,%d,%d\n", i % 2, 100 + 100 * (i % 2), noise(256), noise(256));
    fclose(table);
    cli_write("table.csv", text);
    assert_int_equal(cli_run("new table.csv"), 0);
    cli_says(cli_out, "60 rows in 2 classes");
    cli_read("table.yaml", text);
    cli_says(text, "input: {shape: [3]");
    cli_says(text, "- dense: {units: 2, activation: softmax}");
    assert_int_equal(cli_run("train table.yaml --device cpu --quiet --epochs 40 --out run"), 0);
    assert_true(best_accuracy("run") >= 0.9);
}

/* Rows of 256 numbers are images of 16x16; many classes are not all named. */
static void a_table_of_squares_has_images(void **state)
{
    static char text[CLI_OUTPUT];
    (void)state;
    FILE *table = fmemopen(text, sizeof text, "w");
    for (int i = 0; i < 80; i++) {
        fprintf(table, "a class with a name that is rather long %d", i);
        for (int k = 0; k < 256; k++)
            fprintf(table, ",%d", noise(256));
        fprintf(table, "\n");
    }
    fclose(table);
    cli_write("squares.csv", text);
    assert_int_equal(cli_run("new squares.csv"), 0);
    cli_says(cli_out, "80 images in 80 classes: a class with");
    cli_read("squares.yaml", text);
    cli_says(text, "input: {shape: [16, 16, 1]");
    cli_says(text, "- conv2d: {");
    cli_says(text, ", ...");
}

static void what_is_no_data_is_refused(void **state)
{
    (void)state;
    assert_int_equal(cli_run("new nowhere"), ISO_EXIT_FILE);
    cli_says(cli_err, "there is no nowhere: name a folder of pictures");
    assert_int_equal(cli_run("new tiny.yaml"), ISO_EXIT_FILE);
    cli_says(cli_err, "is neither a folder nor a .csv");
    make_folder("empty");
    assert_int_equal(cli_run("new empty"), ISO_EXIT_FILE);
    assert_int_equal(cli_run("new tiny.yaml --weights x"), ISO_EXIT_USAGE);
    assert_int_equal(cli_run("new builtin:digits --size 10"), ISO_EXIT_USAGE);
    cli_write("net.onnx", "");
    assert_int_equal(cli_run("new builtin:digits --from net.onnx"), ISO_EXIT_USAGE);
    cli_says(cli_err, "net.onnx is a network or weights of another framework; `isocl import`");
    char path[CLI_PATH];
    cli_path(path, "empty.yaml");
    assert_int_equal(access(path, F_OK), -1);
}

static void sets_are_fetched_by_the_script(void **state)
{
    (void)state;
    assert_int_equal(cli_run("get"), ISO_EXIT_USAGE);
    assert_int_equal(cli_run("get mnits"), ISO_EXIT_USAGE);
    cli_says(cli_err, "there is no data set 'mnits'");
    make_folder("none");
    cli_write("m.yaml",
              "data: {train: {dataset: mnist, split: train}}\n"
              "input: {shape: [28, 28, 1]}\nlayers: [flatten, dense: {units: 10, "
              "activation: softmax}]\nloss: categorical_crossentropy\noptimizer: sgd\n");
    assert_int_equal(cli_run("train m.yaml --data none"), ISO_EXIT_FILE);
    cli_says(cli_err, "`isocl get mnist` fetches it");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(photos_are_learnt_from_the_first_command),
        TEST(a_frame_is_not_taken_over),
        TEST(a_table_gets_dense_layers),
        TEST(a_table_of_squares_has_images),
        TEST(what_is_no_data_is_refused),
        TEST(sets_are_fetched_by_the_script),
    };
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
