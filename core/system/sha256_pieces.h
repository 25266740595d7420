/* sha256_pieces.h: SHA-256 of much data, which threads share. */
#ifndef ISO_SHA256_PIECES_H
#define ISO_SHA256_PIECES_H
#include "core/iso.h"

/* Reads n bytes from an offset into buf. Called from several threads. */
typedef iso_rc iso_piece_read(void *data, int64_t offset, void *buf, size_t n);
/* Writes the SHA-256, in hexadecimal, over the SHA-256, as text, of each MiB. Fails as read does,
 * or with ISO_ENOMEM. */
iso_rc iso_sha256_pieces(int64_t bytes, iso_piece_read *, void *data, char hex[65]);
#endif
