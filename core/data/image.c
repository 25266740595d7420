/* image.c: what image files have in common, and their resizing. */
#include "image.h"
#include "core/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* No byte of a PNG or JPEG file makes more pixels: deflate makes at most 1032 bytes of one, a byte
 * holds 8 pixels of a bitmap, and JPEG's emptiest blocks take a bit for 10 pixels or more. */
enum { MOST_PIXELS_OF_BYTE = 8 * 1032 };
enum { HEAD = 1 << 14 }; /* bytes that have the header of nearly every file */

const char *iso_image_support(void)
{
#if defined(ISO_HAVE_PNG) && defined(ISO_HAVE_JPEG)
    return "PNG, JPEG";
#elif defined(ISO_HAVE_PNG)
    return "PNG, no JPEG (built without libjpeg)";
#elif defined(ISO_HAVE_JPEG)
    return "JPEG, no PNG (built without libpng)";
#else
    return "none (built without libpng and libjpeg)";
#endif
}

bool iso_image_named(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot != NULL && (strcasecmp(dot, ".png") == 0 || strcasecmp(dot, ".jpg") == 0 ||
                           strcasecmp(dot, ".jpeg") == 0);
}

const char *iso_image_suffixes(void) { return ".png, .jpg or .jpeg"; }

iso_rc iso_image_check(const char *path, int64_t height, int64_t width, size_t n)
{
    if (height < 1 || width < 1 || height > ISO_IMAGE_SIDE || width > ISO_IMAGE_SIDE)
        return iso_fail(ISO_EDATA,
                        "%s: has %lld x %lld pixels (height x width); sides of 1 to %d "
                        "can be used",
                        path, (long long)height, (long long)width, ISO_IMAGE_SIDE);
    if (height * width / MOST_PIXELS_OF_BYTE > (int64_t)n)
        return iso_fail(ISO_EDATA,
                        "%s: claims %lld x %lld pixels, more than its %zu bytes can "
                        "hold; it is damaged, get it again",
                        path, (long long)height, (long long)width, n);
    return ISO_OK;
}

static iso_rc decode(const char *path, const uint8_t *bytes, size_t n, bool header,
                     struct iso_image *out)
{
    static const uint8_t png[8] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
    if (n >= 8 && memcmp(bytes, png, 8) == 0)
        return iso_png_decode(path, bytes, n, header, out);
    if (n >= 3 && bytes[0] == 0xff && bytes[1] == 0xd8 && bytes[2] == 0xff)
        return iso_jpeg_decode(path, bytes, n, header, out);
    return iso_fail(ISO_EDATA, "%s: is neither a PNG nor a JPEG file, whatever its name", path);
}

/* True if the first bytes of the file have the header: then the rest, which for many large files is
 * most of the time, need not be read. */
static bool read_head(const char *path, struct iso_image *out)
{
    uint8_t bytes[HEAD];
    FILE *f = fopen(path, "rb");
    const size_t n = f != NULL ? fread(bytes, 1, sizeof bytes, f) : 0;
    if (f != NULL)
        fclose(f);
    const bool found = n > 0 && decode(path, bytes, n, true, out) == ISO_OK;
    if (!found)
        iso_error_clear(); /* reading the whole file reports the error */
    return found;
}

iso_rc iso_image_read(const char *path, bool header, struct iso_image *out)
{
    char *bytes = NULL;
    size_t n = 0;
    *out = (struct iso_image){ .pixels = NULL };
    if (header && read_head(path, out))
        return ISO_OK;
    *out = (struct iso_image){ .pixels = NULL };
    ISO_TRY(iso_file_read(path, &bytes, &n));
    const iso_rc rc = decode(path, (const uint8_t *)bytes, n, header, out);
    free(bytes);
    if (rc != ISO_OK) {
        free(out->pixels);
        out->pixels = NULL;
    }
    return rc;
}

/* ---- Resizing ------------------------------------------------------------------------------ */

/* The place of output pixel i of n among `from` input pixels: ((2 i + 1) from - n) / (2 n), between
 * pixel a with weight 2 n - w and pixel b with weight w. */
struct place {
    int a, b;
    int64_t w;
};

static struct place find_place(int i, int n, int from)
{
    const int64_t whole = 2 * (int64_t)n, at = (2 * (int64_t)i + 1) * from - n;
    if (at <= 0)
        return (struct place){ 0, 0, 0 };
    const int a = (int)(at / whole);
    return (struct place){ a, a + 1 < from ? a + 1 : a, at % whole };
}

void iso_image_resize(const struct iso_image *from, const struct iso_image *to)
{
    const int c = from->channels;
    const int64_t high = 2 * (int64_t)to->height, wide = 2 * (int64_t)to->width;
    for (int y = 0; y < to->height; y++) {
        const struct place v = find_place(y, to->height, from->height);
        const uint8_t *above = from->pixels + (int64_t)v.a * from->width * c;
        const uint8_t *below = from->pixels + (int64_t)v.b * from->width * c;
        uint8_t *out = to->pixels + (int64_t)y * to->width * c;
        for (int x = 0; x < to->width; x++) {
            const struct place h = find_place(x, to->width, from->width);
            for (int k = 0; k < c; k++) {
                const int64_t upper = above[h.a * c + k] * (wide - h.w) + above[h.b * c + k] * h.w;
                const int64_t lower = below[h.a * c + k] * (wide - h.w) + below[h.b * c + k] * h.w;
                const int64_t sum = upper * (high - v.w) + lower * v.w;
                out[x * c + k] = (uint8_t)((2 * sum + high * wide) / (2 * high * wide));
            }
        }
    }
}

/* ---- Channels ------------------------------------------------------------------------------ */

/* (299 red + 587 green + 114 blue) / 1000 in 65536ths, rounded, as Pillow has it; in place. */
static void make_grey(struct iso_image *image)
{
    const int64_t n = (int64_t)image->height * image->width;
    for (int64_t i = 0; i < n; i++) {
        const uint8_t *p = image->pixels + 3 * i;
        const uint32_t sum = 19595u * p[0] + 38470u * p[1] + 7471u * p[2] + 32768u;
        image->pixels[i] = (uint8_t)(sum >> 16);
    }
    image->channels = 1;
}

/* From the end on, so that it can be done in place. */
static void repeat_grey(uint8_t *pixels, int64_t n)
{
    for (int64_t i = n - 1; i >= 0; i--)
        pixels[3 * i] = pixels[3 * i + 1] = pixels[3 * i + 2] = pixels[i];
}

void iso_image_fit(struct iso_image *from, const struct iso_image *to)
{
    const int64_t n = (int64_t)to->height * to->width;
    if (from->channels > to->channels)
        make_grey(from);
    if (from->height == to->height && from->width == to->width)
        memcpy(to->pixels, from->pixels, (size_t)n * (size_t)from->channels);
    else
        iso_image_resize(from, to);
    if (from->channels < to->channels)
        repeat_grey(to->pixels, n);
}
