/* test_cli.c: the program itself: what it prints and how it ends. The environment's BUILD names the
 * folder it was built in (default build). */
#define _XOPEN_SOURCE 700              /* nftw, realpath */
#include <ctype.h>
#include <fcntl.h>
#include <ftw.h>
#include <jansson.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { OUTPUT = 1 << 20, PATH = 4096, WAIT_MS = 60000 };
static char program[PATH];             /* build/isocl, from the root */
static char folder[64];                /* where it runs; made anew for each test */
static char out[OUTPUT], err[OUTPUT];  /* what the last command printed */

static const char tiny[] =
    "model: tiny\n"
    "data:\n"
    "  train: {dataset: 'builtin:digits', split: train}\n"
    "  validation: {dataset: 'builtin:digits', split: test}\n"
    "input: {shape: [28, 28, 1], scale: 1/255}\n"
    "layers:\n"
    "  - flatten\n"
    "  - dense: {units: 8, activation: relu}\n"
    "  - dropout: 0.2\n"
    "  - dense: {units: 10, activation: softmax}\n"
    "loss: categorical_crossentropy\n"
    "optimizer: {adam: {learning_rate: 0.01}}\n"
    "metrics: [accuracy]\n"
    "train: {batch_size: 50, epochs: 2, seed: 1}\n";
#define TRAIN "train tiny.yaml --device reference --limit 120 "

/* ---- Running ------------------------------------------------------------------------------- */

static void path_of(char path[PATH], const char *name)
{
    snprintf(path, PATH, "%s/%s", folder, name);
}

static void write_text(const char *name, const char *text)
{
    char path[PATH];
    path_of(path, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static size_t read_text(const char *name, char *text)
{
    char path[PATH];
    path_of(path, name);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t n = fread(text, 1, OUTPUT - 1, f);
    text[n] = '\0';
    fclose(f);
    return n;
}

/* Runs "isocl <arguments>" in the folder and returns its exit code, with out and err filled. */
static int run(const char *fmt, ...)
{
    char arguments[1024], command[3 * PATH];
    va_list list;
    va_start(list, fmt);
    vsnprintf(arguments, sizeof arguments, fmt, list);
    va_end(list);
    snprintf(command, sizeof command, "cd %s && '%s' >out.txt 2>err.txt %s", folder, program,
             arguments);
    int status = system(command);
    read_text("out.txt", out);
    read_text("err.txt", err);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/isocl-test-cli-XXXXXX");
    if (!mkdtemp(folder))
        return 1;
    write_text("tiny.yaml", tiny);
    return 0;
}

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *ftw)
{
    (void)s, (void)type, (void)ftw;
    return remove(path);
}

static int remove_folder(void **state)
{
    (void)state;
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void assert_says(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' is not in:\n%s%s", part, text, err);
}

static int lines_of(const char *text)
{
    int lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

/* Copies the hexadecimal digits after the last "sha256" in out. */
static void hash_of(char hex[65])
{
    const char *found = NULL;
    for (const char *s = out; (s = strstr(s, "weights sha256 ")); s++)
        found = s + strlen("weights sha256 ");
    assert_non_null(found);
    for (int i = 0; i < 64; i++)
        assert_true(isxdigit((unsigned char)found[i]));
    assert_true(strncmp(found + 64, "  exact  reference", 18) == 0);
    snprintf(hex, 65, "%.64s", found);
}

/* ---- Usage --------------------------------------------------------------------------------- */

static void test_help_and_version(void **state)
{
    static const char *const commands[] = { "train", "eval",    "summary", "parity",
                                            "trace", "devices", "doctor",  "help" };
    (void)state;
    assert_int_equal(run("--version"), 0);
    assert_true(strncmp(out, "isocl ", 6) == 0);
    assert_int_equal(run("--help"), 0);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        char line[64];
        snprintf(line, sizeof line, "\n  %-9s ", commands[i]);
        assert_int_equal(run("--help"), 0);
        assert_says(out, line);
        assert_int_equal(run("%s --help", commands[i]), 0);
        assert_says(out, "Examples:\n  ");
        assert_int_equal(strlen(err), 0);
    }
}

static void assert_wrong(const char *arguments, const char *message)
{
    assert_int_equal(run("%s", arguments), 2);
    assert_int_equal(strlen(out), 0);
    assert_says(err, message);
    assert_int_equal(lines_of(err), 1);
}

static void test_wrong_usage(void **state)
{
    (void)state;
    assert_int_equal(run(""), 2);
    assert_says(err, "usage: isocl COMMAND");
    assert_wrong("trian", "(did you mean 'train'?)");
    assert_wrong("train", "give it a model file");
    assert_wrong("train tiny.yaml --epoch 3", "(did you mean 'epochs'?)");
    assert_wrong("train tiny.yaml --epochs", "--epochs needs its N");
    assert_wrong("train tiny.yaml --epochs 0",
                 "--epochs takes a whole number of at least 1, not '0'");
    assert_wrong("train tiny.yaml --epochs=2x", "not '2x'");
    assert_wrong("train tiny.yaml --epochs 99999999999999999999", "whole number");
    assert_wrong("train tiny.yaml --mode slow", "--mode takes exact|fast, not 'slow'");
    assert_wrong("train tiny.yaml --quiet=yes", "--quiet takes no value");
    assert_wrong("train tiny.yaml other.yaml", "one argument too many: 'other.yaml'");
    assert_wrong("train tiny.yaml -q", "options start with two dashes");
    assert_wrong("train tiny.yaml --epochs 2 --steps 3", "exclude each other");
    assert_wrong("train --resume", "--out DIR");
    assert_wrong("train tiny.yaml --device abacus", "unknown device 'abacus'");
    assert_wrong("eval", "give it RUN|MODEL.yaml");
    assert_wrong("eval tiny.yaml", "--weights FILE");
    assert_wrong("help nonsense", "nonsense");
}

static void test_faults(void **state)
{
    (void)state;
    write_text("bad.yaml", "model: x\nlayrs: []\nloss: nonsense\n");
    assert_int_equal(run("train bad.yaml"), 1);
    assert_says(err, "bad.yaml:2:1: ");
    assert_says(err, "bad.yaml:3:7: ");
    assert_says(err, " faults\n");
    assert_int_equal(run("train nowhere.yaml"), 1);
    assert_says(err, "nowhere.yaml");
    assert_int_equal(lines_of(err), 1);
    assert_int_equal(run("train tiny.yaml --device reference --limit 50 --out /dev/null/x"), 1);
    assert_says(err, "/dev/null");
    assert_int_equal(run("trace tiny.yaml --device reference --batch-from nowhere"), 1);
    assert_says(err, "nowhere");
}

static void test_output_that_cannot_be_written(void **state)
{
    (void)state;
    if (access("/dev/full", W_OK) != 0)
        skip();
    assert_int_equal(run("help >/dev/full"), 1);
    assert_says(err, "standard output");
}

/* ---- What there is ------------------------------------------------------------------------- */

static void test_devices(void **state)
{
    char copy[OUTPUT > 65536 ? 65536 : OUTPUT];
    (void)state;
    assert_int_equal(run("devices"), 0);
    assert_says(out, "\nreference ");
    assert_int_equal(run("devices --json"), 0);
    snprintf(copy, sizeof copy, "%.65000s", out);
    int devices = 0;
    for (char *rest = NULL, *line = strtok_r(copy, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest)) {
        json_t *object = json_loads(line, 0, NULL);
        assert_true(json_is_object(object));
        assert_true(json_is_string(json_object_get(object, "id")));
        json_decref(object);
        devices++;
    }
    assert_true(devices >= 1);
}

static void test_doctor_and_help(void **state)
{
    (void)state;
    assert_int_equal(run("doctor"), 0);
    assert_says(out, "\nDevices:\n  reference");
    assert_says(out, "builtin:digits   drawn by isocl");
    assert_says(out, "\nWhat to do:\n  ");
    assert_int_equal(run("help"), 0);
    assert_says(out, "conv2d");
    assert_int_equal(run("help conv2d"), 0);
    assert_says(out, "kernel_size");
    assert_int_equal(run("help --markdown"), 0);
    assert_says(out, "kernel_size");
}

static void test_summary(void **state)
{
    (void)state;
    assert_int_equal(run("summary tiny.yaml"), 0);
    assert_says(out, "dense_1 ");
    assert_says(out, " 6280 ");        /* 784 x 8 + 8 */
    assert_says(out, " 6370 ");        /* and 8 x 10 + 10 */
    assert_says(out, "ARENA");
    assert_int_equal(run("summary tiny.yaml --dot"), 0);
    assert_true(strncmp(out, "digraph ", 8) == 0);
    assert_says(out, "\"dense_1\" -> \"dropout_1\";");
}

/* ---- Training ------------------------------------------------------------------------------ */

static void test_train(void **state)
{
    char first[65], second[65];
    (void)state;
    assert_int_equal(run(TRAIN), 0);
    assert_int_equal(strlen(err), 0);
    assert_says(out, "\nepoch 1/2  loss ");
    assert_says(out, "\nepoch 2/2  loss ");
    assert_says(out, "  accuracy ");
    assert_says(out, "  val_loss ");
    assert_says(out, "  val_accuracy ");
    assert_says(out, " images/s  ");
    assert_says(out, "\nrun runs/tiny-001\nweights sha256 ");
    assert_true(strchr(out, '\r') == NULL);
    hash_of(first);
    assert_int_equal(run(TRAIN "--quiet"), 0);
    assert_int_equal(lines_of(out), 2);
    assert_true(strncmp(out, "run runs/tiny-002\n", 18) == 0);
    hash_of(second);
    assert_string_equal(first, second);
    assert_int_equal(run(TRAIN "--quiet --seed 2"), 0);
    hash_of(second);
    assert_string_not_equal(first, second);
    assert_int_equal(run(TRAIN "--out runs/tiny-001"), 1);
    assert_says(err, "--resume");
}

static void test_overrides(void **state)
{
    (void)state;
    assert_int_equal(run(TRAIN "--epochs 1 --batch 7 --out a"), 0);
    assert_says(out, "\nepoch 1/1  ");
    assert_true(strstr(out, "epoch 2") == NULL);
    read_text("a/batches.csv", out);
    assert_int_equal(lines_of(out), 1 + 18);           /* 120 rows in sevens */
    assert_says(out, "\n18,1,1,");                     /* the last one is smaller */
    assert_int_equal(run(TRAIN "--steps 4 --out b"), 0);
    assert_true(strstr(out, "val_") == NULL);
    read_text("b/batches.csv", out);
    assert_int_equal(lines_of(out), 1 + 4);
}

static void test_json(void **state)
{
    static const char *const order[] = { "start", "epoch", "epoch", "end" };
    char plain[65];
    (void)state;
    assert_int_equal(run(TRAIN "--quiet"), 0);
    hash_of(plain);
    assert_int_equal(run(TRAIN "--json"), 0);
    int events = 0;
    for (char *rest = NULL, *line = strtok_r(out, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest)) {
        json_t *object = json_loads(line, 0, NULL);
        const char *event = json_string_value(json_object_get(object, "event"));
        assert_non_null(event);
        if (strcmp(event, "progress") != 0) {
            assert_true(events < 4);
            assert_string_equal(event, order[events++]);
        }
        if (strcmp(event, "epoch") == 0)
            assert_true(json_is_real(json_object_get(object, "validation_accuracy")));
        if (strcmp(event, "end") == 0)
            assert_string_equal(json_string_value(json_object_get(object, "weights_sha256")),
                                plain);
        json_decref(object);
    }
    assert_int_equal(events, 4);
}

static void test_resume(void **state)
{
    char whole[65], resumed[65];
    (void)state;
    assert_int_equal(run(TRAIN "--epochs 3 --quiet"), 0);
    hash_of(whole);
    assert_int_equal(run(TRAIN "--steps 4 --out part --quiet"), 0);
    assert_int_equal(run("train --resume --out part --batch 3"), 2);
    assert_says(err, "--batch 50");
    write_text("other.yaml", "model: other\n");
    assert_int_equal(run("train other.yaml --resume --out part"), 2);
    assert_says(err, "other.yaml is not the model file");
    assert_int_equal(run("train tiny.yaml --resume --out part --epochs 3 --device reference"), 0);
    assert_says(out, "resuming   after step 4, in epoch 2");
    hash_of(resumed);
    assert_string_equal(whole, resumed);
    assert_int_equal(run("train --resume --out part --device reference"), 0);
    assert_says(out, "nothing is left to train");
    hash_of(resumed);
    assert_string_equal(whole, resumed);
    assert_int_equal(run("train --resume --out nowhere"), 1);
    assert_says(err, "there is no run nowhere");
}

static void sleep_ms(int ms)
{
    nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L }, NULL);
}

/* Starts a long training and waits until it has saved its state once. */
static pid_t start_training(void)
{
    char state_path[PATH];
    path_of(state_path, "long/state");
    pid_t pid = fork();
    if (pid == 0) {
        int error = chdir(folder) == 0 ? open("err.txt", O_WRONLY | O_CREAT | O_TRUNC, 0666) : -1;
        int output = open("out.txt", O_WRONLY | O_CREAT | O_TRUNC, 0666);
        if (error >= 0 && output >= 0 && dup2(output, 1) == 1 && dup2(error, 2) == 2)
            execl(program, "isocl", "train", "tiny.yaml", "--device", "reference", "--limit", "120",
                  "--epochs", "100000", "--out", "long", (char *)NULL);
        _exit(99);
    }
    assert_true(pid > 0);
    for (int ms = 0; ms < WAIT_MS && access(state_path, F_OK) != 0; ms += 5)
        sleep_ms(5);
    assert_int_equal(access(state_path, F_OK), 0);
    return pid;
}

static void test_interrupt(void **state)
{
    int status;
    (void)state;
    pid_t pid = start_training();
    assert_int_equal(kill(pid, SIGINT), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
    read_text("out.txt", out);
    read_text("err.txt", err);
    assert_says(out, "weights sha256 ");
    assert_says(err, "go on with: isocl train --resume --out long");
    assert_int_equal(run("eval long --limit 20 --device reference"), 0);
}

static void test_eval(void **state)
{
    char trained[65], evaluated[65];
    (void)state;
    assert_int_equal(run(TRAIN "--out a --quiet"), 0);
    hash_of(trained);
    assert_int_equal(run("eval a --limit 120 --device reference"), 0);
    hash_of(evaluated);
    assert_string_equal(trained, evaluated);
    assert_says(out, "builtin:digits, test: 120 images");
    const char *scores = strstr(out, "loss ");
    double loss, accuracy, history_loss = -1, history_accuracy = -1;
    assert_non_null(scores);
    assert_int_equal(sscanf(scores, "loss %lf  accuracy %lf", &loss, &accuracy), 2);
    read_text("a/history.csv", out);
    const char *last = strstr(out, "\n2,");
    assert_non_null(last);
    assert_int_equal(
        sscanf(last, "\n2,%*f,%*f,%*f,%*f,%*f,%lf,%lf", &history_loss, &history_accuracy), 2);
    assert_true(loss - history_loss < 1e-6 && history_loss - loss < 1e-6);
    assert_true(accuracy - history_accuracy < 1e-6 && history_accuracy - accuracy < 1e-6);
    assert_int_equal(
        run("eval tiny.yaml --weights a/best.safetensors --split train --limit 30 --json "
            "--device reference"),
        0);
    assert_says(out, "\"rows\":30");
    assert_int_equal(run("eval tiny.yaml --weights tiny.yaml --device reference"), 1);
    assert_int_equal(lines_of(err), 1);
}

static void test_weights_that_do_not_fit(void **state)
{
    (void)state;
    assert_int_equal(run(TRAIN "--steps 1 --out a --quiet"), 0);
    char text[sizeof tiny + 8];
    snprintf(text, sizeof text, "%s", tiny);
    memcpy(strstr(text, "units: 8"), "units: 9", 8);
    write_text("wide.yaml", text);
    assert_int_equal(run("eval wide.yaml --weights a/weights.safetensors --device reference"), 1);
    assert_says(err, "dense_1/kernel has shape 784x8; the model has 784x9");
    assert_says(err, "3 faults");
}

static void test_trace(void **state)
{
    char path[PATH];
    (void)state;
    assert_int_equal(run("trace tiny.yaml --device reference --limit 20 --steps 2 --batch 4 --out "
                         "t.safetensors"),
                     0);
    assert_says(out, "t.safetensors: ");
    assert_says(out, " tensors of 2 steps in batches of 4");
    path_of(path, "t.safetensors");
    assert_int_equal(access(path, R_OK), 0);
}

static void test_parity(void **state)
{
    char cases[PATH];
    (void)state;
    assert_non_null(realpath("models/ops", cases));
    assert_int_equal(run("parity --cases '%s' --ops dense --devices reference --quick", cases), 0);
    assert_true(run("parity --cases '%s' --ops nonsense --devices reference", cases) != 0);
    assert_says(err, "nonsense");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(test_help_and_version),
        TEST(test_wrong_usage),
        TEST(test_faults),
        TEST(test_output_that_cannot_be_written),
        TEST(test_devices),
        TEST(test_doctor_and_help),
        TEST(test_summary),
        TEST(test_train),
        TEST(test_overrides),
        TEST(test_json),
        TEST(test_resume),
        TEST(test_interrupt),
        TEST(test_eval),
        TEST(test_weights_that_do_not_fit),
        TEST(test_trace),
        TEST(test_parity),
    };
    char relative[PATH];
    const char *build = getenv("BUILD");
    snprintf(relative, sizeof relative, "%s/isocl", build && *build ? build : "build");
    if (!realpath(relative, program)) {
        fprintf(stderr, "%s is not built\n", relative);
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
