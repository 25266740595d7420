#include "runs_differ.h"

#include "core/text/printable.h"

#include "core/model/model.h"
#include "tools/report/lines.h"
#include "tools/report/made.h"
#include "tools/report/parting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIFFERENCES = 40 };

/* ---- What they were made of ---------------------------------------------------------------- */

/* Lines of a's model file that b's has not; comments say nothing. */
static void print_lines(const struct iso_told *a, const struct iso_told *b)
{
    int printed = 0;
    for (const char *line = a->yaml; line != NULL && *line;) {
        const size_t n = strcspn(line, "\n"), from = strspn(line, " ");
        if (n > from && line[from] != '#' && !iso_has_line(b->yaml, line, n) &&
            printed++ < DIFFERENCES)
            printf("%s %s: %.*s\n", printed == 1 ? "\nonly in" : "       ", a->folder, (int)n,
                   line);
        line += n + (line[n] == '\n');
    }
    if (printed > DIFFERENCES)
        printf("        ... and %d more lines\n", printed - DIFFERENCES);
}

/* Prints a fact that is known for both runs and differs; "": not known. */
static void print_pair(const char *what, const struct iso_told *a, const char *text_a,
                       const struct iso_told *b, const char *text_b)
{
    char shown_a[1024], shown_b[1024];
    if (*text_a && *text_b && strcmp(text_a, text_b) != 0)
        printf("\n%s: %s in %s\n        %s in %s\n", what,
               iso_shown(text_a, shown_a, sizeof shown_a), a->folder,
               iso_shown(text_b, shown_b, sizeof shown_b), b->folder);
}

static void print_data(const struct iso_told *a, const struct iso_told *b, const char *split)
{
    static const char *const keys[] = { "source", "rows", "images_sha256", "images_crc32",
                                        "labels_sha256" };
    const struct json_t *data_a = iso_made_data(a, split), *data_b = iso_made_data(b, split);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char what[64], buf_a[ISO_MADE_NUMBER], buf_b[ISO_MADE_NUMBER];
        snprintf(what, sizeof what, "%s data, %s", split, keys[i]);
        print_pair(what, a, iso_made_text(data_a, keys[i], buf_a), b,
                   iso_made_text(data_b, keys[i], buf_b));
    }
}

static void print_made(const struct iso_told *a, const struct iso_told *b)
{
    static const struct {
        const char *in, *key, *what;
    } members[] = {
        { NULL, "isocl", "isocl's version" }, { NULL, "machine", "machine" },
        { "device", "id", "device" },         { "device", "name", "the device's name" },
        { "device", "platform", "platform" }, { "device", "driver", "driver" },
    };
    char arithmetic_a[ISO_MADE_NUMBER], arithmetic_b[ISO_MADE_NUMBER];
    print_pair("arithmetic", a, iso_made_text(a->made, "arithmetic", arithmetic_a), b,
               iso_made_text(b->made, "arithmetic", arithmetic_b));
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        char text_a[512], text_b[512];
        iso_made_list(a, members[i].in, members[i].key, text_a, sizeof text_a);
        iso_made_list(b, members[i].in, members[i].key, text_b, sizeof text_b);
        print_pair(members[i].what, a, text_a, b, text_b);
    }
}

/* ---- Their numbers ------------------------------------------------------------------------- */

/* Returns the first step or epoch, from 1, whose numbers differ; 0: none. what: "step". */
static int64_t print_rows(const struct iso_told *a, const struct iso_told *b, const char *text_a,
                          const char *text_b, const char *what)
{
    struct iso_row_parting p;
    if (text_a == NULL || text_b == NULL)
        return 0;
    iso_parting_of_rows(text_a, text_b, &p);
    if (p.number > 0)
        printf("\nthe numbers first part in %s %lld: %s is %s in %s\n        %s in %s\n", what,
               (long long)p.number, p.column, p.a, a->folder, p.b, b->folder);
    else if (p.rows > 0)
        printf("\nthe first %lld %s%s have the same numbers\n", (long long)p.rows, what,
               p.rows == 1 ? "" : "s");
    return p.number;
}

static iso_rc open_file(const struct iso_told *t, const char *name, struct iso_st_file **out)
{
    char path[ISO_PATH];
    ISO_TRY(iso_path(path, t->folder, name));
    return iso_st_open(path, out);
}

static void print_tensor(const struct iso_told *a, const struct iso_told *b, const char *what,
                         const struct iso_tensor_parting *p)
{
    char first[sizeof p->first];
    iso_shown(p->first, first, sizeof first);
    if (p->alone > 0)
        printf("\n%s: %d tensors have no partner of their name and shape\n", what, p->alone);
    if (p->differing == 0)
        printf("\n%s: the same bits in all %d tensors\n", what, p->tensors);
    else
        printf(
            "\n%s: %d of %d tensors differ, first %s, in %lld of %lld elements; element %lld is "
            "%.9g in %s\n        %.9g in %s\n",
            what, p->differing, p->tensors, first, (long long)p->elements, (long long)p->count,
            (long long)p->element, p->a, a->folder, p->b, b->folder);
}

/* Compares a file of both runs; returns false if one has no such file. */
static bool print_tensors(const struct iso_told *a, const struct iso_told *b, const char *name,
                          const struct iso_model *model)
{
    struct iso_st_file *file_a = NULL, *file_b = NULL;
    struct iso_tensor_parting p;
    iso_rc rc = open_file(a, name, &file_a);
    if (rc == ISO_OK)
        rc = open_file(b, name, &file_b);
    if (rc == ISO_OK) {
        iso_parting_of_tensors(file_a, file_b, model, &p);
        print_tensor(a, b, name, &p);
    } else {
        if (rc == ISO_EDATA)
            printf("\nnot compared: %s\n", iso_error());
        iso_error_clear(); /* the caller says what to do without the file */
    }
    iso_st_close(file_a);
    iso_st_close(file_b);
    return rc == ISO_OK;
}

static struct iso_model *load_model(const struct iso_told *t)
{
    struct iso_faults *faults = iso_alloc(1, sizeof *faults);
    struct iso_model *model = NULL;
    char path[ISO_PATH];
    if (faults != NULL && iso_path(path, t->folder, "model.yaml") == ISO_OK &&
        iso_model_load(path, faults, &model) != ISO_OK)
        model = NULL;
    iso_error_clear(); /* without a model the order of tensors is not known, and a message says so
                        */
    free(faults);
    return model;
}

static void print_trace_command(const struct iso_told *t, int64_t steps)
{
    const struct iso_run_settings *set = &t->settings;
    char path[ISO_PATH], limit[32] = "";
    if (iso_path(path, t->folder, "trace.safetensors") != ISO_OK) {
        iso_error_clear(); /* a trace could not be written there either */
        return;
    }
    if (set->limit > 0)
        snprintf(limit, sizeof limit, " --limit %lld", (long long)set->limit);
    printf(
        "  isocl trace %s/model.yaml --device %s --mode %s --seed %llu --batch %lld%s --steps %lld "
        "--out %s\n",
        t->folder, *t->device.id ? t->device.id : "auto", set->fast ? "fast" : "exact",
        (unsigned long long)set->seed, (long long)set->batch, limit, (long long)steps, path);
}

static void print_parting(const struct iso_told *a, const struct iso_told *b)
{
    struct iso_model *model = load_model(a);
    if (*a->hash && strcmp(a->hash, b->hash) == 0) {
        printf("\n%s and %s have the same bits: weights sha256 %s\n", a->folder, b->folder,
               a->hash);
    } else if (model == NULL) {
        printf("\n%s: its model file cannot be read, so that tensors are not compared\n",
               a->folder);
    } else if (a->state.step == b->state.step) {
        print_tensors(a, b, "weights.safetensors", model);
    } else {
        printf("\nweights are not compared: %s stands after step %lld, %s after step %lld\n",
               a->folder, (long long)a->state.step, b->folder, (long long)b->state.step);
    }
    const int64_t step = print_rows(a, b, a->batches.text, b->batches.text, "step");
    print_rows(a, b, a->epochs.text, b->epochs.text, "epoch");
    if (model != NULL && !print_tensors(a, b, "trace.safetensors", model) && step > 0) {
        printf("\nto find the first tensor, trace both up to there, and compare them again:\n");
        print_trace_command(a, step);
        print_trace_command(b, step);
    }
    iso_model_free(model);
}

void iso_runs_differ(const struct iso_told *a, const struct iso_told *b)
{
    print_lines(a, b);
    print_lines(b, a);
    print_data(a, b, "train");
    print_data(a, b, "validation");
    print_made(a, b);
    if (a->yaml != NULL && b->yaml != NULL && strcmp(a->yaml, b->yaml) == 0)
        printf("\n%s and %s have the same model file\n", a->folder, b->folder);
    print_parting(a, b);
}
