/* image_gif.c: decodes the first image of GIF files with giflib. */
#include "image_kinds.h"

#if ISO_HAVE_GIF
#include <stdlib.h>
#include <string.h>

#include <gif_lib.h>

struct reader {
    const struct iso_image_file *file;
    size_t at;
    GifFileType *gif;
    int transparent; /* the colour of what the image leaves free; -1: the first one */
    uint8_t *line;   /* [width of the image] */
};

static iso_rc damaged(const struct reader *r, const char *why)
{
    return iso_image_damaged(r->file, "is a damaged GIF file", why);
}

/* Fails with giflib's message. */
static iso_rc failed(const struct reader *r)
{
    const char *why = GifErrorString(r->gif->Error);
    return damaged(r, why != NULL ? why : "unknown");
}

static int take(GifFileType *gif, GifByteType *to, int n)
{
    struct reader *r = gif->UserData;
    const size_t left = r->file->n - r->at, count = (size_t)n < left ? (size_t)n : left;
    memcpy(to, r->file->bytes + r->at, count);
    r->at += count;
    return (int)count;
}

/* An extension is a chain of blocks; one of graphics control may name the transparent colour. */
static iso_rc read_extension(struct reader *r)
{
    GraphicsControlBlock graphics;
    GifByteType *block;
    int code;
    if (DGifGetExtension(r->gif, &code, &block) == GIF_ERROR)
        return failed(r);
    while (block != NULL) {
        if (code == GRAPHICS_EXT_FUNC_CODE &&
            DGifExtensionToGCB(block[0], block + 1, &graphics) == GIF_OK)
            r->transparent = graphics.TransparentColor;
        if (DGifGetExtensionNext(r->gif, &block) == GIF_ERROR)
            return failed(r);
    }
    return ISO_OK;
}

/* Reads as far as the pixels of the first image. */
static iso_rc find_image(struct reader *r)
{
    GifRecordType type = UNDEFINED_RECORD_TYPE;
    while (type != IMAGE_DESC_RECORD_TYPE) {
        if (DGifGetRecordType(r->gif, &type) == GIF_ERROR)
            return failed(r);
        if (type == TERMINATE_RECORD_TYPE)
            return damaged(r, "there is no image in it");
        if (type == EXTENSION_RECORD_TYPE)
            ISO_TRY(read_extension(r));
    }
    return DGifGetImageDesc(r->gif) == GIF_ERROR ? failed(r) : ISO_OK;
}

static const ColorMapObject *colours_of(const struct reader *r)
{
    const ColorMapObject *own = r->gif->Image.ColorMap;
    return own != NULL ? own : r->gif->SColorMap;
}

static bool is_grey(const ColorMapObject *colours)
{
    for (int i = 0; i < colours->ColorCount; i++) {
        const GifColorType *c = &colours->Colors[i];
        if (c->Red != c->Green || c->Red != c->Blue)
            return false;
    }
    return true;
}

/* The canvas, which an image that is larger than it enlarges, as in Pillow. */
static iso_rc measure(struct reader *r, struct iso_image *out)
{
    const GifImageDesc *image = &r->gif->Image;
    const int right = image->Left + image->Width, bottom = image->Top + image->Height;
    const ColorMapObject *colours = colours_of(r);
    out->width = right > r->gif->SWidth ? right : r->gif->SWidth;
    out->height = bottom > r->gif->SHeight ? bottom : r->gif->SHeight;
    if (image->Width < 1 || image->Height < 1)
        return damaged(r, "its image has no pixels");
    if (colours == NULL)
        return damaged(r, "it has no colours");
    out->channels = is_grey(colours) ? 1 : 3;
    return iso_image_check(r->file, out->height, out->width, true);
}

static void put_pixel(const ColorMapObject *colours, int index, int channels, uint8_t *to)
{
    static const GifColorType black = { 0, 0, 0 };
    const GifColorType *c = index < colours->ColorCount ? &colours->Colors[index] : &black;
    to[0] = c->Red;
    if (channels == 3) {
        to[1] = c->Green;
        to[2] = c->Blue;
    }
}

static void fill(const struct reader *r, const struct iso_image *out)
{
    const int64_t n = (int64_t)out->height * out->width;
    for (int64_t i = 0; i < n; i++)
        put_pixel(colours_of(r), r->transparent >= 0 ? r->transparent : 0, out->channels,
                  out->pixels + i * out->channels);
}

/* y: of the image. */
static iso_rc read_line(struct reader *r, const struct iso_image *out, int y)
{
    const GifImageDesc *image = &r->gif->Image;
    uint8_t *to =
        out->pixels + ((int64_t)(image->Top + y) * out->width + image->Left) * out->channels;
    if (DGifGetLine(r->gif, r->line, image->Width) == GIF_ERROR)
        return failed(r);
    for (int x = 0; x < image->Width; x++)
        put_pixel(colours_of(r), r->line[x], out->channels, to + (int64_t)x * out->channels);
    return ISO_OK;
}

/* Interlaced lines come in four passes. */
static iso_rc read_lines(struct reader *r, const struct iso_image *out)
{
    static const struct {
        int first, step;
    } passes[] = { { 0, 8 }, { 4, 8 }, { 2, 4 }, { 1, 2 } }, all = { 0, 1 };
    const bool interlaced = r->gif->Image.Interlace;
    for (int p = 0; p < (interlaced ? 4 : 1); p++)
        for (int y = interlaced ? passes[p].first : all.first; y < r->gif->Image.Height;
             y += interlaced ? passes[p].step : all.step)
            ISO_TRY(read_line(r, out, y));
    return ISO_OK;
}

static iso_rc decode(struct reader *r, struct iso_image *out)
{
    ISO_TRY(find_image(r));
    ISO_TRY(measure(r, out));
    if (r->file->header)
        return ISO_OK;
    r->line = iso_alloc((size_t)r->gif->Image.Width, 1);
    if (r->line == NULL)
        return ISO_ENOMEM;
    ISO_TRY(iso_image_allocate(out));
    fill(r, out);
    return read_lines(r, out);
}

iso_rc iso_image_decode_gif(const struct iso_image_file *f, struct iso_image *out, int *orientation)
{
    struct reader r = { .file = f, .transparent = NO_TRANSPARENT_COLOR };
    int error = 0;
    (void)orientation; /* GIF has none */
    r.gif = DGifOpen(&r, take, &error);
    if (r.gif == NULL) {
        const char *why = GifErrorString(error);
        return damaged(&r, why != NULL ? why : "unknown");
    }
    const iso_rc rc = decode(&r, out);
    free(r.line);
    DGifCloseFile(r.gif, &error);
    return rc;
}
#endif
