/* tiles.c: knows the variants of the kernels for sums of products, and chooses among them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tiles.h"

/* Intel's compiler spills large tiles. */
enum { LARGE = OPENCL_NVIDIA | OPENCL_AMD | OPENCL_OTHER, ANY = LARGE | OPENCL_INTEL };
/* For kernels with 288 work-items a group, and in their place with 144. */
enum { MANY_ITEMS = OPENCL_NVIDIA | OPENCL_OTHER, FEW_ITEMS = OPENCL_AMD | OPENCL_OTHER };

const struct opencl_variant opencl_variants[] = {
    /* Compilers for AMD's GPUs spill this one's sums over rows. */
    { "128x128", "chains_gpu_128x128.cl", 128, 128, 256, 36864, true, false,
      OPENCL_NVIDIA | OPENCL_OTHER },
    /* NVIDIA's spills this one's, for sm_90. */
    { "128x64", "chains_gpu_128x64.cl", 128, 64, 256, 28672, true, false,
      OPENCL_AMD | OPENCL_OTHER },
    { "64x64", "chains_gpu_64x64.cl", 64, 64, 128, 20480, true, false, LARGE },
    { "128x32", "chains_gpu_128x32.cl", 128, 32, 128, 24576, true, false, LARGE },
    { "intel", "chains_gpu_intel.cl", 128, 32, 64, 18432, false, true, OPENCL_INTEL },
    { "32x32", "chains_gpu_32x32.cl", 32, 32, 64, 12288, true, false, ANY },
    { "any", "chains_gpu_any.cl", 32, 32, 64, 12288, false, false, ANY },
    { "small", "chains_gpu_small.cl", 16, 16, 16, 3712, false, false, OPENCL_OTHER },
    { NULL, NULL, 0, 0, 0, 0, false, false, 0 },
};

const struct opencl_fused opencl_fused[] = {
    /* Compilers for some of AMD's GPUs spill these. */
    { "winograd-32", "winograd_fused_32.cl", 32, 288, false, 0.75, 0.77, false, MANY_ITEMS },
    { "winograd-32-taps", "winograd_fused_32.cl", 32, 288, true, 0.7, 0, false, MANY_ITEMS },
    /* For small layers, and for 256 work-items a group and fewer. */
    { "winograd-16", "winograd_fused_16.cl", 16, 144, false, 0.75, 0.62, false, LARGE },
    { "winograd-16-taps", "winograd_fused_16.cl", 16, 144, true, 0.7, 0, false, LARGE },
    { "winograd-wide", "winograd_fused_wide.cl", 32, 144, false, 0, 0.7, false, FEW_ITEMS },
    { "winograd-intel", "winograd_fused_intel.cl", 32, 288, false, 0.48, 0.48, true, OPENCL_INTEL },
    { "winograd-intel-taps", "winograd_fused_intel.cl", 32, 288, true, 0.41, 0, true,
      OPENCL_INTEL },
    { NULL, NULL, 0, 0, false, 0, 0, false, 0 },
};

/* A device's choices: the fastest variant by key, and the products recorded. */
struct choice {
    char key[OPENCL_PRODUCT_KEY];
    const struct opencl_variant *variant;
};
struct opencl_choices {
    struct choice *chosen;
    struct opencl_product_shape *noted;
    size_t nchosen, nnoted;
};

static const char *const over_names[] = { "taps", "turned", "rows" };
static const char *const kernels[] = { "chains_over_taps", "chains_over_turned",
                                       "chains_over_rows" };

const char *opencl_variant_kernel(enum opencl_over over) { return kernels[over]; }

static const struct opencl_variant *variant_named(const char *name)
{
    const struct opencl_variant *v = opencl_variants;
    while (v->name != NULL && strcmp(v->name, name) != 0)
        v++;
    return v->name != NULL ? v : NULL;
}

/* ---- What the device can do ---- */

unsigned opencl_vendor(const struct opencl *cl)
{
    enum { NVIDIA = 0x10DE, AMD = 0x1002, INTEL = 0x8086 }; /* PCI */
    cl_uint id = 0;
    clGetDeviceInfo(cl->found.device, CL_DEVICE_VENDOR_ID, sizeof id, &id, NULL);
    return id == NVIDIA  ? OPENCL_NVIDIA
           : id == AMD   ? OPENCL_AMD
           : id == INTEL ? OPENCL_INTEL
                         : OPENCL_OTHER;
}

/* True if sub-groups may have 8 work-items, and read blocks of memory. */
static bool has_subgroups(const struct opencl *cl)
{
    enum { SUB_GROUP_SIZES = 0x4108, MOST = 16 }; /* CL_DEVICE_SUB_GROUP_SIZES_INTEL */
    char text[8192] = "";
    size_t sizes[MOST] = { 0 };
    clGetDeviceInfo(cl->found.device, CL_DEVICE_EXTENSIONS, sizeof text - 1, text, NULL);
    clGetDeviceInfo(cl->found.device, SUB_GROUP_SIZES, sizeof sizes, sizes, NULL);
    bool eight = false;
    for (int i = 0; i < MOST; i++)
        eight = eight || sizes[i] == 8;
    return eight && strstr(text, "cl_intel_subgroups ") != NULL;
}

static bool fits(const struct opencl *cl, const struct opencl_variant *v)
{
    return (size_t)v->items <= cl->max_group && (cl_ulong)v->local_bytes <= cl->local_memory &&
           (!v->subgroups || has_subgroups(cl));
}

bool opencl_kernel_usable(struct opencl *cl, const char *program, const char *name, int items,
                          int local_bytes)
{
    struct opencl_kernel *k;
    if ((cl_ulong)local_bytes > cl->local_memory)
        return false;
    if (opencl_kernel(cl, program, name, &k) != ISO_OK) {
        iso_error_clear();
        return false;
    }
    const bool spills = cl->found.gpu && k->private_bytes > 0;
    return k->max_group >= (size_t)items && !spills && k->local_bytes <= cl->local_memory;
}

bool opencl_variant_usable(struct opencl *cl, const struct opencl_variant *v, enum opencl_over over)
{
    return opencl_kernel_usable(cl, v->program, opencl_variant_kernel(over), v->items,
                                v->local_bytes);
}

bool opencl_packs_turned(const struct opencl *cl)
{
    const char *name = iso_environment(ISO_ENV_OPENCL_VARIANT);
    const struct opencl_variant *v = variant_named("intel");
    const bool wanted = name != NULL ? strcmp(name, v->name) == 0
                                     : (v->vendors & opencl_vendor(cl)) != 0;
    return cl->shape == OPENCL_SHAPE_GPU && wanted && fits(cl, v);
}

/* ---- Candidates ---- */

static size_t groups_of(const struct opencl_variant *v, const struct opencl_product_shape *s)
{
    return opencl_ceil(s->rows, (size_t)v->rows) * opencl_ceil(s->cols, (size_t)v->cols) *
           s->products;
}

/* An estimate of the time that a variant takes, in results that a unit makes one after the other:
 * whole rounds of whole tiles; a small tile reads more of local memory for each result. */
static double cost(const struct opencl *cl, const struct opencl_variant *v,
                   const struct opencl_product_shape *s)
{
    const double area = (double)v->rows * v->cols, side = v->rows + v->cols;
    const size_t units = (size_t)(cl->base.device.units > 0 ? cl->base.device.units : 1);
    return (double)opencl_ceil(groups_of(v, s), units) * (area + 8.0 * side);
}

static bool can_compute(const struct opencl *cl, const struct opencl_variant *v,
                        const struct opencl_product_shape *s)
{
    const bool whole = s->over != OPENCL_OVER_TURNED && s->cols % (size_t)v->cols == 0;
    return (s->wide || !v->wide) && (whole || !v->subgroups) && fits(cl, v);
}

/* True for Oclgrind and for a processor that Mesa drives: their compilers want tiles small. */
static bool wants_small(const struct opencl *cl)
{
    return cl->found.oclgrind || (cl->found.mesa && !cl->found.gpu);
}

bool opencl_may_fuse_winograd(const struct opencl *cl, const struct opencl_fused *f)
{
    const char *forced = iso_environment(ISO_ENV_OPENCL_VARIANT);
    const bool wanted = forced != NULL ? strcmp(f->name, forced) == 0
                                       : (f->vendors & opencl_vendor(cl)) != 0;
    const bool mesa_on_cpu = cl->found.mesa && !cl->found.gpu;
    return wanted && !mesa_on_cpu && (!f->subgroups || has_subgroups(cl));
}

static bool is_candidate(const struct opencl *cl, const struct opencl_variant *v,
                         const struct opencl_product_shape *s)
{
    return (v->vendors & opencl_vendor(cl)) != 0 && can_compute(cl, v, s) &&
           (!wants_small(cl) || strcmp(v->name, "small") == 0);
}

int opencl_variant_candidates(struct opencl *cl, const struct opencl_product_shape *s,
                              const struct opencl_variant *out[OPENCL_MAX_VARIANTS])
{
    int n = 0;
    for (const struct opencl_variant *v = opencl_variants; v->name != NULL; v++) {
        if (!is_candidate(cl, v, s))
            continue;
        int at = n++;
        for (; at > 0 && cost(cl, v, s) < cost(cl, out[at - 1], s); at--)
            out[at] = out[at - 1];
        out[at] = v;
    }
    return n;
}

/* ---- Choice ---- */

void opencl_product_key(const struct opencl_product_shape *s, char key[OPENCL_PRODUCT_KEY])
{
    snprintf(key, OPENCL_PRODUCT_KEY, "%s %zux%zux%zux%zu%s", over_names[s->over], s->rows, s->cols,
             s->depth, s->products, s->wide ? " wide" : "");
}

static iso_rc choices_of(struct opencl *cl, struct opencl_choices **out)
{
    if (cl->choices == NULL)
        cl->choices = iso_alloc(1, sizeof *cl->choices);
    *out = cl->choices;
    return *out != NULL ? ISO_OK : ISO_ENOMEM;
}

static struct choice *find_choice(const struct opencl *cl, const char *key)
{
    const struct opencl_choices *c = cl->choices;
    for (size_t i = 0; c != NULL && i < c->nchosen; i++)
        if (strcmp(c->chosen[i].key, key) == 0)
            return &c->chosen[i];
    return NULL;
}

/* Room for one element more in an array of n; NULL without memory. */
static void *grow(void *array, size_t n, size_t size)
{
    void *grown = iso_alloc(n + 1, size);
    if (grown != NULL && n > 0)
        memcpy(grown, array, n * size);
    if (grown != NULL)
        free(array);
    return grown;
}

iso_rc opencl_variant_choose(struct opencl *cl, const char *key, const char *variant)
{
    const struct opencl_variant *v = variant_named(variant);
    struct choice *old = find_choice(cl, key);
    struct opencl_choices *c;
    if (v == NULL)
        return iso_fail(ISO_EUNSUP, "no kernel variant is named %s", variant);
    if (old != NULL) {
        old->variant = v;
        return ISO_OK;
    }
    ISO_TRY(choices_of(cl, &c));
    struct choice *grown = grow(c->chosen, c->nchosen, sizeof *grown);
    if (grown == NULL)
        return ISO_ENOMEM;
    c->chosen = grown;
    snprintf(grown[c->nchosen].key, sizeof grown->key, "%s", key);
    grown[c->nchosen++].variant = v;
    return ISO_OK;
}

static bool is_fused(const char *name)
{
    const struct opencl_fused *f = opencl_fused;
    while (f->name != NULL && strcmp(f->name, name) != 0)
        f++;
    return f->name != NULL;
}

/* The variant that the user forces, if it can compute the product. */
static iso_rc forced(const struct opencl *cl, const struct opencl_product_shape *s,
                     const struct opencl_variant **out)
{
    const char *name = iso_environment(ISO_ENV_OPENCL_VARIANT);
    const struct opencl_variant *v = name != NULL ? variant_named(name) : NULL;
    *out = v != NULL && can_compute(cl, v, s) ? v : NULL;
    return name == NULL || v != NULL || is_fused(name)
               ? ISO_OK
               : iso_fail(ISO_EUNSUP, "ISOCL_OPENCL_VARIANT is %s, and no kernel variant is", name);
}

iso_rc opencl_variant_of(struct opencl *cl, const struct opencl_product_shape *s,
                         const struct opencl_variant **out)
{
    const struct opencl_variant *candidates[OPENCL_MAX_VARIANTS];
    char key[OPENCL_PRODUCT_KEY];
    ISO_TRY(forced(cl, s, out));
    if (*out != NULL)
        return ISO_OK;
    opencl_product_key(s, key);
    const struct choice *c = find_choice(cl, key);
    if (c != NULL && opencl_variant_usable(cl, c->variant, s->over)) {
        *out = c->variant;
        return ISO_OK;
    }
    const int n = opencl_variant_candidates(cl, s, candidates);
    for (int i = 0; i < n; i++) {
        if (opencl_variant_usable(cl, candidates[i], s->over)) {
            *out = candidates[i];
            return opencl_variant_choose(cl, key, (*out)->name);
        }
    }
    return iso_fail(
        ISO_EDEVICE,
        "%s (%s) can run no kernel for products: of %d, each fails to build, or may have "
        "fewer work-items than it needs; set ISOCL_OPENCL_SHAPE=cpu, or take another "
        "device",
        cl->base.device.id, cl->base.device.name, n);
}

/* ---- Products noted ---- */

iso_rc opencl_product_note(struct opencl *cl, const struct opencl_product_shape *s)
{
    struct opencl_choices *c;
    ISO_TRY(choices_of(cl, &c));
    for (size_t i = 0; i < c->nnoted; i++) {
        const struct opencl_product_shape *o = &c->noted[i];
        if (o->over == s->over && o->wide == s->wide && o->rows == s->rows && o->cols == s->cols &&
            o->depth == s->depth && o->products == s->products)
            return ISO_OK;
    }
    struct opencl_product_shape *grown = grow(c->noted, c->nnoted, sizeof *grown);
    if (grown == NULL)
        return ISO_ENOMEM;
    c->noted = grown;
    grown[c->nnoted++] = *s;
    return ISO_OK;
}

const struct opencl_product_shape *opencl_products_noted(const struct opencl *cl, size_t *count)
{
    *count = cl->choices != NULL ? cl->choices->nnoted : 0;
    return cl->choices != NULL ? cl->choices->noted : NULL;
}

void opencl_tiles_close(struct opencl *cl)
{
    if (cl->choices == NULL)
        return;
    free(cl->choices->chosen);
    free(cl->choices->noted);
    free(cl->choices);
    cl->choices = NULL;
}
