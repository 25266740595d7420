/* test_cli_classes.c: two folders of one model, whose classes are matched by their names. */
#include "cli.h"
#include "core/image/image.h"
#include "page_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char pets[] =
    "model: pets\n"
    "data: {train: {dataset: 'folder:first', split: train},\n"
    "       validation: {dataset: 'folder:second', split: train}}\n"
    "input: {shape: [2, 3, 1], scale: 1/255}\n"
    "layers: [flatten, dense: {units: 3, activation: softmax}]\n"
    "loss: sparse_categorical_crossentropy\n"
    "optimizer: {sgd: {learning_rate: 0.01}}\n"
    "train: {batch_size: 4, epochs: 1}\n";
static char root[CLI_PATH]; /* the repository's folder */

/* Gives the class `name` of a folder the images that one of tests/readers/pets has. */
static void add_class(const char *to, const char *name, const char *images)
{
    char command[4 * CLI_PATH];
    snprintf(command, sizeof command,
             "cd '%s' && mkdir -p %s && cp -r '%s/tests/readers/pets/%s' %s/%s", cli_folder, to,
             root, images, to, name);
    assert_int_equal(system(command), 0);
}

static void runs(const char *arguments)
{
    if (cli_run("%s", arguments) != 0)
        fail_msg("isocl %s: %s", arguments, cli_err);
}

static void is_refused(const char *arguments, const char *words)
{
    assert_int_not_equal(cli_run("%s", arguments), 0);
    cli_says(cli_err, words);
}

static int set_up(void **state)
{
    if (cli_setup(state) != 0)
        return -1;
    cli_write("pets.yaml", pets);
    add_class("first", "bird", "train/bird");
    add_class("first", "cat", "train/cat");
    add_class("first", "dog", "train/dog");
    return 0;
}

static bool skipped(void)
{
    if (!(iso_image_reads("PNG") && iso_image_reads("JPEG")))
        print_message("  skipped: this isocl reads %s\n", iso_image_support());
    return !(iso_image_reads("PNG") && iso_image_reads("JPEG"));
}

/* By position the dogs would be birds: "Dog" sorts before "cat". */
static void another_spelling_is_refused(void **state)
{
    (void)state;
    if (skipped())
        return;
    add_class("second", "cat", "test/cat");
    add_class("second", "Dog", "test/dog");
    is_refused("train pets.yaml --device reference --data .",
               "has a class 'Dog', which the training data do not have (did you mean 'dog'?)"
               "; they have bird, cat, dog");
}

/* The second folder has no birds; the labels keep their names and numbers in every command. */
static void a_missing_class_shifts_nothing(void **state)
{
    (void)state;
    if (skipped())
        return;
    add_class("second", "cat", "test/cat");
    add_class("second", "dog", "test/dog");
    runs("train pets.yaml --device reference --data . --out run");
    runs("predict run --split validation --data .");
    cli_says(cli_out, "\ncat/30.png  cat        ");
    cli_says(cli_out, "\ndog/40.png  dog        ");
    runs("predict run --split validation --data . --json");
    cli_says(cli_out, "\"true_class\":1,\"true_name\":\"cat\"");
    cli_says(cli_out, "\"true_class\":2,\"true_name\":\"dog\"");
    /* A row of the page's table of classes ends with how many rows are truly of it. */
    static char page[CLI_OUTPUT];
    runs("report run --data .");
    cli_read("run/report.html", page);
    assert_string_equal(page_row(page, "confusion", "bird", 0), "0|0|0|-|0");
    const char *row = page_row(page, "confusion", "cat", 0);
    assert_string_equal(row + strlen(row) - 2, "|1");
    row = page_row(page, "confusion", "dog", 0);
    assert_string_equal(row + strlen(row) - 2, "|1");
}

/* Classes have the order of the bytes of their names, whatever the locale is. */
static void classes_are_ordered_by_bytes(void **state)
{
    static const char *const order[] = { "10", "2", "B", "_", "a", "b", "\xc3\xa4" };
    char model[sizeof pets + 16], name[16];
    (void)state;
    if (skipped())
        return;
    for (int i = 6; i >= 0; i--)
        add_class("letters", order[i], "train/cat");
    snprintf(model, sizeof model,
             "data: {train: {dataset: 'folder:letters'}}\n"
             "input: {shape: [2, 3, 1], scale: 1/255}\n"
             "layers: [flatten, dense: {units: 7, activation: softmax}]\n"
             "loss: sparse_categorical_crossentropy\noptimizer: sgd\n"
             "train: {batch_size: 4, epochs: 1}\n");
    cli_write("letters.yaml", model);
    runs("train letters.yaml --device reference --out run");
    runs("predict run --split train --json");
    for (int i = 0; i < 7; i++) {
        snprintf(name, sizeof name, "\"%s\"", order[i]);
        char want[64];
        snprintf(want, sizeof want, "\"true_class\":%d,\"true_name\":%s", i, name);
        cli_says(cli_out, want);
    }
}

/* The run knows its classes when the folder that it was trained on is gone or has others; weights
 * alone do not. */
static void the_run_has_its_own_list(void **state)
{
    (void)state;
    if (skipped())
        return;
    add_class("second", "dog", "test/dog");
    runs("train pets.yaml --device reference --data . --out run");
    runs("eval pets.yaml --weights run/weights.safetensors --data . --split validation");
    add_class("first", "aardvark", "train/cat");
    runs("predict run --split validation --data . --json");
    cli_says(cli_out, "\"true_class\":2,\"true_name\":\"dog\"");
    is_refused("train --resume --out run --epochs 2 --data .",
               "has a class 'aardvark', which the training data do not have");
    char weights[CLI_PATH], to[CLI_PATH], first[CLI_PATH], gone[CLI_PATH];
    cli_path(weights, "run/weights.safetensors");
    cli_path(to, "alone.safetensors");
    cli_path(first, "first");
    cli_path(gone, "gone");
    assert_int_equal(rename(weights, to), 0);
    assert_int_equal(rename(first, gone), 0);
    is_refused("eval pets.yaml --weights alone.safetensors --data . --split validation",
               "data set 'folder:second' has 1 of the 3 classes that the model tells apart");
}

/* isocl check lists what is damaged, and says so with its exit code. */
static void damaged_files_are_listed_without_training(void **state)
{
    (void)state;
    if (skipped())
        return;
    add_class("second", "dog", "test/dog");
    runs("check first");
    cli_says(cli_out, "6 rows in 3 classes can be read, 0 cannot");
    runs("check pets.yaml --data .");
    cli_says(cli_out, "validation folder:second, ");
    cli_write("first/dog/bad.png", "<html>not found</html>");
    cli_write("second/dog/bad.png", "");
    assert_int_equal(cli_run("check first"), 4);
    cli_says(cli_out, "6 rows in 3 classes can be read, 1 cannot");
    cli_says(cli_out, "first/dog/bad.png: is a web page");
    assert_int_equal(cli_run("check pets.yaml --data ."), 4);
    cli_says(cli_out, "second/dog/bad.png: is empty");
    is_refused("train pets.yaml --data .", "dog/bad.png: is a web page or a drawing in XML");
    is_refused("check nowhere", "nowhere");
}

/* A link to nothing is one damaged file among others, and a table is data like a folder. */
static void what_cannot_be_opened_is_listed_too(void **state)
{
    char link[CLI_PATH];
    (void)state;
    if (skipped())
        return;
    cli_path(link, "first/dog/gone.png");
    assert_int_equal(symlink("/nowhere/gone.png", link), 0);
    assert_int_equal(cli_run("check first"), 4);
    cli_says(cli_out, "can be read, 1 cannot");
    cli_says(cli_out, "first/dog/gone.png: No such file or directory");
    cli_write("rows.csv", "label,a,b\ncat,1,2\ndog,3,4\n");
    runs("check rows.csv");
    cli_says(cli_out, "rows.csv, all: 2 rows in 2 classes can be read, 0 cannot");
    cli_write("names.csv", "label,a\ncat,photos/1.jpg\n");
    is_refused("check names.csv", "is the name of a picture, and should be a pixel; pictures are");
}

int main(void)
{
    if (getcwd(root, sizeof root) == NULL)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(another_spelling_is_refused, set_up, cli_teardown),
        cmocka_unit_test_setup_teardown(a_missing_class_shifts_nothing, set_up, cli_teardown),
        cmocka_unit_test_setup_teardown(classes_are_ordered_by_bytes, set_up, cli_teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_opened_is_listed_too, set_up, cli_teardown),
        cmocka_unit_test_setup_teardown(the_run_has_its_own_list, set_up, cli_teardown),
        cmocka_unit_test_setup_teardown(damaged_files_are_listed_without_training, set_up,
                                        cli_teardown),
    };
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
