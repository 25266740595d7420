/* elastic_distortion.c: queues elastic distortion: the random fields of all images, their filter
 * down and across, and the images sampled. */
#include <stdio.h>
#include "augmentation.h"
#include "core/ops/elastic_distortion.h"

static const char program[] = "elastic_distortion.cl";

static size_t fields_of(const struct iso_shape *s)
{
    return (size_t)(2 * s->dim[0] * s->dim[1] * s->dim[2]);
}

static bool limits(const struct iso_call *call, char *why, size_t n)
{
    if (fields_of(&call->x[0].shape) <= INT32_MAX)
        return true;
    snprintf(why, n, "its fields have more than 2^31 - 1 elements: use a smaller batch");
    return false;
}

/* The filter's weights, the fields, and another copy of them between the ways of the filter. */
struct buffers {
    struct opencl_arg weights, fields, other;
};
enum { WEIGHTS = 192 }; /* room for 2 ISO_GAUSSIAN_MOST + 1, well aligned */

static struct buffers buffers_of(const struct iso_call *call)
{
    return (struct buffers){ arg_work(call, 0), arg_work(call, WEIGHTS),
                             arg_work(call, WEIGHTS + fields_of(&call->x[0].shape)) };
}

static size_t workspace(struct iso_backend *be, const struct iso_call *call, enum iso_pass pass)
{
    (void)be;
    return pass == ISO_FORWARD ? (WEIGHTS + 2 * fields_of(&call->x[0].shape)) * sizeof(float) : 0;
}

static iso_rc smooth(struct opencl *cl, const struct iso_call *call, struct opencl_grid grid,
                     const struct buffers *at, bool across)
{
    const struct iso_elastic_distortion *p = call->params;
    const struct iso_shape *s = &call->x[0].shape;
    return opencl_launch(cl, program, "elastic_distortion_smooth", grid,
                         ARGS(across ? at->other : at->fields, across ? at->fields : at->other,
                              at->weights, arg_int(iso_gaussian_radius((float)p->sigma)),
                              arg_int(s->dim[1]), arg_int(s->dim[2]), arg_int(p->smoothing_mode),
                              arg_int(across), arg_real(call->scalars[ISO_ELASTIC_ALPHA_FROM]),
                              arg_real(call->scalars[ISO_ELASTIC_ALPHA_SPAN]), ARG_RANDOM(call)));
}

static iso_rc make_fields(struct opencl *cl, const struct iso_call *call, const struct buffers *at)
{
    const struct iso_elastic_distortion *p = call->params;
    const struct iso_shape *s = &call->x[0].shape;
    const int radius = iso_gaussian_radius((float)p->sigma);
    const struct opencl_grid grid =
        opencl_each_row(cl, (size_t)(2 * s->dim[1] * s->dim[2]), (size_t)s->dim[0]);
    ISO_TRY(opencl_launch(cl, program, "elastic_distortion_weights",
                          opencl_elements(cl, 2 * (size_t)radius + 1),
                          ARGS(at->weights, arg_real(p->sigma), arg_int(radius))));
    ISO_TRY(
        opencl_launch(cl, program, "elastic_distortion_draw", grid,
                      ARGS(at->fields, arg_int(s->dim[1]), arg_int(s->dim[2]), ARG_RANDOM(call))));
    ISO_TRY(smooth(cl, call, grid, at, false));
    return smooth(cl, call, grid, at, true);
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const struct iso_elastic_distortion *p = call->params;
    const struct iso_shape *s = &call->x[0].shape;
    if (!call->training)
        return opencl_copy_images(be, call);
    const struct buffers at = buffers_of(call);
    ISO_TRY(make_fields(cl, call, &at));
    return opencl_launch(cl, program, "elastic_distortion_forward", opencl_image_grid(cl, call),
                         ARGS(arg_tensor(&call->x[0]), at.fields, arg_tensor(&call->y[0]),
                              arg_int(s->dim[1]), arg_int(s->dim[2]), arg_int(s->dim[3]),
                              arg_int(p->fill_mode), arg_real(p->cval)));
}

const struct opencl_op opencl_elastic_distortion = {
    .kernel = { .supports = opencl_supports, .workspace = workspace, .forward = forward },
    .programs = { program, "augmentation.cl" },
    .limits = limits,
};
