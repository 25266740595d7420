/* test_shards.c: a step in shards gives what its definition says, whoever computes it: each shard a
 * batch of its own, its losses divided by the rows of the step, and a balanced tree over the sums.
 */
#include "core/arithmetic/formulas.h"
#include "core/arithmetic/random.h"
#include "core/train/exec_private.h"
#include "core/ops/batch_normalization.h"
#include "network.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BATCH = 22, SHORT = 13, SIDE = 6, CHANNELS = 2, PIXELS = SIDE * SIDE * CHANNELS };
enum { CLASSES = 5, MOST = 4096, MOST_SHARDS = 32 };

static const char model_text[] =
    "input: {shape: [6, 6, 2], scale: 1/255}\n"
    "augmentation: [{random_brightness: {factor: [-0.2, 0.2]}}, {mixup: {alpha: 0.4}}]\n"
    "layers:\n"
    "  - conv2d: {filters: 4, kernel_size: 3, kernel_regularizer: {l2: 0.01}}\n"
    "  - batch_normalization: {momentum: 0.9, moving_variance_correction: bessel}\n"
    "  - activation: relu\n"
    "  - spatial_dropout2d: 0.3\n"
    "  - flatten\n"
    "  - dense: {units: 9, activation: tanh}\n"
    "  - batch_normalization\n"
    "  - dropout: 0.4\n"
    "  - dense: {units: 5, activation: softmax}\n"
    "loss: categorical_crossentropy\n"
    "class_weight: {1: 3, 4: 0.5}\n"
    "metrics: [accuracy, confusion_matrix]\n"
    "optimizer: %s\n"
    "train: {shards: %d}\n";

static float images[BATCH * PIXELS];
static int32_t classes[BATCH];

static void draw_batch(void)
{
    for (uint32_t i = 0; i < BATCH * PIXELS; i++)
        images[i] = iso_unit(iso_philox(i, 0, 0, ISO_RANDOM_TEST, 1, 0).v[0]);
    for (uint32_t i = 0; i < BATCH; i++)
        classes[i] = (int32_t)(iso_philox(i, 0, 1, ISO_RANDOM_TEST, 1, 0).v[0] % CLASSES);
}

/* A network of this text on a device, with initial weights. */
static void begin(struct network *n, const char *text, int64_t batch, const char *device,
                  int threads, bool keep_all)
{
    const struct iso_exec_options o = {
        .training = true, .keep_all = keep_all, .seed = 7, .log_steps = 3
    };
    memset(n, 0, sizeof *n);
    must(iso_model_parse("shards.yaml", text, &n->faults, &n->model));
    must(iso_graph_build(n->model, 0, batch, &n->faults, &n->graph));
    must(iso_backend_open(device, ISO_MODE_EXACT, threads, &n->backend));
    network_begin(n, &o);
}

static void begin_model(struct network *n, const char *optimizer, int shards, int64_t batch,
                        const char *device, int threads, bool keep_all)
{
    char text[2048];
    snprintf(text, sizeof text, model_text, optimizer, shards);
    begin(n, text, batch, device, threads, keep_all);
}

/* Three steps, the last with a short batch. */
static void train(struct network *n, char hex[65])
{
    static const int64_t rows[] = { BATCH, BATCH, SHORT };
    for (uint64_t step = 0; step < 3; step++) {
        must(iso_exec_feed(n->exec, rows[step], images, classes, NULL));
        must(iso_exec_train(n->exec, step, 0));
        must(iso_exec_update(n->exec, step, 0.01));
    }
    must(iso_exec_hash(n->exec, hex));
}

static void hash_of(const char *optimizer, int shards, const char *device, int threads,
                    char hex[65])
{
    struct network n;
    begin_model(&n, optimizer, shards, BATCH, device, threads, false);
    train(&n, hex);
    network_close(&n);
}

/* ---- The definition -------------------------------------------------------------------------- */

/* Sums of one shard. */
struct shard {
    float *gradient[64]; /* by weight; NULL: none, or a statistic's sums */
    float log[16];
};
struct definition {
    struct network *plain; /* a network without shards, for as many rows as a shard has */
    struct shard *shard;
    int64_t step_rows, first_row;
};

static int weight_of(const struct network *n, int value)
{
    for (int i = 0; i < iso_exec_nweights(n->exec); i++)
        if (strcmp(iso_exec_weight(n->exec, i), n->graph->values[value].name) == 0)
            return i;
    return -1;
}

static float *read_floats(struct network *n, const struct iso_tensor *t)
{
    float *v = calloc((size_t)iso_shape_count(&t->shape), sizeof *v);
    must(iso_tensor_read_f32(n->backend, t, v));
    return v;
}

/* A sum over rows of f, as core/arithmetic/order.h has it. mean NULL: of x; else of the squares
 * about it. */
static float row_sum(const float *x, struct iso_rows rows, int64_t channels, const float *mean)
{
    float total = 0;
    for (int64_t g = 0, end; g < rows.rows; g = end) {
        float group = 0;
        end = iso_group_end(rows, g);
        for (int64_t b = g, stop; b < end; b = stop) {
            float sum = 0, square = 0;
            stop = iso_block_end(rows, b);
            for (int64_t r = b; r < stop; r++)
                sum += x[r * channels];
            const float own = iso_bn_block_mean(sum, (float)(stop - b));
            for (int64_t r = b; r < stop; r++)
                square = iso_bn_square(x[r * channels] - own, square);
            group += mean == NULL ? sum
                                  : iso_bn_block_square(own, square, (float)(stop - b), *mean);
        }
        total += group;
    }
    return total;
}

/* The sums that the moving statistics of a node need, in place of their gradients. */
static void note_statistics(struct definition *d, int node, const struct iso_call *c)
{
    const struct iso_bn_rows s = iso_bn_rows(&c->x[0].shape);
    const struct iso_rows rows = { s.rows, s.per_image };
    float *x = read_floats(d->plain, &c->x[0]);
    float *sum = calloc((size_t)s.channels, sizeof *sum), *square = calloc((size_t)s.channels, 4);
    for (int64_t k = 0; k < s.channels; k++) {
        sum[k] = row_sum(x + k, rows, s.channels, NULL);
        const float mean = iso_div(sum[k], (float)s.rows);
        square[k] = row_sum(x + k, rows, s.channels, &mean);
    }
    const int *w = d->plain->graph->nodes[node].w;
    d->shard->gradient[weight_of(d->plain, w[ISO_BN_MOVING_MEAN])] = sum;
    d->shard->gradient[weight_of(d->plain, w[ISO_BN_MOVING_VARIANCE])] = square;
    free(x);
}

static bool is_penalty(const struct network *n, int node)
{
    return iso_ops[n->graph->nodes[node].op].kind == ISO_PENALTY;
}

/* A node of a shard: a batch of its own, but for the numbers of its rows and the step's rows. */
static iso_rc run_in_shard(void *self, int node, enum iso_pass pass)
{
    struct definition *d = self;
    struct iso_exec *e = d->plain->exec;
    struct iso_call c;
    if (is_penalty(d->plain, node))
        return ISO_OK;
    iso_exec_call(e, node, pass, true, 5, 0, &c);
    c.first_row = d->first_row;
    if (d->plain->graph->nodes[node].op != ISO_OP_batch_normalization)
        c.step_rows = d->step_rows;
    else if (pass == ISO_FORWARD)
        note_statistics(d, node, &c);
    return iso_exec_launch(e, node, pass, &c);
}

static iso_rc run_penalty(void *self, int node, enum iso_pass pass)
{
    struct network *n = self;
    struct iso_call c;
    iso_exec_call(n->exec, node, pass, true, 5, 0, &c);
    return is_penalty(n, node) ? iso_exec_launch(n->exec, node, pass, &c) : ISO_OK;
}

static void compute_shard(struct definition *d, int64_t rows)
{
    struct network *n = d->plain;
    double log[16];
    char name[ISO_NAME + 2];
    must(
        iso_exec_feed(n->exec, rows, images + d->first_row * PIXELS, classes + d->first_row, NULL));
    must(iso_exec_walk(n->exec, ISO_FORWARD, run_in_shard, d));
    must(iso_exec_walk(n->exec, ISO_BACKWARD, run_in_shard, d));
    must(iso_exec_log(n->exec, 1, log));
    for (int i = 0; i < n->graph->step_columns; i++)
        d->shard->log[i] = (float)log[i];
    for (int i = 0; i < iso_exec_nweights(n->exec); i++) {
        struct iso_tensor t;
        snprintf(name, sizeof name, "d/%s", iso_exec_weight(n->exec, i));
        if (iso_exec_tensor(n->exec, name, &t))
            d->shard->gradient[i] = read_floats(n, &t);
    }
}

/* Node (level, i) of the tree over n shards. Returns false if it is empty. */
static bool tree(float *const *leaf, int n, int level, int i, int64_t at, float *out)
{
    float left, right;
    if (level == 0) {
        if (i < n)
            *out = leaf[i][at];
        return i < n;
    }
    if (!tree(leaf, n, level - 1, 2 * i, at, &left))
        return false;
    *out = tree(leaf, n, level - 1, 2 * i + 1, at, &right) ? iso_add(left, right) : left;
    return true;
}

static int log2_of(int n) { return n > 1 ? 1 + log2_of(n / 2) : 0; }

/* Sums weight w's tensors over the shards. Its owner frees the result. */
static float *sum_tree(const struct shard *s, int n, int shards, int w, int64_t count)
{
    float *leaf[MOST_SHARDS], *sum = calloc((size_t)count, sizeof *sum);
    for (int i = 0; i < n; i++)
        leaf[i] = s[i].gradient[w];
    for (int64_t k = 0; k < count; k++)
        assert_true(tree(leaf, n, log2_of(shards), 0, k, &sum[k]));
    return sum;
}

/* Puts the sums where the gradients of the plain network are, and adds the penalties' to them. */
static void finish(struct network *plain, const struct shard *s, int n, int shards)
{
    char name[ISO_NAME + 2];
    for (int w = 0; w < iso_exec_nweights(plain->exec); w++) {
        struct iso_tensor t;
        snprintf(name, sizeof name, "d/%s", iso_exec_weight(plain->exec, w));
        if (!iso_exec_tensor(plain->exec, name, &t))
            continue;
        float *sum = sum_tree(s, n, shards, w, iso_shape_count(&t.shape));
        must(iso_tensor_write_f32(plain->backend, &t, sum));
        free(sum);
    }
    must(iso_exec_walk(plain->exec, ISO_FORWARD, run_penalty, plain));
    must(iso_exec_walk(plain->exec, ISO_BACKWARD, run_penalty, plain));
}

static void expect_floats(struct network *a, const struct iso_tensor *t, struct network *b,
                          const struct iso_tensor *u, const char *name)
{
    float *x = read_floats(a, t), *y = read_floats(b, u);
    if (memcmp(x, y, (size_t)iso_shape_count(&t->shape) * sizeof *x) != 0)
        fail_msg("%s has other bits: %.9g, ... instead of %.9g, ...", name, x[0], y[0]);
    free(x);
    free(y);
}

static void expect_gradients(struct network *n, struct network *plain)
{
    for (int i = 0; i < plain->graph->nvalues; i++) {
        const struct iso_value *v = &plain->graph->values[i];
        const struct iso_tensor t = iso_exec_gradient(n->exec, i);
        const struct iso_tensor u = iso_exec_gradient(plain->exec, i);
        if (v->role == ISO_ROLE_WEIGHT && v->gradient)
            expect_floats(n, &t, plain, &u, v->name);
    }
}

/* moving = 0.9 or 0.99 moving + ... of the sums, from the initial values 0 and 1. */
static void expect_statistics(struct network *n, const struct shard *s, int shards, int count,
                              int64_t rows, int node)
{
    const struct iso_node *bn = &n->graph->nodes[node];
    const struct iso_batch_normalization *p = bn->params;
    struct iso_shape x = n->graph->values[bn->x[0]].shape;
    x.dim[0] = rows;
    for (int k = 0; k < 2; k++) {
        const int w = weight_of(n, bn->w[ISO_BN_MOVING_MEAN + k]);
        const double by = k == 0 ? (double)iso_bn_rows(&x).rows : iso_bn_moving_rows(p, &x);
        struct iso_tensor t = iso_exec_value(n->exec, bn->w[ISO_BN_MOVING_MEAN + k]);
        const int64_t channels = iso_shape_count(&t.shape);
        float *sum = sum_tree(s, count, shards, w, channels), *got = read_floats(n, &t);
        for (int64_t c = 0; c < channels; c++) {
            const float want = iso_bn_moving(k == 0 ? 0.0f : 1.0f, iso_div(sum[c], (float)by),
                                             (float)p->momentum, (float)(1 - p->momentum));
            if (memcmp(&want, &got[c], sizeof want) != 0)
                fail_msg("%s[%d] is %.9g, not %.9g", iso_exec_weight(n->exec, w), (int)c, got[c],
                         want);
        }
        free(sum);
        free(got);
    }
}

static void expect_log(struct network *n, struct network *plain, const struct shard *s, int count,
                       int shards)
{
    double got[16], penalties[16];
    float leaf[MOST_SHARDS], *leaves[MOST_SHARDS];
    must(iso_exec_log(n->exec, 1, got));
    must(iso_exec_log(plain->exec, 1, penalties)); /* after its penalties ran */
    for (int i = 0; i < n->graph->step_columns; i++) {
        float want;
        for (int k = 0; k < count; k++)
            leaf[k] = s[k].log[i], leaves[k] = &leaf[k];
        assert_true(tree(leaves, count, log2_of(shards), 0, 0, &want));
        double whole = want;
        for (int c = n->graph->step_columns; i == 0 && c < n->graph->columns; c++)
            whole += penalties[c];
        assert_true(got[i] == whole);
    }
}

static void free_shards(struct shard *s, int n)
{
    for (int i = 0; i < n; i++)
        for (int w = 0; w < 64; w++)
            free(s[i].gradient[w]);
}

static void check_definition(int shards, int64_t rows, const char *device, int threads)
{
    static struct shard s[MOST_SHARDS];
    struct network sharded, plain;
    const int64_t each = (BATCH + shards - 1) / shards;
    int count = 0;
    memset(s, 0, sizeof s);
    begin_model(&sharded, "{sgd: {learning_rate: 0.1}}", shards, BATCH, device, threads, false);
    begin_model(&plain, "{sgd: {learning_rate: 0.1}}", 1, each, "reference", 0, true);
    for (int64_t first = 0; first < rows; first += each, count++) {
        struct definition d = { &plain, &s[count], rows, first };
        compute_shard(&d, rows - first < each ? rows - first : each);
    }
    finish(&plain, s, count, shards);
    must(iso_exec_feed(sharded.exec, rows, images, classes, NULL));
    must(iso_exec_train(sharded.exec, 5, 0));
    expect_gradients(&sharded, &plain);
    for (int i = 0; i < plain.graph->nnodes; i++)
        if (plain.graph->nodes[i].op == ISO_OP_batch_normalization && count > 1)
            expect_statistics(&sharded, s, shards, count, rows, i);
    expect_log(&sharded, &plain, s, count, shards);
    free_shards(s, count);
    network_close(&sharded);
    network_close(&plain);
}

static void shards_are_what_their_definition_says(void **state)
{
    (void)state;
    draw_batch();
    for (int shards = 1; shards <= 32; shards *= 2) {
        check_definition(shards, BATCH, "reference", 0);
        check_definition(shards, SHORT, "reference", 0);
        check_definition(shards, BATCH, "cpu", 2);
    }
}

/* ---- The same bits everywhere ---------------------------------------------------------------- */

static void expect_hash(const char *optimizer, int shards, const char *device, int threads,
                        const char *want)
{
    char got[65];
    hash_of(optimizer, shards, device, threads, got);
    if (strcmp(got, want) != 0)
        fail_msg("%s, %d shards on %s: %.12s... instead of %.12s...", optimizer, shards, device,
                 got, want);
}

static void every_device_and_optimizer_gives_the_same_bits(void **state)
{
    (void)state;
    draw_batch();
    for (int op = 0; op < ISO_OP_COUNT; op++)
        for (int shards = 1; shards <= 8 && iso_ops[op].kind == ISO_OPTIMIZER; shards *= 2) {
            char optimizer[64], want[65];
            snprintf(optimizer, sizeof optimizer, "{%s: {global_clipnorm: 1}}", iso_ops[op].name);
            hash_of(optimizer, shards, "reference", 0, want);
            expect_hash(optimizer, shards, "cpu", 1, want);
            expect_hash(optimizer, shards, "cpu", 2, want);
        }
}

static void opencl_gives_the_same_bits(void **state)
{
    (void)state;
    struct iso_backend *b;
    draw_batch();
    if (iso_backend_open("opencl:pocl", ISO_MODE_EXACT, 0, &b) != ISO_OK) {
        iso_error_clear();
        skip();
    }
    iso_backend_close(b);
    for (int shards = 1; shards <= 8; shards *= 2) {
        char want[65];
        hash_of("adam", shards, "reference", 0, want);
        expect_hash("adam", shards, "opencl:pocl", 0, want);
    }
}

static void the_number_of_shards_is_part_of_the_arithmetic(void **state)
{
    char one[65], two[65];
    (void)state;
    draw_batch();
    hash_of("adam", 1, "reference", 0, one);
    hash_of("adam", 2, "reference", 0, two);
    assert_string_not_equal(one, two);
}

/* ---- Gradients ------------------------------------------------------------------------------- */

/* A row of a dense network contributes one product to each sum, so that shards of one row show all
 * terms. */
static const char dense_text[] =
    "input: {shape: [6, 6, 2]}\n"
    "layers:\n"
    "  - flatten\n"
    "  - dense: {units: 9, activation: tanh}\n"
    "  - dense: {units: 5, activation: softmax}\n"
    "loss: categorical_crossentropy\n"
    "optimizer: sgd\n"
    "train: {shards: %d}\n";

static double *gradient_in_double(int shards, int64_t rows, int64_t first, int64_t of, int *count)
{
    struct network n;
    char text[512];
    int value = 0;
    snprintf(text, sizeof text, dense_text, shards);
    begin(&n, text, rows, "reference:double", 0, false);
    must(iso_exec_feed(n.exec, rows, images + first * PIXELS, classes + first, NULL));
    must(iso_exec_train(n.exec, 0, 0));
    while (n.graph->values[value].role != ISO_ROLE_WEIGHT)
        value++;
    const struct iso_tensor t = iso_exec_gradient(n.exec, value);
    *count = (int)iso_shape_count(&t.shape);
    double *v = calloc((size_t)*count, sizeof *v);
    must(iso_tensor_read(n.backend, &t, v));
    for (int i = 0; i < *count; i++)
        v[i] *= (double)rows / (double)of;
    network_close(&n);
    return v;
}

/* However a sum of n terms is ordered, it errs by at most n eps times the sum of their sizes. */
static void four_shards_give_the_gradient_of_one(void **state)
{
    int count;
    (void)state;
    draw_batch();
    double *one = gradient_in_double(1, BATCH, 0, BATCH, &count);
    double *four = gradient_in_double(4, BATCH, 0, BATCH, &count);
    double *sizes = calloc((size_t)count, sizeof *sizes), most = 0;
    for (int row = 0; row < BATCH; row++) {
        double *term = gradient_in_double(1, 1, row, BATCH, &count);
        for (int i = 0; i < count; i++)
            sizes[i] += fabs(term[i]);
        free(term);
    }
    for (int i = 0; i < count; i++) {
        assert_true(fabs(one[i] - four[i]) <= 2 * (BATCH + 2) * 0x1p-53 * sizes[i]);
        most = fmax(most, fabs(one[i]));
    }
    assert_true(most > 0);
    free(one);
    free(four);
    free(sizes);
}

/* ---- Rows of a data set ---------------------------------------------------------------------- */

static const char digits_text[] =
    "input: {shape: [28, 28, 1], scale: 1/255}\n"
    "layers:\n"
    "  - conv2d: {filters: 2, kernel_size: 3, strides: 3, trainable: "
    "false}\n"
    "  - flatten\n"
    "  - dense: {units: 7, activation: relu}\n"
    "  - batch_normalization\n"
    "  - dense: {units: 10, activation: softmax}\n"
    "loss: categorical_crossentropy\n"
    "optimizer: sgd\n"
    "train: {shards: 4}\n";

/* Trains on 60 digits, of which the last batch has 16. */
static void train_on_digits(bool stream, bool keep, char hex[65])
{
    const struct iso_dataset_request r = {
        .name = "builtin:digits", .split = "train", .limit = 60, .stream = stream
    };
    struct iso_dataset *d = NULL;
    struct network n;
    must(iso_dataset_load(&r, &d));
    begin(&n, digits_text, BATCH, "cpu", 2, false);
    must(iso_exec_data(n.exec, 0, d));
    assert_true(iso_exec_streams(n.exec, 0) == stream);
    if (keep)
        must(iso_exec_keep(n.exec, NULL));
    for (uint64_t step = 0; step < 6; step++) {
        const int64_t first = (int64_t)(step % 3) * BATCH;
        must(iso_exec_gather(n.exec, 0, first, 60 - first < BATCH ? 60 - first : BATCH));
        must(iso_exec_train(n.exec, step, 0));
        must(iso_exec_update(n.exec, step, 0.1));
    }
    must(iso_exec_hash(n.exec, hex));
    network_close(&n);
    iso_dataset_free(d);
}

static void streamed_and_kept_rows_make_the_same_shards(void **state)
{
    char want[65], got[65];
    (void)state;
    train_on_digits(false, false, want);
    for (int i = 1; i < 4; i++) {
        train_on_digits(i & 1, i & 2, got);
        assert_string_equal(got, want);
    }
}

/* ---- Memory ---------------------------------------------------------------------------------- */

static void the_refusal_names_the_smallest_number_of_shards(void **state)
{
    struct network n;
    char text[2048];
    (void)state;
    snprintf(text, sizeof text, model_text, "adam", 1);
    memset(&n, 0, sizeof n);
    must(iso_model_parse("shards.yaml", text, &n.faults, &n.model));
    must(iso_graph_build(n.model, 0, 1024, &n.faults, &n.graph));
    must(iso_backend_open("reference", ISO_MODE_EXACT, 0, &n.backend));
    const struct iso_exec_options o = { .training = true, .log_steps = 1 };
    n.backend->max_alloc = (size_t)300 * PIXELS * 4; /* 256 rows of images, and not 512 */
    assert_int_equal(iso_exec_new(n.graph, n.backend, &o, &n.exec), ISO_ENOMEM);
    if (strstr(iso_error(), "try --set train.shards=4, which") == NULL)
        fail_msg("%s", iso_error());
    iso_error_clear();
    iso_graph_free(n.graph);
    n.model->shards = 4;
    must(iso_graph_build(n.model, 0, 1024, &n.faults, &n.graph));
    must(iso_exec_new(n.graph, n.backend, &o, &n.exec));
    network_close(&n);
}

static void shards_save_memory(void **state)
{
    const struct iso_exec_options o = { .training = true, .log_steps = 3, .plan_only = true };
    struct network n;
    (void)state;
    begin_model(&n, "adam", 1, 1024, "reference", 0, false);
    const uint64_t one = iso_exec_bytes(n.exec);
    const uint64_t many = iso_exec_bytes_in_shards(n.graph, n.backend, &o, 32);
    assert_int_equal(iso_exec_bytes_in_shards(n.graph, n.backend, &o, 1), one);
    assert_true(many > 0 && many * 8 < one);
    network_close(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shards_are_what_their_definition_says),
        cmocka_unit_test(every_device_and_optimizer_gives_the_same_bits),
        cmocka_unit_test(opencl_gives_the_same_bits),
        cmocka_unit_test(the_number_of_shards_is_part_of_the_arithmetic),
        cmocka_unit_test(four_shards_give_the_gradient_of_one),
        cmocka_unit_test(streamed_and_kept_rows_make_the_same_shards),
        cmocka_unit_test(the_refusal_names_the_smallest_number_of_shards),
        cmocka_unit_test(shards_save_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
