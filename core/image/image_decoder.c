/* image_decoder.c: what the decoders of image files share: limits, messages, memory. */
#include "image_kinds.h"

#include <string.h>

/* No byte of a PNG, JPEG, GIF or BMP file makes more pixels: deflate makes at most 1032 bytes of
 * one, a byte holds 8 pixels of a bitmap; LZW's codes of 12 bits stand for 4096 pixels at most, and
 * JPEG's emptiest blocks take a bit for 10 pixels or more. */
enum { MOST_PIXELS_OF_BYTE = 8 * 1032 };

iso_rc iso_image_check(const struct iso_image_file *f, int64_t height, int64_t width, bool holds)
{
    if (height < 1 || width < 1)
        return iso_fail(ISO_EDATA, "%s: has no pixels; it is damaged, get it again", f->path);
    if (height > f->max_pixels / width)
        return iso_fail(ISO_EDATA,
                        "%s: has %lld x %lld pixels (height x width), more than %lld, and may be a "
                        "decompression bomb; if it is not, say `max_pixels:`",
                        f->path, (long long)height, (long long)width, (long long)f->max_pixels);
    if (holds && height * width / MOST_PIXELS_OF_BYTE > (int64_t)f->n)
        return iso_fail(ISO_EDATA,
                        "%s: claims %lld x %lld pixels, more than its %zu bytes can "
                        "hold; it is damaged, get it again",
                        f->path, (long long)height, (long long)width, f->n);
    return ISO_OK;
}

bool iso_image_says_memory(const char *why)
{
    return strstr(why, " memory") != NULL || strstr(why, "allocate") != NULL;
}

iso_rc iso_image_no_memory(const struct iso_image_file *f)
{
    return iso_fail(ISO_ENOMEM, "%s: out of memory while decoding", f->path);
}

iso_rc iso_image_damaged(const struct iso_image_file *f, const char *what, const char *why)
{
    return iso_image_says_memory(why) ? iso_image_no_memory(f)
                                      : iso_fail(ISO_EDATA, "%s: %s (%s)", f->path, what, why);
}

iso_rc iso_image_allocate(struct iso_image *image)
{
    image->pixels =
        iso_alloc((size_t)image->height, (size_t)image->width * (size_t)image->channels);
    return image->pixels != NULL ? ISO_OK : ISO_ENOMEM;
}
