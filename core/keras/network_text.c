/* network_text.c: a network of Keras's as a model file. */
#include "classes.h"
#include "core/system/file.h"
#include "core/text/json.h"
#include "network_build.h"
#include "core/model/field.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A comment may hold nothing that ends its line. */
static void put_comment(FILE *out, const struct iso_keras_reader *r)
{
    fprintf(out, "# Made by isocl import from ");
    for (const char *c = r->path; *c; c++)
        fputc(*c >= ' ' && *c < 127 ? *c : '?', out);
    fprintf(out, ", written by Keras %.20s.\n", r->file->version);
}

static void put_inputs(FILE *out, const struct iso_keras_reader *r, const struct iso_keras_flat *l,
                       int above)
{
    if (l->nx == 1 && l->x[0] == above)
        return;
    fprintf(out, ", inputs: %s", l->nx > 1 ? "[" : "");
    for (int i = 0; i < l->nx; i++)
        fprintf(out, "%s%s", i ? ", " : "", l->x[i] < 0 ? "input" : r->layers[l->x[i]].name);
    fprintf(out, "%s", l->nx > 1 ? "]" : "");
}

static void put_network(FILE *out, const struct iso_keras_reader *r)
{
    fprintf(out, "input: {shape: [");
    for (int i = 1; i < r->input.ndim; i++)
        fprintf(out, "%s%lld", i > 1 ? ", " : "", (long long)r->input.dim[i]);
    fprintf(out, "]");
    iso_input_scaling_put(out, &r->scaling);
    fprintf(out, "}\nlayers:\n");
    for (int i = 0; i < r->nlayers; i++) {
        const struct iso_keras_flat *l = &r->layers[i];
        fprintf(out, "  - %s: {name: %s%s", iso_ops[l->op].name, l->name, l->params);
        put_inputs(out, r, l, i - 1);
        fprintf(out, "}\n");
    }
}

/* ---- Training ------------------------------------------------------------------------------ */

/* Returns the op of a name or an object of Keras's, "Adam" or "mean_squared_error"; -1 for others.
 */
static int find_op(const json_t *v, const char *topic)
{
    char name[ISO_NAME];
    const char *text = json_string_value(json_is_object(v) ? json_object_get(v, "class_name") : v);
    if (text == NULL)
        return -1;
    const int op = iso_op_find(iso_keras_snake(text, name, sizeof name));
    const char *belongs = op >= 0 ? iso_ops[op].def->topic : NULL;
    return belongs != NULL && strcmp(belongs, topic) == 0 ? op : -1;
}

/* Returns true if the file's loss takes logits. */
static bool takes_logits(const json_t *loss)
{
    return json_is_true(json_object_get(json_object_get(loss, "config"), "from_logits"));
}

/* A loss that absorbs the softmax needs one at the network's end, or takes logits. */
static void put_loss(FILE *out, const struct iso_keras_reader *r, const json_t *loss)
{
    const bool softmax = r->layers[r->nlayers - 1].softmax;
    const int op = find_op(loss, "losses");
    const bool fits = op >= 0 && (softmax || iso_ops[op].def->absorbs == 0);
    const bool logits = op >= 0 && !fits && takes_logits(loss);
    if (fits)
        fprintf(out, "loss: %s # the file's\n", iso_ops[op].name);
    else if (logits)
        fprintf(out, "loss: {%s: {from_logits: true}} # the file's\n", iso_ops[op].name);
    else
        fprintf(out, "loss: %s # %s\n",
                softmax ? "sparse_categorical_crossentropy" : "mean_squared_error",
                op < 0    ? "the file names none that isocl has: choose it before training"
                : softmax ? ""
                          : "the file's needs a softmax at the end: add it, and the loss, before "
                            "training");
    if (softmax || logits)
        fprintf(out, "metrics: [accuracy]\n");
}

static void put_optimizer(FILE *out, const struct iso_keras_reader *r, const json_t *optimizer)
{
    const int op = find_op(optimizer, "optimizers");
    const json_t *config = json_object_get(optimizer, "config");
    int n = 0;
    fprintf(out, "optimizer: {%s: {", op >= 0 ? iso_ops[op].name : "adam");
    for (const struct iso_field *f = op >= 0 ? iso_ops[op].def->fields : NULL;
         f != NULL && f->key != NULL; f++) {
        const json_t *v = json_object_get(config, f->key);
        if ((f->type != ISO_FIELD_REAL || !json_is_number(v)) &&
            (f->type != ISO_FIELD_BOOL || !json_is_boolean(v)))
            continue;
        fprintf(out, "%s%s: ", n++ ? ", " : "", f->key);
        iso_keras_value(f, v, out);
    }
    fprintf(out, "}} # %s\n",
            op >= 0 ? "the file's; its state begins anew" : "the file has none that isocl has");
    snprintf(r->out->optimizer, sizeof r->out->optimizer, "%s", op >= 0 ? iso_ops[op].name : "");
}

static iso_rc put_training(FILE *out, const struct iso_keras_reader *r, const json_t *root)
{
    const char *text = r->file->training;
    json_t *own = NULL;
    json_error_t fault;
    if (text != NULL && iso_json_read(text, strlen(text), 0, &own, &fault) == ISO_ENOMEM)
        return ISO_ENOMEM;
    const json_t *training = own != NULL ? own : json_object_get(root, "compile_config");
    const json_t *optimizer = json_object_get(training, "optimizer");
    if (optimizer == NULL)
        optimizer = json_object_get(training, "optimizer_config");
    put_loss(out, r, json_object_get(training, "loss"));
    put_optimizer(out, r, optimizer);
    json_decref(own);
    return ISO_OK;
}

iso_rc iso_keras_model_text(struct iso_keras_reader *r, const json_t *root, char **out)
{
    size_t n;
    char *text = NULL;
    FILE *f = open_memstream(&text, &n);
    if (f == NULL)
        return iso_fail(ISO_ENOMEM, "out of memory");
    put_comment(f, r);
    put_network(f, r);
    const iso_rc rc = put_training(f, r, root), whole = iso_text_end(f, &text);
    if (rc == ISO_OK && whole == ISO_OK)
        *out = text;
    else
        free(text);
    return rc != ISO_OK ? rc : whole;
}
