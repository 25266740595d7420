/* cli.h: runs the program as a user does, in a folder with a small model file, tiny.yaml. The
 * environment's BUILD names the folder it was built in (default build). */
#ifndef ISO_TEST_CLI_H
#define ISO_TEST_CLI_H
#include "core/formats/safetensors.h"
#include "folder.h"
#include "tools/exit_code.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/types.h>

#include <cmocka.h>

enum { CLI_OUTPUT = 1 << 20, CLI_PATH = 4096 };
#define TRAIN "train tiny.yaml --device reference --limit 120 "
#define TEST(name) cmocka_unit_test_setup_teardown(name, cli_setup, cli_teardown)

extern char cli_program[CLI_PATH];                    /* build/isocl, from the root */
extern char cli_folder[FOLDER];                       /* its working directory; new for each test */
extern char cli_out[CLI_OUTPUT], cli_err[CLI_OUTPUT]; /* output of the last command */

int cli_setup(void **state);
int cli_teardown(void **state);
/* Finds the program, runs the tests, and returns the exit status for main. */
int cli_main(const struct CMUnitTest *tests, size_t n);

/* Runs "isocl <arguments>" and returns its exit code, with cli_out and cli_err filled. */
int cli_run(const char *fmt, ...);
/* Starts "isocl <arguments>" with its output in out.txt and err.txt, and returns its number. The
 * program itself has that number: it may be killed. cli_wait returns its wait status, with cli_out
 * and cli_err filled. */
pid_t cli_start(const char *fmt, ...);
int cli_wait(pid_t pid);
void cli_sleep(double seconds);
/* The path of a file in the folder. */
void cli_path(char path[CLI_PATH], const char *name);
void cli_write(const char *name, const char *text);
void cli_write_bytes(const char *name, const void *bytes, size_t n);
/* Reads a file into text, which has CLI_OUTPUT bytes; returns its length. */
size_t cli_read(const char *name, char *text);

/* Fails unless the expected words are in text. */
void cli_says(const char *text, const char *expected);
int cli_lines(const char *text);
/* A run's history.csv without the columns that depend on the clock, in out of CLI_OUTPUT bytes. */
void cli_history(const char *run, char *out);
/* Writes a safetensors file anew, after a change of its tensors or metadata, with its new hash. */
void cli_change(const char *name, void (*change)(struct iso_st_file *));
/* Makes a run's files say that they are of arithmetic 1. */
void cli_age(const char *run);
/* Copies the hexadecimal digits after the last "weights sha256" of cli_out. */
void cli_hash(char hex[65]);
#endif
