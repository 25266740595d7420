/* rand_augment.c: queues RandAugment: one kernel makes pictures of whole levels; for each change,
 * one draws it and makes its tables, and another applies it, the last one to values. */
#include "augmentation.h"
#include "core/ops/rand_augment.h"

static const char program[] = "rand_augment.cl";

/* The workspace: what is drawn for each image, tables, and two batches of pictures, in bytes. */
struct places {
    size_t tables, pictures[2], end;
};

static struct places places_of(const struct iso_call *call)
{
    const struct iso_shape *s = &call->x[0].shape;
    struct places p = { .tables = (size_t)s->dim[0] * sizeof(iso_rand_drawn) };
    p.pictures[0] = p.tables + (size_t)(s->dim[0] * s->dim[3]) * ISO_LEVELS;
    p.pictures[1] = p.pictures[0] + (size_t)iso_shape_count(s);
    p.end = p.pictures[1] + (size_t)iso_shape_count(s);
    return p;
}

static size_t workspace(struct iso_backend *be, const struct iso_call *call, enum iso_pass pass)
{
    (void)be;
    return pass == ISO_FORWARD ? places_of(call).end : 0;
}

static struct opencl_arg bytes_at(const struct iso_call *call, size_t at)
{
    return arg_mem(call->workspace.mem, call->workspace.offset + at);
}

/* Queues change number `number`, from a batch of pictures to the other or to values. */
static iso_rc change(struct opencl *cl, const struct iso_call *call, const iso_rand_augment *k,
                     int number)
{
    const struct iso_shape *s = &call->x[0].shape;
    const struct places at = places_of(call);
    const bool last = number == k->changes - 1;
    const struct opencl_arg drawn =
        arg_mem(call->workspace.mem, call->workspace.offset / sizeof(int32_t));
    const struct opencl_arg tables = bytes_at(call, at.tables);
    const struct opencl_arg from = bytes_at(call, at.pictures[number % 2]);
    const struct opencl_arg to = bytes_at(call, at.pictures[1 - number % 2]);
    const struct opencl_arg common = arg_struct(k, sizeof *k);
    const struct opencl_grid each = { { (size_t)s->dim[3], (size_t)s->dim[0], 1 },
                                      { ISO_LANES, 1, 1 },
                                      true };
    ISO_TRY(opencl_launch(cl, program, "rand_augment_tables", each,
                          ARGS(from, drawn, tables, common, arg_int(number),
                               arg_int(s->dim[1] * s->dim[2]), ARG_RANDOM(call))));
    return opencl_launch(cl, program, last ? "rand_augment_last" : "rand_augment_change",
                         opencl_image_grid(cl, call),
                         ARGS(from, drawn, tables, last ? arg_tensor(&call->y[0]) : to, common,
                              arg_int(s->dim[1]), arg_int(s->dim[2])));
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const iso_rand_augment k = iso_rand_augment_of(call);
    const struct iso_shape *s = &call->x[0].shape;
    if (!call->training)
        return opencl_copy_images(be, call);
    ISO_TRY(opencl_launch(cl, program, "rand_augment_levels", opencl_image_grid(cl, call),
                          ARGS(arg_tensor(&call->x[0]), bytes_at(call, places_of(call).pictures[0]),
                               arg_struct(&k, sizeof k), arg_int(s->dim[1] * s->dim[2]))));
    for (int i = 0; i < k.changes; i++)
        ISO_TRY(change(cl, call, &k, i));
    return ISO_OK;
}

const struct opencl_op opencl_rand_augment = {
    .kernel = { .supports = opencl_supports, .workspace = workspace, .forward = forward },
    .programs = { program, "augmentation.cl" },
};
