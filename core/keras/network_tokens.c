/* network_tokens.c: Keras's layers that work on the last axis alone. Tokens, [rows, tokens,
 * channels] in Keras, are an image of one line here; a Dense that reads an image or tokens is a
 * convolution of single pixels. */
#include "network_build.h"
#include "core/text/json.h"

#include <stdio.h>
#include <string.h>

/* ---- Layers -------------------------------------------------------------------------------- */

/* Makes a convolution of single pixels whose kernel Keras keeps with `inside` axes of inputs. The
 * other parameters are those of the configuration, which is taken over. */
static int pixelwise(const struct iso_keras_config *c, json_t *config, json_int_t filters,
                     int inside)
{
    struct iso_keras_config whole = *c;
    iso_json_set(config, "filters", json_integer(filters));
    iso_json_set(config, "kernel_size", json_pack("[i, i]", 1, 1));
    whole.config = config;
    const int y = iso_keras_generic(&whole, ISO_OP_conv2d);
    if (y >= 0)
        c->r->out->places[c->r->out->nplaces - 1].inside = inside;
    json_decref(config);
    return y;
}

int iso_keras_dense(const struct iso_keras_config *c)
{
    const json_t *units = json_object_get(c->config, "units");
    if (iso_keras_rank(c) == 2)
        return iso_keras_generic(c, ISO_OP_dense);
    if (!json_is_integer(units))
        return iso_keras_refuse(c, "its units are not a whole number");
    json_t *config = json_copy((json_t *)c->config);
    json_object_del(config, "units");
    return pixelwise(c, config, json_integer_value(units), 1);
}

int iso_keras_reshape(const struct iso_keras_config *c)
{
    char params[ISO_KERAS_PARAMS];
    const json_t *target = json_object_get(c->config, "target_shape");
    if (json_array_size(target) != 2)
        return iso_keras_generic(c, ISO_OP_reshape);
    snprintf(params, sizeof params, ", target_shape: [1, %lld, %lld]",
             (long long)json_integer_value(json_array_get(target, 0)),
             (long long)json_integer_value(json_array_get(target, 1)));
    return iso_keras_add(c, ISO_OP_reshape, false, params);
}

int iso_keras_permute(const struct iso_keras_config *c)
{
    return iso_keras_rank(c) != 3 ? iso_keras_generic(c, ISO_OP_permute)
                                  : iso_keras_refuse(c, "isocl has tokens before their channels");
}

/* ---- Multi-head attention ------------------------------------------------------------------- */

/* Makes one of the projections: what it is called in a .keras file, and where there are names. */
struct projection {
    const char *class, *name;
    int input;  /* the attention's input that it reads; -1: its result */
    int inside; /* axes of inputs in the kernel */
};
static const struct projection projections[4] = {
    { "query_dense", "query", 0, 1 },
    { "key_dense", "key", 2, 1 },
    { "value_dense", "value", 1, 1 },
    { "output_dense", "attention_output", -1, 2 },
};

/* Returns how many numbers the projection gives for each token; 0 if the file does not say it. */
static int64_t outputs_of(const struct iso_keras_config *c, int inside)
{
    const struct iso_keras_layer *l = iso_keras_weights_of(c);
    int64_t n = 1;
    if (l == NULL || l->nweights < 1)
        return 0;
    for (int i = inside; i < l->weights[0].shape.ndim; i++)
        n *= l->weights[0].shape.dim[i];
    return l->weights[0].shape.ndim > inside ? n : 0;
}

static int project(const struct iso_keras_config *c, const struct projection *p, int x)
{
    static const char *const kept[] = { "use_bias", "kernel_regularizer", "bias_regularizer",
                                        "trainable" };
    char class_path[ISO_KERAS_PATH], path[ISO_KERAS_PATH], name[2 * ISO_NAME];
    struct iso_keras_config one = *c;
    if (snprintf(class_path, sizeof class_path, "%s/%s", c->class_path, p->class) >=
            ISO_KERAS_PATH ||
        snprintf(path, sizeof path, "%s/%s", c->path, p->name) >= ISO_KERAS_PATH)
        return iso_keras_refuse(c, "its name is too long");
    snprintf(name, sizeof name, "%.80s_%s", c->name, p->name);
    one.class_path = class_path;
    one.path = path;
    one.name = name;
    one.nx = 1;
    one.x[0] = x;
    const int64_t filters = outputs_of(&one, p->inside);
    if (filters == 0)
        return iso_keras_refuse(c, "the file has no weights of its %s", p->name);
    json_t *config = json_object();
    for (int i = 0; i < 4; i++) {
        json_t *v = json_object_get(c->config, kept[i]);
        if (v != NULL)
            iso_json_set(config, kept[i], json_incref(v));
    }
    return pixelwise(&one, config, filters, p->inside);
}

/* Adds a fault for each parameter that isocl's attention cannot have. */
static bool check_attention(const struct iso_keras_config *c)
{
    static const char known[] =
        " name trainable dtype num_heads key_dim value_dim dropout use_bias output_shape "
        "attention_axes kernel_initializer bias_initializer kernel_regularizer bias_regularizer "
        "seed training flash_attention return_attention_scores ";
    const json_t *parts[] = { c->config, c->kwargs };
    bool fine = true;
    for (int i = 0; i < 2; i++) {
        const char *key;
        json_t *v;
        json_object_foreach((json_t *)parts[i], key, v)
        {
            char word[80];
            snprintf(word, sizeof word, " %.70s ", key);
            if (strstr(known, word) != NULL || json_is_null(v) || json_is_false(v))
                continue;
            iso_keras_refuse(c, "isocl's attention has no %.40s", key);
            fine = false;
        }
    }
    const json_t *axes = json_object_get(c->config, "attention_axes");
    const json_t *value = json_object_get(c->config, "value_dim");
    if (json_is_array(axes) &&
        (json_array_size(axes) != 1 || json_integer_value(json_array_get(axes, 0)) != 1))
        fine = iso_keras_refuse(c, "isocl's attention is among all tokens") != ISO_KERAS_FAULT;
    if (json_is_integer(value) && !json_equal(value, json_object_get(c->config, "key_dim")))
        fine = iso_keras_refuse(c, "isocl's attention has values as wide as keys: value_dim") !=
               ISO_KERAS_FAULT;
    return fine;
}

int iso_keras_attention(const struct iso_keras_config *c)
{
    char params[ISO_KERAS_PARAMS];
    const json_t *heads = json_object_get(c->config, "num_heads");
    const int x[3] = { c->x[0], c->x[1], c->x[c->nx == 3 ? 2 : 1] };
    struct iso_keras_config joint = *c;
    if (!json_is_integer(heads))
        return iso_keras_refuse(c, "its num_heads is not a whole number");
    if (c->nx < 2 || c->nx > 3 || iso_keras_rank(c) != 3)
        return iso_keras_refuse(c,
                                "isocl's attention reads tokens as query, value and perhaps key, "
                                "given in this order without names");
    if (!check_attention(c))
        return ISO_KERAS_FAULT;
    for (int i = 0; i < 3; i++) {
        joint.x[i] = project(c, &projections[i], x[projections[i].input]);
        if (joint.x[i] == ISO_KERAS_FAULT)
            return ISO_KERAS_FAULT;
    }
    joint.nx = 3;
    if (iso_keras_real(c->config, "dropout", 0) > 0)
        iso_keras_leave_out(c, "'s dropout");
    snprintf(params, sizeof params, ", heads: %lld", (long long)json_integer_value(heads));
    const int mean = iso_keras_add(&joint, ISO_OP_dot_product_attention, false, params);
    return mean != ISO_KERAS_FAULT ? project(c, &projections[3], mean) : ISO_KERAS_FAULT;
}
