/* test_runs.c: `isocl runs` says which runs have the same bits, sorts, and finds where runs part.
 */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char text[CLI_OUTPUT];

static void train_both(const char *more)
{
    assert_int_equal(cli_run(TRAIN "--quiet --out a"), 0);
    assert_int_equal(cli_run("train tiny.yaml --limit 120 --quiet --out b %s", more), 0);
}

/* Changes the last digit of a cell, from 0, of the line of a CSV file that begins so. */
static void change(const char *file, const char *line, int cell)
{
    cli_read(file, text);
    char *at = strstr(text, line);
    assert_non_null(at);
    for (at++; cell >= 0; cell--)
        at += strcspn(at, ",\n") + 1;
    at[-2] = at[-2] == '7' ? '3' : '7';
    cli_write(file, text);
}

static void equal_weights_are_shown_in_words(void **state)
{
    char hash[65], want[128];
    (void)state;
    train_both("--device cpu");
    cli_hash(hash);
    assert_int_equal(cli_run("runs ."), 0);
    snprintf(want, sizeof want, "  %.12s\n", hash);
    cli_says(cli_out, want);
    snprintf(want, sizeof want, "  %.12s  same bits as ./a\n", hash);
    cli_says(cli_out, want);
    cli_says(cli_out, "\ncpu is ");
    cli_says(cli_out, "\nreference is host processor, one thread; isocl, ");
    assert_int_equal(cli_run("runs a b"), 0);
    snprintf(want, sizeof want, "a and b have the same bits: weights sha256 %s\n", hash);
    cli_says(cli_out, want);
    cli_says(cli_out, "\nthe first 6 steps have the same numbers\n");
    cli_says(cli_out, "\nthe first 2 epochs have the same numbers\n");
    assert_null(strstr(cli_out, "first part"));
    assert_int_equal(cli_run("runs --json a b"), 0);
    snprintf(want, sizeof want, "\"weights_sha256\":\"%s\"", hash);
    cli_says(cli_out, want);
    cli_says(cli_out, "\"same_bits_as\":null}");
    cli_says(cli_out, "\"same_bits_as\":\"a\"}");
}

static void rows_are_sorted_by_any_column(void **state)
{
    (void)state;
    train_both("--device reference --seed 9");
    assert_int_equal(cli_run("runs a b --sort seed"), 0);
    assert_true(strstr(cli_out, "\na ") < strstr(cli_out, "\nb "));
    assert_int_equal(cli_run("runs a b --sort seed --reverse"), 0);
    assert_true(strstr(cli_out, "\na ") > strstr(cli_out, "\nb "));
    assert_int_equal(cli_run("runs b a --sort run"), 0);
    assert_true(strstr(cli_out, "\na ") < strstr(cli_out, "\nb "));
    assert_int_equal(cli_run("runs a --sort val_ac"), 2);
    cli_says(cli_err, "there is no column 'val_ac' (did you mean 'val_acc'?)");
    assert_int_equal(cli_run("runs a --reverse"), 2);
    cli_says(cli_err, "--reverse needs --sort");
}

static void the_first_step_and_epoch_that_part_are_named(void **state)
{
    (void)state;
    train_both("--device reference");
    change("b/batches.csv", "\n5,", 4);
    change("b/history.csv", "\n2,", 1); /* seconds: they say nothing */
    assert_int_equal(cli_run("runs a b"), 0);
    cli_says(cli_out, "\nthe numbers first part in step 5: loss is ");
    cli_says(cli_out, "\nthe first 2 epochs have the same numbers\n");
    cli_says(cli_out, "\nto find the first tensor, trace both up to there");
    cli_says(cli_out,
             "  isocl trace b/model.yaml --device reference --mode exact --seed 1 "
             "--batch 50 --limit 120 --steps 5 --out b/trace.safetensors\n");
}

static void change_last(struct iso_st_file *file)
{
    const struct iso_st_tensor *t = &file->tensors[file->n - 1];
    ((uint8_t *)(uintptr_t)t->data)[iso_st_bytes(t) - 1] ^=
        1; /* a bit of dense_2/kernel's last element */
}

/* Flips a bit of a file's last byte. */
static void flip(const char *name)
{
    char path[CLI_PATH];
    const size_t n = cli_read(name, text);
    text[n - 1] ^= 1;
    cli_path(path, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

/* One element of a weight, and with traces the first tensor in the order of computation, which is
 * not that of the names. */
static void the_first_tensor_that_parts_is_named(void **state)
{
    (void)state;
    train_both("--device reference --seed 9");
    for (int i = 0; i < 2; i++)
        assert_int_equal(cli_run("trace tiny.yaml --device reference --limit 120 --steps 2 "
                                 "--seed %d --out %c/trace.safetensors",
                                 i ? 9 : 3, 'a' + i),
                         0);
    assert_int_equal(cli_run("runs a b"), 0);
    cli_says(cli_out, "\nweights.safetensors: 4 of 4 tensors differ, first dense_1/bias, in ");
    cli_says(cli_out, "tensors differ, first input@0, in ");
    assert_int_equal(cli_run(TRAIN "--quiet --out c"), 0);
    cli_change("c/weights.safetensors", change_last);
    assert_int_equal(cli_run("runs a c"), 0);
    cli_says(cli_out,
             "\nweights.safetensors: 1 of 4 tensors differ, first dense_2/kernel, in 1 of "
             "80 elements; element 79 is ");
    assert_null(strstr(cli_out, "same bits"));
    flip("c/weights.safetensors");
    assert_int_equal(cli_run("runs a c"), 0);
    cli_says(cli_out, "\nnot compared: c/weights.safetensors: is not as it was written");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(equal_weights_are_shown_in_words),
        TEST(rows_are_sorted_by_any_column),
        TEST(the_first_step_and_epoch_that_part_are_named),
        TEST(the_first_tensor_that_parts_is_named),
    };
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
