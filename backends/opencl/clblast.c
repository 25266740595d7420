/* clblast.c: runs CLBlast where the tuner has found it right and fast. */
#include "clblast.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CLASSES = 512 };
enum { SMALL = 1 << 15 }; /* products that no library speeds up */
/* ISOCL_OPENCL_CLBLAST: auto; always (even where it is slower, not where it is wrong); never. */
enum wish { AUTO, ALWAYS, NEVER };

/* Sizes are exponents: a class holds all sizes that round up to 2^m, 2^n, 2^k. */
struct size_class {
    bool ta, tb, right;      /* right: CLBlast was measured, and its results are right */
    int m, n, k;             /* exponents */
    double clblast, own;     /* seconds; 0: not known */
    struct opencl_product p; /* the first one recorded, which represents all */
};
struct opencl_clblast {
    struct size_class known[MAX_CLASSES];
    int count;
    enum wish wish;
    bool said; /* the message about isocl's kernels was printed */
};

static int exponent(size_t n)
{
    int e = 0;
    while (((size_t)1 << e) < n)
        e++;
    return e;
}

static const struct size_class *find(const struct opencl_clblast *g, const struct opencl_product *p)
{
    const struct size_class *best = NULL;
    for (int i = 0; i < g->count; i++) {
        const struct size_class *v = &g->known[i];
        bool same = v->ta == p->ta && v->tb == p->tb && v->n == exponent(p->n) &&
                    v->k >= exponent(p->k);
        if (same && v->m >= exponent(p->m) && (best == NULL || v->m + v->k < best->m + best->k))
            best = v;
    }
    return best;
}

/* ---- Opening and verdicts ---- */

iso_rc opencl_clblast_open(struct opencl *cl)
{
    const char *wish = iso_environment(ISO_ENV_OPENCL_CLBLAST);
    if (!opencl_library()->clblast || (wish != NULL && strcmp(wish, "never") == 0))
        return ISO_OK; /* without it isocl's own kernels run */
    cl->clblast = iso_alloc(1, sizeof *cl->clblast);
    if (cl->clblast == NULL)
        return ISO_ENOMEM;
    cl->clblast->wish = wish != NULL && strcmp(wish, "always") == 0 ? ALWAYS : AUTO;
    return ISO_OK;
}

void opencl_clblast_close(struct opencl *cl)
{
    if (cl->clblast == NULL)
        return;
#ifdef ISO_HAVE_CLBLAST
    if (opencl_library()->clblast)
        CLBlastClearCache(); /* its programs must go before the context does */
#endif
    free(cl->clblast);
    cl->clblast = NULL;
}

static bool serves(const struct opencl_clblast *g, const struct size_class *v)
{
    return v->right && (g->wish == ALWAYS || v->clblast < v->own);
}

/* Once for a device: what runs in place of CLBlast, and why. Goes to stderr, unless ISOCL_QUIET is
 * set, and into the device's note. */
static void tell(struct opencl *cl, const struct size_class *v)
{
    if (cl->clblast->said)
        return;
    cl->clblast->said = true;
    char text[200];
    snprintf(text, sizeof text,
             "CLBlast is %s here for some shapes (%zu x %zu x %zu for one), where isocl's exact "
             "kernels run; `isocl tune` lists them",
             v->right ? "slower" : "not usable", v->p.m, v->p.n, v->p.k);
    snprintf(cl->base.device.note, sizeof cl->base.device.note, "%s", text);
    if (iso_environment(ISO_ENV_QUIET) == NULL)
        fprintf(stderr, "isocl: %s: %s\n", cl->base.device.id, text);
}

void opencl_clblast_note(struct opencl *cl, const struct opencl_product *p)
{
    struct opencl_clblast *g = cl->clblast;
    const size_t products = p->m * p->n * p->k;
    if (g == NULL || products == 0 || (products < SMALL && g->wish != ALWAYS))
        return;
    const struct size_class *known = find(g, p);
    if (g->count == MAX_CLASSES ||
        (known != NULL && known->m == exponent(p->m) && known->k == exponent(p->k)))
        return;
    g->known[g->count++] = (struct size_class){ .ta = p->ta,
                                                .tb = p->tb,
                                                .m = exponent(p->m),
                                                .n = exponent(p->n),
                                                .k = exponent(p->k),
                                                .p = *p };
}

static void key_of(const struct size_class *v, char key[OPENCL_RECORD_KEY])
{
    snprintf(key, OPENCL_RECORD_KEY, "matrix %c%c 2^%dx2^%dx2^%d", v->ta ? 'T' : 'N',
             v->tb ? 'T' : 'N', v->m, v->n, v->k);
}

bool opencl_clblast_size_class(const struct opencl *cl, int i, char key[OPENCL_RECORD_KEY],
                               struct opencl_product *p)
{
    if (cl->clblast == NULL || i >= cl->clblast->count)
        return false;
    key_of(&cl->clblast->known[i], key);
    *p = cl->clblast->known[i].p;
    return true;
}

static double seconds_of(const struct opencl_records *r, const char *key, const char *candidate)
{
    const struct opencl_record *x = opencl_records_find(r, key, candidate);
    return x != NULL && x->verdict == OPENCL_RIGHT ? x->seconds : 0;
}

void opencl_clblast_learn(struct opencl *cl, const struct opencl_records *records)
{
    struct opencl_clblast *g = cl->clblast;
    for (int i = 0; g != NULL && i < g->count; i++) {
        struct size_class *v = &g->known[i];
        char key[OPENCL_RECORD_KEY];
        key_of(v, key);
        v->clblast = seconds_of(records, key, "clblast");
        v->own = seconds_of(records, key, "own");
        v->right = v->clblast > 0 && opencl_records_fault(records, "clblast") == OPENCL_RIGHT;
        if (!serves(g, v))
            tell(cl, v);
    }
}

bool opencl_clblast_trusted(const struct opencl *cl, const struct opencl_product *p)
{
    const struct size_class *v = cl->clblast != NULL ? find(cl->clblast, p) : NULL;
    return v != NULL && serves(cl->clblast, v);
}

iso_rc opencl_clblast(struct opencl *cl, const struct opencl_product *p, struct opencl_at a,
                      struct opencl_at b, struct opencl_at c, bool add)
{
    if (cl->noting)
        return ISO_OK;
#ifdef ISO_HAVE_CLBLAST
    opencl_counts(cl, 2.0 * (double)p->m * (double)p->n * (double)p->k);
    CLBlastStatusCode rc = CLBlastSgemm(
        CLBlastLayoutRowMajor, p->ta ? CLBlastTransposeYes : CLBlastTransposeNo,
        p->tb ? CLBlastTransposeYes : CLBlastTransposeNo, p->m, p->n, p->k, 1.0f, a.mem->mem, a.at,
        p->ta ? p->m : p->k, b.mem->mem, b.at, p->tb ? p->k : p->n, add ? 1.0f : 0.0f, c.mem->mem,
        c.at, p->n, &cl->queue, opencl_note(cl, "CLBlastSgemm"));
    if (rc != CLBlastSuccess) {
        return iso_fail(ISO_EDEVICE,
                        "CLBlastSgemm failed (%d) for %zux%zux%zu: set ISOCL_OPENCL_CLBLAST=never",
                        (int)rc, p->m, p->n, p->k);
    }
    return ISO_OK;
#else
    (void)cl, (void)p, (void)a, (void)b, (void)c, (void)add;
    return iso_fail(ISO_EDEVICE, "this isocl was built without CLBlast");
#endif
}
