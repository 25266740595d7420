/* test_cli_device.c: which device a command takes, and what it says of it. No OpenCL driver is
 * visible here, as on a machine without one. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

static const char train[] = "train tiny.yaml --steps 1 --limit 50 --quiet --threads 1";
static const char told[] =
    "isocl: --device auto takes cpu: no GPU can be used, OpenCL shows no device (said once; "
    "`isocl doctor` helps)\n";

static int setup(void **state)
{
    if (cli_setup(state) != 0)
        return 1;
    char cache[CLI_PATH];
    cli_path(cache, "cache");
    unsetenv("ISOCL_QUIET");
    setenv("OCL_ICD_VENDORS", "/nonexistent", 1);
    return setenv("XDG_CACHE_HOME", cache, 1);
}

static void test_gpu_is_one_or_an_error(void **state)
{
    (void)state;
    assert_int_equal(cli_run("%s --device gpu", train), ISO_EXIT_DEVICE);
    cli_says(cli_err, "--device gpu: no GPU can be used here; OpenCL shows no device");
    cli_says(cli_err, "isocl doctor");
    assert_int_equal(cli_lines(cli_err), 1);
}

static void test_auto_says_once_what_it_took(void **state)
{
    (void)state;
    assert_int_equal(cli_run("%s", train), 0);
    assert_string_equal(cli_err, told);
    assert_int_equal(cli_run("%s", train), 0);
    assert_string_equal(cli_err, "");
    assert_int_equal(cli_run("%s --device cpu", train), 0);
    assert_string_equal(cli_err, "");
    cli_write("cache/isocl/told-device.txt", "another device, before\n");
    assert_int_equal(cli_run("%s --device auto", train), 0);
    assert_string_equal(cli_err, told);
}

/* Without a cache the message is printed each time; nothing else goes wrong. */
static void test_without_a_cache(void **state)
{
    (void)state;
    setenv("XDG_CACHE_HOME", "/dev/null/x", 1);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(cli_run("%s", train), 0);
        assert_string_equal(cli_err, told);
    }
    setenv("ISOCL_QUIET", "1", 1);
    assert_int_equal(cli_run("%s", train), 0);
    assert_string_equal(cli_err, "");
}

static void test_exact_is_the_default(void **state)
{
    (void)state;
    assert_int_equal(cli_run("%s", train), 0);
    cli_says(cli_out, "  exact  cpu (");
    assert_int_equal(cli_run("help modes"), 0);
    cli_says(cli_out, "the same bits on every device");
}

#define OWN(name) cmocka_unit_test_setup_teardown(name, setup, cli_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        OWN(test_gpu_is_one_or_an_error),
        OWN(test_auto_says_once_what_it_took),
        OWN(test_without_a_cache),
        OWN(test_exact_is_the_default),
    };
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
