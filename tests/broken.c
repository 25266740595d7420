/* broken.c: kernels with one fault each, over the reference's plain host memory. */
#include "broken.h"
#include "broken_conv2d.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/ops/group_normalization.h"
#include "core/ops/batch_normalization.h"
#include "core/ops/local_response_normalization.h"
#include "core/ops/rmsprop.h"

/* ---- the reference below ------------------------------------------------------------------- */

static const struct iso_kernel *original(const struct iso_backend *b, enum iso_op op)
{
    return b->ops->kernels[op];
}

/* A float tensor's first element, in the reference's memory. */
static float *reals(const struct iso_tensor *t)
{
    return t->mem != NULL ? (float *)(void *)t->mem + t->offset : NULL;
}

static int64_t count(const struct iso_tensor *t) { return iso_shape_count(&t->shape); }

/* ---- one op after the other: the reference's kernel, then something goes wrong ------------- */

static iso_rc conv_no_bias_gradient(struct iso_backend *b, const struct iso_call *c)
{
    ISO_TRY(original(b, ISO_OP_conv2d)->backward(b, c));
    if (c->dw[1].mem != NULL)
        memset(reals(&c->dw[1]), 0, (size_t)count(&c->dw[1]) * sizeof(float));
    return ISO_OK;
}

static iso_rc dense_ignores_add(struct iso_backend *b, const struct iso_call *c)
{
    struct iso_call changed = *c;
    changed.add_dx[0] = changed.add_dw[0] = changed.add_dw[1] = false;
    return original(b, ISO_OP_dense)->backward(b, &changed);
}

static iso_rc dense_one_wrong(struct iso_backend *b, const struct iso_call *c)
{
    ISO_TRY(original(b, ISO_OP_dense)->forward(b, c));
    reals(&c->y[0])[count(&c->y[0]) - 1] += 0.01f;
    return ISO_OK;
}

static iso_rc dense_coarse(struct iso_backend *b, const struct iso_call *c)
{
    ISO_TRY(original(b, ISO_OP_dense)->forward(b, c));
    for (int64_t i = 0; i < count(&c->y[0]); i++) { /* 13 bits, as a tensor core keeps them */
        float *y = &reals(&c->y[0])[i];
        const float big = *y * 4097.0f;
        *y = big - (big - *y);
    }
    return ISO_OK;
}

static iso_rc dense_wrong_sign(struct iso_backend *b, const struct iso_call *c)
{
    ISO_TRY(original(b, ISO_OP_dense)->backward(b, c));
    for (int64_t i = 0; c->dx[0].mem != NULL && i < count(&c->dx[0]); i++)
        reals(&c->dx[0])[i] = -reals(&c->dx[0])[i];
    return ISO_OK;
}

/* The weight gradient of all whole blocks of rows; what is left after them is forgotten. */
static iso_rc dense_no_last_block(struct iso_backend *b, const struct iso_call *c)
{
    struct iso_call whole = *c;
    const int64_t rows = c->x[0].shape.dim[0], kept = rows / ISO_BLOCK_ROWS * ISO_BLOCK_ROWS;
    ISO_TRY(original(b, ISO_OP_dense)->backward(b, c));
    if (kept == 0 || kept == rows)
        return ISO_OK;
    whole.x[0].shape.dim[0] = whole.dy[0].shape.dim[0] = whole.y[0].shape.dim[0] = kept;
    whole.dx[0].mem = NULL;
    return original(b, ISO_OP_dense)->backward(b, &whole);
}

static iso_rc relu_nan(struct iso_backend *b, const struct iso_call *c)
{
    ISO_TRY(original(b, ISO_OP_activation)->forward(b, c));
    reals(&c->y[0])[count(&c->y[0]) / 2] = NAN;
    return ISO_OK;
}

static iso_rc activation_past_end(struct iso_backend *b, const struct iso_call *c)
{
    ISO_TRY(original(b, ISO_OP_activation)->forward(b, c));
    reals(&c->y[0])[count(&c->y[0])] = 0;
    return ISO_OK;
}

static iso_rc activation_changes_input(struct iso_backend *b, const struct iso_call *c)
{
    ISO_TRY(original(b, ISO_OP_activation)->forward(b, c));
    reals(&c->x[0])[0] = 0.5f;
    return ISO_OK;
}

static iso_rc activation_no_last_row(struct iso_backend *b, const struct iso_call *c)
{
    struct iso_call fewer = *c;
    if (c->x[0].shape.dim[0] > 1) {
        fewer.x[0].shape.dim[0]--;
        fewer.y[0].shape.dim[0]--;
    }
    return original(b, ISO_OP_activation)->forward(b, &fewer);
}

static iso_rc dropout_wrong_seed(struct iso_backend *b, const struct iso_call *c)
{
    struct iso_call changed = *c;
    changed.seed++;
    return original(b, ISO_OP_dropout)->forward(b, &changed);
}

static size_t workspace_of_one(struct iso_backend *b, const struct iso_call *c, enum iso_pass pass)
{
    const struct iso_kernel *k = original(b, ISO_OP_max_pooling2d);
    const size_t bytes = k->workspace != NULL ? k->workspace(b, c, pass) : 0;
    return bytes > 0 ? bytes : 1;
}

/* Right whenever the workspace happens not to be zero. */
static iso_rc pooling_reads_workspace(struct iso_backend *b, const struct iso_call *c)
{
    const uint8_t *workspace =
        (const uint8_t *)(const void *)c->workspace.mem + c->workspace.offset;
    const uint8_t before = workspace[0];
    ISO_TRY(original(b, ISO_OP_max_pooling2d)->forward(b, c));
    if (before == 0)
        reals(&c->y[0])[0] += 1;
    return ISO_OK;
}

static iso_rc loss_one_row_less(struct iso_backend *b, const struct iso_call *c)
{
    const float rows = (float)c->x[0].shape.dim[0];
    ISO_TRY(original(b, ISO_OP_categorical_crossentropy)->forward(b, c));
    reals(&c->y[1])[0] *= rows / (rows + 1);
    return ISO_OK;
}

static iso_rc adam_one_ulp(struct iso_backend *b, const struct iso_call *c)
{
    ISO_TRY(original(b, ISO_OP_adam)->update(b, c));
    float *w = &reals(&c->w[0])[count(&c->w[0]) - 1];
    *w = nextafterf(*w, INFINITY);
    return ISO_OK;
}

/* The weights of this step are right, and those of the next would be wrong. */
static iso_rc adam_spoils_momentum(struct iso_backend *b, const struct iso_call *c)
{
    ISO_TRY(original(b, ISO_OP_adam)->update(b, c));
    if (c->step == 2)
        reals(&c->state[0])[0] += 1.0f;
    return ISO_OK;
}

static iso_rc sgd_forgets_momentum(struct iso_backend *b, const struct iso_call *c)
{
    ISO_TRY(original(b, ISO_OP_sgd)->update(b, c));
    if (c->state[0].mem != NULL)
        memset(reals(&c->state[0]), 0, (size_t)count(&c->state[0]) * sizeof(float));
    return ISO_OK;
}

static iso_rc gather_from_the_top(struct iso_backend *b, const struct iso_call *c)
{
    struct iso_call changed = *c;
    changed.first = 0;
    return original(b, ISO_OP_gather_images)->forward(b, &changed);
}

static iso_rc moving_variance_forgotten(struct iso_backend *b, const struct iso_call *c)
{
    struct iso_call changed = *c; /* the update goes to a weight where it does no harm */
    if (c->training)
        changed.w[ISO_BN_MOVING_VARIANCE] = c->w[ISO_BN_MOVING_MEAN];
    return original(b, ISO_OP_batch_normalization)->forward(b, &changed);
}

static iso_rc gamma_changed(struct iso_backend *b, const struct iso_call *c)
{
    ISO_TRY(original(b, ISO_OP_batch_normalization)->forward(b, c));
    if (c->w[ISO_BN_GAMMA].mem != NULL)
        reals(&c->w[ISO_BN_GAMMA])[0] += 1;
    return ISO_OK;
}

static iso_rc rmsprop_other_epsilon(struct iso_backend *b, const struct iso_call *c)
{
    struct iso_rmsprop params = *(const struct iso_rmsprop *)c->params;
    struct iso_call changed = *c;
    changed.params = &params;
    params.epsilon_placement = !params.epsilon_placement;
    return original(b, ISO_OP_rmsprop)->update(b, &changed);
}

/* The smaller tensor's gradient gets the last of its terms only. */
static iso_rc multiply_no_sum(struct iso_backend *b, const struct iso_call *c)
{
    ISO_TRY(original(b, ISO_OP_multiply)->backward(b, c));
    const int64_t large = count(&c->x[0]), small = count(&c->x[1]);
    const float *dy = reals(&c->dy[0]), *x = reals(&c->x[0]);
    for (int64_t i = 0; c->dx[1].mem != NULL && small < large && !c->add_dx[1] && i < small; i++)
        reals(&c->dx[1])[i] = dy[large - small + i] * x[large - small + i];
    return ISO_OK;
}

static iso_rc scale_by_result(struct iso_backend *b, const struct iso_call *c)
{
    struct iso_call changed = *c;
    changed.x[0] = c->dy[0];
    return original(b, ISO_OP_layer_scale)->backward(b, &changed);
}

static iso_rc all_channels_together(struct iso_backend *b, const struct iso_call *c)
{
    struct iso_group_normalization params = *(const struct iso_group_normalization *)c->params;
    struct iso_call changed = *c;
    changed.params = &params;
    params.groups = 1;
    return original(b, ISO_OP_group_normalization)->forward(b, &changed);
}

static iso_rc fewer_neighbours(struct iso_backend *b, const struct iso_call *c)
{
    struct iso_local_response_normalization params =
        *(const struct iso_local_response_normalization *)c->params;
    struct iso_call changed = *c;
    changed.params = &params;
    params.size = params.size > 1 ? params.size - 2 : 1;
    return original(b, ISO_OP_local_response_normalization)->forward(b, &changed);
}

static iso_rc transpose_no_bias(struct iso_backend *b, const struct iso_call *c)
{
    struct iso_call changed = *c;
    changed.w[1].mem = NULL;
    return original(b, ISO_OP_conv2d_transpose)->forward(b, &changed);
}

/* ---- the list ------------------------------------------------------------------------------ */

const struct broken_fault broken_faults[] = {
    { "no fault: convolution in a loop of its own",
      ISO_OP_conv2d,
      true,
      { .forward = broken_conv2d_right_forward, .backward = broken_conv2d_right_backward } },
    { "padding of half the kernel",
      ISO_OP_conv2d,
      false,
      { .forward = broken_conv2d_pad_forward } },
    { "height and width of the kernel swapped",
      ISO_OP_conv2d,
      false,
      { .forward = broken_conv2d_swap_forward } },
    { "stride one too small", ISO_OP_conv2d, false, { .forward = broken_conv2d_stride_forward } },
    { "sums in descending order",
      ISO_OP_conv2d,
      true,
      { .forward = broken_conv2d_descending_forward } },
    { "products in one block", ISO_OP_conv2d, true, { .forward = broken_conv2d_chain_forward } },
    { "blocks of rows across images",
      ISO_OP_conv2d,
      true,
      { .backward = broken_conv2d_across_backward } },
    { "groups of blocks in descending order",
      ISO_OP_conv2d,
      true,
      { .backward = broken_conv2d_groups_backward } },
    { "no groups", ISO_OP_conv2d, true, { .backward = broken_conv2d_ungrouped_backward } },
    { "rows of Winograd's source transform swapped",
      ISO_OP_conv2d,
      false,
      { .forward = broken_conv2d_row_forward } },
    { "factor of Winograd's taps off by 2^-13",
      ISO_OP_conv2d,
      false,
      { .forward = broken_conv2d_factor_forward } },
    { "tiles one pixel to the right",
      ISO_OP_conv2d,
      false,
      { .backward = broken_conv2d_tile_backward } },
    { "last block of Winograd's channels forgotten",
      ISO_OP_conv2d,
      false,
      { .forward = broken_conv2d_channels_forward } },
    { "kernel of the input gradient not turned",
      ISO_OP_conv2d,
      false,
      { .backward = broken_conv2d_unturned_backward } },
    { "channels of the next group",
      ISO_OP_conv2d,
      false,
      { .forward = broken_conv2d_neighbour_forward } },
    { "bias gradient dropped", ISO_OP_conv2d, false, { .backward = conv_no_bias_gradient } },
    { "gradient overwritten instead of added",
      ISO_OP_dense,
      false,
      { .backward = dense_ignores_add } },
    { "one wrong element", ISO_OP_dense, false, { .forward = dense_one_wrong } },
    { "results of 13 bits", ISO_OP_dense, false, { .forward = dense_coarse } },
    { "sign of the input gradient", ISO_OP_dense, false, { .backward = dense_wrong_sign } },
    { "last block of rows forgotten", ISO_OP_dense, false, { .backward = dense_no_last_block } },
    { "a NaN", ISO_OP_activation, false, { .forward = relu_nan } },
    { "one element past the end", ISO_OP_activation, false, { .forward = activation_past_end } },
    { "input changed", ISO_OP_activation, false, { .forward = activation_changes_input } },
    { "last row of the batch skipped",
      ISO_OP_activation,
      false,
      { .forward = activation_no_last_row } },
    { "another seed", ISO_OP_dropout, false, { .forward = dropout_wrong_seed } },
    { "workspace read before it is written",
      ISO_OP_max_pooling2d,
      false,
      { .forward = pooling_reads_workspace, .workspace = workspace_of_one } },
    { "mean over one row too many",
      ISO_OP_categorical_crossentropy,
      false,
      { .forward = loss_one_row_less } },
    { "one ULP in one weight", ISO_OP_adam, false, { .update = adam_one_ulp } },
    { "momentum spoiled", ISO_OP_adam, false, { .update = adam_spoils_momentum } },
    { "momentum forgotten", ISO_OP_sgd, false, { .update = sgd_forgets_momentum } },
    { "moving variance not updated",
      ISO_OP_batch_normalization,
      false,
      { .forward = moving_variance_forgotten } },
    { "trained weight changed by forward",
      ISO_OP_batch_normalization,
      false,
      { .forward = gamma_changed } },
    { "epsilon on the other side of the root",
      ISO_OP_rmsprop,
      false,
      { .update = rmsprop_other_epsilon } },
    { "gradient of the repeated tensor not summed",
      ISO_OP_multiply,
      false,
      { .backward = multiply_no_sum } },
    { "factor's gradient by the result",
      ISO_OP_layer_scale,
      false,
      { .backward = scale_by_result } },
    { "all channels normalized together",
      ISO_OP_group_normalization,
      false,
      { .forward = all_channels_together } },
    { "fewer neighbouring channels",
      ISO_OP_local_response_normalization,
      false,
      { .forward = fewer_neighbours } },
    { "bias of a transposed convolution forgotten",
      ISO_OP_conv2d_transpose,
      false,
      { .forward = transpose_no_bias } },
    { "batch taken from the top", ISO_OP_gather_images, false, { .forward = gather_from_the_top } },
    { .name = NULL },
};

enum { FAULTS_MOST = 56 };
/* One table a fault, since a backend points to its table for as long as it is open. */
static struct iso_kernel kernel[FAULTS_MOST];
static const struct iso_kernel *table[FAULTS_MOST][ISO_OP_COUNT];

static void replace(struct iso_kernel *k, const struct iso_kernel *fault)
{
    if (fault->workspace != NULL)
        k->workspace = fault->workspace;
    if (fault->forward != NULL)
        k->forward = fault->forward;
    if (fault->backward != NULL)
        k->backward = fault->backward;
    if (fault->update != NULL)
        k->update = fault->update;
}

iso_rc broken_open(int fault, enum iso_mode mode, struct iso_backend **out)
{
    struct iso_backend *b;
    const struct broken_fault *f = &broken_faults[fault];
    if (fault >= FAULTS_MOST)
        return iso_fail(ISO_EUSAGE, "broken.c has room for %d faults", FAULTS_MOST);
    ISO_TRY(iso_backend_open("reference:portable", ISO_MODE_EXACT, 0, &b));
    memcpy(table[fault], b->ops->kernels, sizeof table[fault]);
    kernel[fault] = *original(b, f->op);
    replace(&kernel[fault], &f->kernel);
    table[fault][f->op] = &kernel[fault];
    b->kernels = table[fault];
    b->mode = mode;
    snprintf(b->device.id, sizeof b->device.id, "broken:%d", fault);
    *out = b;
    return ISO_OK;
}

int broken_fault_named(const char *name)
{
    int fault = 0;
    while (broken_faults[fault].name != NULL && strcmp(broken_faults[fault].name, name) != 0)
        fault++;
    assert_non_null(broken_faults[fault].name);
    return fault;
}
