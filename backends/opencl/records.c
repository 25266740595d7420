/* records.c: the tuner's results, as a list and as a file. */
#include "records.h"
#include "core/system/file.h"

#include "core/system/cache.h"
#include "core/system/sha256.h"
#include "source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 256 };

#define VERDICT_TEXT(name, text) [OPENCL_##name] = text,
const char *const opencl_verdict_texts[OPENCL_VERDICT_COUNT] = { OPENCL_VERDICTS(VERDICT_TEXT) };

/* ---- The list ------------------------------------------------------------------------------ */

static struct opencl_record *find(const struct opencl_records *r, const char *key,
                                  const char *candidate)
{
    for (size_t i = 0; i < r->n; i++)
        if (strcmp(r->at[i].key, key) == 0 && strcmp(r->at[i].candidate, candidate) == 0)
            return &r->at[i];
    return NULL;
}

const struct opencl_record *opencl_records_find(const struct opencl_records *r, const char *key,
                                                const char *candidate)
{
    return find(r, key, candidate);
}

enum opencl_verdict opencl_records_fault(const struct opencl_records *r, const char *candidate)
{
    for (size_t i = 0; i < r->n; i++) {
        const enum opencl_verdict v = r->at[i].verdict;
        if ((v == OPENCL_WRONG || v == OPENCL_CRASHED || v == OPENCL_HUNG) &&
            strcmp(r->at[i].candidate, candidate) == 0)
            return v;
    }
    return OPENCL_RIGHT;
}

const struct opencl_record *opencl_records_best(const struct opencl_records *r, const char *key)
{
    const struct opencl_record *best = NULL;
    for (size_t i = 0; i < r->n; i++) {
        const struct opencl_record *x = &r->at[i];
        if (x->verdict == OPENCL_RIGHT && strcmp(x->key, key) == 0 &&
            (best == NULL || x->seconds < best->seconds) &&
            opencl_records_fault(r, x->candidate) == OPENCL_RIGHT)
            best = x;
    }
    return best;
}

static iso_rc set(struct opencl_records *r, const struct opencl_record *record)
{
    struct opencl_record *old = find(r, record->key, record->candidate);
    if (old != NULL) {
        *old = *record;
        return ISO_OK;
    }
    if (r->n == r->room) {
        const size_t room = 2 * r->room + 16;
        struct opencl_record *grown = iso_alloc(room, sizeof *grown);
        if (grown == NULL)
            return ISO_ENOMEM;
        if (r->n > 0)
            memcpy(grown, r->at, r->n * sizeof *grown);
        free(r->at);
        r->at = grown;
        r->room = room;
    }
    r->at[r->n++] = *record;
    return ISO_OK;
}

/* ---- The file ------------------------------------------------------------------------------ */

static void find_name(struct opencl *cl, struct opencl_records *r)
{
    char hex[65];
    struct iso_sha256 h;
    opencl_hash_device(&h, cl);
    opencl_hash_text(&h, iso_environment(ISO_ENV_KERNEL_DIR));
    for (const struct opencl_source *s = opencl_sources; s->name != NULL; s++)
        opencl_hash_text(&h, s->text);
    iso_sha256_hex(&h, hex);
    snprintf(r->name, sizeof r->name, "tuner-%.16s.txt", hex);
}

/* "key | candidate | 1.234 ms", or a verdict in place of the time. */
static bool read_line(char *line, struct opencl_record *out)
{
    static const char between[] = " | ";
    char *name = strstr(line, between), *value = NULL;
    if (name != NULL)
        value = strstr(name + 3, between);
    if (value == NULL || line[strcspn(line, "\n")] == '\0' || name - line >= OPENCL_RECORD_KEY ||
        value - name >= OPENCL_RECORD_NAME)
        return false; /* ignore a truncated line */
    line[strcspn(line, "\n")] = '\0';
    *name = *value = '\0';
    name += 3;
    value += 3;
    *out = (struct opencl_record){ .verdict = OPENCL_RIGHT };
    memcpy(out->key, line, strlen(line) + 1);
    memcpy(out->candidate, name, strlen(name) + 1);
    char unit[4] = "", more;
    if (sscanf(value, "%lf %3s%c", &out->seconds, unit, &more) == 2 && strcmp(unit, "ms") == 0) {
        out->seconds *= 1e-3;
        return out->seconds > 0;
    }
    for (int v = OPENCL_WRONG; v < OPENCL_VERDICT_COUNT; v++) {
        out->verdict = (enum opencl_verdict)v;
        if (strcmp(value, opencl_verdict_texts[v]) == 0)
            return true;
    }
    return false;
}

/* Adds the file's records, in place of older ones. */
static iso_rc read_file(struct opencl_records *r)
{
    char path[1200], line[LINE];
    FILE *f = iso_cache_path(r->name, path, sizeof path) ? fopen(path, "r") : NULL;
    iso_rc rc = ISO_OK;
    while (f != NULL && rc == ISO_OK && fgets(line, sizeof line, f) != NULL) {
        struct opencl_record record;
        if (*line != '#' && read_line(line, &record))
            rc = set(r, &record);
    }
    if (f != NULL)
        fclose(f);
    return rc;
}

static void write_record(FILE *f, const struct opencl_record *x)
{
    if (x->verdict == OPENCL_RIGHT)
        fprintf(f, "%s | %s | %.6f ms\n", x->key, x->candidate, 1e3 * x->seconds);
    else
        fprintf(f, "%s | %s | %s\n", x->key, x->candidate, opencl_verdict_texts[x->verdict]);
}

static void write_file(const struct opencl_records *r, const struct opencl *cl)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    if (f == NULL)
        return;
    fprintf(f, "# isocl " ISO_VERSION " on %s, %s, driver %s\n", cl->found.info.name,
            cl->found.info.platform, cl->found.info.driver);
    fprintf(f, "# product | candidate | its fastest run. Without this file isocl measures anew.\n");
    for (size_t i = 0; i < r->n; i++)
        write_record(f, &r->at[i]);
    if (iso_text_end(f, &text) == ISO_OK)
        iso_cache_write(r->name, text, n);
    free(text);
}

iso_rc opencl_records_open(struct opencl *cl, struct opencl_records **out)
{
    struct opencl_records *r = iso_alloc(1, sizeof *r);
    if (r == NULL)
        return ISO_ENOMEM;
    find_name(cl, r);
    const iso_rc rc = read_file(r);
    if (rc == ISO_OK)
        *out = r;
    else
        opencl_records_close(r);
    return rc;
}

void opencl_records_close(struct opencl_records *r)
{
    if (r != NULL)
        free(r->at);
    free(r);
}

iso_rc opencl_records_put(struct opencl_records *r, const struct opencl *cl,
                          const struct opencl_record *record)
{
    const int lock = iso_cache_lock();
    iso_rc rc = lock >= 0 ? read_file(r) : ISO_OK;
    if (rc == ISO_OK)
        rc = set(r, record);
    if (rc == ISO_OK && lock >= 0)
        write_file(r, cl);
    iso_cache_unlock(lock);
    return rc;
}
