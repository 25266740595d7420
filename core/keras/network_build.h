/* network_build.h (private): declarations shared by the files that make a model file of Keras's
 * configuration: network.c walks it, network_build.c adds layers, network_layers.c and
 * network_tokens.c know the classes, network_values.c their parameters, network_text.c writes the
 * model file. */
#ifndef ISO_KERAS_NETWORK_BUILD_H
#define ISO_KERAS_NETWORK_BUILD_H
#include "network.h"
#include "core/model/input_scaling.h"

#include <jansson.h>

enum { ISO_KERAS_PARAMS = 1024, ISO_KERAS_INPUT = -1, ISO_KERAS_FAULT = -2 };
/* A value is the index of the layer that gives it, ISO_KERAS_INPUT, or ISO_KERAS_FAULT for one that
 * a fault stands for. */
struct iso_keras_flat { /* a layer of the model file */
    enum iso_op op;
    char name[ISO_NAME];
    char params[ISO_KERAS_PARAMS]; /* ", filters: 8, ..." */
    int nx, x[ISO_OPERANDS];
    bool softmax; /* ends in one */
    int rank;     /* axes that Keras's result has: 3 for tokens, an image of one line here */
};
/* Partly computed values, which end as a layer of their own or are a fault: x + 3 and
 * relu6(x + 3), from which Keras's applications make hard_sigmoid, relu6(x + 3) / 6. */
enum { ISO_KERAS_PARTS = 256, ISO_KERAS_PART = -3 }; /* part i is the value ISO_KERAS_PART - i */
struct iso_keras_part {
    int x;     /* the value x */
    bool held; /* by relu6 */
};
struct iso_keras_reader {
    const struct iso_keras_file *file;
    const char *path;
    struct iso_faults *faults;
    struct iso_keras_network *out;
    struct iso_keras_flat *layers;
    int nlayers, room;
    struct iso_shape input; /* ndim 0: not known yet */
    struct iso_input_scaling scaling;
    int unnamed[ISO_OP_COUNT];
    struct iso_keras_part parts[ISO_KERAS_PARTS];
    int nparts;
    iso_rc rc; /* ISO_ENOMEM if there is no memory */
};
struct iso_keras_config { /* a layer at hand */
    struct iso_keras_reader *r;
    const json_t *config;
    const char *class_name, *name;
    const char *class_path, *path; /* in struct iso_keras_place */
    int nx, x[ISO_OPERANDS];
    bool function;        /* a function of keras.ops, not a layer */
    double number;        /* the number among its arguments; NaN: none */
    const json_t *kwargs; /* its call's arguments with names; NULL: none */
};

/* ---- network_build.c ---- */

/* Adds a fault at the layer at hand; returns ISO_KERAS_FAULT. */
int iso_keras_refuse(const struct iso_keras_config *, const char *fmt, ...) ISO_PRINTF(2, 3);
/* Makes a layer of the model file of the layer at hand, which has a layer's weights if `weights`.
 * Returns its value; params: ", key: value" for each, or "". */
int iso_keras_add(const struct iso_keras_config *, enum iso_op, bool weights, const char *params);
/* Names the layer, or with `part` a part of it, among those that are left out since only training
 * has them. part: "" or "'s PART". */
void iso_keras_leave_out(const struct iso_keras_config *, const char *part);
/* Returns the weights that the file has for the layer at hand; NULL: none. */
const struct iso_keras_layer *iso_keras_weights_of(const struct iso_keras_config *);
/* Return the axes that Keras has, the rows among them, of the first input of the layer at hand, and
 * of its result as this op. */
int iso_keras_rank(const struct iso_keras_config *);
int iso_keras_result_rank(const struct iso_keras_config *, enum iso_op);
/* Returns the list, which has n items of this size, with room for one more; NULL: r->rc says why
 * not, and the list is as it was. */
void *iso_keras_one_more(struct iso_keras_reader *r, void *list, int n, int *room, size_t size);

/* ---- network_layers.c ---- */

/* Returns the value of a layer that is no model. */
int iso_keras_take_layer(const struct iso_keras_config *);

/* ---- network_tokens.c ---- */

/* Return the value of the layer at hand, which is of this class. */
int iso_keras_dense(const struct iso_keras_config *);
int iso_keras_reshape(const struct iso_keras_config *);
int iso_keras_permute(const struct iso_keras_config *);
int iso_keras_attention(const struct iso_keras_config *);

/* ---- network_values.c ---- */

/* Writes the op's parameters that the configuration has as ", key: value". Returns false, with a
 * fault for each that isocl cannot have. */
bool iso_keras_params(const struct iso_keras_config *, enum iso_op, char params[ISO_KERAS_PARAMS]);
/* Takes a layer whose parameters have the op's names. */
int iso_keras_generic(const struct iso_keras_config *, enum iso_op);
/* Writes an activation's name as isocl has it, truncated to n bytes. Returns false if it has none.
 */
bool iso_keras_activation(const json_t *value, char *out, size_t n);
/* Returns a number of the configuration, or its default if it is missing or null. */
double iso_keras_real(const json_t *config, const char *key, double left_out);
/* Writes one value as YAML. Returns false if it is none of the field's. */
bool iso_keras_value(const struct iso_field *, const json_t *value, FILE *out);

/* network_text.c. Free *out, set only on success, with free(). */
iso_rc iso_keras_model_text(struct iso_keras_reader *, const json_t *root, char **out);
#endif
