/* hunt_shrink.c: the smallest YAML that still shows a fault: takes out keys and items one after the
 * other, then makes whole numbers smaller, as long as that helps. */
#include "core/system/machine.h"
#include "core/model/yaml.h"
#include "core/text/number.h"
#include "hunt_draw.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct shrinking {
    char **text;
    iso_still_fails *fails;
    void *self;
    double end; /* by iso_clock */
    struct iso_faults *faults;
    bool full; /* out of memory */
};

enum { PLACES = 4096 };
struct places { /* the nodes of a tree whose parts can change */
    struct iso_yaml *node[PLACES];
    int n;
};

/* ---- The tree ------------------------------------------------------------------------------- */

static void collect(struct iso_yaml *node, struct places *p)
{
    if (p->n == PLACES)
        return;
    p->node[p->n++] = node;
    for (int i = 0; i < node->count; i++)
        collect(node->items[i], p);
}

static struct iso_yaml_doc *parse(struct shrinking *s, struct places *p)
{
    struct iso_yaml_doc *doc = NULL;
    s->faults->count = 0;
    p->n = 0;
    if (iso_yaml_parse("hunt", *s->text, strlen(*s->text), s->faults, &doc) != ISO_OK) {
        iso_error_clear();
        return NULL;
    }
    collect(doc->root, p);
    return doc;
}

/* Keeps the changed tree if it still fails. */
static bool keep(struct shrinking *s, const struct iso_yaml_doc *doc)
{
    char *text = NULL;
    size_t n;
    if (iso_clock() > s->end)
        return false;
    if (iso_yaml_write(doc->root, &text, &n) != ISO_OK) {
        iso_error_clear();
        s->full = true;
        return false;
    }
    const bool fails = s->fails(s->self, text);
    iso_error_clear();
    if (fails) {
        free(*s->text);
        *s->text = text;
    } else {
        free(text);
    }
    return fails;
}

/* ---- Parts ---------------------------------------------------------------------------------- */

/* Returns the name in "- op: {name: X, ...}", or NULL. */
static const char *name_of(const struct iso_yaml *layer)
{
    const struct iso_yaml *args = layer->count == 1 ? layer->items[0] : NULL;
    const struct iso_yaml *name =
        args != NULL && args->kind == ISO_YAML_MAPPING ? iso_yaml_get(args, "name") : NULL;
    return name != NULL ? name->text : NULL;
}

/* Lets the readers of a layer that goes read the one before it. */
static void redirect(const struct places *p, const char *from, const char *to)
{
    for (int i = 0; i < p->n; i++) {
        struct iso_yaml *m = p->node[i];
        for (int k = 0; m->kind == ISO_YAML_MAPPING && k < m->count; k++) {
            struct iso_yaml *v = m->items[k];
            if (strcmp(m->keys[k]->text, "inputs") != 0)
                continue;
            if (v->kind == ISO_YAML_SCALAR && strcmp(v->text, from) == 0)
                v->text = to;
            for (int j = 0; j < v->count; j++)
                if (strcmp(v->items[j]->text, from) == 0)
                    v->items[j]->text = to;
        }
    }
}

static void take_out(struct iso_yaml *node, int at)
{
    node->count--;
    for (int i = at; i < node->count; i++) {
        node->items[i] = node->items[i + 1];
        if (node->kind == ISO_YAML_MAPPING)
            node->keys[i] = node->keys[i + 1];
    }
}

/* Takes out one item of one node: the `part`-th of all. Returns false when there is none; sets
 * *kept to true if the fault is still there. */
static bool take_part(struct shrinking *s, int part, bool *kept)
{
    struct places *p = iso_alloc(1, sizeof *p);
    struct iso_yaml_doc *doc = p != NULL ? parse(s, p) : NULL;
    bool there = false;
    *kept = false;
    for (int i = 0; doc != NULL && i < p->n && !there; i++) {
        struct iso_yaml *node = p->node[i];
        if (part >= node->count) {
            part -= node->count;
            continue;
        }
        there = true;
        const char *name = node->kind == ISO_YAML_SEQUENCE ? name_of(node->items[part]) : NULL;
        const char *before = name == NULL ? NULL
                             : part > 0   ? name_of(node->items[part - 1])
                                          : "input";
        if (before != NULL)
            redirect(p, name, before);
        take_out(node, part);
        *kept = keep(s, doc);
    }
    iso_yaml_free(doc);
    free(p);
    return there;
}

/* ---- Numbers -------------------------------------------------------------------------------- */

/* The `at`-th scalar, with one of its smaller values. Returns false when there is no such scalar.
 */
static bool lessen(struct shrinking *s, int at, bool *kept)
{
    struct places *p = iso_alloc(1, sizeof *p);
    struct iso_yaml_doc *doc = p != NULL ? parse(s, p) : NULL;
    bool there = false;
    *kept = false;
    for (int i = 0; doc != NULL && i < p->n && !there; i++) {
        struct iso_yaml *node = p->node[i];
        int64_t value;
        char text[24];
        if (node->kind != ISO_YAML_SCALAR || at-- > 0)
            continue;
        there = true;
        if (iso_number_int(node->text, &value) != ISO_NUMBER_OK || value < 1)
            continue;
        const int64_t smaller[] = { 0, 1, 2, value / 2, value * 3 / 4, value - 1 };
        node->text = text;
        for (int k = 0; k < 6 && !*kept; k++) {
            snprintf(text, sizeof text, "%" PRId64, smaller[k]);
            *kept = smaller[k] < value && keep(s, doc);
        }
    }
    iso_yaml_free(doc);
    free(p);
    return there;
}

/* ---- Until nothing helps -------------------------------------------------------------------- */

/* Applies a change everywhere; the same place again where it helped. Returns true if it did. */
static bool everywhere(struct shrinking *s,
                       bool (*change)(struct shrinking *, int place, bool *kept))
{
    bool any = false, kept = false;
    for (int i = 0; iso_clock() < s->end && change(s, i, &kept); i += !kept)
        any |= kept;
    return any;
}

iso_rc iso_shrink(char **text, double seconds, iso_still_fails *fails, void *self)
{
    struct shrinking s = { text, fails, self, iso_clock() + seconds, NULL, false };
    s.faults = iso_alloc(1, sizeof *s.faults);
    if (s.faults == NULL)
        return ISO_ENOMEM;
    bool again = true;
    while (again && !s.full) {
        again = everywhere(&s, take_part);
        again |= everywhere(&s, lessen);
    }
    free(s.faults);
    return s.full ? iso_fail(ISO_ENOMEM, "out of memory") : ISO_OK;
}
