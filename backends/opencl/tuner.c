/* tuner.c: the parent's side: chooses the candidates, their order and their time, and acts on the
 * results. */
#include "tuner.h"

#include "clblast.h"
#include "core/system/machine.h"
#include "progress.h"
#include "tuner_task.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Limits in seconds: for the runs of one candidate; for all candidates of one product; for all
 * products of a model; until a child has started. */
static const double RUN = 0.2, EACH = 3, ALL = 20, START = 60;
enum { SMALL = 1 << 18 }; /* products too small to be worth measuring */

/* A candidate's patience grows by this multiple of the time its child took to start, which is
 * longer on a slow machine. */
static const double SLOW = 10;
double opencl_tuner_patience = 60;

struct opencl_tuner {
    struct opencl_records *records;
    struct iso_child *child; /* NULL: none is running */
    double until;            /* then all products have had their time */
    double patience;         /* seconds that a candidate may take to answer */
    bool broken;             /* no child can be started */
    bool busy;               /* something has been measured, which `progress` tells */
    struct opencl_progress progress;
};

static iso_rc tuner_of(struct opencl *cl, struct opencl_tuner **out)
{
    if (cl->tuner == NULL) {
        cl->tuner = iso_alloc(1, sizeof *cl->tuner);
        if (cl->tuner == NULL)
            return ISO_ENOMEM;
        ISO_TRY(opencl_records_open(cl, &cl->tuner->records));
    }
    *out = cl->tuner;
    return ISO_OK;
}

void opencl_tuner_close(struct opencl *cl)
{
    if (cl->tuner == NULL)
        return;
    iso_child_free(cl->tuner->child);
    opencl_records_close(cl->tuner->records);
    free(cl->tuner);
    cl->tuner = NULL;
}

static void tell(const struct opencl *cl, const char *text)
{
    if (iso_environment(ISO_ENV_QUIET) == NULL)
        fprintf(stderr, "isocl: %s: %s\n", cl->base.device.id, text);
}

/* ---- Products ------------------------------------------------------------------------------- */

static void pretend(struct iso_tensor t[ISO_OPERANDS], struct iso_mem *mem)
{
    for (int i = 0; i < ISO_OPERANDS; i++)
        if (t[i].shape.ndim > 0)
            t[i].mem = mem;
}

/* Both passes go their way, but for the launches. */
iso_rc opencl_note_products(struct iso_backend *be, enum iso_op op, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const struct iso_kernel *k = be->kernels[op];
    struct iso_mem nowhere = { NULL, 0 };
    struct iso_call c = *call;
    if (cl->shape == OPENCL_SHAPE_CPU)
        return ISO_OK;
    pretend(c.x, &nowhere);
    pretend(c.y, &nowhere);
    pretend(c.w, &nowhere);
    memcpy(c.dx, c.x, sizeof c.dx);
    memcpy(c.dy, c.y, sizeof c.dy);
    memcpy(c.dw, c.w, sizeof c.dw);
    c.workspace.mem = &nowhere;
    cl->noting = true;
    iso_rc rc = k->forward(be, &c);
    if (rc == ISO_OK)
        rc = k->backward(be, &c);
    cl->noting = false;
    return rc;
}

/* ---- The child ------------------------------------------------------------------------------ */

/* False where no child will ever answer. */
static bool start_child(struct opencl *cl, struct opencl_tuner *t)
{
    char mode[8], ready, said[400], text[600];
    const char *const arguments[] = { cl->base.device.id, mode, NULL };
    const struct iso_child_job job = { OPENCL_TUNER_TASK, arguments, { .seconds = START } };
    const double begun = iso_clock();
    snprintf(mode, sizeof mode, "%d", (int)cl->base.mode);
    if (iso_child_start(&job, &t->child) != ISO_OK) {
        iso_error_take(said, sizeof said);
    } else if (iso_child_receive_all(t->child, &ready, sizeof ready)) {
        t->patience = opencl_tuner_patience + SLOW * (iso_clock() - begun);
        return true;
    } else {
        iso_child_text(iso_child_verdict(t->child), said, sizeof said);
        iso_child_free(t->child);
    }
    t->child = NULL;
    t->broken = true;
    snprintf(text, sizeof text, "kernels are not measured: the child %s", said);
    tell(cl, text);
    return false;
}

/* The child has not answered. */
static void bury(struct opencl_tuner *t, struct opencl_outcome *out)
{
    const struct iso_child_verdict *v = iso_child_verdict(t->child);
    *out = (struct opencl_outcome){ .verdict = v->end == ISO_CHILD_LATE ? OPENCL_HUNG
                                                                        : OPENCL_CRASHED };
    iso_child_text(v, out->why, sizeof out->why);
    iso_child_free(t->child);
    t->child = NULL;
}

static void begin_progress(const struct opencl *cl, struct opencl_tuner *t)
{
    char text[128];
    snprintf(text, sizeof text, "%s: measuring which kernels are fastest for this model, once",
             cl->base.device.id);
    opencl_progress_begin(&t->progress, text);
    t->busy = true;
}

static bool try(struct opencl *cl, struct opencl_tuner *t, const struct opencl_trial *trial,
                struct opencl_outcome *out)
{
    if (t->broken)
        return false;
    if (!t->busy)
        begin_progress(cl, t);
    if (t->child == NULL && !start_child(cl, t))
        return false;
    iso_child_allow(t->child, t->patience);
    iso_child_send(t->child, trial, sizeof *trial);
    if (!iso_child_receive_all(t->child, out, sizeof *out))
        bury(t, out);
    else if (out->verdict > OPENCL_UNUSABLE || !(out->share > 0 && out->share <= 1))
        out->verdict = OPENCL_UNUSABLE;
    out->why[sizeof out->why - 1] = '\0';
    return true;
}

/* ---- One candidate -------------------------------------------------------------------------- */

/* Keeps what came out, and names a candidate that did wrong. */
static iso_rc keep(struct opencl *cl, struct opencl_tuner *t, const char *key,
                   const char *candidate, const struct opencl_outcome *out)
{
    struct opencl_record record = { .verdict = out->verdict };
    snprintf(record.key, sizeof record.key, "%s", key);
    snprintf(record.candidate, sizeof record.candidate, "%s", candidate);
    if (out->verdict == OPENCL_RIGHT)
        record.seconds = out->seconds / out->share;
    if (out->verdict == OPENCL_WRONG || out->verdict == OPENCL_CRASHED ||
        out->verdict == OPENCL_HUNG) {
        char text[500];
        snprintf(text, sizeof text, "kernel %s %s%s%s%s on the product %s: it will not be used",
                 candidate, opencl_verdict_texts[out->verdict], *out->why ? " (" : "", out->why,
                 *out->why ? ")" : "", key);
        tell(cl, text);
    }
    return opencl_records_put(t->records, cl, &record);
}

/* True if the candidate is to be measured now. */
static bool is_due(const struct opencl *cl, const struct opencl_tuner *t, const char *key,
                   const char *candidate)
{
    const struct opencl_record *old = opencl_records_find(t->records, key, candidate);
    return opencl_records_fault(t->records, candidate) == OPENCL_RIGHT &&
           (old == NULL || cl->base.tuning == ISO_TUNE_ALL);
}

/* One product's candidates, until their time is over. */
struct round {
    char key[OPENCL_RECORD_KEY];
    double until;
    uint64_t bits; /* hash of the first right result; 0: none yet */
};

static struct round begin_round(const struct opencl *cl, const struct opencl_tuner *t,
                                const char *key)
{
    const double now = iso_clock();
    struct round r = { .until = now + EACH < t->until ? now + EACH : t->until };
    snprintf(r.key, sizeof r.key, "%s", key);
    if (cl->base.tuning == ISO_TUNE_ALL)
        r.until = INFINITY;
    return r;
}

static iso_rc measure(struct opencl *cl, struct opencl_tuner *t, struct round *r,
                      const char *candidate, const struct opencl_trial *trial)
{
    struct opencl_outcome out = { .verdict = OPENCL_UNMEASURED };
    if (!is_due(cl, t, r->key, candidate))
        return ISO_OK;
    if (iso_clock() < r->until && !try(cl, t, trial, &out))
        return ISO_OK;
    if (out.verdict == OPENCL_RIGHT && out.bits != 0) {
        if (r->bits != 0 && r->bits != out.bits)
            out.verdict = OPENCL_WRONG;
        else
            r->bits = out.bits;
    }
    return keep(cl, t, r->key, candidate, &out);
}

/* ---- The variants of isocl's kernels --------------------------------------------------------- */

static double products_of(const struct opencl_product_shape *s)
{
    return (double)s->products * (double)s->rows * (double)s->cols * (double)s->depth;
}

static iso_rc tune_shape(struct opencl *cl, struct opencl_tuner *t,
                         const struct opencl_product_shape *s)
{
    const struct opencl_variant *list[OPENCL_MAX_VARIANTS];
    char key[OPENCL_PRODUCT_KEY];
    const int n = opencl_variant_candidates(cl, s, list);
    opencl_product_key(s, key);
    struct round r = begin_round(cl, t, key);
    struct opencl_trial trial = { .way = OPENCL_WAY_VARIANT,
                                  .product = { s->over == OPENCL_OVER_ROWS,
                                               s->over == OPENCL_OVER_TURNED, s->rows, s->cols,
                                               s->depth },
                                  .products = s->products,
                                  .seconds = RUN };
    for (int i = 0; n > 1 && i < n; i++) {
        snprintf(trial.variant, sizeof trial.variant, "%s", list[i]->name);
        ISO_TRY(measure(cl, t, &r, list[i]->name, &trial));
    }
    return ISO_OK;
}

/* Returns the largest product after the first `done` ones in order of size, or NULL. */
static const struct opencl_product_shape *next_shape(const struct opencl *cl, size_t done)
{
    size_t n;
    const struct opencl_product_shape *s = opencl_products_noted(cl, &n);
    for (size_t i = 0; i < n; i++) {
        size_t before = 0; /* products before this one */
        for (size_t k = 0; k < n; k++)
            before += products_of(&s[k]) > products_of(&s[i]) ||
                      (products_of(&s[k]) == products_of(&s[i]) && k < i);
        if (before == done)
            return &s[i];
    }
    return NULL;
}

/* The large ones first. */
static iso_rc tune_shapes(struct opencl *cl, struct opencl_tuner *t)
{
    const struct opencl_product_shape *s;
    for (size_t done = 0; (s = next_shape(cl, done)) != NULL; done++)
        if (products_of(s) >= SMALL)
            ISO_TRY(tune_shape(cl, t, s));
    return ISO_OK;
}

/* The winner; where none was measured, and the default has done wrong, one that has not. */
static const char *choose(struct opencl *cl, const struct opencl_records *r, const char *key,
                          const struct opencl_product_shape *s)
{
    const struct opencl_variant *list[OPENCL_MAX_VARIANTS];
    const struct opencl_record *best = opencl_records_best(r, key);
    const int n = opencl_variant_candidates(cl, s, list);
    if (best != NULL)
        return best->candidate;
    for (int i = 0; i < n; i++)
        if (opencl_records_fault(r, list[i]->name) == OPENCL_RIGHT)
            return i > 0 ? list[i]->name : NULL;
    return NULL;
}

static iso_rc choose_all(struct opencl *cl, const struct opencl_records *r)
{
    size_t n;
    const struct opencl_product_shape *s = opencl_products_noted(cl, &n);
    for (size_t i = 0; i < n; i++) {
        char key[OPENCL_PRODUCT_KEY];
        opencl_product_key(&s[i], key);
        const char *name = choose(cl, r, key, &s[i]);
        if (name != NULL)
            ISO_TRY(opencl_variant_choose(cl, key, name));
    }
    return ISO_OK;
}

/* ---- CLBlast -------------------------------------------------------------------------------- */

static iso_rc tune_clblast(struct opencl *cl, struct opencl_tuner *t)
{
    char key[OPENCL_RECORD_KEY];
    struct opencl_trial trial = { .products = 1, .seconds = RUN };
    for (int i = 0; opencl_clblast_size_class(cl, i, key, &trial.product); i++) {
        struct round r = begin_round(cl, t, key);
        trial.way = OPENCL_WAY_OWN;
        ISO_TRY(measure(cl, t, &r, "own", &trial));
        trial.way = OPENCL_WAY_CLBLAST;
        ISO_TRY(measure(cl, t, &r, "clblast", &trial));
    }
    opencl_clblast_learn(cl, t->records);
    return ISO_OK;
}

/* ---- All of it ------------------------------------------------------------------------------ */

iso_rc opencl_tune(struct opencl *cl)
{
    const enum iso_tuning tuning = cl->base.tuning;
    struct opencl_tuner *t;
    ISO_TRY(tuner_of(cl, &t));
    t->until = iso_clock() + ALL;
    t->broken = t->broken || tuning == ISO_TUNE_OFF;
    iso_rc rc = tuning == ISO_TUNE_AUTO || tuning == ISO_TUNE_ALL ? tune_shapes(cl, t) : ISO_OK;
    if (rc == ISO_OK)
        rc = tune_clblast(cl, t);
    if (t->busy)
        opencl_progress_end(&t->progress);
    t->busy = false;
    if (tuning != ISO_TUNE_NEEDED) {
        iso_child_free(t->child); /* and its share of the device's memory */
        t->child = NULL;
    }
    return rc == ISO_OK ? choose_all(cl, t->records) : rc;
}

/* ---- What was found out --------------------------------------------------------------------- */

static void show(const struct opencl_records *r, const char *key, double flops, const char *chosen,
                 iso_tuned_visit *visit, void *self)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct opencl_record *x = &r->at[i];
        if (strcmp(x->key, key) == 0)
            visit(self, &(struct iso_tuned){ key, x->candidate, opencl_verdict_texts[x->verdict],
                                             x->verdict == OPENCL_RIGHT ? x->seconds : 0, flops,
                                             chosen != NULL && strcmp(chosen, x->candidate) == 0 });
    }
}

iso_rc opencl_tuned(struct iso_backend *be, iso_tuned_visit *visit, void *self)
{
    struct opencl *cl = opencl_of(be);
    struct opencl_tuner *t;
    const struct opencl_product_shape *s;
    struct opencl_product p;
    char key[OPENCL_RECORD_KEY];
    ISO_TRY(tuner_of(cl, &t));
    for (size_t done = 0; (s = next_shape(cl, done)) != NULL; done++) {
        opencl_product_key(s, key);
        show(t->records, key, 2 * products_of(s), choose(cl, t->records, key, s), visit, self);
    }
    for (int i = 0; opencl_clblast_size_class(cl, i, key, &p); i++) {
        const struct opencl_record *best = opencl_records_best(t->records, key);
        show(t->records, key, 2.0 * (double)p.m * (double)p.n * (double)p.k,
             best != NULL ? best->candidate : NULL, visit, self);
    }
    return ISO_OK;
}
