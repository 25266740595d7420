/* hunt_check.c: one random case on one device, and the file of one that failed. */
#include "hunt_check.h"
#include "core/system/file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { SHRINK_SECONDS = 20, STREAM_DRAW = 1u << 29 };

/* ---- Drawing -------------------------------------------------------------------------------- */

uint64_t iso_hunted_seed(uint64_t seed, int64_t number) { return seed + (uint64_t)number - 1; }

iso_rc iso_hunt_draw(uint64_t seed, int64_t number, const enum iso_op *ops, int nops, bool models,
                     struct iso_hunted *out)
{
    struct iso_dice dice = { .seed = seed, .stream = STREAM_DRAW + (uint32_t)number };
    *out = (struct iso_hunted){ .number = number, .model = models && number % 32 == 0 };
    if (out->model)
        return iso_hunt_model(&dice, &out->text);
    out->op = ops[iso_dice_below(&dice, nops)];
    return iso_hunt_case(&dice, out->op, &out->text);
}

/* ---- Checking ------------------------------------------------------------------------------- */

struct told {
    struct iso_outcome *out;
};

static bool on_check(void *self, const struct iso_parity_check *c)
{
    struct iso_outcome *out = ((struct told *)self)->out;
    if (strcmp(c->result, "failed") == 0 && out->totals.failed == 0 && out->rung[0] == '\0') {
        snprintf(out->rung, sizeof out->rung, "%s", c->rung);
        snprintf(out->message, sizeof out->message, "%s", c->message);
    }
    return true;
}

static iso_rc check_op(const struct iso_ladder *ladder, enum iso_op op, const char *text)
{
    struct iso_case c;
    ISO_TRY(iso_hunted_case_parse(op, text, &c));
    const iso_rc rc = iso_ladder_case(ladder, &c);
    free(c.params);
    return rc;
}

iso_rc iso_hunted_check(const struct iso_hunter *h, struct iso_backend *device,
                        const struct iso_hunted *d, const char *text, struct iso_outcome *out)
{
    struct told told = { out };
    const struct iso_parity_options options = {
        .quiet = true, .out = h->nowhere, .told = on_check, .self = &told
    };
    struct iso_report report;
    const bool itself = strcmp(device->device.id, h->reference->device.id) == 0;
    const struct iso_ladder ladder = {
        .device = device,
        .reference = itself ? h->portable : h->reference,
        .judge = h->judge,
        .bounds = device == h->first,
        .seed = iso_hunted_seed(h->seed, d->number),
        .report = &report,
    };
    *out = (struct iso_outcome){ 0 };
    iso_report_begin(&report, &options);
    iso_rc rc = d->model ? iso_hunted_model_check(text) : ISO_OK;
    if (rc == ISO_OK)
        rc = d->model ? iso_parity_model(&report, "hunt.yaml", text, &ladder)
                      : check_op(&ladder, d->op, text);
    out->totals = report.totals;
    memcpy(out->line, report.line, sizeof out->line);
    return rc;
}

/* ---- Making it smaller ---------------------------------------------------------------------- */

struct again { /* the fault to be kept */
    const struct iso_hunter *hunter;
    struct iso_backend *device;
    const struct iso_hunted *drawn;
    const char *rung;
};

static bool still_fails(void *self, const char *text)
{
    const struct again *a = self;
    struct iso_outcome out;
    return iso_hunted_check(a->hunter, a->device, a->drawn, text, &out) == ISO_OK &&
           out.totals.failed > 0 && strcmp(out.rung, a->rung) == 0;
}

static iso_rc put_case(FILE *out, const struct iso_hunted *d)
{
    fprintf(out, "op: %s\ncases:\n  - ", iso_ops[d->op].name);
    for (const char *c = d->text; *c != '\0'; c++) {
        fputc(*c, out);
        if (*c == '\n' && c[1] != '\0')
            fputs("    ", out);
    }
    if (strstr(d->text, "mostly_zero") == NULL && d->text[0] != '{')
        fputs("    mostly_zero: true\n", out);
    return ISO_OK;
}

static iso_rc write_text(const struct iso_hunted *d, const char *path, const char *head)
{
    struct iso_file file;
    ISO_TRY(iso_file_begin(path, &file));
    fprintf(file.stream, "# %s\n", head);
    if (d->model)
        fputs(d->text, file.stream);
    else
        put_case(file.stream, d);
    return iso_file_end(&file);
}

/* Writes the file and the arguments that run it: a model, or a folder of cases with one in it. */
static iso_rc write_drawn(const struct iso_hunted *d, const char *folder, const char *head,
                          char arguments[ISO_HUNT_COMMAND])
{
    char name[ISO_NAME], path[ISO_PATH];
    snprintf(name, sizeof name, "case-%" PRId64 "%s", d->number, d->model ? ".yaml" : "");
    ISO_TRY(iso_path(path, folder, name));
    ISO_TRY(iso_folder_make(d->model ? folder : path));
    if (d->model) {
        snprintf(arguments, ISO_HUNT_COMMAND, "%s", path);
        return write_text(d, path, head);
    }
    snprintf(arguments, ISO_HUNT_COMMAND, "--cases %s --ops %s", path, iso_ops[d->op].name);
    char file[ISO_PATH];
    snprintf(name, sizeof name, "%s.yaml", iso_ops[d->op].name);
    ISO_TRY(iso_path(file, path, name));
    return write_text(d, file, head);
}

iso_rc iso_hunted_write(const struct iso_hunter *h, struct iso_backend *device,
                        struct iso_hunted *d, const char *folder, struct iso_outcome *outcome,
                        char command[ISO_HUNT_COMMAND])
{
    struct again again = { h, device, d, outcome->rung };
    struct iso_outcome last;
    char arguments[ISO_HUNT_COMMAND], head[768], environment[1024];
    ISO_TRY(iso_shrink(&d->text, SHRINK_SECONDS, still_fails, &again));
    if (iso_hunted_check(h, device, d, d->text, &last) == ISO_OK && last.totals.failed > 0)
        snprintf(outcome->message, sizeof outcome->message, "%s", last.message);
    snprintf(head, sizeof head,
             "Made smaller from `isocl parity --hunt --seed %" PRIu64 " --case %" PRId64
             "%s%.400s`, which failed: %s on %s.",
             h->seed, d->number, h->ops != NULL ? " --ops " : "", h->ops != NULL ? h->ops : "",
             outcome->rung, device->device.id);
    ISO_TRY(write_drawn(d, folder, head, arguments));
    snprintf(
        command, ISO_HUNT_COMMAND, "%sisocl parity %.*s --devices %s --mode %s --seed %" PRIu64,
        iso_repeat_environment(environment, sizeof environment), 900, arguments, device->device.id,
        device->mode == ISO_MODE_FAST ? "fast" : "exact", iso_hunted_seed(h->seed, d->number));
    return ISO_OK;
}
