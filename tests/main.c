#include "main.h"
#undef main
#include "tasks.h"

#include <stdlib.h>

int test_argc;
char **test_argv;

int main(int argc, char **argv)
{
    if (getenv("ISOCL_TEST_STRANGER") == NULL) /* a program that knows nothing of children */
        iso_child_main_with(argc, argv, test_tasks);
    test_argc = argc;
    test_argv = argv;
    return test_main();
}
