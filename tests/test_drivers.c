/* test_drivers.c: OpenCL drivers that crash or hang as soon as they are asked for anything take no
 * command down: auto goes on with cpu and says why, and what was found out is remembered. */
#include "cli.h"
#include "lie.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/system/machine.h"

#ifdef ISO_HAVE_OPENCL
static char path_before[CLI_PATH];

/* With a cache of its own, so that nothing is known. */
static int set_up(void **state)
{
    char cache[CLI_PATH];
    if (cli_setup(state) != 0)
        return 1;
    cli_path(cache, "cache");
    snprintf(path_before, sizeof path_before, "%s", getenv("PATH"));
    return setenv("XDG_CACHE_HOME", cache, 1);
}

static int tear_down(void **state)
{
    tell_truth();
    unsetenv("XDG_CACHE_HOME");
    setenv("PATH", path_before, 1);
    return cli_teardown(state);
}
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* Every command that opens devices does what can be done without OpenCL, and says these words. */
static void commands_survive(const char *words)
{
    assert_int_equal(cli_run("devices"), 0);
    cli_says(cli_out, "cpu  ");
    cli_says(cli_out, words);
    assert_int_equal(cli_run("train tiny.yaml --limit 120 --epochs 1"), 0);
    cli_says(cli_err, "--device auto takes cpu");
    cli_says(cli_err, words);
    assert_int_equal(cli_run("train tiny.yaml --device opencl:0 --limit 120 --epochs 1"),
                     ISO_EXIT_DEVICE);
    cli_says(cli_err, words);
    assert_int_equal(cli_run("doctor"), 0);
    cli_says(cli_out, words);
    cli_says(cli_out, "What to do:");
}

static void a_driver_that_crashes_takes_nothing_down(void **state)
{
    static const char *const faults[] = { "crash:clGetPlatformIDs", "crash:clCreateContext",
                                          "crash:probe" };
    (void)state;
    if (!lie_has_pocl())
        return;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        char name[16], cache[CLI_PATH];
        snprintf(name, sizeof name, "cache-%zu", i);
        cli_path(cache, name);
        setenv("XDG_CACHE_HOME", cache, 1); /* the line of auto is said once only */
        lie(faults[i]);
        commands_survive("crashed (signal 6");
    }
}

static void a_driver_that_hangs_is_waited_for_once(void **state)
{
    (void)state;
    if (!lie_has_pocl())
        return;
    lie("hang:clGetPlatformIDs");
    assert_int_equal(cli_run("devices"), 0);
    cli_says(cli_out, "took too long and was killed");
    const double begun = iso_clock();
    assert_int_equal(cli_run("train tiny.yaml --limit 120 --epochs 1"), 0);
    assert_true(iso_clock() - begun < 25); /* seconds; the driver is given 30 */
    cli_says(cli_err, "took too long and was killed");
}

/* PoCL ends the process where its linker is missing. */
static void pocl_without_a_linker_takes_nothing_down(void **state)
{
    char empty[CLI_PATH];
    (void)state;
    if (!lie_has_pocl())
        return;
    cli_path(empty, "empty");
    assert_int_equal(mkdir(empty, 0700), 0);
    setenv("PATH", empty, 1);
    cli_path(empty, "other-cache"); /* PoCL keeps what it has compiled */
    setenv("XDG_CACHE_HOME", empty, 1);
    assert_int_equal(cli_run("train tiny.yaml --limit 120 --epochs 1"), 0);
    cli_says(cli_err, "--device auto takes cpu");
    assert_int_equal(cli_run("devices"), 0);
    assert_int_equal(cli_run("doctor"), 0);
}
#endif

static void without_opencl_cpu_is_taken(void **state)
{
    (void)state;
    assert_int_equal(cli_run("devices"), 0);
    cli_says(cli_out, "cpu  ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_opencl_cpu_is_taken),
#ifdef ISO_HAVE_OPENCL
        CASE(a_driver_that_crashes_takes_nothing_down),
        CASE(a_driver_that_hangs_is_waited_for_once),
        CASE(pocl_without_a_linker_takes_nothing_down),
#endif
    };
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
