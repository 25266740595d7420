/* test_cli_train.c: training, resuming and Ctrl-C as a user runs them. */
#define _XOPEN_SOURCE 700 /* kill */
#include "cli.h"
#include "core/iso.h"

#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WAIT_MS = 60000 };

static void test_train(void **state)
{
    char first[65], second[65];
    (void)state;
    assert_int_equal(cli_run(TRAIN), 0);
    assert_int_equal(strlen(cli_err), 0);
    cli_says(cli_out, "\nepoch 1/2  loss ");
    cli_says(cli_out, "\nepoch 2/2  loss ");
    cli_says(cli_out, "  accuracy ");
    cli_says(cli_out, "  val_loss ");
    cli_says(cli_out, "  val_accuracy ");
    cli_says(cli_out, " images/s  ");
    cli_says(cli_out, "\nrun runs/tiny-001\nweights sha256 ");
    assert_true(strchr(cli_out, '\r') == NULL);
    cli_hash(first);
    assert_int_equal(cli_run(TRAIN "--quiet"), 0);
    assert_int_equal(cli_lines(cli_out), 2);
    assert_true(strncmp(cli_out, "run runs/tiny-002\n", 18) == 0);
    cli_hash(second);
    assert_string_equal(first, second);
    assert_int_equal(cli_run(TRAIN "--quiet --seed 2"), 0);
    cli_hash(second);
    assert_string_not_equal(first, second);
    assert_int_equal(cli_run(TRAIN "--out runs/tiny-001"), ISO_EXIT_FILE);
    cli_says(cli_err, "--resume");
}

static void test_overrides(void **state)
{
    (void)state;
    assert_int_equal(cli_run(TRAIN "--epochs 1 --batch 7 --out a"), 0);
    cli_says(cli_out, "\nepoch 1/1  ");
    assert_true(strstr(cli_out, "epoch 2") == NULL);
    cli_read("a/batches.csv", cli_out);
    assert_int_equal(cli_lines(cli_out), 1 + 18); /* 120 rows in sevens */
    cli_says(cli_out, "\n18,1,1,");               /* the last one is smaller */
    assert_int_equal(cli_run(TRAIN "--steps 4 --out b"), 0);
    assert_true(strstr(cli_out, "val_") == NULL);
    cli_read("b/batches.csv", cli_out);
    assert_int_equal(cli_lines(cli_out), 1 + 4);
}

static void test_json(void **state)
{
    static const char *const order[] = { "start", "epoch", "epoch", "end" };
    char plain[65];
    (void)state;
    assert_int_equal(cli_run(TRAIN "--quiet"), 0);
    cli_hash(plain);
    assert_int_equal(cli_run(TRAIN "--json"), 0);
    int events = 0;
    for (char *rest = NULL, *line = strtok_r(cli_out, "\n", &rest); line != NULL;
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
    assert_int_equal(cli_run(TRAIN "--epochs 3 --quiet"), 0);
    cli_hash(whole);
    assert_int_equal(cli_run(TRAIN "--steps 4 --out part --quiet"), 0);
    assert_int_equal(cli_run("train --resume --out part --batch 3"), 2);
    cli_says(cli_err, "--batch 50");
    cli_write("other.yaml", "model: other\n");
    assert_int_equal(cli_run("train other.yaml --resume --out part"), 2);
    cli_says(cli_err, "other.yaml is not the model file");
    assert_int_equal(cli_run("train tiny.yaml --resume --out part --epochs 3 --device reference"),
                     0);
    cli_says(cli_out, "resuming   after step 4, in epoch 2");
    cli_hash(resumed);
    assert_string_equal(whole, resumed);
    assert_int_equal(cli_run("train --resume --out part --device reference"), 0);
    cli_says(cli_out, "nothing is left to train");
    cli_hash(resumed);
    assert_string_equal(whole, resumed);
    assert_int_equal(cli_run("train --resume --out nowhere"), ISO_EXIT_FILE);
    cli_says(cli_err, "there is no run nowhere");
    assert_int_equal(cli_run("train --resume --out ."), ISO_EXIT_FILE);
    cli_says(cli_err, "there is no ./state");
}

static void test_runs(void **state)
{
    static char text[CLI_OUTPUT];
    (void)state;
    assert_int_equal(cli_run("runs"), 2);
    cli_says(cli_err, "there is no folder runs");
    assert_int_equal(cli_run(TRAIN "--quiet"), 0);
    assert_int_equal(cli_run(TRAIN "--quiet --steps 1 --seed 7"), 0);
    cli_read("tiny.yaml", text);
    strstr(text, "units: 8")[7] = '9';
    cli_write("other.yaml", text);
    assert_int_equal(cli_run("train other.yaml --device reference --limit 120 --quiet"), 0);
    assert_int_equal(cli_run("runs"), 0);
    assert_int_equal(cli_lines(cli_out), 1 + 3 + 1);
    cli_says(cli_out, "\nruns/tiny-001  tiny   exact  reference     1     50     2/2  ");
    cli_says(cli_out, "\nruns/tiny-002  tiny   exact  reference     7     50  step 1  ");
    assert_int_equal(cli_run("runs runs/tiny-001 runs/tiny-003"), 0);
    cli_says(cli_out, "only in runs/tiny-001:   - dense: {units: 8, activation: relu}");
    cli_says(cli_out, "only in runs/tiny-003:   - dense: {units: 9, activation: relu}");
    assert_int_equal(cli_run("runs runs/tiny-001 runs/tiny-002"), 0);
    cli_says(cli_out, "have the same model file");
    assert_int_equal(cli_run("runs --json"), 0);
    assert_int_equal(cli_lines(cli_out), 3);
    cli_says(cli_out, "\"validation_accuracy\":null");
    cli_write("runs/tiny-002/state", "no state");
    assert_int_equal(cli_run("runs runs"), 0);
    assert_int_equal(cli_lines(cli_out), 1 + 2 + 1);
    cli_says(cli_err, "left out: ");
}

#define CSV "train csv.yaml --data . --device reference "
#define RESUME_CSV "train --resume --data . --out a --device reference "
/* run.json says what was trained on what, and a run does not go on with other data. */
static void test_about(void **state)
{
    static char text[CLI_OUTPUT];
    (void)state;
    cli_write("a.csv", "label,p0,p1\n0,1,2\n1,3,4\n0,5,6\n");
    cli_write("csv.yaml",
              "model: csv\ndata: {train: {dataset: 'csv:a.csv', split: train}}\n"
              "input: {shape: [2]}\nlayers:\n"
              "  - dense: {units: 2, activation: softmax}\n"
              "loss: categorical_crossentropy\noptimizer: sgd\n"
              "train: {batch_size: 2, epochs: 2}\n");
    assert_int_equal(cli_run(CSV "--out a --steps 1 --quiet"), 0);
    assert_int_equal(cli_run(RESUME_CSV "--epochs 2"), 0);
    cli_read("a/run.json", text);
    json_t *about = json_loads(text, 0, NULL);
    const json_t *commands = json_object_get(about, "commands");
    assert_int_equal(json_array_size(commands), 2);
    for (size_t i = 0; i < 2; i++) {
        const json_t *command = json_array_get(commands, i);
        assert_true(json_is_string(json_object_get(command, "started")));
        assert_true(json_is_string(json_object_get(command, "ended")));
        assert_string_equal(json_string_value(json_object_get(command, "result")), "finished");
    }
    assert_string_equal(json_string_value(json_object_get(json_array_get(commands, 0), "command")),
                        "isocl " CSV "--out a --steps 1 --quiet");
    json_decref(about);
    cli_write("a.csv", "label,p0,p1\n0,1,2\n1,3,9\n0,5,6\n");
    assert_int_equal(cli_run(RESUME_CSV "--epochs 3"), ISO_EXIT_FILE);
    cli_says(cli_err, "the train data have other images than those the run a was begun on");
    cli_write("a.csv", "label,p0,p1\n0,1,2\n0,3,4\n1,5,6\n");
    assert_int_equal(cli_run(RESUME_CSV "--epochs 3"), ISO_EXIT_FILE);
    cli_says(cli_err, "the train data have other labels than those the run a was begun on");
    assert_int_equal(cli_run(CSV "--out b --quiet"), 0);
    assert_int_equal(cli_run("runs a b"), 0);
    cli_says(cli_out, "train data, labels_sha256: ");
    assert_null(strstr(cli_out, "images_sha256: "));
    cli_write("a/run.json", "{");
    assert_int_equal(cli_run(RESUME_CSV "--epochs 3"), ISO_EXIT_FILE);
    cli_says(cli_err, "a/run.json is damaged");
}

/* Two runs of the same model, one of them begun on another device and gone on with by an isocl of
 * another version. */
static void test_runs_tell_what_made_them(void **state)
{
    static char text[CLI_OUTPUT];
    (void)state;
    assert_int_equal(cli_run(TRAIN "--quiet --out a"), 0);
    assert_int_equal(cli_run(TRAIN "--quiet --out b"), 0);
    assert_int_equal(cli_run("runs a b"), 0);
    assert_null(strstr(cli_out, "device"));
    assert_null(strstr(cli_out, "version"));
    assert_int_equal(cli_run("train tiny.yaml --device cpu --limit 120 --quiet --out c --epochs 1"),
                     0);
    assert_int_equal(cli_run("train --resume --device reference --quiet --out c --epochs 2"), 0);
    cli_read("c/run.json", text);
    memcpy(strstr(strstr(text, "commands"), "\"isocl\": \"") + 10, "9.9.9", 5);
    memcpy(strstr(text, "\"machine\": \"") + 12, "Plan9", 5);
    cli_write("c/run.json", text);
    assert_int_equal(cli_run("runs a c"), 0);
    cli_says(cli_out,
             "\nisocl's version: " ISO_VERSION " in a\n        9.9.9, then " ISO_VERSION " in c\n");
    cli_says(cli_out, "\ndevice: reference in a\n        cpu, then reference in c\n");
    cli_says(cli_out, "\nthe device's name: host processor, one thread in a\n        ");
    cli_says(cli_out, "\nmachine: ");
    cli_says(cli_out, " in a\n        Plan9");
    assert_null(strstr(cli_out, "platform: "));
}

static const char phases_yaml[] =
    "model: phases\n"
    "data: {train: {dataset: builtin:digits, split: train},\n"
    "       validation: {dataset: builtin:digits, split: test}}\n"
    "input: {shape: [28, 28, 1], scale: 1/255}\n"
    "layers:\n"
    "  - flatten\n"
    "  - dense: {units: 8, activation: relu}\n"
    "  - batch_normalization\n"
    "  - dropout: 0.2\n"
    "  - dense: {units: 10, activation: softmax}\n"
    "loss: categorical_crossentropy\n"
    "optimizer: {rmsprop: {learning_rate: 0.01, decay: 0.1}}\n"
    "metrics: [accuracy]\n"
    "train: {batch_size: 50, seed: 3}\n"
    "phases:\n"
    "  - {name: first, epochs: 2}\n"
    "  - {name: second, shuffle_weights: %s, keep_steps: %s, keep_slots: %s, epochs: 1}\n"
    "  - {name: third, optimizer: %s, loss: sparse_categorical_crossentropy, epochs: 2}\n";

static void write_phases(const char *shuffle, const char *steps, const char *slots,
                         const char *optimizer)
{
    static char text[sizeof phases_yaml + 100];
    snprintf(text, sizeof text, phases_yaml, shuffle, steps, slots, optimizer);
    cli_write("phases.yaml", text);
}

#define PHASES "train phases.yaml --device reference --limit 120 --quiet "

/* Wherever a run of several phases is broken off, it ends with the bits of one that was not. */
static void test_resume_across_phases(void **state)
{
    char whole[65], resumed[65];
    (void)state;
    write_phases("true", "true", "false", "adam");
    assert_int_equal(cli_run(PHASES), 0);
    cli_hash(whole);
    for (int step = 1; step < 15; step++) { /* an epoch has 3 */
        assert_int_equal(cli_run(PHASES "--steps %d --out part-%d", step, step), 0);
        assert_int_equal(cli_run("train --resume --out part-%d --epochs 5 --device reference "
                                 "--quiet",
                                 step),
                         0);
        cli_hash(resumed);
        assert_string_equal(whole, resumed);
    }
    assert_int_equal(cli_run(PHASES "--epochs 2 --out epochs"), 0);
    assert_int_equal(cli_run("train --resume --out epochs --epochs 5 --device reference"), 0);
    cli_says(cli_out, "phase      second, from epoch 3");
    cli_hash(resumed);
    assert_string_equal(whole, resumed);
    cli_read("epochs/history.csv", cli_out);
    cli_says(cli_out, "epoch,phase,seconds");
    cli_says(cli_out, "\n2,first,");
    cli_says(cli_out, "\n3,second,");
    cli_says(cli_out, "\n5,third,");
    assert_int_equal(cli_run("eval epochs --limit 20 --device reference"), 0);
}

/* Every option of a phase has an effect: another value gives other weights. */
static void test_phase_options(void **state)
{
    static const char *const says[][4] = {
        { "false", "false", "false", "sgd" },  { "true", "false", "false", "sgd" },
        { "false", "true", "false", "sgd" },   { "false", "false", "true", "sgd" },
        { "false", "false", "false", "adam" },
    };
    char hash[5][65];
    (void)state;
    for (int i = 0; i < 5; i++) {
        write_phases(says[i][0], says[i][1], says[i][2], says[i][3]);
        assert_int_equal(cli_run(PHASES), 0);
        cli_hash(hash[i]);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(hash[i], hash[k]);
    }
}

/* A phase that keeps steps and slots is the training that has no phases. */
static void test_phases_that_keep_all(void **state)
{
    char one[65], two[65];
    (void)state;
    write_phases("false", "true", "true", "adam");
    assert_int_equal(cli_run(PHASES "--epochs 3"), 0);
    cli_hash(one);
    cli_read("phases.yaml", cli_out);
    *strstr(cli_out, "phases:\n") = 0;
    cli_write("phases.yaml", cli_out);
    assert_int_equal(cli_run(PHASES "--epochs 3"), 0);
    cli_hash(two);
    assert_string_equal(one, two);
}

static void test_closed_output(void **state)
{
    (void)state;
    assert_int_equal(cli_run(TRAIN "--out closed >&-"), ISO_EXIT_FILE);
    cli_says(cli_err, "cannot write to standard output");
    cli_read("closed/history.csv", cli_out);
    assert_int_equal(cli_lines(cli_out), 3); /* the heading and two epochs */
}

/* Starts a long training and waits until it has saved its weights once. */
static pid_t start_training(void)
{
    char saved[CLI_PATH];
    cli_path(saved, "long/weights.safetensors");
    pid_t pid = fork();
    if (pid == 0) {
        int error =
            chdir(cli_folder) == 0 ? open("long-err.txt", O_WRONLY | O_CREAT | O_TRUNC, 0666) : -1;
        int output = open("long-out.txt", O_WRONLY | O_CREAT | O_TRUNC, 0666);
        if (error >= 0 && output >= 0 && dup2(output, 1) == 1 && dup2(error, 2) == 2)
            execl(cli_program, "isocl", "train", "tiny.yaml", "--device", "reference", "--limit",
                  "120", "--epochs", "100000", "--out", "long", (char *)NULL);
        _exit(99);
    }
    assert_true(pid > 0);
    for (int ms = 0; ms < WAIT_MS && access(saved, F_OK) != 0; ms += 5)
        cli_sleep(0.005);
    assert_int_equal(access(saved, F_OK), 0);
    return pid;
}

static void test_interrupt(void **state)
{
    int status;
    (void)state;
    pid_t pid = start_training();
    assert_int_equal(cli_run("train --resume --out long --epochs 100001"), ISO_EXIT_FILE);
    cli_says(cli_err, "another isocl is training in long");
    assert_int_equal(kill(pid, SIGINT), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
    cli_read("long-out.txt", cli_out);
    cli_read("long-err.txt", cli_err);
    cli_says(cli_out, "weights sha256 ");
    cli_says(cli_err, "go on with: isocl train --resume --out long");
    assert_int_equal(cli_run("eval long --limit 20 --device reference"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_train),
        TEST(test_overrides),
        TEST(test_json),
        TEST(test_resume),
        TEST(test_runs),
        TEST(test_about),
        TEST(test_runs_tell_what_made_them),
        TEST(test_resume_across_phases),
        TEST(test_phase_options),
        TEST(test_phases_that_keep_all),
        TEST(test_closed_output),
        TEST(test_interrupt),
    };
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
