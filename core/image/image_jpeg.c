/* image_jpeg.c: decodes JPEG files with libjpeg (or libjpeg-turbo: with the decoder's accurate
 * integer method and smooth upsampling, which are set here, both give the same bytes; the libjpeg
 * of 2009 and later upsamples colours in another way). */
#include "image_kinds.h"

#if ISO_HAVE_JPEG
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

enum { EXIF = JPEG_APP0 + 1, MOST_OF_MARKER = 0xffff };

struct reader {
    struct jpeg_error_mgr errors; /* the first member: libjpeg hands it back */
    jmp_buf back;
    struct jpeg_decompress_struct jpeg;
    const struct iso_image_file *file;
    bool whole; /* all rows are there */
    iso_rc rc;  /* the failure, if some are missing */
};

/* libjpeg calls this for a fatal error; it must not return. */
static void fail(j_common_ptr jpeg)
{
    struct reader *r = (struct reader *)jpeg->err;
    char message[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, message);
    if (!r->whole)
        r->rc = iso_image_damaged(r->file, "is a damaged JPEG file", message);
    longjmp(r->back, 1);
}

/* libjpeg warns of many things. Where pixels are wrong or missing it makes something up, and the
 * file is damaged; the rest, such as an unknown version of JFIF or bytes that belong to nothing,
 * changes no pixel. */
static void warn(j_common_ptr jpeg, int level)
{
    const struct reader *r = (const struct reader *)jpeg->err;
    const int code = jpeg->err->msg_code;
    if (level >= 0 || r->whole)
        return;
    if (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE ||
        code == JWRN_ARITH_BAD_CODE || code == JWRN_MUST_RESYNC)
        fail(jpeg);
}

static bool is_cmyk(const struct jpeg_decompress_struct *jpeg)
{
    return jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
}

/* Everything on which the bytes depend. */
static void set_up(struct reader *r, const struct iso_image *out)
{
    r->jpeg.out_color_space = is_cmyk(&r->jpeg)    ? JCS_CMYK
                              : out->channels == 1 ? JCS_GRAYSCALE
                                                   : JCS_RGB;
    r->jpeg.dct_method = JDCT_ISLOW;
    r->jpeg.do_fancy_upsampling = TRUE;
    r->jpeg.do_block_smoothing = TRUE;
    r->jpeg.quantize_colors = FALSE;
    r->jpeg.scale_num = r->jpeg.scale_denom;
}

/* a * b / 255, rounded. */
static uint32_t multiply(uint32_t a, uint32_t b)
{
    const uint32_t t = a * b + 128;
    return ((t >> 8) + t) >> 8;
}

/* Converts a row of width pixels from CMYK to RGB in place, as Pillow does: white, less the black,
 * less each colour's share of the rest. inverted: Adobe's programs write 255 less the ink. */
static void make_rgb(uint8_t *row, int width, bool inverted)
{
    const uint8_t *from = row;
    for (int x = 0; x < width; x++, from += 4, row += 3) {
        uint32_t ink[4];
        for (int k = 0; k < 4; k++)
            ink[k] = inverted ? 255u - from[k] : from[k];
        for (int k = 0; k < 3; k++)
            row[k] = (uint8_t)(255 - ink[3] - multiply(ink[k], 255 - ink[3]));
    }
}

/* Four inks need more room than the three colours that they become. */
static void read_cmyk(struct reader *r, struct iso_image *out)
{
    JSAMPARRAY row = (*r->jpeg.mem->alloc_sarray)((j_common_ptr)&r->jpeg, JPOOL_IMAGE,
                                                  (JDIMENSION)out->width * 4, 1);
    const size_t bytes = (size_t)out->width * 3;
    while (r->jpeg.output_scanline < r->jpeg.output_height) {
        uint8_t *to = out->pixels + r->jpeg.output_scanline * bytes;
        jpeg_read_scanlines(&r->jpeg, row, 1);
        make_rgb(row[0], out->width, r->jpeg.saw_Adobe_marker);
        memcpy(to, row[0], bytes);
    }
}

static void read_rows(struct reader *r, struct iso_image *out)
{
    const size_t bytes = (size_t)out->width * (size_t)out->channels;
    while (r->jpeg.output_scanline < r->jpeg.output_height) {
        uint8_t *row = out->pixels + r->jpeg.output_scanline * bytes;
        jpeg_read_scanlines(&r->jpeg, &row, 1);
    }
}

static int find_orientation(const struct jpeg_decompress_struct *jpeg)
{
    int orientation = 1;
    for (jpeg_saved_marker_ptr m = jpeg->marker_list; m != NULL && orientation == 1; m = m->next)
        if (m->marker == EXIF)
            orientation = iso_exif_orientation(m->data, m->data_length);
    return orientation;
}

static iso_rc read_header(struct reader *r, struct iso_image *out, int *orientation)
{
    jpeg_create_decompress(&r->jpeg);
    jpeg_save_markers(&r->jpeg, EXIF, MOST_OF_MARKER);
    jpeg_mem_src(&r->jpeg, (unsigned char *)r->file->bytes, (unsigned long)r->file->n);
    jpeg_read_header(&r->jpeg, TRUE);
    *orientation = find_orientation(&r->jpeg);
    out->height = (int)r->jpeg.image_height;
    out->width = (int)r->jpeg.image_width;
    out->channels = r->jpeg.jpeg_color_space == JCS_GRAYSCALE ? 1 : 3;
    return iso_image_check(r->file, out->height, out->width, true);
}

/* Between setjmp and a longjmp to it only what r and out point to changes. */
static iso_rc decode(struct reader *r, struct iso_image *out, int *orientation)
{
    if (setjmp(r->back))
        return r->whole ? ISO_OK : r->rc;
    ISO_TRY(read_header(r, out, orientation));
    if (r->file->header)
        return ISO_OK;
    ISO_TRY(iso_image_allocate(out));
    set_up(r, out);
    jpeg_start_decompress(&r->jpeg);
    if (is_cmyk(&r->jpeg))
        read_cmyk(r, out);
    else
        read_rows(r, out);
    r->whole = true;
    jpeg_finish_decompress(&r->jpeg);
    return ISO_OK;
}

iso_rc iso_image_decode_jpeg(const struct iso_image_file *f, struct iso_image *out,
                             int *orientation)
{
    struct reader r = { .file = f };
    r.jpeg.err = jpeg_std_error(&r.errors);
    r.errors.error_exit = fail;
    r.errors.emit_message = warn;
    const iso_rc rc = decode(&r, out, orientation);
    jpeg_destroy_decompress(&r.jpeg);
    return rc;
}
#endif
