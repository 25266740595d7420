/* test_cli_exit.c: how every command ends: its exit code, and that a signal ends the shell, too. */
#include "cli.h"
#include "tools/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TINY "tiny.yaml --device reference --limit 100 "
#define GPU " --device gpu"

/* With these endings: done, no such file, no such device; NULL: the command has no such ending. */
static const struct {
    const char *command, *done, *file, *device;
} cases[] = {
    { "new", "builtin:digits --force", "none", NULL },
    { "get", NULL, NULL, NULL },
    { "train", TINY "--epochs 1 --quiet --out a", "none.yaml", "tiny.yaml" GPU },
    { "sweep", TINY "--epochs 1 --seeds 1 --out s", "none.yaml --seeds 1",
      "tiny.yaml --seeds 1" GPU },
    { "eval", "a --device reference --limit 20", "none", "a --limit 20" GPU },
    { "predict", "a --split test --limit 2 --device reference", "a none.png",
      "a --split test" GPU },
    { "check", NULL, "none", NULL }, /* test_cli_classes has its other endings */
    { "verify", NULL, "none", NULL },
    { "reproduce", TINY "--epochs 1 --quiet --out b", "none.yaml", "tiny.yaml --out c" GPU },
    { "runs", "a", "none", NULL },
    { "report", "a --history", "none", NULL }, /* the page says what could not be measured */
    { "summary", "tiny.yaml", "none.yaml", "tiny.yaml" GPU },
    { "parity", "--ops flatten --devices cpu --quiet", "--check none.json", "--devices gpu" },
    { "certify", "cpu --ops flatten --quiet", "cpu --ops flatten --json none/c.json", "gpu" },
    { "bench", "tiny.yaml --devices cpu --seconds 0.01", "none.yaml --devices cpu",
      "tiny.yaml --devices gpu --seconds 0.01" },
    { "scale", "tiny.yaml --ranks 1,2", "none.yaml", NULL },
    { "tune", NULL, "none.yaml", "tiny.yaml" GPU },
    { "trace", "tiny.yaml --device reference --limit 50", "none.yaml", "tiny.yaml" GPU },
    { "import", NULL, "none.h5 tiny.yaml", NULL },
    { "export", NULL, "none", NULL },
    { "devices", "", NULL, NULL },
    { "doctor", "", NULL, NULL },
    { "completion", "bash", NULL, NULL },
    { "help", "exit-codes", NULL, NULL },
};
enum { CASES = sizeof cases / sizeof cases[0] };

static void ends(const char *command, const char *arguments, int code)
{
    if (arguments == NULL)
        return;
    const int ended = cli_run("%s %s", command, arguments);
    if (ended != code)
        fail_msg("isocl %s %s: ended with %d, not %d: %s%s", command, arguments, ended, code,
                 cli_out, cli_err);
    if (code != ISO_EXIT_DONE && cli_lines(cli_err) < 1)
        fail_msg("isocl %s %s: says nothing", command, arguments);
}

static void every_command_ends_with_the_code_of_its_failure(void **state)
{
    (void)state;
    setenv("OCL_ICD_VENDORS", "/nonexistent", 1); /* no GPU is there */
    for (int i = 0; i < CASES; i++) {
        ends(cases[i].command, cases[i].done, ISO_EXIT_DONE);
        ends(cases[i].command, "--nonsense", ISO_EXIT_USAGE);
        ends(cases[i].command, cases[i].file, ISO_EXIT_FILE);
        ends(cases[i].command, cases[i].device, ISO_EXIT_DEVICE);
        ends(cases[i].command, "--help", ISO_EXIT_DONE);
    }
    unsetenv("OCL_ICD_VENDORS");
}

static void no_command_is_left_out(void **state)
{
    int n = 0;
    (void)state;
    for (const struct iso_command *const *c = iso_commands; *c != NULL; c++, n++)
        if (n >= CASES || strcmp((*c)->name, cases[n].command) != 0)
            fail_msg("%s is not in the table above", (*c)->name);
    assert_int_equal(n, CASES);
}

static void numbers_that_differ_end_with_3(void **state)
{
    static char text[CLI_OUTPUT];
    (void)state;
    assert_int_equal(cli_run("parity --ops flatten --case 999 --devices cpu --quiet"),
                     ISO_EXIT_DIFFERS); /* there is nothing to compare */
    assert_int_equal(cli_run("parity --ops sgd --devices cpu --quiet --record here.json"),
                     ISO_EXIT_DONE);
    assert_int_equal(cli_run("parity --ops sgd,adam --devices cpu --quiet --check here.json"),
                     ISO_EXIT_DIFFERS); /* the record lacks adam */
    cli_read("here.json", text);
    char *hash = strstr(text, "/update\": \"");
    assert_non_null(hash);
    hash += strlen("/update\": \"");
    *hash = *hash == '0' ? '1' : '0';
    cli_write("there.json", text);
    assert_int_equal(cli_run("parity --ops sgd --devices cpu --quiet --check there.json"),
                     ISO_EXIT_FILE); /* it was changed */
}

static void the_list_is_in_the_manual_and_in_help(void **state)
{
    (void)state;
    assert_int_equal(cli_run("help exit-codes"), ISO_EXIT_DONE);
    cli_says(cli_out, "\n  3  numbers differ");
    assert_int_equal(cli_run("help --man"), ISO_EXIT_DONE);
    cli_says(cli_out, "\n\\fB5\\fR\na device is missing");
}

/* Runs a script of bash, which asks how a command of a loop ended, in a group of processes of its
 * own, sends SIGINT to all of them when `saved` is there, as a terminal's Ctrl-C does, and returns
 * the wait status of the shell. */
static int interrupt_script(const char *script, const char *saved)
{
    char path[CLI_PATH];
    if (system("bash -c true 2>/dev/null") != 0)
        skip();
    cli_path(path, saved);
    const pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        if (chdir(cli_folder) == 0)
            execlp("bash", "bash", "-c", script, cli_program, (char *)NULL);
        _exit(99);
    }
    assert_true(pid > 0);
    for (int ms = 0; ms < 60000 && access(path, F_OK) != 0; ms += 5)
        cli_sleep(0.005);
    assert_int_equal(kill(-pid, SIGINT), 0);
    return cli_wait(pid);
}

static void ctrl_c_ends_a_loop_of_the_shell(void **state)
{
    (void)state;
    const int status = interrupt_script(
        "for epochs in 100000 1; do \"$0\" train tiny.yaml --device reference --limit 120 "
        "--epochs $epochs --out for-$epochs >out.txt 2>err.txt; done",
        "for-100000/weights.safetensors");
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
    cli_says(cli_err, "go on with: isocl train --resume --out for-100000");
    char path[CLI_PATH];
    cli_path(path, "for-1");
    assert_int_equal(access(path, F_OK), -1);
}

static void ignored_signals_stay_ignored(void **state)
{
    (void)state;
    const int status = interrupt_script(
        "trap '' INT; exec \"$0\" train tiny.yaml --device reference --limit 120 --epochs 20 --out "
        "a "
        ">out.txt 2>err.txt",
        "a/weights.safetensors");
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == ISO_EXIT_DONE);
    cli_says(cli_out, "epoch 20/20");
}

/* A case may take minutes; SIGTERM does not wait for it. */
static void a_hunt_ends_at_once_and_says_where(void **state)
{
    static char out[CLI_OUTPUT];
    (void)state;
    cli_write("out.txt", ""); /* it is read before the program may have made it */
    const pid_t pid = cli_start(
        "parity --hunt --seed 3 --seconds 1000 --verbose --ops conv2d "
        "--mode exact --devices reference");
    for (int i = 0; i < 600 && strstr(out, "\n5 conv2d") == NULL; i++, cli_sleep(0.1))
        cli_read("out.txt", out);
    assert_int_equal(kill(pid, SIGTERM), 0);
    const int status = cli_wait(pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    cli_says(cli_err, "isocl parity: ended while case ");
    cli_says(cli_err, " (conv2d) was checked on reference; before it ");
    cli_says(cli_err, " --devices reference --mode exact --ops conv2d\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_command_ends_with_the_code_of_its_failure),
        TEST(no_command_is_left_out),
        TEST(numbers_that_differ_end_with_3),
        TEST(the_list_is_in_the_manual_and_in_help),
        TEST(ctrl_c_ends_a_loop_of_the_shell),
        TEST(ignored_signals_stay_ignored),
        TEST(a_hunt_ends_at_once_and_says_where),
    };
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
