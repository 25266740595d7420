/* image_png.c: decodes PNG files with libpng. */
#include "image.h"

#ifdef ISO_HAVE_PNG
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    const char *path;
    const uint8_t *bytes;
    size_t n, at;
    png_structp png;
    png_infop info;
    uint8_t **rows;
    char message[96];
};

/* libpng calls this for a fatal error; it must not return. */
static void fail(png_structp png, png_const_charp message)
{
    struct reader *r = png_get_error_ptr(png);
    strncpy(r->message, message, sizeof r->message - 1);
    longjmp(png_jmpbuf(png), 1);
}

static void ignore(png_structp png, png_const_charp message)
{
    (void)png, (void)message; /* a warning of what can be got over */
}

static void take(png_structp png, png_bytep to, size_t n)
{
    struct reader *r = png_get_io_ptr(png);
    if (n > r->n - r->at)
        png_error(png, "it is cut short");
    memcpy(to, r->bytes + r->at, n);
    r->at += n;
}

/* Whatever the file has becomes 8 bits of grey or of red, green and blue. */
static void transform(struct reader *r, struct iso_image *out)
{
    const int type = png_get_color_type(r->png, r->info);
    png_set_expand(r->png);
    png_set_strip_16(r->png);
    png_set_strip_alpha(r->png);
    png_set_interlace_handling(r->png);
    out->channels = type & PNG_COLOR_MASK_COLOR ? 3 : 1;
}

static iso_rc allocate(struct reader *r, struct iso_image *out)
{
    const size_t row = (size_t)out->width * (size_t)out->channels;
    out->pixels = iso_alloc((size_t)out->height, row);
    r->rows = iso_alloc((size_t)out->height, sizeof *r->rows);
    if (out->pixels == NULL || r->rows == NULL)
        return ISO_ENOMEM;
    for (int y = 0; y < out->height; y++)
        r->rows[y] = out->pixels + (size_t)y * row;
    return ISO_OK;
}

/* Between setjmp and a longjmp to it only what r and out point to changes. */
static iso_rc decode(struct reader *r, bool header, struct iso_image *out)
{
    if (setjmp(png_jmpbuf(r->png)))
        return iso_fail(ISO_EDATA, "%s: is a damaged PNG file (%s)", r->path, r->message);
    png_set_user_limits(r->png, ISO_IMAGE_SIDE, ISO_IMAGE_SIDE);
    png_set_chunk_malloc_max(r->png, 1 << 20);
    png_set_read_fn(r->png, r, take);
    png_read_info(r->png, r->info);
    out->height = (int)png_get_image_height(r->png, r->info);
    out->width = (int)png_get_image_width(r->png, r->info);
    ISO_TRY(iso_image_check(r->path, out->height, out->width, r->n));
    transform(r, out);
    if (header)
        return ISO_OK;
    png_read_update_info(r->png, r->info);
    if (png_get_rowbytes(r->png, r->info) != (size_t)out->width * (size_t)out->channels)
        return iso_fail(ISO_EDATA, "%s: is a PNG file of a kind that cannot be read", r->path);
    ISO_TRY(allocate(r, out));
    png_read_image(r->png, r->rows);
    png_read_end(r->png, NULL);
    return ISO_OK;
}

iso_rc iso_png_decode(const char *path, const uint8_t *bytes, size_t n, bool header,
                      struct iso_image *out)
{
    struct reader r = { .path = path, .bytes = bytes, .n = n };
    iso_rc rc = ISO_ENOMEM;
    r.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &r, fail, ignore);
    r.info = r.png != NULL ? png_create_info_struct(r.png) : NULL;
    if (r.info != NULL)
        rc = decode(&r, header, out);
    else
        iso_fail(ISO_ENOMEM, "%s: out of memory while decoding", path);
    png_destroy_read_struct(&r.png, &r.info, NULL);
    free(r.rows);
    return rc;
}

#else
iso_rc iso_png_decode(const char *path, const uint8_t *bytes, size_t n, bool header,
                      struct iso_image *out)
{
    (void)bytes, (void)n, (void)header, (void)out;
    return iso_fail(ISO_EUNSUP,
                    "%s: this isocl was built without libpng; `isocl doctor` says how "
                    "to get it",
                    path);
}
#endif
