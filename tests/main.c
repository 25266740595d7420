#include "main.h"
#undef main
#include "tasks.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#ifndef ISO_TEST_ROOT /* the Makefile's; the folder of the clone */
#define ISO_TEST_ROOT "."
#endif

int test_argc;
char **test_argv;

/* Tests name files from the root of the repository; the program can be started in any folder. */
static void go_to_root(char **argv)
{
    static char path[PATH_MAX];
    if (realpath(argv[0], path) != NULL)
        argv[0] = path;
    if (chdir(ISO_TEST_ROOT) != 0) {
        perror("the repository that this test was built in: " ISO_TEST_ROOT);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    if (getenv("ISOCL_TEST_STRANGER") == NULL) /* a program that knows nothing of children */
        iso_child_main_with(argc, argv, test_tasks);
    go_to_root(argv);
    test_argc = argc;
    test_argv = argv;
    if (argc == 2) /* test_NAME 'CASE*' runs the cases whose names match */
        cmocka_set_test_filter(argv[1]);
    return test_main();
}
