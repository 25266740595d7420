/* exec_hash.c: the hash over all weights that a training ends with. */
#include "exec_private.h"
#include "core/system/sha256.h"

#include <stdlib.h>
#include <string.h>

/* Any NaN is written as 0x7fc00000, so that equal results have equal hashes. */
static void add_float(struct iso_sha256 *h, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if ((bits & 0x7fffffffu) > 0x7f800000u)
        bits = 0x7fc00000u;
    const uint8_t bytes[4] = { (uint8_t)bits, (uint8_t)(bits >> 8), (uint8_t)(bits >> 16),
                               (uint8_t)(bits >> 24) };
    iso_sha256_add(h, bytes, sizeof bytes);
}

iso_rc iso_exec_hash(struct iso_exec *e, char hex[65])
{
    struct iso_sha256 h;
    iso_sha256_init(&h);
    for (int i = 0; i < e->nsorted; i++) {
        const struct iso_tensor t = iso_exec_value(e, e->sorted[i]);
        const int64_t n = iso_shape_count(&t.shape);
        float *w = iso_alloc((size_t)n, sizeof *w);
        const iso_rc rc = w != NULL ? iso_tensor_read_f32(e->backend, &t, w) : ISO_ENOMEM;
        for (int64_t k = 0; rc == ISO_OK && k < n; k++)
            add_float(&h, w[k]);
        free(w);
        ISO_TRY(rc);
    }
    iso_sha256_hex(&h, hex);
    return ISO_OK;
}
