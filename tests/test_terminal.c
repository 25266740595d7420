/* test_terminal.c: a training on a terminal: its bar in wide and narrow windows, Ctrl-C once and
 * twice, and warnings of what goes wrong. */
#define _GNU_SOURCE /* posix_openpt, TIOCSCTTY */
#include "cli.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WAIT_MS = 60000 };
static const char ctrl_c = 3;

/* Starts the program on a terminal of so many columns, as its only process; *terminal: our end. */
static pid_t start_on_terminal(const char *arguments, int columns, int *terminal)
{
    const struct winsize size = { .ws_row = 24, .ws_col = (unsigned short)columns };
    char command[3 * CLI_PATH];
    *terminal = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(*terminal >= 0);
    assert_int_equal(grantpt(*terminal) | unlockpt(*terminal), 0);
    const char *name = ptsname(*terminal);
    snprintf(command, sizeof command, "cd %s && TERM=xterm exec '%s' %s", cli_folder, cli_program,
             arguments);
    const pid_t pid = fork();
    if (pid == 0) {
        setsid();
        const int own = open(name, O_RDWR);
        if (own >= 0 && ioctl(own, TIOCSCTTY, 0) == 0 && ioctl(own, TIOCSWINSZ, &size) == 0 &&
            dup2(own, 0) == 0 && dup2(own, 1) == 1 && dup2(own, 2) == 2)
            execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(99);
    }
    assert_true(pid > 0);
    return pid;
}

/* Reads what the terminal shows to cli_out until it shows `until`, or, if that is NULL, until the
 * program has ended, whose wait status is returned. */
static int read_terminal(pid_t pid, int terminal, size_t *used, const char *until)
{
    int status = 0;
    for (;;) {
        const ssize_t n = read(terminal, cli_out + *used, CLI_OUTPUT - 1 - *used);
        if (n <= 0)
            break; /* the program's end of it is closed */
        *used += (size_t)n;
        cli_out[*used] = '\0';
        if (until != NULL && strstr(cli_out, until) != NULL)
            return 0;
    }
    if (until != NULL)
        fail_msg("'%s' is not in:\n%s", until, cli_out);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    close(terminal);
    return status;
}

/* The lengths of the lines that cover each other are within the window; their number. */
static int bars_within(const char *text, size_t columns)
{
    int bars = 0;
    for (const char *at = text; (at = strstr(at, "\repoch")) != NULL; at++) {
        const char *end = strstr(at, "\033[K");
        assert_non_null(end);
        assert_true((size_t)(end - at - 1) < columns);
        bars++;
    }
    return bars;
}

static void test_bar(void **state)
{
    static const int columns[] = { 40, 140 };
    (void)state;
    for (int i = 0; i < 2; i++) {
        char command[128];
        size_t used = 0;
        int terminal;
        snprintf(command, sizeof command, TRAIN "--epochs 2 --out bar-%d", i);
        const pid_t pid = start_on_terminal(command, columns[i], &terminal);
        assert_int_equal(read_terminal(pid, terminal, &used, NULL), 0);
        assert_true(bars_within(cli_out, (size_t)columns[i]) > 0);
        cli_says(cli_out, "step 1/3  ");
        cli_says(cli_out, " s left");
        cli_says(cli_out, "\r\033[Kepoch 2/2  loss ");
        if (columns[i] > 100)
            cli_says(cli_out, "epoch 1/2 [==========>             ]  step 1/3");
        if (columns[i] > 100)
            cli_says(cli_out, " images/s\033[K");
    }
}

/* Returns the characters of the longest line of `isocl help train` in a window of so many columns,
 * of those lines that can be broken. */
static size_t longest_help(int columns)
{
    size_t used = 0, longest = 0;
    int terminal;
    const pid_t pid = start_on_terminal("help train", columns, &terminal);
    assert_int_equal(read_terminal(pid, terminal, &used, NULL), 0);
    for (char *rest = NULL, *line = strtok_r(cli_out, "\r\n", &rest); line != NULL;
         line = strtok_r(NULL, "\r\n", &rest)) {
        const char *text = line + strspn(line, " ");
        const bool wrapped = strncmp(line, "                    ", 20) == 0;
        if (wrapped && strchr(text, ' ') != NULL && strlen(line) > longest)
            longest = strlen(line);
    }
    return longest;
}

/* Help is as wide as the window, and readable in one that is wider than a page. */
static void test_help_width(void **state)
{
    (void)state;
    assert_in_range(longest_help(52), 44, 52);
    assert_in_range(longest_help(80), 72, 80);
    assert_in_range(longest_help(220), 92, 100);
}

static void test_ctrl_c(void **state)
{
    size_t used = 0;
    int terminal;
    (void)state;
    const pid_t pid = start_on_terminal(TRAIN "--epochs 100000 --out run", 80, &terminal);
    read_terminal(pid, terminal, &used, "epoch 2/");
    assert_int_equal(write(terminal, &ctrl_c, 1), 1);
    const int status = read_terminal(pid, terminal, &used, NULL);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
    cli_says(cli_out, "stopping after this step; once more ends it at once");
    cli_says(cli_out, "weights sha256 ");
    cli_says(cli_out, "go on with: isocl train --resume --out run --device reference");
    assert_int_equal(cli_run("eval run --limit 20 --device reference"), 0);
}

/* In a step that takes long; what was saved before it is there. */
static void test_ctrl_c_twice(void **state)
{
    static char text[CLI_OUTPUT];
    size_t used = 0;
    int terminal;
    (void)state;
    cli_read("tiny.yaml", text);
    char *flatten = strstr(text, "  - flatten");
    assert_non_null(flatten);
    strcpy(flatten,
           "  - conv2d: {filters: 32, kernel_size: 9, padding: same}\n"
           "  - flatten\n"
           "  - dense: {units: 10, activation: softmax}\n"
           "loss: categorical_crossentropy\n"
           "optimizer: sgd\n"
           "train: {batch_size: 500, seed: 1}\n");
    cli_write("slow.yaml", text);
    const pid_t pid = start_on_terminal("train slow.yaml --device reference --limit 500 --out run",
                                        80, &terminal);
    read_terminal(pid, terminal, &used, "device     exact");
    cli_sleep(0.2);
    assert_int_equal(write(terminal, &ctrl_c, 1), 1);
    read_terminal(pid, terminal, &used, "stopping after this step");
    assert_int_equal(write(terminal, &ctrl_c, 1), 1);
    const int status = read_terminal(pid, terminal, &used, NULL);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
    assert_int_equal(cli_run("runs run"), 0);
}

static int count(const char *text, const char *part)
{
    int n = 0;
    for (; (text = strstr(text, part)) != NULL; text++)
        n++;
    return n;
}

/* A relu that is dead from the beginning: nothing is learned, and each is told once. */
static void test_warnings(void **state)
{
    static char text[CLI_OUTPUT];
    (void)state;
    cli_read("tiny.yaml", text);
    char *relu = strstr(text, "relu}"), *rest = strdup(relu + strlen("relu}"));
    sprintf(relu, "relu, bias_initializer: {constant: -1000}}%s", rest);
    free(rest);
    cli_write("dead.yaml", text);
    assert_int_equal(cli_run("train dead.yaml --device reference --limit 120 --epochs 4 --out a"),
                     0);
    assert_int_equal(count(cli_out, "\nwarning    dense_1: its relu gave nothing but 0"), 1);
    assert_int_equal(count(cli_out, "\nwarning    the accuracy has been at chance for 3"), 1);
    cli_read("a/log.txt", text);
    assert_int_equal(count(text, "\nwarning    "), 2);
    assert_int_equal(cli_run("train dead.yaml --device reference --limit 120 --epochs 4 --json"),
                     0);
    assert_int_equal(count(cli_out, "{\"event\":\"warning\","), 2);
    cli_says(cli_out,
             "{\"event\":\"warning\",\"kind\":\"dead_relu\",\"layer\":\"dense_1\","
             "\"epoch\":1,\"step\":3,");
    cli_says(cli_out, "{\"event\":\"warning\",\"kind\":\"at_chance\",\"layer\":\"\",\"epoch\":3,");
    assert_int_equal(cli_run("train dead.yaml --device reference --limit 120 --epochs 4 --quiet"),
                     0);
    assert_int_equal(cli_lines(cli_out), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_bar),          TEST(test_help_width), TEST(test_ctrl_c),
        TEST(test_ctrl_c_twice), TEST(test_warnings),
    };
    return cli_main(tests, sizeof tests / sizeof *tests);
}
