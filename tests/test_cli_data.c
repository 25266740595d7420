/* Data as users name them on the command line and in model files: folders, tables, arrays. */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder that is named and not there is an error, also where ISOCL_DATA would have the data. */
static void a_missing_data_folder_is_refused(void **state)
{
    (void)state;
    assert_int_equal(cli_run(TRAIN "--data /nowhere"), ISO_EXIT_FILE);
    cli_says(cli_err, "there is no data folder /nowhere");
    assert_int_equal(cli_run(TRAIN "--data ."), 0);
}

static const char table[] =
    "model: table\n"
    "data: {train: {dataset: 'csv:%s', split: train}}\n"
    "input: {shape: [3], scale: 1/255}\n"
    "layers: [dense: {units: 2, activation: softmax}]\n"
    "loss: sparse_categorical_crossentropy\n"
    "optimizer: sgd\n"
    "metrics: [accuracy]\n"
    "train: {batch_size: 2, epochs: 2}\n";

static void write_model(const char *path)
{
    char text[2048];
    snprintf(text, sizeof text, table, path);
    cli_write("project/table.yaml", text);
}

static void make_project(void)
{
    char path[CLI_PATH];
    cli_path(path, "project");
    assert_int_equal(mkdir(path, 0777), 0);
    cli_path(path, "data");
    assert_int_equal(mkdir(path, 0777), 0);
    cli_write("project/beside.csv", "label,a,b,c\n0,1,2,3\n1,200,100,0\n");
    cli_write("data/away.csv", "label,a,b,c\n0,1,2,3\n1,200,100,0\n");
}

/* Relative to the model file first, whatever the working directory is, and then to the data
 * folders; the folder of the model file has the right of way. */
static void paths_are_relative_to_the_model_file(void **state)
{
    static const char *const paths[] = { "beside.csv", "./beside.csv", ".//./beside.csv",
                                         "../project/beside.csv" };
    (void)state;
    make_project();
    for (int i = 0; i < 4; i++) {
        write_model(paths[i]);
        assert_int_equal(cli_run("train project/table.yaml --device reference --out run%d", i), 0);
        cli_says(cli_out, "project/");
    }
    write_model("away.csv");
    assert_int_equal(cli_run("train project/table.yaml --device reference --data data"), 0);
    assert_int_equal(cli_run("train project/table.yaml --device reference --data project"), 4);
    cli_says(cli_err, "no file or folder away.csv in project;");
    cli_says(cli_err, "isocl help paths");
    write_model("beside.csv");
    cli_write("data/beside.csv", "no table\n");
    assert_int_equal(cli_run("train project/table.yaml --device reference --data data"), 0);
}

/* Runs isocl in a folder where none of the paths of the training means anything. */
static void from_elsewhere(const char *arguments)
{
    char command[3 * CLI_PATH];
    snprintf(command, sizeof command, "cd / && '%s' %s >'%s/out.txt' 2>&1", cli_program, arguments,
             cli_folder);
    if (system(command) != 0) {
        cli_read("out.txt", cli_out);
        fail_msg("%s: %s", arguments, cli_out);
    }
}

static void a_run_remembers_where_its_data_were(void **state)
{
    char path[CLI_PATH], arguments[2 * CLI_PATH];
    (void)state;
    make_project();
    for (int i = 0; i < 2; i++) {
        char run[16];
        snprintf(run, sizeof run, "run%d", i);
        write_model(i ? "away.csv" : "beside.csv");
        assert_int_equal(cli_run("train project/table.yaml --device reference --steps 1 --out %s "
                                 "%s",
                                 run, i ? "--data data" : ""),
                         0);
        cli_path(path, run);
        snprintf(arguments, sizeof arguments, "eval %s --split train --device reference", path);
        from_elsewhere(arguments);
        snprintf(arguments, sizeof arguments, "predict %s --split train --device reference", path);
        from_elsewhere(arguments);
        snprintf(arguments, sizeof arguments, "report %s", path);
        from_elsewhere(arguments);
        snprintf(arguments, sizeof arguments,
                 "train --resume --epochs 2 --device reference --out %s", path);
        from_elsewhere(arguments);
        from_elsewhere(strcat(arguments, " --epochs 3"));
    }
}

static const char loose[] =
    "data:\n"
    "  train: {dataset: 'csv:%s', part: [0, 0.5], stratified: TRUE}\n"
    "  validation: {dataset: 'csv:%s'%s, part: [0.5, 1], stratified: True}\n"
    "input: {shape: [3], scale: 1/255}\n"
    "layers: [dense: {units: 2, activation: softmax, use_bias: FALSE}]\n"
    "loss: sparse_categorical_crossentropy\n"
    "optimizer: sgd\n"
    "metrics: [accuracy]\n"
    "checkpoint: {monitor: val_accuracy}\n"
    "early_stopping: {monitor: val_loss, patience: 9}\n"
    "train: {batch_size: 2, epochs: 1}\n";

static void write_loose(const char *train, const char *validation, const char *split)
{
    char text[2048];
    snprintf(text, sizeof text, loose, train, validation, split);
    cli_write("loose.yaml", text);
}

/* A split need not be named where there is one, and may be called as it is usual. */
static void splits_have_usual_names(void **state)
{
    static const char *const spelled[] = { "val", "Valid", "VALIDATION" };
    char path[CLI_PATH];
    (void)state;
    cli_write("one.csv", "0,1,2,3\n1,2,3,4\n0,1,2,3\n1,2,3,4\n");
    write_loose("one.csv", "one.csv", "");
    assert_int_equal(cli_run("train loose.yaml --device reference"), 0);
    cli_says(cli_out, "csv:one.csv, all, part 0.5 to 1 of 4, stratified");
    write_loose("one.csv", "one.csv", ", split: test");
    assert_int_equal(cli_run("train loose.yaml --device reference"), 4);
    cli_says(cli_err, "one.csv has one split only, and no 'test'; leave `split` out");
    cli_path(path, "both");
    assert_int_equal(mkdir(path, 0777), 0);
    cli_write("both/Val.CSV", "0,1,2,3\n1,2,3,4\n0,1,2,3\n1,2,3,4\n");
    for (int i = 0; i < 3; i++) {
        char split[32];
        snprintf(split, sizeof split, ", split: %s", spelled[i]);
        write_loose("one.csv", "both", split);
        assert_int_equal(cli_run("train loose.yaml --device reference"), 0);
        cli_says(cli_out, "csv:both, validation, part");
    }
    write_loose("one.csv", "both", ", split: trainn");
    assert_int_equal(cli_run("train loose.yaml --device reference"), 4);
    cli_says(cli_err, "unknown split 'trainn' (did you mean 'train'?)");
}

/* Three classes of four pixels; the column called id holds names of rows. */
static const char kaggle[] =
    "data:\n"
    "  train: {dataset: 'csv:train.csv'}\n"
    "input: {shape: [2, 2, 1], scale: 1/255}\n"
    "layers: [flatten, dense: {units: 3, activation: softmax}]\n"
    "loss: sparse_categorical_crossentropy\n"
    "optimizer: {adam: {learning_rate: 0.1}}\n"
    "metrics: [accuracy]\n"
    "train: {batch_size: 3, epochs: 40}\n";

static void write_kaggle(void)
{
    cli_write("kaggle.yaml", kaggle);
    cli_write("train.csv", "label,a,b,c,d\n0,255,0,0,0\n1,0,255,0,0\n2,0,0,255,0\n");
}

static void run_ok(const char *arguments)
{
    if (cli_run("%s", arguments) != 0)
        fail_msg("isocl %s: %s", arguments, cli_err);
}

static void submission_is(const char *expected)
{
    static char text[CLI_OUTPUT];
    cli_read("s.csv", text);
    assert_string_equal(text, expected);
}

/* Kaggle's test.csv: no labels; the submission counts from 1, or has the file's own ids. */
static void rows_without_labels_are_predicted(void **state)
{
    (void)state;
    write_kaggle();
    run_ok("train kaggle.yaml --device reference --out run");
    cli_write("test.csv", "a,b,c,d\n0,0,255,0\n255,0,0,0\n");
    run_ok(
        "predict run test.csv --device reference --csv s.csv --csv-header ImageId,Label "
        "--first-id 1");
    submission_is("ImageId,Label\n1,2\n2,0\n");
    cli_write("bare.csv", "0 0 255 0\n255 0 0 0\n");
    run_ok("predict run bare.csv --device reference --csv s.csv");
    submission_is("id,target\n0,2\n1,0\n");
    cli_write("ids.csv", "Id,a,b,c,d\n1001,0,0,255,0\nx-7,255,0,0,0\n1003,0,255,0,0\n");
    run_ok("predict run ids.csv --device reference --csv s.csv --labels one,two,three");
    submission_is("id,target\n1001,three\nx-7,one\n1003,two\n");
    run_ok("predict run ids.csv --device reference --rows 1-2");
    cli_says(cli_out, "id    predicted  probability\nx-7   0  ");
    run_ok("predict run ids.csv --device reference --rows 2,0 --json");
    cli_says(cli_out, "\"row\":0,\"id\":\"1001\",");
    cli_says(cli_out, "\"row\":2,\"id\":\"1003\",");
    run_ok("predict run train.csv --device reference"); /* with labels, which are compared */
    cli_says(cli_out, "accuracy 1.0000 of 3 rows");
}

/* A run keeps the names of its columns, and finds them in another order. */
static void columns_are_found_by_name(void **state)
{
    (void)state;
    write_kaggle();
    run_ok("train kaggle.yaml --device reference --out run");
    cli_write("train.csv", "gone\n");
    cli_write("turned.csv", "c,b,a,d\n255,0,0,0\n0,0,255,0\n");
    run_ok("predict run turned.csv --device reference --csv s.csv");
    submission_is("id,target\n0,2\n1,0\n");
    cli_write("other.csv", "c,b,a,e\n255,0,0,0\n0,0,255,0\n");
    assert_int_equal(cli_run("predict run other.csv --device reference"), 4);
    cli_says(cli_err, "other.csv: its columns are not those of the training data: 'd' is there");
}

/* The same from NumPy's files; ids may be numbers with a fraction of 0. */
static void arrays_without_labels_are_predicted(void **state)
{
    char root[CLI_PATH], command[2 * CLI_PATH];
    static const char model[] =
        "data: {train: {dataset: 'npy:arrays.npz', split: train}}\n"
        "input: {shape: [3, 5, 1], scale: 1/255}\n"
        "layers: [flatten, dense: {units: 5, activation: softmax}]\n"
        "loss: sparse_categorical_crossentropy\n"
        "optimizer: sgd\n"
        "train: {batch_size: 4, epochs: 1}\n";
    (void)state;
    assert_non_null(getcwd(root, sizeof root));
    snprintf(command, sizeof command, "cp %s/tests/readers/*.np? %s", root, cli_folder);
    assert_int_equal(system(command), 0);
    cli_write("model.yaml", model);
    run_ok("train model.yaml --device reference --out run --data .");
    run_ok("predict run unlabelled.npy --device reference --csv s.csv --labels 0,0,0,0,0");
    submission_is("id,target\n60000,0\n60001,0\n60002,0\n60003,0\n");
    run_ok(
        "predict run array.npy --device reference --csv s.csv --labels 0,0,0,0,0 --first-id 7 "
        "--rows 3");
    submission_is("id,target\n10,0\n");
    run_ok("predict run medical.npz --split validation --device reference --limit 1");
    assert_int_equal(cli_run("predict run medical.npz --device reference"), 4);
    cli_says(cli_err, "has the splits train and val; say which one is meant");
}

static void wrong_rows_are_refused(void **state)
{
    static const char *const lists[] = { "", "x", "1-", "2-1", "1,", "-1", "1;2" };
    (void)state;
    write_kaggle();
    run_ok("train kaggle.yaml --device reference --out run --epochs 1");
    for (int i = 0; i < 7; i++) {
        assert_int_equal(cli_run("predict run train.csv --device reference --rows '%s'", lists[i]),
                         2);
        cli_says(cli_err, "--rows takes numbers and ranges from 0");
    }
    assert_int_equal(cli_run("predict run train.csv --device reference --rows 1-3"), 2);
    cli_says(cli_err, "there is no row 3: csv:train.csv has 3, counted from 0");
    assert_int_equal(cli_run("predict run nothing.csv --device reference"), 4);
    cli_says(cli_err, "cannot read nothing.csv: No such file or directory");
    cli_write("short.csv", "a,b,c\n1,2,3\n");
    assert_int_equal(cli_run("predict run short.csv --device reference"), 4);
    cli_says(cli_err, "1x3x1");
}

/* Data without labels are for predict alone, and what to do without test data is said. */
static void missing_data_are_explained(void **state)
{
    (void)state;
    write_kaggle();
    run_ok("train kaggle.yaml --device reference --out run --epochs 1");
    assert_int_equal(cli_run("eval run --device reference"), 4);
    cli_says(cli_err, "names no test data: --split train takes its training data");
    cli_write("train.csv", "a,b,c,d\n255,0,0,0\n0,255,0,0\n0,0,255,0\n");
    assert_int_equal(cli_run("eval run --split train --device reference"), 4);
    cli_says(cli_err, "has no column 'label' for the labels");
    cli_write("one.csv", "0,1,2,3\n1,2,3,4\n0,1,2,3\n1,2,3,4\n");
    write_loose("one.csv", "one.csv", "");
    run_ok("train loose.yaml --device reference --out both");
    assert_int_equal(cli_run("eval both --device reference"), 4);
    cli_says(cli_err, "--split validation");
    run_ok("eval both --device reference --split validation");
    cli_says(cli_out, "csv:one.csv, all: 2 images");
}

/* Labels that count from 1 are one class more than there are, and the message says what to do. */
static void labels_may_count_from_one(void **state)
{
    static const char line[] = "  train: {dataset: 'csv:train.csv'}\n";
    char model[2 * sizeof kaggle];
    (void)state;
    write_kaggle();
    cli_write("train.csv", "label,a,b,c,d\n1,255,0,0,0\n2,0,255,0,0\n3,0,0,255,0\n");
    assert_int_equal(cli_run("train kaggle.yaml --device reference"), 4);
    cli_says(cli_err, "has 4 classes, the model's last layer tells 3 apart");
    cli_says(cli_err, "no row has class 0; if labels count from 1, `classes: [1, 2, ...]`");
    const char *at = strstr(kaggle, line) + sizeof line - sizeof "}\n";
    snprintf(model, sizeof model, "%.*s, classes: [1, 2, 3]%s", (int)(at - kaggle), kaggle, at);
    cli_write("kaggle.yaml", model);
    run_ok("train kaggle.yaml --device reference --out run");
    cli_write("test.csv", "a,b,c,d\n0,0,255,0\n255,0,0,0\n");
    run_ok("predict run test.csv --device reference --csv s.csv");
    submission_is("id,target\n0,3\n1,1\n");
}

/* A model file without a name is called after the file, also from the run's copy of it. */
static void a_file_without_a_name_has_one(void **state)
{
    (void)state;
    write_kaggle();
    run_ok("train kaggle.yaml --device reference --epochs 1");
    cli_says(cli_out, "kaggle: 2 layers");
    cli_says(cli_out, "run runs/kaggle-001");
    run_ok("eval runs/kaggle-001 --split train --device reference");
    cli_says(cli_out, "kaggle: runs/kaggle-001/weights.safetensors");
    run_ok("runs");
    cli_says(cli_out, "runs/kaggle-001  kaggle ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_missing_data_folder_is_refused),    TEST(paths_are_relative_to_the_model_file),
        TEST(a_run_remembers_where_its_data_were), TEST(splits_have_usual_names),
        TEST(columns_are_found_by_name),           TEST(rows_without_labels_are_predicted),
        TEST(arrays_without_labels_are_predicted), TEST(wrong_rows_are_refused),
        TEST(missing_data_are_explained),          TEST(a_file_without_a_name_has_one),
        TEST(labels_may_count_from_one),
    };
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
