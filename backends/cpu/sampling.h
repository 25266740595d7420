/* sampling.h: a strip of pixels sampled from an image. The formulas are those of
 * core/arithmetic/sampling.h. */
#ifndef ISO_CPU_SAMPLING_H
#define ISO_CPU_SAMPLING_H
#include "core/arithmetic/sampling.h"
#include "elements.h"

enum { ISO_CPU_STRIP = 64 }; /* most pixels per strip */
/* The taps of a strip's pixels along one axis. iso_cpu_taps reads each place from low (pixel) and
 * share (rest), and replaces them. */
struct iso_strip {
    int32_t low[ISO_CPU_STRIP], high[ISO_CPU_STRIP], inside[ISO_CPU_STRIP];
    float share[ISO_CPU_STRIP];
};

/* Pixel j of a strip lies at this place. */
ISO_CPU_INLINE void iso_cpu_place(struct iso_strip *restrict r, int j, iso_i64 place)
{
    r->low[j] = iso_place_pixel(place);
    r->share[j] = iso_place_rest(place);
}

ISO_CPU_INLINE void iso_cpu_border(iso_axis a, int n, struct iso_strip *restrict r)
{
    for (int j = 0; j < n; j++) {
        const iso_tap t = iso_tap_at(a, r->low[j], r->share[j]);
        r->low[j] = t.low;
        r->high[j] = t.high;
        r->inside[j] = t.inside;
        r->share[j] = t.share;
    }
}

static inline iso_axis iso_cpu_bordered(iso_axis a, int border)
{
    a.border = border;
    return a;
}

/* Turns places into taps, with one loop without branches for each kind of border. */
static inline void iso_cpu_taps(iso_axis a, int n, struct iso_strip *r)
{
    switch ((enum iso_border)a.border) {
    case ISO_BORDER_NEAREST: iso_cpu_border(iso_cpu_bordered(a, ISO_BORDER_NEAREST), n, r); break;
    case ISO_BORDER_CONSTANT: iso_cpu_border(iso_cpu_bordered(a, ISO_BORDER_CONSTANT), n, r); break;
    case ISO_BORDER_REFLECT: iso_cpu_border(iso_cpu_bordered(a, ISO_BORDER_REFLECT), n, r); break;
    case ISO_BORDER_WRAP: iso_cpu_border(iso_cpu_bordered(a, ISO_BORDER_WRAP), n, r); break;
    }
}

/* Samples one channel of a strip into y[j * channels]. line: elements per row of the image. */
ISO_CPU_INLINE void iso_cpu_channel(const float *restrict x, int32_t line, int32_t channels,
                                    const struct iso_strip *restrict rows,
                                    const struct iso_strip *restrict columns, float cval, int n,
                                    float *restrict y)
{
    for (int j = 0; j < n; j++) {
        const int32_t above = rows->low[j] * line, below = rows->high[j] * line;
        const int32_t left = columns->low[j] * channels, right = columns->high[j] * channels;
        const float value = iso_bilinear(x[above + left], x[above + right], x[below + left],
                                         x[below + right], rows->share[j], columns->share[j]);
        y[j * channels] = rows->inside[j] & columns->inside[j] ? value : cval;
    }
}

/* Samples the pixels of a strip, with all channels. */
static inline void iso_cpu_sample(const float *x, int32_t width, int32_t channels,
                                  const struct iso_strip *rows, const struct iso_strip *columns,
                                  float cval, int n, float *y)
{
    if (channels == 1)
        iso_cpu_channel(x, width, 1, rows, columns, cval, n, y);
    for (int32_t k = 0; channels > 1 && k < channels; k++)
        iso_cpu_channel(x + k, width * channels, channels, rows, columns, cval, n, y + k);
}
#endif
