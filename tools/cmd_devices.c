/* isocl devices: what can run here, with what each device can do. */
#include "commands.h"
#include "console.h"
#include "core/text/json.h"
#include "setup.h"

#include <stdio.h>
#include <stdlib.h>

enum { MOST = 64 };
struct devices_options {
    bool json;
};
static const struct iso_option options[] = { { "json", NULL, ISO_OPTION_FLAG,
                                               offsetof(struct devices_options, json),
                                               "print one JSON object per device", 0 },
                                             { NULL, NULL, ISO_OPTION_FLAG, 0, NULL, 0 } };

static const char *exactness(const struct iso_device *d)
{
    if (!d->usable)
        return "-";
    return d->exactness == ISO_EXACT ? "exact" : d->exactness == ISO_EXACT_NORMAL ? "exact*" : "no";
}

static void print_table(const struct iso_device *list, int n)
{
    bool footnote = false;
    printf("%-14s %-40s %-7s %9s  %s\n", "DEVICE", "NAME", "EXACT", "MEMORY", "DRIVER");
    for (int i = 0; i < n; i++) {
        const struct iso_device *d = &list[i];
        char memory[32] = "-";
        if (d->memory)
            snprintf(memory, sizeof memory, "%.1f GiB", (double)d->memory / (1 << 30));
        printf("%-14s %-40.40s %-7s %9s  %s%s%s\n", d->id, d->name, exactness(d), memory,
               d->platform, *d->platform && *d->driver ? ", " : "", d->driver);
        if (*d->note || !d->usable)
            printf("%-14s %s%s\n", "", d->usable ? "" : "not usable: ", d->note);
        footnote = footnote || (d->usable && d->exactness == ISO_EXACT_NORMAL);
    }
    if (footnote)
        printf("* exact where no subnormal numbers occur: it flushes them to zero\n");
    printf("%d device%s; choose one with --device. If one is missing: isocl doctor\n", n,
           n == 1 ? "" : "s");
}

static void print_json(const struct iso_device *list, int n)
{
    for (int i = 0; i < n; i++) {
        const struct iso_device *d = &list[i];
        json_t *object = json_pack(
            "{s:o, s:o, s:o, s:o, s:s, s:b, s:b, s:I, s:I, s:i, s:o}", "id", iso_json_string(d->id),
            "name", iso_json_string(d->name), "platform", iso_json_string(d->platform), "driver",
            iso_json_string(d->driver), "exactness",
            d->exactness == ISO_EXACT          ? "exact"
            : d->exactness == ISO_EXACT_NORMAL ? "exact without subnormals"
                                               : "inexact",
            "usable", d->usable, "gpu", d->gpu, "memory", (json_int_t)d->memory, "max_alloc",
            (json_int_t)d->max_alloc, "units", d->units, "note", iso_json_string(d->note));
        iso_console_json(object);
    }
}

static int run(const struct iso_command *command, int argc, char **argv)
{
    struct devices_options o = { 0 };
    int count, code, n = 0;
    if (!iso_options_parse(command, argc, argv, &o, &count, &code))
        return code;
    struct iso_device *list = iso_alloc(MOST, sizeof *list);
    iso_rc rc = list != NULL ? ISO_OK : ISO_ENOMEM;
    for (const struct iso_backend_ops *const *b = iso_backends; *b != NULL && rc == ISO_OK; b++)
        rc = (*b)->list(list, MOST, &n);
    if (rc == ISO_OK && o.json)
        print_json(list, n);
    else if (rc == ISO_OK)
        print_table(list, n), code = ISO_EXIT_DONE;
    else
        code = iso_report(command, rc, NULL);
    free(list);
    return code;
}

const struct iso_command iso_command_devices = {
    .name = "devices",
    .arguments = "",
    .doc = "lists the devices of this machine and their abilities",
    .more = "EXACT says whether the device computes the same bits as the reference.",
    .examples =
        "  isocl devices\n"
        "  isocl devices --json\n",
    .options = options,
    .run = run,
};
