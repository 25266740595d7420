/* parity.c: opens the devices and sends every case and model up the ladder. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/ranks/ranks.h"
#include "in_child.h"

enum { DEVICES_MOST = 32 };

struct parity {
    const struct iso_parity_options *options;
    struct iso_report report;
    struct iso_ladder ladder; /* device and reference are set for each in turn */
    struct iso_backend *reference, *portable;
    struct iso_cases cases;
    char ids[DEVICES_MOST][sizeof((struct iso_device *)0)->id];
    int nids, ndevices; /* ndevices: begun so far */
    int first;          /* unit to begin with (in_child.h) */
};

/* ---- gradients: the judge judges itself, where the reference is among the devices ---------- */

static bool has_gradient(const struct iso_case *c)
{
    return iso_op_has_pass(c->op, ISO_BACKWARD) && iso_fill_finite(c->data);
}

static void check_gradients(struct parity *p)
{
    for (int i = 0; i < p->cases.n; i++) {
        const struct iso_case *c = &p->cases.list[i];
        char repeat[128];
        struct iso_distance d;
        if (!has_gradient(c) || (p->options->number > 0 && c->number != p->options->number) ||
            (p->options->quick && c->slow))
            continue;
        snprintf(repeat, sizeof repeat, "--ops %s --case %d", iso_ops[c->op].name, c->number);
        const iso_rc rc = iso_rung_gradient(p->ladder.judge, c, p->ladder.seed, &d);
        const struct iso_check check = {
            .rung = ISO_RUNG_GRADIENT,
            .device = "reference",
            .subject = iso_ops[c->op].name,
            .op_case = c,
            .repeat = repeat,
            .number = c->number,
            .pass = ISO_BACKWARD,
            .mode = ISO_MODE_EXACT,
            .distance = d,
        };
        iso_report_check(&p->report, &check, rc);
    }
}

/* ---- one device ---------------------------------------------------------------------------- */

static void skip_slow(struct parity *p, const struct iso_case *c)
{
    char repeat[128];
    snprintf(repeat, sizeof repeat, "--ops %s --case %d", iso_ops[c->op].name, c->number);
    const struct iso_check check = {
        .rung = ISO_RUNG_EXACT,
        .device = p->ladder.device->device.id,
        .subject = iso_ops[c->op].name,
        .op_case = c,
        .repeat = repeat,
        .number = c->number,
        .pass = -1,
        .mode = p->ladder.device->mode,
        .skipped = "marked slow, and --quick was given",
    };
    iso_report_check(&p->report, &check, ISO_OK);
}

/* Returns true if the checks go on with this unit. */
static bool begin_unit(const struct parity *p, int unit)
{
    const struct iso_report_hook *h = p->report.hook;
    return !p->report.ended && (h == NULL || h->unit(h->self, unit));
}

/* Returns true if the case is one of the few of its op that options.most asks for. */
static bool is_chosen(const struct parity *p, int i)
{
    const struct iso_parity_options *o = p->options;
    const struct iso_case *c = &p->cases.list[i];
    int before = 0, all = 0;
    for (int k = 0; k < p->cases.n && o->most > 0; k++) {
        const struct iso_case *other = &p->cases.list[k];
        if (other->op != c->op || (o->quick && other->slow))
            continue;
        before += k < i;
        all++;
    }
    if (o->number > 0 && c->number != o->number)
        return false;
    return all <= o->most ||
           (!(o->quick && c->slow) && (before + 1) * o->most / all != before * o->most / all);
}

static iso_rc check_cases(struct parity *p)
{
    for (int i = p->first; i < p->cases.n; i++) {
        const struct iso_case *c = &p->cases.list[i];
        if (!is_chosen(p, i))
            continue;
        if (!begin_unit(p, i))
            break;
        if (p->options->quick && c->slow)
            skip_slow(p, c);
        else
            ISO_TRY(iso_ladder_case(&p->ladder, c));
    }
    return ISO_OK;
}

static iso_rc check_models(struct parity *p)
{
    const char *const *models = p->options->models;
    for (int i = 0; models != NULL && models[i] != NULL; i++)
        if (p->cases.n + i >= p->first && begin_unit(p, p->cases.n + i))
            ISO_TRY(iso_parity_model(&p->report, models[i], i == 0 ? p->options->text : NULL,
                                     &p->ladder));
    return ISO_OK;
}

static iso_rc tell_opened(const struct parity *p, const struct iso_backend *device)
{
    const struct iso_parity_options *o = p->options;
    const struct iso_device *d = &device->device;
    const struct iso_parity_device opened = { d->id,     d->name, d->platform,
                                              d->driver, d->note, device->mode };
    if (p->report.hook != NULL) {
        p->report.hook->opened(p->report.hook->self, device);
        return ISO_OK;
    }
    if (o->opened != NULL)
        o->opened(o->self, &opened);
    return iso_record_device(p->ladder.record, &opened);
}

/* The reference itself, with hardware fma, is compared with its portable build. */
static iso_rc check_device(struct parity *p, struct iso_backend *device)
{
    if (device->real_size != sizeof(float))
        return iso_fail(
            ISO_EUSAGE,
            "%s is what the others are judged by, and has no bits to compare; --devices "
            "reference checks its gradients",
            device->device.id);
    p->ladder.device = device;
    p->ladder.bounds = p->ndevices++ == 0;
    const bool itself = strcmp(device->device.id, p->reference->device.id) == 0;
    p->ladder.reference = itself ? p->portable : p->reference;
    ISO_TRY(tell_opened(p, device));
    if (itself && p->options->ranks == NULL)
        check_gradients(p);
    ISO_TRY(check_cases(p));
    return check_models(p);
}

static struct iso_watch watch_of(struct parity *p, bool bounds)
{
    return (struct iso_watch){ .options = p->options,
                               .report = &p->report,
                               .cases = &p->cases,
                               .record = p->ladder.record,
                               .bounds = bounds };
}

static iso_rc check_device_named(struct parity *p, const char *id)
{
    struct iso_backend *device;
    if (p->report.ended)
        return ISO_OK;
    const struct iso_ranks *ranks = p->options->ranks;
    if (p->report.hook == NULL && !p->options->same_process && ranks == NULL &&
        iso_watch_wanted(id)) {
        const struct iso_watch w = watch_of(p, p->ndevices == 0);
        const iso_rc rc = iso_watch_device(&w, id);
        p->ndevices += rc == ISO_OK;
        if (rc != ISO_EUNSUP)
            return rc;
        iso_error_clear(); /* a program without isocl beside it checks the device itself */
    }
    ISO_TRY(iso_backend_open(id, p->options->mode, ranks != NULL ? iso_ranks_threads(ranks) : 0,
                             &device));
    iso_rc rc = check_device(p, device);
    iso_report_work(&p->report, -1, ISO_WORK_PASS);
    iso_backend_close(device);
    return rc;
}

static void skip_unusable(struct parity *p, const struct iso_device *device)
{
    const struct iso_check check = {
        .rung = ISO_RUNG_EXACT,
        .device = device->id,
        .subject = "all",
        .detail = device->note,
        .repeat = "",
        .pass = -1,
        .mode = p->options->mode,
        .skipped = "not usable; `isocl devices` says why",
    };
    iso_report_check(&p->report, &check, ISO_OK);
}

/* Adds every device of a backend that `isocl devices` calls usable. */
static iso_rc list_backend(struct parity *p, const struct iso_backend_ops *backend)
{
    const struct iso_watch w = watch_of(p, false);
    struct iso_device *found = iso_alloc(DEVICES_MOST, sizeof *found);
    int n = 0;
    iso_rc rc = found == NULL ? ISO_ENOMEM : ISO_EUNSUP;
    if (found != NULL && !p->options->same_process && iso_watch_wanted(backend->name))
        rc = iso_watch_list(&w, backend->name, found, DEVICES_MOST, &n);
    if (rc == ISO_EUNSUP) {
        iso_error_clear();
        rc = backend->list(found, DEVICES_MOST, &n);
    }
    for (int i = 0; rc == ISO_OK && i < n; i++)
        if (!found[i].usable)
            skip_unusable(p, &found[i]);
        else if (p->nids < DEVICES_MOST)
            memcpy(p->ids[p->nids++], found[i].id, sizeof p->ids[0]);
    free(found);
    return rc;
}

static iso_rc list_devices(struct parity *p)
{
    for (int i = 0; iso_backends[i] != NULL; i++)
        ISO_TRY(list_backend(p, iso_backends[i]));
    return ISO_OK;
}

/* "opencl" means every OpenCL device that can be used. */
static iso_rc check_name(struct parity *p, const char *name)
{
    if (strcmp(name, "opencl") != 0 || p->report.hook != NULL || p->options->ranks != NULL)
        return check_device_named(p, name);
    const int before = p->nids;
    for (int i = 0; iso_backends[i] != NULL; i++)
        if (strcmp(iso_backends[i]->name, name) == 0)
            ISO_TRY(list_backend(p, iso_backends[i]));
    if (p->nids == before &&
        p->report.totals.skipped + p->report.totals.crashed + p->report.totals.late == 0)
        return check_device_named(p, name); /* says that there is none */
    for (int i = before; i < p->nids; i++)
        ISO_TRY(check_device_named(p, p->ids[i]));
    return ISO_OK;
}

static iso_rc check_all(struct parity *p)
{
    const struct iso_parity_options *o = p->options;
    for (int i = 0; i < o->nbackends; i++)
        ISO_TRY(check_device(p, o->backends[i]));
    if (o->nbackends > 0)
        return ISO_OK;
    for (int i = 0; o->devices != NULL && o->devices[i] != NULL; i++)
        ISO_TRY(check_name(p, o->devices[i]));
    if (o->devices != NULL)
        return ISO_OK;
    ISO_TRY(list_devices(p));
    for (int i = 0; i < p->nids; i++)
        ISO_TRY(check_device_named(p, p->ids[i]));
    return ISO_OK;
}

/* All ranks must check the same. */
static iso_rc compare_ranks(const struct iso_parity_options *o, uint64_t seed)
{
    char text[160];
    if (o->ranks == NULL)
        return ISO_OK;
    if (o->models == NULL || o->models[0] == NULL || o->ops != NULL || o->record != NULL ||
        o->check != NULL)
        return iso_fail(ISO_EUSAGE,
                        "ranks check what they share, a model's training: name model files, and "
                        "leave --ops, --record and --check to one process");
    if (o->mode == ISO_MODE_FAST)
        return iso_fail(ISO_EUSAGE,
                        "ranks have the same bits in exact mode only: leave --mode fast "
                        "to one process");
    snprintf(text, sizeof text, "%s, arithmetic %d", ISO_VERSION, ISO_ARITH_VERSION);
    ISO_TRY(iso_ranks_same(o->ranks, "isocl", text));
    snprintf(text, sizeof text, "seed %llu, %lld steps", (unsigned long long)seed,
             (long long)o->steps);
    return iso_ranks_same(o->ranks, "check", text);
}

/* Reads the cases and opens what the device is compared with. */
static iso_rc prepare(struct parity *p)
{
    const struct iso_parity_options *o = p->options;
    const bool models = o->models != NULL && o->models[0] != NULL;
    if (!models || o->ops != NULL)
        ISO_TRY(iso_cases_load(o->cases, o->ops, &p->cases));
    ISO_TRY(iso_backend_open("reference", ISO_MODE_EXACT, 0, &p->reference));
    ISO_TRY(iso_backend_open("reference:portable", ISO_MODE_EXACT, 0, &p->portable));
    return iso_backend_open("reference:double", ISO_MODE_EXACT, 0, &p->ladder.judge);
}

static iso_rc climb_all(struct parity *p)
{
    const struct iso_parity_options *o = p->options;
    ISO_TRY(compare_ranks(o, p->ladder.seed));
    ISO_TRY(prepare(p));
    ISO_TRY(iso_record_open(o->record, o->check, p->ladder.seed, &p->ladder.record));
    iso_report_begin(&p->report, o);
    ISO_TRY(check_all(p));
    return iso_record_end(p->ladder.record);
}

static struct parity *new_parity(const struct iso_parity_options *options)
{
    struct parity *p = iso_alloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    p->options = options;
    p->ladder.seed = options->seed != 0 ? options->seed : 1;
    p->ladder.report = &p->report;
    p->ladder.ranks = options->ranks;
    return p;
}

static void free_parity(struct parity *p)
{
    iso_cases_free(&p->cases);
    iso_record_free(p->ladder.record);
    iso_backend_close(p->reference);
    iso_backend_close(p->portable);
    iso_backend_close(p->ladder.judge);
    free(p);
}

iso_rc iso_parity_units(const struct iso_parity_options *options,
                        const struct iso_report_hook *hook, struct iso_record *record, int first,
                        bool bounds)
{
    struct parity *p = new_parity(options);
    if (p == NULL)
        return ISO_ENOMEM;
    iso_report_begin(&p->report, options);
    p->report.hook = hook;
    p->first = first;
    p->ndevices = bounds ? 0 : 1;
    iso_rc rc = prepare(p);
    p->ladder.record = record;
    if (rc == ISO_OK)
        rc = check_device_named(p, options->devices[0]);
    free_parity(p);
    return rc;
}

iso_rc iso_parity_run(const struct iso_parity_options *options, struct iso_parity_totals *totals)
{
    struct parity *p = new_parity(options);
    if (totals != NULL)
        *totals = (struct iso_parity_totals){ 0 };
    if (p == NULL)
        return ISO_ENOMEM;
    const iso_rc rc = climb_all(p);
    iso_rc verdict = rc;
    if (p->report.options != NULL && (rc == ISO_OK || rc == ISO_EPARITY)) {
        verdict = iso_report_end(&p->report);
        verdict = rc != ISO_OK ? rc : verdict;
    }
    if (totals != NULL)
        *totals = p->report.totals;
    free_parity(p);
    return verdict;
}
