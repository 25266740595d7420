#include "sha256_pieces.h"

#include "sha256.h"
#include "workers.h"

#include <stdlib.h>

enum { PIECE = 1 << 20, HEX = 65 };
struct pieces {
    int64_t bytes;
    iso_piece_read *read;
    void *data;
    char (*hex)[HEX];
};

static iso_rc sum_piece(void *data, int64_t i)
{
    const struct pieces *p = data;
    const int64_t offset = i * PIECE, left = p->bytes - offset;
    const size_t n = left < PIECE ? (size_t)left : PIECE;
    struct iso_sha256 h;
    char *buf = iso_alloc(n, 1);
    if (buf == NULL)
        return ISO_ENOMEM;
    const iso_rc rc = p->read(p->data, offset, buf, n);
    iso_sha256_init(&h);
    iso_sha256_add(&h, buf, n);
    iso_sha256_hex(&h, p->hex[i]);
    free(buf);
    return rc;
}

iso_rc iso_sha256_pieces(int64_t bytes, iso_piece_read *read, void *data, char hex[65])
{
    struct pieces p = { bytes, read, data, NULL };
    const int64_t n = (bytes + PIECE - 1) / PIECE;
    struct iso_sha256 h;
    p.hex = iso_alloc((size_t)n + 1, sizeof *p.hex);
    if (p.hex == NULL)
        return ISO_ENOMEM;
    const iso_rc rc = iso_workers_run(n, n > 1 ? 0 : 1, sum_piece, &p, NULL);
    iso_sha256_init(&h);
    for (int64_t i = 0; rc == ISO_OK && i < n; i++)
        iso_sha256_add(&h, p.hex[i], HEX - 1);
    iso_sha256_hex(&h, hex);
    free(p.hex);
    return rc;
}
