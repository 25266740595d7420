/* proto_write.c: a network into the bytes of an ONNX file. */
#include "onnx.h"
#include "core/system/file.h"

#include <stdlib.h>
#include <string.h>

#include <onnx.pb-c.h>

/* A protobuf message may not be larger. */
#define MOST_BYTES 0x7fffffffu

/* Allocates memory for the library's structs in a model of their own, so that all of it is freed at
 * once. The library reads through pointers that are not const. */
static void *make(struct iso_onnx *room, size_t count, size_t size)
{
    return iso_onnx_alloc(room, count ? count : 1, size);
}

static char *text(const char *s) { return (char *)(uintptr_t)s; }

/* An array of n pointers to messages of `size` bytes, which are zero; NULL without memory. */
static void *messages(struct iso_onnx *room, int n, size_t size)
{
    char *bodies = make(room, (size_t)n, size);
    void **list = make(room, (size_t)n, sizeof *list);
    for (int i = 0; bodies != NULL && list != NULL && i < n; i++)
        list[i] = bodies + (size_t)i * size;
    return bodies != NULL ? list : NULL;
}

static Onnx__TensorProto *put_tensor(struct iso_onnx *room, const struct iso_onnx_tensor *t,
                                     Onnx__TensorProto *out)
{
    if (out == NULL)
        out = make(room, 1, sizeof *out);
    if (out == NULL)
        return NULL;
    onnx__tensor_proto__init(out);
    out->name = text(t->name);
    out->n_dims = (size_t)t->ndim;
    out->dims = (int64_t *)(uintptr_t)t->dim;
    out->has_data_type = out->has_raw_data = 1;
    out->data_type = t->type;
    out->raw_data.len = (size_t)iso_onnx_count(t) * iso_onnx_size(t->type);
    out->raw_data.data = (uint8_t *)(uintptr_t)t->data;
    return out;
}

static bool put_attribute(struct iso_onnx *room, const struct iso_onnx_attribute *a,
                          Onnx__AttributeProto *out)
{
    static const Onnx__AttributeProto__AttributeType types[] = {
        [ISO_ONNX_INT] = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT,
        [ISO_ONNX_REAL] = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT,
        [ISO_ONNX_TEXT] = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING,
        [ISO_ONNX_INTS] = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS,
        [ISO_ONNX_REALS] = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS,
        [ISO_ONNX_TENSOR] = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR,
    };
    onnx__attribute_proto__init(out);
    out->name = text(a->name);
    out->has_type = 1;
    out->type = types[a->kind];
    out->has_i = a->kind == ISO_ONNX_INT;
    out->i = a->i;
    out->has_f = a->kind == ISO_ONNX_REAL;
    out->f = a->f;
    out->has_s = a->kind == ISO_ONNX_TEXT;
    out->s.data = (uint8_t *)text(a->text);
    out->s.len = a->text != NULL ? strlen(a->text) : 0;
    out->n_ints = a->kind == ISO_ONNX_INTS ? (size_t)a->n : 0;
    out->ints = (int64_t *)(uintptr_t)a->ints;
    out->n_floats = a->kind == ISO_ONNX_REALS ? (size_t)a->n : 0;
    out->floats = (float *)(uintptr_t)a->reals;
    if (a->kind == ISO_ONNX_TENSOR)
        out->t = put_tensor(room, a->tensor, NULL);
    return a->kind != ISO_ONNX_TENSOR || out->t != NULL;
}

static bool put_node(struct iso_onnx *room, const struct iso_onnx_node *n, Onnx__NodeProto *out)
{
    onnx__node_proto__init(out);
    out->name = text(n->name);
    out->op_type = text(n->op);
    out->n_input = (size_t)n->nx;
    out->input = (char **)(uintptr_t)n->x;
    out->n_output = (size_t)n->ny;
    out->output = (char **)(uintptr_t)n->y;
    out->attribute = messages(room, n->nattributes, sizeof **out->attribute);
    if (out->attribute == NULL)
        return false;
    out->n_attribute = (size_t)n->nattributes;
    for (int i = 0; i < n->nattributes; i++)
        if (!put_attribute(room, &n->attributes[i], out->attribute[i]))
            return false;
    return true;
}

static void put_dimension(const struct iso_onnx_value *v, int i,
                          Onnx__TensorShapeProto__Dimension *out)
{
    onnx__tensor_shape_proto__dimension__init(out);
    out->denotation = text(v->meaning[i]);
    if (v->dim[i] >= 0) {
        out->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        out->dim_value = v->dim[i];
    } else if (v->symbol[i] != NULL) {
        out->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
        out->dim_param = text(v->symbol[i]);
    }
}

static bool put_value(struct iso_onnx *room, const struct iso_onnx_value *v,
                      Onnx__ValueInfoProto *out)
{
    onnx__value_info_proto__init(out);
    Onnx__TypeProto *type = make(room, 1, sizeof *type);
    Onnx__TypeProto__Tensor *tensor = make(room, 1, sizeof *tensor);
    Onnx__TensorShapeProto *shape = make(room, 1, sizeof *shape);
    if (type == NULL || tensor == NULL || shape == NULL)
        return false;
    out->name = text(v->name);
    out->type = type;
    onnx__type_proto__init(type);
    type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    type->tensor_type = tensor;
    onnx__type_proto__tensor__init(tensor);
    tensor->has_elem_type = 1;
    tensor->elem_type = v->type;
    tensor->shape = shape;
    onnx__tensor_shape_proto__init(shape);
    shape->n_dim = (size_t)v->ndim;
    shape->dim = messages(room, v->ndim, sizeof **shape->dim);
    for (int i = 0; shape->dim != NULL && i < v->ndim; i++)
        put_dimension(v, i, shape->dim[i]);
    return shape->dim != NULL;
}

static Onnx__ValueInfoProto **put_values(struct iso_onnx *room, const struct iso_onnx_value *v,
                                         int n)
{
    Onnx__ValueInfoProto **list = messages(room, n, sizeof **list);
    for (int i = 0; list != NULL && i < n; i++)
        if (!put_value(room, &v[i], list[i]))
            return NULL;
    return list;
}

static bool put_graph(struct iso_onnx *room, const struct iso_onnx *m, Onnx__GraphProto *out)
{
    onnx__graph_proto__init(out);
    out->name = text(m->name);
    out->n_node = (size_t)m->nnodes;
    out->node = messages(room, m->nnodes, sizeof **out->node);
    out->n_initializer = (size_t)m->ntensors;
    out->initializer = messages(room, m->ntensors, sizeof **out->initializer);
    out->n_input = (size_t)m->nx;
    out->input = put_values(room, m->x, m->nx);
    out->n_output = (size_t)m->ny;
    out->output = put_values(room, m->y, m->ny);
    if (out->node == NULL || out->initializer == NULL || out->input == NULL || out->output == NULL)
        return false;
    for (int i = 0; i < m->nnodes; i++)
        if (!put_node(room, &m->nodes[i], out->node[i]))
            return false;
    for (int i = 0; i < m->ntensors; i++)
        put_tensor(room, &m->tensors[i], out->initializer[i]);
    return true;
}

static bool put_metadata(struct iso_onnx *room, const char *const *pairs, Onnx__ModelProto *out)
{
    int n = 0;
    while (pairs != NULL && pairs[2 * n] != NULL)
        n++;
    out->metadata_props = messages(room, n, sizeof **out->metadata_props);
    out->n_metadata_props = (size_t)n;
    for (int i = 0; out->metadata_props != NULL && i < n; i++) {
        onnx__string_string_entry_proto__init(out->metadata_props[i]);
        out->metadata_props[i]->key = text(pairs[2 * i]);
        out->metadata_props[i]->value = text(pairs[2 * i + 1]);
    }
    return out->metadata_props != NULL;
}

/* The version of the file's own format that came with each version of the operators. */
static int64_t format_of(int64_t opset)
{
    return opset >= 21 ? 10 : opset >= 19 ? 9 : opset >= 15 ? 8 : 7;
}

static bool put_model(struct iso_onnx *room, const struct iso_onnx *m, Onnx__ModelProto *out)
{
    Onnx__OperatorSetIdProto **sets = messages(room, 1, sizeof **sets);
    Onnx__GraphProto *graph = make(room, 1, sizeof *graph);
    onnx__model_proto__init(out);
    if (sets == NULL || graph == NULL || !put_graph(room, m, graph) ||
        !put_metadata(room, (const char *const *)m->metadata, out))
        return false;
    onnx__operator_set_id_proto__init(sets[0]);
    sets[0]->domain = text("");
    sets[0]->has_version = 1;
    sets[0]->version = m->opset;
    out->has_ir_version = 1;
    out->ir_version = format_of(m->opset);
    out->n_opset_import = 1;
    out->opset_import = sets;
    out->producer_name = text(m->producer);
    out->producer_version = text(m->version);
    out->doc_string = text(m->doc);
    out->graph = graph;
    return true;
}

static iso_rc write_packed(const char *path, const Onnx__ModelProto *model)
{
    const size_t n = onnx__model_proto__get_packed_size(model);
    if (n > MOST_BYTES)
        return iso_fail(ISO_EDATA, "%s would have %.1f GiB; an ONNX file can hold 2", path,
                        (double)n / (1 << 30));
    uint8_t *bytes = iso_alloc(n, 1);
    if (bytes == NULL)
        return ISO_ENOMEM;
    onnx__model_proto__pack(model, bytes);
    const iso_rc rc = iso_file_write(path, bytes, n);
    free(bytes);
    return rc;
}

iso_rc iso_onnx_write(const char *path, const struct iso_onnx *m)
{
    Onnx__ModelProto model;
    struct iso_onnx *room = iso_alloc(1, sizeof *room);
    if (room == NULL)
        return ISO_ENOMEM;
    const iso_rc rc = put_model(room, m, &model) ? write_packed(path, &model) : ISO_ENOMEM;
    iso_onnx_free(room);
    return rc;
}
