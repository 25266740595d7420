/* import_arithmetic.c: functions of single elements, for nodes whose inputs are all constant. */
#include "fold.h"

#include <math.h>
#include <string.h>

const struct iso_onnx_tensor *iso_onnx_whole(const struct iso_onnx_importer *im,
                                             const struct iso_onnx_tensor *t)
{
    if (t->type == ISO_ONNX_INT64)
        return t;
    if (t->type != ISO_ONNX_INT32 && t->type != ISO_ONNX_BOOL) {
        iso_onnx_refuse(im, "'%.60s' are not whole numbers, but of ONNX's type %d", t->name,
                        t->type);
        return NULL;
    }
    struct iso_onnx_tensor *y = iso_onnx_new_constant(im, ISO_ONNX_INT64, t->ndim, t->dim);
    int64_t *to = y != NULL ? (int64_t *)(uintptr_t)y->data : NULL;
    for (int64_t i = 0; y != NULL && i < iso_onnx_count(t); i++)
        to[i] = t->type == ISO_ONNX_BOOL ? ((const uint8_t *)t->data)[i]
                                         : ((const int32_t *)t->data)[i];
    return y;
}

/* ---- Two inputs ---------------------------------------------------------------------------- */

enum pair { ADD, SUB, MUL, DIV, POW, MOD, EQUAL, PAIRS };
static const char *const pair_names[PAIRS] = { "Add", "Sub", "Mul", "Div", "Pow", "Mod", "Equal" };

static enum pair pair_of(const char *op)
{
    int k = 0;
    while (k < PAIRS - 1 && strcmp(pair_names[k], op) != 0)
        k++;
    return k;
}

static float real_pair(enum pair how, float a, float b)
{
    switch (how) {
    case ADD: return a + b;
    case SUB: return a - b;
    case MUL: return a * b;
    case POW: return powf(a, b);
    default: return a / b;
    }
}

/* The number of rows is not known: it can be passed on, multiplied, and divided by what it was
 * multiplied with. */
static bool with_rows(enum pair how, int64_t a, int64_t b, int64_t *y)
{
    const int64_t times[2] = { iso_onnx_row_times(a), iso_onnx_row_times(b) };
    const int64_t n = times[0] > 0 ? times[0] : times[1], other = times[0] > 0 ? b : a;
    *y = times[0] > 0 ? a : b;
    if (times[0] > 0 && times[1] > 0) {
        *y = how == DIV ? times[0] / times[1] : 0;
        return how == DIV && times[0] % times[1] == 0;
    }
    if (how == ADD || (how == SUB && times[0] > 0))
        return other == 0;
    if (other < 1 || other > INT32_MAX || (how != MUL && (how != DIV || times[0] == 0)))
        return false;
    *y = iso_onnx_rows_times(how == MUL ? n * other : n / other);
    return how == MUL ? n <= INT32_MAX : n % other == 0;
}

static bool whole_pair(enum pair how, int64_t a, int64_t b, int64_t *y)
{
    const int64_t most = INT32_MAX;
    if (how == EQUAL) {
        *y = a == b;
        return true;
    }
    if (iso_onnx_row_times(a) > 0 || iso_onnx_row_times(b) > 0)
        return with_rows(how, a, b, y);
    if (a > most || a < -most || b > most || b < -most || ((how == DIV || how == MOD) && b == 0) ||
        how == POW)
        return false;
    if (how == MOD) /* the result has the sign of b */
        *y = (a % b + b) % b;
    else
        *y = how == ADD ? a + b : how == SUB ? a - b : how == MUL ? a * b : a / b;
    return true;
}

static iso_rc whole_pairs(const struct iso_onnx_importer *im, enum pair how,
                          const struct iso_onnx_tensor *a, const struct iso_onnx_tensor *b,
                          struct iso_onnx_tensor *y)
{
    a = iso_onnx_whole(im, a);
    b = a != NULL ? iso_onnx_whole(im, b) : NULL;
    if (b == NULL)
        return ISO_EDATA;
    for (int64_t i = 0; i < iso_onnx_count(y); i++)
        if (!whole_pair(how, ((const int64_t *)a->data)[i], ((const int64_t *)b->data)[i],
                        (int64_t *)(uintptr_t)y->data + i))
            return iso_onnx_refuse(im,
                                   "computes with the number of rows, or with numbers too "
                                   "large; export the network for a batch of a fixed size");
    return ISO_OK;
}

/* The shape to which a and b are both broadcast. */
static iso_rc common_shape(const struct iso_onnx_importer *im, const struct iso_onnx_tensor *a,
                           const struct iso_onnx_tensor *b, int *ndim, int64_t *dim)
{
    *ndim = a->ndim > b->ndim ? a->ndim : b->ndim;
    for (int i = 1; i <= *ndim; i++) {
        const int64_t m = i <= a->ndim ? a->dim[a->ndim - i] : 1;
        const int64_t n = i <= b->ndim ? b->dim[b->ndim - i] : 1;
        if (m != n && m != 1 && n != 1)
            return iso_onnx_refuse(im, "'%.60s' and '%.60s' have shapes that do not fit", a->name,
                                   b->name);
        dim[*ndim - i] = m == 1 ? n : m;
    }
    return ISO_OK;
}

iso_rc iso_onnx_fold_pair(struct iso_onnx_importer *im, const struct iso_onnx_tensor *const *x)
{
    const enum pair how = pair_of(im->node->op);
    const bool real = x[0]->type == ISO_ONNX_FLOAT;
    int64_t dim[ISO_ONNX_DIMS];
    int ndim;
    if (im->node->nx != 2 || (real && (x[1]->type != ISO_ONNX_FLOAT || how == MOD)))
        return iso_onnx_refuse(im, "computes with constants of types that isocl does not join");
    ISO_TRY(common_shape(im, x[0], x[1], &ndim, dim));
    const struct iso_onnx_tensor *a = iso_onnx_broadcast(im, x[0], ndim, dim);
    const struct iso_onnx_tensor *b = a != NULL ? iso_onnx_broadcast(im, x[1], ndim, dim) : NULL;
    struct iso_onnx_tensor *y =
        b != NULL ? iso_onnx_new_constant(
                        im, real && how != EQUAL ? ISO_ONNX_FLOAT : ISO_ONNX_INT64, ndim, dim)
                  : NULL;
    if (y == NULL)
        return ISO_EDATA;
    if (!real)
        ISO_TRY(whole_pairs(im, how, a, b, y));
    for (int64_t i = 0; real && i < iso_onnx_count(y); i++) {
        const float p = ((const float *)a->data)[i], q = ((const float *)b->data)[i];
        if (how == EQUAL)
            ((int64_t *)(uintptr_t)y->data)[i] = p == q;
        else
            ((float *)(uintptr_t)y->data)[i] = real_pair(how, p, q);
    }
    return iso_onnx_know_constant(im, y);
}

/* ---- One, and three ------------------------------------------------------------------------ */

static float single(const char *op, float v)
{
    switch (op[0] + op[1]) {
    case 'N' + 'e': return -v;
    case 'S' + 'q': return sqrtf(v);
    case 'E' + 'x': return expf(v);
    case 'S' + 'i': return 1 / (1 + expf(-v));
    case 'R' + 'e': return op[2] == 'l' ? (v > 0 ? v : 0) : 1 / v;
    default: return v;
    }
}

iso_rc iso_onnx_fold_single(struct iso_onnx_importer *im, const struct iso_onnx_tensor *const *x)
{
    if (im->node->nx != 1 || x[0]->type != ISO_ONNX_FLOAT)
        return iso_onnx_refuse(im, "of a constant that is not float32");
    struct iso_onnx_tensor *y = iso_onnx_new_constant(im, ISO_ONNX_FLOAT, x[0]->ndim, x[0]->dim);
    for (int64_t i = 0; y != NULL && i < iso_onnx_count(y); i++)
        ((float *)(uintptr_t)y->data)[i] = single(im->node->op, ((const float *)x[0]->data)[i]);
    return iso_onnx_know_constant(im, y);
}

iso_rc iso_onnx_fold_not(struct iso_onnx_importer *im, const struct iso_onnx_tensor *const *x)
{
    const struct iso_onnx_tensor *from = iso_onnx_whole(im, x[0]);
    struct iso_onnx_tensor *y =
        from != NULL ? iso_onnx_new_constant(im, ISO_ONNX_INT64, from->ndim, from->dim) : NULL;
    for (int64_t i = 0; y != NULL && i < iso_onnx_count(y); i++)
        ((int64_t *)(uintptr_t)y->data)[i] = ((const int64_t *)from->data)[i] == 0;
    return iso_onnx_know_constant(im, y);
}

/* Limits that are missing are none. */
iso_rc iso_onnx_fold_clip(struct iso_onnx_importer *im, const struct iso_onnx_tensor *const *x)
{
    float limit[2] = { -INFINITY, INFINITY };
    if (x[0]->type != ISO_ONNX_FLOAT)
        return iso_onnx_refuse(im, "of a constant that is not float32");
    for (int i = 0; i < 2; i++) {
        if (!iso_onnx_has(im, 1 + i))
            continue;
        const float *own = iso_onnx_floats(im, x[1 + i], 1);
        if (own == NULL)
            return ISO_EDATA;
        limit[i] = *own;
    }
    struct iso_onnx_tensor *y = iso_onnx_new_constant(im, ISO_ONNX_FLOAT, x[0]->ndim, x[0]->dim);
    for (int64_t i = 0; y != NULL && i < iso_onnx_count(y); i++)
        ((float *)(uintptr_t)y->data)[i] =
            fminf(fmaxf(((const float *)x[0]->data)[i], limit[0]), limit[1]);
    return iso_onnx_know_constant(im, y);
}

static double number(const struct iso_onnx_tensor *t, int64_t i)
{
    switch (t->type) {
    case ISO_ONNX_FLOAT: return (double)((const float *)t->data)[i];
    case ISO_ONNX_DOUBLE: return ((const double *)t->data)[i];
    case ISO_ONNX_INT32: return ((const int32_t *)t->data)[i];
    case ISO_ONNX_INT64: return (double)((const int64_t *)t->data)[i];
    default: return ((const uint8_t *)t->data)[i];
    }
}

/* Whole numbers stay int64, which no reader of a shape tells from the narrower ones. */
iso_rc iso_onnx_fold_cast(struct iso_onnx_importer *im, const struct iso_onnx_tensor *const *x)
{
    const int64_t to = iso_onnx_get_int(im, "to", 0);
    const bool real = x[0]->type == ISO_ONNX_FLOAT || x[0]->type == ISO_ONNX_DOUBLE;
    if (to == x[0]->type)
        return iso_onnx_know_constant(im, x[0]);
    if (to == ISO_ONNX_INT64 || to == ISO_ONNX_INT32) {
        if (real)
            return iso_onnx_refuse(im, "attribute to: makes whole numbers of real ones");
        return iso_onnx_know_constant(im, iso_onnx_whole(im, x[0]));
    }
    if (to == ISO_ONNX_BOOL) {
        struct iso_onnx_tensor *truth =
            iso_onnx_new_constant(im, ISO_ONNX_INT64, x[0]->ndim, x[0]->dim);
        for (int64_t i = 0; truth != NULL && i < iso_onnx_count(truth); i++)
            ((int64_t *)(uintptr_t)truth->data)[i] = number(x[0], i) != 0;
        return iso_onnx_know_constant(im, truth);
    }
    if (to != ISO_ONNX_FLOAT)
        return iso_onnx_refuse(im, "attribute to: isocl has float32 only");
    struct iso_onnx_tensor *y = iso_onnx_new_constant(im, ISO_ONNX_FLOAT, x[0]->ndim, x[0]->dim);
    for (int64_t i = 0; y != NULL && i < iso_onnx_count(y); i++)
        ((float *)(uintptr_t)y->data)[i] = (float)number(x[0], i);
    return iso_onnx_know_constant(im, y);
}

/* Chooses among numbers, as exporters do for the shape of an Expand, and for masks. */
iso_rc iso_onnx_fold_where(struct iso_onnx_importer *im, const struct iso_onnx_tensor *const *x)
{
    const struct iso_onnx_tensor *part[3];
    int64_t dim[ISO_ONNX_DIMS];
    int ndim;
    if (im->node->nx != 3)
        return iso_onnx_refuse(im, "has %d inputs, not 3", im->node->nx);
    const bool real = x[1]->type == ISO_ONNX_FLOAT && x[2]->type == ISO_ONNX_FLOAT;
    ISO_TRY(common_shape(im, x[1], x[2], &ndim, dim));
    for (int i = 0; i < 3; i++) {
        part[i] = real && i > 0 ? x[i] : iso_onnx_whole(im, x[i]);
        if (i == 0 && part[i] != NULL) { /* the condition may have the largest shape */
            struct iso_onnx_tensor shape = { .name = "", .ndim = ndim };
            memcpy(shape.dim, dim, (size_t)ndim * sizeof *dim);
            ISO_TRY(common_shape(im, part[i], &shape, &ndim, dim));
        }
        part[i] = part[i] != NULL ? iso_onnx_broadcast(im, part[i], ndim, dim) : NULL;
        if (part[i] == NULL)
            return ISO_EDATA;
    }
    struct iso_onnx_tensor *y =
        iso_onnx_new_constant(im, real ? ISO_ONNX_FLOAT : ISO_ONNX_INT64, ndim, dim);
    const size_t size = iso_onnx_size(real ? ISO_ONNX_FLOAT : ISO_ONNX_INT64);
    for (int64_t i = 0; y != NULL && i < iso_onnx_count(y); i++)
        memcpy((char *)(uintptr_t)y->data + (size_t)i * size,
               (const char *)part[((const int64_t *)part[0]->data)[i] != 0 ? 1 : 2]->data +
                   (size_t)i * size,
               size);
    return iso_onnx_know_constant(im, y);
}

/* Numbers of rows, such as those in which as_strided finds them. */
iso_rc iso_onnx_fold_range(struct iso_onnx_importer *im, const struct iso_onnx_tensor *const *x)
{
    int64_t v[3];
    for (int i = 0; i < 3; i++) {
        const struct iso_onnx_tensor *t = i < im->node->nx ? iso_onnx_whole(im, x[i]) : NULL;
        if (t == NULL || iso_onnx_count(t) != 1)
            return iso_onnx_refuse(im, "its inputs are not three whole numbers");
        v[i] = *(const int64_t *)t->data;
        v[i] = v[i] == ISO_ONNX_ROWS ? iso_onnx_rows(im) : v[i];
    }
    const int64_t most = 1 << 24;
    if (v[0] < -most || v[0] > most || v[1] < -most || v[1] > most || v[2] < 1 || v[2] > most)
        return iso_onnx_refuse(im, "from %lld to %lld in steps of %lld", (long long)v[0],
                               (long long)v[1], (long long)v[2]);
    const int64_t count = v[1] > v[0] ? (v[1] - v[0] - 1) / v[2] + 1 : 0;
    struct iso_onnx_tensor *y = iso_onnx_new_constant(im, ISO_ONNX_INT64, 1, &count);
    for (int64_t i = 0; y != NULL && i < count; i++)
        ((int64_t *)(uintptr_t)y->data)[i] = v[0] + i * v[2];
    return iso_onnx_know_constant(im, y);
}
