/* test_cli_predict.c: isocl predict as a user runs it: images and splits in; a table, JSON, a
 * submission and arrays out. */
#define _XOPEN_SOURCE 700 /* kill */
#include "cli.h"
#include "core/image/image.h"
#include "core/formats/npy.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char pets[] =
    "model: pets\n"
    "data: {train: {dataset: 'folder:pets', split: train},\n"
    "       test: {dataset: 'folder:pets', split: test}}\n"
    "input: {shape: [2, 3, 1], scale: 1/255}\n"
    "layers: [flatten, dense: {name: hidden, units: 5, activation: tanh},\n"
    "         dense: {units: 3, activation: softmax}]\n"
    "loss: sparse_categorical_crossentropy\n"
    "optimizer: sgd\n"
    "metrics: [f1]\n"
    "train: {batch_size: 4, epochs: 1}\n";

/* %s: the classes of builtin:digits, twice, and how many they become. */
static const char some_digits[] =
    "model: some\n"
    "data: {train: {dataset: 'builtin:digits', split: train, count: 500, classes: %s},\n"
    "       test: {dataset: 'builtin:digits', split: test, count: 300, classes: %s}}\n"
    "input: {shape: [28, 28, 1], scale: 1/255}\n"
    "layers: [flatten, dense: {units: %d, activation: softmax}]\n"
    "loss: sparse_categorical_crossentropy\n"
    "optimizer: sgd\n"
    "train: {batch_size: 50, epochs: 1}\n";

static char root[CLI_PATH]; /* the repository's folder */

static int here(const char *fmt, ...)
{
    char command[4 * CLI_PATH];
    const int n = snprintf(command, sizeof command, "cd '%s' && ", cli_folder);
    va_list list;
    va_start(list, fmt);
    vsnprintf(command + n, sizeof command - (size_t)n, fmt, list);
    va_end(list);
    return system(command);
}

static void run_ok(const char *arguments)
{
    if (cli_run("%s", arguments) != 0)
        fail_msg("isocl %s: %s", arguments, cli_err);
}

static void fails(int code, const char *arguments, const char *expected)
{
    assert_int_equal(cli_run("%s", arguments), code);
    cli_says(cli_err, expected);
}

static void train_pets(void)
{
    if (!(iso_image_reads("PNG") && iso_image_reads("JPEG"))) {
        print_message("  skipped: this isocl reads %s\n", iso_image_support());
        skip();
    }
    assert_int_equal(here("cp -r '%s/tests/readers/pets' .", root), 0);
    cli_write("pets.yaml", pets);
    run_ok("train pets.yaml --device reference --data . --out run");
}

/* The numbers of an array of this shape, until the next call. */
static float *read_array(const char *name, int64_t rows, int64_t columns)
{
    static char file[CLI_OUTPUT];
    static float numbers[4096];
    struct iso_npy a;
    const size_t n = cli_read(name, file);
    if (iso_npy_parse(name, (uint8_t *)file, n, &a) != ISO_OK)
        fail_msg("%s: %s", name, iso_error());
    assert_int_equal(a.dim[0], rows);
    assert_int_equal(a.ndim * 1000 + a.dim[1], 2000 + columns);
    assert_int_equal(a.kind * 10 + a.size, 'f' * 10 + 4);
    assert_true(rows * columns <= 4096);
    for (int64_t i = 0; i < rows * columns; i++)
        numbers[i] = (float)iso_npy_at(&a, i);
    return numbers;
}

/* ---- Images -------------------------------------------------------------------------------- */

static void same_files(const char *a, const char *b)
{
    static char one[CLI_OUTPUT], two[CLI_OUTPUT];
    const size_t n = cli_read(a, one);
    assert_int_equal(n, cli_read(b, two));
    assert_memory_equal(one, two, n);
}

/* The images of a split, named one by one in its order, are its rows. */
static void images_are_what_the_split_has(void **state)
{
    (void)state;
    train_pets();
    run_ok("predict run --split train --data . --npy split.npy --device cpu");
    cli_says(cli_out, "split.npy: float32 6x3, dense_1/y of folder:pets, train\n");
    run_ok(
        "predict run pets/train/bird/0.png pets/train/cat/10.png pets/train/dog/20.png "
        "pets/train/bird/1.png pets/train/cat/11.png pets/train/bird/2.png --npy images.npy");
    cli_says(cli_out, "images.npy: float32 6x3, dense_1/y of 6 images\n");
    same_files("split.npy", "images.npy");
    const float *p = read_array("images.npy", 6, 3);
    for (int row = 0; row < 6; row++)
        assert_true(p[3 * row] + p[3 * row + 1] + p[3 * row + 2] > 0.999f);
}

/* A run names its classes when the data are gone. */
static void a_run_keeps_the_names(void **state)
{
    static char with[CLI_OUTPUT];
    (void)state;
    train_pets();
    cli_read("run/classes.txt", with);
    assert_string_equal(with, "bird\ncat\ndog\n");
    run_ok("predict run --split test --data . --top 3");
    cli_says(cli_out, "image       true       predicted  probability  2.         probability  3.");
    cli_says(cli_out, "\ncat/30.png  cat        ");
    run_ok("eval run --split test --data .");
    cli_says(cli_out, "\nclass     precision     recall         f1       rows\n0 bird  ");
    cli_says(cli_out, "\n2 dog  ");
    run_ok("eval run --split test --data . --json");
    cli_says(cli_out, "{\"class\":1,\"rows\":1,\"name\":\"cat\",");
    run_ok("predict run pets/train/bird --top 3 --json");
    assert_int_equal(here("mv pets/train/bird seen && rm -r pets"), 0);
    snprintf(with, sizeof with, "%s", strstr(cli_out, "\"predicted\""));
    run_ok("predict run seen --top 3 --json");
    cli_says(cli_out,
             "{\"event\":\"prediction\",\"row\":0,\"image\":\"seen/0.png\","
             "\"predicted\":[{");
    cli_says(cli_out, "\"name\":\"bird\"");
    cli_says(cli_out, "\"name\":\"cat\"");
    assert_true(strncmp(strstr(cli_out, "\"predicted\""), with, 120) == 0);
    assert_int_equal(cli_lines(cli_out), 4);
    run_ok("predict run seen --csv out.csv");
    cli_read("out.csv", with);
    assert_true(strncmp(with, "id,target\n0.png,", 16) == 0);
    cli_write("run/classes.txt", "a\\n\\\\b\n\"c,d\n");
    run_ok("predict run seen/0.png --top 3 --json");
    cli_says(cli_out, "\"name\":\"a\\n\\\\b\"");
    cli_says(cli_out, "\"name\":\"2\"");
    cli_write("run/classes.txt", "1\n2\n3\n4\n");
    fails(ISO_EXIT_FILE, "predict run seen",
          "classes.txt names 4 classes and the model tells 3 apart");
}

static void images_of_other_sizes_are_resized_when_asked(void **state)
{
    char arguments[2 * CLI_PATH];
    (void)state;
    train_pets();
    snprintf(arguments, sizeof arguments, "predict run %s/tests/readers/decode/colour.png", root);
    fails(ISO_EXIT_FILE, arguments, "pixels (height x width), the model takes 2x3: give --resize");
    strcat(arguments, " --resize --json");
    run_ok(arguments);
    assert_int_equal(cli_lines(cli_out), 2);
}

/* Photos are turned in predict as in training, or in neither, and the log says so. */
static void photos_are_turned_as_in_training(void **state)
{
    static const char *const values[] = { "apply", "ignore" };
    static char first[CLI_OUTPUT], second[CLI_OUTPUT], turned[CLI_OUTPUT];
    size_t n = 0;
    (void)state;
    if (!iso_image_reads("JPEG"))
        skip();
    assert_int_equal(here("mkdir -p photos/a photos/b && cp '%s/tests/readers/decode/turned.jpg' "
                          "photos/a/1.jpg && cp photos/a/1.jpg photos/b/2.jpg",
                          root),
                     0);
    for (int i = 0; i < 2; i++) {
        char text[1024];
        snprintf(text, sizeof text,
                 "data: {train: {dataset: 'folder:photos', resize: [6, 5], orientation: %s}}\n"
                 "input: {shape: [6, 5, 3], scale: 1/255}\n"
                 "layers: [flatten: {name: all}, dense: {units: 2, activation: softmax}]\n"
                 "loss: sparse_categorical_crossentropy\noptimizer: sgd\n"
                 "train: {batch_size: 2, epochs: 1}\n",
                 values[i]);
        cli_write("photos.yaml", text);
        run_ok(i ? "train photos.yaml --device reference --out ignore"
                 : "train photos.yaml --device reference --out apply");
        cli_says(cli_out,
                 i ? "(orientation: ignore)" : "2 of the files do not lie upright: turned");
        run_ok(i ? "predict ignore --split train --layer all --npy split.npy"
                 : "predict apply --split train --layer all --npy split.npy");
        run_ok(i ? "predict ignore photos/a/1.jpg photos/b/2.jpg --layer all --npy files.npy"
                 : "predict apply photos/a/1.jpg photos/b/2.jpg --layer all --npy files.npy");
        n = cli_read("split.npy", first);
        assert_int_equal(cli_read("files.npy", second), n);
        assert_memory_equal(first, second, n);
        if (i == 0)
            memcpy(turned, first, n);
    }
    assert_true(memcmp(turned, first, n) != 0);
}

static void bad_images_are_named(void **state)
{
    (void)state;
    train_pets();
    fails(ISO_EXIT_FILE, "predict run pets/train/cat/notes.txt",
          "cat/notes.txt: is no image of a kind that isocl knows");
    assert_null(strstr(cli_err, "may write")); /* it is not about writing */
    fails(ISO_EXIT_FILE, "predict run pets/train/bird/0.png gone.png", "cannot read gone.png");
    assert_int_equal(here("mkdir empty"), 0);
    fails(ISO_EXIT_FILE, "predict run empty", "empty: no images lie in this folder");
    fails(ISO_EXIT_FILE, "predict run pets/train", "pets/train: no images lie in this folder");
    fails(ISO_EXIT_FILE, "predict run pets/test/cat --csv empty",
          "cannot write empty: a folder is there");
    fails(2, "predict run", "give it images, a folder of images, or --split test");
    fails(2, "predict run pets/test/cat --split test", "exclude each other");
    fails(2, "predict run pets/test/cat --layer hidden", "--layer is for --npy FILE");
    fails(2, "predict run pets/test/cat --labels 1,2,3", "are for --csv FILE");
    fails(2, "predict run pets/test/cat --csv a.csv --csv-header id", "two names");
    fails(2, "predict run pets/test/cat --best --weights w", "exclude each other");
    fails(2, "predict pets.yaml pets/test/cat --best", "--best is for the folder of a run");
    fails(2, "predict pets.yaml pets/test/cat", "give the weights for a model file");
    fails(2, "predict run pets/test/cat --layer hiden --npy n.npy", "(did you mean 'hidden'?)");
    cli_write("nothing.yaml", strstr(pets, "input:"));
    run_ok("predict nothing.yaml pets/test/cat --weights run/best.safetensors");
    fails(ISO_EXIT_FILE, "predict nothing.yaml --split test --weights run/best.safetensors",
          "names no test data");
}

/* ---- Splits -------------------------------------------------------------------------------- */

static void accuracy_is_that_of_eval(void **state)
{
    (void)state;
    run_ok(TRAIN "--out run");
    run_ok("eval run --split validation --limit 90 --best");
    const double accuracy = strtod(strstr(cli_out, "accuracy ") + 9, NULL);
    run_ok("predict run --split validation --limit 90 --best --batch 7 --device cpu");
    cli_says(cli_out, "\nbuiltin:digits, test: accuracy ");
    const double said = strtod(strstr(cli_out, "accuracy ") + 9, NULL);
    assert_true(said > 0 && said - accuracy < 1e-4 && accuracy - said < 1e-4);
    assert_int_equal(cli_lines(cli_out), 1 + 90 + 2);
}

/* The class that each line of a submission should name, by the array of the same rows. */
static void check_submission(const char *heading, const char *const *labels, int64_t rows,
                             int64_t classes)
{
    static char text[CLI_OUTPUT];
    const float *p = read_array("p.npy", rows, classes);
    cli_read("s.csv", text);
    assert_int_equal(cli_lines(text), rows + 1);
    char *rest = text;
    assert_string_equal(strsep(&rest, "\n"), heading);
    for (int64_t row = 0; row < rows; row++, p += classes) {
        char line[64];
        int best = classes == 1 && p[0] > 0.5f;
        for (int c = 1; c < classes; c++)
            best = p[c] > p[best] ? c : best;
        snprintf(line, sizeof line, "%lld,%s", (long long)row, labels[best]);
        assert_string_equal(strsep(&rest, "\n"), line);
    }
}

static void train_some(const char *classes, int units)
{
    char text[sizeof some_digits + 64];
    snprintf(text, sizeof text, some_digits, classes, classes, units);
    cli_write("some.yaml", text);
    assert_int_equal(here("rm -rf run"), 0);
    run_ok("train some.yaml --device reference --limit 100 --out run");
}

static void a_submission_has_the_labels_of_the_data(void **state)
{
    static const char *const own[] = { "7", "3", "0" }, *const numbers[] = { "0", "1" };
    static const char *const given[] = { "\"the \"\"shirt\"\"\"", "boot" };
    (void)state;
    train_some("[7, 3, 0]", 3);
    run_ok("predict run --split test --limit 40 --csv s.csv --npy p.npy");
    cli_says(cli_out, "s.csv: 40 rows, of builtin:digits, test\n");
    check_submission("id,target", own, 40, 3);
    train_some("[[7, 3], 0]", 2);
    run_ok("predict run --split test --limit 40 --csv s.csv --npy p.npy --csv-header Id,Label");
    check_submission("Id,Label", numbers, 40, 2);
    cli_says(cli_out, "accuracy");
    run_ok("predict run --split test --limit 5 --json");
    cli_says(cli_out, "\"name\":\"7+3\"");
    fails(2, "predict run --split test --csv t.csv --labels 1,2,3",
          "--labels names 3 labels and the model tells 2 classes apart");
    assert_int_not_equal(here("test -e t.csv"), 0);
    run_ok(
        "predict run --split test --limit 40 --csv s.csv --npy p.npy "
        "--labels 'the \"shirt\",boot'");
    check_submission("id,target", given, 40, 2);
}

static void layers_give_features(void **state)
{
    (void)state;
    run_ok(TRAIN "--out run");
    run_ok("predict run --split test --limit 9 --layer dense_1 --npy f.npy");
    cli_says(cli_out, "f.npy: float32 9x8, dense_1/y of builtin:digits, test\n");
    const float *f = read_array("f.npy", 9, 8);
    int active = 0;
    for (int i = 0; i < 9 * 8; i++) {
        assert_true(f[i] >= 0);
        active += f[i] > 0;
    }
    assert_true(active > 5);
}

/* ---- A single unit ------------------------------------------------------------------------- */

/* Loss, scores and confusion matrix of a run, without the lines that name run and device. */
static void evaluate(const char *device, int run, char said[CLI_OUTPUT])
{
    if (cli_run("eval r%d --device %s --mode exact --split validation --limit 70", run, device))
        fail_msg("%s", cli_err);
    char *end = strstr(cli_out, "weights sha256");
    assert_non_null(end);
    *end = '\0';
    snprintf(said, CLI_OUTPUT, "%s", strchr(cli_out, '\n'));
}

/* Two classes: on every device the same weights and scores; and the class is 8 above a half. */
static void one_unit_predicts_two_classes(void **state)
{
    static const char *const devices[] = { "reference", "cpu", "opencl:pocl" };
    static const char *const labels[] = { "3", "8" };
    static char said[2][CLI_OUTPUT];
    char hex[2][65];
    (void)state;
    assert_int_equal(here("cp '%s/tests/models/binary.yaml' .", root), 0);
    for (int i = 0; i < 3; i++) {
        const int to = i > 0;
        if (i == 2 && cli_run("train binary.yaml --device %s --limit 90 --steps 1", devices[i])) {
            print_message("  %s: left out: %s", devices[i], cli_err);
            continue;
        }
        if (cli_run("train binary.yaml --device %s --mode exact --limit 90 --out r%d", devices[i],
                    i))
            fail_msg("%s", cli_err);
        cli_hash(hex[to]);
        evaluate(devices[i], i, said[to]);
        assert_string_equal(hex[0], hex[to]);
        assert_string_equal(said[0], said[to]);
    }
    cli_says(said[0], "  precision_binary 0.");
    run_ok("predict r0 --split validation --limit 70 --csv s.csv --npy p.npy");
    cli_says(cli_out, "p.npy: float32 70x1, top/y of");
    check_submission("id,target", labels, 70, 1);
    run_ok("predict r1 --split validation --limit 1 --top 3");
    cli_says(cli_out, "predicted  probability  2.         probability\n0");
}

/* ---- Files that are not finished ------------------------------------------------------------- */

/* Slow: 2000 images take the reference about a second. */
static const char slow[] =
    "model: slow\n"
    "data: {train: {dataset: 'builtin:digits', split: train}}\n"
    "input: {shape: [28, 28, 1], scale: 1/255}\n"
    "layers:\n"
    "  - conv2d: {filters: 32, kernel_size: 5, padding: same}\n"
    "  - flatten\n"
    "  - dense: {units: 10, activation: softmax}\n"
    "loss: sparse_categorical_crossentropy\n"
    "optimizer: sgd\n"
    "train: {batch_size: 20, epochs: 1}\n";

static void train_slow(void)
{
    cli_write("slow.yaml", slow);
    run_ok("train slow.yaml --device cpu --limit 20 --out run");
    cli_write("out.file", "as it was");
}

/* Checks that the folder holds its old files and nothing else. */
static void nothing_is_left(void)
{
    static char text[CLI_OUTPUT];
    cli_read("out.file", text);
    assert_string_equal(text, "as it was");
    assert_int_not_equal(here("ls out.file.tmp-* >/dev/null 2>&1"), 0);
}

/* While it writes row by row, a kill lets it remove what it has begun. */
static void a_stopped_prediction_leaves_no_file(void **state)
{
    static const char *const options[] = { "--npy", "--csv" };
    (void)state;
    train_slow();
    for (int i = 0; i < 2; i++) {
        const pid_t pid =
            cli_start("predict run --split test --device reference %s out.file", options[i]);
        for (int ms = 0; ms < 60000 && here("ls out.file.tmp-* >/dev/null 2>&1"); ms += 5)
            cli_sleep(0.005);
        kill(pid, SIGTERM);
        const int status = cli_wait(pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
        cli_says(cli_err, "isocl predict: stopped after row ");
        cli_says(cli_err, " of 2000; the file is not written");
        nothing_is_left();
    }
}

static void a_full_disk_leaves_no_file(void **state)
{
    static const char *const options[] = { "--npy", "--csv" };
    (void)state;
    train_slow();
    for (int i = 0; i < 2; i++) {
        const int status = here(
            "ulimit -f 4; '%s' predict run --split test --device cpu %s "
            "out.file >/dev/null 2>err.txt",
            cli_program, options[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == ISO_EXIT_FILE);
        cli_read("err.txt", cli_err);
        cli_says(cli_err, "cannot write out.file: File too large; make room");
        nothing_is_left();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(images_are_what_the_split_has),
        TEST(a_run_keeps_the_names),
        TEST(images_of_other_sizes_are_resized_when_asked),
        TEST(photos_are_turned_as_in_training),
        TEST(bad_images_are_named),
        TEST(accuracy_is_that_of_eval),
        TEST(a_submission_has_the_labels_of_the_data),
        TEST(layers_give_features),
        TEST(one_unit_predicts_two_classes),
        TEST(a_stopped_prediction_leaves_no_file),
        TEST(a_full_disk_leaves_no_file),
    };
    return getcwd(root, sizeof root) != NULL ? cli_main(tests, sizeof tests / sizeof *tests) : 1;
}
