/* network.c: walks Keras's configuration of a network, and the models that are layers in it. */
#include "network.h"
#include "classes.h"
#include "network_build.h"
#include "core/text/json.h"
#include "core/model/section.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 16, KNOWN_MAX = 1 << 16 };

struct known { /* a result that later layers read */
    const char *name;
    int node, value; /* node: -1 for the only one */
};
struct scope { /* a model that is walked */
    struct iso_keras_reader *r;
    const char *class_path, *path; /* paths of the models around its layers, "base/" or "" */
    struct known *known;
    int nknown, room, depth;
    struct scope *above;
    /* The layers that it has by class, for their names in .weights.h5. */
    char (*classes)[ISO_NAME];
    int nclasses;
};

/* ---- Connections --------------------------------------------------------------------------- */

static bool know(struct scope *s, const char *name, int node, int value)
{
    void *more = iso_keras_one_more(s->r, s->known, s->nknown, &s->room, sizeof *s->known);
    if (more == NULL)
        return false;
    s->known = more;
    s->known[s->nknown++] = (struct known){ name, node, value };
    return true;
}

/* Finds the result that a layer reads. The number of a node is that of the call where a layer is
 * called several times, and says nothing where it is called once. */
static int find(const struct scope *s, const struct iso_keras_config *c, const char *name, int node)
{
    for (int i = 0; i < s->nknown; i++)
        if (strcmp(s->known[i].name, name) == 0 &&
            (s->known[i].node < 0 || s->known[i].node == node))
            return s->known[i].value;
    return iso_keras_refuse(c, "reads '%.60s', which no layer before it gives", name);
}

/* Returns true for ["name", node, tensor], a reference. */
static bool is_reference(const json_t *v)
{
    return json_is_array(v) && json_array_size(v) >= 3 && json_is_string(json_array_get(v, 0)) &&
           json_is_integer(json_array_get(v, 1)) && json_is_integer(json_array_get(v, 2));
}

static bool add_reference(const struct scope *s, struct iso_keras_config *c, const json_t *v)
{
    if (c->nx == ISO_OPERANDS || json_integer_value(json_array_get(v, 2)) != 0) {
        iso_keras_refuse(c,
                         c->nx == ISO_OPERANDS
                             ? "has more than %d inputs; isocl's layers have no more"
                             : "reads another result than the first of a layer; isocl's layers "
                               "have one",
                         ISO_OPERANDS);
        return false;
    }
    c->x[c->nx] = find(s, c, json_string_value(json_array_get(v, 0)),
                       (int)json_integer_value(json_array_get(v, 1)));
    return c->x[c->nx++] != ISO_KERAS_FAULT;
}

/* Adds the tensors in a node's arguments, in their order. */
static bool add_references(const struct scope *s, struct iso_keras_config *c, const json_t *v,
                           int depth)
{
    const json_t *history = json_object_get(json_object_get(v, "config"), "keras_history");
    bool fine = true;
    if (json_is_number(v))
        c->number = json_number_value(v);
    if (is_reference(v))
        return add_reference(s, c, v);
    if (is_reference(history))
        return add_reference(s, c, history);
    if (depth > DEPTH_MAX)
        return false;
    for (size_t i = 0; fine && i < json_array_size(v); i++)
        fine = add_references(s, c, json_array_get(v, i), depth + 1);
    return fine;
}

/* Takes what a layer's call reads: {args, kwargs} of Keras 3, or a list of references. */
static bool take_inputs(const struct scope *s, struct iso_keras_config *c, const json_t *node)
{
    c->nx = 0;
    c->number = NAN;
    c->kwargs = json_is_object(node) ? json_object_get(node, "kwargs") : NULL;
    const json_t *args = json_is_object(node) ? json_object_get(node, "args") : node;
    if (!add_references(s, c, args, 0))
        return false;
    if (c->nx > 0)
        return true;
    iso_keras_refuse(c, "reads no layer's result");
    return false;
}

/* ---- Models -------------------------------------------------------------------------------- */

static bool is_model(const json_t *layer)
{
    const json_t *config = json_object_get(layer, "config");
    const char *name = json_string_value(json_object_get(layer, "class_name"));
    return json_is_array(json_object_get(config, "layers")) ||
           (name != NULL && strcmp(name, "Sequential") == 0);
}

static int take_model(struct scope *above, const struct iso_keras_config *c, const json_t *model);

/* Writes the layer's name in .weights.h5: its class, and a number from the second of a class on. */
static bool name_class(struct scope *s, const char *class_name, char out[ISO_NAME])
{
    char(*more)[ISO_NAME] = realloc(s->classes, (size_t)(s->nclasses + 1) * sizeof *more);
    int same = 0;
    if (more == NULL) {
        s->r->rc = iso_fail(ISO_ENOMEM, "out of memory");
        return false;
    }
    s->classes = more;
    char *snake = s->classes[s->nclasses++];
    iso_keras_snake(class_name, snake, ISO_NAME);
    for (int i = 0; i + 1 < s->nclasses; i++)
        same += strcmp(s->classes[i], snake) == 0;
    snprintf(out, ISO_NAME, same ? "%.80s_%d" : "%.80s", snake, same);
    return true;
}

static int take_one(struct scope *s, const struct iso_keras_config *c, const json_t *layer)
{
    return is_model(layer) ? take_model(s, c, layer) : iso_keras_take_layer(c);
}

/* Takes a layer of a Functional model, once for each of its calls. */
static bool take_calls(struct scope *s, struct iso_keras_config *c, const json_t *layer)
{
    const json_t *nodes = json_object_get(layer, "inbound_nodes");
    const int n = (int)json_array_size(nodes), places = s->r->out->nplaces;
    bool fine = true;
    if (n < 1)
        return iso_keras_refuse(c, "is not connected to the input") != ISO_KERAS_FAULT;
    for (int i = 0; fine && i < n; i++) {
        if (i > 0 && s->r->out->nplaces > places)
            return iso_keras_refuse(c,
                                    "is used several times with the same weights; isocl's "
                                    "layers are used once") != ISO_KERAS_FAULT;
        const bool read = take_inputs(s, c, json_array_get(nodes, (size_t)i));
        const int y = read ? take_one(s, c, layer) : ISO_KERAS_FAULT;
        fine = know(s, c->name, n > 1 ? i : -1, y);
    }
    return fine;
}

static bool set_shape(struct iso_keras_reader *r, const json_t *shape)
{
    struct iso_shape s = { .ndim = (int)json_array_size(shape), .dim = { 1 } };
    bool fine = json_is_array(shape) && (s.ndim == 2 || s.ndim == 4);
    for (int i = 1; fine && i < s.ndim; i++) {
        const json_t *v = json_array_get(shape, (size_t)i);
        s.dim[i] = json_integer_value(v);
        fine = json_is_integer(v) && s.dim[i] >= 1 && s.dim[i] <= 65536;
    }
    if (fine)
        r->input = s;
    return fine;
}

/* Finds the shape that a layer's configuration says its input has. */
static const json_t *input_shape(const json_t *config)
{
    static const char *const keys[] = { "batch_shape", "batch_input_shape", "build_input_shape" };
    for (int i = 0; i < 3; i++)
        if (json_is_array(json_object_get(config, keys[i])))
            return json_object_get(config, keys[i]);
    return NULL;
}

static bool take_shape(const struct iso_keras_config *c, const json_t *config)
{
    if (c->r->input.ndim > 0 || set_shape(c->r, input_shape(config)))
        return true;
    iso_keras_refuse(c,
                     "the input has no fixed shape of 2 or 4 dimensions, the batch among them; "
                     "build the network with Input(shape)");
    return false;
}

static bool begin_layer(struct scope *s, const json_t *layer, struct iso_keras_config *c,
                        char class_path[ISO_KERAS_PATH], char path[ISO_KERAS_PATH])
{
    char class_name[ISO_NAME];
    const json_t *config = json_object_get(layer, "config");
    const char *name = json_string_value(json_object_get(config, "name"));
    c->r = s->r;
    c->config = config;
    c->class_name = json_string_value(json_object_get(layer, "class_name"));
    const char *module = json_string_value(json_object_get(layer, "module"));
    c->function = module != NULL && strncmp(module, "keras.src.ops", 13) == 0;
    if (name == NULL)
        name = json_string_value(json_object_get(layer, "name"));
    c->name = name != NULL ? name : "";
    c->class_path = class_path;
    c->path = path;
    if (c->class_name == NULL)
        return iso_fail(ISO_EDATA, "%s: its configuration has a layer without a class",
                        s->r->path) == ISO_OK;
    s->r->out->nlayers++;
    return name_class(s, c->class_name, class_name) &&
           snprintf(class_path, ISO_KERAS_PATH, "%s%s", s->class_path, class_name) <
               ISO_KERAS_PATH &&
           snprintf(path, ISO_KERAS_PATH, "%s%s", s->path, c->name) < ISO_KERAS_PATH;
}

static bool is_input(const struct iso_keras_config *c)
{
    return strcmp(c->class_name, "InputLayer") == 0;
}

/* Walks the layers of a Sequential model one after another. Returns its result. */
static int walk_sequence(struct scope *s, const json_t *layers, const int x)
{
    int value = x;
    for (size_t i = 0; i < json_array_size(layers) && s->r->rc == ISO_OK; i++) {
        const json_t *layer = json_array_get(layers, i);
        char class_path[ISO_KERAS_PATH], path[ISO_KERAS_PATH];
        struct iso_keras_config c = { .nx = 1, .x = { value }, .number = NAN };
        if (!begin_layer(s, layer, &c, class_path, path))
            return ISO_KERAS_FAULT;
        if (i == 0 && !is_model(layer) && !take_shape(&c, c.config))
            return ISO_KERAS_FAULT;
        if (is_input(&c))
            continue;
        const int y = take_one(s, &c, layer);
        value = y != ISO_KERAS_FAULT ? y : value; /* goes on, for the faults of the others */
    }
    return value;
}

/* Returns the name in "input_layers" or "output_layers" if there is one; NULL for others. */
static const char *only_name(const json_t *list)
{
    if (json_is_array(list) && json_array_size(list) == 1 && json_is_array(json_array_get(list, 0)))
        list = json_array_get(list, 0);
    return is_reference(list) ? json_string_value(json_array_get(list, 0)) : NULL;
}

static int walk_graph(struct scope *s, const struct iso_keras_config *c, const json_t *config,
                      int x)
{
    const json_t *layers = json_object_get(config, "layers");
    const char *out = only_name(json_object_get(config, "output_layers"));
    if (only_name(json_object_get(config, "input_layers")) == NULL || out == NULL)
        return iso_keras_refuse(c,
                                "has several inputs or outputs; isocl's networks have one of "
                                "each");
    for (size_t i = 0; i < json_array_size(layers) && s->r->rc == ISO_OK; i++) {
        const json_t *layer = json_array_get(layers, i);
        char class_path[ISO_KERAS_PATH], path[ISO_KERAS_PATH];
        struct iso_keras_config l = { .nx = 0 };
        if (!begin_layer(s, layer, &l, class_path, path))
            return ISO_KERAS_FAULT;
        if (is_input(&l) ? !take_shape(&l, l.config) || !know(s, l.name, -1, x)
                         : !take_calls(s, &l, layer))
            return ISO_KERAS_FAULT;
    }
    return s->r->rc == ISO_OK ? find(s, c, out, 0) : ISO_KERAS_FAULT;
}

static int walk(struct scope *s, const struct iso_keras_config *c, const json_t *model, int x)
{
    const json_t *config = json_object_get(model, "config");
    const json_t *layers = json_is_array(config) ? config : json_object_get(config, "layers");
    if (s->depth > DEPTH_MAX)
        return iso_keras_refuse(c, "models are more than %d deep within each other", DEPTH_MAX);
    if (!json_is_array(layers))
        return iso_keras_refuse(c,
                                "is a model whose layers the file does not say, as one of a "
                                "class of its own; export it as .onnx");
    if (strcmp(c->class_name, "Sequential") != 0)
        return walk_graph(s, c, config, x);
    if (json_array_size(layers) > 0 && is_model(json_array_get(layers, 0)) &&
        s->r->input.ndim == 0 && !set_shape(s->r, input_shape(config)))
        s->r->input.ndim = 0; /* the model within says it */
    return walk_sequence(s, layers, x);
}

/* Takes the layers of a model that is a layer, or of the network. */
static int take_model(struct scope *above, const struct iso_keras_config *c, const json_t *model)
{
    char class_path[ISO_KERAS_PATH] = "", path[ISO_KERAS_PATH] = "";
    struct scope s = { .r = c->r,
                       .class_path = class_path,
                       .path = path,
                       .depth = above != NULL ? above->depth + 1 : 0 };
    if (c->nx != 1)
        return iso_keras_refuse(c, "is a model of several inputs; isocl's have one");
    if (above != NULL &&
        (snprintf(class_path, sizeof class_path, "%s/", c->class_path) >= ISO_KERAS_PATH ||
         snprintf(path, sizeof path, "%s/", c->path) >= ISO_KERAS_PATH))
        return iso_keras_refuse(c, "its name is too long");
    const int y = walk(&s, c, model, c->x[0]);
    free(s.known);
    free(s.classes);
    return y;
}

/* ---- The whole ----------------------------------------------------------------------------- */

static iso_rc read_network(struct iso_keras_reader *r, const json_t *root)
{
    const int before = r->faults->count;
    const char *class_name = json_string_value(json_object_get(root, "class_name"));
    const struct iso_keras_config c = { .r = r,
                                        .config = json_object_get(root, "config"),
                                        .class_name = class_name != NULL ? class_name : "?",
                                        .name = "network",
                                        .class_path = "",
                                        .path = "",
                                        .nx = 1,
                                        .x = { ISO_KERAS_INPUT } };
    iso_error_clear();
    const int y = take_model(NULL, &c, root);
    if (r->rc != ISO_OK)
        return r->rc;
    if (y == ISO_KERAS_FAULT && r->faults->count == before)
        return *iso_error() ? ISO_EDATA
                            : iso_fail(ISO_EDATA, "%s: its configuration is damaged", r->path);
    if (r->faults->count > before || r->nlayers == 0 || r->input.ndim == 0)
        return iso_fail(ISO_EDATA, "%s: the network cannot be made into a model file", r->path);
    if (y != r->nlayers - 1)
        return iso_fail(ISO_EDATA, "%s: the network's output is not its last layer's", r->path);
    return iso_keras_model_text(r, root, &r->out->yaml);
}

iso_rc iso_keras_network(const struct iso_keras_file *file, const char *path,
                         struct iso_faults *faults, struct iso_keras_network **out)
{
    json_error_t fault;
    struct iso_keras_reader r = { .file = file, .path = path, .faults = faults };
    if (file->config == NULL)
        return iso_fail(ISO_EDATA,
                        "%s holds weights but no network; name a model file that they are for, or "
                        "save the whole model in Keras: model.save('NAME.keras')",
                        path);
    json_t *root;
    iso_rc rc = iso_json_read(file->config, strlen(file->config), 0, &root, &fault);
    if (rc == ISO_EDATA)
        return iso_fail(ISO_EDATA, "%s: its configuration, byte %d: %s; the file is damaged", path,
                        fault.position, fault.text);
    if (rc != ISO_OK)
        return rc;
    r.out = iso_alloc(1, sizeof *r.out);
    rc = r.out != NULL ? read_network(&r, root) : ISO_ENOMEM;
    json_decref(root);
    free(r.layers);
    if (rc == ISO_OK)
        *out = r.out;
    else
        iso_keras_network_free(r.out);
    return rc;
}

void iso_keras_network_free(struct iso_keras_network *n)
{
    if (n == NULL)
        return;
    free(n->yaml);
    free(n->places);
    free(n);
}

/* Gives the weights of a convolution the shapes that they have there: Keras's kernel has `inside`
 * axes of inputs and some of outputs. */
static void make_pixelwise(struct iso_keras_layer *l, int inside)
{
    for (int k = 0; k < l->nweights; k++) {
        struct iso_shape *s = &l->weights[k].shape;
        int64_t n[2] = { 1, 1 };
        for (int i = 0; i < s->ndim; i++)
            n[k == 0 && i >= inside] *= s->dim[i];
        if (s->ndim >= 0)
            *s = k == 0 ? (struct iso_shape){ 4, { 1, 1, n[0], n[1] } }
                        : (struct iso_shape){ 1, { n[0] } };
    }
}

static void take_place(struct iso_keras_layer *l, const struct iso_keras_place *p)
{
    snprintf(l->name, sizeof l->name, "%s", p->name);
    if (p->inside > 0)
        make_pixelwise(l, p->inside);
}

void iso_keras_rename(const struct iso_keras_network *n, struct iso_keras_file *f)
{
    for (int i = 0; i < f->nlayers; i++) {
        struct iso_keras_layer *l = &f->layers[i];
        *l->name = '\0'; /* one that is no layer of the model file has no name there */
        for (int k = 0; k < n->nplaces; k++)
            if (*l->class ? strcmp(l->class, n->places[k].class) == 0
                          : strcmp(l->place, n->places[k].path) == 0)
                take_place(l, &n->places[k]);
    }
}
