#include "c_weights.h"
#include "core/system/file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { INT8_MOST = 127 };

/* ---- Reading ------------------------------------------------------------------------------- */

/* Returns the number of output channels if the weight is a kernel, which may be rounded; else 0. */
static int64_t channels_of(const struct iso_value *v)
{
    const char *name = strrchr(v->name, '/');
    const struct iso_shape *s = &v->shape;
    if (name == NULL || !iso_ends_in(name, "kernel") || s->ndim < 2)
        return 0;
    const int64_t last = s->dim[s->ndim - 1];
    return strstr(name, "depthwise") != NULL ? s->dim[s->ndim - 2] * last : last;
}

static iso_rc round_weight(struct iso_c_weight *w)
{
    w->whole = iso_alloc((size_t)w->count, sizeof *w->whole);
    w->scales = iso_alloc((size_t)w->channels, sizeof *w->scales);
    if (w->whole == NULL || w->scales == NULL)
        return ISO_ENOMEM;
    for (int64_t i = 0; i < w->count; i++)
        w->scales[i % w->channels] = fmaxf(w->scales[i % w->channels], fabsf(w->values[i]));
    for (int64_t c = 0; c < w->channels; c++)
        w->scales[c] /= (float)INT8_MOST;
    for (int64_t i = 0; i < w->count; i++) {
        const float scale = w->scales[i % w->channels];
        const double whole = scale > 0 ? rint((double)w->values[i] / scale) : 0;
        w->whole[i] = (int8_t)fmin(fmax(whole, -INT8_MOST), INT8_MOST);
        w->values[i] = (float)w->whole[i] * scale;
    }
    return ISO_OK;
}

static iso_rc read_weight(struct iso_exec *e, const char *name, bool int8, struct iso_c_weight *w)
{
    const struct iso_graph *g = iso_exec_graph(e);
    struct iso_tensor t;
    w->value = iso_graph_find(g, name);
    if (!iso_exec_tensor(e, name, &t))
        return iso_fail(ISO_EUSAGE, "there is no weight '%s'", name);
    w->count = iso_shape_count(&t.shape);
    w->channels = int8 ? channels_of(&g->values[w->value]) : 0;
    w->values = iso_alloc((size_t)w->count, sizeof *w->values);
    if (w->values == NULL)
        return ISO_ENOMEM;
    ISO_TRY(iso_tensor_read_f32(iso_exec_backend(e), &t, w->values));
    for (int64_t i = 0; i < w->count; i++)
        if (!isfinite(w->values[i]))
            return iso_fail(ISO_EDATA,
                            "element %lld of '%s' is not a finite number: such a network predicts "
                            "nothing; take weights from an earlier epoch",
                            (long long)i, name);
    return w->channels > 0 ? round_weight(w) : ISO_OK;
}

iso_rc iso_c_weights_read(struct iso_exec *e, bool int8, struct iso_c_weights *out)
{
    const int n = iso_exec_nweights(e);
    *out = (struct iso_c_weights){ .list = iso_alloc((size_t)n + 1, sizeof *out->list) };
    if (out->list == NULL)
        return ISO_ENOMEM;
    for (int i = 0; i < n; i++) {
        struct iso_c_weight *w = &out->list[out->n++];
        ISO_TRY(read_weight(e, iso_exec_weight(e, i), int8, w));
        out->bytes += w->channels > 0 ? w->count + 4 * w->channels : 4 * w->count;
        if (w->channels > 0 && w->count > out->largest)
            out->largest = w->count;
    }
    return ISO_OK;
}

void iso_c_weights_free(struct iso_c_weights *w)
{
    for (int i = 0; i < w->n; i++) {
        free(w->list[i].values);
        free(w->list[i].whole);
        free(w->list[i].scales);
    }
    free(w->list);
    *w = (struct iso_c_weights){ 0 };
}

int iso_c_weights_find(const struct iso_c_weights *w, int value)
{
    int i = 0;
    while (i < w->n && w->list[i].value != value)
        i++;
    return i;
}

/* ---- Writing ------------------------------------------------------------------------------- */

static void write_floats(const float *values, int64_t n, FILE *out)
{
    for (int64_t i = 0; i < n; i++)
        fprintf(out, "%s%af,", i % 8 == 0 ? "\n" : "", (double)values[i]);
    fprintf(out, "\n};\n\n");
}

static void write_whole(const int8_t *values, int64_t n, FILE *out)
{
    for (int64_t i = 0; i < n; i++)
        fprintf(out, "%s%d,", i % 32 == 0 ? "\n" : "", values[i]);
    fprintf(out, "\n};\n\n");
}

void iso_c_weights_write(const struct iso_c_weights *weights, const struct iso_graph *g,
                         const char *storage, const char *prefix, FILE *out)
{
    for (int i = 0; i < weights->n; i++) {
        const struct iso_c_weight *w = &weights->list[i];
        const struct iso_value *v = &g->values[w->value];
        char shape[64];
        fprintf(out, "/* %s, %s. */\n", v->name, iso_shape_text(&v->shape, 0, shape, sizeof shape));
        if (w->channels > 0) {
            fprintf(out, "%sconst int8_t %sw%d[%lld] = {", storage, prefix, i, (long long)w->count);
            write_whole(w->whole, w->count, out);
            fprintf(out, "%sconst float %sw%d_scales[%lld] = {", storage, prefix, i,
                    (long long)w->channels);
            write_floats(w->scales, w->channels, out);
        } else {
            fprintf(out, "%sconst float %sw%d[%lld] = {", storage, prefix, i, (long long)w->count);
            write_floats(w->values, w->count, out);
        }
    }
}

void iso_c_weights_declare(const struct iso_c_weights *weights, const char *prefix, FILE *out)
{
    for (int i = 0; i < weights->n; i++) {
        const struct iso_c_weight *w = &weights->list[i];
        fprintf(out, "extern const %s %sw%d[%lld];\n", w->channels > 0 ? "int8_t" : "float", prefix,
                i, (long long)w->count);
        if (w->channels > 0)
            fprintf(out, "extern const float %sw%d_scales[%lld];\n", prefix, i,
                    (long long)w->channels);
    }
    fprintf(out, "\n");
}
