/* test_page_script.c: the script of a report's page, run by node in a document of
 * tests/page/dom.js: scales, smoothing, hiding, the cross-hair, zoom and sorting give the numbers
 * that they should. Without node it is skipped. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "cli.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

static char script[PATH_MAX];

/* Makes a run whose history has this text; its seed is `seed`. */
static void new_run(const char *name, int seed, const char *history)
{
    char file[CLI_PATH];
    assert_int_equal(cli_run(TRAIN "--steps 1 --quiet --out %s --seed %d", name, seed), 0);
    snprintf(file, sizeof file, "%s/history.csv", name);
    cli_write(file, history);
    snprintf(file, sizeof file, "%s/batches.csv", name);
    cli_write(file, "step,epoch,rows,loss\n");
}

static void a_page_can_be_explored(void **state)
{
    char command[PATH_MAX + 2 * CLI_PATH];
    (void)state;
    if (system("command -v node >/dev/null 2>&1") != 0) {
        print_message("there is no node to run the page's script\n");
        skip();
    }
    new_run("a", 7,
            "epoch,seconds,images_per_second,loss,accuracy,r2,mean_absolute_error,validation_loss,"
            "validation_mean_absolute_error\n"
            "1,1,20000,1200,.1,-.5,8,1500,6\n2,1,1500,100,.5,0,4,50,\n"
            "3,1,1600,20,.4,.5,2,30,3\n4,1,1700,10,.9,.9,1,40,5\n");
    new_run("b", 3, "epoch,loss,validation_loss\n1,5,100\n");
    new_run("c", 5, "epoch,loss\n1,6\n");
    assert_int_equal(cli_run("report a --history --out run.html"), 0);
    assert_int_equal(cli_run("report a b c --out runs.html"), 0);
    snprintf(command, sizeof command, "node '%s' '%s/run.html' '%s/runs.html' >&2", script,
             cli_folder, cli_folder);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { TEST(a_page_can_be_explored) };
    if (realpath("tests/page/script.js", script) == NULL) {
        perror("tests/page/script.js");
        return 1;
    }
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
