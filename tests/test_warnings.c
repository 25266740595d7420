/* test_warnings.c: what a training warns of, and where numbers first stop being finite. */
#include "core/train/exec_private.h"
#include "core/train/not_finite.h"
#include "core/train/warnings.h"
#include "trainer.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char told[256]; /* kinds of the warnings, a blank behind each */
static struct iso_warning last;

static iso_rc on_warning(void *self, const struct iso_warning *warning)
{
    (void)self;
    strcat(strcat(told, warning->kind), " ");
    last = *warning;
    return ISO_OK;
}

/* Judges epochs with these losses and accuracies, of `rows` rows; 0 ends the losses. */
static void judge(struct trainer *t, double first, const double *losses, double accuracy,
                  int64_t rows)
{
    struct iso_watcher *watcher = NULL;
    *told = '\0';
    assert_int_equal(iso_watcher_new(t->exec, &watcher), ISO_OK);
    iso_watcher_step(watcher, first);
    for (int i = 0; losses[i] != 0; i++) {
        const struct iso_scores scores = { .loss_sum = losses[i] * (double)rows,
                                           .rows = rows,
                                           .metric_sum = { accuracy * (double)rows } };
        const struct iso_fit_epoch epoch = { .epoch = i + 1, .whole = true, .train = scores };
        assert_int_equal(iso_watcher_epoch(watcher, &epoch, i, on_warning, NULL), ISO_OK);
    }
    iso_watcher_free(watcher);
}

static void test_losses(void **state)
{
    static const double falls[] = { 2.3, 1.1, 0.5, 0.2, 0 }, explodes[] = { 30, 40, 50, 60, 0 },
                        rises[] = { 1.0, 0.5, 0.6, 0.7, 0.9, 1.0, 1.1, 0 },
                        noise[] = { 1.0, 0.001, 0.0012, 0.0014, 0.0019, 0 },
                        waves[] = { 1.0, 0.5, 0.9, 0.5, 1.0, 0.9, 1.1, 0 };
    struct trainer t;
    (void)state;
    trainer_open(&t, 8, 1);
    judge(&t, 2.3, falls, 0.9, 1000);
    assert_string_equal(told, "");
    judge(&t, 2.3, explodes, 0.9, 1000);
    assert_string_equal(told, "loss_explodes "); /* once */
    judge(&t, 2.3, rises, 0.9, 1000);
    assert_string_equal(told, "loss_rises ");
    assert_int_equal(last.epoch, 5);
    judge(&t, 2.3, noise, 0.9, 1000);
    assert_string_equal(told, "");
    judge(&t, 2.3, waves, 0.9, 1000);
    assert_string_equal(told, "");
    trainer_close(&t);
}

static void test_chance(void **state)
{
    static const double losses[] = { 2.3, 2.3, 2.3, 2.3, 2.3, 0 }, two[] = { 2.3, 2.3, 0 };
    struct trainer t;
    (void)state;
    trainer_open(&t, 8, 1);
    judge(&t, 2.3, losses, 0.1, 10000);
    assert_string_equal(told, "at_chance ");
    assert_int_equal(last.epoch, 3);
    judge(&t, 2.3, two, 0.1, 10000);
    assert_string_equal(told, "");
    judge(&t, 2.3, losses, 0.13, 10000);
    assert_string_equal(told, "");
    judge(&t, 2.3, losses, 0.13, 100); /* with few rows it may be chance */
    assert_string_equal(told, "at_chance ");
    trainer_close(&t);
}

/* ---- Numbers that are not finite ----------------------------------------------------------- */

struct fault {
    struct trainer *t;
    const char *tensor;
    int64_t step;
};

/* Called before a step's numbers are read: from that step on the named weight is infinite. */
static void break_weight(struct trainer *t, const char *name)
{
    struct iso_tensor tensor;
    const float infinite = INFINITY;
    assert_true(iso_exec_tensor(t->exec, name, &tensor));
    tensor.shape = (struct iso_shape){ 1, { 1 } };
    assert_int_equal(iso_tensor_write_f32(t->backend, &tensor, &infinite), ISO_OK);
}

static struct iso_run *start_run(struct trainer *t, const char *name)
{
    const struct iso_run_settings settings = {
        .seed = 1, .batch = BATCH, .rows = ROWS, .epochs = 3, .validation_rows = VALIDATION_ROWS
    };
    struct iso_run *run = NULL;
    assert_int_equal(iso_run_start(trainer_path(name), t->exec, &settings, &run), ISO_OK);
    return run;
}

/* A rate that no weight survives: the checkpoint of the start is left, and the steps since are
 * repeated to see what came first. */
static void test_first_tensor(void **state)
{
    struct iso_run_settings settings;
    struct iso_run_state kept;
    struct iso_fit_state before;
    struct trainer t;
    const char *weight;
    (void)state;
    trainer_open(&t, 8, 1);
    *iso_op_learning_rate(t.model->phases[0].optimizer.op, t.model->phases[0].optimizer.params) =
        1e38;
    struct iso_run *run = start_run(&t, "run");
    t.more = (struct iso_fit_listener){ .warning = on_warning };
    *told = '\0';
    assert_int_equal(trainer_fit(&t, 3, 0, run), ISO_EDATA);
    assert_string_equal(told, "not_finite ");
    assert_non_null(strstr(iso_error(), "epoch 1, step 2: the loss is "));
    assert_non_null(strstr(iso_error(), " (first "));
    assert_non_null(strstr(iso_error(), " of step 2)"));
    assert_non_null(strstr(iso_error(), "forward pass"));
    assert_true(*last.layer != '\0' && strstr(last.text, last.layer) != NULL);
    iso_error_clear();
    iso_run_close(run);
    assert_int_equal(iso_run_read(trainer_path("run"), &settings, &before), ISO_OK);
    assert_int_equal(before.step, 0); /* nothing was saved over it */
    assert_int_equal(iso_state_read(trainer_path("run"), &kept, NULL), ISO_OK);
    break_weight(&t, "dense_2/bias");
    assert_int_equal(iso_not_finite_weight(t.exec, &weight), ISO_OK);
    assert_string_equal(weight, "dense_2/bias");
    trainer_close(&t);
}

/* Weights that are broken while the loss is still finite are not saved over good ones. */
static iso_rc break_at_checkpoint(void *self, const struct iso_fit_progress *progress)
{
    struct fault *fault = self;
    if (progress->batches[progress->nbatches - 1].step + 1 >= fault->step)
        break_weight(fault->t, fault->tensor);
    return ISO_OK;
}

static void test_broken_weights_are_not_saved(void **state)
{
    struct iso_run_settings settings;
    struct iso_fit_state kept;
    struct trainer t;
    (void)state;
    trainer_open(&t, 8, 1);
    struct fault fault = { &t, "dense_2/kernel", 2 * EPOCH_STEPS };
    struct iso_run *run = start_run(&t, "run");
    t.more = (struct iso_fit_listener){ .self = &fault, .progress = break_at_checkpoint };
    assert_int_equal(trainer_fit(&t, 3, 0, run), ISO_EDATA);
    assert_non_null(strstr(iso_error(), "epoch 2, step 10: dense_2/kernel is not finite; "));
    iso_error_clear();
    iso_run_close(run);
    assert_int_equal(iso_run_read(trainer_path("run"), &settings, &kept), ISO_OK);
    assert_int_equal(kept.epoch, 1);
    assert_int_equal(kept.step, EPOCH_STEPS);
    trainer_close(&t);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, trainer_setup, trainer_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_losses),
        TEST(test_chance),
        TEST(test_first_tensor),
        TEST(test_broken_weights_are_not_saved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
