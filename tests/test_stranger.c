/* test_stranger.c: programs that link isocl's library and do not call iso_child_main: isocl does
 * their work, and where it is not to be found they are told what to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/system/child_wire.h"
#include "core/formats/keras_file.h"
#include "core/system/file.h"
#include "folder.h"
#include "main.h"

static char folder[FOLDER], said_by_stranger[4096];

/* Runs this program as one that does not call iso_child_main, and keeps what it prints. */
static void run_stranger(const char *environment)
{
    char command[1024];
    snprintf(command, sizeof command, "ISOCL_TEST_STRANGER=1 %s %s 2>&1", environment,
             test_argv[0]);
    FILE *out = popen(command, "r");
    assert_non_null(out);
    const size_t n = fread(said_by_stranger, 1, sizeof said_by_stranger - 1, out);
    said_by_stranger[n] = '\0';
    pclose(out);
}

static void assert_stranger_says(const char *environment, const char *text)
{
    run_stranger(environment);
    if (strstr(said_by_stranger, text) == NULL)
        fail_msg("%s: '%s' is not in: %s", environment, text, said_by_stranger);
}

/* A program that greets as an isocl of another version does. */
static void write_other_version(const char *program)
{
    const struct iso_child_head head = { .kind = ISO_CHILD_GREETING,
                                         .bytes = sizeof(struct iso_child_greeting) };
    const struct iso_child_greeting greeting = { "99.0" };
    char text[256], bytes[FOLDER + 16];
    snprintf(bytes, sizeof bytes, "%s/greeting", folder);
    FILE *f = fopen(bytes, "wb");
    assert_non_null(f);
    fwrite(&head, sizeof head, 1, f);
    fwrite(&greeting, sizeof greeting, 1, f);
    assert_int_equal(fclose(f), 0);
    const int n = snprintf(text, sizeof text, "#!/bin/sh\ncat %s >&%d\n", bytes,
                           ISO_CHILD_FIRST + ISO_CHILD_RESULTS);
    assert_int_equal(iso_file_write(program, text, (size_t)n), ISO_OK);
    assert_int_equal(chmod(program, 0700), 0);
}

static void strangers_start_isocl(void **state)
{
    const char *build = getenv("BUILD");
    char environment[512], other[FOLDER + 8];
    (void)state;
    assert_int_equal(folder_make(folder, "stranger"), 0);
    snprintf(environment, sizeof environment, "ISOCL_PROGRAM=%s/isocl",
             build != NULL && *build ? build : "build");
    assert_stranger_says(environment,
                         iso_keras_supported() ? "it is done: success" : "without HDF5");
    snprintf(environment, sizeof environment, "PATH=%s/nowhere ISOCL_PROGRAM=", folder);
    run_stranger(environment);
    if (strstr(said_by_stranger, "it is done") == NULL) /* an isocl is installed here */
        assert_non_null(strstr(said_by_stranger,
                               "the program isocl is not here: install it, or "
                               "set ISOCL_PROGRAM to the path of isocl"));
    snprintf(environment, sizeof environment, "ISOCL_PROGRAM=%s", folder);
    assert_stranger_says(environment, "which is not a program: set it to the path of isocl");
    assert_stranger_says("ISOCL_PROGRAM=/bin/false",
                         "/bin/false exited with status 1 instead of "
                         "working for isocl " ISO_VERSION);
    snprintf(other, sizeof other, "%s/other", folder);
    write_other_version(other);
    snprintf(environment, sizeof environment, "ISOCL_PROGRAM=%s", other);
    assert_stranger_says(environment, "other is isocl 99.0, and isocl " ISO_VERSION " is needed");
    assert_int_equal(folder_remove(folder), 0);
}

/* One that is named as the program to start, and does not know, starts itself only once. */
static void strangers_start_no_strangers(void **state)
{
    char environment[512];
    (void)state;
    snprintf(environment, sizeof environment, "ISOCL_PROGRAM=%s", test_argv[0]);
    assert_stranger_says(environment, "its main does not call iso_child_main");
    assert_non_null(strstr(said_by_stranger, "exited with status 1 instead of working"));
}

/* The stranger's work: it opens a file of Keras's, or is refused it where isocl is built without
 * HDF5. */
static int be_stranger(void)
{
    const struct iso_child_job job = {
        .task = "keras",
        .arguments = (const char *const[]){ "tests/keras/weights.h5", NULL },
        .limits = { .seconds = 30 },
    };
    struct iso_child *child;
    char text[2 * ISO_CHILD_MESSAGE];
    if (iso_child_start(&job, &child) != ISO_OK) {
        fprintf(stderr, "%s\n", iso_error());
        return 1;
    }
    iso_child_finish(child);
    fprintf(stderr, "it %s\n", iso_child_text(iso_child_verdict(child), text, sizeof text));
    iso_child_free(child);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strangers_start_isocl),
        cmocka_unit_test(strangers_start_no_strangers),
    };
    if (getenv("ISOCL_TEST_STRANGER") != NULL)
        return be_stranger();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
