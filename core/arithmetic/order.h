/* order.h: the order in which sums run; valid C11 and OpenCL C 1.2. It is part of the definition of
 * every op that has such a sum: ISO_ARITH_VERSION rises when it changes. models/README.md says
 * which kind each op's sums are.
 *
 * Every kind is made of blocks. A block is one chain that starts at +0; the sums of blocks are
 * added one after the other, in ascending order, to a total that starts at +0. So no result depends
 * on the sign a device gives to a zero product.
 *
 * Products: the terms of a result are numbered 0 to K - 1 in the op's order; a block holds
 * ISO_BLOCK_TERMS of them, a chain of fma. Terms beyond an image's border are counted, as +0; terms
 * that strides leave out are not. A bias is added after the last block. At each point of Winograd's
 * algorithm the terms are the channels, in blocks of ISO_BLOCK_CHANNELS
 * (core/arithmetic/winograd.h).
 *
 * Rows (gradients of weights, statistics of channels, losses): numbered image by image. A block is
 * as many whole images as fit in ISO_BLOCK_ROWS rows; if one image has more rows than that, a block
 * is ISO_BLOCK_ROWS consecutive rows of it, starting anew at each image. A group is as many whole
 * images as fit in ISO_GROUP_BLOCKS blocks; if one image has more blocks than that, or a block has
 * several images, a group is ISO_GROUP_BLOCKS consecutive blocks, of one image in the first case. A
 * group adds its blocks, the total adds its groups. A row is an output pixel of a convolution, a
 * tile of Winograd's weight gradient, an example of a dense layer.
 *
 * Axis (softmax, layer normalization, the columns of a loss) and arena (norms, penalties): blocks
 * of ISO_BLOCK_ELEMENTS, each summed in ISO_LANES lanes, element i in lane i mod 16; then lane l
 * takes lane l + 8, l + 4, l + 2, l + 1. */
#ifndef ISO_ORDER_H
#define ISO_ORDER_H

enum { ISO_BLOCK_TERMS = 256, ISO_BLOCK_CHANNELS = 64 };
enum { ISO_BLOCK_ROWS = 128, ISO_GROUP_BLOCKS = 8 };
enum { ISO_BLOCK_ELEMENTS = 4096, ISO_LANES = 16 };

#ifdef __OPENCL_C_VERSION__
typedef int iso_rowno;
#else
#include <stdint.h>
typedef int64_t iso_rowno; /* index of a row, a block or a group, or a number of them */
#endif

/* A sum over `rows` rows, `image` rows in each image; the last image may have fewer. */
struct iso_rows {
    iso_rowno rows, image;
};

/* Return the number of rows of a full block and of a full group. */
static inline iso_rowno iso_block_rows(struct iso_rows r)
{
    return r.image > ISO_BLOCK_ROWS ? ISO_BLOCK_ROWS : ISO_BLOCK_ROWS / r.image * r.image;
}
static inline iso_rowno iso_group_rows(struct iso_rows r)
{
    const iso_rowno most = ISO_GROUP_BLOCKS * iso_block_rows(r);
    const iso_rowno blocks = (r.image + ISO_BLOCK_ROWS - 1) / ISO_BLOCK_ROWS; /* per image */
    return blocks > 1 && blocks <= ISO_GROUP_BLOCKS ? ISO_GROUP_BLOCKS / blocks * r.image : most;
}

/* A stretch is at most `size` rows. If an image has more rows than that, stretches start anew at
 * each image; otherwise a stretch may hold several images. Returns the end of the stretch that
 * begins at row `begin`. */
static inline iso_rowno iso_stretch_end(struct iso_rows r, iso_rowno size, iso_rowno begin)
{
    const iso_rowno left = r.image > size ? r.image - begin % r.image : size;
    const iso_rowno end = begin + (left < size ? left : size);
    return end < r.rows ? end : r.rows;
}
/* Returns the first row of stretch number `index`. */
static inline iso_rowno iso_stretch_begin(struct iso_rows r, iso_rowno size, iso_rowno index)
{
    const iso_rowno stretches = (r.image + size - 1) / size; /* per image */
    return r.image > size ? index / stretches * r.image + index % stretches * size : index * size;
}
/* Returns the number of stretches. */
static inline iso_rowno iso_stretch_count(struct iso_rows r, iso_rowno size)
{
    const iso_rowno whole = r.image > size ? r.rows / r.image : 0, rest = r.rows - whole * r.image;
    return whole * ((r.image + size - 1) / size) + (rest + size - 1) / size;
}

/* Return the end of the block, and of the group, that begins at row `begin`. No block extends over
 * two groups. */
static inline iso_rowno iso_block_end(struct iso_rows r, iso_rowno begin)
{
    return iso_stretch_end(r, iso_block_rows(r), begin);
}
static inline iso_rowno iso_group_end(struct iso_rows r, iso_rowno begin)
{
    return iso_stretch_end(r, iso_group_rows(r), begin);
}

/* Return the first row of block or group number `index`, and the number of blocks or groups. */
static inline iso_rowno iso_block_begin(struct iso_rows r, iso_rowno index)
{
    return iso_stretch_begin(r, iso_block_rows(r), index);
}
static inline iso_rowno iso_block_count(struct iso_rows r)
{
    return iso_stretch_count(r, iso_block_rows(r));
}
static inline iso_rowno iso_group_begin(struct iso_rows r, iso_rowno index)
{
    return iso_stretch_begin(r, iso_group_rows(r), index);
}
static inline iso_rowno iso_group_count(struct iso_rows r)
{
    return iso_stretch_count(r, iso_group_rows(r));
}

#endif
