/* view.c: views of a layer's result (view.h). */
#include "view.h"

#include <string.h>

/* ---- Axes and their factors ---------------------------------------------------------------- */

struct iso_onnx_view iso_onnx_view_begin(const struct iso_shape *base, int64_t rows)
{
    return (struct iso_onnx_view){ .rows = rows, .base = *base };
}

/* Two factors of an axis of which the inner one fills a step of the outer are one. */
static bool add(struct iso_onnx_view *v, int begin, int64_t size, int64_t stride)
{
    int *end = &v->first[v->n + 1];
    if (size == 1)
        return true;
    if (*end > begin && v->factor[*end - 1].stride == size * stride) {
        v->factor[*end - 1].size *= size;
        v->factor[*end - 1].stride = stride;
        return true;
    }
    if (*end == ISO_ONNX_FACTORS)
        return false;
    v->factor[(*end)++] = (struct iso_onnx_factor){ size, stride };
    return true;
}

bool iso_onnx_view_add(struct iso_onnx_view *v, int64_t size, int64_t stride)
{
    return v->n < ISO_ONNX_AXES && add(v, v->first[v->n], size, stride);
}

bool iso_onnx_view_end(struct iso_onnx_view *v)
{
    if (v->n == ISO_ONNX_AXES)
        return false;
    v->n++;
    if (v->n < ISO_ONNX_AXES)
        v->first[v->n + 1] = v->first[v->n];
    return true;
}

int64_t iso_onnx_view_dim(const struct iso_onnx_view *v, int axis)
{
    int64_t size = 1;
    for (int i = v->first[axis]; i < v->first[axis + 1]; i++)
        size *= v->factor[i].size;
    return size;
}

/* Adds an axis of another view. */
static bool add_axis(struct iso_onnx_view *v, const struct iso_onnx_view *from, int axis)
{
    for (int i = from->first[axis]; i < from->first[axis + 1]; i++)
        if (!iso_onnx_view_add(v, from->factor[i].size, from->factor[i].stride))
            return false;
    return iso_onnx_view_end(v);
}

/* Returns a view of the same result without axes. */
static struct iso_onnx_view bare(const struct iso_onnx_view *v)
{
    struct iso_onnx_view out = iso_onnx_view_begin(&v->base, v->rows);
    out.offset = v->offset;
    memcpy(out.roll, v->roll, sizeof out.roll);
    return out;
}

struct iso_onnx_view iso_onnx_view_whole(const struct iso_shape *base, int64_t rows,
                                         enum iso_onnx_whole order)
{
    static const int axes[3][5] = { { 0, 1, 2, 3, -1 }, { 0, 3, 1, 2, -1 }, { 0, 1, 2, 3, -1 } };
    struct iso_onnx_view v = iso_onnx_view_begin(base, rows);
    const int64_t size[4] = { rows, base->dim[1], base->dim[2], base->dim[3] };
    for (int i = 0; axes[order][i] >= 0; i++) {
        int64_t stride = 1;
        for (int k = axes[order][i] + 1; k < 4; k++)
            stride *= size[k];
        iso_onnx_view_add(&v, size[axes[order][i]], stride);
        if (order != ISO_ONNX_WHOLE_TOKENS || i != 1)
            iso_onnx_view_end(&v);
    }
    return v;
}

bool iso_onnx_view_equal(const struct iso_onnx_view *a, const struct iso_onnx_view *b)
{
    bool equal = a->n == b->n && a->rows == b->rows && iso_shape_equal(&a->base, &b->base) &&
                 a->offset == b->offset && a->roll[0] == b->roll[0] && a->roll[1] == b->roll[1] &&
                 memcmp(a->first, b->first, (size_t)(a->n + 1) * sizeof *a->first) == 0;
    for (int i = 0; equal && i < a->first[a->n]; i++)
        equal = a->factor[i].size == b->factor[i].size &&
                a->factor[i].stride == b->factor[i].stride;
    return equal;
}

/* ---- Changes ------------------------------------------------------------------------------- */

bool iso_onnx_view_reshape(struct iso_onnx_view *v, int n, const int64_t *dim)
{
    struct iso_onnx_view line = bare(v), out = bare(v);
    for (int i = 0; i < v->first[v->n]; i++)
        if (!iso_onnx_view_add(&line, v->factor[i].size, v->factor[i].stride))
            return false;
    iso_onnx_view_end(&line);
    int at = 0;
    for (int a = 0; a < n; a++) {
        for (int64_t rest = dim[a]; rest > 1;) {
            if (at == line.first[1])
                return false;
            struct iso_onnx_factor *f = &line.factor[at];
            const int64_t outer = rest % f->size == 0 ? f->size : rest;
            if (f->size % outer != 0 ||
                !iso_onnx_view_add(&out, outer, f->size / outer * f->stride))
                return false;
            rest /= outer;
            f->size /= outer;
            at += f->size == 1;
        }
        if (!iso_onnx_view_end(&out))
            return false;
    }
    *v = out;
    return at == line.first[1];
}

bool iso_onnx_view_permute(struct iso_onnx_view *v, const int64_t *perm)
{
    struct iso_onnx_view out = bare(v);
    for (int a = 0; a < v->n; a++)
        if (!add_axis(&out, v, (int)perm[a]))
            return false;
    *v = out;
    return true;
}

/* Returns the axis's only factor; NULL if it has several. */
static struct iso_onnx_factor *only(struct iso_onnx_view *v, int axis)
{
    return v->first[axis + 1] - v->first[axis] == 1 ? &v->factor[v->first[axis]] : NULL;
}

bool iso_onnx_view_cut(struct iso_onnx_view *v, int axis, int64_t start, int64_t size, int64_t step)
{
    struct iso_onnx_factor *f = only(v, axis);
    if (start == 0 && step == 1 && size == iso_onnx_view_dim(v, axis))
        return true;
    if (f == NULL || size < 1 || step < 1 || start < 0 || start + (size - 1) * step >= f->size)
        return false;
    v->offset += start * f->stride;
    *f = (struct iso_onnx_factor){ size, step * f->stride };
    const struct iso_onnx_view whole = *v; /* again, for a size of 1 */
    *v = bare(v);
    for (int a = 0; a < whole.n; a++)
        if (!add_axis(v, &whole, a))
            return false;
    return true;
}

bool iso_onnx_view_take(struct iso_onnx_view *v, int axis, int64_t index)
{
    struct iso_onnx_view out;
    if (!iso_onnx_view_cut(v, axis, index, 1, 1))
        return false;
    out = bare(v);
    for (int a = 0; a < v->n; a++)
        if (a != axis && !add_axis(&out, v, a))
            return false;
    *v = out;
    return true;
}

/* Lines from `second` on, and those before them: the result is rolled by so many. */
static bool join_roll(const struct iso_onnx_view *const *x, int axis, struct iso_onnx_view *out)
{
    const struct iso_shape *s = &x[0]->base;
    const int64_t n[2] = { iso_onnx_view_dim(x[0], axis), iso_onnx_view_dim(x[1], axis) };
    for (int k = 0; k < 2; k++) {
        const int64_t stride = k == 0 ? s->dim[2] * s->dim[3] : s->dim[3];
        struct iso_onnx_view whole = bare(x[1]), parts[2];
        if (n[0] + n[1] != s->dim[1 + k] || x[0]->offset != x[1]->offset + n[1] * stride ||
            x[1]->offset / stride % s->dim[1 + k] != 0)
            continue;
        for (int a = 0; a < x[1]->n; a++)
            if (!(a == axis
                      ? iso_onnx_view_add(&whole, n[0] + n[1], stride) && iso_onnx_view_end(&whole)
                      : add_axis(&whole, x[1], a)))
                return false;
        parts[0] = parts[1] = whole;
        if (!iso_onnx_view_cut(&parts[0], axis, n[1], n[0], 1) ||
            !iso_onnx_view_cut(&parts[1], axis, 0, n[1], 1) ||
            !iso_onnx_view_equal(&parts[0], x[0]) || !iso_onnx_view_equal(&parts[1], x[1]))
            continue;
        whole.roll[k] = (whole.roll[k] + n[1]) % s->dim[1 + k];
        *out = whole;
        return true;
    }
    return false;
}

/* Sets *step to the distance of n offsets that lie `every` apart, if it is always the same. */
static bool steady(const struct iso_onnx_view *const *x, int n, int every, int64_t *step)
{
    *step = n > 1 ? x[every]->offset - x[0]->offset : 1;
    for (int i = 1; i < n; i++)
        if (x[i * every]->offset - x[0]->offset != i * *step)
            return false;
    return *step > 0;
}

/* Views that differ in their offsets: those are one or two factors of the axis. */
static bool join_offsets(int n, const struct iso_onnx_view *const *x, int axis,
                         struct iso_onnx_view *out)
{
    for (int i = 1; i < n; i++) {
        struct iso_onnx_view same = *x[i];
        same.offset = x[0]->offset;
        if (!iso_onnx_view_equal(&same, x[0]))
            return false;
    }
    for (int inner = 1; inner <= n; inner++) {
        int64_t step[2];
        bool fits = n % inner == 0 && steady(x, n / inner, inner, &step[0]);
        for (int i = 0; fits && i < n; i += inner) {
            int64_t own;
            fits = steady(x + i, inner, 1, &own) && (i == 0 || own == step[1]);
            step[1] = own;
        }
        if (!fits)
            continue;
        *out = bare(x[0]);
        for (int a = 0; a < x[0]->n; a++)
            if ((a == axis && (!iso_onnx_view_add(out, n / inner, step[0]) ||
                               !iso_onnx_view_add(out, inner, step[1]))) ||
                !add_axis(out, x[0], a))
                return false;
        return true;
    }
    return false;
}

bool iso_onnx_view_join(int n, const struct iso_onnx_view *const *x, int axis,
                        struct iso_onnx_view *out)
{
    return (n == 2 && join_roll(x, axis, out)) || join_offsets(n, x, axis, out);
}

/* ---- Pixels -------------------------------------------------------------------------------- */

bool iso_onnx_view_of_pixels(const struct iso_onnx_view *v)
{
    const int64_t channels = v->base.dim[3];
    const int last = v->first[v->n - 1], end = v->first[v->n];
    int64_t dense = 1;
    for (int i = 0; i < last; i++)
        if (v->factor[i].stride % channels != 0)
            return false;
    for (int found = last; found < end;
         found++) { /* the factors that fill the channels, inner first */
        int at = last;
        while (at < end && v->factor[at].stride != dense)
            at++;
        if (at == end)
            return false;
        dense *= v->factor[at].size;
    }
    return dense == channels && v->offset % channels == 0;
}

int64_t iso_onnx_view_channel(const struct iso_onnx_view *v, int64_t i)
{
    int64_t at = 0;
    for (int k = v->first[v->n] - 1; k >= v->first[v->n - 1]; k--) {
        at += i % v->factor[k].size * v->factor[k].stride;
        i /= v->factor[k].size;
    }
    return at;
}

bool iso_onnx_view_rebase(struct iso_onnx_view *v, int64_t channels, bool keeps)
{
    const int64_t before = v->base.dim[3];
    const struct iso_onnx_view from = *v;
    *v = bare(&from);
    v->base.dim[3] = channels;
    v->offset = from.offset / before * channels;
    for (int a = 0; a + 1 < from.n; a++) {
        for (int i = from.first[a]; i < from.first[a + 1]; i++)
            if (!iso_onnx_view_add(v, from.factor[i].size,
                                   from.factor[i].stride / before * channels))
                return false;
        iso_onnx_view_end(v);
    }
    if (keeps)
        return add_axis(v, &from, from.n - 1);
    return iso_onnx_view_add(v, channels, 1) && iso_onnx_view_end(v);
}
