/* test_properties.c: what arithmetic 2 promises of every op, on every device here: a row depends on
 * no other row, a shard of a step computes what the step does, sums over rows divide at groups, and
 * no finished sum is -0. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/system/file.h"
#include "core/parity/harness.h"
#include "folder.h"
#include "network.h"

static const char *const devices[] = { "reference", "cpu", "opencl:pocl", NULL };
static const struct iso_how how = { .junk = 0xFF };

/* False, with a line that says so, where a device is not here. */
static bool open_device(const char *id, struct iso_backend **out)
{
    if (iso_backend_open(id, ISO_MODE_EXACT, 0, out) == ISO_OK)
        return true;
    print_message("SKIP: %s is not here: %s\n", id, iso_error());
    iso_error_clear();
    return false;
}

struct text {
    enum iso_op op;
    const char *text;
};

static void on_every_device(void (*check)(struct iso_backend *, const struct text *),
                            const struct text *texts, size_t n)
{
    for (int d = 0; devices[d] != NULL; d++) {
        struct iso_backend *b;
        if (!open_device(devices[d], &b))
            continue;
        for (size_t i = 0; i < n; i++)
            check(b, &texts[i]);
        iso_backend_close(b);
    }
}

/* ---- Rows of a batch ----------------------------------------------------------------------- */

/* The call of rows [first, first + rows) of a case's batch, as a shard of it. */
static void shard_call(const struct iso_case *whole, int64_t first, int64_t rows,
                       struct iso_call *out)
{
    struct iso_case part = *whole;
    for (int i = 0; i < part.nx; i++)
        part.x[i].dim[0] = rows;
    must(iso_case_call(&part, 1, 0, out));
    out->step_rows = whole->x[0].dim[0];
    out->first_row = first;
}

/* Numbers that a row has in this operand, 0 where it is not one of the rows: a weight, a mean. */
static int64_t row_size(const struct iso_call *whole, enum iso_group group, int operand)
{
    const struct iso_tensor *t = &iso_call_group_of(whole, group)[operand];
    const bool rows = group == ISO_X || group == ISO_Y || group == ISO_DX || group == ISO_DY ||
                      group == ISO_SAVED;
    if (!rows || !iso_tensor_there(t) || t->shape.dim[0] != whole->x[0].shape.dim[0])
        return 0;
    return iso_shape_count(&t->shape) / t->shape.dim[0];
}

/* Copies the inputs of a shard's passes: its rows of x and dy, and all weights. */
static void shard_inputs(const struct iso_call *whole, const struct iso_values *all, int64_t first,
                         int64_t rows, struct iso_values *out)
{
    static const enum iso_group groups[] = { ISO_X, ISO_DY, ISO_W };
    *out = (struct iso_values){ 0 };
    for (int g = 0; g < 3; g++)
        for (int i = 0; i < ISO_OPERANDS; i++) {
            const struct iso_array *from = &all->a[groups[g]][i];
            const int64_t size = row_size(whole, groups[g], i);
            if (from->n == 0)
                continue;
            must(iso_array_set(&out->a[groups[g]][i], size > 0 ? rows * size : from->n));
            memcpy(out->a[groups[g]][i].v, from->v + (size > 0 ? first * size : 0),
                   (size_t)out->a[groups[g]][i].n * sizeof(double));
        }
}

static void assert_same(const char *what, const double *want, const double *got, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (memcmp(&want[i], &got[i], sizeof *want) != 0)
            fail_msg("%s: number %ld is %.9g instead of %.9g", what, (long)i, got[i], want[i]);
}

/* The results of the pass that belong to rows are those rows of the batch's. */
static void assert_rows(const char *what, const struct iso_call *whole, enum iso_pass pass,
                        const struct iso_values *all, const struct iso_values *part, int64_t first)
{
    int64_t compared = 0;
    for (int g = 0; g < ISO_GROUPS; g++)
        for (int i = 0; i < ISO_OPERANDS && iso_pass_writes(pass, (enum iso_group)g); i++) {
            const int64_t size = row_size(whole, (enum iso_group)g, i), n = part->a[g][i].n;
            if (size == 0 || n == 0)
                continue;
            assert_same(what, all->a[g][i].v + first * size, part->a[g][i].v, n);
            compared += n;
        }
    if (pass == ISO_BACKWARD || whole->y[0].shape.dim[0] > 1)
        assert_true(compared > 0);
}

static void run_passes(struct iso_backend *b, enum iso_op op, const struct iso_call *call,
                       struct iso_values *v)
{
    for (int pass = ISO_FORWARD; pass <= ISO_BACKWARD; pass++)
        if (iso_op_has_pass(op, (enum iso_pass)pass))
            must(iso_execute_pass(b, op, call, (enum iso_pass)pass, &how, v));
}

/* Shards of 1, 2, 7 and the other rows. */
static void check_shards(struct iso_backend *b, const struct text *t)
{
    struct iso_case c;
    struct iso_call call;
    struct iso_values all;
    char what[256];
    must(iso_case_parse(t->op, t->text, &c));
    must(iso_case_call(&c, 1, 0, &call));
    must(iso_fill_case(&c, &call, ISO_FILL_REAL, 1, 0, &all));
    run_passes(b, t->op, &call, &all);
    const int64_t n = c.x[0].dim[0], begin[] = { 0, 1, 3, 10, n };
    for (int s = 0; s < 4; s++) {
        struct iso_call shard;
        struct iso_values part;
        snprintf(what, sizeof what, "%s, %s %s, rows from %ld", b->device.id, iso_ops[t->op].name,
                 t->text, (long)begin[s]);
        shard_call(&c, begin[s], begin[s + 1] - begin[s], &shard);
        shard_inputs(&call, &all, begin[s], begin[s + 1] - begin[s], &part);
        run_passes(b, t->op, &shard, &part);
        for (int pass = ISO_FORWARD; pass <= ISO_BACKWARD; pass++)
            if (iso_op_has_pass(t->op, (enum iso_pass)pass))
                assert_rows(what, &call, (enum iso_pass)pass, &all, &part, begin[s]);
        iso_values_free(&part);
    }
    iso_values_free(&all);
    free(c.params);
}

/* Results and input gradients of a row, losses' gradients, dropout's masks and augmentations. */
static void shards_compute_what_the_batch_does(void **state)
{
    static const struct text texts[] = {
        { ISO_OP_conv2d, "{input: [33, 8, 8, 32], filters: 33, kernel_size: 3, padding: same}" },
        { ISO_OP_conv2d, "{input: [13, 6, 7, 33], filters: 32, kernel_size: 5, padding: same}" },
        { ISO_OP_conv2d, "{input: [33, 7, 6, 3], filters: 5, kernel_size: 3, strides: 2}" },
        { ISO_OP_dense, "{input: [33, 300], units: 17}" },
        { ISO_OP_depthwise_conv2d, "{input: [33, 7, 6, 5], kernel_size: 3, padding: same}" },
        { ISO_OP_separable_conv2d, "{input: [33, 7, 6, 5], filters: 4, kernel_size: 3}" },
        { ISO_OP_max_pooling2d, "{input: [33, 7, 6, 5], pool_size: 3, strides: 2}" },
        { ISO_OP_average_pooling2d, "{input: [33, 7, 6, 5], pool_size: 3, padding: same}" },
        { ISO_OP_global_average_pooling2d, "{input: [33, 7, 6, 5]}" },
        { ISO_OP_global_max_pooling2d, "{input: [33, 7, 6, 5]}" },
        { ISO_OP_activation, "{input: [33, 5000], function: softmax}" },
        { ISO_OP_activation, "{input: [33, 7, 5], function: tanh}" },
        { ISO_OP_layer_normalization, "{input: [33, 3, 5, 17]}" },
        { ISO_OP_group_normalization, "{input: [33, 3, 5, 18], groups: 3}" },
        { ISO_OP_batch_normalization, "{input: [33, 3, 5, 17], inference: true}" },
        { ISO_OP_add, "{inputs: [[33, 7, 6, 5], [33, 7, 6, 5], [33, 7, 6, 5]]}" },
        { ISO_OP_concatenate, "{inputs: [[33, 7, 6, 5], [33, 7, 6, 2]]}" },
        { ISO_OP_zero_padding2d, "{input: [33, 7, 6, 5], padding: 1}" },
        { ISO_OP_up_sampling2d, "{input: [33, 4, 3, 5], interpolation: bilinear}" },
        { ISO_OP_dropout, "{input: [33, 7, 3], rate: 0.5}" },
        { ISO_OP_dropout, "{input: [33, 8], rate: 0.3}" },
        { ISO_OP_spatial_dropout2d, "{input: [33, 3, 2, 5], rate: 0.5}" },
        { ISO_OP_categorical_crossentropy, "{inputs: [[33, 10], [33, 10], [33]]}" },
        { ISO_OP_categorical_crossentropy,
          "{inputs: [[33, 10], [33, 10]], clip: 1e-7, label_smoothing: 0.1}" },
        { ISO_OP_sparse_categorical_crossentropy, "{inputs: [[33, 10], [33], [33]]}" },
        { ISO_OP_binary_crossentropy, "{inputs: [[33, 3], [33, 3]]}" },
        { ISO_OP_mean_squared_error, "{inputs: [[33, 10], [33, 10]]}" },
        { ISO_OP_mean_absolute_error, "{inputs: [[33, 10], [33, 10], [33]]}" },
        { ISO_OP_mean_squared_logarithmic_error, "{inputs: [[33, 10], [33, 10]]}" },
        { ISO_OP_hinge, "{inputs: [[33, 10], [33, 10]]}" },
        { ISO_OP_squared_hinge, "{inputs: [[33, 10], [33, 10]]}" },
        { ISO_OP_random_crop, "{input: [33, 7, 6, 2], height: 4, width: 5}" },
        { ISO_OP_cutout, "{input: [33, 7, 6, 2], size: 3}" },
        { ISO_OP_random_brightness, "{input: [33, 7, 6, 2], factor: [-0.2, 0.2]}" },
        { ISO_OP_random_contrast, "{input: [33, 7, 6, 2], factor: [0.8, 1.2]}" },
        { ISO_OP_elastic_distortion, "{input: [33, 9, 8, 2], alpha: [2, 3], sigma: 2}" },
        { ISO_OP_image_data_generator,
          "{input: [33, 9, 8, 2], rotation_range: 20, zoom_range: 0.2, horizontal_flip: true}" },
    };
    (void)state;
    on_every_device(check_shards, texts, sizeof texts / sizeof *texts);
}

/* ---- Whole networks ------------------------------------------------------------------------ */

enum { IMAGES = 32, IMAGE = 13 * 12 * 3, CLASSES = 7 };
static const char yaml[] =
    "input: {shape: [13, 12, 3]}\n"
    "layers:\n"
    "  - conv2d: {filters: 32, kernel_size: 3, padding: same, activation: relu}\n"
    "  - conv2d: {filters: 33, kernel_size: 3, padding: same}\n"
    "  - batch_normalization\n"
    "  - depthwise_conv2d: {kernel_size: 3, padding: same, activation: relu}\n"
    "  - layer_normalization\n"
    "  - conv2d: {filters: 32, kernel_size: 5, padding: same}\n"
    "  - max_pooling2d: 2\n"
    "  - separable_conv2d: {filters: 8, kernel_size: 3}\n"
    "  - average_pooling2d: 2\n"
    "  - flatten\n"
    "  - dense: {units: 20, activation: tanh}\n"
    "  - dropout: 0.5\n"
    "  - dense: {units: 7, activation: softmax}\n"
    "loss: categorical_crossentropy\n"
    "optimizer: sgd\n";

/* Predicts all images in batches of `batch`; the last one may have fewer. */
static void predict(const char *path, const char *device, int64_t batch, const float *x,
                    float y[IMAGES * CLASSES])
{
    struct network n;
    network_open(&n, path, batch, device, 0);
    network_begin(&n, &(struct iso_exec_options){ .seed = 5, .log_steps = 1 });
    for (int64_t first = 0; first < IMAGES; first += batch) {
        const int64_t rows = IMAGES - first < batch ? IMAGES - first : batch;
        must(iso_exec_feed(n.exec, rows, x + first * IMAGE, NULL, NULL));
        must(iso_exec_forward(n.exec, false, 0, 0));
        network_read(&n, n.graph->values[n.graph->output].name, rows * CLASSES,
                     y + first * CLASSES);
    }
    network_close(&n);
}

static void predictions_do_not_depend_on_the_batch(void **state)
{
    static const int64_t batches[] = { 1, 2, 7 };
    static float x[IMAGES * IMAGE], want[IMAGES * CLASSES], got[IMAGES * CLASSES];
    char folder[FOLDER], path[FOLDER + 16];
    (void)state;
    assert_int_equal(folder_make(folder, "properties"), 0);
    snprintf(path, sizeof path, "%s/rows.yaml", folder);
    must(iso_file_write(path, yaml, sizeof yaml - 1));
    for (int i = 0; i < IMAGES * IMAGE; i++)
        x[i] = (float)(iso_fill_word(3, 0, (uint64_t)i) >> 24) / 256;
    for (int d = 0; devices[d] != NULL; d++) {
        struct iso_backend *b;
        if (!open_device(devices[d], &b))
            continue;
        iso_backend_close(b);
        predict(path, devices[d], IMAGES, x, d == 0 ? want : got);
        assert_memory_equal(want, d == 0 ? want : got, sizeof want);
        for (int i = 0; i < 3; i++) {
            predict(path, devices[d], batches[i], x, got);
            if (memcmp(want, got, sizeof want) != 0)
                fail_msg("%s predicts otherwise in batches of %d", devices[d], (int)batches[i]);
        }
    }
    assert_int_equal(folder_remove(folder), 0);
}

/* ---- Sums over rows ------------------------------------------------------------------------ */

/* The weights' gradients of rows [first, first + rows) of x and dy; those of y are made anew. */
static void gradients(struct iso_backend *b, const struct iso_case *c, const struct iso_call *whole,
                      const struct iso_values *all, int64_t first, int64_t rows,
                      struct iso_values *out)
{
    struct iso_call call;
    shard_call(c, first, rows, &call);
    shard_inputs(whole, all, first, rows, out);
    run_passes(b, c->op, &call, out);
}

/* As if the rows from `first` on had no part in the loss. */
static void clear_rows(const struct iso_call *call, struct iso_values *v, int64_t first)
{
    const int64_t size = row_size(call, ISO_DY, 0);
    for (int64_t i = first * size; i < v->a[ISO_DY][0].n; i++)
        v->a[ISO_DY][0].v[i] = 0;
}

/* A batch of two groups, the second of the last images: the sum of all rows is that of the first
 * group's and the others'; but not by Winograd's algorithm, which transforms the sum. And a short
 * batch is one whose other rows have no part. */
static void check_groups(struct iso_backend *b, const struct text *t)
{
    struct iso_case c;
    struct iso_call call;
    struct iso_values all, begin, end, part;
    char what[256];
    snprintf(what, sizeof what, "%s, %s %s", b->device.id, iso_ops[t->op].name, t->text);
    must(iso_case_parse(t->op, t->text, &c));
    must(iso_case_call(&c, 1, 0, &call));
    must(iso_fill_case(&c, &call, ISO_FILL_REAL, 1, 0, &all));
    const struct iso_shape *y = &call.y[0].shape;
    const int64_t n = y->dim[0], image = y->ndim == 4 ? y->dim[1] * y->dim[2] : 1;
    const int64_t split = iso_group_end((struct iso_rows){ n * image, image }, 0) / image;
    const bool plain = iso_algorithm_of(t->op, &call) == ISO_DIRECT;
    assert_true(split > 0 && split < n);
    gradients(b, &c, &call, &all, 0, split, &begin);
    gradients(b, &c, &call, &all, split, n - split, &end);
    run_passes(b, t->op, &call, &all);
    for (int i = 0; i < ISO_OPERANDS; i++)
        for (int64_t e = 0; plain && e < all.a[ISO_DW][i].n; e++) {
            const float sum = (float)begin.a[ISO_DW][i].v[e] + (float)end.a[ISO_DW][i].v[e];
            assert_same(what, &all.a[ISO_DW][i].v[e], &(double){ (double)sum }, 1);
        }
    clear_rows(&call, &all, split);
    gradients(b, &c, &call, &all, 0, n, &part);
    for (int i = 0; i < ISO_OPERANDS; i++)
        assert_same(what, begin.a[ISO_DW][i].v, part.a[ISO_DW][i].v, begin.a[ISO_DW][i].n);
    iso_values_free(&all);
    iso_values_free(&begin);
    iso_values_free(&end);
    iso_values_free(&part);
    free(c.params);
}

static void sums_over_rows_divide_at_groups(void **state)
{
    static const struct text texts[] = {
        { ISO_OP_dense, "{input: [1100, 5], units: 3}" },
        { ISO_OP_layer_normalization, "{input: [1100, 5]}" },
        { ISO_OP_group_normalization, "{input: [3, 20, 20, 6], groups: 2}" },
        { ISO_OP_conv2d, "{input: [3, 20, 20, 2], filters: 3, kernel_size: 3, padding: same}" },
        { ISO_OP_conv2d, "{input: [9, 12, 11, 32], filters: 32, kernel_size: 3, padding: same}" },
    };
    (void)state;
    on_every_device(check_groups, texts, sizeof texts / sizeof *texts);
}

/* ---- Zeros --------------------------------------------------------------------------------- */

/* Ones and zeros of both signs in x and dy; zeros of both signs in the weights, or the other way
 * round. */
static void fill_zeros(struct iso_values *v, bool weights_zero)
{
    static const double ones[] = { 1, -0.0, -1, 0 }, zeros[] = { 0, -0.0 };
    for (int g = 0; g < ISO_GROUPS; g++)
        for (int i = 0; i < ISO_OPERANDS; i++)
            for (int64_t e = 0; e < v->a[g][i].n; e++) {
                const uint32_t word =
                    iso_fill_word(7, (uint32_t)(g * ISO_OPERANDS + i), (uint64_t)e);
                const bool zero = (g == ISO_W) == weights_zero;
                v->a[g][i].v[e] = zero ? zeros[word >> 31] : ones[word >> 30];
            }
}

/* True if the results of this group are sums of the op. */
static bool is_sum(enum iso_op op, enum iso_group group)
{
    const bool chosen = op == ISO_OP_max_pooling2d || op == ISO_OP_batch_normalization ||
                        op == ISO_OP_layer_normalization || op == ISO_OP_group_normalization;
    const bool dx = op == ISO_OP_max_pooling2d || (!chosen && op != ISO_OP_add);
    return group == ISO_DW || (group == ISO_DX && dx) || (group == ISO_Y && !chosen);
}

static void check_zeros(struct iso_backend *b, const struct text *t)
{
    struct iso_case c;
    struct iso_call call;
    must(iso_case_parse(t->op, t->text, &c));
    must(iso_case_call(&c, 1, 0, &call));
    int64_t zeros = 0;
    for (int weights = 0; weights < 2; weights++) {
        struct iso_values v;
        must(iso_fill_case(&c, &call, ISO_FILL_REAL, 1, 0, &v));
        fill_zeros(&v, weights == 1);
        run_passes(b, t->op, &call, &v);
        for (int g = 0; g < ISO_GROUPS; g++)
            for (int i = 0; i < ISO_OPERANDS && is_sum(t->op, (enum iso_group)g); i++)
                for (int64_t e = 0; e < v.a[g][i].n; e++) {
                    zeros += v.a[g][i].v[e] == 0;
                    if (v.a[g][i].v[e] == 0 && signbit(v.a[g][i].v[e]))
                        fail_msg("%s, %s %s: %s%d[%ld] is -0", b->device.id, iso_ops[t->op].name,
                                 t->text, iso_group_names[g], i, (long)e);
                }
        iso_values_free(&v);
    }
    assert_true(zeros > 0);
    free(c.params);
}

static void no_finished_sum_is_minus_zero(void **state)
{
    static const struct text texts[] = {
        { ISO_OP_dense, "{input: [5, 300], units: 17}" },
        { ISO_OP_dense, "{input: [3, 4], units: 3, use_bias: false}" },
        { ISO_OP_conv2d, "{input: [2, 8, 8, 33], filters: 32, kernel_size: 3, padding: same}" },
        { ISO_OP_conv2d, "{input: [1, 6, 7, 32], filters: 33, kernel_size: 5, padding: same}" },
        { ISO_OP_conv2d, "{input: [2, 7, 6, 3], filters: 5, kernel_size: 3, strides: 2}" },
        { ISO_OP_depthwise_conv2d, "{input: [2, 7, 6, 5], kernel_size: 3, padding: same}" },
        { ISO_OP_separable_conv2d, "{input: [2, 7, 6, 5], filters: 4, kernel_size: 3}" },
        { ISO_OP_max_pooling2d, "{input: [2, 7, 6, 5], pool_size: 3, strides: 2}" },
        { ISO_OP_average_pooling2d, "{input: [2, 7, 6, 5], pool_size: 3, padding: same}" },
        { ISO_OP_global_average_pooling2d, "{input: [2, 7, 6, 5]}" },
        { ISO_OP_batch_normalization, "{input: [33, 2, 2, 5]}" },
        { ISO_OP_layer_normalization, "{input: [33, 5]}" },
        { ISO_OP_group_normalization, "{input: [9, 3, 4, 6], groups: 2}" },
        { ISO_OP_add, "{inputs: [[2, 7, 6, 5], [2, 7, 6, 5], [2, 7, 6, 5]]}" },
    };
    (void)state;
    on_every_device(check_zeros, texts, sizeof texts / sizeof *texts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shards_compute_what_the_batch_does),
        cmocka_unit_test(predictions_do_not_depend_on_the_batch),
        cmocka_unit_test(sums_over_rows_divide_at_groups),
        cmocka_unit_test(no_finished_sum_is_minus_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
