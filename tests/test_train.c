/* test_train.c: the training loop and weight files. */
#include "core/ops/adam.h"
#include "core/train/weights.h"
#include "trainer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* ---- The loop ------------------------------------------------------------------------------ */

static void test_loss_falls(void **state)
{
    struct trainer t;
    (void)state;
    trainer_open(&t, 16, 1);
    assert_int_equal(trainer_fit(&t, 3, 0, NULL), ISO_OK);
    assert_int_equal(t.nepochs, 3);
    assert_int_equal(t.state.step, 3 * EPOCH_STEPS);
    double first = iso_scores_loss(&t.epochs[0].train), last = iso_scores_loss(&t.epochs[2].train);
    assert_true(last < 0.8 * first);
    assert_true(t.epochs[2].validated);
    assert_true(iso_scores_loss(&t.epochs[2].validation) <
                iso_scores_loss(&t.epochs[0].validation));
    assert_true(iso_scores_metric(t.graph, &t.epochs[2].train, 0) >
                iso_scores_metric(t.graph, &t.epochs[0].train, 0));
    assert_int_equal(t.epochs[0].validation.rows, VALIDATION_ROWS);
    assert_true(t.epochs[0].learning_rate == 0.01);
    trainer_close(&t);
}

/* The last batch is smaller, and an epoch's loss is the mean over its rows. */
static void test_rows_are_weighted(void **state)
{
    struct trainer t;
    double sum = 0, correct = 0;
    (void)state;
    trainer_open(&t, 16, 1);
    assert_int_equal(trainer_fit(&t, 1, 0, NULL), ISO_OK);
    assert_int_equal(t.nbatches, EPOCH_STEPS);
    for (int i = 0; i < t.nbatches; i++) {
        assert_int_equal(t.batches[i].step, i);
        assert_int_equal(t.batches[i].rows,
                         i + 1 < EPOCH_STEPS ? BATCH : ROWS - (EPOCH_STEPS - 1) * BATCH);
        sum += t.batches[i].loss * (double)t.batches[i].rows;
        correct += t.batches[i].metric[0];
    }
    assert_int_equal(t.epochs[0].train.rows, ROWS);
    assert_true(iso_scores_loss(&t.epochs[0].train) == sum / ROWS);
    assert_true(iso_scores_metric(t.graph, &t.epochs[0].train, 0) == correct / ROWS);
    assert_true(correct > 0);
    trainer_close(&t);
}

static void train_and_hash(uint64_t seed, char hex[65])
{
    struct trainer t;
    trainer_open(&t, 8, seed);
    assert_int_equal(trainer_fit(&t, 2, 0, NULL), ISO_OK);
    trainer_hash(&t, hex);
    trainer_close(&t);
}

static void test_same_seed_same_bits(void **state)
{
    char a[65], b[65], c[65];
    (void)state;
    train_and_hash(1, a);
    train_and_hash(1, b);
    train_and_hash(2, c);
    assert_string_equal(a, b);
    assert_string_not_equal(a, c);
}

static void test_steps_count_in_all(void **state)
{
    struct trainer t;
    (void)state;
    trainer_open(&t, 8, 1);
    assert_int_equal(trainer_fit(&t, 1, EPOCH_STEPS + 2, NULL), ISO_OK);
    assert_int_equal(t.state.step, EPOCH_STEPS + 2);
    assert_int_equal(t.state.epoch, 1);
    assert_int_equal(t.state.epoch_step, 2);
    assert_int_equal(t.nepochs, 2);
    assert_true(t.epochs[0].whole && !t.epochs[0].validated);
    assert_true(!t.epochs[1].whole && !t.epochs[1].validated);
    assert_int_equal(t.epochs[1].train.rows, 2 * BATCH);
    assert_int_equal(trainer_fit(&t, 1, EPOCH_STEPS + 2, NULL), ISO_OK); /* nothing is left */
    assert_int_equal(t.nepochs, 2);
    trainer_close(&t);
}

static void test_loss_that_is_not_finite(void **state)
{
    struct trainer t;
    (void)state;
    trainer_open(&t, 8, 1);
    ((struct iso_adam *)t.model->phases[0].optimizer.params)->learning_rate = 1e30;
    assert_int_equal(trainer_fit(&t, 3, 0, NULL), ISO_EDATA);
    assert_non_null(strstr(iso_error(), "epoch 1, step "));
    assert_non_null(strstr(iso_error(), "smaller learning_rate (it is 1e+30)"));
    trainer_close(&t);
}

/* A state that is not this training's: no step is left in its epoch, so that no epoch would end. */
static void test_state_past_the_epoch(void **state)
{
    struct trainer t;
    (void)state;
    trainer_open(&t, 8, 1);
    t.state.epoch_step = EPOCH_STEPS + 1;
    assert_int_equal(trainer_fit(&t, 1, 0, NULL), ISO_EDATA);
    assert_non_null(strstr(iso_error(), "step 6 of an epoch that has 5"));
    trainer_close(&t);
}

/* ---- Weight files -------------------------------------------------------------------------- */

static void test_weights_come_back(void **state)
{
    static struct iso_faults faults;
    struct iso_st_file *file = NULL;
    struct trainer t;
    char before[65], after[65];
    (void)state;
    trainer_open(&t, 8, 1);
    assert_int_equal(trainer_fit(&t, 1, 0, NULL), ISO_OK);
    trainer_hash(&t, before);
    assert_int_equal(iso_weights_save(t.exec, trainer_path("w"), false, NULL), ISO_OK);
    assert_int_equal(iso_exec_initialize(t.exec), ISO_OK);
    trainer_hash(&t, after);
    assert_string_not_equal(before, after);
    assert_int_equal(iso_st_open(trainer_path("w"), &file), ISO_OK);
    assert_int_equal(file->n, 4);
    assert_int_equal(iso_weights_load(t.exec, file, "w", false, &faults), ISO_OK);
    trainer_hash(&t, after);
    assert_string_equal(before, after);
    iso_st_close(file);
    trainer_close(&t);
}

static bool has_fault(const struct iso_faults *faults, const char *text)
{
    for (int i = 0; i < faults->count; i++)
        if (strstr(faults->list[i].text, text) != NULL)
            return true;
    return false;
}

static void test_weights_that_do_not_fit(void **state)
{
    static struct iso_faults faults;
    struct iso_st_file *file = NULL;
    struct trainer t;
    char before[65], after[65];
    (void)state;
    trainer_open(&t, 8, 1);
    assert_int_equal(iso_weights_save(t.exec, trainer_path("w"), true, NULL), ISO_OK);
    trainer_close(&t);
    trainer_open(&t, 9, 1);
    trainer_hash(&t, before);
    assert_int_equal(iso_st_open(trainer_path("w"), &file), ISO_OK);
    assert_int_equal(iso_weights_load(t.exec, file, "w", false, &faults), ISO_EDATA);
    assert_true(has_fault(&faults, "dense_1/kernel has shape 784x8; the model has 784x9"));
    assert_true(has_fault(&faults, "dense_1/bias has shape 8; the model has 9"));
    assert_true(has_fault(&faults, "dense_2/kernel has shape 8x10; the model has 9x10"));
    assert_true(has_fault(&faults, "dense_2/bias/momentum is not in the model"));
    trainer_hash(&t, after);
    assert_string_equal(before, after);
    iso_st_close(file);
    trainer_close(&t);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, trainer_setup, trainer_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_loss_falls),
        TEST(test_rows_are_weighted),
        TEST(test_same_seed_same_bits),
        TEST(test_steps_count_in_all),
        TEST(test_loss_that_is_not_finite),
        TEST(test_state_past_the_epoch),
        TEST(test_weights_come_back),
        TEST(test_weights_that_do_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
