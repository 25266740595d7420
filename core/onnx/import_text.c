/* import_text.c: a network's layers as a model file. */
#include "import_build.h"
#include "core/system/file.h"
#include "core/model/field.h"
#include "core/model/input_scaling.h"
#include "core/ops/activation.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE = 128 }; /* bytes of a parameter's text */

static bool same_text(const struct iso_field *f, const void *a, const void *b)
{
    char text[VALUE], other[VALUE];
    return strcmp(iso_field_text(f, a, text, sizeof text),
                  iso_field_text(f, b, other, sizeof other)) == 0;
}

/* Writes the parameters that differ from their defaults. */
static void put_params(FILE *out, const struct iso_onnx_layer *l, const void *usual)
{
    char text[VALUE];
    for (const struct iso_field *f = iso_ops[l->op].def->fields; f->key != NULL; f++)
        if (f->dflt == NULL || !same_text(f, l->params, usual))
            fprintf(out, ", %s: %s", f->key, iso_field_text(f, l->params, text, sizeof text));
}

/* A layer that reads what stands above it does not say so. */
static void put_inputs(FILE *out, const struct iso_onnx_importer *im,
                       const struct iso_onnx_layer *l, int above)
{
    if (l->nx == 1 && l->x[0] == above)
        return;
    fprintf(out, ", inputs: %s", l->nx > 1 ? "[" : "");
    for (int i = 0; i < l->nx; i++)
        fprintf(out, "%s%s", i ? ", " : "", l->x[i] < 0 ? "input" : im->layers[l->x[i]].name);
    fprintf(out, "%s", l->nx > 1 ? "]" : "");
}

static iso_rc put_layers(FILE *out, const struct iso_onnx_importer *im, int *last)
{
    fprintf(out, "layers:\n");
    *last = -1;
    for (int i = 0; i < im->nlayers; i++) {
        const struct iso_onnx_layer *l = &im->layers[i];
        void *usual;
        if (!l->live)
            continue;
        ISO_TRY(iso_params_default(l->op, &usual));
        fprintf(out, "  - %s: {name: %s", iso_ops[l->op].name, l->name);
        put_params(out, l, usual);
        put_inputs(out, im, l, *last);
        fprintf(out, "}\n");
        free(usual);
        *last = i;
    }
    return ISO_OK;
}

static void put_input(FILE *out, const struct iso_onnx_importer *im)
{
    fprintf(out, "input: {shape: [");
    for (int i = 1; i < im->input.ndim; i++)
        fprintf(out, "%s%lld", i > 1 ? ", " : "", (long long)im->input.dim[i]);
    fprintf(out, "]");
    struct iso_input_scaling scaling = { .n = im->nscales };
    memcpy(scaling.factor, im->factor, sizeof scaling.factor);
    memcpy(scaling.offset, im->offset, sizeof scaling.offset);
    iso_input_scaling_put(out, &scaling);
    fprintf(out, "}\n");
}

static bool ends_in_softmax(const struct iso_onnx_layer *l)
{
    for (const struct iso_field *f = iso_ops[l->op].def->fields; f->key != NULL; f++)
        if (f->type == ISO_FIELD_ACTIVATION)
            return *(const int *)(const void *)((const char *)l->params + f->offset) == ISO_SOFTMAX;
    return l->op == ISO_OP_activation &&
           ((const struct iso_activation *)l->params)->function == ISO_SOFTMAX;
}

/* A comment may hold nothing that ends its line. */
static void put_comment(FILE *out, const struct iso_onnx_importer *im)
{
    const char *words[] = { im->path, im->m->producer, im->m->version };
    fprintf(out, "#");
    for (int i = 0; i < 3; i++) {
        fprintf(out, "%s", i == 0 ? " Made by isocl import from " : i == 1 ? ", written by " : " ");
        for (const char *c = words[i]; *c; c++)
            fputc(*c >= ' ' && *c < 127 ? *c : '?', out);
    }
    fprintf(out,
            ".\n# The loss and the optimizer are not the file's: choose them before "
            "training.\n");
}

iso_rc iso_onnx_model_text(const struct iso_onnx_importer *im, char **out)
{
    size_t n;
    int last;
    char *text = NULL;
    FILE *f = open_memstream(&text, &n);
    if (f == NULL)
        return iso_fail(ISO_ENOMEM, "out of memory");
    put_comment(f, im);
    put_input(f, im);
    const iso_rc rc = put_layers(f, im, &last);
    const bool classes = rc == ISO_OK && ends_in_softmax(&im->layers[last]);
    fprintf(f, "loss: %s\noptimizer: adam\n%s",
            classes ? "sparse_categorical_crossentropy" : "mean_squared_error",
            classes ? "metrics: [accuracy]\n" : "");
    const iso_rc whole = iso_text_end(f, &text);
    if (rc == ISO_OK && whole == ISO_OK)
        *out = text;
    else
        free(text);
    return rc != ISO_OK ? rc : whole;
}
