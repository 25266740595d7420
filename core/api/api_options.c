/* api_options.c: one table of the options, by their names. */
#include "api.h"

#include "core/model/field.h"
#include "core/text/suggest.h"

#include <stdlib.h>
#include <string.h>

static const char *const modes[] = { "default", "exact", "fast", NULL };
static const char *const tunings[] = { "default", "off", "auto", NULL };

#define AT(member) offsetof(struct isocl_options, member)
#define SIZE(member) sizeof((struct isocl_options *)0)->member
#define TEXT(name, doc)                                                       \
    {                                                                         \
#name, ISO_FIELD_TEXT, AT(name), "", 0, (double)SIZE(name), NULL, doc \
    }
static const struct iso_field fields[] = {
    TEXT(device, "auto, gpu, or the id of one of the devices (default auto)"),
    { "mode", ISO_FIELD_ENUM, AT(mode), "default", 0, 0, modes,
      "exact: the same bits on every device; fast: faster on some devices (default exact)" },
    { "threads", ISO_FIELD_INT, AT(threads), "0", 0, 1 << 20, NULL,
      "processor threads, on devices that take them; 0: all. Changes no result" },
    { "tune", ISO_FIELD_ENUM, AT(tune), "default", 0, 0, tunings,
      "auto: measure which kernels are fastest; off: do not (default: auto on GPUs)" },
    TEXT(data, "folder of the data sets (default: ISOCL_DATA, then ~/.local/share/isocl)"),
    { "limit", ISO_FIELD_INT, AT(limit), "0", 0, 1e12, NULL,
      "take only the first rows of every split; 0: all" },
    { "batch_size", ISO_FIELD_INT, AT(batch_size), "-1", -1, 1 << 20, NULL,
      "rows in a batch; -1: as the model file says" },
    { "seed", ISO_FIELD_INT, AT(seed), "-1", -1, 1e18, NULL,
      "of all randomness; -1: as the model file says" },
    { "epochs", ISO_FIELD_INT, AT(epochs), "-1", -1, 1e6, NULL,
      "epochs in all; -1: as the model file, or the run that goes on, says" },
    { "steps", ISO_FIELD_INT, AT(steps), "-1", -1, 1e12, NULL,
      "optimizer steps in all, in place of epochs and without validation; -1: epochs count. Of "
      "isocl_trace and isocl_parity: the steps they run" },
    TEXT(run, "the run's folder (default: a new one, runs/MODEL-NNN)"),
    { "resume", ISO_FIELD_BOOL, AT(resume), "false", 0, 0, NULL,
      "go on with the run in that folder, to the bits of one that never stopped" },
    TEXT(weights, "safetensors file that a training begins with"),
    { "checkpoint_minutes", ISO_FIELD_REAL, AT(checkpoint_minutes), "-1", -1, 1e6, NULL,
      "save within an epoch this often; 0: never; -1: as the model file says" },
    TEXT(verify,
         "steps of a training that another device computes again, as `isocl train --verify` "
         "has them: 1/100, replay/100 or 2% (default: none)"),
    TEXT(command, "what run.json says that the training was started by"),
    TEXT(layer, "layer whose output a network gives (default: the last one)"),
    { "with_preprocessing", ISO_FIELD_BOOL, AT(with_preprocessing), "false", 0, 0, NULL,
      "an ONNX file's graph takes an image's bytes, and scales them as the model file says" },
    TEXT(devices, "parity: which devices, with commas between them (default: all)"),
    TEXT(ops, "parity: cases of these ops, with commas between them (default: all)"),
    TEXT(cases, "parity: folder of the cases (default: models/ops, or the installed)"),
    { "quick", ISO_FIELD_BOOL, AT(quick), "false", 0, 0, NULL,
      "parity: leave out cases that are marked slow" },
    { 0 }
};

static isocl_rc unknown_option(const char *name)
{
    char hint[128];
    struct iso_suggest near;
    iso_suggest_begin(&near, name);
    for (const struct iso_field *f = fields; f->key != NULL; f++)
        iso_suggest_try(&near, f->key);
    return iso_api_end(iso_fail(ISO_EUSAGE,
                                "there is no option '%.60s'%s; isocl_options_list "
                                "tells all",
                                name, iso_suggest_text(&near, hint, sizeof hint)),
                       NULL);
}

/* ---- Public -------------------------------------------------------------------------------- */

isocl_rc isocl_options_new(isocl_options **out)
{
    struct isocl_options *o = iso_alloc(1, sizeof *o);
    iso_rc rc = o != NULL ? iso_api_options(NULL, o) : ISO_ENOMEM;
    if (rc == ISO_OK)
        *out = o;
    else
        free(o);
    return iso_api_end(rc, NULL);
}

isocl_rc isocl_options_set(isocl_options *o, const char *name, const char *value)
{
    const struct iso_field *field = iso_field_find(fields, name);
    struct iso_faults faults = { 0 };
    if (field == NULL)
        return unknown_option(name);
    const struct iso_yaml node = {
        .kind = ISO_YAML_SCALAR, .location = { .file = "option" }, .text = value, .plain = true
    };
    iso_rc rc = iso_field_read(field, "options", &node, o, &faults);
    if (rc == ISO_OK && faults.count > 0)
        rc = iso_fail(ISO_EUSAGE, "%s", faults.list[0].text);
    return iso_api_end(rc, NULL);
}

int iso_api_split(const char *split)
{
    static const char *const names[ISO_API_SPLITS] = { "train", "validation", "test" };
    for (int i = 0; i < ISO_API_SPLITS; i++)
        if (strcmp(split, names[i]) == 0)
            return i;
    iso_fail(ISO_EUSAGE, "there is no split '%.40s'; choose train, validation or test", split);
    return -1;
}

isocl_rc isocl_options_rows(isocl_options *o, const char *split, const isocl_rows *rows)
{
    const int i = iso_api_split(split);
    if (i < 0)
        return ISOCL_EUSAGE;
    if (rows != NULL && rows->set->labels == NULL && rows->set->targets == NULL)
        return iso_api_end(
            iso_fail(ISO_EUSAGE, "rows for %s need labels, and these have none", split), NULL);
    o->rows[i] = rows != NULL ? rows->set : NULL;
    return ISOCL_OK;
}

void isocl_options_free(isocl_options *o) { free(o); }

isocl_rc isocl_options_list(isocl_option_fn *told, void *self)
{
    iso_rc rc = ISO_OK;
    for (const struct iso_field *f = fields; f->key != NULL && rc == ISO_OK; f++)
        rc = iso_api_told(told(self, f->key, f->dflt, f->doc), "options");
    return iso_api_end(rc, NULL);
}

/* ---- For the files of core/api ------------------------------------------------------------- */

iso_rc iso_api_options(const struct isocl_options *given, struct isocl_options *out)
{
    if (given != NULL)
        *out = *given;
    else
        *out = (struct isocl_options){ .command = "a program with isocl's library" };
    return given != NULL ? ISO_OK : iso_fields_default(fields, out);
}

static const char *text_or_null(const char *text) { return *text ? text : NULL; }

struct iso_job_options iso_api_job(const struct isocl_options *o, const char *text)
{
    return (struct iso_job_options){ .text = text,
                                     .device = text_or_null(o->device),
                                     .mode = o->mode != 0 ? modes[o->mode] : NULL,
                                     .data = text_or_null(o->data),
                                     .rows = { o->rows[0], o->rows[1], o->rows[2] },
                                     .threads = o->threads,
                                     .limit = o->limit,
                                     .batch = o->batch_size,
                                     .seed = o->seed,
                                     .tune = o->tune != 0 ? tunings[o->tune] : NULL };
}
