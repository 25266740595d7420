/* tiles.h: the variants of the kernels for sums of products on GPUs, and the choice of one for a
 * product.
 *
 * A variant is a program of its own, clkernels/<program>, with one size of tile; all have the same
 * kernels, which take the same arguments and give the same bits. The best of those that a device
 * can run depends on the shape of the product. The default is a guess by shape and vendor; a tuner
 * measures the candidates and says which one won (opencl_variant_choose). A CPU-shaped device has
 * one variant, and none of this applies to it. */
#ifndef ISO_OPENCL_TILES_H
#define ISO_OPENCL_TILES_H
#include "opencl.h"

/* The terms of a sum: taps of a window and channels, the same with the right-hand matrix turned, or
 * the rows of a batch. */
enum opencl_over { OPENCL_OVER_TAPS, OPENCL_OVER_TURNED, OPENCL_OVER_ROWS };

/* `products` products in one launch, each with rows x cols results of `depth` terms. wide: operands
 * are laid out so that four floats can be read at a time. */
struct opencl_product_shape {
    enum opencl_over over;
    bool wide;
    size_t rows, cols, depth, products;
};

enum { OPENCL_NVIDIA = 1, OPENCL_AMD = 2, OPENCL_INTEL = 4, OPENCL_OTHER = 8 }; /* vendors */
enum { OPENCL_MAX_VARIANTS = 16, OPENCL_PRODUCT_KEY = 64 };

struct opencl_variant {
    const char *name;    /* as in ISOCL_OPENCL_VARIANT and the tuner's records */
    const char *program; /* file in clkernels */
    int rows, cols;      /* results per work-group */
    int items;           /* work-items per work-group */
    int local_bytes;     /* local memory per work-group */
    bool wide;           /* only for wide products */
    bool subgroups;      /* needs cl_intel_subgroups, whole tiles of columns, and no turned b */
    unsigned vendors;    /* vendors for whose devices it is a candidate */
};
extern const struct opencl_variant
    opencl_variants[]; /* largest first; the last one's name is NULL */

/* The kernels that compute a layer of Winograd's by themselves (winograd_fused.h). */
struct opencl_fused {
    const char *name; /* as in ISOCL_OPENCL_VARIANT */
    const char *program;
    int filters;    /* filters of a work-group */
    int items;      /* work-items of a work-group */
    bool from_taps; /* makes the points of the layer's kernel itself: a launch less, and slower;
                       for 3 x 3 taps, and not for the kernel's gradient */
    double images, rows; /* estimates of the share of the peak of fma in the loops for images and
                            for the kernel's gradient; 0: the program has no such kernel */
    bool subgroups;      /* needs cl_intel_subgroups */
    unsigned vendors;    /* vendors whose devices take it */
};
extern const struct opencl_fused opencl_fused[]; /* the last one's name is NULL */

/* OPENCL_NVIDIA, ... */
unsigned opencl_vendor(const struct opencl *);

/* Lists the variants that are worth measuring for a product of this shape, the default first: at
 * least one, at most OPENCL_MAX_VARIANTS. They fit the device's stated limits;
 * opencl_variant_usable tells whether they compile without spilling. */
int opencl_variant_candidates(struct opencl *, const struct opencl_product_shape *,
                              const struct opencl_variant *out[OPENCL_MAX_VARIANTS]);

/* Returns true if this kernel may take the place of Winograd's transforms and products: it is for
 * the device's vendor, or the one that ISOCL_OPENCL_VARIANT names, and the device is no processor
 * that Mesa drives, whose compiler wants tiles small. */
bool opencl_may_fuse_winograd(const struct opencl *, const struct opencl_fused *);

/* Builds a kernel's program. Returns false if that fails, if the device has too little local
 * memory, if the driver allows the kernel fewer work-items than it needs, or, on a GPU, if it uses
 * private memory, which is a spill. */
bool opencl_kernel_usable(struct opencl *, const char *program, const char *name, int items,
                          int local_bytes);
/* Builds the variant's program. Returns false if that fails, if the driver allows its kernel for
 * these products fewer work-items than it needs, or, on a GPU, if that kernel uses private memory,
 * which is a spill. */
bool opencl_variant_usable(struct opencl *, const struct opencl_variant *, enum opencl_over);
/* Returns true if the variants for this device need rotated matrices packed: those for sub-groups.
 */
bool opencl_packs_turned(const struct opencl *);
/* Returns the kernel's name. */
const char *opencl_variant_kernel(enum opencl_over);

/* Gives the variant for a product of this shape: the one that ISOCL_OPENCL_VARIANT names, the one
 * chosen for its key, or the first usable candidate. Fails if none can be built. */
iso_rc opencl_variant_of(struct opencl *, const struct opencl_product_shape *,
                         const struct opencl_variant **out);

/* Writes the key under which a product's fastest variant is kept: "taps 12544x64x288x1 wide". */
void opencl_product_key(const struct opencl_product_shape *, char key[OPENCL_PRODUCT_KEY]);

/* Sets the variant for products with this key. Fails if there is no such variant. */
iso_rc opencl_variant_choose(struct opencl *, const char *key, const char *variant);

/* The products of this device's plans, each once; `prepare` of dense and conv2d records them. */
iso_rc opencl_product_note(struct opencl *, const struct opencl_product_shape *);
const struct opencl_product_shape *opencl_products_noted(const struct opencl *, size_t *count);

/* Frees what this file keeps for a device. */
void opencl_tiles_close(struct opencl *);
#endif
