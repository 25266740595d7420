/* fill.c: data for the cases, from counters, the same on every machine. Real data keep away from
 * subnormals, whose handling differs between devices that are otherwise exact. */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "core/data/shuffle.h"
#include "core/ops/gather_labels.h"
#include "core/arithmetic/random.h"
#include "harness.h"

const char *const iso_fill_names[] = { "real",   "integer",  "special", "nan",
                                       "spaced", "positive", NULL };

/* Streams of random numbers: one for each tensor of each step; those from EXTRA on make choices. */
enum { STREAMS_A_STEP = 64, EXTRA = 32 };

/* The words of a stream; neighbours have a block of four in common, which is drawn once. */
struct words {
    uint64_t seed, block; /* the block that is drawn, and one more; 0: none */
    uint32_t stream;
    iso_u32x4 drawn;
};

static uint32_t word_at(struct words *w, uint64_t element)
{
    const uint64_t block = element >> 2;
    if (w->block != block + 1)
        w->drawn = iso_philox((uint32_t)block, (uint32_t)(block >> 32), w->stream, ISO_RANDOM_TEST,
                              (uint32_t)w->seed, (uint32_t)(w->seed >> 32));
    w->block = block + 1;
    return w->drawn.v[element & 3];
}

uint32_t iso_fill_word(uint64_t seed, uint32_t stream, uint64_t element)
{
    return word_at(&(struct words){ .seed = seed, .stream = stream }, element);
}

/* Uniform in [-1, 1) with a hole of 1/64 around 0: no kink of an activation is within a step of the
 * gradient check, and products of several stay far from subnormals. Exact in float. */
static double uniform(uint32_t word)
{
    const double u = (double)(word >> 9) / (1 << 23); /* [0, 1) in steps of 2^-23 */
    const double size = 1.0 / 64 + u * (63.0 / 64);
    return (double)(float)((word & 1) ? -size : size);
}

void iso_fill_uniform(uint64_t seed, uint32_t stream, double *v, int64_t n)
{
    struct words words = { .seed = seed, .stream = stream };
    for (int64_t i = 0; i < n; i++)
        v[i] = uniform(word_at(&words, (uint64_t)i));
}

static double special(uint32_t word)
{
    static const double list[] = { NAN,    INFINITY, -INFINITY, 0.0,   -0.0,   1.0,
                                   -1.0,   FLT_MAX,  -FLT_MAX,  88.75, -88.75, 104.0,
                                   -104.0, 1e-10,    0.5,       3.0 };
    const uint32_t n = sizeof list / sizeof list[0];
    return (word >> 8) % 2 ? (double)(float)list[(word >> 9) % n] : uniform(word);
}

static iso_rc fill_spaced(uint64_t seed, uint32_t stream, double *v, int64_t n)
{
    int32_t *order = iso_alloc((size_t)n, sizeof *order);
    if (order == NULL)
        return ISO_ENOMEM;
    for (int64_t i = 0; i < n; i++)
        order[i] = (int32_t)i;
    iso_shuffle(seed, stream, order, n);
    for (int64_t i = 0; i < n; i++)
        v[i] = (double)(float)((order[i] + 0.5 - (double)n / 2) * 2 / (double)n);
    free(order);
    return ISO_OK;
}

static iso_rc fill_real(enum iso_fill fill, uint64_t seed, uint32_t stream, double *v, int64_t n)
{
    if (fill == ISO_FILL_SPACED)
        return fill_spaced(seed, stream, v, n);
    struct words words = { .seed = seed, .stream = stream };
    for (int64_t i = 0; i < n; i++) {
        const uint32_t word = word_at(&words, (uint64_t)i);
        switch (fill) {
        case ISO_FILL_INTEGER: v[i] = (double)((word >> 8) % 9) - 4; break;
        case ISO_FILL_SPECIAL: v[i] = special(word); break;
        case ISO_FILL_NAN: v[i] = (word >> 8) % 8 ? NAN : uniform(word); break;
        case ISO_FILL_POSITIVE: v[i] = fabs(uniform(word)); break;
        case ISO_FILL_REAL:
        case ISO_FILL_SPACED: v[i] = uniform(word); break;
        }
    }
    return ISO_OK;
}

static void fill_below(uint64_t seed, uint32_t stream, int64_t limit, double *v, int64_t n)
{
    struct words words = { .seed = seed, .stream = stream };
    for (int64_t i = 0; i < n; i++)
        v[i] = (double)((word_at(&words, (uint64_t)i) >> 4) % (uint32_t)limit);
}

/* Targets that are a class in most rows, of two where there is one number, and a distribution that
 * does not add up to 1 in every fourth. */
static void fill_target(uint64_t seed, uint32_t stream, double *v, int64_t rows, int64_t n)
{
    const int64_t from = n == 1, classes = n + from;
    for (int64_t r = 0; r < rows; r++) {
        const uint32_t class = iso_fill_word(seed, stream + EXTRA, (uint64_t)r) % (uint32_t)classes;
        for (int64_t c = 0; c < n; c++) {
            const double u = uniform(iso_fill_word(seed, stream, (uint64_t)(r * n + c)));
            v[r * n + c] = r % 4 == 3 ? fabs(u) : c + from == class;
        }
    }
}

static iso_rc fill_input(const struct iso_case *c, const struct iso_call *call, int operand,
                         enum iso_fill fill, uint64_t seed, uint32_t stream, struct iso_array *a)
{
    const struct iso_tensor *x = &call->x[operand];
    const enum iso_kind kind = iso_ops[c->op].kind;
    if (kind == ISO_INPUT && x->dtype != ISO_REAL) {
        int64_t limit = 256; /* pixels */
        if (operand == 1)
            limit = c->x[0].dim[0]; /* entries of the order */
        else if (c->op == ISO_OP_gather_labels)
            limit = ((const struct iso_gather_labels *)c->params)->classes;
        fill_below(seed, stream, limit, a->v, a->n);
        return ISO_OK;
    }
    const int64_t rows = call->x[0].shape.dim[0], classes = call->x[0].shape.dim[1];
    if ((kind == ISO_LOSS || kind == ISO_METRIC) && operand == 1) {
        if (x->dtype == ISO_I32)
            fill_below(seed, stream, classes, a->v, a->n);
        else
            fill_target(seed, stream, a->v, rows, classes);
        return ISO_OK;
    }
    const bool weights = kind == ISO_LOSS && operand == 2,
               squares = kind == ISO_CLIPPING && operand == 1;
    if (squares && fill == ISO_FILL_SPECIAL) /* its norm would be infinite */
        fill = ISO_FILL_REAL;
    ISO_TRY(fill_real(weights ? ISO_FILL_REAL : fill, seed, stream, a->v, a->n));
    for (int64_t i = 0; squares && i < a->n; i++)
        a->v[i] = fabs(a->v[i]);
    if (weights)
        for (int64_t i = 0; i < a->n; i++) /* not negative, and some are 0 */
            a->v[i] = i % 5 == 4 ? 0 : fabs(a->v[i]);
    else if (kind == ISO_LOSS && fill == ISO_FILL_REAL)
        for (int64_t i = 0; i < a->n; i++)
            a->v[i] = (double)(float)(a->v[i] * 4);
    return ISO_OK;
}

/* Groups whose data an op's passes read, in the order of their streams. */
static bool is_read(enum iso_op op, enum iso_group group)
{
    if (iso_ops[op].kind == ISO_OPTIMIZER)
        return group == ISO_W || group == ISO_DW || group == ISO_STATE;
    if (group == ISO_Y)
        return iso_ops[op].def->forward_adds;
    return group == ISO_X || group == ISO_W || group == ISO_DY;
}

static iso_rc fill_group(const struct iso_case *c, const struct iso_call *call,
                         enum iso_group group, enum iso_fill fill, uint64_t seed, uint64_t step,
                         struct iso_values *out)
{
    const struct iso_tensor *tensors = iso_call_group_of(call, group);
    for (int i = 0; i < ISO_OPERANDS; i++) {
        if (!iso_tensor_there(&tensors[i]))
            continue;
        struct iso_array *a = &out->a[group][i];
        const uint32_t stream =
            (uint32_t)(step * STREAMS_A_STEP) + (uint32_t)group * ISO_OPERANDS + (uint32_t)i;
        ISO_TRY(iso_array_set(a, iso_shape_count(&tensors[i].shape)));
        if (group == ISO_STATE) {
            const double initial = iso_op_slot_initial(c->op, c->params, i);
            for (int64_t k = 0; k < a->n; k++)
                a->v[k] = initial;
            continue;
        }
        if (group == ISO_Y)
            fill_below(seed, stream, 9, a->v, a->n); /* counts so far */
        else if (group == ISO_X)
            ISO_TRY(fill_input(c, call, i, fill, seed, stream, a));
        else
            ISO_TRY(fill_real(fill == ISO_FILL_SPACED ? ISO_FILL_REAL : fill, seed, stream, a->v,
                              a->n));
    }
    return ISO_OK;
}

iso_rc iso_fill_case(const struct iso_case *c, const struct iso_call *call, enum iso_fill fill,
                     uint64_t seed, uint64_t step, struct iso_values *out)
{
    *out = (struct iso_values){ 0 };
    for (int g = 0; g < ISO_GROUPS; g++) {
        if (!is_read(c->op, (enum iso_group)g))
            continue;
        iso_rc rc = fill_group(c, call, (enum iso_group)g, fill, seed, step, out);
        if (rc != ISO_OK) {
            iso_values_free(out);
            return rc;
        }
    }
    return ISO_OK;
}
