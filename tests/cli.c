#define _XOPEN_SOURCE 700 /* realpath */
#include "cli.h"

#include <ctype.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

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

char cli_program[CLI_PATH], cli_folder[FOLDER], cli_out[CLI_OUTPUT], cli_err[CLI_OUTPUT];

void cli_path(char path[CLI_PATH], const char *name)
{
    snprintf(path, CLI_PATH, "%s/%s", cli_folder, name);
}

void cli_write_bytes(const char *name, const void *bytes, size_t n)
{
    char path[CLI_PATH];
    cli_path(path, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

void cli_write(const char *name, const char *text) { cli_write_bytes(name, text, strlen(text)); }

size_t cli_read(const char *name, char *text)
{
    char path[CLI_PATH];
    cli_path(path, name);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t n = fread(text, 1, CLI_OUTPUT - 1, f);
    text[n] = '\0';
    fclose(f);
    return n;
}

/* "cd FOLDER && <how> 'PROGRAM' >out.txt 2>err.txt <arguments>", for sh. */
static void format_command(char command[3 * CLI_PATH], const char *how, const char *fmt,
                           va_list list)
{
    char arguments[1024];
    vsnprintf(arguments, sizeof arguments, fmt, list);
    snprintf(command, 3 * CLI_PATH, "cd %s && %s '%s' >out.txt 2>err.txt %s", cli_folder, how,
             cli_program, arguments);
}

int cli_run(const char *fmt, ...)
{
    char command[3 * CLI_PATH];
    va_list list;
    va_start(list, fmt);
    format_command(command, "", fmt, list);
    va_end(list);
    int status = system(command);
    cli_read("out.txt", cli_out);
    cli_read("err.txt", cli_err);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

pid_t cli_start(const char *fmt, ...)
{
    char command[3 * CLI_PATH];
    va_list list;
    va_start(list, fmt);
    format_command(command, "exec", fmt, list);
    va_end(list);
    const pid_t pid = fork();
    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(99);
    }
    assert_true(pid > 0);
    return pid;
}

int cli_wait(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    cli_read("out.txt", cli_out);
    cli_read("err.txt", cli_err);
    return status;
}

void cli_sleep(double seconds)
{
    nanosleep(&(struct timespec){ .tv_sec = (time_t)seconds,
                                  .tv_nsec = (long)(1e9 * (seconds - (double)(time_t)seconds)) },
              NULL);
}

int cli_setup(void **state)
{
    (void)state;
    if (folder_make(cli_folder, "cli") != 0)
        return 1;
    cli_write("tiny.yaml", tiny);
    return 0;
}

int cli_teardown(void **state)
{
    (void)state;
    return folder_remove(cli_folder);
}

void cli_says(const char *text, const char *expected)
{
    if (strstr(text, expected) == NULL)
        fail_msg("'%s' is not in:\n%s%s", expected, text, cli_err);
}

int cli_lines(const char *text)
{
    int lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

void cli_history(const char *run, char *out)
{
    static char text[CLI_OUTPUT];
    char name[64];
    size_t used = 0;
    bool timed[32] = { false };
    int rows = 0;
    snprintf(name, sizeof name, "%s/history.csv", run);
    cli_read(name, text);
    for (char *rest = NULL, *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest), rows++) {
        int column = 0;
        for (char *more = NULL, *cell = strtok_r(line, ",", &more); cell != NULL;
             cell = strtok_r(NULL, ",", &more), column++) {
            assert_true(column < 32);
            if (rows == 0)
                timed[column] = strstr(cell, "seconds") != NULL ||
                                strstr(cell, "per_second") != NULL;
            if (!timed[column])
                used += (size_t)snprintf(out + used, CLI_OUTPUT - used, "%s,", cell);
        }
        used += (size_t)snprintf(out + used, CLI_OUTPUT - used, "\n");
    }
    assert_true(rows > 2);
}

/* Writes 1 for the arithmetic in a file, after `key`, which may be in it among any bytes. */
static void age_file(const char *run, const char *name, const char *key)
{
    static char bytes[CLI_OUTPUT];
    char file[64], path[CLI_PATH];
    const size_t length = strlen(key);
    snprintf(file, sizeof file, "%s/%s", run, name);
    const size_t n = cli_read(file, bytes);
    size_t at = 0;
    while (at + length < n && memcmp(bytes + at, key, length) != 0)
        at++;
    assert_true(at + length < n);
    cli_path(path, file);
    FILE *f = fopen(path, "r+");
    assert_non_null(f);
    assert_int_equal(fseek(f, (long)(at + length), SEEK_SET), 0);
    assert_int_equal(fputc('1', f), '1');
    fclose(f);
}

void cli_change(const char *name, void (*change)(struct iso_st_file *))
{
    struct iso_st_file *file = NULL;
    char path[CLI_PATH];
    cli_path(path, name);
    assert_int_equal(iso_st_open(path, &file), ISO_OK);
    change(file);
    assert_int_equal(
        iso_st_write(path, file->tensors, file->n, (const char *const *)file->metadata), ISO_OK);
    iso_st_close(file);
}

static void age_state(struct iso_st_file *file)
{
    for (char **pair = file->metadata; *pair != NULL; pair += 2)
        if (strcmp(pair[0], "isocl.arithmetic") == 0)
            pair[1][0] = '1';
}

void cli_age(const char *run)
{
    char state[64];
    snprintf(state, sizeof state, "%s/state", run);
    cli_change(state, age_state);
    age_file(run, "run.json", "\"arithmetic\": ");
    age_file(run, "device.json", "\"arithmetic\": ");
}

void cli_hash(char hex[65])
{
    const char *found = NULL;
    for (const char *s = cli_out; (s = strstr(s, "weights sha256 ")) != NULL; s++)
        found = s + strlen("weights sha256 ");
    assert_non_null(found);
    for (int i = 0; i < 64; i++)
        assert_true(isxdigit((unsigned char)found[i]));
    assert_true(strncmp(found + 64, "  exact  ", 9) == 0);
    snprintf(hex, 65, "%.64s", found);
}

int cli_main(const struct CMUnitTest *tests, size_t n)
{
    char relative[CLI_PATH];
    const char *build = getenv("BUILD");
    snprintf(relative, sizeof relative, "%s/isocl", build != NULL && *build ? build : "build");
    if (realpath(relative, cli_program) == NULL) {
        fprintf(stderr, "%s is not built\n", relative);
        return 1;
    }
    signal(SIGINT, SIG_DFL); /* a shell's & has it ignored, and the program would inherit that */
    return _cmocka_run_group_tests("isocl", tests, n, NULL, NULL);
}
