/* model_data.c: the data: section, checked against the data sets the program knows. */
#include "section.h"
#include "field.h"
#include "core/text/suggest.h"
#include "core/data/class_map.h"
#include "core/data/dataset.h"
#include "core/data/split.h"

#include <stdio.h>
#include <string.h>

#define AT(member) offsetof(struct iso_data_spec, member)
#define SIZE(member) sizeof((struct iso_data_spec *)0)->member
const struct iso_field iso_data_fields[] = {
    { "dataset", ISO_FIELD_TEXT, AT(dataset), NULL, 0, SIZE(dataset), NULL,
      "name of a data set, or a kind of file and a path, such as npy:clothes.npy (`isocl help "
      "paths` says what it is relative to)" },
    { "split", ISO_FIELD_TEXT, AT(split), "", 0, SIZE(split), NULL,
      "which of its splits, where it has several: train, validation (or val, valid) or test" },
    { "classes", ISO_FIELD_CLASSES, AT(classes), "", 0, 0, NULL,
      "classes to distinguish, in this order, by their numbers or names in the data set: [3, 5] or "
      "[cat, dog] drops all others, [[0, 1], [2, 3]] merges four classes into two" },
    { "part", ISO_FIELD_REAL2, AT(part), "", 0, 1, NULL,
      "share of the rows, drawn at random: [0, 0.8] and [0.8, 1] have no row in common, and "
      "together all rows" },
    { "stratified", ISO_FIELD_BOOL, AT(stratified), "false", 0, 0, NULL,
      "true: each part has the same share of every class" },
    { "part_seed", ISO_FIELD_INT, AT(part_seed), "0", 0, 1e19, NULL,
      "seed for drawing parts; --seed does not change it" },
    { "stream", ISO_FIELD_BOOL, AT(stream), "false", 0, 0, NULL,
      "true: do not keep images in memory, but read them ahead, batch by batch, in every epoch, "
      "with the same results: for folder:PATH, a folder of .npy files of bytes, CIFAR's binary "
      "files, uncompressed IDX files, and drawn images. This is automatic if they would take more "
      "than a quarter of the machine's memory. Images larger than half of the device's memory, or "
      "than its largest allocation, are sent to it batch by batch" },
    { 0 }
};
#undef SIZE
#undef AT

static bool known_dataset(const char *name, struct iso_suggest *near)
{
    iso_suggest_begin(near, name);
    if (iso_dataset_is_file(name))
        return true;
    for (const struct iso_dataset_doc *d = iso_dataset_docs; d->name != NULL; d++) {
        if (strcmp(d->name, name) == 0)
            return true;
        iso_suggest_try(near, d->name);
    }
    return false;
}

/* Returns the location of a key's value; that of the whole when it was given bare. */
static struct iso_location location_of(const struct iso_yaml *node, const char *key)
{
    const struct iso_yaml *value = iso_yaml_get(node, key);
    return value != NULL ? value->location : node->location;
}

/* Gives a split the name that isocl has for it. Data sets with names have two. */
static void check_split(struct iso_loader *l, const char *what, const struct iso_yaml *node,
                        struct iso_data_spec *spec)
{
    char hint[80];
    struct iso_suggest near;
    const int split = iso_split_find(spec->split);
    const bool two = !iso_dataset_is_file(spec->dataset);
    iso_suggest_begin(&near, spec->split);
    for (int i = 0; iso_split_names[i] != NULL; i++)
        iso_suggest_try(&near, iso_split_names[i]);
    if (*spec->split && split < 0)
        iso_faults_add(l->faults, location_of(node, "split"), "%s: unknown split '%.20s'%s", what,
                       spec->split,
                       near.best != NULL ? iso_suggest_text(&near, hint, sizeof hint)
                                         : "; choose train, validation or test");
    else if (two && !*spec->split)
        iso_faults_add(l->faults, location_of(node, "dataset"),
                       "%s: 'split' is missing: %.40s has train and test", what, spec->dataset);
    else if (two && split == ISO_SPLIT_VALIDATION)
        iso_faults_add(l->faults, location_of(node, "split"),
                       "%s: %.40s has the splits train and test; for validation take a part of "
                       "train, such as {split: train, part: [0.8, 1]}, and train on the other",
                       what, spec->dataset);
    if (split >= 0)
        strcpy(spec->split, iso_split_names[split]);
}

static void check_spec(struct iso_loader *l, const char *what, const struct iso_yaml *node,
                       struct iso_data_spec *spec)
{
    char hint[80];
    struct iso_suggest near;
    if (*spec->dataset && known_dataset(spec->dataset, &near))
        check_split(l, what, node, spec);
    else if (*spec->dataset)
        iso_faults_add(l->faults, location_of(node, "dataset"), "%s: unknown data set '%.40s'%s",
                       what, spec->dataset,
                       near.best != NULL ? iso_suggest_text(&near, hint, sizeof hint)
                                         : "; `isocl help datasets` lists those there are");
}

/* ---- The source's own options --------------------------------------------------------------- */

enum { OWN_KEYS = 32 };

/* Lists the keys that belong to sources. */
static void list_own_keys(const char *keys[OWN_KEYS + 1])
{
    const struct iso_source_fields *s;
    int n = 0;
    for (int i = 0; (s = iso_dataset_fields_at(i)) != NULL; i++)
        for (const struct iso_field *f = s->fields; f->key != NULL && n < OWN_KEYS; f++)
            keys[n++] = f->key;
    keys[n] = NULL;
}

static bool has_key(const struct iso_source_fields *s, const char *key)
{
    return s != NULL && iso_field_find(s->fields, key) != NULL;
}

/* Writes the sources that take a key: "text files (csv:PATH) and image files (folder:PATH)".
 * Returns false if one before the i-th does. */
static bool takers(int i, const char *key, char *buf, size_t n)
{
    const struct iso_source_fields *s;
    size_t used = 0;
    for (int k = 0; (s = iso_dataset_fields_at(k)) != NULL; k++) {
        if (!has_key(s, key))
            continue;
        if (k < i)
            return false;
        used += (size_t)snprintf(buf + used, used < n ? n - used : 0, "%s%s", used ? " and " : "",
                                 s->of);
    }
    return true;
}

/* Adds faults for keys of other sources, unless they have their default values. */
static void check_foreign(struct iso_loader *l, const char *what, const struct iso_yaml *node,
                          const struct iso_source_fields *own)
{
    const struct iso_source_fields *s;
    char of[512];
    for (int i = 0; (s = iso_dataset_fields_at(i)) != NULL; i++)
        for (const struct iso_field *f = s->fields; f->key != NULL; f++) {
            const struct iso_yaml *value = iso_yaml_get(node, f->key);
            if (value != NULL && !has_key(own, f->key) &&
                (!*f->dflt || strcmp(value->text, f->dflt) != 0) &&
                takers(i, f->key, of, sizeof of))
                iso_faults_add(l->faults, value->location, "%s: '%s' is for %s", what, f->key, of);
        }
}

/* Reads the keys that belong to the source of the data set. */
static iso_rc read_options(struct iso_loader *l, const char *what, const struct iso_yaml *node,
                           struct iso_data_spec *spec)
{
    const struct iso_source_fields *own = iso_dataset_fields(spec->dataset);
    for (const struct iso_field *f = own != NULL ? own->fields : NULL; f != NULL && f->key != NULL;
         f++) {
        const struct iso_yaml *value = iso_yaml_get(node, f->key);
        if (value != NULL)
            ISO_TRY(iso_field_read(f, what, value, &spec->options, l->faults));
    }
    if (known_dataset(spec->dataset, &(struct iso_suggest){ 0 }))
        check_foreign(l, what, node, own);
    return ISO_OK;
}

/* ---- One use of data ------------------------------------------------------------------------- */

/* Keys that say how a part is drawn say nothing without one. */
static void check_part(struct iso_loader *l, const char *what, const struct iso_yaml *node,
                       const struct iso_data_spec *spec)
{
    static const char *const keys[] = { "stratified", "part_seed" };
    const bool given = node->kind == ISO_YAML_MAPPING && iso_yaml_get(node, "part") != NULL;
    for (int i = 0; i < 2 && node->kind == ISO_YAML_MAPPING && !given; i++)
        if (iso_yaml_get(node, keys[i]) != NULL)
            iso_faults_add(l->faults, location_of(node, keys[i]),
                           "%s: '%s' says how a part is drawn, and there is no 'part: [from, to]'",
                           what, keys[i]);
    if (given && !(spec->part[0] < spec->part[1]))
        iso_faults_add(l->faults, location_of(node, "part"),
                       "%s: part must go from a fraction up to a larger one, such as [0, 0.8]",
                       what);
}

static iso_rc read_spec(struct iso_loader *l, const char *what, const struct iso_yaml *node,
                        struct iso_data_spec *spec)
{
    const int before = l->faults->count;
    const char *own[OWN_KEYS + 1];
    spec->location = node->location;
    spec->given = true;
    list_own_keys(own);
    ISO_TRY(iso_fields_read(iso_data_fields, what, node->location, node, own, spec, l->faults));
    if (node->kind == ISO_YAML_MAPPING)
        ISO_TRY(read_options(l, what, node, spec));
    check_spec(l, what, node, spec);
    if (l->faults->count == before)
        check_part(l, what, node, spec);
    return ISO_OK;
}

/* A class number must mean the same wherever it is learned and asked for. */
static void check_classes(struct iso_loader *l, const char *what, const struct iso_data_spec *b)
{
    const struct iso_data_spec *a = &l->model->train;
    if (a->given && b->given && strcmp(a->dataset, b->dataset) == 0 &&
        !iso_class_map_equal(a->classes, b->classes))
        iso_faults_add(l->faults, b->location,
                       "%s: has other classes than data: train; give both the same 'classes'",
                       what);
}

static bool has_part(const struct iso_data_spec *s) { return s->part[1] > 0; }

/* True if they may be one split: that is not named where there is only one. */
static bool same_split(const struct iso_data_spec *a, const struct iso_data_spec *b)
{
    return !*a->split || !*b->split || strcmp(a->split, b->split) == 0;
}

/* Scores on images that were trained on say nothing: where a split is shared out, training and
 * validation must take parts of one drawing that do not overlap. */
static void check_disjoint(struct iso_loader *l, const char *what, const struct iso_data_spec *b)
{
    const struct iso_data_spec *a = &l->model->train;
    if (!a->given || !b->given || strcmp(a->dataset, b->dataset) != 0 || !same_split(a, b) ||
        (!has_part(a) && !has_part(b)))
        return;
    if (!has_part(a) || !has_part(b))
        iso_faults_add(l->faults, b->location,
                       "%s: has rows of data: train; give both a part, such as [0, 0.8] and "
                       "[0.8, 1]",
                       what);
    else if (a->stratified != b->stratified || a->part_seed != b->part_seed ||
             a->options.count != b->options.count)
        iso_faults_add(l->faults, b->location,
                       "%s: may have rows of data: train; parts of one data set need the same "
                       "stratified, part_seed and count",
                       what);
    else if (a->part[0] < b->part[1] && b->part[0] < a->part[1])
        iso_faults_add(l->faults, b->location,
                       "%s: part [%g, %g] overlaps that of data: train, [%g, %g]", what, b->part[0],
                       b->part[1], a->part[0], a->part[1]);
}

iso_rc iso_load_data(struct iso_loader *l, const struct iso_yaml *node)
{
    const struct {
        const char *key, *what;
        struct iso_data_spec *spec;
    } uses[] = {
        { "train", "data: train", &l->model->train },
        { "validation", "data: validation", &l->model->validation },
        { "test", "data: test", &l->model->test },
    };
    enum { USES = sizeof uses / sizeof uses[0] };
    const int before = l->faults->count;
    char text[80];
    if (node->kind != ISO_YAML_MAPPING || node->count == 0) {
        iso_faults_add(l->faults, node->location,
                       "data: expected {train: {dataset: ..., split: ...}, ...}, found %s",
                       iso_yaml_describe(node, text, sizeof text));
        return ISO_OK;
    }
    for (int i = 0; i < node->count; i++) {
        struct iso_suggest near;
        iso_suggest_begin(&near, node->keys[i]->text);
        int use = 0;
        while (use < USES && strcmp(uses[use].key, node->keys[i]->text) != 0)
            iso_suggest_try(&near, uses[use++].key);
        if (use < USES)
            ISO_TRY(read_spec(l, uses[use].what, node->items[i], uses[use].spec));
        else
            iso_faults_add(l->faults, node->keys[i]->location, "data: unknown key '%.40s'%s",
                           node->keys[i]->text,
                           near.best != NULL ? iso_suggest_text(&near, text, sizeof text)
                                             : " (it knows train, validation, test)");
    }
    const bool sound = l->faults->count == before;
    for (int use = 1; use < USES && sound; use++) {
        check_classes(l, uses[use].what, uses[use].spec);
        check_disjoint(l, uses[use].what, uses[use].spec);
    }
    return ISO_OK;
}

/* Returns the data of a section of the file, or NULL; for a missing `test`, those of the
 * validation. */
static const struct iso_data_spec *find_spec(const struct iso_model *m, const char *split)
{
    const struct iso_data_spec *spec = strcmp(split, "train") == 0 ? &m->train : &m->validation;
    if (strcmp(split, "test") == 0 && m->test.given)
        spec = &m->test;
    else if (strcmp(split, "test") == 0 && strcmp(spec->split, "test") != 0)
        return NULL;
    return spec->given ? spec : NULL;
}

bool iso_model_targets(const struct iso_model *m)
{
    const struct iso_source_options *o = &m->train.options;
    if (m->rows_given)
        return m->rows_have_targets;
    return m->train.given && (*o->target_columns || *o->label_separator || *o->target_array);
}

iso_rc iso_model_data(const struct iso_model *m, const char *split, struct iso_dataset_request *out)
{
    const bool test = strcmp(split, "test") == 0;
    const struct iso_data_spec *spec = find_spec(m, split), *own = spec;
    if (spec == NULL && test && m->train.given)
        spec = &m->train; /* its test split, whole */
    if (spec == NULL)
        return iso_fail(ISO_EMODEL, "%s names no %s data; add  data: {%s: {dataset: ...}}%s",
                        m->file, split, split,
                        m->train.given ? "" : ", such as {dataset: mnist, split: train}");
    *out = (struct iso_dataset_request){
        .name = spec->dataset,
        .split = own != NULL ? spec->split : "test",
        .options = spec->options,
        .classes = spec->classes,
        .input = &m->input,
        .pad = { m->pad[0], m->pad[1], m->pad[2], m->pad[3] },
        .repeat_channels = m->repeat_channels,
        .stream = spec->stream,
    };
    if (own != NULL)
        out->part =
            (struct iso_part){ spec->part[0], spec->part[1], spec->stratified, spec->part_seed };
    else
        out->options.count = 0;
    return ISO_OK;
}
