/* test_class_map.c: classes of a data set left out, renumbered and merged. */
#include "core/data/class_map.h"
#include "core/data/dataset.h"
#include "core/data/known_classes.h"
#include "message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 300, PIXELS = 28 * 28 };

/* "0 1|2|9": members of a class with spaces between, classes with bars. */
static struct iso_class_map *make_map(const char *text)
{
    struct iso_class_map *map = calloc(1, sizeof *map + strlen(text) * sizeof map->member[0]);
    char copy[128], *rest = copy, *entry;
    assert_non_null(map);
    snprintf(copy, sizeof copy, "%s", text);
    for (; (entry = strsep(&rest, "|")) != NULL; map->classes++)
        for (char *name; (name = strsep(&entry, " ")) != NULL;) {
            snprintf(map->member[map->n].name, ISO_CLASS_NAME, "%s", name);
            map->member[map->n++].class = map->classes;
        }
    return map;
}

static iso_rc load(const struct iso_class_map *map, const struct iso_part *part, int64_t limit,
                   struct iso_dataset **out)
{
    const struct iso_dataset_request r = { .name = "builtin:digits",
                                           .split = "train",
                                           .options = { .count = ROWS },
                                           .classes = map,
                                           .part = part != NULL ? *part : (struct iso_part){ 0 },
                                           .limit = limit };
    iso_error_clear();
    *out = NULL;
    return iso_dataset_load(&r, out);
}

/* The rows of the whole set whose class has an entry other than -1, in their order. */
static void check(const char *text, int classes, const int class_of[10])
{
    struct iso_class_map *map = make_map(text);
    struct iso_dataset *whole, *set;
    int64_t at = 0;
    assert_int_equal(load(NULL, NULL, 0, &whole), ISO_OK);
    assert_int_equal(load(map, NULL, 0, &set), ISO_OK);
    assert_int_equal(set->classes, classes);
    for (int64_t i = 0; i < whole->rows; i++) {
        if (class_of[whole->labels[i]] < 0)
            continue;
        assert_true(at < set->rows);
        assert_int_equal(set->labels[at], class_of[whole->labels[i]]);
        assert_memory_equal(set->images + at * PIXELS, whole->images + i * PIXELS, PIXELS);
        at++;
    }
    assert_int_equal(at, set->rows);
    assert_true(at > 10);
    iso_dataset_free(whole);
    iso_dataset_free(set);
    free(map);
}

static void classes_are_made_of_others(void **state)
{
    (void)state;
    check("3|5", 2, (int[]){ -1, -1, -1, 0, -1, 1, -1, -1, -1, -1 });
    check("9|8|7|6|5|4|3|2|1|0", 10, (int[]){ 9, 8, 7, 6, 5, 4, 3, 2, 1, 0 });
    check("0 1|2 3|4 5|6 7|8 9", 5, (int[]){ 0, 0, 1, 1, 2, 2, 3, 3, 4, 4 });
    check("7|0 9", 2, (int[]){ 1, -1, -1, -1, -1, -1, -1, 0, -1, 1 });
}

/* A part is taken of the rows that are left, with shares of the new classes; a limit comes last. */
static void parts_are_of_the_new_classes(void **state)
{
    const struct iso_part first = { 0, 0.5, true, 4 }, second = { 0.5, 1, true, 4 };
    struct iso_class_map *map = make_map("0 1 2|3");
    struct iso_dataset *all, *a, *b, *less;
    int64_t count[2][2] = { 0 };
    (void)state;
    assert_int_equal(load(map, NULL, 0, &all), ISO_OK);
    assert_int_equal(load(map, &first, 0, &a), ISO_OK);
    assert_int_equal(load(map, &second, 0, &b), ISO_OK);
    assert_int_equal(load(map, NULL, 7, &less), ISO_OK);
    assert_int_equal(a->rows + b->rows, all->rows);
    for (int64_t i = 0; i < all->rows; i++)
        count[0][all->labels[i]]++;
    for (int64_t i = 0; i < a->rows; i++)
        count[1][a->labels[i]]++;
    for (int c = 0; c < 2; c++)
        assert_true(llabs((long long)(count[1][c] * all->rows - count[0][c] * a->rows)) <
                    all->rows);
    assert_int_equal(less->rows, 7);
    assert_memory_equal(less->images, all->images, 7 * PIXELS);
    iso_dataset_free(all);
    iso_dataset_free(a);
    iso_dataset_free(b);
    iso_dataset_free(less);
    free(map);
}

static void check_fault(struct iso_dataset *set, const char *text, const char *expected)
{
    struct iso_class_map *map = make_map(text);
    iso_error_clear();
    assert_int_equal(iso_class_map_apply(map, false, set), ISO_EDATA);
    check_message(expected);
    free(map);
}

/* A small set of three classes that have names. */
static struct iso_dataset *make_named(int rows, const char *third)
{
    const char *const names[] = { "bird", "cat", third };
    struct iso_dataset *set = calloc(1, sizeof *set);
    assert_non_null(set);
    *set = (struct iso_dataset){
        .name = "made", .rows = rows, .height = 1, .width = 1, .channels = 1, .classes = 3
    };
    set->images = calloc((size_t)rows, 1);
    set->labels = calloc((size_t)rows, sizeof *set->labels);
    set->class_names = calloc(3, ISO_CLASS_NAME);
    assert_true(set->images != NULL && set->labels != NULL && set->class_names != NULL);
    for (int i = 0; i < 3; i++)
        strcpy(set->class_names[i], names[i]);
    for (int i = 0; i < rows; i++) {
        set->labels[i] = i % 3;
        set->images[i] = (uint8_t)i;
    }
    return set;
}

static void names_are_found(void **state)
{
    struct iso_class_map *map = make_map("12|cat");
    struct iso_dataset *set = make_named(5, "12");
    (void)state;
    assert_int_equal(iso_class_map_apply(map, false, set), ISO_OK);
    assert_int_equal(set->rows * 10 + set->classes, 32);
    assert_int_equal(set->labels[0] * 100 + set->labels[1] * 10 + set->labels[2], 101);
    assert_int_equal(set->images[0] * 100 + set->images[1] * 10 + set->images[2], 124);
    assert_string_equal(set->class_names[0], "12");
    assert_string_equal(set->class_names[1], "cat");
    iso_dataset_free(set);
    free(map);
    set = make_named(5, "12");
    check_fault(set, "cat|0", "there is no class '0'; it has bird, cat, 12");
    iso_dataset_free(set);
    set = make_named(2, "12");
    check_fault(set, "12", "no image is of any of these classes");
    iso_dataset_free(set);
}

static void numbers_stand_for_names(void **state)
{
    struct iso_class_map *map = make_map("2|0 cat");
    struct iso_dataset *set = make_named(3, "dog");
    (void)state;
    assert_int_equal(iso_class_map_apply(map, false, set), ISO_OK);
    assert_string_equal(set->class_names[0], "dog");
    assert_string_equal(set->class_names[1], "bird+cat");
    assert_int_equal(set->labels[0] * 100 + set->labels[1] * 10 + set->labels[2], 110);
    iso_dataset_free(set);
    free(map);
    set = make_named(3, "dog");
    check_fault(set, "cat|1", "'1' is listed twice");
    iso_dataset_free(set);
}

static int count(const char *const *names)
{
    int n = 0;
    while (names[n] != NULL)
        n++;
    return n;
}

static void public_data_sets_have_names(void **state)
{
    (void)state;
    assert_null(iso_known_classes("mnist", false));
    assert_int_equal(count(iso_known_classes("fashion-mnist", false)), 10);
    assert_int_equal(count(iso_known_classes("cifar10", false)), 10);
    assert_int_equal(count(iso_known_classes("cifar100", false)), 100);
    assert_int_equal(count(iso_known_classes("cifar100", true)), 20);
    assert_string_equal(iso_known_classes("cifar10", false)[3], "cat");
}

static void merged_classes_have_the_names_of_all(void **state)
{
    struct iso_class_map *map = make_map("0 1|2|9 8 7");
    struct iso_dataset *set;
    char names[3][ISO_CLASS_NAME];
    (void)state;
    assert_int_equal(load(map, NULL, 0, &set), ISO_OK);
    assert_string_equal(set->class_names[0], "0+1");
    assert_string_equal(set->class_names[1], "2");
    assert_string_equal(set->class_names[2], "9+8+7");
    memset(map->member[4].name, 'x', ISO_CLASS_NAME - 1);
    iso_class_map_names(map, names);
    assert_int_equal(strlen(names[2]), ISO_CLASS_NAME - 1);
    assert_true(strncmp(names[2], "9+xx", 4) == 0);
    iso_dataset_free(set);
    free(map);
}

static void faults_say_what_there_is(void **state)
{
    struct iso_dataset *set;
    (void)state;
    assert_int_equal(load(NULL, NULL, 0, &set), ISO_OK);
    check_fault(set, "3|10",
                "data set 'builtin:digits': classes: there is no class '10'; it has "
                "0 to 9");
    check_fault(set, "-1", "there is no class '-1'");
    check_fault(set, "cat", "there is no class 'cat'");
    iso_dataset_free(set);
}

static void maps_are_compared_and_shown(void **state)
{
    struct iso_class_map *a = make_map("0 1|2|3 4 5"), *b = make_map("0|1 2|3 4 5"),
                         *c = make_map("0 1|2|3 4 5");
    char text[64];
    (void)state;
    assert_true(iso_class_map_equal(a, c) && iso_class_map_equal(NULL, NULL));
    assert_false(iso_class_map_equal(a, b) || iso_class_map_equal(a, NULL));
    assert_string_equal(iso_class_map_text(a, text, sizeof text), "[[0, 1], 2, [3, 4, 5]]");
    assert_string_equal(iso_class_map_text(a, text, 6), "[[0, ");
    assert_string_equal(iso_class_map_text(NULL, text, sizeof text), "[]");
    free(a);
    free(b);
    free(c);
}

static void lack_of_memory_is_reported(void **state)
{
    struct iso_class_map *map = make_map("3|5");
    struct iso_dataset *set;
    iso_rc rc = ISO_ENOMEM;
    int n = 0;
    (void)state;
    for (; n < 20 && rc != ISO_OK; n++) {
        iso_alloc_fail_after(n);
        rc = load(map, NULL, 0, &set);
        iso_alloc_fail_after(-1);
        assert_true(rc == ISO_OK || (rc == ISO_ENOMEM && set == NULL));
    }
    assert_int_equal(rc, ISO_OK);
    assert_true(n > 4);
    iso_dataset_free(set);
    free(map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_are_made_of_others),
        cmocka_unit_test(parts_are_of_the_new_classes),
        cmocka_unit_test(names_are_found),
        cmocka_unit_test(numbers_stand_for_names),
        cmocka_unit_test(public_data_sets_have_names),
        cmocka_unit_test(merged_classes_have_the_names_of_all),
        cmocka_unit_test(faults_say_what_there_is),
        cmocka_unit_test(maps_are_compared_and_shown),
        cmocka_unit_test(lack_of_memory_is_reported),
    };
    return cmocka_run_group_tests_name("class_map", tests, NULL, NULL);
}
