/* sha256.h: SHA-256 (FIPS 180-4), for weight hashes and file checksums. */
#ifndef ISO_SHA256_H
#define ISO_SHA256_H
#include <stddef.h>
#include <stdint.h>
struct iso_sha256 {
    uint32_t state[8];
    uint64_t bytes;
    uint8_t block[64];
};
void iso_sha256_init(struct iso_sha256 *);
void iso_sha256_add(struct iso_sha256 *, const void *data, size_t n);
void iso_sha256_hex(struct iso_sha256 *, char hex[65]); /* ends the hash */
#endif
