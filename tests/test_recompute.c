/* test_recompute.c: layers whose results are not kept for the backward pass but computed again
 * (`recompute: true`, `train: {memory: }`) leave every bit as it is, and need less memory. */
#include "core/model/graph.h"
#include "core/arithmetic/random.h"
#include "network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BATCH = 12, MIB = 1 << 20 };

/* Draws a batch for the network's input and classes. */
static void draw(struct network *n, int64_t rows, float **images, int32_t **classes)
{
    const struct iso_value *input = &n->graph->values[n->graph->input];
    const int64_t size = iso_shape_count(&input->shape) / input->shape.dim[0];
    *images = calloc((size_t)(rows * size), sizeof **images);
    *classes = calloc((size_t)rows, sizeof **classes);
    assert_true(*images != NULL && *classes != NULL);
    for (int64_t i = 0; i < rows * size; i++)
        (*images)[i] = 255 * iso_unit(iso_philox((uint32_t)i, 0, 0, ISO_RANDOM_TEST, 3, 0).v[0]);
    for (int64_t i = 0; i < rows; i++)
        (*classes)[i] = (int32_t)(iso_philox((uint32_t)i, 1, 0, ISO_RANDOM_TEST, 3, 0).v[0] %
                                  (uint32_t)n->graph->classes);
}

/* Trains three steps, of which the last has a short batch, and returns the bytes of values. */
static uint64_t train(struct network *n, enum iso_again again, char hex[65])
{
    const struct iso_exec_options o = {
        .training = true, .seed = 7, .log_steps = 1, .again = again
    };
    struct iso_memory memory[32];
    uint64_t bytes = 0;
    float *images;
    int32_t *classes;
    network_begin(n, &o);
    draw(n, n->graph->batch, &images, &classes);
    for (uint64_t i = 0; i < 3; i++) {
        const int64_t rows = n->graph->batch - (i == 2 ? n->graph->batch / 3 : 0);
        must(iso_exec_feed(n->exec, rows, images, classes, NULL));
        must(iso_exec_train(n->exec, i, 0));
        must(iso_exec_update(n->exec, i, 0.01));
    }
    must(iso_exec_hash(n->exec, hex));
    for (int i = iso_exec_memory(n->exec, memory, 32) - 1; i >= 0; i--)
        if (strcmp(memory[i].arena, "values") == 0)
            bytes = memory[i].bytes;
    iso_exec_free(n->exec);
    n->exec = NULL;
    free(images);
    free(classes);
    return bytes;
}

static void open_text(struct network *n, const char *text, int64_t batch, const char *device)
{
    memset(n, 0, sizeof *n);
    if (iso_model_parse("recompute.yaml", text, &n->faults, &n->model) != ISO_OK)
        iso_faults_print(&n->faults, stderr);
    assert_non_null(n->model);
    must(iso_graph_build(n->model, 0, batch, &n->faults, &n->graph));
    must(iso_backend_open(device, ISO_MODE_EXACT, 2, &n->backend));
}

/* ---- The same bits -------------------------------------------------------------------------- */

/* Every way in which layers depend on what runs again: statistics of batches, random masks, sums
 * that skip layers, saved places of maxima. */
static const char model_text[] =
    "input: {shape: [12, 12, 3], scale: 1/255}\n"
    "augmentation: [{random_brightness: {factor: [-0.2, 0.2]}}]\n"
    "blocks:\n"
    "  unit:\n"
    "    parameters: {filters: }\n"
    "    layers:\n"
    "      - conv2d: {filters: $filters, kernel_size: 3, padding: same}\n"
    "      - batch_normalization: {synchronized: %s, momentum: 0.5}\n"
    "      - activation: relu\n"
    "      - spatial_dropout2d: 0.2\n"
    "      - conv2d: {filters: $filters, kernel_size: 3, padding: same}\n"
    "      - batch_normalization: {synchronized: %s}\n"
    "      - add: {inputs: [batch_normalization_2, input]}\n"
    "      - activation: swish\n"
    "layers:\n"
    "  - conv2d: {filters: 8, kernel_size: 3, padding: same, activation: tanh}\n"
    "  - unit: {filters: 8, recompute: true, repeat: 2}\n"
    "  - max_pooling2d: 2\n"
    "  - unit: {filters: 8, recompute: true}\n"
    "  - flatten: {recompute: true}\n"
    "  - dense: {units: 20, activation: elu, recompute: true}\n"
    "  - dropout: {rate: 0.4, recompute: true}\n"
    "  - dense: {units: 5, activation: softmax}\n"
    "loss: categorical_crossentropy\n"
    "metrics: [accuracy]\n"
    "optimizer: adam\n"
    "train: {shards: %d}\n";

static void check(const char *device, const char *synchronized, int shards)
{
    struct network n;
    char text[2048], kept[65], again[65];
    snprintf(text, sizeof text, model_text, synchronized, synchronized, shards);
    open_text(&n, text, BATCH, device);
    const uint64_t with = train(&n, ISO_AGAIN_NEVER, kept);
    const uint64_t less = train(&n, ISO_AGAIN_AS_MODEL, again);
    if (strcmp(kept, again) != 0)
        fail_msg("%s, synchronized: %s, %d shards: other bits", device, synchronized, shards);
    assert_true(less * 4 < with * 3);
    network_close(&n);
}

static void blocks_that_run_again_leave_the_bits(void **state)
{
    static const char *const devices[] = { "reference", "cpu", "opencl:pocl" };
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct iso_backend *b = NULL;
        if (iso_backend_open(devices[i], ISO_MODE_EXACT, 1, &b) != ISO_OK) {
            print_message("  no %s\n", devices[i]);
            iso_error_clear();
            continue;
        }
        iso_backend_close(b);
        check(devices[i], "false", 4);
        if (i == 2) /* its kernels take seconds to compile */
            continue;
        check(devices[i], "false", 1);
        check(devices[i], "true", 4);
    }
}

/* Any layers may run again, whatever skips them or is fused with them. */
static void any_layers_may_run_again(void **state)
{
    static const char *const files[] = {
        "tests/models/residual.yaml",     "tests/models/resnet.yaml",
        "tests/models/inception.yaml",    "tests/models/fused.yaml",
        "tests/models/fused_frozen.yaml", "tests/models/passed_back.yaml",
    };
    static const char *const devices[] = { "reference", "cpu" };
    (void)state;
    for (int i = 0; i < 12; i++) {
        struct network n;
        char kept[65], again[65];
        network_open(&n, files[i / 2], 4, devices[i % 2], 2);
        train(&n, ISO_AGAIN_NEVER, kept);
        for (int size = 1; size < n.model->nlayers; size = size * 2 + 1) {
            for (int k = 0; k < n.model->nlayers; k++)
                n.model->layers[k].part = (k / size) % 4 < 3 ? k / size + 1 : 0;
            train(&n, ISO_AGAIN_AS_MODEL, again);
            if (strcmp(kept, again) != 0)
                fail_msg("%s on %s: other bits with parts of %d layers", files[i / 2],
                         devices[i % 2], size);
        }
        network_close(&n);
    }
}

/* ---- Memory --------------------------------------------------------------------------------- */

static uint64_t bytes_of(struct network *n, int64_t limit, enum iso_again again)
{
    const struct iso_exec_options o = {
        .training = true, .log_steps = 1, .plan_only = true, .again = again
    };
    n->model->memory = limit;
    return iso_exec_bytes_in_shards(n->graph, n->backend, &o, n->graph->shards);
}

static void a_limit_of_memory_is_kept(void **state)
{
    struct network n;
    char kept[65], again[65];
    (void)state;
    network_open(&n, "models/cifar10/model10.yaml", 16, "cpu", 2);
    const uint64_t most = bytes_of(&n, 0, ISO_AGAIN_AS_MODEL);
    const uint64_t least = bytes_of(&n, 0, ISO_AGAIN_MOST);
    assert_true(least > 0 && least < most);
    for (int i = 0; i <= 4; i++) {
        const int64_t limit = (int64_t)(least + (most - least) * (uint64_t)i / 4);
        const uint64_t bytes = bytes_of(&n, limit, ISO_AGAIN_AS_MODEL);
        assert_true(bytes > 0 && bytes <= (uint64_t)limit);
    }
    assert_int_equal(bytes_of(&n, (int64_t)most, ISO_AGAIN_AS_MODEL), most);
    assert_int_equal(bytes_of(&n, (int64_t)least - 1, ISO_AGAIN_AS_MODEL), 0);
    n.model->memory = 0;
    train(&n, ISO_AGAIN_NEVER, kept);
    n.model->memory = (int64_t)(least + most) / 2;
    train(&n, ISO_AGAIN_AS_MODEL, again);
    assert_string_equal(kept, again);
    network_close(&n);
}

static void a_limit_that_does_not_suffice_is_refused(void **state)
{
    struct network n;
    const struct iso_exec_options o = { .training = true, .log_steps = 1, .plan_only = true };
    struct iso_exec *e = NULL;
    char text[2048], said[512], wanted[80];
    (void)state;
    snprintf(text, sizeof text, model_text, "false", "false", 1);
    open_text(&n, text, 64, "cpu");
    n.model->memory = (int64_t)bytes_of(&n, 0, ISO_AGAIN_MOST) * 3 / 4;
    assert_int_equal(iso_exec_new(n.graph, n.backend, &o, &e), ISO_ENOMEM);
    iso_error_take(said, sizeof said);
    int64_t shards = 2;
    while (iso_exec_bytes_in_shards(n.graph, n.backend, &o, shards) == 0)
        shards *= 2;
    snprintf(wanted, sizeof wanted, "try --set train.shards=%lld, which", (long long)shards);
    assert_non_null(strstr(said, "does not suffice: even if layers run forward again"));
    if (strstr(said, wanted) == NULL)
        fail_msg("%s", said);
    network_close(&n);
}

/* A device that has no more memory than this for one allocation. */
static size_t room;
static const struct iso_backend_ops *real;
static iso_rc allocate_within(struct iso_backend *b, size_t bytes, struct iso_mem **out)
{
    return bytes > room ? iso_fail(ISO_ENOMEM, "the device is full") : real->alloc(b, bytes, out);
}

static void the_refusal_names_memory_that_suffices(void **state)
{
    struct network n;
    const struct iso_exec_options o = { .training = true, .log_steps = 1 };
    char text[2048], said[512], again[65];
    (void)state;
    snprintf(text, sizeof text, model_text, "false", "false", 1);
    open_text(&n, text, 256, "cpu");
    for (int i = 0; i < n.model->nlayers; i++)
        n.model->layers[i].part = 0;
    real = n.backend->ops;
    struct iso_backend_ops small = *real;
    small.alloc = allocate_within;
    n.backend->ops = &small;
    room = 12 * (size_t)MIB; /* values need 17.7 MiB, and 8.6 with most of them again */
    assert_int_equal(iso_exec_new(n.graph, n.backend, &o, &n.exec), ISO_ENOMEM);
    iso_error_take(said, sizeof said);
    const char *memory = strstr(said, "--set train.memory=");
    if (memory == NULL || strstr(said, "--set train.shards=2,") == NULL)
        fail_msg("%s", said);
    n.model->memory = atoi(memory + strlen("--set train.memory=")) * (int64_t)MIB;
    train(&n, ISO_AGAIN_AS_MODEL, again);
    n.backend->ops = real;
    network_close(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_that_run_again_leave_the_bits),
        cmocka_unit_test(any_layers_may_run_again),
        cmocka_unit_test(a_limit_of_memory_is_kept),
        cmocka_unit_test(a_limit_that_does_not_suffice_is_refused),
        cmocka_unit_test(the_refusal_names_memory_that_suffices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
