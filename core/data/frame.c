#include "frame.h"

#include <string.h>

static int64_t framed_width(const struct iso_image_frame *f)
{
    return (f->width + f->pad[2] + f->pad[3]) * f->channels * f->repeat;
}

int64_t iso_image_frame_bytes(const struct iso_image_frame *f)
{
    return (f->height + f->pad[0] + f->pad[1]) * framed_width(f);
}

static uint8_t *put_zeros(uint8_t *to, int64_t n)
{
    return (uint8_t *)memset(to, 0, (size_t)n) + n;
}

static uint8_t *put_bytes(uint8_t *to, const uint8_t *from, int64_t n, int64_t repeat)
{
    if (repeat == 1)
        return (uint8_t *)memmove(to, from, (size_t)n) + n;
    for (int64_t i = 0; i < n; i++, to += repeat)
        memset(to, from[i], (size_t)repeat);
    return to;
}

/* At each step no fewer bytes remain to be written than to be read, so that no byte of the image is
 * overwritten before it is read. */
void iso_image_frame_put(const struct iso_image_frame *f, uint8_t *image)
{
    const int64_t row = f->width * f->channels, pixel = f->channels * f->repeat;
    const uint8_t *from = image + iso_image_frame_bytes(f) - f->height * row;
    uint8_t *to = put_zeros(image, f->pad[0] * framed_width(f));
    for (int64_t y = 0; y < f->height; y++, from += row) {
        to = put_zeros(to, f->pad[2] * pixel);
        to = put_bytes(to, from, row, f->repeat);
        to = put_zeros(to, f->pad[3] * pixel);
    }
    put_zeros(to, f->pad[1] * framed_width(f));
}
