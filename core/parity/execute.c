/* execute.c: one pass of one op on one backend, each tensor in its own memory between guard zones.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

/* Elements before and after each tensor that no kernel may touch; a multiple of every vector's
 * width, so that tensors keep the alignment that an arena gives them. */
enum { GUARD = 64, GUARD_BYTE = 0xA5, POISON_BYTE = 0xFF };
enum { ALIGN = 64 }; /* bytes: what a plan aligns each tensor to */

enum role { ROLE_NONE, ROLE_READ, ROLE_WRITE, ROLE_CHANGE, ROLE_POISON };

struct operand { /* a tensor of the pass on the device */
    enum iso_group group;
    int index;
    enum role role;
    struct iso_tensor *tensor; /* in the call */
    uint8_t *host;             /* guard, payload, what follows, guard: as written */
    size_t guard, bytes;       /* bytes of one guard zone, and of the payload */
    size_t follows;            /* bytes of the operand in the same memory, after this one */
    size_t at;                 /* bytes of the memory before `host` */
    bool shares;               /* the memory is that of the operand before it */
};
struct pass {
    struct iso_backend *backend;
    enum iso_pass pass;
    struct iso_call call;
    struct operand operand[ISO_GROUPS * ISO_OPERANDS + 1]; /* the last: workspace */
    int n;
};

bool iso_pass_writes(enum iso_pass pass, enum iso_group group)
{
    switch (pass) {
    case ISO_FORWARD: return group == ISO_Y || group == ISO_SAVED;
    case ISO_BACKWARD: return group == ISO_DX || group == ISO_DW;
    case ISO_UPDATE: return group == ISO_W || group == ISO_STATE;
    }
    return false;
}

bool iso_values_result(enum iso_pass pass, const struct iso_values *v, enum iso_group group,
                       int operand)
{
    return iso_pass_writes(pass, group) ||
           (pass == ISO_FORWARD && group == ISO_W && (v->changed >> operand & 1) != 0);
}

bool iso_op_has_pass(enum iso_op op, enum iso_pass pass)
{
    switch (iso_ops[op].kind) {
    case ISO_LAYER:
    case ISO_PENALTY:
    case ISO_LOSS: return pass == ISO_FORWARD || pass == ISO_BACKWARD;
    case ISO_INPUT:
    case ISO_AUGMENTATION:
    case ISO_CLIPPING:
    case ISO_METRIC: return pass == ISO_FORWARD;
    case ISO_OPTIMIZER: return pass == ISO_UPDATE;
    case ISO_SCORE:
    case ISO_VIEW: return false;
    }
    return false;
}

static enum role forward_role(const struct pass *p, enum iso_op op, enum iso_group group, int index)
{
    const bool changes = (iso_ops[op].def->forward_changes >> index & 1) != 0;
    if (group == ISO_W && p->call.training && changes)
        return ROLE_CHANGE;
    if (group == ISO_X || group == ISO_W)
        return ROLE_READ;
    if (group == ISO_Y && iso_ops[op].def->forward_adds)
        return ROLE_CHANGE;
    return iso_pass_writes(p->pass, group) ? ROLE_WRITE : ROLE_NONE;
}

/* Returns true if a gradient of this index is added to what is there. */
static bool adds(const struct iso_how *how, int index)
{
    return how->add && (how->stores >> index & 1) == 0;
}

static enum role backward_role(const struct pass *p, enum iso_op op, enum iso_group group,
                               int index, const struct iso_how *how)
{
    const unsigned uses = iso_op_backward_uses(op, p->call.params);
    switch (group) {
    case ISO_X: return uses & ISO_USES_X ? ROLE_READ : ROLE_POISON;
    case ISO_Y: return uses & ISO_USES_Y ? ROLE_READ : ROLE_POISON;
    case ISO_W:
    case ISO_DY:
    case ISO_SAVED: return ROLE_READ;
    case ISO_DX:
        if ((how->no_dx >> index & 1) != 0 || p->call.x[index].dtype != ISO_REAL ||
            (iso_ops[op].kind == ISO_LOSS && index > 0))
            return ROLE_NONE; /* targets and whole numbers have no gradient */
        return adds(how, index) ? ROLE_CHANGE : ROLE_WRITE;
    case ISO_DW:
        if ((how->no_dw >> index & 1) != 0)
            return ROLE_NONE; /* the weight is frozen */
        return adds(how, index) ? ROLE_CHANGE : ROLE_WRITE;
    case ISO_STATE:
    case ISO_GROUPS: break;
    }
    return ROLE_NONE;
}

static enum role role_of(const struct pass *p, enum iso_op op, enum iso_group group, int index,
                         const struct iso_how *how)
{
    switch (p->pass) {
    case ISO_FORWARD: return forward_role(p, op, group, index);
    case ISO_BACKWARD: return backward_role(p, op, group, index, how);
    case ISO_UPDATE: break;
    }
    if (group == ISO_DW)
        return ROLE_READ;
    return iso_pass_writes(p->pass, group) ? ROLE_CHANGE : ROLE_NONE;
}

static iso_rc put_operand(struct pass *p, struct operand *o, const struct iso_array *a,
                          uint8_t junk)
{
    const struct iso_backend_ops *ops = p->backend->ops;
    const size_t element = iso_dtype_size(p->backend, o->tensor->dtype);
    const int64_t n = iso_shape_count(&o->tensor->shape);
    o->bytes = (size_t)n * element;
    o->guard = o->shares ? 0 : GUARD * element;
    const size_t all = o->bytes + o->follows + 2 * o->guard;
    o->host = iso_alloc(all, 1);
    if (o->host == NULL)
        return ISO_ENOMEM;
    memset(o->host, GUARD_BYTE, all);
    if (o->role == ROLE_READ || o->role == ROLE_CHANGE) {
        if (a->n != n)
            return iso_fail(ISO_EPARITY, "%s%d holds %lld values and the call wants %lld",
                            iso_group_names[o->group], o->index, (long long)a->n, (long long)n);
        iso_values_pack(p->backend, o->tensor->dtype, a->v, n, o->host + o->guard);
    } else {
        memset(o->host + o->guard, o->role == ROLE_POISON ? POISON_BYTE : junk, o->bytes);
    }
    if (!o->shares) {
        ISO_TRY(ops->alloc(p->backend, all, &o->tensor->mem));
        o->tensor->offset = GUARD;
    }
    return ops->write(p->backend, o->tensor->mem, o->at, o->host, all);
}

/* Returns true if dw[1] follows dw[0] in one memory: it is wanted so, and a plan would do it. */
static bool joins(const struct pass *p, enum iso_op op, const struct iso_how *how)
{
    const struct iso_tensor *dw = p->call.dw;
    const enum role role = role_of(p, op, ISO_DW, 0, how);
    if (!how->joined || p->pass != ISO_BACKWARD || !iso_tensor_there(&dw[0]) ||
        !iso_tensor_there(&dw[1]) || role == ROLE_NONE || role != role_of(p, op, ISO_DW, 1, how))
        return false;
    const size_t element = iso_dtype_size(p->backend, dw[0].dtype);
    return (size_t)iso_shape_count(&dw[0].shape) * element % ALIGN == 0;
}

/* Lays dw[0] and dw[1] out so. o: one of them; before: the operand before it. */
static void join(struct pass *p, struct operand *o, const struct operand *before)
{
    struct iso_tensor *dw = p->call.dw;
    if (o->index == 0)
        o->follows =
            (size_t)iso_shape_count(&dw[1].shape) * iso_dtype_size(p->backend, dw[1].dtype);
    if (o->index != 1)
        return;
    o->shares = true;
    o->at = before->guard + before->bytes;
    dw[1].mem = dw[0].mem;
    dw[1].offset = dw[0].offset + (size_t)iso_shape_count(&dw[0].shape);
}

static iso_rc put_operands(struct pass *p, enum iso_op op, const struct iso_how *how,
                           struct iso_values *v)
{
    for (int g = 0; g < ISO_GROUPS; g++)
        for (int i = 0; i < ISO_OPERANDS; i++) {
            struct iso_tensor *t = &iso_call_group(&p->call, (enum iso_group)g)[i];
            t->mem = NULL;
            if (!iso_tensor_there(t))
                continue;
            const enum role role = role_of(p, op, (enum iso_group)g, i, how);
            if (role == ROLE_NONE)
                continue;
            struct operand *o = &p->operand[p->n++];
            *o = (struct operand){
                .group = (enum iso_group)g, .index = i, .role = role, .tensor = t
            };
            if (g == ISO_DW && joins(p, op, how))
                join(p, o, o - 1);
            ISO_TRY(put_operand(p, o, &v->a[g][i], how->junk));
        }
    return ISO_OK;
}

static iso_rc put_workspace(struct pass *p, const struct iso_kernel *k, const struct iso_how *how)
{
    const size_t bytes = k->workspace != NULL ? k->workspace(p->backend, &p->call, p->pass) : 0;
    p->call.workspace = (struct iso_tensor){ .dtype = ISO_U8 };
    if (bytes == 0)
        return ISO_OK;
    p->call.workspace.shape = (struct iso_shape){ 1, { (int64_t)bytes } };
    struct operand *o = &p->operand[p->n++];
    *o = (struct operand){ .group = ISO_GROUPS, .role = ROLE_WRITE, .tensor = &p->call.workspace };
    return put_operand(p, o, NULL, how->junk);
}

static const char *operand_name(const struct operand *o, char buf[16])
{
    if (o->group == ISO_GROUPS)
        return "the workspace";
    snprintf(buf, 16, "%s%d", iso_group_names[o->group], o->index);
    return buf;
}

/* Returns the first byte in [from, to) that is not as it was written, or to. */
static size_t first_change(const struct operand *o, const uint8_t *now, size_t from, size_t to)
{
    if (memcmp(now + from, o->host + from, to - from) == 0)
        return to;
    while (now[from] == o->host[from])
        from++;
    return from;
}

/* Compares what came back with what was written, where nothing may have changed. */
static iso_rc check_operand(const struct operand *o, const uint8_t *now)
{
    char name[16];
    const size_t end = o->guard + o->bytes, behind = end + o->follows, all = behind + o->guard;
    const bool read = o->role == ROLE_READ || o->role == ROLE_POISON;
    const size_t before = first_change(o, now, 0, o->guard);
    const size_t inside = read ? first_change(o, now, o->guard, end) : end;
    const size_t past = first_change(o, now, behind, all);
    if (before < o->guard)
        return iso_fail(ISO_EPARITY, "written outside %s: %zu bytes before it",
                        operand_name(o, name), o->guard - before);
    if (inside < end)
        return iso_fail(ISO_EPARITY, "input %s was changed at byte %zu", operand_name(o, name),
                        inside - o->guard);
    if (past < all)
        return iso_fail(ISO_EPARITY, "written outside %s: %zu bytes past the end of it",
                        operand_name(o, name), past - behind + 1);
    return ISO_OK;
}

static iso_rc collect_operand(struct pass *p, const struct operand *o, struct iso_values *v)
{
    const size_t all = o->bytes + o->follows + 2 * o->guard;
    uint8_t *now = iso_alloc(all, 1);
    if (now == NULL)
        return ISO_ENOMEM;
    iso_rc rc = p->backend->ops->read(p->backend, o->tensor->mem, o->at, now, all);
    if (rc == ISO_OK)
        rc = check_operand(o, now);
    if (rc == ISO_OK && o->group != ISO_GROUPS &&
        (o->role == ROLE_WRITE || o->role == ROLE_CHANGE)) {
        struct iso_array *a = &v->a[o->group][o->index];
        if (p->pass == ISO_FORWARD && o->group == ISO_W)
            v->changed |= 1u << o->index;
        const int64_t n = iso_shape_count(&o->tensor->shape);
        rc = iso_array_set(a, n);
        if (rc == ISO_OK)
            iso_values_unpack(p->backend, o->tensor->dtype, now + o->guard, n, a->v);
    }
    free(now);
    return rc;
}

static iso_rc launch(struct pass *p, const struct iso_kernel *k)
{
    switch (p->pass) {
    case ISO_FORWARD: return k->forward(p->backend, &p->call);
    case ISO_BACKWARD: return k->backward(p->backend, &p->call);
    case ISO_UPDATE: return k->update(p->backend, &p->call);
    }
    return ISO_OK;
}

static iso_rc execute(struct pass *p, enum iso_op op, const struct iso_how *how,
                      struct iso_values *v)
{
    const struct iso_kernel *k = p->backend->kernels[op];
    for (int i = 0; i < ISO_OPERANDS; i++) {
        p->call.add_dx[i] = adds(how, i) && iso_tensor_there(&p->call.x[i]);
        p->call.add_dw[i] = adds(how, i) && iso_tensor_there(&p->call.w[i]);
    }
    ISO_TRY(put_operands(p, op, how, v));
    ISO_TRY(put_workspace(p, k, how));
    ISO_TRY(launch(p, k));
    ISO_TRY(p->backend->ops->sync(p->backend));
    for (int i = 0; i < p->n; i++)
        ISO_TRY(collect_operand(p, &p->operand[i], v));
    return ISO_OK;
}

/* Fails with ISO_EUNSUP and the reason when this device cannot run the pass. */
static iso_rc check_support(struct iso_backend *b, enum iso_op op, const struct iso_call *call,
                            enum iso_pass pass)
{
    const struct iso_kernel *k = b->kernels[op];
    char why[256] = "";
    if (k == NULL)
        return iso_fail(ISO_EUNSUP, "%s has no %s", b->device.id, iso_ops[op].name);
    if (k->supports != NULL && !k->supports(b, op, call, why, sizeof why))
        return iso_fail(ISO_EUNSUP, "%s", why);
    if ((pass == ISO_FORWARD && k->forward == NULL) ||
        (pass == ISO_BACKWARD && k->backward == NULL) || (pass == ISO_UPDATE && k->update == NULL))
        return iso_fail(ISO_EPARITY, "the kernel lacks this pass");
    return ISO_OK;
}

iso_rc iso_execute_pass(struct iso_backend *b, enum iso_op op, const struct iso_call *call,
                        enum iso_pass pass, const struct iso_how *how, struct iso_values *v)
{
    ISO_TRY(check_support(b, op, call, pass));
    if (how->report != NULL)
        iso_report_work(how->report, pass, ISO_WORK_PASS);
    struct pass *p = iso_alloc(1, sizeof *p);
    if (p == NULL)
        return ISO_ENOMEM;
    p->backend = b;
    p->pass = pass;
    p->call = *call;
    const struct iso_kernel *k = b->kernels[op];
    iso_rc rc = k->prepare != NULL ? k->prepare(b, call) : ISO_OK;
    if (rc == ISO_OK && b->ops->settle != NULL)
        rc = b->ops->settle(b);
    if (rc == ISO_OK)
        rc = execute(p, op, how, v);
    if (rc != ISO_OK)
        (void)b->ops->sync(b); /* queued writes may still read the memory that is freed here */
    for (int i = 0; i < p->n; i++) {
        if (!p->operand[i].shares)
            b->ops->free(b, p->operand[i].tensor->mem);
        free(p->operand[i].host);
    }
    if (how->report != NULL)
        iso_report_work(how->report, pass, ISO_WORK_ENDS);
    free(p);
    return rc;
}

/* Gives the optimizer the gradient of its next step. */
static iso_rc next_gradient(const struct iso_case *c, const struct iso_call *call,
                            enum iso_fill fill, uint64_t seed, uint64_t step, struct iso_values *v)
{
    struct iso_values fresh;
    ISO_TRY(iso_fill_case(c, call, fill, seed, step, &fresh));
    const struct iso_array swap = v->a[ISO_DW][0];
    v->a[ISO_DW][0] = fresh.a[ISO_DW][0];
    fresh.a[ISO_DW][0] = swap;
    iso_values_free(&fresh);
    return ISO_OK;
}

static iso_rc run_updates(struct iso_backend *b, const struct iso_case *c, enum iso_fill fill,
                          uint64_t seed, const struct iso_how *how, struct iso_values *v)
{
    for (int64_t step = 0; step < c->steps; step++) {
        struct iso_call call;
        ISO_TRY(iso_case_call(c, iso_case_seed(seed), (uint64_t)step, &call));
        if (step > 0)
            ISO_TRY(next_gradient(c, &call, fill, seed, (uint64_t)step, v));
        ISO_TRY(iso_execute_pass(b, c->op, &call, ISO_UPDATE, how, v));
    }
    return ISO_OK;
}

iso_rc iso_execute_case(struct iso_backend *b, const struct iso_case *c, enum iso_fill fill,
                        uint64_t seed, const struct iso_how *how, struct iso_values *v)
{
    struct iso_call call;
    ISO_TRY(iso_case_call(c, iso_case_seed(seed), 0, &call));
    ISO_TRY(iso_fill_case(c, &call, fill, seed, 0, v));
    iso_rc rc = ISO_OK;
    if (iso_op_has_pass(c->op, ISO_UPDATE))
        rc = run_updates(b, c, fill, seed, how, v);
    if (rc == ISO_OK && iso_op_has_pass(c->op, ISO_FORWARD))
        rc = iso_execute_pass(b, c->op, &call, ISO_FORWARD, how, v);
    if (rc == ISO_OK && iso_op_has_pass(c->op, ISO_BACKWARD))
        rc = iso_execute_pass(b, c->op, &call, ISO_BACKWARD, how, v);
    if (rc != ISO_OK)
        iso_values_free(v);
    return rc;
}
