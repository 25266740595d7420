#include "run_json.h"

#include "core/system/sha256.h"
#include "core/system/sha256_pieces.h"
#include "core/text/json.h"
#include "core/system/machine.h"
#include "core/text/printable.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { HEX = 65 };
const char *const iso_about_splits[2] = { "train", "validation" };

/* ---- Checksums ----------------------------------------------------------------------------- */

static iso_rc read_images(void *data, int64_t offset, void *buf, size_t n)
{
    memcpy(buf, ((const struct iso_dataset *)data)->images + offset, n);
    return ISO_OK;
}

/* Reads the images of which bytes are wanted, one after another. */
static iso_rc read_streamed(void *data, int64_t offset, void *buf, size_t n)
{
    const struct iso_dataset *d = data;
    const int64_t size = (int64_t)iso_dataset_image_bytes(d);
    uint8_t *image = iso_alloc((size_t)size, 1);
    iso_rc rc = image != NULL ? ISO_OK : ISO_ENOMEM;
    for (size_t done = 0; rc == ISO_OK && done < n;) {
        const int64_t row = (offset + (int64_t)done) / size;
        const size_t from = (size_t)(offset + (int64_t)done - row * size);
        const size_t take = n - done < (size_t)size - from ? n - done : (size_t)size - from;
        rc = iso_dataset_image(d, row, image);
        if (rc == ISO_OK)
            memcpy((char *)buf + done, image + from, take);
        done += take;
    }
    free(image);
    return rc;
}

iso_rc iso_data_images_sha256(const struct iso_dataset *d, char hex[HEX])
{
    struct iso_dataset images = *d;
    return iso_sha256_pieces(d->rows * (int64_t)iso_dataset_image_bytes(d),
                             d->images != NULL ? read_images : read_streamed, &images, hex);
}

iso_rc iso_data_sums(const struct iso_dataset *d, struct iso_data_sums *out)
{
    struct iso_sha256 h;
    const int64_t n = d->targets != NULL ? d->rows * d->classes : d->rows;
    *out = (struct iso_data_sums){ .images = "" };
    iso_sha256_init(&h);
    for (int64_t i = 0; i < n; i++) {
        uint32_t v = d->targets == NULL ? (uint32_t)d->labels[i] : 0;
        if (d->targets != NULL)
            memcpy(&v, &d->targets[i], sizeof v);
        const uint8_t bytes[4] = { (uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16),
                                   (uint8_t)(v >> 24) };
        iso_sha256_add(&h, bytes, sizeof bytes);
    }
    iso_sha256_hex(&h, out->labels);
    return d->images != NULL ? iso_data_images_sha256(d, out->images) : ISO_OK;
}

void iso_data_sha256(const struct iso_data_sums sums[2], char hex[65])
{
    struct iso_sha256 h;
    char line[256];
    iso_sha256_init(&h);
    for (int i = 0; i < 2; i++) {
        snprintf(line, sizeof line, "%s %s %s\n", iso_about_splits[i], sums[i].images,
                 sums[i].labels);
        iso_sha256_add(&h, line, strlen(line));
    }
    iso_sha256_hex(&h, hex);
}

/* ---- The file ------------------------------------------------------------------------------ */

/* Sets *out to NULL if there is no run.json. */
static iso_rc read_json(const char *folder, json_t **out)
{
    char path[ISO_PATH], *text = NULL;
    size_t n;
    json_error_t fault;
    *out = NULL;
    ISO_TRY(iso_path(path, folder, "run.json"));
    if (access(path, F_OK) != 0)
        return ISO_OK;
    ISO_TRY(iso_file_read(path, &text, &n));
    const iso_rc rc = iso_json_read(text, n, 0, out, &fault);
    free(text);
    if (rc == ISO_ENOMEM)
        return rc;
    return json_is_object(*out) ? ISO_OK
                                : iso_fail(ISO_EDATA,
                                           "%s is damaged; remove it to go on without "
                                           "the checksums of the data",
                                           path);
}

/* Takes the object over. */
static iso_rc write_json(const char *folder, json_t *json)
{
    char path[ISO_PATH], *text;
    ISO_TRY(iso_json_text(json, JSON_INDENT(2), &text));
    iso_rc rc = iso_path(path, folder, "run.json");
    if (rc == ISO_OK)
        rc = iso_file_write(path, text, strlen(text));
    free(text);
    return rc;
}

static json_t *now(void)
{
    char text[32] = "";
    struct tm tm;
    const time_t t = time(NULL);
    if (gmtime_r(&t, &tm) != NULL)
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return iso_json_string(text);
}

static json_t *describe_data(const struct iso_dataset *d, const struct iso_data_sums *sums)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:I, s:[i,i,i], s:i, s:s, s:s}", "dataset",
                     iso_json_string(d->name), "split", iso_json_string(d->split), "part",
                     iso_json_string(d->part), "source", iso_json_string(d->source), "rows",
                     (json_int_t)d->rows, "image", d->height, d->width, d->channels, "classes",
                     d->classes, "images_sha256", sums->images, "labels_sha256", sums->labels);
}

static json_t *new_json(const struct iso_about *r)
{
    json_t *json = json_pack("{s:s, s:s, s:i, s:I, s:I, s:s, s:s}", "model", r->model, "isocl",
                             ISO_VERSION, "arithmetic", ISO_ARITH_VERSION, "seed",
                             (json_int_t)r->settings.seed, "batch", (json_int_t)r->settings.batch,
                             "mode", r->settings.fast ? "fast" : "exact", "model_sha256",
                             r->settings.model_sha256);
    json_t *data = json_object();
    for (int i = 0; i < 2; i++)
        if (r->data[i] != NULL)
            iso_json_set(data, iso_about_splits[i], describe_data(r->data[i], &r->sums[i]));
    iso_json_set(json, "data", data);
    iso_json_set(json, "initial_sha256", iso_json_string(r->initial));
    if (*r->weights)
        iso_json_set(json, "initial_weights", iso_json_string(r->weights));
    iso_json_set(json, "commands", json_array());
    return json;
}

static json_t *describe_command(const struct iso_about *r)
{
    const struct iso_device *d = &r->backend->device;
    char machine[512];
    return json_pack("{s:o, s:o, s:n, s:s, s:o, s:{s:o, s:o, s:o, s:o}, s:I}", "command",
                     iso_json_string(r->command), "started", now(), "ended", "isocl", ISO_VERSION,
                     "machine", iso_json_string(iso_machine_text(machine, sizeof machine)),
                     "device", "id", iso_json_string(d->id), "name", iso_json_string(d->name),
                     "platform", iso_json_string(d->platform), "driver", iso_json_string(d->driver),
                     "from_step", (json_int_t)r->step);
}

/* ---- Use ----------------------------------------------------------------------------------- */

static bool differ(const json_t *data, const char *key, const char *ours)
{
    const char *theirs = json_string_value(json_object_get(data, key));
    return theirs != NULL && *theirs && *ours && strcmp(theirs, ours) != 0;
}

/* A run without run.json has one hash of all data, in its state. */
static iso_rc check_data(const char *folder, const struct iso_about *r)
{
    char hex[HEX];
    iso_data_sha256(r->sums, hex);
    if (!*r->settings.data_sha256 || strcmp(r->settings.data_sha256, hex) == 0)
        return ISO_OK;
    return iso_fail(ISO_EDATA,
                    "the data are not those that the run %s was begun on; give the --data of then, "
                    "or train anew",
                    folder);
}

iso_rc iso_about_check(const char *folder, const struct iso_about *r)
{
    json_t *json;
    ISO_TRY(read_json(folder, &json));
    iso_rc rc = json == NULL ? check_data(folder, r) : ISO_OK;
    for (int i = 0; i < 2 && rc == ISO_OK; i++) {
        const json_t *data = json_object_get(json_object_get(json, "data"), iso_about_splits[i]);
        const bool images = r->data[i] != NULL && differ(data, "images_sha256", r->sums[i].images);
        if (images || (r->data[i] != NULL && differ(data, "labels_sha256", r->sums[i].labels)))
            rc = iso_fail(ISO_EDATA,
                          "the %s data have other %s than those the run %s was begun "
                          "on, %s; give the --data of then, or train anew",
                          iso_about_splits[i], images ? "images" : "labels", folder,
                          json_string_value(json_object_get(data, "source")));
    }
    json_decref(json);
    return rc;
}

static json_t *describe_origin(const struct iso_data_origin *origin)
{
    json_t *folders = json_array();
    for (int i = 0; i < origin->folders.n; i++)
        iso_json_append(folders, iso_json_string(origin->folders.path[i]));
    return json_pack("{s:o, s:o}", "model", iso_json_string(origin->model), "folders", folders);
}

iso_rc iso_about_origin(const char *folder, struct iso_data_origin *out)
{
    json_t *json;
    memset(out, 0, sizeof *out);
    ISO_TRY(read_json(folder, &json));
    const json_t *origin = json_object_get(json, "data_from");
    const json_t *folders = json_object_get(origin, "folders");
    const char *model = json_string_value(json_object_get(origin, "model"));
    snprintf(out->model, sizeof out->model, "%s", model != NULL ? model : "");
    for (size_t i = 0; i < json_array_size(folders) && out->folders.n < ISO_DATA_FOLDERS; i++) {
        const char *path = json_string_value(json_array_get(folders, i));
        if (path != NULL && strlen(path) < ISO_DATA_PATH)
            strcpy(out->folders.path[out->folders.n++], path);
    }
    json_decref(json);
    return ISO_OK;
}

iso_rc iso_about_model(const char *folder, char *name, size_t n)
{
    json_t *json;
    ISO_TRY(read_json(folder, &json));
    const char *model = json_string_value(json_object_get(json, "model"));
    iso_shown(model != NULL ? model : "", name, n);
    json_decref(json);
    return ISO_OK;
}

static void copy_text(const json_t *object, const char *key, char hex[HEX])
{
    const char *text = json_string_value(json_object_get(object, key));
    snprintf(hex, HEX, "%s", text != NULL ? text : "");
}

iso_rc iso_about_sums(const char *folder, struct iso_about_sums *out)
{
    struct iso_data_sums sums[2];
    json_t *json;
    *out = (struct iso_about_sums){ .there = false };
    ISO_TRY(read_json(folder, &json));
    out->there = json != NULL;
    copy_text(json, "model_sha256", out->model);
    for (int i = 0; i < 2; i++) {
        const json_t *data = json_object_get(json_object_get(json, "data"), iso_about_splits[i]);
        copy_text(data, "images_sha256", sums[i].images);
        copy_text(data, "labels_sha256", sums[i].labels);
    }
    if (*out->model) /* an older isocl's files lack this one, too */
        iso_data_sha256(sums, out->data);
    json_decref(json);
    return ISO_OK;
}

iso_rc iso_about_initial(const char *folder, char path[ISO_PATH], char sha256[65])
{
    json_t *json;
    ISO_TRY(read_json(folder, &json));
    const char *file = json_string_value(json_object_get(json, "initial_weights"));
    copy_text(json, "initial_sha256", sha256);
    snprintf(path, ISO_PATH, "%s", file != NULL ? file : "");
    json_decref(json);
    return ISO_OK;
}

iso_rc iso_about_begin(const char *folder, const struct iso_about *r)
{
    json_t *json;
    ISO_TRY(read_json(folder, &json));
    if (json == NULL)
        json = new_json(r);
    iso_json_set(json, "data_from", describe_origin(&r->origin));
    iso_json_append(json_object_get(json, "commands"), describe_command(r));
    return write_json(folder, json);
}

iso_rc iso_about_images(const char *folder, int which, const char *crc32)
{
    json_t *json;
    ISO_TRY(read_json(folder, &json));
    if (json == NULL)
        return ISO_OK;
    json_t *data = json_object_get(json_object_get(json, "data"), iso_about_splits[which]);
    if (data != NULL)
        iso_json_set(data, "images_crc32", iso_json_string(crc32));
    return write_json(folder, json);
}

/* Known answers, where they were tried, have been right: else the training does not begin. */
static json_t *describe_verified(const struct iso_about_verified *v)
{
    return json_pack("{s:s, s:s, s:s?, s:s, s:I, s:I, s:f, s:o}", "wanted", v->wanted, "device",
                     v->device, "known_answers", v->known_answers ? "passed" : NULL, "compared",
                     v->compared, "steps", (json_int_t)v->steps, "spans", (json_int_t)v->spans,
                     "seconds", v->seconds, "strayed",
                     *v->strayed ? iso_json_string(v->strayed) : json_null());
}

iso_rc iso_about_end(const char *folder, int64_t step, const char *result,
                     const struct iso_about_verified *verified)
{
    json_t *json;
    ISO_TRY(read_json(folder, &json));
    if (json == NULL)
        return ISO_OK;
    json_t *commands = json_object_get(json, "commands");
    json_t *last = json_array_get(commands, json_array_size(commands) - 1);
    if (last == NULL) {
        json_decref(json);
        return ISO_OK;
    }
    iso_json_set(last, "ended", now());
    iso_json_set(last, "to_step", json_integer(step));
    iso_json_set(last, "result", iso_json_string(result));
    if (verified != NULL)
        iso_json_set(last, "verified", describe_verified(verified));
    return write_json(folder, json);
}
