/* tiles.h: the variants of the kernels for sums of products on GPUs, and which one a product gets.
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

/* `products` of them beside each other, rows x cols results each, of `depth` terms. wide: operands
 * lie so that four floats can be read at a time. */
struct opencl_product_shape {
    enum opencl_over over;
    bool wide;
    size_t rows, cols, depth, products;
};

enum { OPENCL_NVIDIA = 1, OPENCL_AMD = 2, OPENCL_INTEL = 4, OPENCL_OTHER = 8 }; /* vendors */
enum { OPENCL_MAX_VARIANTS = 16, OPENCL_PRODUCT_KEY = 64 };

struct opencl_variant {
    const char *name;    /* as ISOCL_OPENCL_VARIANT and the tuner's records have it */
    const char *program; /* of clkernels */
    int rows, cols;      /* the results of a work-group */
    int items;           /* its work-items */
    int local_bytes;     /* of local memory that a work-group takes */
    bool wide;           /* only for wide products */
    bool subgroups;      /* needs cl_intel_subgroups, whole tiles of columns, and no turned b */
    unsigned vendors;    /* those it is a candidate for */
};
extern const struct opencl_variant
    opencl_variants[]; /* largest first; the last one's name is NULL */

/* OPENCL_NVIDIA, ... */
unsigned opencl_vendor(const struct opencl *);

/* The variants that are worth measuring for a product of this shape, the default first: at most
 * OPENCL_MAX_VARIANTS, at least one. They fit the device by what it says of itself; whether they
 * compile without spilling, opencl_variant_usable says. */
int opencl_variant_candidates(struct opencl *, const struct opencl_product_shape *,
                              const struct opencl_variant *out[OPENCL_MAX_VARIANTS]);

/* Builds the variant's program. False where that fails, where the driver allows its kernel for
 * these products fewer work-items than it has, or, on a GPU, where that kernel uses private memory,
 * which is a spill. */
bool opencl_variant_usable(struct opencl *, const struct opencl_variant *, enum opencl_over);
/* True if the variants that this device gets want turned matrices packed: those for sub-groups. */
bool opencl_packs_turned(const struct opencl *);
/* The kernel's name. */
const char *opencl_variant_kernel(enum opencl_over);

/* The variant that a product of this shape gets: the one that ISOCL_OPENCL_VARIANT names, the one
 * chosen for its key, or the first usable candidate. Fails where none can be built. */
iso_rc opencl_variant_of(struct opencl *, const struct opencl_product_shape *,
                         const struct opencl_variant **out);

/* Writes the key under which a product's winner is remembered: "taps 12544x64x288x1 wide". */
void opencl_product_key(const struct opencl_product_shape *, char key[OPENCL_PRODUCT_KEY]);

/* From now on products of this key get the variant. Fails where there is no such variant. */
iso_rc opencl_variant_choose(struct opencl *, const char *key, const char *variant);

/* The products that the plans of this device will make, each once: `prepare` of dense and conv2d
 * notes them. */
iso_rc opencl_product_note(struct opencl *, const struct opencl_product_shape *);
const struct opencl_product_shape *opencl_products_noted(const struct opencl *, size_t *count);

/* Frees what this file keeps for a device. */
void opencl_tiles_close(struct opencl *);
#endif
