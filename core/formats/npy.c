/* npy.c: the header of a .npy file (NumPy's format 1.0 to 3.0), and elements of any real type. */
#include "npy.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t little_endian(const uint8_t *p, int n)
{
    uint32_t value = 0;
    while (n-- > 0)
        value = value << 8 | p[n];
    return value;
}

/* ---- The header ---------------------------------------------------------------------------- */

/* Returns the text after 'key': in the header, without leading spaces; NULL if there is none. */
static const char *value_of(const char *header, const char *key)
{
    const char *at = strstr(header, key);
    if (at == NULL)
        return NULL;
    at += strlen(key);
    return at + strspn(at, " ");
}

bool iso_npy_type(const char *text, struct iso_npy *out)
{
    out->kind = text[0];
    out->size = text[0] && text[1] ? text[1] - '0' : 0;
    if (text[0] == 'O') {
        out->size = 0;
        return true;
    }
    if (!text[0] || !text[1] || text[2])
        return false;
    switch (text[0]) {
    case 'b': return out->size == 1;
    case 'f': return out->size == 2 || out->size == 4 || out->size == 8;
    case 'i':
    case 'u': return out->size == 1 || out->size == 2 || out->size == 4 || out->size == 8;
    default: return false;
    }
}

/* "'<f8'" */
static bool parse_type(const char *text, struct iso_npy *out)
{
    char type[4] = "";
    if (text == NULL || (*text != '\'' && *text != '"') || !text[1] ||
        strchr("<>|=", text[1]) == NULL)
        return false;
    const size_t n = strcspn(text + 2, "'\"");
    if (n >= sizeof type || text[2 + n] != text[0])
        return false;
    memcpy(type, text + 2, n);
    out->big_endian = text[1] == '>';
    return iso_npy_type(type, out);
}

/* "(60000, 28, 28)" or "(60000,)" */
static bool parse_shape(const char *text, struct iso_npy *out)
{
    int64_t bytes = out->size;
    if (text == NULL || *text++ != '(')
        return false;
    for (out->ndim = 0; *text != ')';) {
        char *end;
        text += strspn(text, " ");
        if (*text < '0' || *text > '9' || out->ndim == ISO_NPY_DIMS)
            return false;
        errno = 0;
        const long long dim = strtoll(text, &end, 10);
        if (errno || dim < 1 || dim > out->bytes / bytes)
            return false;
        bytes *= dim;
        out->dim[out->ndim++] = dim;
        text = end + strspn(end, " ");
        text += *text == ',';
        text += strspn(text, " ");
    }
    return out->ndim > 0 && bytes == out->bytes;
}

static iso_rc bad(const char *what, const char *reason)
{
    return iso_fail(ISO_EDATA, "%s %s", what, reason);
}

iso_rc iso_npy_parse(const char *what, uint8_t *bytes, size_t n, struct iso_npy *out)
{
    return iso_npy_parse_head(what, bytes, n, n, out);
}

iso_rc iso_npy_parse_head(const char *what, uint8_t *bytes, size_t held, size_t n,
                          struct iso_npy *out)
{
    static const uint8_t magic[6] = { 0x93, 'N', 'U', 'M', 'P', 'Y' };
    if (held < 12 || memcmp(bytes, magic, sizeof magic) != 0)
        return bad(what, "is not a NumPy array");
    if (bytes[6] < 1 || bytes[6] > 3)
        return bad(what, "has a header of a version above 3.0");
    const size_t begin = bytes[6] == 1 ? 10 : 12;
    const size_t length = little_endian(bytes + 8, bytes[6] == 1 ? 2 : 4);
    if (length < 1 || length > held - begin || memchr(bytes + begin, 0, length) != NULL)
        return bad(what, "has a damaged header");
    out->data = bytes + begin + length;
    out->bytes = (int64_t)(n - begin - length);
    out->data[-1] = 0; /* the header's newline: it is a text now */
    const char *header = (const char *)bytes + begin, *order = value_of(header, "'fortran_order':");
    if (!parse_type(value_of(header, "'descr':"), out))
        return bad(what, "does not hold real numbers of 8 to 64 bits");
    if (out->kind == 'O')
        return ISO_OK;
    if (order == NULL || (strncmp(order, "False", 5) != 0 && strncmp(order, "True", 4) != 0))
        return bad(what, "does not say in what order its elements are");
    out->column_major = order[0] == 'T';
    return parse_shape(value_of(header, "'shape':"), out)
               ? ISO_OK
               : bad(what, "has a shape that does not fit its data");
}

/* ---- Elements ------------------------------------------------------------------------------ */

/* IEEE 754 binary16: 1 sign bit, 5 of exponent (bias 15), 10 of fraction. */
static double half(uint64_t bits)
{
    const int exponent = (int)(bits >> 10 & 31), fraction = (int)(bits & 1023);
    const double size = exponent == 31  ? (fraction ? (double)NAN : (double)INFINITY)
                        : exponent == 0 ? ldexp(fraction, -24)
                                        : ldexp(fraction + 1024, exponent - 25);
    return bits >> 15 ? -size : size;
}

static double real(const struct iso_npy *a, uint64_t bits)
{
    double number;
    float single;
    const uint32_t low = (uint32_t)bits;
    if (a->size == 2)
        return half(bits);
    memcpy(&single, &low, sizeof single);
    memcpy(&number, &bits, sizeof number);
    return a->size == 4 ? (double)single : number;
}

double iso_npy_at(const struct iso_npy *a, int64_t i)
{
    const uint8_t *p = a->data + i * a->size;
    uint64_t bits = 0;
    for (int k = 0; k < a->size; k++)
        bits = bits << 8 | p[a->big_endian ? k : a->size - 1 - k];
    if (a->kind == 'f')
        return real(a, bits);
    if (a->kind != 'i')
        return (double)bits;
    const int unused = 64 - 8 * a->size;
    if (unused > 0 && bits >> (8 * a->size - 1))
        bits |= UINT64_MAX << (8 * a->size);
    return (double)(int64_t)bits;
}

/* Copies the elements of a part of the array, in which the first dimensions are fixed. `stride` is
 * that of each dimension in the column-major array, in elements. */
static uint8_t *copy_rows(const struct iso_npy *a, int d, const int64_t *stride,
                          const uint8_t *from, uint8_t *to)
{
    const int64_t step = stride[d] * a->size;
    for (int64_t i = 0; i < a->dim[d]; i++, from += step) {
        if (d + 1 < a->ndim) {
            to = copy_rows(a, d + 1, stride, from, to);
            continue;
        }
        memcpy(to, from, (size_t)a->size);
        to += a->size;
    }
    return to;
}

iso_rc iso_npy_row_major(struct iso_npy *a)
{
    int64_t stride[ISO_NPY_DIMS] = { 1 };
    if (!a->column_major || a->ndim < 2)
        return ISO_OK;
    uint8_t *memory = iso_alloc((size_t)a->bytes, 1);
    if (memory == NULL)
        return ISO_ENOMEM;
    for (int d = 1; d < a->ndim; d++)
        stride[d] = stride[d - 1] * a->dim[d - 1];
    copy_rows(a, 0, stride, a->data, memory);
    free(a->memory);
    a->memory = a->data = memory;
    a->column_major = false;
    return ISO_OK;
}

/* ---- Writing ------------------------------------------------------------------------------- */

/* Magic and version, the length of the rest as 16 bits, and a line that spaces fill. */
void iso_npy_header(int ndim, const int64_t *dim, uint8_t header[ISO_NPY_HEADER])
{
    static const uint8_t begin[10] = { 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, ISO_NPY_HEADER - 10 };
    char shape[ISO_NPY_DIMS * 22 + 1] = "", line[ISO_NPY_HEADER];
    size_t used = 0;
    for (int i = 0; i < ndim; i++)
        used += (size_t)snprintf(shape + used, sizeof shape - used, "%lld,", (long long)dim[i]);
    const int n = snprintf(line, sizeof line,
                           "{'descr': '<f4', 'fortran_order': False, 'shape': (%s), }", shape);
    memset(header, ' ', ISO_NPY_HEADER);
    memcpy(header, begin, sizeof begin);
    memcpy(header + sizeof begin, line, (size_t)n);
    header[ISO_NPY_HEADER - 1] = '\n';
}
