/* network_values.c: parameters of Keras's layers as those of isocl's. */
#include "network_build.h"
#include "core/system/file.h"
#include "core/model/field.h"
#include "core/text/number.h"
#include "core/ops/activation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Values -------------------------------------------------------------------------------- */

/* Writes the shortest number that is this one as a float: Keras keeps floats as doubles. */
static void put_real(FILE *out, double v)
{
    char text[32];
    for (int digits = 1; digits <= 9; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, v);
        if ((float)strtod(text, NULL) == (float)v) {
            fprintf(out, "%s", text);
            return;
        }
    }
    fprintf(out, "%.17g", v);
}

/* Writes whole numbers, or lists of them. */
static bool put_whole(FILE *out, const json_t *v, int depth)
{
    if (json_is_integer(v)) {
        fprintf(out, "%lld", (long long)json_integer_value(v));
        return true;
    }
    bool fine = json_is_array(v) && depth < 2 && json_array_size(v) > 0 && json_array_size(v) < 8;
    for (size_t i = 0; fine && i < json_array_size(v); i++) {
        fprintf(out, "%s", i ? ", " : "[");
        fine = put_whole(out, json_array_get(v, i), depth + 1);
    }
    if (fine)
        fprintf(out, "]");
    return fine;
}

bool iso_keras_activation(const json_t *value, char *out, size_t n)
{
    const char *name = json_string_value(value);
    if (json_is_null(value))
        name = "linear";
    if (json_is_object(value)) {
        name = json_string_value(json_object_get(value, "config"));
        if (name == NULL)
            name = json_string_value(json_object_get(value, "class_name"));
    }
    name = name != NULL ? iso_activation_own_name(name) : "";
    for (int i = 0; iso_activation_names[i] != NULL; i++)
        if (strcmp(iso_activation_names[i], name) == 0) {
            snprintf(out, n, "%s", name);
            return true;
        }
    return false;
}

static bool put_choice(FILE *out, const struct iso_field *f, const json_t *v)
{
    const char *text = json_string_value(v);
    for (int i = 0; text != NULL && f->choices[i] != NULL; i++)
        if (strcmp(f->choices[i], text) == 0) {
            fprintf(out, "%s", text);
            return true;
        }
    return false;
}

double iso_keras_real(const json_t *config, const char *key, double left_out)
{
    const json_t *v = json_object_get(config, key);
    return json_is_number(v) ? json_number_value(v) : left_out;
}

/* Writes a penalty of the size of weights, which Keras may call by a short name. */
static bool put_regularizer(FILE *out, const json_t *v)
{
    const json_t *config = json_object_get(v, "config");
    const char *class_name = json_string_value(json_object_get(v, "class_name"));
    if (class_name == NULL || (strcmp(class_name, "L1L2") != 0 && strcmp(class_name, "L2") != 0 &&
                               strcmp(class_name, "L1") != 0 && strcmp(class_name, "l1_l2") != 0 &&
                               strcmp(class_name, "l1") != 0 && strcmp(class_name, "l2") != 0))
        return false;
    fprintf(out, "{l1_l2: {l1: ");
    put_real(out, iso_keras_real(config, "l1", 0));
    fprintf(out, ", l2: ");
    put_real(out, iso_keras_real(config, "l2", 0));
    fprintf(out, "}}");
    return true;
}

bool iso_keras_value(const struct iso_field *f, const json_t *v, FILE *out)
{
    char name[64];
    switch (f->type) {
    case ISO_FIELD_INT:
    case ISO_FIELD_INT2:
    case ISO_FIELD_SIDES:
    case ISO_FIELD_SHAPE: return put_whole(out, v, 0);
    case ISO_FIELD_REAL:
        if (json_is_number(v))
            put_real(out, json_number_value(v));
        return json_is_number(v);
    case ISO_FIELD_BOOL:
        fprintf(out, "%s", json_is_true(v) ? "true" : "false");
        return json_is_boolean(v);
    case ISO_FIELD_ENUM: return put_choice(out, f, v);
    case ISO_FIELD_ACTIVATION:
        if (!iso_keras_activation(v, name, sizeof name))
            return false;
        fprintf(out, "%s", name);
        return true;
    case ISO_FIELD_REGULARIZER: return put_regularizer(out, v);
    default: return false;
    }
}

/* ---- Parameters ---------------------------------------------------------------------------- */

static bool in_list(const char *key, const char *list)
{
    char word[80];
    snprintf(word, sizeof word, " %.70s ", key);
    return strstr(list, word) != NULL;
}

/* Returns true for a type of numbers that is float32: a name, or a policy of that name. */
static bool is_float32(const json_t *v)
{
    const json_t *name = json_is_object(v) ? json_object_get(json_object_get(v, "config"), "name")
                                           : v;
    return json_is_null(v) ||
           (json_is_string(name) && strcmp(json_string_value(name), "float32") == 0);
}

/* Returns true if an axis is the last one, that of the channels. */
static bool is_last_axis(const json_t *v, const struct iso_keras_config *c)
{
    const json_t *axis = json_is_array(v) && json_array_size(v) == 1 ? json_array_get(v, 0) : v;
    return json_is_integer(axis) &&
           (json_integer_value(axis) == -1 || json_integer_value(axis) == iso_keras_rank(c) - 1);
}

/* Checks a parameter that no field has: it must be one that changes nothing, or its value be that
 * of isocl's layers. */
static bool check_other(const struct iso_keras_config *c, const char *key, const json_t *v)
{
    static const char ignored[] =
        " name trainable seed build_config batch_input_shape batch_shape input_dtype fused "
        "virtual_batch_size renorm_momentum input_shape autocast init noise_shape mode "
        "synchronized momentum init_values projection_dim ";
    static const char *const wanted[][2] = { { "data_format", "channels_last" },
                                             { "dim_ordering", "tf" } };
    if (in_list(key, ignored) || json_is_null(v) || json_is_false(v) ||
        iso_ends_in(key, "_initializer") || iso_ends_in(key, "_constraint") ||
        (json_is_integer(v) && json_integer_value(v) == 1 && strcmp(key, "groups") == 0))
        return true;
    for (int i = 0; i < 2; i++)
        if (strcmp(key, wanted[i][0]) == 0 && json_is_string(v) &&
            strcmp(json_string_value(v), wanted[i][1]) == 0)
            return true;
    if (strcmp(key, "dtype") == 0 && is_float32(v))
        return true;
    if (strcmp(key, "axis") == 0 && is_last_axis(v, c))
        return true;
    char *text = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
    iso_keras_refuse(c, "isocl has no %.40s: %.60s; build the network without it", key,
                     text != NULL ? text : "?");
    free(text);
    return false;
}

/* Writes one parameter. */
static bool put_param(const struct iso_keras_config *c, const struct iso_field *f, const json_t *v,
                      FILE *out)
{
    if (json_is_null(v) || f->type == ISO_FIELD_INITIALIZER)
        return true;
    fprintf(out, ", %s: ", f->key);
    if (iso_keras_value(f, v, out))
        return true;
    char *text = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
    iso_keras_refuse(c, "isocl has no %.40s: %.60s; build the network with another", f->key,
                     text != NULL ? text : "?");
    free(text);
    return false;
}

/* Keras 2's hard_sigmoid has the slope 0.2, and an activation within a layer takes none. */
static bool check_activation(const struct iso_keras_config *c, const json_t *v)
{
    char name[64];
    if (c->r->file->version[0] == '3' || !iso_keras_activation(v, name, sizeof name) ||
        strcmp(name, "hard_sigmoid") != 0)
        return true;
    iso_keras_refuse(c,
                     "hard_sigmoid of Keras 2 has another slope than isocl's; make it a layer "
                     "Activation of its own");
    return false;
}

bool iso_keras_params(const struct iso_keras_config *c, enum iso_op op,
                      char params[ISO_KERAS_PARAMS])
{
    const char *key;
    json_t *v;
    bool fine = true;
    params[0] = '\0'; /* nothing written ends nothing */
    FILE *out = fmemopen(params, ISO_KERAS_PARAMS, "w");
    if (out == NULL) {
        c->r->rc = iso_fail(ISO_ENOMEM, "out of memory");
        return false;
    }
    json_object_foreach((json_t *)c->config, key, v)
    {
        const struct iso_field *f = iso_field_find(iso_ops[op].def->fields, key);
        const bool usable = f == NULL || f->type != ISO_FIELD_ACTIVATION || check_activation(c, v);
        if (!usable || !(f != NULL ? put_param(c, f, v, out) : check_other(c, key, v)))
            fine = false;
    }
    if (json_is_false(json_object_get(c->config, "trainable")) && iso_ops[op].def->weights != NULL)
        fprintf(out, ", trainable: false");
    if (ftell(out) >= ISO_KERAS_PARAMS - 1 && fine)
        fine = iso_keras_refuse(c, "its parameters are too long") != ISO_KERAS_FAULT;
    fclose(out);
    return fine;
}

int iso_keras_generic(const struct iso_keras_config *c, enum iso_op op)
{
    char params[ISO_KERAS_PARAMS], name[64] = "";
    if (!iso_keras_params(c, op, params))
        return ISO_KERAS_FAULT;
    const int y = iso_keras_add(c, op, iso_ops[op].def->weights != NULL, params);
    if (y >= 0 && iso_keras_activation(json_object_get(c->config, "activation"), name, sizeof name))
        c->r->layers[y].softmax = strcmp(name, "softmax") == 0;
    return y;
}
