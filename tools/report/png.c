#include "png.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static const uint8_t signature[8] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
enum { HEADER = 13, CHUNK = 12 }; /* bytes of IHDR; of a chunk besides its data */

static void put_word(uint8_t *to, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* Writes a chunk: length, name, data, checksum. Returns the place of the next one. */
static uint8_t *put_chunk(uint8_t *to, const char *name, const uint8_t *data, size_t n)
{
    put_word(to, (uint32_t)n);
    memcpy(to + 4, name, 4);
    if (n > 0)
        memcpy(to + 8, data, n);
    put_word(to + 8 + n, (uint32_t)crc32(0, to + 4, (uInt)(n + 4)));
    return to + CHUNK + n;
}

/* Rows as PNG has them, each behind the number of its filter (none), compressed. */
static iso_rc compress_rows(const uint8_t *pixels, const int size[3], int kept, uint8_t **out,
                            uLongf *n)
{
    const size_t width = (size_t)size[1] * (size_t)kept, height = (size_t)size[0];
    uint8_t *rows = iso_alloc(height, width + 1), *to = rows;
    *n = compressBound((uLong)(height * (width + 1)));
    *out = rows != NULL ? iso_alloc(*n, 1) : NULL;
    for (size_t y = 0; *out != NULL && y < height; y++) {
        *to++ = 0;
        for (int x = 0; x < size[1]; x++, pixels += size[2], to += kept)
            memcpy(to, pixels, (size_t)kept);
    }
    const bool done = *out != NULL &&
                      compress2(*out, n, rows, (uLong)(height * (width + 1)), 9) == Z_OK;
    free(rows);
    if (done)
        return ISO_OK;
    free(*out);
    return iso_fail(ISO_ENOMEM, "out of memory for an image");
}

iso_rc iso_png_encode(const uint8_t *pixels, const int size[3], uint8_t **out, size_t *n)
{
    const int kept = size[2] < 3 ? 1 : 3;
    uint8_t header[HEADER] = { [8] = 8, [9] = kept == 1 ? 0 : 2 }; /* bits; grey or colours */
    uint8_t *data;
    uLongf compressed;
    ISO_TRY(compress_rows(pixels, size, kept, &data, &compressed));
    put_word(header, (uint32_t)size[1]);
    put_word(header + 4, (uint32_t)size[0]);
    *n = sizeof signature + 3 * CHUNK + HEADER + compressed;
    *out = iso_alloc(*n, 1);
    if (*out != NULL) {
        memcpy(*out, signature, sizeof signature);
        uint8_t *to = put_chunk(*out + sizeof signature, "IHDR", header, HEADER);
        to = put_chunk(to, "IDAT", data, compressed);
        put_chunk(to, "IEND", NULL, 0);
    }
    free(data);
    return *out != NULL ? ISO_OK : ISO_ENOMEM;
}

iso_rc iso_png_base64(const uint8_t *pixels, const int size[3], char **out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint8_t *bytes;
    size_t n;
    ISO_TRY(iso_png_encode(pixels, size, &bytes, &n));
    char *to = *out = iso_alloc(4 * ((n + 2) / 3) + 1, 1);
    for (size_t i = 0; to != NULL && i < n; i += 3) {
        const uint32_t b = i + 1 < n ? bytes[i + 1] : 0, c = i + 2 < n ? bytes[i + 2] : 0;
        const uint32_t word = (uint32_t)bytes[i] << 16 | b << 8 | c;
        for (int k = 0; k < 4; k++)
            *to++ = i + (size_t)k > n ? '=' : digits[word >> (18 - 6 * k) & 63];
    }
    free(bytes);
    return *out != NULL ? ISO_OK : ISO_ENOMEM;
}
