/* test_certify.c: a certificate names each fault of a driver that fails on purpose (tests/liar), is
 * finished whatever happens, and its files can be read. */
#include "cli.h"
#include "lie.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef ISO_HAVE_OPENCL
#include "core/iso.h"

enum { NAME = 64 };
/* Faults, and the op that must be named, with what happens to it. */
static const struct {
    const char *fault, *op, *result;
} lies[] = {
    { "crash:adamax_update", "adamax", "crashed" },
    { "crash:slice_backward", "slice", "crashed" },
    { "crash:channel_shuffle", "channel_shuffle", "crashed" },
    { "crash:ln_forward", "layer_normalization", "crashed" },
    { "crash:cutout_forward", "cutout", "crashed" },
    { "crash:gather_rows", "gather_rows", "crashed" },
    { "hang:adadelta_update", "adadelta", "timed out" },
    { "hang:mixup_forward", "mixup", "timed out" },
    { "hang:clip_by_value", "gradient_clipping", "timed out" },
    { "hang:random_crop_forward", "random_crop", "timed out" },
    { "wrong:adagrad_update", "adagrad", "failed" },
    { "wrong:nadam_update", "nadam", "failed" },
    { "wrong:ln_backward", "layer_normalization", "failed" },
    { "wrong:multiply_products", "multiply", "failed" },
    { "wrong:channel_scale_forward:2", "layer_scale", "failed" },
    { "wrong:random_brightness_forward", "random_brightness", "failed" },
    { "skip:copy_rows", "concatenate", "failed" },
    { "skip:rmsprop_update", "rmsprop", "failed" },
    { "stale:regularizer_backward", "regularizer", "failed" },
    { "lost:spatial_dropout2d_apply", "spatial_dropout2d", "failed" },
};
enum { LIES = sizeof lies / sizeof lies[0] };

/* Returns the number of checks of the op with this result, and of all others that passed. */
static int count(const json_t *o, const char *op, const char *result, int *others)
{
    int n = 0;
    size_t i;
    json_t *x;
    *others = 0;
    json_array_foreach(json_object_get(o, "checks"), i, x)
    {
        const bool its = strcmp(json_string_value(json_object_get(x, "subject")), op) == 0;
        const char *got = json_string_value(json_object_get(x, "result"));
        n += its && strcmp(got, result) == 0;
        *others += !its && strcmp(got, "passed") == 0;
    }
    return n;
}

/* Fails unless the file is well-formed XML, by the tags' nesting. */
static void check_xml(const char *name)
{
    static char text[1 << 22];
    char path[CLI_PATH], command[2 * CLI_PATH];
    cli_path(path, name);
    snprintf(command, sizeof command,
             "python3 -c \"import xml.dom.minidom as m; m.parse('%s')\" 2>&1", path);
    FILE *p = popen(command, "r");
    assert_non_null(p);
    text[fread(text, 1, sizeof text - 1, p)] = '\0';
    if (pclose(p) != 0)
        fail_msg("%s: %s", name, text);
}

static void each_fault_is_named_and_the_rest_is_certified(void **state)
{
    (void)state;
    if (!lie_has_pocl())
        return;
    for (int i = 0; i < LIES; i++) {
        char path[CLI_PATH];
        json_error_t fault;
        int others;
        /* The truth first: the op is right, and its kernels are built when the clock runs. */
        if (cli_run("parity --ops %s --devices opencl:pocl --quiet", lies[i].op) != 0)
            fail_msg("%s: %s%s", lies[i].op, cli_out, cli_err);
        lie(lies[i].fault);
        const int code = cli_run(
            "certify opencl:pocl --quick --limit 4 --ops %s,sgd --html c.html "
            "--junit c.xml --json c.json",
            lies[i].op);
        tell_truth();
        cli_path(path, "c.json");
        json_t *o = json_load_file(path, 0, &fault);
        if (o == NULL)
            fail_msg("%s: %s\n%s", lies[i].fault, fault.text, cli_err);
        const int n = count(o, lies[i].op, lies[i].result, &others);
        if (n == 0 || others == 0 || (code != ISO_EXIT_DIFFERS && code != ISO_EXIT_DEVICE))
            fail_msg("%s: %d checks of %s %s, %d others passed, exit code %d\n%s%s", lies[i].fault,
                     n, lies[i].op, lies[i].result, others, code, cli_out, cli_err);
        assert_true(json_is_false(json_object_get(o, "good")));
        json_decref(o);
        check_xml("c.xml");
        check_xml("c.html");
        printf("%-32s %d %s\n", lies[i].fault, n, lies[i].result);
    }
}
#endif

static void a_good_device_is_certified(void **state)
{
    char text[CLI_OUTPUT];
    (void)state;
    assert_int_equal(cli_run("certify cpu --quick --ops sgd,dense,flatten --json c.json --junit "
                             "c.xml --html c.html"),
                     0);
    cli_says(cli_out, "PASSED: all ");
    cli_says(cli_out, "of the bound: dense y0[");
    cli_says(cli_out, "seed 1");
    cli_read("c.json", text);
    static const char *const members[] = {
        "\"host\"", "\"date\"",       "\"driver\"",
        "\"seed\"", "\"good\": true", "isocl parity --ops dense --devices cpu --mode exact"
    };
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        cli_says(text, members[i]);
    cli_read("c.xml", text);
    cli_says(text, "<testcase classname=\"cpu.dense\" name=\"exact case ");
    cli_read("c.html", text);
    cli_says(text, "isocl parity --ops sgd --devices cpu --mode exact");
}

static void what_cannot_be_opened_is_an_error(void **state)
{
    (void)state;
    assert_int_equal(cli_run("certify nonsense --json c.json"), ISO_EXIT_USAGE);
    assert_int_equal(cli_run("certify"), ISO_EXIT_USAGE);
    assert_int_equal(cli_run("certify cpu --ops flatten --json none/such/c.json"), ISO_EXIT_FILE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_good_device_is_certified),
        TEST(what_cannot_be_opened_is_an_error),
#ifdef ISO_HAVE_OPENCL
        TEST(each_fault_is_named_and_the_rest_is_certified),
#endif
    };
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
