/* Data as users name them on the command line and in model files: folders, tables, arrays. */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_missing_data_folder_is_refused),
        TEST(paths_are_relative_to_the_model_file),
        TEST(a_run_remembers_where_its_data_were),
        TEST(splits_have_usual_names),
    };
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
