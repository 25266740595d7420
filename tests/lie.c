#include "lie.h"
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void lie(const char *fault)
{
    static char path[CLI_PATH];
    char name[CLI_PATH];
    const char *build = getenv("BUILD");
    snprintf(name, sizeof name, "%s/tests/libliar.so", build != NULL ? build : "build");
    assert_non_null(realpath(name, path));
    setenv("LD_PRELOAD", path, 1);
    setenv("LIAR", fault, 1);
}

void tell_truth(void)
{
    unsetenv("LD_PRELOAD");
    unsetenv("LIAR");
}

bool lie_has_pocl(void)
{
    cli_run("devices --json");
    if (strstr(cli_out, "Portable Computing Language") != NULL)
        return true;
    printf("SKIP: there is no PoCL\n");
    return false;
}
