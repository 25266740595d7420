/* test_liar.c: parity on a driver that crashes, hangs or computes wrongly (tests/liar): every
 * result is told, whatever the driver does. */
#include "cli.h"
#include "lie.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef ISO_HAVE_OPENCL
#include "core/iso.h"

static int tear_down(void **state)
{
    tell_truth();
    return cli_teardown(state);
}
#define CASE(name) cmocka_unit_test_setup_teardown(name, cli_setup, tear_down)

/* Fails unless every line is a JSON object; returns the number of checks with this result. */
static int count_results(const char *result)
{
    int n = 0;
    char *rest = cli_out;
    for (char *line; (line = strtok_r(rest, "\n", &rest)) != NULL;) {
        json_error_t fault;
        json_t *o = json_loads(line, 0, &fault);
        if (o == NULL)
            fail_msg("not JSON: %s: %s", fault.text, line);
        const char *got = json_string_value(json_object_get(o, "result"));
        n += got != NULL && strcmp(got, result) == 0;
        json_decref(o);
    }
    return n;
}

static void a_crash_is_a_result_and_the_next_check_runs(void **state)
{
    (void)state;
    if (!lie_has_pocl())
        return;
    lie("crash:slice_backward");
    assert_int_equal(cli_run("parity --ops slice,sgd --devices opencl:pocl --json"),
                     ISO_EXIT_DEVICE);
    cli_says(cli_out, "\"subject\":\"slice\",\"case\":1");
    cli_says(cli_out, "\"pass\":\"backward\"");
    cli_says(cli_out, "the driver's process crashed (signal 6");
    cli_says(cli_out, "\"subject\":\"sgd\"");
    cli_says(cli_out, "\"event\":\"end\"");
    assert_int_equal(count_results("crashed"), 3); /* then the op's other cases are left out */
}

static void a_hang_ends_after_the_limit(void **state)
{
    (void)state;
    if (!lie_has_pocl())
        return;
    lie("hang:sgd_update");
    assert_int_equal(
        cli_run("parity --ops sgd,slice --case 1 --limit 3 --devices opencl:pocl --quiet"),
        ISO_EXIT_DEVICE);
    cli_says(cli_out, "sgd/1 update");
    cli_says(cli_out, "TIMED OUT: the driver's process took longer than 3 s");
    cli_says(cli_out, "0 failed, 0 skipped, 0 crashed, 1 timed out");
}

static void a_lost_device_is_opened_again(void **state)
{
    (void)state;
    if (!lie_has_pocl())
        return;
    lie("lost:sgd_update");
    assert_int_equal(cli_run("parity --ops sgd,slice --case 1 --devices opencl:pocl --quiet"),
                     ISO_EXIT_DIFFERS);
    cli_says(cli_out, "sgd/1 update");
    cli_says(cli_out, "CL_OUT_OF_RESOURCES");
    cli_says(cli_out, "4 passed, 1 failed");
}

static void wrong_skipped_and_stale_numbers_are_named(void **state)
{
    (void)state;
    static const char *const faults[] = { "wrong:sgd_update", "skip:sgd_update",
                                          "stale:sgd_update" };
    if (!lie_has_pocl())
        return;
    unsetenv("ISOCL_OPENCL_OPTIONS"); /* the command that repeats a failure carries it */
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        lie(faults[i]);
        assert_int_equal(cli_run("parity --ops sgd --case 1 --devices opencl:pocl --quiet"),
                         ISO_EXIT_DIFFERS);
        cli_says(cli_out, "sgd/1 update");
        cli_says(cli_out, "first [0]");
        cli_says(cli_out, "repeat: isocl parity --ops sgd --case 1 --devices opencl:");
    }
}

static void small_groups_are_served_or_refused_at_open(void **state)
{
    static const char *const served[] = { "group:32", "kernel-group:32", "kernel-group:64" };
    (void)state;
    if (!lie_has_pocl())
        return;
    for (size_t i = 0; i < sizeof served / sizeof *served; i++) {
        lie(served[i]);
        if (cli_run("parity --ops dense,conv2d,activation --quick --devices opencl:pocl --quiet") !=
            0)
            fail_msg("%s: %s%s", served[i], cli_out, cli_err);
    }
    lie("group:8");
    assert_int_equal(cli_run("parity --ops dense --case 1 --devices opencl:pocl --quiet"),
                     ISO_EXIT_DEVICE);
    cli_says(cli_err, "allows only 8 work-items in a group; isocl needs 16");
    lie("kernel-group:32");
    setenv("ISOCL_OPENCL_SHAPE", "gpu", 1);
    const int code = cli_run("parity --ops dense --case 1 --devices opencl:pocl --quiet");
    unsetenv("ISOCL_OPENCL_SHAPE");
    assert_int_equal(code, ISO_EXIT_DEVICE);
    cli_says(cli_err, "allows only 32 work-items in a group; isocl needs 64 in the GPU shape");
}

static void ctrl_c_ends_with_a_summary(void **state)
{
    (void)state;
    if (!lie_has_pocl())
        return;
    lie("hang:sgd_update");
    const pid_t pid = cli_start("parity --ops sgd --devices opencl:pocl --json");
    cli_sleep(3);
    kill(pid, SIGINT);
    const int status = cli_wait(pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
    cli_says(cli_out, "\"stopped\":true");
    count_results("passed");
}
#endif

static void a_record_names_the_element_and_what_it_lacks(void **state)
{
    char text[CLI_OUTPUT];
    json_error_t fault;
    (void)state;
    assert_int_equal(cli_run("parity --ops sgd,slice --devices cpu --record r.json --quiet"), 0);
    cli_says(cli_out, "0 failed");
    cli_read("r.json", text);
    json_t *o = json_loads(text, 0, &fault);
    assert_non_null(o);
    static const char *const members[] = { "isocl", "arith", "seed",    "host",
                                           "date",  "lacks", "devices", "sha256" };
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (json_object_get(o, members[i]) == NULL)
            fail_msg("the record has no %s", members[i]);
    json_decref(o);
    assert_int_equal(cli_run("parity --ops sgd,slice --devices reference --check r.json --quiet"),
                     0);
    assert_int_equal(cli_run("parity --ops sgd,slice,adam --devices cpu --check r.json --quiet"),
                     ISO_EXIT_DIFFERS);
    cli_says(cli_err, "adam (");
}

static void a_changed_record_is_refused(void **state)
{
    char text[CLI_OUTPUT];
    (void)state;
    assert_int_equal(cli_run("parity --ops sgd --case 1 --devices cpu --record r.json --quiet"), 0);
    cli_read("r.json", text);
    char *digit = strstr(text, "sgd/1/update\": \"") + strlen("sgd/1/update\": \"");
    *digit = *digit == '0' ? '1' : '0';
    cli_write("r.json", text);
    assert_int_equal(cli_run("parity --ops sgd --case 1 --devices cpu --check r.json --quiet"),
                     ISO_EXIT_FILE);
    cli_says(cli_err, "was changed since it was made");
}

#ifdef ISO_HAVE_OPENCL
static void a_failed_record_check_names_its_element_and_repeats_with_the_file(void **state)
{
    (void)state;
    if (!lie_has_pocl())
        return;
    assert_int_equal(cli_run("parity --ops sgd --case 2 --devices cpu --record 'a b.json' --quiet"),
                     0);
    lie("wrong:sgd_*");
    assert_int_equal(cli_run("parity --ops sgd --case 2 --devices opencl:pocl --check 'a b.json' "
                             "--json"),
                     ISO_EXIT_DIFFERS);
    cli_says(cli_out, "the first that differs is w0[");
    cli_says(cli_out, "--mode exact --check 'a b.json'\"");
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_record_names_the_element_and_what_it_lacks),
        TEST(a_changed_record_is_refused),
#ifdef ISO_HAVE_OPENCL
        CASE(a_crash_is_a_result_and_the_next_check_runs),
        CASE(a_hang_ends_after_the_limit),
        CASE(a_lost_device_is_opened_again),
        CASE(small_groups_are_served_or_refused_at_open),
        CASE(ctrl_c_ends_with_a_summary),
        CASE(a_failed_record_check_names_its_element_and_repeats_with_the_file),
        CASE(wrong_skipped_and_stale_numbers_are_named),
#endif
    };
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
