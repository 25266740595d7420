/* image_bmp.c: reads BMP files: palettes, 16, 24 and 32 bits, and run lengths. */
#include "image_kinds.h"

#include <string.h>

enum { FILE_HEADER = 14, COLOURS = 256 };
enum compression { RGB, RLE8, RLE4, MASKS, MASKS_ALPHA = 6 };

struct reader {
    const struct iso_image_file *file;
    const struct iso_image *out;
    size_t header, pixels, row; /* offsets of the header and of the pixels; bytes of a row */
    int bits, colours;
    bool upward; /* the last row comes first */
    uint32_t compression, masks[3];
    uint8_t palette[COLOURS][3];
};

static iso_rc damaged(const struct reader *r, const char *why)
{
    return iso_fail(ISO_EDATA, "%s: is a damaged BMP file, or of a kind that is not read (%s)",
                    r->file->path, why);
}

/* Bytes beyond the end are 0. */
static uint32_t number(const struct reader *r, size_t at, int bytes)
{
    uint32_t value = 0;
    for (int i = bytes - 1; i >= 0; i--)
        value = value << 8 | (at + (size_t)i < r->file->n ? r->file->bytes[at + (size_t)i] : 0u);
    return value;
}

/* ---- The header ------------------------------------------------------------------------------ */

static iso_rc read_palette(struct reader *r, size_t at, int entry)
{
    for (int i = 0; i < r->colours; i++, at += (size_t)entry)
        for (int k = 0; k < 3; k++) /* blue comes first */
            r->palette[i][k] = (uint8_t)number(r, at + 2 - (size_t)k, 1);
    return at <= r->file->n ? ISO_OK : damaged(r, "its palette is cut short");
}

static bool is_grey(const struct reader *r)
{
    for (int i = 0; i < r->colours; i++)
        if (r->palette[i][0] != r->palette[i][1] || r->palette[i][0] != r->palette[i][2])
            return false;
    return true;
}

/* Colours without masks of their own have five bits each in 16, eight in 32. */
static void read_masks(struct reader *r)
{
    static const uint32_t five[3] = { 0x7c00, 0x3e0, 0x1f };
    static const uint32_t eight[3] = { 0xff0000, 0xff00, 0xff };
    const bool own = r->compression == MASKS || r->compression == MASKS_ALPHA;
    for (int k = 0; k < 3; k++)
        r->masks[k] = own             ? number(r, FILE_HEADER + 40 + 4 * (size_t)k, 4)
                      : r->bits == 16 ? five[k]
                                      : eight[k];
}

static iso_rc check_kind(const struct reader *r)
{
    const uint32_t c = r->compression;
    const int b = r->bits;
    const bool known = c == RGB    ? b == 1 || b == 4 || b == 8 || b == 16 || b == 24 || b == 32
                       : c == RLE8 ? b == 8
                       : c == RLE4 ? b == 4
                                   : (c == MASKS || c == MASKS_ALPHA) && (b == 16 || b == 32);
    return known ? ISO_OK : damaged(r, "its compression is unknown");
}

/* The oldest kind has a header of 12 bytes and palettes of three bytes a colour. */
static iso_rc read_header(struct reader *r, struct iso_image *out)
{
    const uint32_t size = number(r, FILE_HEADER, 4);
    const bool old = size == 12;
    if (!old && (size < 40 || size > 1 << 16))
        return damaged(r, "its header has an unknown size");
    const int64_t width = old ? (int64_t)number(r, 18, 2) : (int32_t)number(r, 18, 4);
    const int64_t height = old ? (int64_t)number(r, 20, 2) : (int32_t)number(r, 22, 4);
    r->upward = height > 0;
    r->bits = (int)number(r, old ? 24 : 28, 2);
    r->compression = old ? (uint32_t)RGB : number(r, 30, 4);
    r->pixels = number(r, 10, 4);
    ISO_TRY(check_kind(r));
    ISO_TRY(iso_image_check(r->file, height < 0 ? -height : height, width, true));
    out->height = (int)(height < 0 ? -height : height);
    out->width = (int)width;
    r->row = ((size_t)width * (size_t)r->bits + 31) / 32 * 4;
    read_masks(r);
    const uint32_t used = old ? 0 : number(r, 46, 4);
    r->colours = r->bits > 8 ? 0 : used > 0 && used <= 1u << r->bits ? (int)used : 1 << r->bits;
    ISO_TRY(read_palette(r, FILE_HEADER + size, old ? 3 : 4));
    out->channels = r->colours > 0 && is_grey(r) ? 1 : 3;
    return ISO_OK;
}

/* ---- Pixels ---------------------------------------------------------------------------------- */

/* y: from the top, or from the bottom where the rows go upward. */
static uint8_t *pixel_at(const struct reader *r, int x, int y)
{
    const int row = r->upward ? r->out->height - 1 - y : y;
    return r->out->pixels + ((int64_t)row * r->out->width + x) * r->out->channels;
}

static void put_index(const struct reader *r, int x, int y, unsigned index)
{
    memcpy(pixel_at(r, x, y), r->palette[index < (unsigned)r->colours ? index : 0],
           (size_t)r->out->channels);
}

/* The bits under a mask, from 0 to 255. */
static uint8_t masked(uint32_t value, uint32_t mask)
{
    if (mask == 0)
        return 0;
    while ((mask & 1) == 0) {
        mask >>= 1;
        value >>= 1;
    }
    return (uint8_t)((uint64_t)(value & mask) * 255 / mask);
}

static void put_pixel(const struct reader *r, int x, int y, const uint8_t *row)
{
    const int per_byte = r->bits < 8 ? 8 / r->bits : 1;
    uint32_t value = 0;
    if (r->bits <= 8) {
        const int shift = r->bits * (per_byte - 1 - x % per_byte);
        put_index(r, x, y, (unsigned)row[x / per_byte] >> shift & ((1u << r->bits) - 1));
        return;
    }
    for (int i = r->bits / 8 - 1; i >= 0; i--)
        value = value << 8 | row[x * (r->bits / 8) + i];
    for (int k = 0; k < 3; k++)
        pixel_at(r, x, y)[k] = masked(value, r->masks[k]);
}

static iso_rc read_rows(const struct reader *r)
{
    if (r->pixels > r->file->n || r->file->n - r->pixels < r->row * (size_t)r->out->height)
        return damaged(r, "it is cut short");
    for (int y = 0; y < r->out->height; y++)
        for (int x = 0; x < r->out->width; x++)
            put_pixel(r, x, y, r->file->bytes + r->pixels + r->row * (size_t)y);
    return ISO_OK;
}

/* ---- Run lengths ----------------------------------------------------------------------------- */

struct run_lengths {
    size_t at;
    int x, y;
    bool ended;
};

/* The i-th index from a byte on, of 8 or 4 bits. */
static unsigned index_in(const struct reader *r, size_t at, int i)
{
    if (r->bits == 8)
        return number(r, at + (size_t)i, 1);
    return number(r, at + (size_t)i / 2, 1) >> (i % 2 ? 0 : 4) & 15;
}

/* n pixels, all alike (two colours in turn, of 4 bits), or each its own. */
static void put_run(const struct reader *r, struct run_lengths *l, size_t at, int n, bool alike)
{
    for (int i = 0; i < n; i++, l->x++)
        if (l->x < r->out->width && l->y < r->out->height)
            put_index(r, l->x, l->y, index_in(r, at, alike ? (r->bits == 8 ? 0 : i % 2) : i));
}

static void take_run(const struct reader *r, struct run_lengths *l)
{
    const int n = (int)number(r, l->at, 1), code = (int)number(r, l->at + 1, 1);
    l->at += 2;
    if (n > 0) {
        put_run(r, l, l->at - 1, n, true);
    } else if (code == 0) {
        l->x = 0;
        l->y++;
    } else if (code == 1) {
        l->ended = true;
    } else if (code == 2) {
        l->x += (int)number(r, l->at, 1);
        l->y += (int)number(r, l->at + 1, 1);
        l->at += 2;
    } else {
        put_run(r, l, l->at, code, false);
        l->at += (((size_t)code * (size_t)r->bits + 7) / 8 + 1) / 2 * 2;
    }
    l->x = l->x < r->out->width ? l->x : r->out->width;
}

/* Pixels that no run reaches have the first colour. */
static iso_rc read_runs(const struct reader *r)
{
    struct run_lengths l = { .at = r->pixels };
    for (int y = 0; y < r->out->height; y++)
        for (int x = 0; x < r->out->width; x++)
            put_index(r, x, y, 0);
    while (!l.ended && l.y < r->out->height && l.at + 2 <= r->file->n)
        take_run(r, &l);
    if (l.ended || l.y >= r->out->height || (l.y == r->out->height - 1 && l.x >= r->out->width))
        return ISO_OK;
    return damaged(r, "it is cut short");
}

iso_rc iso_image_decode_bmp(const struct iso_image_file *f, struct iso_image *out, int *orientation)
{
    struct reader r = { .file = f, .out = out };
    (void)orientation; /* BMP has none */
    ISO_TRY(read_header(&r, out));
    if (f->header)
        return ISO_OK;
    ISO_TRY(iso_image_allocate(out));
    return r.compression == RLE8 || r.compression == RLE4 ? read_runs(&r) : read_rows(&r);
}
