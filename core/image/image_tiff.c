/* image_tiff.c: decodes the first page of TIFF files with libtiff. */
#include "image_kinds.h"

#if ISO_HAVE_TIFF
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tiffio.h>

struct reader {
    const struct iso_image_file *file;
    size_t at;
    char message[160];
};

/* ---- The file in memory ---------------------------------------------------------------------- */

static tmsize_t take(thandle_t handle, void *to, tmsize_t n)
{
    struct reader *r = handle;
    const size_t left = r->file->n - r->at, count = (size_t)n < left ? (size_t)n : left;
    memcpy(to, r->file->bytes + r->at, count);
    r->at += count;
    return (tmsize_t)count;
}

static tmsize_t give(thandle_t handle, void *from, tmsize_t n)
{
    (void)handle, (void)from, (void)n;
    return 0;
}

static toff_t seek(thandle_t handle, toff_t at, int from)
{
    struct reader *r = handle;
    const toff_t base = from == SEEK_SET ? 0 : from == SEEK_CUR ? r->at : r->file->n;
    r->at = at > r->file->n - base ? r->file->n : (size_t)(base + at);
    return r->at;
}

static int leave(thandle_t handle)
{
    (void)handle;
    return 0;
}

static toff_t size_of(thandle_t handle) { return ((const struct reader *)handle)->file->n; }

/* libtiff's handler is one for the whole program; the handle says whose file it is. */
static void note_error(thandle_t handle, const char *module, const char *fmt, va_list args)
{
    struct reader *r = handle;
    (void)module;
    if (r != NULL && !*r->message)
        vsnprintf(r->message, sizeof r->message, fmt, args);
}

static void set_handlers(void)
{
    TIFFSetErrorHandler(NULL);
    TIFFSetWarningHandler(NULL);
    TIFFSetErrorHandlerExt(note_error);
}

/* ---- Pixels ---------------------------------------------------------------------------------- */

/* libtiff says of a directory without entries, too, that there was no memory for it. */
static iso_rc failed(const struct reader *r, const char *why)
{
    if (iso_image_says_memory(why) && strstr(why, "(0 elements") == NULL)
        return iso_image_no_memory(r->file);
    return iso_fail(
        ISO_EDATA,
        "%s: is a TIFF file that is damaged or of a kind that cannot be read (%s); save "
        "it as PNG",
        r->file->path, why);
}

/* Straight alpha would be multiplied into the colours, and is to be left out: it is declared to be
 * in them already. */
static void ignore_alpha(TIFF *tiff)
{
    uint16_t count = 0, *kinds = NULL, all[8];
    if (!TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &count, &kinds) || count < 1 || count > 8)
        return;
    for (int i = 0; i < count; i++)
        all[i] = EXTRASAMPLE_ASSOCALPHA;
    TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, count, all);
}

static bool is_grey(TIFF *tiff)
{
    uint16_t photometric = PHOTOMETRIC_RGB;
    TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric);
    return photometric == PHOTOMETRIC_MINISBLACK || photometric == PHOTOMETRIC_MINISWHITE;
}

static iso_rc read_header(const struct reader *r, TIFF *tiff, struct iso_image *out,
                          int *orientation)
{
    uint32_t height = 0, width = 0;
    uint16_t turned = ORIENTATION_TOPLEFT;
    TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height);
    TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width);
    TIFFGetField(tiff, TIFFTAG_ORIENTATION, &turned);
    ISO_TRY(iso_image_check(r->file, height, width, false));
    out->height = (int)height;
    out->width = (int)width;
    out->channels = is_grey(tiff) ? 1 : 3;
    *orientation = turned >= 1 && turned <= 8 ? turned : 1;
    return ISO_OK;
}

/* A strip or tile must find room, whatever the file claims it to be. */
static bool is_sound(TIFF *tiff, const struct reader *r)
{
    const uint64_t most = 32 * (uint64_t)r->file->max_pixels;
    return (TIFFIsTiled(tiff) ? TIFFTileSize64(tiff) : TIFFStripSize64(tiff)) <= most;
}

static void unpack(const uint32_t *from, const struct iso_image *out)
{
    const int64_t n = (int64_t)out->height * out->width;
    uint8_t *to = out->pixels;
    for (int64_t i = 0; i < n; i++) {
        *to++ = (uint8_t)TIFFGetR(from[i]);
        if (out->channels == 1)
            continue;
        *to++ = (uint8_t)TIFFGetG(from[i]);
        *to++ = (uint8_t)TIFFGetB(from[i]);
    }
}

/* The rows stay in the file's order: iso_image_turn turns them. */
static iso_rc read_pixels(struct reader *r, TIFF *tiff, struct iso_image *out, uint32_t *raster)
{
    char why[1024] = "unknown";
    TIFFRGBAImage image;
    ignore_alpha(tiff);
    if (!is_sound(tiff, r) || !TIFFRGBAImageOK(tiff, why) ||
        !TIFFRGBAImageBegin(&image, tiff, 1, why))
        return failed(r, why);
    image.req_orientation = image.orientation;
    const bool read = TIFFRGBAImageGet(&image, raster, image.width, image.height);
    TIFFRGBAImageEnd(&image);
    if (!read || *r->message)
        return failed(r, *r->message ? r->message : why);
    ISO_TRY(iso_image_allocate(out));
    unpack(raster, out);
    return ISO_OK;
}

static iso_rc decode(struct reader *r, TIFF *tiff, struct iso_image *out, int *orientation)
{
    ISO_TRY(read_header(r, tiff, out, orientation));
    if (r->file->header)
        return ISO_OK;
    uint32_t *raster = iso_alloc((size_t)out->height * (size_t)out->width, sizeof *raster);
    if (raster == NULL)
        return ISO_ENOMEM;
    const iso_rc rc = read_pixels(r, tiff, out, raster);
    free(raster);
    return rc;
}

iso_rc iso_image_decode_tiff(const struct iso_image_file *f, struct iso_image *out,
                             int *orientation)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct reader r = { .file = f };
    pthread_once(&once, set_handlers);
    TIFF *tiff = TIFFClientOpen(f->path, "rm", &r, take, give, seek, leave, size_of, NULL, NULL);
    if (tiff == NULL)
        return failed(&r, *r.message ? r.message : "unknown");
    const iso_rc rc = decode(&r, tiff, out, orientation);
    TIFFClose(tiff);
    return rc;
}
#endif
