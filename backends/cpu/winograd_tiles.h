/* winograd_tiles.h (private): functions shared by the files of Winograd's algorithm: the transforms
 * of vectors, and the squares of pixels that they read. */
#ifndef ISO_CPU_WINOGRAD_TILES_H
#define ISO_CPU_WINOGRAD_TILES_H
#include "winograd.h"

#define ISO_T iso_vec
#define ISO_W(name) iso_vector_##name
#define ISO_W_FN ISO_CPU_INLINE
#define ISO_W_ADD(a, b) iso_vadd(a, b)
#define ISO_W_SUB(a, b) iso_vsub(a, b)
#define ISO_W_MUL(c, a) iso_vmul(iso_vset(c), a)
#define ISO_W_FMA(c, a, b) iso_vfma(iso_vset(c), a, b)
#define ISO_W_UNROLL ISO_CPU_UNROLL
#include "core/arithmetic/winograd_transforms.h"

enum { POINTS = ISO_WINOGRAD_POINTS, SIDE = ISO_WINOGRAD_SIDE };

/* The images that are divided into tiles: [n, h, w, channels]. */
struct iso_pixels {
    const float *at;
    int64_t h, w, channels;
};
/* The place of tile number t on images of th x tw tiles: its image and its first pixel, if tiles
 * are `step` apart and the padding before the image has `before` pixels. */
struct iso_tile_place {
    int64_t image, y, x;
};
static inline struct iso_tile_place iso_tile_place(int64_t t, int64_t th, int64_t tw, int64_t step,
                                                   int64_t top, int64_t left)
{
    return (struct iso_tile_place){ t / (th * tw), t / tw % th * step - top, t % tw * step - left };
}

/* Floats from one point's plane to the next: not a multiple of a page, which would put the same
 * element of all planes into one set of the cache. */
static inline int64_t iso_winograd_plane(int64_t floats)
{
    return iso_ceil_div(floats, 16) * 16 + 16;
}

/* n elements, the others of the vector +0. */
static inline iso_vec iso_vload_part(const float *p, int64_t n)
{
    float whole[ISO_VEC] = { 0.0f };
    memcpy(whole, p, (size_t)n * sizeof *p);
    return iso_vload(whole);
}
static inline void iso_vstore_part(float *p, iso_vec v, int64_t n)
{
    float whole[ISO_VEC];
    iso_vstore(whole, v);
    memcpy(p, whole, (size_t)n * sizeof *p);
}

/* Loads a square of pixels, `n` channels from c on; +0 outside the image. */
ISO_CPU_INLINE void iso_load_square(const struct iso_pixels *p, struct iso_tile_place at, int64_t c,
                                    int64_t n, const int side, iso_vec *d)
{
    const float *from = p->at + ((at.image * p->h + at.y) * p->w + at.x) * p->channels + c;
    for (int i = 0; i < 4; i++)
        ISO_CPU_UNROLL for (int j = 0; j < 4; j++)
            __builtin_prefetch(from + ((side + i) * p->w + j) * p->channels);
    const bool whole = at.y >= 0 && at.x >= 0 && at.y + side <= p->h && at.x + side <= p->w;
    if (whole && n == ISO_VEC) {
        ISO_CPU_UNROLL for (int i = 0; i < side * side; i++)
            d[i] = iso_vload(from + (i / side * p->w + i % side) * p->channels);
        return;
    }
    for (int i = 0; i < side; i++)
        for (int j = 0; j < side; j++) {
            const int64_t y = at.y + i, x = at.x + j;
            const float *pixel = from + (i * p->w + j) * p->channels;
            d[i * side + j] = y < 0 || y >= p->h || x < 0 || x >= p->w ? iso_vset(0.0f)
                              : n == ISO_VEC                           ? iso_vload(pixel)
                                                                       : iso_vload_part(pixel, n);
        }
}

/* Writes the source transform of a tile's channels [begin, end) to v[36 planes][channel - begin].
 */
ISO_CPU_INLINE void iso_source_tile(const struct iso_pixels *p, struct iso_tile_place at,
                                    int64_t begin, int64_t end, float *v, int64_t plane)
{
    for (int64_t c = begin; c < end; c += ISO_VEC) {
        iso_vec d[POINTS], t[POINTS];
        iso_load_square(p, at, c, iso_min64(ISO_VEC, end - c), SIDE, d);
        iso_vector_source_square(d, t);
        ISO_CPU_UNROLL for (int i = 0; i < POINTS; i++) iso_vstore(v + i * plane + c - begin, t[i]);
    }
}
#endif
