/* clblast.c: runs CLBlast, and keeps what is known about it. clblast_check.c finds that out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "clblast_check.h"
#include "core/cache.h"
#include "core/data/sha256.h"

enum { MAX_CLASSES = 512 };
enum { SMALL = 1 << 15 }; /* products that no library speeds up */
/* ISOCL_OPENCL_CLBLAST: auto; always (even where it is slower, not where it is wrong); never. */
enum wish { AUTO, ALWAYS, NEVER };

/* Sizes are exponents: a class holds all sizes that round up to 2^m, 2^n, 2^k. */
struct verdict {
    bool ta, tb, right;
    int m, n, k;
    double clblast, own;
};
struct opencl_clblast {
    struct verdict known[MAX_CLASSES];
    int count;
    enum wish wish;
    bool said;       /* that isocl's kernels run somewhere */
    char path[1200]; /* of the file; "" when there is no cache */
};

static int exponent(size_t n)
{
    int e = 0;
    while (((size_t)1 << e) < n)
        e++;
    return e;
}

static const struct verdict *find(const struct opencl_clblast *g, const struct opencl_product *p)
{
    const struct verdict *best = NULL;
    for (int i = 0; i < g->count; i++) {
        const struct verdict *v = &g->known[i];
        bool same = v->ta == p->ta && v->tb == p->tb && v->n == exponent(p->n) &&
                    v->k >= exponent(p->k);
        if (same && v->m >= exponent(p->m) && (best == NULL || v->m + v->k < best->m + best->k))
            best = v;
    }
    return best;
}

/* ---- The file of verdicts ---- */

static void find_file(struct opencl *cl)
{
    char name[96], hex[65];
    struct iso_sha256 h;
    iso_sha256_init(&h);
    iso_sha256_add(&h, cl->found.info.name, strlen(cl->found.info.name) + 1);
    iso_sha256_add(&h, cl->found.info.driver, strlen(cl->found.info.driver) + 1);
    iso_sha256_add(&h, cl->options, strlen(cl->options) + 1);
    iso_sha256_hex(&h, hex);
    snprintf(name, sizeof name, "clblast-%.16s.txt", hex);
    if (!iso_cache_path(name, cl->clblast->path, sizeof cl->clblast->path))
        cl->clblast->path[0] = '\0';
}

static void read_file(struct opencl_clblast *g)
{
    FILE *f = g->path[0] ? fopen(g->path, "r") : NULL;
    char line[256];
    while (f != NULL && g->count < MAX_CLASSES && fgets(line, sizeof line, f) != NULL) {
        struct verdict v = { 0 };
        char ta, tb, word[8];
        if (sscanf(line, "%c%c %dx%dx%d %7s clblast %lf own %lf", &ta, &tb, &v.m, &v.n, &v.k, word,
                   &v.clblast, &v.own) == 8) {
            v.ta = ta == 'T';
            v.tb = tb == 'T';
            v.right = strcmp(word, "right") == 0;
            g->known[g->count++] = v;
        }
    }
    if (f != NULL)
        fclose(f);
}

/* Failing to keep verdicts is no failure. */
static void write_file(const struct opencl *cl)
{
    const struct opencl_clblast *g = cl->clblast;
    char temporary[1300];
    snprintf(temporary, sizeof temporary, "%s.%ld", g->path, (long)getpid());
    FILE *f = g->path[0] && iso_cache_create() ? fopen(temporary, "w") : NULL;
    if (f == NULL)
        return;
    fprintf(f, "# CLBlast on %s, driver %s: transposes, exponents of m x n x k, GFLOP/s\n",
            cl->found.info.name, cl->found.info.driver);
    for (int i = 0; i < g->count; i++) {
        const struct verdict *v = &g->known[i];
        fprintf(f, "%c%c %dx%dx%d %s clblast %.1f own %.1f\n", v->ta ? 'T' : 'N', v->tb ? 'T' : 'N',
                v->m, v->n, v->k, v->right ? "right" : "wrong", v->clblast, v->own);
    }
    bool good = fflush(f) == 0 && fsync(fileno(f)) == 0;
    good = fclose(f) == 0 && good;
    if (!good || rename(temporary, g->path) != 0)
        remove(temporary);
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
    find_file(cl);
    read_file(cl->clblast);
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

static bool serves(const struct opencl_clblast *g, const struct verdict *v)
{
    return v->right && (g->wish == ALWAYS || v->clblast > v->own);
}

/* Once for a device: what runs in place of CLBlast, and why. Goes to stderr, unless ISOCL_QUIET is
 * set, and into the device's note. */
static void tell(struct opencl *cl, const struct verdict *v)
{
    if (cl->clblast->said)
        return;
    cl->clblast->said = true;
    char text[200];
    snprintf(text, sizeof text,
             "CLBlast is %s here for some shapes (%.1f GFLOP/s against %.1f for 2^%d x 2^%d x "
             "2^%d), where isocl's exact kernels run",
             v->right ? "slower" : "wrong", v->clblast, v->own, v->m, v->n, v->k);
    snprintf(cl->base.device.note, sizeof cl->base.device.note, "%s", text);
    if (iso_environment(ISO_ENV_QUIET) == NULL)
        fprintf(stderr, "isocl: %s: %s\n", cl->base.device.id, text);
}

void opencl_clblast_check(struct opencl *cl, const struct opencl_product *p)
{
    struct opencl_clblast *g = cl->clblast;
    size_t products = p->m * p->n * p->k;
    if (g == NULL || products == 0 || (products < SMALL && g->wish != ALWAYS))
        return;
    const struct verdict *known = find(g, p);
    bool exactly = known != NULL && known->m == exponent(p->m) && known->k == exponent(p->k);
    if (!exactly && g->count < MAX_CLASSES) {
        struct verdict v = { p->ta,          p->tb,          false, exponent(p->m),
                             exponent(p->n), exponent(p->k), 0,     0 };
        if (opencl_clblast_measure(cl, p, &v.right, &v.clblast, &v.own) != ISO_OK) {
            iso_error_clear(); /* whatever went wrong, isocl's kernels serve this class */
            v.right = false;
        }
        g->known[g->count++] = v;
        write_file(cl);
        known = &g->known[g->count - 1];
    }
    if (known != NULL && !serves(g, known))
        tell(cl, known);
}

bool opencl_clblast_trusted(const struct opencl *cl, const struct opencl_product *p)
{
    const struct verdict *v = cl->clblast != NULL ? find(cl->clblast, p) : NULL;
    return v != NULL && serves(cl->clblast, v);
}

iso_rc opencl_clblast(struct opencl *cl, const struct opencl_product *p, struct opencl_at a,
                      struct opencl_at b, struct opencl_at c, bool add)
{
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
