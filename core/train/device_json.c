#include "device_json.h"

#include "core/system/file.h"
#include "core/text/json.h"
#include "core/text/printable.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

iso_rc iso_run_device_write(const char *folder, const struct iso_backend *backend)
{
    const struct iso_device *d = &backend->device;
    char path[ISO_PATH], *text;
    ISO_TRY(iso_path(path, folder, "device.json"));
    json_t *json = json_pack("{s:o, s:o, s:o, s:o, s:s, s:s, s:I, s:i, s:s, s:i}", "id",
                             iso_json_string(d->id), "name", iso_json_string(d->name), "platform",
                             iso_json_string(d->platform), "driver", iso_json_string(d->driver),
                             "mode", backend->mode == ISO_MODE_EXACT ? "exact" : "fast",
                             "exactness",
                             d->exactness == ISO_EXACT          ? "exact"
                             : d->exactness == ISO_EXACT_NORMAL ? "exact without subnormals"
                                                                : "inexact",
                             "memory", (json_int_t)d->memory, "units", d->units, "isocl",
                             ISO_VERSION, "arithmetic", ISO_ARITH_VERSION);
    ISO_TRY(iso_json_text(json, JSON_INDENT(2), &text));
    iso_rc rc = iso_file_write(path, text, strlen(text));
    free(text);
    return rc;
}

static void copy(const json_t *device, const char *key, char *buf, size_t n)
{
    const char *text = json_string_value(json_object_get(device, key));
    iso_shown(text != NULL ? text : "", buf, n);
}

iso_rc iso_run_device_read(const char *folder, struct iso_run_device *out)
{
    char path[ISO_PATH], *text;
    size_t n;
    json_error_t fault;
    *out = (struct iso_run_device){ .id = "" };
    ISO_TRY(iso_path(path, folder, "device.json"));
    ISO_TRY(iso_file_read(path, &text, &n));
    json_t *device;
    const iso_rc rc = iso_json_read(text, n, 0, &device, &fault);
    copy(device, "id", out->id, sizeof out->id);
    copy(device, "name", out->name, sizeof out->name);
    copy(device, "mode", out->mode, sizeof out->mode);
    copy(device, "isocl", out->version, sizeof out->version);
    json_decref(device);
    free(text);
    return rc == ISO_ENOMEM ? rc : ISO_OK;
}
