/* proto_read.c: the bytes of an ONNX file into a network. The file is not trusted: messages nest to
 * a fixed depth, memory grows with the file's size only, every tensor has the bytes that its shape
 * asks for, and data outside of the file come from its own folder. */
#include "proto_read.h"
#include "core/system/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool iso_onnx_supported(void) { return true; }

/* Levels of messages: model, graph, node, attribute, tensor and its content; each nested branch
 * adds three. */
enum { DEPTH = 24 };
/* Limits on the memory of the library's structs: per byte of the file, and for the smallest file.
 */
enum { MEMORY_PER_BYTE = 128, MEMORY_BASE = 1 << 16 };

/* ---- Before the library sees the bytes ----------------------------------------------------- */

struct bytes {
    const uint8_t *at, *end;
};

static bool take_varint(struct bytes *b, uint64_t *out)
{
    *out = 0;
    for (int shift = 0; shift < 64 && b->at < b->end; shift += 7) {
        const uint8_t byte = *b->at++;
        *out |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

/* The type of message that a field holds, or NULL. */
static const ProtobufCMessageDescriptor *message_in(const ProtobufCMessageDescriptor *d,
                                                    uint64_t field)
{
    for (unsigned i = 0; i < d->n_fields; i++)
        if (d->fields[i].id == field)
            return d->fields[i].type == PROTOBUF_C_TYPE_MESSAGE ? d->fields[i].descriptor : NULL;
    return NULL;
}

/* True if the fields follow each other to the end of the bytes, and messages nest no deeper than
 * the library, which calls itself for each, may go. */
static bool well_formed(const ProtobufCMessageDescriptor *d, struct bytes b, int depth)
{
    while (b.at < b.end) {
        uint64_t key, n = 0, value;
        if (!take_varint(&b, &key) || key > UINT32_MAX)
            return false;
        switch (key & 7) {
        case 0:
            if (!take_varint(&b, &value))
                return false;
            break;
        case 1: n = 8; break;
        case 2:
            if (!take_varint(&b, &n))
                return false;
            break;
        case 5: n = 4; break;
        default: return false;
        }
        if (n > (uint64_t)(b.end - b.at))
            return false;
        const ProtobufCMessageDescriptor *inner = (key & 7) == 2 ? message_in(d, key >> 3) : NULL;
        if (inner != NULL &&
            (depth == 0 || !well_formed(inner, (struct bytes){ b.at, b.at + n }, depth - 1)))
            return false;
        b.at += n;
    }
    return true;
}

struct budget {
    size_t left;
};

/* The library's memory, from a budget that is not given back: a piece is freed only with all. */
static void *spend(void *data, size_t size)
{
    struct budget *budget = data;
    if (size > budget->left)
        return NULL;
    budget->left -= size;
    return malloc(size ? size : 1);
}

static void unspend(void *data, void *p)
{
    (void)data;
    free(p);
}

/* ---- Nodes --------------------------------------------------------------------------------- */

static const char *copy_bytes(struct iso_onnx *m, ProtobufCBinaryData b)
{
    return iso_onnx_text(m, "%.*s", b.len > 1 << 20 ? 1 << 20 : (int)b.len,
                         b.data != NULL ? (const char *)b.data : "");
}

static iso_rc read_attribute(const struct iso_onnx_reader *r, const Onnx__AttributeProto *a,
                             struct iso_onnx_attribute *out)
{
    static const struct {
        int type;
        enum iso_onnx_kind kind;
    } kinds[] = {
        { ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT, ISO_ONNX_INT },
        { ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT, ISO_ONNX_REAL },
        { ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING, ISO_ONNX_TEXT },
        { ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS, ISO_ONNX_INTS },
        { ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS, ISO_ONNX_REALS },
        { ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR, ISO_ONNX_TENSOR },
    };
    out->name = iso_onnx_copy(r->m, a->name);
    out->kind = ISO_ONNX_OTHER;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (a->has_type && (int)a->type == kinds[i].type)
            out->kind = kinds[i].kind;
    out->i = a->i;
    out->f = a->f;
    out->text = copy_bytes(r->m, a->s);
    out->n = (int)(out->kind == ISO_ONNX_REALS ? a->n_floats : a->n_ints);
    int64_t *ints = iso_onnx_alloc(r->m, a->n_ints + 1, sizeof *ints);
    float *reals = iso_onnx_alloc(r->m, a->n_floats + 1, sizeof *reals);
    if (out->name == NULL || out->text == NULL || ints == NULL || reals == NULL)
        return ISO_ENOMEM;
    if (a->n_ints > 0)
        memcpy(ints, a->ints, a->n_ints * sizeof *ints);
    if (a->n_floats > 0)
        memcpy(reals, a->floats, a->n_floats * sizeof *reals);
    out->ints = ints;
    out->reals = reals;
    if (out->kind != ISO_ONNX_TENSOR)
        return ISO_OK;
    if (a->t == NULL)
        return iso_onnx_damaged(r, "no tensor in attribute", out->name);
    struct iso_onnx_tensor *t = iso_onnx_alloc(r->m, 1, sizeof *t);
    out->tensor = t;
    return t != NULL ? iso_onnx_read_tensor(r, a->t, t) : ISO_ENOMEM;
}

/* True if a domain's operators are ONNX's own. */
static bool own_domain(const char *domain)
{
    return domain == NULL || !*domain || strcmp(domain, "ai.onnx") == 0;
}

static const char *const *copy_names(struct iso_onnx *m, char **names, size_t n)
{
    const char **list = iso_onnx_alloc(m, n + 1, sizeof *list);
    for (size_t i = 0; list != NULL && i < n; i++)
        if ((list[i] = iso_onnx_copy(m, names[i])) == NULL)
            return NULL;
    return list;
}

static iso_rc read_node(const struct iso_onnx_reader *r, const Onnx__NodeProto *n,
                        struct iso_onnx_node *out)
{
    struct iso_onnx_attribute *list = iso_onnx_alloc(r->m, n->n_attribute + 1, sizeof *list);
    out->name = iso_onnx_copy(r->m, n->name);
    out->op = iso_onnx_copy(r->m, n->op_type);
    out->domain = iso_onnx_copy(r->m, own_domain(n->domain) ? "" : n->domain);
    out->x = copy_names(r->m, n->input, n->n_input);
    out->y = copy_names(r->m, n->output, n->n_output);
    out->nx = (int)n->n_input;
    out->ny = (int)n->n_output;
    out->attributes = list;
    if (list == NULL || out->name == NULL || out->op == NULL || out->domain == NULL ||
        out->x == NULL || out->y == NULL)
        return ISO_ENOMEM;
    for (size_t i = 0; i < n->n_attribute; i++)
        ISO_TRY(read_attribute(r, n->attribute[i], &list[out->nattributes++]));
    return ISO_OK;
}

/* ---- The graph ----------------------------------------------------------------------------- */

static iso_rc read_dimension(struct iso_onnx *m, const Onnx__TensorShapeProto__Dimension *d,
                             struct iso_onnx_value *out, int i)
{
    out->dim[i] = -1;
    if (d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE)
        out->dim[i] = d->dim_value > 0 ? d->dim_value : -1;
    else if (d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM &&
             (out->symbol[i] = iso_onnx_copy(m, d->dim_param)) == NULL)
        return ISO_ENOMEM;
    if (d->denotation != NULL && *d->denotation &&
        (out->meaning[i] = iso_onnx_copy(m, d->denotation)) == NULL)
        return ISO_ENOMEM;
    return ISO_OK;
}

static iso_rc read_value(struct iso_onnx *m, const Onnx__ValueInfoProto *v,
                         struct iso_onnx_value *out)
{
    out->name = iso_onnx_copy(m, v->name);
    out->ndim = -1;
    if (out->name == NULL)
        return ISO_ENOMEM;
    if (v->type == NULL || v->type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE ||
        v->type->tensor_type == NULL)
        return ISO_OK;
    const Onnx__TensorShapeProto *shape = v->type->tensor_type->shape;
    out->type = v->type->tensor_type->elem_type;
    if (shape == NULL || shape->n_dim > ISO_ONNX_DIMS)
        return ISO_OK;
    out->ndim = (int)shape->n_dim;
    for (int i = 0; i < out->ndim; i++)
        ISO_TRY(read_dimension(m, shape->dim[i], out, i));
    return ISO_OK;
}

/* Files before version 4 list the weights among the inputs, too. */
static iso_rc read_values(const struct iso_onnx_reader *r, Onnx__ValueInfoProto **from, size_t n,
                          struct iso_onnx_value **list, int *count)
{
    *list = iso_onnx_alloc(r->m, n + 1, sizeof **list);
    if (*list == NULL)
        return ISO_ENOMEM;
    for (size_t i = 0; i < n; i++)
        if (from[i]->name == NULL || iso_onnx_tensor(r->m, from[i]->name) == NULL)
            ISO_TRY(read_value(r->m, from[i], &(*list)[(*count)++]));
    return ISO_OK;
}

static iso_rc read_graph(const struct iso_onnx_reader *r, const Onnx__GraphProto *g)
{
    struct iso_onnx *m = r->m;
    m->name = iso_onnx_copy(m, g->name);
    m->tensors = iso_onnx_alloc(m, g->n_initializer + 1, sizeof *m->tensors);
    m->nodes = iso_onnx_alloc(m, g->n_node + 1, sizeof *m->nodes);
    if (m->name == NULL || m->tensors == NULL || m->nodes == NULL)
        return ISO_ENOMEM;
    if (g->n_sparse_initializer > 0)
        return iso_fail(ISO_EDATA, "%s has sparse tensors, which isocl does not read", r->path);
    for (size_t i = 0; i < g->n_initializer; i++)
        ISO_TRY(iso_onnx_read_tensor(r, g->initializer[i], &m->tensors[m->ntensors++]));
    for (size_t i = 0; i < g->n_node; i++)
        ISO_TRY(read_node(r, g->node[i], &m->nodes[m->nnodes++]));
    ISO_TRY(read_values(r, g->input, g->n_input, &m->x, &m->nx));
    return read_values(r, g->output, g->n_output, &m->y, &m->ny);
}

static iso_rc read_metadata(struct iso_onnx *m, const Onnx__ModelProto *model)
{
    const size_t n = model->n_metadata_props;
    m->metadata = iso_onnx_alloc(m, 2 * n + 1, sizeof *m->metadata);
    if (m->metadata == NULL)
        return ISO_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        m->metadata[2 * i] = iso_onnx_copy(m, model->metadata_props[i]->key);
        m->metadata[2 * i + 1] = iso_onnx_copy(m, model->metadata_props[i]->value);
        if (m->metadata[2 * i] == NULL || m->metadata[2 * i + 1] == NULL)
            return ISO_ENOMEM;
    }
    return ISO_OK;
}

static iso_rc read_model(const struct iso_onnx_reader *r, const Onnx__ModelProto *model)
{
    struct iso_onnx *m = r->m;
    m->producer = iso_onnx_copy(m, model->producer_name);
    m->version = iso_onnx_copy(m, model->producer_version);
    m->doc = iso_onnx_copy(m, model->doc_string);
    if (m->producer == NULL || m->version == NULL || m->doc == NULL)
        return ISO_ENOMEM;
    for (size_t i = 0; i < model->n_opset_import; i++) {
        const char *domain = model->opset_import[i]->domain;
        if (own_domain(domain))
            m->opset = model->opset_import[i]->version;
    }
    if (model->graph == NULL)
        return iso_fail(ISO_EDATA, "%s holds no graph; the file is damaged, or not ONNX", r->path);
    ISO_TRY(read_metadata(m, model));
    return read_graph(r, model->graph);
}

static iso_rc unpack(const struct iso_onnx_reader *r, const uint8_t *bytes, size_t n)
{
    struct budget budget = { MEMORY_BASE };
    ProtobufCAllocator allocator = { spend, unspend, &budget };
    if (n == 0 || n > SIZE_MAX / MEMORY_PER_BYTE / 2 ||
        !well_formed(&onnx__model_proto__descriptor, (struct bytes){ bytes, bytes + n }, DEPTH))
        return iso_fail(ISO_EDATA, "%s is not an ONNX file, or damaged", r->path);
    budget.left += MEMORY_PER_BYTE * n;
    errno = 0;
    Onnx__ModelProto *model = onnx__model_proto__unpack(&allocator, n, bytes);
    if (model == NULL && errno == ENOMEM)
        return iso_fail(ISO_ENOMEM, "%s: out of memory", r->path);
    if (model == NULL)
        return iso_fail(ISO_EDATA, "%s is not an ONNX file, or damaged", r->path);
    const iso_rc rc = read_model(r, model);
    onnx__model_proto__free_unpacked(model, &allocator);
    return rc;
}

iso_rc iso_onnx_read(const char *path, struct iso_onnx **out)
{
    char *bytes;
    size_t n;
    ISO_TRY(iso_file_read(path, &bytes, &n));
    const struct iso_onnx_reader r = { path, iso_alloc(1, sizeof *r.m) };
    const iso_rc rc = r.m != NULL ? unpack(&r, (const uint8_t *)bytes, n) : ISO_ENOMEM;
    free(bytes);
    if (rc == ISO_OK)
        *out = r.m;
    else
        iso_onnx_free(r.m);
    return rc;
}
