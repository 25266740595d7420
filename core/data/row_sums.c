#include "row_sums.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <zlib.h>

struct iso_row_sums {
    int64_t rows;
    _Atomic uint32_t *sum; /* [rows]; 0: not read yet */
};

iso_rc iso_row_sums_new(int64_t rows, struct iso_row_sums **out)
{
    struct iso_row_sums *s = iso_alloc(1, sizeof *s);
    if (s == NULL)
        return ISO_ENOMEM;
    s->rows = rows;
    s->sum = iso_alloc((size_t)rows + 1, sizeof *s->sum);
    if (s->sum == NULL) {
        free(s);
        return ISO_ENOMEM;
    }
    *out = s;
    return ISO_OK;
}

void iso_row_sums_free(struct iso_row_sums *s)
{
    if (s == NULL)
        return;
    free(s->sum);
    free(s);
}

int64_t iso_row_sums_rows(const struct iso_row_sums *s) { return s->rows; }

/* Returns the sum, with 1 in place of 0, because 0 means none. */
static uint32_t sum_of(const uint8_t *bytes, size_t n)
{
    const uLong sum = crc32_z(0, bytes, n);
    return sum ? (uint32_t)sum : 1;
}

bool iso_row_sums_same(struct iso_row_sums *s, int64_t row, const void *bytes, size_t n)
{
    const uint32_t sum = sum_of(bytes, n);
    uint32_t before = 0;
    return atomic_compare_exchange_strong(&s->sum[row], &before, sum) || before == sum;
}

int64_t iso_row_sums_known(const struct iso_row_sums *s)
{
    int64_t known = 0;
    for (int64_t i = 0; i < s->rows; i++)
        known += s->sum[i] != 0;
    return known;
}

void iso_row_sums_write(const struct iso_row_sums *s, uint8_t *out)
{
    for (int64_t i = 0; i < s->rows; i++) {
        const uint32_t sum = s->sum[i];
        for (int byte = 0; byte < ISO_ROW_SUM; byte++)
            *out++ = (uint8_t)(sum >> (8 * byte));
    }
}

void iso_row_sums_read(struct iso_row_sums *s, const uint8_t *from)
{
    for (int64_t i = 0; i < s->rows; i++) {
        uint32_t sum = 0;
        for (int byte = 0; byte < ISO_ROW_SUM; byte++)
            sum |= (uint32_t)*from++ << (8 * byte);
        s->sum[i] = sum;
    }
}
