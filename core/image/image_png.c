/* image_png.c: decodes PNG files with libpng. */
#include "image_kinds.h"

#if ISO_HAVE_PNG
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    const struct iso_image_file *file;
    size_t at;
    bool whole; /* all rows are there */
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
    if (n > r->file->n - r->at)
        png_error(png, "it is cut short");
    memcpy(to, r->file->bytes + r->at, n);
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
    ISO_TRY(iso_image_allocate(out));
    r->rows = iso_alloc((size_t)out->height, sizeof *r->rows);
    if (r->rows == NULL)
        return ISO_ENOMEM;
    for (int y = 0; y < out->height; y++)
        r->rows[y] = out->pixels + (size_t)y * row;
    return ISO_OK;
}

/* Only what stands before the pixels: the rest need not be there when only the header is read. */
static int find_orientation(struct reader *r)
{
#ifdef PNG_eXIf_SUPPORTED
    png_bytep exif;
    png_uint_32 n;
    if (png_get_eXIf_1(r->png, r->info, &n, &exif) != 0)
        return iso_exif_orientation(exif, n);
#endif
    (void)r;
    return 1;
}

static iso_rc read_header(struct reader *r, struct iso_image *out, int *orientation)
{
    png_set_user_limits(r->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_chunk_malloc_max(r->png, 1 << 20);
    png_set_read_fn(r->png, r, take);
    png_read_info(r->png, r->info);
    const int64_t height = png_get_image_height(r->png, r->info);
    const int64_t width = png_get_image_width(r->png, r->info);
    ISO_TRY(iso_image_check(r->file, height, width, true));
    out->height = (int)height;
    out->width = (int)width;
    *orientation = find_orientation(r);
    transform(r, out);
    return ISO_OK;
}

/* Between setjmp and a longjmp to it only what r and out point to changes. What is wrong behind the
 * last row changes no pixel. */
static iso_rc decode(struct reader *r, struct iso_image *out, int *orientation)
{
    if (setjmp(png_jmpbuf(r->png)))
        return r->whole ? ISO_OK : iso_image_damaged(r->file, "is a damaged PNG file", r->message);
    ISO_TRY(read_header(r, out, orientation));
    if (r->file->header)
        return ISO_OK;
    png_read_update_info(r->png, r->info);
    if (png_get_rowbytes(r->png, r->info) != (size_t)out->width * (size_t)out->channels)
        return iso_fail(ISO_EDATA, "%s: is a PNG file of a kind that cannot be read",
                        r->file->path);
    ISO_TRY(allocate(r, out));
    png_read_image(r->png, r->rows);
    r->whole = true;
    png_read_end(r->png, NULL);
    return ISO_OK;
}

iso_rc iso_image_decode_png(const struct iso_image_file *f, struct iso_image *out, int *orientation)
{
    struct reader r = { .file = f };
    iso_rc rc = ISO_ENOMEM;
    r.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &r, fail, ignore);
    r.info = r.png != NULL ? png_create_info_struct(r.png) : NULL;
    if (r.info != NULL)
        rc = decode(&r, out, orientation);
    else
        rc = iso_image_no_memory(f);
    png_destroy_read_struct(&r.png, &r.info, NULL);
    free(r.rows);
    return rc;
}
#endif
