/* image_exif.c: the orientation of a photo: in EXIF data, which is a TIFF file without pixels, and
 * as it is applied. */
#include "image_kinds.h"

#include <stdlib.h>
#include <string.h>

enum { ORIENTATION = 0x0112, SHORT = 3, HEADER = 8, ENTRY = 12 };
enum { TILE = 32 }; /* pixels high and wide */

struct exif {
    const uint8_t *bytes;
    size_t n;
    bool little; /* endian */
};

static uint32_t read_number(const struct exif *e, size_t at, int bytes)
{
    uint32_t value = 0;
    for (int i = 0; i < bytes; i++)
        value = value << 8 | e->bytes[at + (size_t)(e->little ? bytes - 1 - i : i)];
    return value;
}

/* Searches the entries of the directory at this byte. */
static int find_orientation(const struct exif *e, size_t at)
{
    if (at > e->n || e->n - at < 2)
        return 1;
    const size_t count = read_number(e, at, 2);
    at += 2;
    for (size_t i = 0; i < count && e->n - at >= ENTRY; i++, at += ENTRY) {
        if (read_number(e, at, 2) != ORIENTATION || read_number(e, at + 2, 2) != SHORT)
            continue;
        const uint32_t value = read_number(e, at + 8, 2);
        return value >= 1 && value <= 8 ? (int)value : 1;
    }
    return 1;
}

int iso_exif_orientation(const uint8_t *exif, size_t n)
{
    static const uint8_t label[6] = "Exif\0";
    if (n >= sizeof label && memcmp(exif, label, sizeof label) == 0) {
        exif += sizeof label;
        n -= sizeof label;
    }
    if (n < HEADER || exif[0] != exif[1] || (exif[0] != 'I' && exif[0] != 'M'))
        return 1;
    const struct exif e = { exif, n, exif[0] == 'I' };
    return find_orientation(&e, read_number(&e, 4, 4));
}

/* ---- Turning ------------------------------------------------------------------------------- */

/* The upright image's pixel (y, x) is pixel begin + y down + x right of the file's. */
struct way {
    int64_t begin, down, right;
};

static struct way way_of(int height, int width, int orientation)
{
    const int64_t w = width, last = (int64_t)height * w - w; /* beginning of the last row */
    const struct way ways[] = {
        [1] = { 0, w, 1 },
        [2] = { w - 1, w, -1 },
        [3] = { last + w - 1, -w, -1 },
        [4] = { last, -w, 1 },
        [5] = { 0, 1, w },
        [6] = { last, 1, -w },
        [7] = { last + w - 1, -1, -w },
        [8] = { w - 1, -1, w },
    };
    return ways[orientation];
}

/* A tile at a time, whose rows and columns stay in a cache. */
static void copy_tile(const struct iso_image *from, const struct iso_image *to,
                      const struct way *way, int y0, int x0)
{
    const int c = to->channels;
    for (int y = y0; y < y0 + TILE && y < to->height; y++)
        for (int x = x0; x < x0 + TILE && x < to->width; x++) {
            const uint8_t *p = from->pixels + (way->begin + y * way->down + x * way->right) * c;
            uint8_t *q = to->pixels + ((int64_t)y * to->width + x) * c;
            for (int k = 0; k < c; k++)
                q[k] = p[k];
        }
}

iso_rc iso_image_turn(struct iso_image *image, int orientation)
{
    struct iso_image to = *image;
    if (orientation == 1)
        return ISO_OK;
    if (orientation >= 5) {
        to.height = image->width;
        to.width = image->height;
    }
    if (image->pixels != NULL) {
        const struct way way = way_of(image->height, image->width, orientation);
        ISO_TRY(iso_image_allocate(&to));
        for (int y = 0; y < to.height; y += TILE)
            for (int x = 0; x < to.width; x += TILE)
                copy_tile(image, &to, &way, y, x);
        free(image->pixels);
    }
    *image = to;
    return ISO_OK;
}
