/* parity.c: opens the devices and sends every case and model up the ladder. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

enum { DEVICES_MOST = 32 };

struct run {
    const struct iso_parity_options *options;
    struct iso_report report;
    struct iso_ladder ladder; /* device and reference are set for each in turn */
    struct iso_backend *reference, *portable;
    struct iso_cases cases;
    char ids[DEVICES_MOST][sizeof((struct iso_device *)0)->id];
    int nids;
};

/* ---- gradients: the judge judges itself, where the reference is among the devices ---------- */

static bool has_gradient(const struct iso_case *c)
{
    return iso_op_has_pass(c->op, ISO_BACKWARD) &&
           (c->data == ISO_FILL_REAL || c->data == ISO_FILL_SPACED);
}

static void gradients(struct run *r)
{
    for (int i = 0; i < r->cases.n; i++) {
        const struct iso_case *c = &r->cases.list[i];
        char text[160], repeat[128];
        struct iso_distance d;
        if (!has_gradient(c) || (r->options->number > 0 && c->number != r->options->number) ||
            (r->options->quick && c->slow))
            continue;
        snprintf(repeat, sizeof repeat, "--ops %s --case %d", iso_ops[c->op].name, c->number);
        const iso_rc rc = iso_rung_gradient(r->ladder.judge, c, r->ladder.seed, &d);
        const struct iso_check check = {
            .rung = ISO_RUNG_GRADIENT,
            .device = "reference",
            .subject = iso_ops[c->op].name,
            .detail = iso_case_text(c, text, sizeof text),
            .repeat = repeat,
            .number = c->number,
            .pass = ISO_BACKWARD,
            .mode = ISO_MODE_EXACT,
            .distance = d,
        };
        iso_report_check(&r->report, &check, rc);
    }
}

/* ---- one device ---------------------------------------------------------------------------- */

static void skip_slow(struct run *r, const struct iso_case *c)
{
    char text[160], repeat[128];
    snprintf(repeat, sizeof repeat, "--ops %s --case %d", iso_ops[c->op].name, c->number);
    const struct iso_check check = {
        .rung = ISO_RUNG_EXACT,
        .device = r->ladder.device->device.id,
        .subject = iso_ops[c->op].name,
        .detail = iso_case_text(c, text, sizeof text),
        .repeat = repeat,
        .number = c->number,
        .pass = -1,
        .mode = r->ladder.device->mode,
        .skipped = "marked slow, and --quick was given",
    };
    iso_report_check(&r->report, &check, ISO_OK);
}

/* The reference itself, with hardware fma, is compared with its portable build. */
static iso_rc check_device(struct run *r, struct iso_backend *device)
{
    r->ladder.device = device;
    const bool itself = strcmp(device->device.id, r->reference->device.id) == 0;
    r->ladder.reference = itself ? r->portable : r->reference;
    if (itself)
        gradients(r);
    for (int i = 0; i < r->cases.n; i++) {
        const struct iso_case *c = &r->cases.list[i];
        if (r->options->number > 0 && c->number != r->options->number)
            continue;
        if (r->options->quick && c->slow)
            skip_slow(r, c);
        else
            ISO_TRY(iso_ladder_case(&r->ladder, c));
    }
    for (int i = 0; r->options->models != NULL && r->options->models[i] != NULL; i++)
        ISO_TRY(iso_parity_model(&r->report, r->options->models[i], &r->ladder));
    return ISO_OK;
}

static iso_rc check_device_named(struct run *r, const char *id)
{
    struct iso_backend *device;
    ISO_TRY(iso_backend_open(id, r->options->mode, 0, &device));
    iso_rc rc = check_device(r, device);
    iso_backend_close(device);
    return rc;
}

static void skip_unusable(struct run *r, const struct iso_device *device)
{
    const struct iso_check check = {
        .rung = ISO_RUNG_EXACT,
        .device = device->id,
        .subject = "all",
        .detail = device->note,
        .repeat = "",
        .pass = -1,
        .mode = r->options->mode,
        .skipped = "not usable; `isocl devices` says why",
    };
    iso_report_check(&r->report, &check, ISO_OK);
}

/* Every device that `isocl devices` calls usable. */
static iso_rc list_devices(struct run *r)
{
    struct iso_device *found = iso_alloc(DEVICES_MOST, sizeof *found);
    int n = 0;
    iso_rc rc = found != NULL ? ISO_OK : ISO_ENOMEM;
    for (int i = 0; rc == ISO_OK && iso_backends[i] != NULL && n < DEVICES_MOST; i++)
        rc = iso_backends[i]->list(found, DEVICES_MOST, &n);
    for (int i = 0; rc == ISO_OK && i < n && i < DEVICES_MOST; i++)
        if (!found[i].usable)
            skip_unusable(r, &found[i]);
        else
            memcpy(r->ids[r->nids++], found[i].id, sizeof r->ids[0]);
    free(found);
    return rc;
}

static iso_rc check_all(struct run *r)
{
    const struct iso_parity_options *o = r->options;
    for (int i = 0; i < o->nbackends; i++)
        ISO_TRY(check_device(r, o->backends[i]));
    if (o->nbackends > 0)
        return ISO_OK;
    for (int i = 0; o->devices != NULL && o->devices[i] != NULL; i++)
        ISO_TRY(check_device_named(r, o->devices[i]));
    if (o->devices != NULL)
        return ISO_OK;
    ISO_TRY(list_devices(r));
    for (int i = 0; i < r->nids; i++)
        ISO_TRY(check_device_named(r, r->ids[i]));
    return ISO_OK;
}

static iso_rc run(struct run *r)
{
    const struct iso_parity_options *o = r->options;
    const bool models = o->models != NULL && o->models[0] != NULL;
    if (!models || o->ops != NULL)
        ISO_TRY(iso_cases_load(o->cases, o->ops, &r->cases));
    ISO_TRY(iso_record_open(o->record, o->check, r->ladder.seed, &r->ladder.record));
    ISO_TRY(iso_backend_open("reference", ISO_MODE_EXACT, 0, &r->reference));
    ISO_TRY(iso_backend_open("reference:portable", ISO_MODE_EXACT, 0, &r->portable));
    ISO_TRY(iso_backend_open("reference:double", ISO_MODE_EXACT, 0, &r->ladder.judge));
    iso_report_begin(&r->report, o);
    ISO_TRY(check_all(r));
    return iso_record_end(r->ladder.record);
}

iso_rc iso_parity_run(const struct iso_parity_options *options, struct iso_parity_totals *totals)
{
    struct run *r = iso_alloc(1, sizeof *r);
    if (totals != NULL)
        *totals = (struct iso_parity_totals){ 0 };
    if (r == NULL)
        return ISO_ENOMEM;
    r->options = options;
    r->ladder.seed = options->seed != 0 ? options->seed : 1;
    r->ladder.report = &r->report;
    const iso_rc rc = run(r);
    iso_rc verdict = rc;
    if (r->report.options != NULL && (rc == ISO_OK || rc == ISO_EPARITY)) {
        verdict = iso_report_end(&r->report);
        verdict = rc != ISO_OK ? rc : verdict;
    }
    if (totals != NULL)
        *totals = r->report.totals;
    iso_cases_free(&r->cases);
    iso_record_free(r->ladder.record);
    iso_backend_close(r->reference);
    iso_backend_close(r->portable);
    iso_backend_close(r->ladder.judge);
    free(r);
    return verdict;
}
