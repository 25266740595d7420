/* isocl certify: a certificate that a device computes right. */
#include "certificate.h"
#include "commands.h"
#include "interrupt.h"
#include "setup.h"

#include <string.h>

struct certify_options {
    const char *ops, *mode, *html, *junit, *json;
    double limit;
    int64_t seed;
    bool quick, quiet;
};
#define AT(member) offsetof(struct certify_options, member)
static const struct iso_option options[] = {
    { "quick", NULL, ISO_OPTION_FLAG, AT(quick),
      "some cases of each op: less than 20 s on two processors", 0 },
    { "html", "FILE", ISO_OPTION_TEXT, AT(html), "write one page that needs nothing else", 0 },
    { "junit", "FILE", ISO_OPTION_TEXT, AT(junit), "write JUnit's XML, for a CI server", 0 },
    { "json", "FILE", ISO_OPTION_TEXT, AT(json), "write every result as JSON", 0 },
    { "ops", "A,B,...", ISO_OPTION_TEXT, AT(ops),
      "certify these ops only, and no network (default: all ops and a network)", 0 },
    { "mode", "exact|fast", ISO_OPTION_CHOICE, AT(mode), "default: the device's own", 0 },
    { "seed", "S", ISO_OPTION_INT, AT(seed), "seed of the test data", 1 },
    { "limit", "SECONDS", ISO_OPTION_REAL, AT(limit),
      "time that one check of an OpenCL device may take (default 30; 10 with --quick)", 1 },
    { "quiet", NULL, ISO_OPTION_FLAG, AT(quiet), "print failures and the verdict only", 0 },
    { NULL, NULL, ISO_OPTION_FLAG, 0, NULL, 0 }
};

/* Writes the files that were asked for; each says where it is. */
static iso_rc write_files(const struct iso_certificate *c, const struct certify_options *o)
{
    const struct {
        const char *name, *path;
        iso_rc (*write)(const struct iso_certificate *, const char *path);
    } files[] = { { "page", o->html, iso_certificate_page },
                  { "junit", o->junit, iso_certificate_junit },
                  { "json", o->json, iso_certificate_json } };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (files[i].path == NULL)
            continue;
        ISO_TRY(files[i].write(c, files[i].path));
        if (!o->quiet)
            printf("%-8s %s\n", files[i].name, files[i].path);
    }
    return ISO_OK;
}

static int run(const struct iso_command *command, int argc, char **argv)
{
    struct certify_options o = { 0 };
    char path[ISO_PATH];
    int n, code;
    if (!iso_options_parse(command, argc, argv, &o, &n, &code))
        return code;
    /* "opencl" alone would be every OpenCL device. */
    const char *const devices[] = { strcmp(argv[0], "opencl") == 0 ? "opencl:" : argv[0], NULL };
    const char *const models[] = { iso_setup_path("models/demo.yaml", path), NULL };
    const struct iso_parity_options p = {
        .devices = devices,
        .models = o.ops == NULL ? models : NULL,
        .ops = o.ops != NULL ? o.ops : "all",
        .mode = iso_job_mode(o.mode),
        .seed = (uint64_t)o.seed,
        .quick = o.quick,
        .limit = o.limit,
    };
    struct iso_certificate c;
    iso_interrupts_catch("isocl certify: stopping after this check\n");
    iso_rc rc = iso_certificate_make(&c, &p);
    code = iso_exit_code(rc);
    if (c.n > 0 && !c.no_memory) {
        iso_certificate_print(&c, stdout, o.quiet);
        iso_error_clear();
        rc = write_files(&c, &o);
        if (rc != ISO_OK)
            code = iso_report(command, rc, NULL);
    } else {
        code = iso_report(command, rc, NULL);
    }
    iso_certificate_free(&c);
    iso_interrupts_pass_on();
    return code;
}

const struct iso_command iso_command_certify = {
    .name = "certify",
    .arguments = "DEVICE",
    .doc = "writes a certificate that a device computes right",
    .more =
        "Runs the cases of every op and a small network, as `isocl parity` does, and says\n"
        "with which device, driver and versions, how much of each bound was used and where,\n"
        "and the command that repeats each line. A check that crashes the driver or takes\n"
        "too long is a result, too: the others go on. Ends with 0 if everything passed, 3 if\n"
        "numbers differ, 5 if checks crashed or timed out.",
    .examples =
        "  isocl certify opencl:0 --quick\n"
        "  isocl certify opencl:0.0 --html device.html --junit device.xml --json device.json\n",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run,
};
