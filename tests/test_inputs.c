/* test_inputs.c: pipes and devices as files are refused, and nobody waits for them; a stack of 64
 * KiB is enough. */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void make_pipe(const char *name)
{
    char path[CLI_PATH];
    cli_path(path, name);
    assert_int_equal(mkfifo(path, 0600), 0);
}

/* A command in the folder, with a limit of time for what waits; returns its exit code. */
static int run_within(const char *before, const char *arguments)
{
    char command[3 * CLI_PATH];
    snprintf(command, sizeof command,
             "cd %s && %s timeout 60 '%s' %s >out.txt 2>err.txt </dev/null", cli_folder, before,
             cli_program, arguments);
    const int status = system(command);
    cli_read("out.txt", cli_out);
    cli_read("err.txt", cli_err);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void pipes_and_devices_are_refused(void **state)
{
    static const char *const pipes[] = { "f.yaml", "f.png",  "f.csv",  "f.npy",        "f.npz",
                                         "f.h5",   "f.onnx", "f.json", "f.safetensors" };
    static const char *const commands[] = { "train f.yaml",
                                            "summary /dev/zero",
                                            "train /dev/full",
                                            "predict r f.png",
                                            "predict r /dev/zero",
                                            "predict r f.csv",
                                            "predict r f.npy",
                                            "check f.csv",
                                            "new f.npy",
                                            "import f.h5 tiny.yaml",
                                            "import /dev/zero tiny.yaml",
                                            "import f.onnx --model x.yaml",
                                            "train tiny.yaml --weights f.safetensors",
                                            "eval r --weights /dev/zero",
                                            "trace tiny.yaml --batch-from f.safetensors",
                                            "parity --ops dense --devices cpu --check f.json",
                                            "train tiny.yaml --set data.train.dataset=csv:f.csv",
                                            "train tiny.yaml --set data.train.dataset=npy:f.npz" };
    (void)state;
    assert_int_equal(cli_run(TRAIN "--out r --quiet"), 0);
    for (size_t i = 0; i < sizeof pipes / sizeof *pipes; i++)
        make_pipe(pipes[i]);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        const int code = run_within("", commands[i]);
        if (strstr(cli_err, ": this isocl was built without ") != NULL)
            continue; /* HDF5 or ONNX: no file was looked at */
        if (code != ISO_EXIT_FILE ||
            (strstr(cli_err, " is a pipe, ") == NULL && strstr(cli_err, " is a device, ") == NULL))
            fail_msg("%s: %s%s", commands[i], cli_out, cli_err);
    }
}

/* Files of a run, which a command opens to go on with it. */
static void pipes_in_a_run_are_refused(void **state)
{
    static const char *const files[] = { "state", "history.csv", "batches.csv", "log.txt",
                                         "run.json" };
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char name[64], path[CLI_PATH], command[128];
        assert_int_equal(cli_run(TRAIN "--quiet --out r%zu", i), 0);
        snprintf(name, sizeof name, "r%zu/%s", i, files[i]);
        cli_path(path, name);
        assert_int_equal(remove(path), 0);
        make_pipe(name);
        snprintf(command, sizeof command, "train --resume --out r%zu --epochs 3", i);
        if (run_within("", command) != ISO_EXIT_FILE)
            fail_msg("%s: %s%s", files[i], cli_out, cli_err);
        cli_says(cli_err, files[i]);
    }
}

static void a_stack_of_64_kib_is_enough(void **state)
{
    static const char *const commands[] = {
        "train tiny.yaml --device cpu --limit 120 --epochs 1 --out r --verify 1/2",
        "eval r",
        "verify r --replay",
        "summary tiny.yaml",
        "export r --out r.onnx",
        "predict r --split test --limit 3",
        "parity --ops dense --devices cpu --quick --quiet",
        "doctor"
    };
    (void)state;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        const int code = run_within("ulimit -s 64 &&", commands[i]);
        if (code != 0 && strstr(cli_err, "ONNX") == NULL)
            fail_msg("%s: %d: %s%s", commands[i], code, cli_out, cli_err);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pipes_and_devices_are_refused),
        TEST(pipes_in_a_run_are_refused),
        TEST(a_stack_of_64_kib_is_enough),
    };
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
