/* test_experiments.c: the networks of the published experiments have the parameters that their
 * sources print, and what batch normalization asks of the graph is there. */
#include "core/model/graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { BATCH = 3 };

static struct iso_faults faults;

static void open_graph(const char *path, struct iso_model **model, struct iso_graph **graph)
{
    if (iso_model_load(path, &faults, model) != ISO_OK ||
        iso_graph_build(*model, 0, BATCH, &faults, graph) != ISO_OK)
        fail_msg("%s: %s", path, iso_error());
}

static int64_t count_parameters(const struct iso_graph *graph, bool trainable)
{
    int64_t sum = 0;
    for (int i = 0; i < graph->nvalues; i++)
        if (graph->values[i].role == ISO_ROLE_WEIGHT && (graph->values[i].trainable || !trainable))
            sum += iso_shape_count(&graph->values[i].shape);
    return sum;
}

static void parameters_are_the_sources(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int64_t all, trainable;
    } models[] = {
        { "models/cifar10/base.yaml", 122570, 122570 },
        { "models/cifar10/model1.yaml", 171914, 171914 },
        { "models/cifar10/model2.yaml", 171914, 171914 },
        { "models/cifar10/model3.yaml", 319178, 319178 },
        { "models/cifar10/model4.yaml", 402282, 402282 },
        { "models/cifar10/model5.yaml", 279530, 279530 },
        { "models/cifar10/model6.yaml", 615786, 615786 },
        { "models/cifar10/model7.yaml", 280170, 279850 },
        { "models/cifar10/model8.yaml", 280170, 279850 },
        { "models/cifar10/model11.yaml", 895498, 893706 },
        { "models/cifar10/model10.yaml", 895498, 893706 },
        { "models/cifar100/elu.yaml", 6777060, 6777060 },
        { "tests/models/separable.yaml", 416, 291 }, /* as Keras counts them */
        { "models/fashion-mnist/deeper.yaml", 257221, 257221 - 192 },
        { "models/fashion-mnist/deeper-augmented.yaml", 257221, 257221 - 192 },
        { "models/fashion-mnist/brief.yaml", 804037, 804037 - 64 },
        { "models/fashion-mnist/vgg16.yaml", 18903045 + 14714688, 18903045 },
        { "models/fashion-mnist/resnet152.yaml", 2054005 + 58370944, 2054005 },
    };
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        struct iso_model *model = NULL;
        struct iso_graph *graph = NULL;
        open_graph(models[i].path, &model, &graph);
        assert_int_equal(count_parameters(graph, false), models[i].all);
        assert_int_equal(count_parameters(graph, true), models[i].trainable);
        iso_graph_free(graph);
        iso_model_free(model);
    }
}

/* Those that the authors' own code, or torchvision's, counts; moving statistics are none. */
static void networks_have_the_published_parameters(void **state)
{
    static const struct {
        const char *name;
        int64_t trainable;
    } models[] = {
        { "imagenet/mobilenet-v2", 3504872 },    { "imagenet/mobilenet-v3-small", 2542856 },
        { "imagenet/efficientnet-b0", 5288548 }, { "imagenet/resnext50", 25028904 },
        { "imagenet/shufflenet-v2", 2278604 },   { "imagenet/squeezenet", 1235496 },
        { "imagenet/densenet121", 7978856 },     { "imagenet/convnext-tiny", 28589128 },
        { "imagenet/resnet18", 11689512 },       { "imagenet/resnet34", 21797672 },
        { "cifar10/resnet20", 272474 },          { "imagenet/vit-tiny", 5717416 },
        { "imagenet/vit-b-16", 86567656 },       { "cifar10/vit-tiny", 5362762 },
        { "imagenet/swin-tiny", 28288354 },      { "imagenet/resnet50", 25583592 },
        { "imagenet/vgg16", 138357544 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        char path[64];
        struct iso_model *model = NULL;
        struct iso_graph *graph = NULL;
        snprintf(path, sizeof path, "models/%s.yaml", models[i].name);
        open_graph(path, &model, &graph);
        assert_int_equal(count_parameters(graph, true), models[i].trainable);
        iso_graph_free(graph);
        iso_model_free(model);
    }
}

/* The rate of the affine phase falls, as the source's log shows, and that of no other phase; the
 * transfer models get images as the source shows them, without a mean taken off. */
static void inferred_settings_are_the_sources(void **state)
{
    static const char *const raw[] = { "models/fashion-mnist/vgg16.yaml",
                                       "models/fashion-mnist/resnet152.yaml" };
    struct iso_model *model = NULL;
    struct iso_graph *graph = NULL;
    (void)state;
    open_graph("models/fashion-mnist/deeper-augmented.yaml", &model, &graph);
    assert_int_equal(model->phases[0].schedule.kind, ISO_RATE_CONSTANT);
    assert_int_equal(model->phases[1].schedule.kind, ISO_RATE_PLATEAU);
    assert_int_equal(model->phases[2].schedule.kind, ISO_RATE_RESTARTS);
    iso_graph_free(graph);
    iso_model_free(model);
    for (int i = 0; i < 2; i++) {
        open_graph(raw[i], &model, &graph);
        assert_int_equal(model->preprocessing, 0);
        assert_true(model->images.scale == 1 && model->images.mean.v[0] == 0);
        iso_graph_free(graph);
        iso_model_free(model);
    }
}

/* The figures that the sources print of a training: training accuracy and loss,
 * validation accuracy and loss, test accuracy and loss; 0: the source prints none. */
static void the_figures_of_the_sources_are_expected(void **state)
{
    static const struct {
        const char *path;
        int phase;
        double figures[6];
    } models[] = {
        { "cifar10/base", 0, { .7922, .5887 } },
        { "cifar10/model3", 0, { 0, 0, .7085, 1.0529 } },
        { "cifar10/model4", 0, { 0, 0, .7243, 1.0310 } },
        { "cifar10/model5", 0, { .7576, .6852, .6845, .8878 } },
        { "cifar10/model6", 0, { .1, 2.3026, .1, 2.3026 } },
        { "cifar10/model7", 0, { .8130, .5335, .7486, .7079 } },
        { "cifar10/model8", 0, { 0, 0, .4454, 1.4925 } },
        { "cifar10/model8", 1, { 0, 0, .4597, 1.4630 } },
        { "cifar10/model8", 2, { 0, 0, .7396, .7362 } },
        { "cifar10/model10", 0, { .9313, .2064, 0, .6264 } },
        { "cifar10/model11", 0, { 0, 0, .5708, 1.6443 } },
        { "fashion-mnist/brief", 0, { .9981, 0, .8932, 0, .8957, 1.0568 } },
        { "fashion-mnist/deeper", 0, { .9953, 0, .9195, 0, .9177 } },
        { "fashion-mnist/deeper-augmented", 1, { .8949, 0, .8657, 0, .8720, .3174 } },
        { "fashion-mnist/deeper-augmented", 2, { .9517, 0, .9133, 0, .9132, .2161 } },
        { "fashion-mnist/resnet152", 0, { .8223, 0, .8028, 0, .8113, .4626 } },
        { "fashion-mnist/vgg16", 0, { .9292, 0, .8678, 0, .8542, .3900 } },
    };
    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        struct iso_model *model = NULL;
        char path[64];
        snprintf(path, sizeof path, "models/%s.yaml", models[i].path);
        if (iso_model_load(path, &faults, &model) != ISO_OK)
            fail_msg("%s: %s", path, iso_error());
        const struct iso_expect *e = &model->phases[models[i].phase].expect;
        const double figures[6] = { e->training_accuracy, e->training_loss, e->validation_accuracy,
                                    e->validation_loss,   e->test_accuracy, e->test_loss };
        for (int k = 0; k < 6; k++)
            if (models[i].figures[k] != 0 && !(figures[k] == models[i].figures[k]))
                fail_msg("%s, phase %d: figure %d is %g, not %g", path, models[i].phase, k,
                         figures[k], models[i].figures[k]);
        assert_true(*e->source != '\0');
        iso_model_free(model);
    }
}

/* Statistics belong to the batch as a whole: a smaller last batch does not change their shape. */
static void statistics_have_no_batch(void **state)
{
    struct iso_model *model = NULL;
    struct iso_graph *graph = NULL;
    struct iso_call call;
    int found = 0;
    (void)state;
    open_graph("models/fashion-mnist/brief.yaml", &model, &graph);
    for (int i = 0; i < graph->nnodes; i++) {
        if (graph->nodes[i].op != ISO_OP_batch_normalization)
            continue;
        assert_int_equal(iso_graph_call(graph, i, 2, &call), ISO_OK);
        assert_int_equal(call.x[0].shape.dim[0], 2);
        for (int k = 0; k < 2; k++) {
            assert_int_equal(call.saved[k].shape.ndim, 1);
            assert_int_equal(call.saved[k].shape.dim[0], 32);
        }
        found++;
    }
    assert_int_equal(found, 1);
    iso_graph_free(graph);
    iso_model_free(model);
}

/* The weights that the params leave out are no values, and the others keep their places. */
static void weights_can_be_left_out(void **state)
{
    static const char text[] =
        "model: x\n"
        "input: {shape: [5]}\n"
        "layers:\n"
        "  - batch_normalization: {scale: false}\n"
        "  - dense: {units: 2, activation: softmax}\n"
        "loss: categorical_crossentropy\n"
        "optimizer: rmsprop\n";
    char path[] = "/tmp/isocl-test-experiments-XXXXXX";
    struct iso_model *model = NULL;
    struct iso_graph *graph = NULL;
    struct iso_call call;
    (void)state;
    FILE *file = fdopen(mkstemp(path), "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    open_graph(path, &model, &graph);
    assert_int_equal(iso_graph_find(graph, "batch_normalization_1/gamma"), -1);
    assert_true(iso_graph_find(graph, "batch_normalization_1/beta") >= 0);
    assert_int_equal(count_parameters(graph, false), 3 * 5 + 5 * 2 + 2);
    assert_int_equal(iso_graph_call(graph, 0, 1, &call), ISO_OK);
    assert_int_equal(call.w[0].shape.ndim, 0);
    assert_int_equal(call.w[1].shape.dim[0], 5);
    iso_graph_free(graph);
    iso_model_free(model);
    assert_int_equal(remove(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_are_the_sources),
        cmocka_unit_test(networks_have_the_published_parameters),
        cmocka_unit_test(inferred_settings_are_the_sources),
        cmocka_unit_test(the_figures_of_the_sources_are_expected),
        cmocka_unit_test(statistics_have_no_batch),
        cmocka_unit_test(weights_can_be_left_out),
    };
    return cmocka_run_group_tests_name("experiments", tests, NULL, NULL);
}
