/* image_jpeg.c: decodes JPEG files with libjpeg (or libjpeg-turbo: with the decoder's accurate
 * integer method both give the same bytes; the libjpeg of 2009 and later upsamples colours in
 * another way). */
#include "image.h"

#ifdef ISO_HAVE_JPEG
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

struct reader {
    struct jpeg_error_mgr errors; /* the first member: libjpeg hands it back */
    jmp_buf back;
    struct jpeg_decompress_struct jpeg;
    const char *path;
    size_t n;
};

/* libjpeg calls this for a fatal error; it must not return. */
static void fail(j_common_ptr jpeg)
{
    struct reader *r = (struct reader *)jpeg->err;
    char message[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, message);
    iso_fail(ISO_EDATA, "%s: is a damaged JPEG file (%s)", r->path, message);
    longjmp(r->back, 1);
}

/* Treats a warning as an error: on wrong or missing data libjpeg warns and invents pixels. */
static void warn(j_common_ptr jpeg, int level)
{
    if (level < 0)
        fail(jpeg);
}

static void read_rows(struct reader *r, struct iso_image *out)
{
    while (r->jpeg.output_scanline < r->jpeg.output_height) {
        uint8_t *row = out->pixels +
                       (size_t)r->jpeg.output_scanline * (size_t)out->width * (size_t)out->channels;
        jpeg_read_scanlines(&r->jpeg, &row, 1);
    }
}

/* Between setjmp and a longjmp to it only what r and out point to changes. */
static iso_rc decode(struct reader *r, const uint8_t *bytes, bool header, struct iso_image *out)
{
    if (setjmp(r->back))
        return ISO_EDATA;
    jpeg_create_decompress(&r->jpeg);
    jpeg_mem_src(&r->jpeg, (unsigned char *)bytes, (unsigned long)r->n);
    jpeg_read_header(&r->jpeg, TRUE);
    out->height = (int)r->jpeg.image_height;
    out->width = (int)r->jpeg.image_width;
    out->channels = r->jpeg.jpeg_color_space == JCS_GRAYSCALE ? 1 : 3;
    ISO_TRY(iso_image_check(r->path, out->height, out->width, r->n));
    if (r->jpeg.jpeg_color_space == JCS_CMYK || r->jpeg.jpeg_color_space == JCS_YCCK)
        return iso_fail(ISO_EDATA,
                        "%s: is a JPEG file of CMYK colours, for printing; save it as "
                        "RGB",
                        r->path);
    if (header)
        return ISO_OK;
    r->jpeg.out_color_space = out->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    r->jpeg.dct_method = JDCT_ISLOW;
    out->pixels = iso_alloc((size_t)out->height, (size_t)out->width * (size_t)out->channels);
    if (out->pixels == NULL)
        return ISO_ENOMEM;
    jpeg_start_decompress(&r->jpeg);
    read_rows(r, out);
    jpeg_finish_decompress(&r->jpeg);
    return ISO_OK;
}

iso_rc iso_jpeg_decode(const char *path, const uint8_t *bytes, size_t n, bool header,
                       struct iso_image *out)
{
    struct reader r = { .path = path, .n = n };
    r.jpeg.err = jpeg_std_error(&r.errors);
    r.errors.error_exit = fail;
    r.errors.emit_message = warn;
    const iso_rc rc = decode(&r, bytes, header, out);
    jpeg_destroy_decompress(&r.jpeg);
    return rc;
}

#else
iso_rc iso_jpeg_decode(const char *path, const uint8_t *bytes, size_t n, bool header,
                       struct iso_image *out)
{
    (void)bytes, (void)n, (void)header, (void)out;
    return iso_fail(ISO_EUNSUP,
                    "%s: this isocl was built without libjpeg; `isocl doctor` says how "
                    "to get it",
                    path);
}
#endif
