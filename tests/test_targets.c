/* test_targets.c: rows with several labels or with numbers, from a table of pictures to a report.
 */
#include "cli.h"
#include "core/system/file.h"
#include "tools/report/png.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 96, SIDE = 8, PIXELS = SIDE * SIDE };
static char text[CLI_OUTPUT], other[CLI_OUTPUT];

static const char head[] =
    "input: {shape: [8, 8, 1], scale: 1/255}\n"
    "layers:\n  - flatten\n  - dense: {units: 16, activation: relu}\n";

/* The three regions of picture `row` that are light. */
static bool is_light(int row, int label) { return row * 5 / (1 << label) % 2 == 1; }

static double weight_of(int row) { return is_light(row, 0) - 2.5 * is_light(row, 2); }

/* Draws light left halves, upper halves and corners, each as a label says, over some noise. */
static void draw_picture(int row)
{
    uint8_t pixels[PIXELS], *bytes = NULL;
    const int size[3] = { SIDE, SIDE, 1 };
    char name[64], path[CLI_PATH];
    size_t n = 0;
    for (int i = 0; i < PIXELS; i++) {
        const int y = i / SIDE, x = i % SIDE;
        pixels[i] =
            (uint8_t)((row * 37 + i * 11) % 23 + 70 * (is_light(row, 0) && x < 4) +
                      70 * (is_light(row, 1) && y < 4) + 70 * (is_light(row, 2) && x > 4 && y > 4));
    }
    assert_int_equal(iso_png_encode(pixels, size, &bytes, &n), ISO_OK);
    snprintf(name, sizeof name, "p/%d.png", row);
    cli_path(path, name);
    assert_int_equal(iso_file_write(path, bytes, n), ISO_OK);
    free(bytes);
}

/* Writes p/labels.csv, with a column for each label, a number, and all labels in one column. */
static void make_pictures(void)
{
    char path[CLI_PATH];
    cli_path(path, "p");
    assert_int_equal(iso_folder_make(path), ISO_OK);
    FILE *table = fmemopen(text, sizeof text, "w");
    fprintf(table, "file,left,top,corner,weight,tags\n");
    for (int row = 0; row < ROWS; row++) {
        draw_picture(row);
        const int l[3] = { is_light(row, 0), is_light(row, 1), is_light(row, 2) };
        fprintf(table, "%d.png,%d,%d,%d,%g,%s%s%s\n", row, l[0], l[1], l[2], weight_of(row),
                l[0] ? "left " : "", l[1] ? "top " : "", l[2] ? "corner" : "");
    }
    fclose(table);
    cli_write("p/labels.csv", text);
}

/* Writes a model file: data keys of the table, the last layer, and what follows. */
static void write_model(const char *name, const char *keys, const char *end)
{
    snprintf(text, sizeof text,
             "data:\n  train: &d {dataset: 'folder:p', table: labels.csv, %s, part: [0, 0.75]}\n"
             "  validation: {<<: *d, part: [0.75, 1]}\n  test: {<<: *d, part: [0.75, 1]}\n%s%s"
             "optimizer: {adam: {learning_rate: 0.01}}\n"
             "train: {batch_size: 8, epochs: 40, seed: 3}\n",
             keys, head, end);
    cli_write(name, text);
}

static const char labels_end[] =
    "  - dense: {units: 3, activation: sigmoid}\n"
    "loss: binary_crossentropy\nmetrics: [binary_accuracy, auc]\n";
static const char numbers_end[] =
    "  - dense: 2\nloss: mean_squared_error\n"
    "metrics: [mean_absolute_error, huber]\n";

/* The last value of a column of a run's history. */
static double last_of(const char *run, const char *name)
{
    char path[64];
    int wanted = -1;
    double value = NAN;
    snprintf(path, sizeof path, "%s/history.csv", run);
    cli_read(path, other);
    for (char *rest = NULL, *line = strtok_r(other, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        int column = 0;
        for (char *more = NULL, *cell = strtok_r(line, ",", &more); cell != NULL;
             cell = strtok_r(NULL, ",", &more), column++)
            if (strcmp(cell, name) == 0)
                wanted = column;
            else if (column == wanted)
                value = atof(cell);
    }
    return value;
}

static void several_labels_are_learnt(void **state)
{
    (void)state;
    make_pictures();
    write_model("l.yaml", "target_columns: [left, top, corner]", labels_end);
    assert_int_equal(cli_run("train l.yaml --device cpu --quiet --out run"), 0);
    assert_true(last_of("run", "validation_binary_accuracy") >= 0.97);
    assert_true(last_of("run", "validation_auc") >= 0.97);
    cli_read("run/classes.txt", text);
    assert_string_equal(text, "left\ntop\ncorner\n");
    assert_int_equal(cli_run("eval run --device cpu"), 0);
    cli_says(cli_out, "binary_accuracy ");
    cli_says(cli_out, "label");
    cli_says(cli_out, "2 corner");
    assert_int_equal(cli_run("eval run --device cpu --json"), 0);
    cli_says(cli_out, "\"name\":\"corner\",\"precision\":1.0");
    assert_int_equal(cli_run("predict run --device cpu --split test --rows 0-2"), 0);
    cli_says(cli_out, "left         top      corner   true left    true top  true corner");
    assert_int_equal(cli_run("predict run p/3.png --device cpu --csv out.csv"), 0);
    cli_read("out.csv", text);
    cli_says(text, "id,left,top,corner\n3.png,");
    assert_int_equal(cli_run("predict run p/3.png --device cpu --json"), 0);
    cli_says(cli_out, "\"predicted\":{\"left\":");
    assert_int_equal(cli_run("predict run p/3.png --device cpu --csv out.csv --labels a,b,c"),
                     ISO_EXIT_USAGE);
    assert_int_equal(cli_run("check l.yaml"), 0);
    cli_says(cli_out, "target    left: 1 in ");
    assert_int_equal(cli_run("report run --device cpu"), 0);
    cli_read("run/report.html", text);
    cli_says(text, "<th>label</th>");
    cli_says(text, "<th scope=\"row\">corner</th>");
}

static void numbers_are_learnt(void **state)
{
    (void)state;
    make_pictures();
    write_model("n.yaml", "target_columns: [weight, top]", numbers_end);
    assert_int_equal(cli_run("train n.yaml --device cpu --quiet --out run --set "
                             "'early_stopping={monitor: validation_mean_absolute_error, patience: "
                             "30, restore_best_weights: true}'"),
                     0);
    assert_true(last_of("run", "validation_mean_absolute_error") < 0.2);
    assert_int_equal(cli_run("check n.yaml"), 0);
    cli_says(cli_out, "target    weight: from -2.5 to 1, mean ");
    assert_int_equal(cli_run("report run --device cpu"), 0);
    cli_read("run/report.html", text);
    cli_says(text, "root mean squared error");
    assert_int_equal(cli_run("predict run --device cpu --split test --csv out.csv"), 0);
    cli_read("out.csv", text);
    cli_says(text, "id,weight,top\n");
    assert_int_equal(cli_lines(text), ROWS / 4 + 1);
}

/* The same labels in one column, from the disk or in memory, give the same weights, but for the
 * order of the columns: that of the bytes of the names. */
static void lists_of_labels_are_targets(void **state)
{
    char want[65], got[65];
    (void)state;
    make_pictures();
    write_model("a.yaml", "target_columns: [corner, left, top]", labels_end);
    write_model("b.yaml", "label_column: tags, label_separator: ' '", labels_end);
    assert_int_equal(cli_run("train a.yaml --device cpu --epochs 2 --out a"), 0);
    cli_hash(want);
    assert_int_equal(cli_run("train b.yaml --device cpu --epochs 2 --out b"), 0);
    cli_hash(got);
    assert_string_equal(got, want);
    assert_int_equal(cli_run("train a.yaml --device reference --epochs 2 --out c --set "
                             "data.train.stream=true"),
                     0);
    cli_hash(got);
    assert_string_equal(got, want);
    cli_says(cli_out, "with 3 targets");
    assert_int_equal(cli_run("train a.yaml --device cpu --epochs 2 --out d --verify 1/3"), 0);
    cli_hash(got);
    assert_string_equal(got, want);
}

/* Columns of validation are found by their names. */
static void targets_have_names(void **state)
{
    char want[65];
    (void)state;
    make_pictures();
    write_model("a.yaml", "target_columns: [corner, left, top]", labels_end);
    assert_int_equal(cli_run("train a.yaml --device cpu --epochs 2 --out a"), 0);
    cli_hash(want);
    cli_history("a", other);
    assert_int_equal(cli_run("train a.yaml --device cpu --epochs 2 --out b --set "
                             "'data.validation.target_columns=[top, left, corner]'"),
                     0);
    cli_history("b", text);
    assert_string_equal(text, other);
    assert_int_equal(cli_run("train a.yaml --device cpu --epochs 2 --out e --set "
                             "'data.validation.target_columns=[top, left]'"),
                     ISO_EXIT_FILE);
    cli_says(cli_err, "lacks the target 'corner'");
}

static void new_finds_targets(void **state)
{
    (void)state;
    make_pictures();
    assert_int_equal(cli_run("new p/labels.csv"), 0);
    cli_says(cli_out, "96 images with 3 labels of 0 and 1: left, top, corner");
    cli_read("p.yaml", text);
    cli_says(text, "table: 'labels.csv', target_columns: ['left', 'top', 'corner']");
    cli_says(text, "dense: {units: 3, activation: sigmoid}");
    cli_says(text, "loss: binary_crossentropy");
    cli_says(text, "metrics: [binary_accuracy, auc]");
    assert_int_equal(cli_run("train p.yaml --device cpu --quiet --epochs 1 --out run"), 0);
}

/* Rows are mixed with their targets. */
static void mixtures_are_targets(void **state)
{
    (void)state;
    make_pictures();
    write_model("l.yaml", "target_columns: [left, top, corner]", labels_end);
    assert_int_equal(cli_run("train l.yaml --device cpu --quiet --epochs 30 --out run --set "
                             "'augmentation=[mixup]'"),
                     0);
    assert_true(last_of("run", "validation_binary_accuracy") >= 0.9);
    assert_int_equal(cli_run("parity l.yaml --devices cpu --steps 2"), 0);
}

static void refuses(const char *keys, const char *end, int code, const char *words)
{
    write_model("bad.yaml", keys, end);
    assert_int_equal(cli_run("train bad.yaml --device cpu --epochs 1 --out bad"), code);
    cli_says(cli_err, words);
}

static void faults_are_named(void **state)
{
    static const char three[] = "target_columns: [left, top, corner]";
    (void)state;
    make_pictures();
    refuses("target_columns: [left, top]", labels_end, ISO_EXIT_FILE,
            "gives 3 numbers, and `target_columns:` of the training data names 2: give it 2 units");
    refuses("target_columns: [left, top, nowhere]", labels_end, ISO_EXIT_FILE,
            "has no column 'nowhere'; say which it is with `target_columns:`");
    refuses("target_columns: [left, top, left]", labels_end, ISO_EXIT_FILE, "is there twice");
    refuses("target_columns: [left, top, file]", labels_end, ISO_EXIT_FILE,
            "cannot hold both the files and a target");
    refuses("target_columns: [left, top, weight]", labels_end, ISO_EXIT_FILE,
            "'weight', and binary_crossentropy takes 0, 1 and what is between");
    refuses("target_columns: [left, top, tags]", labels_end, ISO_EXIT_FILE,
            "should be a number, the target 'tags'");
    refuses("target_columns: [left, top, corner], stratified: true", labels_end, ISO_EXIT_FILE,
            "its rows have no class");
    refuses("target_columns: [left, top, corner], label_column: tags", labels_end, ISO_EXIT_FILE,
            "leave one of them out");
    refuses("label_column: tags, label_separator: '|'", labels_end, ISO_EXIT_FILE,
            "and the model's last layer gives 3 numbers: give it");
    refuses(three,
            "  - dense: {units: 3, activation: softmax}\nloss: "
            "sparse_categorical_crossentropy\n",
            ISO_EXIT_FILE, "takes one class of each row");
    refuses(three,
            "  - dense: {units: 3, activation: sigmoid}\nloss: binary_crossentropy\n"
            "metrics: [accuracy, f1]\n",
            ISO_EXIT_FILE, "accuracy compares the class of each row");
    refuses(three,
            "  - dense: {units: 3, activation: sigmoid}\nloss: binary_crossentropy\n"
            "class_weight: {0: 2}\n",
            ISO_EXIT_FILE, "class_weight: weighs rows by their class");
    cli_read("p/labels.csv", text);
    strcpy(strstr(text, "5.png,") + 6, "nan,0,1,0.5,top\n");
    cli_write("p/labels.csv", text);
    refuses(three, labels_end, ISO_EXIT_FILE,
            "labels.csv:7: field 1 (counted from 0): should be a number, the target 'left'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(several_labels_are_learnt),
        TEST(numbers_are_learnt),
        TEST(lists_of_labels_are_targets),
        TEST(targets_have_names),
        TEST(new_finds_targets),
        TEST(mixtures_are_targets),
        TEST(faults_are_named),
    };
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
