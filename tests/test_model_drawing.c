/* test_model_drawing.c: the drawing of a network has a box for each layer or for alike blocks, with
 * what the model file says of it, and lines from each box to those that read it. */
#include "cli.h"
#include "reading.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *picture = cli_out;

/* ---- Boxes --------------------------------------------------------------------------------- */

struct box {
    double y, height;
};

/* Draws a model of these layers, with these blocks, on images of 8 x 8. */
static void draw(const char *blocks, const char *layers)
{
    static char yaml[16 * 1024];
    snprintf(yaml, sizeof yaml,
             "model: net\ndata: {train: {dataset: builtin:digits, split: train}}\n"
             "input: {shape: [28, 28, 1]}\n%slayers:\n%s"
             "  - flatten: {name: flat}\n  - dense: {name: last, units: 10, activation: softmax}\n"
             "loss: categorical_crossentropy\noptimizer: sgd\n"
             "train: {batch_size: 5, epochs: 1}\n",
             blocks, layers);
    cli_write("net.yaml", yaml);
    if (cli_run("summary net.yaml --svg -") != 0)
        fail_msg("%s", cli_err);
}

/* Returns the box in which a text stands. */
static struct box box_of(const char *text)
{
    const double y = reading_attribute(reading_text(picture, text), "y");
    for (const char *at = picture; (at = strstr(at, "<rect class=\"box\"")) != NULL; at++) {
        const struct box b = { reading_attribute(at, "y"), reading_attribute(at, "height") };
        if (y > b.y && y < b.y + b.height)
            return b;
    }
    fail_msg("\"%s\" stands in no box", text);
    return (struct box){ 0, 0 };
}

/* All these texts stand in the box of a name. */
static void box_says(const char *name, const char *const *texts)
{
    const struct box own = box_of(name);
    for (; *texts != NULL; texts++) {
        bool found = false;
        for (const char *at = picture; !found && strstr(at, *texts) != NULL;) {
            at = reading_text(at, *texts);
            const double y = reading_attribute(at, "y");
            found = y > own.y && y < own.y + own.height;
            at = strchr(at, '>') + 1;
        }
        if (!found)
            fail_msg("the box of %s does not say \"%s\"", name, *texts);
    }
}
#define SAYS(name, ...) box_says(name, (const char *const[]){ __VA_ARGS__, NULL })

/* Each box begins below the one before, with room for an arrow. */
static void boxes_are_apart(void)
{
    double below = 0;
    for (const char *at = picture; (at = strstr(at, "<rect class=\"box\"")) != NULL; at++) {
        assert_true(reading_attribute(at, "y") > below + 17); /* with room for an arrow */
        below = reading_attribute(at, "y") + reading_attribute(at, "height");
    }
}

static void layers_have_boxes_below_each_other(void **state)
{
    (void)state;
    draw("",
         "  - conv2d: {name: first, filters: 4, kernel_size: 3, strides: 2, activation: relu}\n"
         "  - batch_normalization: {name: norm, trainable: false}\n"
         "  - conv2d: {name: second, filters: 6, kernel_size: [1, 5], trainable: false}\n");
    SAYS("input", "28x28x1", "as the data are");
    SAYS("first", "13x13x4", "40 parameters", "conv2d 3x3, strides 2, relu");
    SAYS("norm", "13x13x4", "16 parameters", "batch_normalization, frozen");
    SAYS("second", "13x9x6", "126 parameters", "conv2d 1x5, frozen");
    SAYS("flat", "702");
    SAYS("last", "10", "7030 parameters", "dense softmax");
    boxes_are_apart();
    assert_int_equal(reading_count(picture, "<rect class=\"box\""), 6);
    assert_int_equal(reading_count(picture, "<line class=\"edge\""), 5); /* each to the next */
    assert_null(strstr(picture, "<path class=\"edge\""));
}

/* ---- Lines --------------------------------------------------------------------------------- */

struct line {
    double from, to, x;
};

/* Reads the nth line at the side: "M480 yHxVyH484". */
static struct line line_of(int nth)
{
    const char *at = picture;
    struct line l;
    for (int i = 0; i <= nth; i++) {
        at = strstr(at + 1, "<path class=\"edge\" d=\"M480 ");
        assert_non_null(at);
    }
    assert_int_equal(
        sscanf(at, "<path class=\"edge\" d=\"M480 %lfH%lfV%lfH484\"", &l.from, &l.x, &l.to), 3);
    return l;
}

static void joins(const struct line *l, const char *from, const char *to)
{
    const struct box a = box_of(from), b = box_of(to);
    if (!(l->from > a.y && l->from < a.y + a.height && l->to > b.y && l->to < b.y + b.height))
        fail_msg("a line goes from %g to %g, not from %s to %s", l->from, l->to, from, to);
}

/* Lines to boxes further down go along the side, and lines that are there at once do not meet. */
static void lines_lead_to_what_reads_a_layer(void **state)
{
    (void)state;
    draw("",
         "  - conv2d: {name: a, filters: 1, kernel_size: 3, padding: same}\n"
         "  - conv2d: {name: b, filters: 1, kernel_size: 3, padding: same}\n"
         "  - add: {name: c, inputs: [b, input]}\n"
         "  - conv2d: {name: dd, filters: 1, kernel_size: 3, padding: same}\n"
         "  - add: {name: e, inputs: [dd, a]}\n"
         "  - conv2d: {name: f, filters: 1, kernel_size: 3, padding: same}\n"
         "  - add: {name: g, inputs: [f, e]}\n");
    const struct line input = line_of(0), a = line_of(1), e = line_of(2);
    assert_int_equal(reading_count(picture, "<path class=\"edge\""), 3);
    joins(&input, "input", "c");
    joins(&a, "a", "e");
    joins(&e, "e", "g");
    assert_true(input.x > 480 && a.x > input.x + 5); /* both pass b */
    assert_true(e.x == input.x);                     /* the first one has ended */
    assert_int_equal(reading_count(picture, "<path class=\"arrow\""), 9 + 3);
    const char *size = strstr(picture, "viewBox=\"0 0 ");
    assert_true(strtod(size + strlen("viewBox=\"0 0 "), NULL) > a.x);
}

/* ---- Folds --------------------------------------------------------------------------------- */

static const char pair[] =
    "blocks:\n  pair:\n    parameters: {k: 3, s: 1}\n    layers:\n"
    "      - conv2d: {name: c, filters: 4, kernel_size: $k, strides: $s, padding: same}\n"
    "      - batch_normalization: {name: n}\n";

/* Blocks share a box if nothing but their names differs: here one that reads other channels comes
 * first, and two alike ones follow. */
static void alike_blocks_share_a_box(void **state)
{
    static const char *const more[] = { "k: 5", "s: 2", "trainable: false" };
    char layers[512];
    (void)state;
    draw(pair, "  - pair: {name: p1}\n  - pair: {name: p2}\n  - pair: {name: p3}\n");
    boxes_are_apart();
    SAYS("p1", "28x28x4", "56 parameters");
    SAYS("2 \xc3\x97 p2 \xe2\x80\xa6 p3", "28x28x4", "328 parameters",
         "conv2d 4, 3x3, same \xc2\xb7 batch_normalization");
    assert_int_equal(reading_count(picture, "<rect class=\"box\""), 5);
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        snprintf(layers, sizeof layers,
                 "  - pair: {name: p1}\n  - pair: {name: p2}\n  - pair: {name: p3, %s}\n", more[i]);
        draw(pair, layers);
        assert_null(strstr(picture, "\xc3\x97"));
        assert_int_equal(reading_count(picture, "<rect class=\"box\""), 6);
    }
    SAYS("p3, frozen", "164 parameters");
    /* The shape in a box is that of its last layer: strides halve the images each time. */
    draw(pair, "  - pair: {name: p1, s: 2}\n  - pair: {name: p2, s: 2}\n");
    SAYS("p1", "14x14x4");
    SAYS("p2", "7x7x4");
    assert_null(strstr(picture, "\xc3\x97"));
}

static void a_block_has_the_shape_of_its_last_layer(void **state)
{
    static const char half[] =
        "blocks:\n  half:\n    layers:\n"
        "      - conv2d: {name: c, filters: 4, kernel_size: 3, padding: same}\n"
        "      - max_pooling2d: {name: p, pool_size: 2}\n";
    (void)state;
    draw(half, "  - half: {name: h1}\n  - half: {name: h2}\n");
    SAYS("h1", "14x14x4");
    SAYS("h2", "7x7x4");
}

/* A block that reads another layer than the one before it is not like one that does not. */
static void blocks_that_read_other_layers_differ(void **state)
{
    static const char join[] =
        "blocks:\n  join:\n    layers:\n"
        "      - activation: {name: r, function: relu}\n"
        "      - add: {name: j, inputs: [r, input]}\n";
    (void)state;
    draw(
        join,
        "  - activation: {name: a, function: relu}\n"
        "  - join: {name: j1}\n  - join: {name: j2, inputs: a}\n  - add: {inputs: [j1_j, j2_j]}\n");
    assert_null(strstr(picture, "\xc3\x97"));
    draw(join,
         "  - activation: {name: a, function: relu}\n"
         "  - join: {name: j1}\n  - join: {name: j2}\n");
    SAYS("2 \xc3\x97 j1 \xe2\x80\xa6 j2", "28x28x1");
}

/* A block of more than 20 layers is shown as the blocks in it. */
static void large_blocks_are_shown_as_those_inside(void **state)
{
    static const char nested[] =
        "blocks:\n"
        "  small: {layers: [activation: {name: r, function: relu}, activation: {name: t, function: "
        "tanh}]}\n"
        "  large: {layers: [small: {name: s, first: 1, repeat: %d}]}\n";
    char blocks[512];
    (void)state;
    snprintf(blocks, sizeof blocks, nested, 3);
    draw(blocks, "  - large: {name: l}\n");
    assert_int_equal(reading_count(picture, "<rect class=\"box\""), 4);
    SAYS("3 \xc3\x97 l_s1 \xe2\x80\xa6 l_s3", "relu \xc2\xb7 tanh");
    snprintf(blocks, sizeof blocks, nested, 11);
    draw(blocks, "  - large: {name: l}\n");
    SAYS("11 \xc3\x97 l_s1 \xe2\x80\xa6 l_s11", "relu \xc2\xb7 tanh");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(layers_have_boxes_below_each_other),
        TEST(lines_lead_to_what_reads_a_layer),
        TEST(alike_blocks_share_a_box),
        TEST(blocks_that_read_other_layers_differ),
        TEST(a_block_has_the_shape_of_its_last_layer),
        TEST(large_blocks_are_shown_as_those_inside),
    };
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
