/* sample.h: one channel of an image between its pixels, and a copy of images that stay as they
 * are. */
#ifndef ISO_CLKERNELS_SAMPLE_H
#define ISO_CLKERNELS_SAMPLE_H

static inline float sample(global const float *x, int w, int channels, int channel, iso_tap r,
                           iso_tap c, float cval)
{
    global const float *above = x + (ulong)r.low * w * channels + channel;
    global const float *below = x + (ulong)r.high * w * channels + channel;
    int left = c.low * channels, right = c.high * channels;
    float value =
        iso_bilinear(above[left], above[right], below[left], below[right], r.share, c.share);
    return r.inside & c.inside ? value : cval;
}

#endif
