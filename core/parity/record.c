/* record.c: hashes of results, kept in a JSON file, so that devices which are never in the same
 * machine can be compared. {"isocl": "0.1.0", "arith": 1, "seed": 1, "hashes":
 * {"conv2d/3/forward": "..."}} */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/data/sha256.h"
#include "core/file.h"
#include "harness.h"

struct iso_record {
    const char *write; /* path, or NULL */
    uint64_t seed;
    long compared;
    json_t *mine, *theirs; /* hashes by key; theirs NULL: nothing to compare with */
    json_t *file;          /* owns theirs */
};

static iso_rc open_check(struct iso_record *r, const char *path)
{
    char *text;
    size_t size;
    json_error_t fault;
    ISO_TRY(iso_file_read(path, &text, &size));
    r->file = json_loadb(text, size, JSON_REJECT_DUPLICATES, &fault);
    free(text);
    if (r->file == NULL)
        return iso_fail(ISO_EDATA, "%s:%d:%d: %s; is it a file that `isocl parity --record` wrote?",
                        path, fault.line, fault.column, fault.text);
    const json_t *arith = json_object_get(r->file, "arith");
    r->theirs = json_object_get(r->file, "hashes");
    if (!json_is_integer(arith) || !json_is_object(r->theirs))
        return iso_fail(ISO_EDATA,
                        "%s: is not a parity record; make one with `isocl parity --record`", path);
    if (json_integer_value(arith) != ISO_ARITH_VERSION)
        return iso_fail(ISO_EDATA,
                        "%s: was made with arithmetic %lld and this isocl has %d, which gives "
                        "other bits; make both records with the same isocl",
                        path, (long long)json_integer_value(arith), ISO_ARITH_VERSION);
    if (json_integer_value(json_object_get(r->file, "seed")) != (json_int_t)r->seed)
        return iso_fail(ISO_EDATA, "%s: was made with --seed %lld; use the same", path,
                        (long long)json_integer_value(json_object_get(r->file, "seed")));
    return ISO_OK;
}

iso_rc iso_record_open(const char *write, const char *check, uint64_t seed, struct iso_record **out)
{
    *out = NULL;
    if (write == NULL && check == NULL)
        return ISO_OK;
    struct iso_record *r = iso_alloc(1, sizeof *r);
    if (r == NULL)
        return ISO_ENOMEM;
    r->write = write;
    r->seed = seed;
    r->mine = json_object();
    iso_rc rc = r->mine == NULL ? iso_fail(ISO_ENOMEM, "out of memory") : ISO_OK;
    if (rc == ISO_OK && check != NULL)
        rc = open_check(r, check);
    if (rc == ISO_OK)
        *out = r;
    else
        iso_record_free(r);
    return rc;
}

void iso_record_free(struct iso_record *r)
{
    if (r == NULL)
        return;
    json_decref(r->mine);
    json_decref(r->file);
    free(r);
}

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

iso_rc iso_record_put(struct iso_record *r, const char *device, const char *key, const char *hex)
{
    const char *mine = json_string_value(json_object_get(r->mine, key));
    if (mine != NULL && strcmp(mine, hex) != 0)
        return iso_fail(ISO_EPARITY, "%s: %s differs from the device before it", key, device);
    if (json_object_set_new(r->mine, key, json_string(hex)) != 0)
        return iso_fail(ISO_ENOMEM, "out of memory");
    if (r->theirs == NULL)
        return ISO_OK;
    const char *theirs = json_string_value(json_object_get(r->theirs, key));
    if (theirs == NULL)
        return iso_fail(ISO_EUNSUP, "the record has no %s", key);
    r->compared++;
    if (strcmp(theirs, hex) != 0)
        return iso_fail(ISO_EPARITY, "%s: the record has %.16s..., %s has %.16s...", key, theirs,
                        device, hex);
    return ISO_OK;
}

iso_rc iso_record_end(struct iso_record *r)
{
    if (r != NULL && r->theirs != NULL && r->compared == 0)
        return iso_fail(
            ISO_EPARITY,
            "nothing was compared with the record: it has none of these cases, or no device "
            "ran in exact mode");
    if (r == NULL || r->write == NULL)
        return ISO_OK;
    json_t *o = json_pack("{s:s, s:i, s:I, s:O}", "isocl", ISO_VERSION, "arith", ISO_ARITH_VERSION,
                          "seed", (json_int_t)r->seed, "hashes", r->mine);
    char *text = o != NULL ? json_dumps(o, JSON_INDENT(1) | JSON_SORT_KEYS) : NULL;
    json_decref(o);
    if (text == NULL)
        return iso_fail(ISO_ENOMEM, "out of memory");
    iso_rc rc = iso_file_write(r->write, text, strlen(text));
    free(text);
    return rc;
}
