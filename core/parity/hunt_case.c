/* hunt_case.c: a random case of one op: inputs and parameters are drawn until the op takes them. */
#include "hunt_draw.h"
#include "core/system/file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { ATTEMPTS = 4000, WANTED = 3500, LAYER_ATTEMPTS = 12 };

/* ---- Inputs --------------------------------------------------------------------------------- */

static void draw_shape(struct iso_dice *d, struct iso_shape *s)
{
    *s = (struct iso_shape){ .ndim = 1 + (int)iso_dice_below(d, ISO_DIMS) };
    int64_t room = ISO_HUNT_ELEMENTS;
    for (int i = s->ndim - 1; i >= 0; i--) {
        s->dim[i] = iso_dice_size(d, room);
        room /= s->dim[i];
    }
}

/* A further input is often like the first one, or has its rows, its channels, or both. */
static void draw_further(struct iso_dice *d, const struct iso_shape *first, struct iso_shape *s)
{
    *s = *first;
    switch (iso_dice_below(d, 8)) {
    case 0: *s = (struct iso_shape){ 1, { first->dim[0] } }; break;
    case 1: s->dim[s->ndim - 1] = iso_dice_size(d, 40); break;
    case 2: s->dim[iso_dice_below(d, s->ndim)] = 1; break;
    case 3:
        for (int i = 1; i < s->ndim - 1; i++)
            s->dim[i] = 1;
        break;
    case 4: *s = (struct iso_shape){ 1, { iso_dice_size(d, 300) } }; break;
    case 5: *s = (struct iso_shape){ 2, { first->dim[0], iso_dice_size(d, 40) } }; break;
    default: break;
    }
}

static void put_shape(const struct iso_shape *s, FILE *out)
{
    for (int i = 0; i < s->ndim; i++)
        fprintf(out, "%s%" PRId64, i ? ", " : "[", s->dim[i]);
    fputc(']', out);
}

static void put_inputs(const struct iso_shape *x, int nx, FILE *out)
{
    fputs("{inputs: [", out);
    for (int i = 0; i < nx; i++) {
        fputs(i ? ", " : "", out);
        put_shape(&x[i], out);
    }
    fputc(']', out);
}

static void draw_inputs(struct iso_dice *d, enum iso_op op, FILE *out)
{
    struct iso_shape x[ISO_OPERANDS];
    int least, most;
    iso_op_inputs(op, &least, &most);
    most = most > least + 3 ? least + 3 : most;
    const int nx = least + (int)iso_dice_below(d, most - least + 1);
    draw_shape(d, &x[0]);
    for (int i = 1; i < nx; i++)
        draw_further(d, &x[0], &x[i]);
    put_inputs(x, nx, out);
}

/* ---- A case --------------------------------------------------------------------------------- */

static void draw_conditions(struct iso_dice *d, enum iso_kind kind, FILE *out)
{
    if (iso_dice_once(d, 2))
        fprintf(out, ", data: %s", iso_fill_names[iso_dice_below(d, ISO_FILLS)]);
    if (iso_dice_once(d, 6))
        fputs(", inference: true", out);
    if (kind == ISO_OPTIMIZER)
        fprintf(out, ", steps: %" PRId64, 1 + iso_dice_below(d, 6));
    if (kind == ISO_INPUT && iso_dice_once(d, 2))
        fprintf(out, ", rows: %" PRId64 ", first: %" PRId64, iso_dice_size(d, 40),
                iso_dice_below(d, 20));
}

static iso_rc too_large(void)
{
    return iso_fail(ISO_EMODEL, "the case is larger than a hunt draws");
}

double iso_hunt_flops(enum iso_op op, const struct iso_call *call)
{
    const struct iso_shape *y = &call->y[0].shape, *w = &call->w[0].shape;
    struct iso_cost cost = { 0 };
    if (iso_ops[op].def->cost != NULL)
        iso_call_cost(op, call, ISO_FORWARD, &cost);
    const double plain = y->ndim > 0 && w->ndim > 0 && y->dim[y->ndim - 1] > 0
                             ? 2.0 * (double)iso_shape_count(y) * (double)iso_shape_count(w) /
                                   (double)y->dim[y->ndim - 1]
                             : 0;
    return plain > cost.flops ? plain : cost.flops;
}

static iso_rc check_size(const struct iso_case *c)
{
    struct iso_call call;
    ISO_TRY(iso_case_call(c, 1, 0, &call));
    for (int g = 0; g < ISO_GROUPS; g++)
        for (int i = 0; i < ISO_OPERANDS; i++) {
            const struct iso_tensor *t = &iso_call_group(&call, (enum iso_group)g)[i];
            if (iso_tensor_there(t) && iso_shape_count(&t->shape) > 4 * ISO_HUNT_ELEMENTS)
                return too_large();
        }
    return iso_hunt_flops(c->op, &call) > ISO_HUNT_FLOPS ? too_large() : ISO_OK;
}

iso_rc iso_hunted_case_parse(enum iso_op op, const char *text, struct iso_case *out)
{
    ISO_TRY(iso_case_parse(op, text, out));
    out->drawn = true;
    const iso_rc rc = check_size(out);
    if (rc != ISO_OK) {
        free(out->params);
        out->params = NULL;
    }
    return rc;
}

/* Ends the text; true if it is all there. */
static iso_rc draw_once(struct iso_dice *d, enum iso_op op, char **text)
{
    size_t n;
    FILE *out = open_memstream(text, &n);
    if (out == NULL)
        return iso_fail(ISO_ENOMEM, "out of memory");
    draw_inputs(d, op, out);
    iso_hunt_fields(d, iso_ops[op].def->fields, d->wide ? 8 : 3, out);
    draw_conditions(d, iso_ops[op].kind, out);
    fputc('}', out);
    return iso_text_end(out, text);
}

/* Fails, so that another case is drawn, unless the op computes this one by another algorithm than
 * direct sums. */
static iso_rc want_algorithm(const struct iso_case *c)
{
    return iso_ops[c->op].def->algorithm(c->params, c->x) != ISO_DIRECT
               ? ISO_OK
               : iso_fail(ISO_EMODEL, "the case has direct sums");
}

/* Every other case of an op with two algorithms is wanted to have the second: few of all sizes and
 * parameters suit it. */
iso_rc iso_hunt_case(struct iso_dice *d, enum iso_op op, char **text)
{
    d->wide = iso_ops[op].def->algorithm != NULL && iso_dice_once(d, 2);
    for (int i = 0; i < ATTEMPTS; i++) {
        struct iso_case c = { 0 };
        iso_rc rc = draw_once(d, op, text);
        if (rc == ISO_OK)
            rc = iso_hunted_case_parse(op, *text, &c);
        if (rc == ISO_OK && d->wide && i < WANTED)
            rc = want_algorithm(&c);
        free(c.params);
        if (rc == ISO_OK)
            return ISO_OK;
        if (!iso_hunt_again(rc, text))
            return rc;
    }
    return iso_fail(ISO_EMODEL, "%s: none of %d random cases fits its parameters and inputs",
                    iso_ops[op].name, ATTEMPTS);
}

/* ---- A layer -------------------------------------------------------------------------------- */

static iso_rc draw_layer_once(struct iso_dice *d, enum iso_op op, const struct iso_shape *x, int nx,
                              char **fields, struct iso_shape *y)
{
    struct iso_case c = { 0 };
    struct iso_call call;
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(fields, &n);
    if (out == NULL)
        return iso_fail(ISO_ENOMEM, "out of memory");
    iso_hunt_fields(d, iso_ops[op].def->fields, 4, out);
    ISO_TRY(iso_text_end(out, fields));
    if ((out = open_memstream(&text, &n)) == NULL)
        return iso_fail(ISO_ENOMEM, "out of memory");
    put_inputs(x, nx, out);
    fprintf(out, "%s}", *fields);
    iso_rc rc = iso_text_end(out, &text);
    if (rc == ISO_OK)
        rc = iso_hunted_case_parse(op, text, &c);
    if (rc == ISO_OK)
        rc = iso_case_call(&c, 1, 0, &call);
    if (rc == ISO_OK)
        *y = call.y[0].shape;
    free(c.params);
    free(text);
    return rc;
}

iso_rc iso_hunt_layer(struct iso_dice *d, enum iso_op op, const struct iso_shape *x, int nx,
                      char **fields, struct iso_shape *y)
{
    for (int i = 0; i < LAYER_ATTEMPTS; i++) {
        *fields = NULL;
        const iso_rc rc = draw_layer_once(d, op, x, nx, fields, y);
        if (rc == ISO_OK)
            return ISO_OK;
        if (!iso_hunt_again(rc, fields))
            return rc;
    }
    return iso_fail(ISO_EMODEL, "no parameters of %s fit", iso_ops[op].name);
}
