/* test_class_match.c: the classes of a second data set, numbered by the names that training has. */
#include "core/data/class_map.h"
#include "core/data/class_match.h"
#include "core/image/image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 5, MOST = 12 };

/* Fills names with those of a text, "cat dog", and returns how many there are. */
static int split(const char *text, char (*names)[ISO_CLASS_NAME])
{
    char copy[128], *rest = copy, *name;
    int n = 0;
    snprintf(copy, sizeof copy, "%s", text);
    while ((name = strsep(&rest, " ")) != NULL)
        snprintf(names[n++], ISO_CLASS_NAME, "%s", name);
    return n;
}

static struct iso_trained_classes trained_of(const char *text, int n)
{
    struct iso_trained_classes trained = { .n = n };
    if (text == NULL)
        return trained;
    trained.name = calloc(MOST, sizeof *trained.name);
    assert_non_null(trained.name);
    trained.n = split(text, trained.name);
    return trained;
}

/* A set of ROWS rows with these names, or NULL and so many classes. */
static struct iso_dataset *set_of(const char *text, int n, const int labels[ROWS])
{
    struct iso_dataset *set = calloc(1, sizeof *set);
    assert_non_null(set);
    set->rows = ROWS;
    set->classes = n;
    set->labels = calloc(ROWS, sizeof *set->labels);
    set->images = calloc(ROWS, 1);
    assert_true(set->labels != NULL && set->images != NULL);
    for (int i = 0; i < ROWS; i++)
        set->labels[i] = labels[i];
    strcpy(set->name, "second");
    if (text == NULL)
        return set;
    set->class_names = calloc(MOST, sizeof *set->class_names);
    assert_non_null(set->class_names);
    set->classes = split(text, set->class_names);
    return set;
}

static void rows_get_the_numbers_of_training(void **state)
{
    static const struct {
        const char *trained, *names; /* NULL: numbers only */
        int classes;
        int labels[ROWS], wanted[ROWS];
    } cases[] = {
        { "cat dog", "cat dog", 0, { 0, 1, 1, 0, 1 }, { 0, 1, 1, 0, 1 } },
        { "dog cat", "cat dog", 0, { 0, 1, 1, 0, 1 }, { 1, 0, 0, 1, 0 } },
        { "bird cat dog", "cat dog", 0, { 0, 1, 1, 0, 1 }, { 1, 2, 2, 1, 2 } },
        { "a b c d", "d b", 0, { 0, 0, 1, 1, 0 }, { 3, 3, 1, 1, 3 } },
        /* Numbers that are names: "10" sorts before "2". */
        { "0 1 10 2", NULL, 11, { 0, 1, 2, 10, 10 }, { 0, 1, 3, 2, 2 } },
        { NULL, "0 1 10 2", 11, { 0, 1, 2, 3, 3 }, { 0, 1, 10, 2, 2 } },
        /* Names on one side only: their numbers are all there is. */
        { "cat dog", NULL, 2, { 0, 1, 1, 0, 1 }, { 0, 1, 1, 0, 1 } },
        { NULL, "cat dog", 2, { 0, 1, 1, 0, 1 }, { 0, 1, 1, 0, 1 } },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct iso_trained_classes trained = trained_of(cases[i].trained, cases[i].classes);
        struct iso_dataset *set = set_of(cases[i].names, cases[i].classes, cases[i].labels);
        assert_int_equal(iso_class_match(&trained, set), ISO_OK);
        for (int k = 0; k < ROWS; k++)
            assert_int_equal(set->labels[k], cases[i].wanted[k]);
        assert_int_equal(set->classes, trained.n);
        if (trained.name != NULL)
            for (int c = 0; c < trained.n; c++)
                assert_string_equal(set->class_names[c], trained.name[c]);
        iso_dataset_free(set);
        iso_trained_classes_free(&trained);
    }
}

static void a_class_that_training_lacks_is_named(void **state)
{
    static const struct {
        const char *trained, *names;
        int classes;
        const char *words;
    } cases[] = {
        { "cat dog", "Dog cat", 0,
          "data set 'second' has a class 'Dog', which the training data do not have (did you mean "
          "'dog'?); they have cat, dog" },
        { "cat dog", "cat dog zebra", 0, "has a class 'zebra', which the training data do" },
        { "3 5", NULL, 10, "has a class '0', which the training data do not have; they have 3, 5" },
        { NULL, "0 1 7", 4,
          "has a class '7', which the training data do not have; they have 0 to" },
    };
    static const int labels[ROWS] = { 0, 1, 0, 1, 0 };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct iso_trained_classes trained = trained_of(cases[i].trained, cases[i].classes);
        struct iso_dataset *set = set_of(cases[i].names, cases[i].classes, labels);
        iso_error_clear();
        assert_int_equal(iso_class_match(&trained, set), ISO_EDATA);
        if (strstr(iso_error(), cases[i].words) == NULL)
            fail_msg("'%s' lacks '%s'", iso_error(), cases[i].words);
        iso_dataset_free(set);
        iso_trained_classes_free(&trained);
    }
}

/* Names that a CSV file's rows have and `classes:` lists, in another order than in training; and a
 * class of the list that the file lacks. */
static void lists_of_classes_are_matched_too(void **state)
{
    struct iso_class_map *map = calloc(1, sizeof *map + 3 * sizeof map->member[0]);
    struct iso_trained_classes trained = trained_of("bird cat dog cow", 0);
    struct iso_dataset *set, *alone;
    (void)state;
    assert_non_null(map);
    map->classes = map->n = 3;
    map->member[0] = (struct iso_class_member){ "dog", 0 };
    map->member[1] = (struct iso_class_member){ "cow", 1 };
    map->member[2] = (struct iso_class_member){ "cat", 2 };
    struct iso_dataset_request r = {
        .name = "csv:names.csv", .split = "train", .folder = "tests/readers", .classes = map
    };
    assert_int_equal(iso_dataset_load(&r, &alone), ISO_OK);
    r.trained = &trained;
    assert_int_equal(iso_dataset_load(&r, &set), ISO_OK);
    assert_int_equal(set->rows, alone->rows);
    for (int64_t i = 0; i < set->rows; i++)
        assert_string_equal(set->class_names[set->labels[i]], alone->class_names[alone->labels[i]]);
    assert_int_equal(set->classes, 4);
    iso_dataset_free(alone);
    iso_dataset_free(set);
    iso_trained_classes_free(&trained);
    free(map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_get_the_numbers_of_training),
        cmocka_unit_test(a_class_that_training_lacks_is_named),
        cmocka_unit_test(lists_of_classes_are_matched_too),
    };
    return cmocka_run_group_tests_name("class_match", tests, NULL, NULL);
}
