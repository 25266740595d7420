/* separable_conv2d has the bits of depthwise_conv2d and conv2d, one after the other, in both
 * passes, and their cost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/parity/harness.h"
#include "network.h"

/* One layer, and the two that it stands for. */
static const struct {
    const char *whole, *depthwise, *pointwise;
} layers[] = {
    { "{input: [3, 9, 7, 5], filters: 18, kernel_size: 3, padding: same, depth_multiplier: 2}",
      "{input: [3, 9, 7, 5], kernel_size: 3, padding: same, depth_multiplier: 2, use_bias: false}",
      "{input: [3, 9, 7, 10], filters: 18, kernel_size: 1}" },
    { "{input: [2, 15, 25, 33], filters: 4, kernel_size: [3, 2], strides: [1, 2], use_bias: false}",
      "{input: [2, 15, 25, 33], kernel_size: [3, 2], strides: [1, 2], use_bias: false}",
      "{input: [2, 13, 12, 33], filters: 4, kernel_size: 1, use_bias: false}" },
    { "{input: [130, 3, 3, 2], filters: 5, kernel_size: 2, dilation_rate: 2}",
      "{input: [130, 3, 3, 2], kernel_size: 2, dilation_rate: 2, use_bias: false}",
      "{input: [130, 1, 1, 2], filters: 5, kernel_size: 1}" },
};

struct layer {
    struct iso_case c;
    struct iso_call call;
    struct iso_values v;
};

static void open_layer(struct layer *l, enum iso_op op, const char *text)
{
    *l = (struct layer){ 0 };
    must(iso_case_parse(op, text, &l->c));
    must(iso_case_call(&l->c, 1, 0, &l->call));
    must(iso_fill_case(&l->c, &l->call, ISO_FILL_REAL, 1, 0, &l->v));
}

static void close_layer(struct layer *l)
{
    iso_values_free(&l->v);
    free(l->c.params);
}

static void run(struct iso_backend *b, struct layer *l, enum iso_pass pass)
{
    const struct iso_how how = { .junk = 0xFF };
    must(iso_execute_pass(b, l->c.op, &l->call, pass, &how, &l->v));
}

static void give(const struct iso_array *from, struct iso_array *to)
{
    assert_int_equal(from->n, to->n);
    if (from->n > 0) /* a bias may be missing */
        memcpy(to->v, from->v, (size_t)from->n * sizeof *from->v);
}

static void same(const struct iso_array *a, const struct iso_array *b)
{
    assert_int_equal(a->n, b->n);
    if (a->n > 0)
        assert_memory_equal(a->v, b->v, (size_t)a->n * sizeof *a->v);
}

/* Runs the two layers on what the whole has been given, and on what the other layer has made. */
static void run_both(struct iso_backend *b, const struct iso_values *whole, struct layer *first,
                     struct layer *second)
{
    give(&whole->a[ISO_X][0], &first->v.a[ISO_X][0]);
    give(&whole->a[ISO_W][0], &first->v.a[ISO_W][0]);
    for (int i = 0; i < 2; i++)
        give(&whole->a[ISO_W][1 + i], &second->v.a[ISO_W][i]);
    give(&whole->a[ISO_DY][0], &second->v.a[ISO_DY][0]);
    run(b, first, ISO_FORWARD);
    give(&first->v.a[ISO_Y][0], &second->v.a[ISO_X][0]);
    run(b, second, ISO_FORWARD);
    run(b, second, ISO_BACKWARD);
    give(&second->v.a[ISO_DX][0], &first->v.a[ISO_DY][0]);
    run(b, first, ISO_BACKWARD);
}

/* Forward a rounding error goes through both chains, backward through no more than both. */
static void check_cost(const struct layer *whole, const struct layer *first,
                       const struct layer *second)
{
    for (int pass = ISO_FORWARD; pass <= ISO_BACKWARD; pass++) {
        struct iso_cost all, a, b;
        iso_call_cost(whole->c.op, &whole->call, (enum iso_pass)pass, &all);
        iso_call_cost(first->c.op, &first->call, (enum iso_pass)pass, &a);
        iso_call_cost(second->c.op, &second->call, (enum iso_pass)pass, &b);
        assert_true(all.flops == a.flops + b.flops && all.bytes == a.bytes + b.bytes);
        assert_true(all.chain <= a.chain + b.chain);
        assert_true(pass == ISO_FORWARD ? all.chain == a.chain + b.chain
                                        : all.chain > a.chain && all.chain >= b.chain);
    }
}

static void check_layer(struct iso_backend *b, int i)
{
    struct layer whole, first, second;
    open_layer(&whole, ISO_OP_separable_conv2d, layers[i].whole);
    open_layer(&first, ISO_OP_depthwise_conv2d, layers[i].depthwise);
    open_layer(&second, ISO_OP_conv2d, layers[i].pointwise);
    run(b, &whole, ISO_FORWARD);
    run(b, &whole, ISO_BACKWARD);
    run_both(b, &whole.v, &first, &second);
    same(&whole.v.a[ISO_SAVED][0], &first.v.a[ISO_Y][0]);
    same(&whole.v.a[ISO_Y][0], &second.v.a[ISO_Y][0]);
    same(&whole.v.a[ISO_DX][0], &first.v.a[ISO_DX][0]);
    same(&whole.v.a[ISO_DW][0], &first.v.a[ISO_DW][0]);
    for (int w = 0; w < 2; w++)
        same(&whole.v.a[ISO_DW][1 + w], &second.v.a[ISO_DW][w]);
    check_cost(&whole, &first, &second);
    close_layer(&whole);
    close_layer(&first);
    close_layer(&second);
}

static void it_is_its_two_layers(void **state)
{
    static const struct {
        const char *device;
        enum iso_mode mode;
    } devices[] = {
        { "reference", ISO_MODE_EXACT },   { "reference:double", ISO_MODE_EXACT },
        { "cpu", ISO_MODE_EXACT },         { "cpu", ISO_MODE_FAST },
        { "opencl:pocl", ISO_MODE_EXACT },
    };
    (void)state;
    for (size_t d = 0; d < sizeof devices / sizeof devices[0]; d++) {
        struct iso_backend *b;
        if (iso_backend_open(devices[d].device, devices[d].mode, 2, &b) != ISO_OK) {
            print_message("  %s: left out: %s\n", devices[d].device, iso_error());
            iso_error_clear();
            continue;
        }
        for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++)
            check_layer(b, (int)i);
        iso_backend_close(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(it_is_its_two_layers) };
    return cmocka_run_group_tests_name("separable", tests, NULL, NULL);
}
