/* test_api.c: a program that has isocl.h only trains, stops, resumes, evaluates and predicts as the
 * commands do, to the same bits. */
#include "core/isocl.h"
#include "core/iso.h"
#include "folder.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* 3 steps an epoch. */
static const char yaml[] =
    "model: api\n"
    "data:\n"
    "  train: {dataset: 'builtin:digits', split: train, count: 120}\n"
    "  validation: {dataset: 'builtin:digits', split: test, count: 60}\n"
    "input: {shape: [28, 28, 1], scale: 1/255, mean: auto, std: auto}\n"
    "layers:\n"
    "  - max_pooling2d: 4\n"
    "  - flatten\n"
    "  - dense: {units: 8, activation: relu}\n"
    "  - dense: {units: 10, activation: softmax}\n"
    "loss: categorical_crossentropy\n"
    "metrics: [accuracy]\n"
    "train: {batch_size: 50, seed: 3}\n"
    "phases: [{name: first, optimizer: adam, epochs: 2}, {name: second, optimizer: sgd, epochs: "
    "2}]\n";

static char folder[FOLDER];
static isocl_options *options;
static isocl_model *model;

static int setup(void **state)
{
    (void)state;
    if (folder_make(folder, "api") != 0 || isocl_options_new(&options) != ISOCL_OK ||
        isocl_model_parse(yaml, "api.yaml", &model) != ISOCL_OK)
        return -1;
    return isocl_options_set(options, "device", "cpu") == ISOCL_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    isocl_options_free(options);
    isocl_model_free(model);
    return folder_remove(folder);
}

static void set(const char *name, const char *value)
{
    assert_int_equal(isocl_options_set(options, name, value), ISOCL_OK);
}

/* Has the next training keep its run in folder/name. */
static void run_in(const char *name)
{
    char path[FOLDER + 32];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    set("run", path);
}

struct told { /* records the calls of callbacks */
    int phases, steps, epochs;
    isocl_training *training;
    int64_t stop_at; /* epoch; 0: never */
    int end;         /* their return value */
    char names[200];
    double loss, val_loss;
};

static int on_phase(void *self, const isocl_log *log)
{
    struct told *t = self;
    t->phases++;
    assert_string_equal(log->phase, t->phases == 1 ? "first" : "second");
    return 0;
}

static int on_step(void *self, const isocl_log *log)
{
    struct told *t = self;
    t->steps++;
    assert_true(log->count == 3 && log->step > 0);
    return 0;
}

static int on_epoch(void *self, const isocl_log *log)
{
    struct told *t = self;
    t->epochs++;
    *t->names = '\0';
    for (int i = 0; i < log->count; i++) {
        strcat(strcat(t->names, log->names[i]), " ");
        if (strcmp(log->names[i], "loss") == 0)
            t->loss = log->values[i];
        if (strcmp(log->names[i], "val_loss") == 0)
            t->val_loss = log->values[i];
    }
    if (log->epoch == t->stop_at)
        isocl_training_stop(t->training);
    return t->end;
}

/* Trains with the options that are set; NULL: goes on with the run. Writes the hash. */
static isocl_rc train(const isocl_model *m, struct told *t, char hash[65])
{
    isocl_rc rc = isocl_training_open(m, options, &t->training);
    if (rc != ISOCL_OK)
        return rc;
    isocl_training_on_phase(t->training, on_phase, t);
    isocl_training_on_step(t->training, on_step, t);
    isocl_training_on_epoch(t->training, on_epoch, t);
    rc = isocl_training_run(t->training);
    if (rc == ISOCL_OK) {
        assert_int_equal(isocl_training_finished(t->training), t->stop_at == 0);
        assert_int_equal(isocl_training_hash(t->training, hash), ISOCL_OK);
    }
    isocl_training_free(t->training);
    return rc;
}

static void train_whole(const char *name, char hash[65])
{
    struct told t = { 0 };
    run_in(name);
    assert_int_equal(train(model, &t, hash), ISOCL_OK);
}

/* ---- Cases --------------------------------------------------------------------------------- */

static void the_header_has_the_version_of_the_library(void **state)
{
    (void)state;
    char text[32];
    assert_string_equal(isocl_version(), ISOCL_VERSION);
    assert_string_equal(ISO_VERSION, ISOCL_VERSION);
    snprintf(text, sizeof text, "%d.%d.%d", ISOCL_VERSION_MAJOR, ISOCL_VERSION_MINOR,
             ISOCL_VERSION_PATCH);
    assert_string_equal(text, ISOCL_VERSION);
    assert_int_equal(isocl_arithmetic(), ISO_ARITH_VERSION);
#define SAME(name, value, text) assert_int_equal((int)ISOCL_##name, (int)ISO_##name);
    ISO_RC_MAP(SAME)
#undef SAME
}

static void callbacks_get_phases_steps_and_epochs(void **state)
{
    (void)state;
    struct told t = { 0 };
    char hash[65];
    run_in("told");
    assert_int_equal(train(model, &t, hash), ISOCL_OK);
    assert_int_equal(t.phases, 2);
    assert_int_equal(t.steps, 12);
    assert_int_equal(t.epochs, 4);
    assert_string_equal(t.names, "loss accuracy val_loss val_accuracy learning_rate ");
    assert_true(isfinite(t.loss) && isfinite(t.val_loss));
}

/* The option verify has the reference compute steps again; the training can be asked about it. */
static void a_training_is_verified(void **state)
{
    static const char *const bad[] = { "1/0", "sometimes", "200%" };
    isocl_training *training = NULL;
    char plain[65], verified[65];
    (void)state;
    train_whole("plain", plain);
    run_in("none");
    assert_int_equal(isocl_training_open(model, options, &training), ISOCL_OK);
    assert_null(isocl_training_verified(training));
    isocl_training_free(training);
    run_in("verified");
    set("verify", "1/5");
    assert_int_equal(isocl_training_open(model, options, &training), ISOCL_OK);
    const isocl_verified *v = isocl_training_verified(training);
    assert_non_null(v);
    assert_int_equal(v->steps, 0);
    assert_int_equal(isocl_training_run(training), ISOCL_OK);
    v = isocl_training_verified(training);
    assert_int_equal(v->steps, 3); /* the first, sixth and eleventh of 12 */
    assert_string_equal(v->device, "reference");
    assert_string_equal(v->compared, "bits");
    assert_string_equal(v->strayed, "");
    assert_true(v->seconds > 0);
    assert_int_equal(isocl_training_hash(training, verified), ISOCL_OK);
    assert_string_equal(plain, verified);
    isocl_training_free(training);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        set("verify", bad[i]);
        run_in("bad");
        assert_int_equal(isocl_training_open(model, options, &training), ISOCL_EUSAGE);
        assert_non_null(strstr(isocl_error(), "the option verify "));
    }
}

static void a_stopped_training_continues_to_the_same_weights(void **state)
{
    (void)state;
    struct told t = { .stop_at = 1 };
    char whole[65], stopped[65], resumed[65];
    train_whole("whole", whole);
    run_in("stopped");
    assert_int_equal(train(model, &t, stopped), ISOCL_OK);
    assert_string_not_equal(stopped, whole);
    t = (struct told){ .phases = 0 };
    set("resume", "true");
    assert_int_equal(train(NULL, &t, resumed), ISOCL_OK);
    assert_string_equal(resumed, whole);
}

static isocl_rows *load(const char *split, int64_t count)
{
    isocl_rows *all = NULL, *some = NULL;
    assert_int_equal(isocl_rows_load("builtin:digits", split, NULL, &all), ISOCL_OK);
    const isocl_rows_shape *s = isocl_rows_about(all);
    uint8_t *x = malloc((size_t)count * 784);
    assert_non_null(x);
    assert_int_equal(isocl_rows_images(all, 0, count, x), ISOCL_OK);
    const isocl_array images = { x, "|u1", 4, { count, s->height, s->width, s->channels } };
    const isocl_array labels = { s->labels, "<i4", 1, { count } };
    assert_int_equal(isocl_rows_new(&images, &labels, 10, &some), ISOCL_OK);
    free(x);
    isocl_rows_free(all);
    return some;
}

static void arrays_train_as_the_data_set_they_are_of(void **state)
{
    (void)state;
    char file[65], arrays[65];
    struct told t = { 0 };
    train_whole("file", file);
    isocl_rows *x = load("train", 120), *v = load("test", 60);
    assert_int_equal(isocl_options_rows(options, "train", x), ISOCL_OK);
    assert_int_equal(isocl_options_rows(options, "validation", v), ISOCL_OK);
    run_in("arrays");
    assert_int_equal(train(model, &t, arrays), ISOCL_OK);
    assert_string_equal(arrays, file);
    assert_non_null(strstr(t.names, "val_loss"));
    assert_int_equal(isocl_options_rows(options, "validation", NULL), ISOCL_OK);
    run_in("alone");
    t = (struct told){ .phases = 0 };
    assert_int_equal(train(model, &t, arrays), ISOCL_OK);
    assert_null(strstr(t.names, "val_loss")); /* nobody gave rows for it */
    isocl_rows_free(x);
    isocl_rows_free(v);
}

static int keep_scores(void *self, const isocl_log *log)
{
    double *out = self;
    assert_int_equal(log->count, 2);
    out[0] = log->values[0];
    out[1] = log->values[1];
    return 0;
}

static void a_network_evaluates_and_predicts_a_run(void **state)
{
    (void)state;
    struct told t = { 0 };
    char run[FOLDER + 32], hash[65], own[65];
    double scores[2];
    int64_t dim[4], count = 0;
    isocl_model *trained = NULL;
    isocl_network *network = NULL;
    run_in("used");
    assert_int_equal(train(model, &t, hash), ISOCL_OK);
    snprintf(run, sizeof run, "%s/used", folder);
    assert_int_equal(isocl_model_read(run, &trained), ISOCL_OK);
    assert_int_equal(isocl_network_open(trained, run, options, &network), ISOCL_OK);
    assert_int_equal(isocl_network_hash(network, own), ISOCL_OK);
    assert_string_equal(own, hash);
    assert_int_equal(isocl_network_evaluate(network, keep_scores, scores), ISOCL_EUSAGE);
    assert_int_equal(isocl_network_rows(network, "validation", NULL, &count), ISOCL_OK);
    assert_int_equal(count, 60);
    assert_int_equal(isocl_network_evaluate(network, keep_scores, scores), ISOCL_OK);
    assert_true(scores[0] == t.val_loss); /* as reported after the last epoch */
    assert_int_equal(isocl_network_output(network, dim), 1);
    assert_int_equal(dim[0], 10);
    float all[600], one[10];
    assert_int_equal(isocl_network_predict(network, all), ISOCL_OK);
    isocl_rows *rows = load("test", 1);
    assert_int_equal(isocl_network_rows(network, "test", rows, &count), ISOCL_OK);
    assert_int_equal(isocl_network_predict(network, one), ISOCL_OK);
    assert_memory_equal(one, all, sizeof one); /* alone as among others */
    uint8_t image[784];
    const isocl_array images = { image, "u1", 3, { 1, 28, 28 } };
    isocl_rows *bare = NULL;
    assert_int_equal(isocl_rows_images(rows, 0, 1, image), ISOCL_OK);
    assert_int_equal(isocl_rows_new(&images, NULL, 0, &bare), ISOCL_OK);
    assert_int_equal(isocl_network_rows(network, "test", bare, &count), ISOCL_OK);
    assert_int_equal(isocl_network_predict(network, one), ISOCL_OK);
    assert_memory_equal(one, all, sizeof one);
    assert_int_equal(isocl_network_evaluate(network, keep_scores, scores), ISOCL_EUSAGE);
    isocl_rows_free(bare);
    isocl_rows_free(rows);
    isocl_network_free(network);
    isocl_model_free(trained);
}

static int count_weight(void *self, const isocl_weight *w)
{
    int *n = self;
    ++*n;
    assert_true(w->ndim >= 1 && w->values != NULL);
    return strcmp(w->name, "dense_2/kernel") == 0 ? 7 : 0;
}

static void weights_can_be_set_and_saved(void **state)
{
    (void)state;
    const float bias[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    char path[FOLDER + 32], before[65], after[65], read[65];
    isocl_network *network = NULL, *again = NULL;
    int n = 0;
    snprintf(path, sizeof path, "%s/set.safetensors", folder);
    assert_int_equal(isocl_network_open(model, NULL, options, &network), ISOCL_OK);
    assert_int_equal(isocl_network_hash(network, before), ISOCL_OK);
    assert_int_equal(isocl_network_set_weight(network, "dense_1/bias", bias, 7), ISOCL_ESHAPE);
    assert_int_equal(isocl_network_set_weight(network, "dense_1/bia", bias, 8), ISOCL_EUSAGE);
    assert_non_null(strstr(isocl_error(), "did you mean 'dense_1/bias'"));
    assert_int_equal(isocl_network_set_weight(network, "dense_1/bias", bias, 8), ISOCL_OK);
    assert_int_equal(isocl_network_hash(network, after), ISOCL_OK);
    assert_string_not_equal(before, after);
    assert_int_equal(isocl_network_export(network, path), ISOCL_OK);
    assert_int_equal(isocl_network_open(model, path, options, &again), ISOCL_OK);
    assert_int_equal(isocl_network_hash(again, read), ISOCL_OK);
    assert_string_equal(read, after);
    assert_int_equal(isocl_network_export(again, "weights.txt"), ISOCL_EUSAGE);
    assert_int_equal(isocl_network_weights(again, count_weight, &n), ISOCL_EUSAGE);
    assert_int_equal(n, 4); /* the callback ended it at the last one */
    isocl_network_free(network);
    isocl_network_free(again);
}

static void errors_are_reported(void **state)
{
    (void)state;
    isocl_model *bad = NULL;
    isocl_training *t = NULL;
    isocl_rows *rows = NULL;
    const float half[2] = { 1, 0.5 };
    const isocl_array x = { half, "f4", 2, { 1, 2 } }, odd = { half, "c8", 2, { 1, 2 } };
    struct told told = { .end = 1 };
    char hash[65];
    assert_int_equal(isocl_model_parse("layers: 3\nlos: x\n", "bad.yaml", &bad), ISOCL_EMODEL);
    assert_non_null(strstr(isocl_error(), "bad.yaml:1:9: "));
    assert_non_null(strstr(isocl_error(), "\nbad.yaml:2:1: unknown section 'los'"));
    assert_null(bad);
    assert_int_equal(isocl_options_set(options, "epoch", "3"), ISOCL_EUSAGE);
    assert_non_null(strstr(isocl_error(), "did you mean 'epochs'"));
    assert_int_equal(isocl_options_set(options, "epochs", "many"), ISOCL_EUSAGE);
    assert_int_equal(isocl_options_rows(options, "tests", NULL), ISOCL_EUSAGE);
    assert_int_equal(isocl_rows_new(&odd, NULL, 0, &rows), ISOCL_EDATA);
    assert_int_equal(isocl_rows_new(&x, NULL, 0, &rows), ISOCL_EDATA);
    assert_non_null(strstr(isocl_error(), "element 1"));
    assert_int_equal(isocl_training_open(NULL, options, &t), ISOCL_EUSAGE);
    run_in("ended");
    assert_int_equal(train(model, &told, hash), ISOCL_EUSAGE);
    assert_non_null(strstr(isocl_error(), "told of epochs"));
    assert_int_equal(told.epochs, 1);
}

static int count_check(void *self, const isocl_check *c)
{
    int *n = self;
    assert_string_equal(c->result, "passed");
    return ++*n == 30;
}

static void parity_tells_of_its_checks(void **state)
{
    (void)state;
    int n = 0;
    set("devices", "cpu");
    assert_int_equal(isocl_parity(model, options, count_check, &n), ISOCL_EUSAGE);
    assert_int_equal(n, 30); /* the callback ended it */
    set("ops", "sgd");
    n = 0;
    const isocl_rc rc = isocl_parity(NULL, options, count_check, &n);
    assert_string_equal(rc == ISOCL_OK ? "" : isocl_error(), "");
    assert_true(n > 2 && n < 30);
}

static int find_cpu(void *self, const isocl_device *d)
{
    *(int *)self |= strcmp(d->id, "cpu") == 0 && d->usable && d->exact;
    return 0;
}

static int count_layer(void *self, const isocl_layer *l)
{
    int64_t *sum = self;
    sum[0]++;
    sum[1] += l->parameters;
    return 0;
}

static void devices_and_layers_are_listed(void **state)
{
    (void)state;
    int found = 0;
    int64_t sum[2] = { 0, 0 };
    assert_int_equal(isocl_devices(find_cpu, &found), ISOCL_OK);
    assert_true(found);
    assert_int_equal(isocl_model_layers(model, count_layer, sum), ISOCL_OK);
    assert_int_equal(sum[0], 5);
    assert_int_equal(sum[1], (49 + 1) * 8 + (8 + 1) * 10);
    assert_string_equal(isocl_model_name(model), "api");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(the_header_has_the_version_of_the_library),
        CASE(callbacks_get_phases_steps_and_epochs),
        CASE(a_training_is_verified),
        CASE(a_stopped_training_continues_to_the_same_weights),
        CASE(arrays_train_as_the_data_set_they_are_of),
        CASE(a_network_evaluates_and_predicts_a_run),
        CASE(weights_can_be_set_and_saved),
        CASE(errors_are_reported),
        CASE(parity_tells_of_its_checks),
        CASE(devices_and_layers_are_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
