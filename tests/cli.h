/* cli.h: runs the program as a user does, in a folder with a small model file, tiny.yaml. The
 * environment's BUILD names the folder it was built in (default build). */
#ifndef ISO_TEST_CLI_H
#define ISO_TEST_CLI_H
#include "folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { CLI_OUTPUT = 1 << 20, CLI_PATH = 4096 };
#define TRAIN "train tiny.yaml --device reference --limit 120 "
#define TEST(name) cmocka_unit_test_setup_teardown(name, cli_setup, cli_teardown)

extern char cli_program[CLI_PATH];     /* build/isocl, from the root */
extern char cli_folder[FOLDER];        /* where it runs; made anew for each test */
extern char cli_out[CLI_OUTPUT], cli_err[CLI_OUTPUT];          /* what the last command printed */

int cli_setup(void **state);
int cli_teardown(void **state);
/* Finds the program and runs the tests; what main returns. */
int cli_main(const struct CMUnitTest *tests, size_t n);

/* Runs "isocl <arguments>" and returns its exit code, with cli_out and cli_err filled. */
int cli_run(const char *fmt, ...);
/* The path of a file in the folder. */
void cli_path(char path[CLI_PATH], const char *name);
void cli_write(const char *name, const char *text);
/* Reads a file into text, which has CLI_OUTPUT bytes; returns its length. */
size_t cli_read(const char *name, char *text);

/* Fails unless part is in text. */
void cli_says(const char *text, const char *part);
int cli_lines(const char *text);
/* Copies the hexadecimal digits after the last "weights sha256" of cli_out. */
void cli_hash(char hex[65]);
#endif
