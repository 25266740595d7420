/* test_idx_files.c: IDX files under other names than those of MNIST, made here. */
#include "datasets.h"
#include "folder.h"
#include "message.h"
#include "core/data/data_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { ROWS = 3, SIDE = 2 };
static char folder[FOLDER];

static int make_folder(void **state)
{
    (void)state;
    iso_error_clear();
    return folder_make(folder, "idx");
}

static int remove_folder(void **state)
{
    (void)state;
    return folder_remove(folder);
}

static void write_file(const char *name, const uint8_t *bytes, size_t n)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

/* Images of the bytes first, first + 1, ...; labels 4, 0, 2. */
static void write_pair(const char *images, const char *labels, uint8_t first)
{
    uint8_t x[16 + ROWS * SIDE * SIDE] = {
        0, 0, 8, 3, 0, 0, 0, ROWS, 0, 0, 0, SIDE, 0, 0, 0, SIDE
    };
    const uint8_t y[8 + ROWS] = { 0, 0, 8, 1, 0, 0, 0, ROWS, 4, 0, 2 };
    for (int i = 0; i < ROWS * SIDE * SIDE; i++)
        x[16 + i] = (uint8_t)(first + i);
    write_file(images, x, sizeof x);
    write_file(labels, y, sizeof y);
}

static iso_rc load(const char *inside, const char *split, struct iso_dataset **out)
{
    char name[256];
    snprintf(name, sizeof name, "idx:%s%s", folder, inside);
    iso_error_clear();
    *out = NULL;
    return load_dataset(name, split, NULL, 0, 0, out);
}

static void check(const char *inside, const char *split, uint8_t first)
{
    struct iso_dataset *set;
    if (load(inside, split, &set) != ISO_OK)
        fail_msg("%s %s: %s", inside, split, iso_error());
    assert_int_equal(set->rows * 1000 + set->height * 100 + set->width * 10 + set->channels,
                     1000 * ROWS + 221);
    assert_int_equal(set->classes, 5);
    assert_int_equal(set->labels[0] * 100 + set->labels[1] * 10 + set->labels[2], 402);
    assert_int_equal(set->images[0], first);
    iso_dataset_free(set);
}

static void refuse(const char *inside, const char *split, const char *expected)
{
    struct iso_dataset *set;
    assert_int_not_equal(load(inside, split, &set), ISO_OK);
    check_message(expected);
}

static void other_names_are_read(void **state)
{
    (void)state;
    write_pair("emnist-letters-train-images-idx3-ubyte", "emnist-letters-train-labels-idx1-ubyte",
               10);
    check("", "", 10);
    check("", "Training", 10);
    check("/emnist-letters-train-images-idx3-ubyte", "", 10);
    write_pair("T10K-Images.idx3-ubyte", "T10K-labels.idx1-ubyte", 20);
    refuse("", "", "has the splits train and test; say which one");
    check("", "test", 20);
}

static void mnist_may_have_dots(void **state)
{
    struct iso_dataset *set;
    (void)state;
    write_pair("train-images.idx3-ubyte", "train-labels.idx1-ubyte", 1);
    write_pair("t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte", 2);
    check("", "train", 1);
    check("", "test", 2);
    assert_int_equal(load_dataset("mnist", "test", folder, 0, 0, &set), ISO_OK);
    assert_int_equal(set->images[0] * 10 + set->classes, 30);
    iso_dataset_free(set);
}

static void others_are_refused(void **state)
{
    (void)state;
    refuse("", "train", "has no file such as train-images-idx3-ubyte");
    write_pair("train-images-idx3-ubyte", "train-labels-idx1-ubyte", 1);
    refuse("", "val", "has no split 'validation'; it has train");
    refuse("/train-labels-idx1-ubyte", "", "says nothing of where the labels are");
    write_pair("more-train-images-idx3-ubyte", "more-train-labels-idx1-ubyte", 2);
    refuse("", "train", "has two files of images for the split 'train'");
    check("/more-train-images-idx3-ubyte", "", 2);
}

/* The path of a folder alone, as `isocl check FOLDER` takes it. */
static void a_folder_tells_its_kind(void **state)
{
    char name[ISO_DATASET_NAME];
    (void)state;
    assert_int_equal(iso_data_name(folder, name), ISO_OK);
    assert_int_equal(strncmp(name, "folder:", 7), 0);
    write_pair("train-images.idx3-ubyte", "train-labels.idx1-ubyte", 1);
    assert_int_equal(iso_data_name(folder, name), ISO_OK);
    assert_int_equal(strncmp(name, "idx:", 4), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(other_names_are_read),
        TEST(mnist_may_have_dots),
        TEST(others_are_refused),
        TEST(a_folder_tells_its_kind),
    };
    if (setenv("ISOCL_DATA", "/nowhere", 1) != 0 || setenv("XDG_DATA_HOME", "/nowhere", 1) != 0)
        return 1;
    return cmocka_run_group_tests_name("idx files", tests, NULL, NULL);
}
