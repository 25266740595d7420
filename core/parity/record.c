/* record.c: hashes of results, kept in a JSON file, so that devices which are never in the same
 * machine can be compared. {"isocl": "0.1.0", "arith": 2, "cases": 2, "seed": 1, "host": "...",
 * "date": "...", "devices": [{"id": "cpu", ...}], "hashes": {"conv2d/3/forward": "..."},
 * "elements": {"conv2d/3/forward": "..."}, "lacks": ["flatten"], "sha256": "of all the others"} */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/system/sha256.h"
#include "core/system/file.h"
#include "core/text/json.h"
#include "harness.h"

/* Raised when the same case computes with other numbers; a record without it has the first ones. */
enum { CASES = 2 };

struct iso_record {
    const char *write, *check; /* paths, or NULL */
    uint64_t seed;
    long compared;
    json_t *mine, *elements; /* by key */
    json_t *devices;
    json_t *theirs, *their_elements; /* NULL: nothing to compare with */
    json_t *file;                    /* owns them */
    long missing[ISO_OP_COUNT + 1];  /* results of an op, or of models, that the file lacks */
    iso_rc (*relay)(void *self, const char *device, const char *key, const char *hex,
                    const char *elements); /* NULL: this process has the record */
    void *self;
};

/* ---- The file ------------------------------------------------------------------------------ */

/* Computes the checksum of an object without the member sha256. */
static iso_rc hash_file(json_t *o, char hex[65])
{
    struct iso_sha256 h;
    json_t *copy = json_copy(o);
    if (copy == NULL)
        return iso_fail(ISO_ENOMEM, "out of memory");
    json_object_del(copy, "sha256");
    char *text;
    ISO_TRY(iso_json_text(copy, JSON_COMPACT | JSON_SORT_KEYS, &text));
    iso_sha256_init(&h);
    iso_sha256_add(&h, text, strlen(text));
    iso_sha256_hex(&h, hex);
    free(text);
    return ISO_OK;
}

static iso_rc check_hash(json_t *file, const char *path)
{
    char hex[65];
    const char *told = json_string_value(json_object_get(file, "sha256"));
    ISO_TRY(hash_file(file, hex));
    if (told == NULL)
        return iso_fail(ISO_EDATA,
                        "%s: has no checksum: an older isocl made it, or it was cut; make it "
                        "again with `isocl parity --record`",
                        path);
    if (strcmp(told, hex) != 0)
        return iso_fail(
            ISO_EDATA,
            "%s: was changed since it was made: its contents have the SHA-256 %.16s..., "
            "and it says %.16s...; make it again",
            path, hex, told);
    return ISO_OK;
}

static iso_rc check_fits(const struct iso_record *r, const char *path)
{
    const json_t *arith = json_object_get(r->file, "arith");
    if (!json_is_integer(arith) || !json_is_object(r->theirs))
        return iso_fail(ISO_EDATA,
                        "%s: is not a parity record; make one with `isocl parity --record`", path);
    if (json_integer_value(arith) != ISO_ARITH_VERSION)
        return iso_fail(ISO_EDATA,
                        "%s: was made with arithmetic %lld and this isocl has %d, which gives "
                        "other bits; make both records with the same isocl",
                        path, (long long)json_integer_value(arith), ISO_ARITH_VERSION);
    const json_t *cases = json_object_get(r->file, "cases");
    if (json_integer_value(cases) != CASES)
        return iso_fail(
            ISO_EDATA,
            "%s: was made by an isocl that draws other numbers for the same cases; make "
            "both records with the same isocl",
            path);
    if (json_integer_value(json_object_get(r->file, "seed")) != (json_int_t)r->seed)
        return iso_fail(ISO_EDATA, "%s: was made with --seed %lld; use the same", path,
                        (long long)json_integer_value(json_object_get(r->file, "seed")));
    return check_hash(r->file, path);
}

static iso_rc open_check(struct iso_record *r, const char *path)
{
    char *text;
    size_t size;
    json_error_t fault;
    ISO_TRY(iso_file_read(path, &text, &size));
    const iso_rc rc = iso_json_read(text, size, JSON_REJECT_DUPLICATES, &r->file, &fault);
    free(text);
    if (rc == ISO_ENOMEM)
        return rc;
    if (rc != ISO_OK)
        return iso_fail(ISO_EDATA, "%s:%d:%d: %s; is it a file that `isocl parity --record` wrote?",
                        path, fault.line, fault.column, fault.text);
    r->theirs = json_object_get(r->file, "hashes");
    r->their_elements = json_object_get(r->file, "elements");
    r->check = path;
    return check_fits(r, path);
}

static iso_rc new_record(struct iso_record **out)
{
    struct iso_record *r = iso_alloc(1, sizeof *r);
    if (r == NULL)
        return ISO_ENOMEM;
    r->mine = json_object();
    r->elements = json_object();
    r->devices = json_array();
    *out = r;
    return r->mine != NULL && r->elements != NULL && r->devices != NULL
               ? ISO_OK
               : iso_fail(ISO_ENOMEM, "out of memory");
}

iso_rc iso_record_open(const char *write, const char *check, uint64_t seed, struct iso_record **out)
{
    struct iso_record *r = NULL;
    *out = NULL;
    if (write == NULL && check == NULL)
        return ISO_OK;
    iso_rc rc = new_record(&r);
    if (rc == ISO_OK) {
        r->write = write;
        r->seed = seed;
        rc = check != NULL ? open_check(r, check) : ISO_OK;
    }
    if (rc == ISO_OK)
        *out = r;
    else
        iso_record_free(r);
    return rc;
}

iso_rc iso_record_relay(iso_rc (*put)(void *, const char *, const char *, const char *,
                                      const char *),
                        void *self, struct iso_record **out)
{
    struct iso_record *r = NULL;
    const iso_rc rc = new_record(&r);
    if (rc != ISO_OK) {
        iso_record_free(r);
        return rc;
    }
    r->relay = put;
    r->self = self;
    *out = r;
    return ISO_OK;
}

void iso_record_free(struct iso_record *r)
{
    if (r == NULL)
        return;
    json_decref(r->mine);
    json_decref(r->elements);
    json_decref(r->devices);
    json_decref(r->file);
    free(r);
}

iso_rc iso_record_device(struct iso_record *r, const struct iso_parity_device *d)
{
    if (r == NULL)
        return ISO_OK;
    json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s}", "id", d->id, "name", d->name, "platform",
                          d->platform, "driver", d->driver, "note", d->note);
    if (o == NULL || json_array_append_new(r->devices, o) != 0)
        return iso_fail(ISO_ENOMEM, "out of memory for the device's names, or they are no text");
    return ISO_OK;
}

/* ---- Hashes -------------------------------------------------------------------------------- */

/* Every value as a little-endian float32 in row-major order, any NaN as 0x7fc00000. */
static void hash_array(struct iso_sha256 *h, const struct iso_array *a)
{
    for (int64_t i = 0; i < a->n; i++) {
        const float f = (float)a->v[i];
        uint32_t bits;
        memcpy(&bits, &f, sizeof bits);
        if (f != f)
            bits = 0x7fc00000u;
        const uint8_t bytes[4] = { (uint8_t)bits, (uint8_t)(bits >> 8), (uint8_t)(bits >> 16),
                                   (uint8_t)(bits >> 24) };
        iso_sha256_add(h, bytes, sizeof bytes);
    }
}

void iso_record_hash(enum iso_pass pass, const struct iso_values *v, char hex[65])
{
    struct iso_sha256 h;
    iso_sha256_init(&h);
    for (int g = 0; g < ISO_GROUPS; g++)
        for (int i = 0; i < ISO_OPERANDS; i++)
            if (iso_values_result(pass, v, (enum iso_group)g, i))
                hash_array(&h, &v->a[g][i]);
    iso_sha256_hex(&h, hex);
}

/* Returns the op of the key; ISO_OP_COUNT for that of a model. */
static int op_of(const char *key)
{
    char name[ISO_NAME];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(key, "/"), key);
    for (int op = 0; op < ISO_OP_COUNT; op++)
        if (strcmp(iso_ops[op].name, name) == 0)
            return op;
    return ISO_OP_COUNT;
}

static iso_rc compare(struct iso_record *r, const char *device, const char *key, const char *hex,
                      const char *elements)
{
    char where[128];
    const char *theirs = json_string_value(json_object_get(r->theirs, key));
    const char *digests = json_string_value(json_object_get(r->their_elements, key));
    if (theirs == NULL) {
        r->missing[op_of(key)]++;
        return iso_fail(ISO_EUNSUP, "the record has no %s", key);
    }
    r->compared++;
    if (strcmp(theirs, hex) == 0)
        return ISO_OK;
    return iso_fail(ISO_EPARITY,
                    "%s: the record has %.16s..., %s has %.16s...; the first that differs is %s",
                    key, theirs, device, hex,
                    digests == NULL ? "not told by the record"
                                    : iso_elements_part(digests, elements, where, sizeof where));
}

iso_rc iso_record_put(struct iso_record *r, const char *device, const char *key, const char *hex,
                      const char *elements)
{
    char where[128];
    if (r->relay != NULL)
        return r->relay(r->self, device, key, hex, elements);
    const char *mine = json_string_value(json_object_get(r->mine, key));
    const char *digests = json_string_value(json_object_get(r->elements, key));
    if (mine != NULL && strcmp(mine, hex) != 0)
        return iso_fail(ISO_EPARITY, "%s: %s differs from the device before it, first in %s", key,
                        device, iso_elements_part(digests, elements, where, sizeof where));
    if (json_object_set_new(r->mine, key, json_string(hex)) != 0 ||
        json_object_set_new(r->elements, key, json_string(elements)) != 0)
        return iso_fail(ISO_ENOMEM, "out of memory");
    return r->theirs == NULL ? ISO_OK : compare(r, device, key, hex, elements);
}

/* ---- The end ------------------------------------------------------------------------------- */

/* Returns the names of ops of which there is no result: views and scores have no kernel, others
 * were not asked for or cannot run on the device. */
static json_t *list_lacking(const struct iso_record *r)
{
    bool has[ISO_OP_COUNT + 1] = { false };
    const char *key;
    json_t *value, *list = json_array();
    json_object_foreach(r->mine, key, value) has[op_of(key)] = true;
    for (int op = 0; op < ISO_OP_COUNT && list != NULL; op++)
        if (!has[op] && json_array_append_new(list, json_string(iso_ops[op].name)) != 0) {
            json_decref(list);
            list = NULL;
        }
    return list;
}

static iso_rc write_file(struct iso_record *r)
{
    char host[256] = "unknown", date[32], hex[65];
    const time_t now = time(NULL);
    struct tm utc;
    if (gethostname(host, sizeof host - 1) != 0)
        snprintf(host, sizeof host, "unknown");
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    json_t *o = json_pack("{s:s, s:i, s:i, s:I, s:s, s:s, s:O, s:O, s:O, s:o}", "isocl",
                          ISO_VERSION, "arith", ISO_ARITH_VERSION, "cases", CASES, "seed",
                          (json_int_t)r->seed, "host", host, "date", date, "devices", r->devices,
                          "hashes", r->mine, "elements", r->elements, "lacks", list_lacking(r));
    iso_rc rc = o == NULL ? iso_fail(ISO_ENOMEM, "out of memory for the record")
                          : hash_file(o, hex);
    if (rc == ISO_OK && json_object_set_new(o, "sha256", json_string(hex)) != 0)
        rc = iso_fail(ISO_ENOMEM, "out of memory for the record");
    char *text = NULL;
    if (rc == ISO_OK)
        rc = iso_json_text(o, JSON_INDENT(1) | JSON_SORT_KEYS, &text);
    else
        json_decref(o);
    if (rc == ISO_OK)
        rc = iso_file_write(r->write, text, strlen(text));
    free(text);
    return rc;
}

static iso_rc check_missing(const struct iso_record *r)
{
    char list[600] = "";
    for (int op = 0; op <= ISO_OP_COUNT; op++) {
        const size_t used = strlen(list);
        if (r->missing[op] > 0)
            snprintf(list + used, sizeof list - used, "%s%s (%ld)", used > 0 ? ", " : "",
                     op < ISO_OP_COUNT ? iso_ops[op].name : "models", r->missing[op]);
    }
    if (*list == '\0')
        return ISO_OK;
    return iso_fail(ISO_EPARITY,
                    "%s: lacks results that this device has, which were not compared: %s; make "
                    "the record again, or choose what it has with --ops",
                    r->check, list);
}

iso_rc iso_record_end(struct iso_record *r)
{
    if (r != NULL && r->theirs != NULL && r->compared == 0)
        return iso_fail(
            ISO_EPARITY,
            "nothing was compared with the record: it has none of these cases, or no device "
            "ran in exact mode");
    if (r != NULL && r->write != NULL)
        ISO_TRY(write_file(r));
    return r != NULL && r->theirs != NULL ? check_missing(r) : ISO_OK;
}
