/* test_cifar.c: CIFAR's binary files, good and bad, made here. */
#include "core/data/cifar.h"
#include "datasets.h"
#include "folder.h"
#include "message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { FILE_ROWS = 3, PLANE = 1024, IMAGE = 3 * PLANE, ROW10 = 1 + IMAGE };
enum { PATH = 512 };

static char folder[FOLDER]; /* made anew for each test */
static const char *const names[] = { "cifar-10-batches-bin/data_batch_1.bin",
                                     "cifar-10-batches-bin/data_batch_2.bin",
                                     "cifar-10-batches-bin/data_batch_3.bin",
                                     "cifar-10-batches-bin/data_batch_4.bin",
                                     "cifar-10-batches-bin/data_batch_5.bin",
                                     "cifar-10-batches-bin/test_batch.bin",
                                     "cifar-100-binary/train.bin",
                                     "cifar-100-binary/test.bin",
                                     "test_batch.bin" };
enum { TEST10 = 5, TRAIN100 = 6, TEST100 = 7, DIRECT = 8, NAMES = 9 };

static int make_folder(void **state)
{
    char path[PATH];
    (void)state;
    iso_error_clear();
    if (folder_make(folder, "cifar") != 0)
        return 1;
    snprintf(path, sizeof path, "%s/cifar-10-batches-bin", folder);
    if (mkdir(path, 0777) != 0)
        return 1;
    snprintf(path, sizeof path, "%s/cifar-100-binary", folder);
    return mkdir(path, 0777);
}

static int remove_folder(void **state)
{
    static const char *const folders[] = { "cifar-10-batches-bin", "cifar-100-binary", "" };
    char path[PATH];
    (void)state;
    iso_alloc_fail_after(-1);
    for (int i = 0; i < NAMES; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        remove(path);
    }
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, folders[i]);
        remove(path);
    }
    return access(folder, F_OK) == 0;
}

/* Returns byte `at` of the image of row `row` in the file names[file]. */
static uint8_t pixel(int file, int row, int at)
{
    return (uint8_t)(31 * file + 7 * row + at + at / PLANE * 50);
}

static int label_of(int file, int row, int classes) { return (file * 3 + row * 7) % classes; }

/* Writes rows as the format has them; `label`, unless it is negative, replaces the last one's. */
static void write_file(int file, int rows, int label_bytes, int label, size_t cut)
{
    const int size = label_bytes + IMAGE, classes = label_bytes == 1 ? 10 : 100;
    uint8_t *data = calloc((size_t)rows, (size_t)size);
    char path[PATH];
    assert_non_null(data);
    for (int r = 0; r < rows; r++) {
        uint8_t *row = data + r * size;
        row[0] = (uint8_t)(r % 20);
        row[label_bytes - 1] = (uint8_t)label_of(file, r, classes);
        if (label >= 0 && r == rows - 1)
            row[label_bytes - 1] = (uint8_t)label;
        for (int i = 0; i < IMAGE; i++)
            row[label_bytes + i] = pixel(file, r, i);
    }
    snprintf(path, sizeof path, "%s/%s", folder, names[file]);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    size_t n = (size_t)(rows * size) - cut;
    assert_int_equal(fwrite(data, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
    free(data);
}

static void write_training(void)
{
    for (int file = 0; file < 5; file++)
        write_file(file, FILE_ROWS, 1, -1, 0);
}

static iso_rc load(const char *name, const char *split, int64_t limit, struct iso_dataset **set)
{
    iso_error_clear();
    return load_dataset(name, split, folder, 0, limit, set);
}

static void check_fault(const char *name, const char *split, iso_rc rc, const char *expected)
{
    struct iso_dataset *set = NULL;
    assert_int_equal(load(name, split, 0, &set), rc);
    assert_null(set);
    check_message(expected);
}

/* Row `row` of the set is row `stored` of names[file], as pixels of red, green and blue. */
static void check_row(const struct iso_dataset *set, int row, int file, int stored)
{
    const uint8_t *image = set->images + (size_t)row * IMAGE;
    assert_int_equal(set->labels[row], label_of(file, stored, set->classes));
    for (int y = 0; y < 32; y++)
        for (int x = 0; x < 32; x++)
            for (int c = 0; c < 3; c++)
                assert_int_equal(image[(y * 32 + x) * 3 + c],
                                 pixel(file, stored, c * PLANE + y * 32 + x));
}

static void check_geometry(const struct iso_dataset *set, int rows, int classes, const char *source)
{
    assert_int_equal(set->rows, rows);
    assert_int_equal(set->height, 32);
    assert_int_equal(set->width, 32);
    assert_int_equal(set->channels, 3);
    assert_int_equal(set->classes, classes);
    assert_non_null(strstr(set->source, source));
}

static void must_load(const char *name, const char *split, int64_t limit, struct iso_dataset **set)
{
    if (load(name, split, limit, set) != ISO_OK)
        fail_msg("%s", iso_error());
}

static void five_files_make_a_training_set(void **state)
{
    struct iso_dataset *set = NULL;
    (void)state;
    write_training();
    must_load("cifar10", "train", 0, &set);
    check_geometry(set, 5 * FILE_ROWS, 10, "data_batch_1.bin");
    for (int row = 0; row < 5 * FILE_ROWS; row++)
        check_row(set, row, row / FILE_ROWS, row % FILE_ROWS);
    iso_dataset_free(set);
    must_load("cifar10", "train", 4, &set);
    assert_int_equal(set->rows, 4);
    iso_dataset_free(set);
}

static void the_test_set_is_one_file(void **state)
{
    struct iso_dataset *set = NULL;
    (void)state;
    write_file(TEST10, FILE_ROWS, 1, -1, 0);
    must_load("cifar10", "test", 0, &set);
    check_geometry(set, FILE_ROWS, 10, "test_batch.bin");
    check_row(set, 2, TEST10, 2);
    iso_dataset_free(set);
}

static void files_may_lie_in_the_folder_itself(void **state)
{
    struct iso_dataset *set = NULL;
    (void)state;
    write_file(DIRECT, 1, 1, -1, 0);
    must_load("cifar10", "test", 0, &set);
    check_row(set, 0, DIRECT, 0);
    iso_dataset_free(set);
}

static void cifar100_has_fine_labels(void **state)
{
    struct iso_dataset *set = NULL;
    (void)state;
    write_file(TRAIN100, 2 * FILE_ROWS, 2, 99, 0);
    write_file(TEST100, FILE_ROWS, 2, -1, 0);
    must_load("cifar100", "train", 0, &set);
    check_geometry(set, 2 * FILE_ROWS, 100, "train.bin");
    assert_int_equal(set->labels[2 * FILE_ROWS - 1], 99);
    check_row(set, 1, TRAIN100, 1);
    iso_dataset_free(set);
    must_load("cifar100", "test", 0, &set);
    check_row(set, 2, TEST100, 2);
    iso_dataset_free(set);
}

static void cifar100_has_coarse_labels(void **state)
{
    struct iso_dataset_request r = {
        .name = "cifar100", .split = "test", .folder = folder, .options = { .labels = 1 }
    };
    struct iso_dataset *set = NULL;
    (void)state;
    write_file(TEST100, FILE_ROWS, 2, -1, 0);
    assert_int_equal(iso_dataset_load(&r, &set), ISO_OK);
    assert_int_equal(set->classes, 20);
    for (int i = 0; i < FILE_ROWS; i++)
        assert_int_equal(set->labels[i], i);
    iso_dataset_free(set);
    set = NULL;
    r.name = "cifar10";
    assert_int_equal(iso_dataset_load(&r, &set), ISO_EUSAGE);
    assert_null(set);
}

static void damaged_files_are_refused(void **state)
{
    (void)state;
    write_training();
    write_file(2, FILE_ROWS, 1, -1, 1);
    check_fault("cifar10", "train", ISO_EDATA, "data_batch_3.bin: has 9218 bytes");
    write_file(2, FILE_ROWS - 1, 1, -1, 0);
    check_fault("cifar10", "train", ISO_EDATA, "data_batch_3.bin: has 2 images");
    write_file(2, FILE_ROWS, 1, 10, 0);
    check_fault("cifar10", "train", ISO_EDATA, "data_batch_3.bin: label 2 (counted from 0) is 10");
    write_file(TEST10, 1, 1, -1, ROW10);
    check_fault("cifar10", "test", ISO_EDATA, "test_batch.bin: has 0 bytes");
    write_file(TEST100, FILE_ROWS, 2, 100, 0);
    check_fault("cifar100", "test", ISO_EDATA,
                "label 2 (counted from 0) is 100, should be 0 to 99");
    write_file(TRAIN100, FILE_ROWS, 1, -1, 0); /* another data set under this name */
    check_fault("cifar100", "train", ISO_EDATA, "not a whole number of rows of 3074");
}

static void missing_files_are_named(void **state)
{
    char path[PATH];
    (void)state;
    check_fault("cifar10", "train", ISO_EIO, "cifar-10-batches-bin/data_batch_1.bin");
    check_fault("cifar100", "test", ISO_EIO, "cifar-100-binary/test.bin");
    write_training();
    snprintf(path, sizeof path, "%s/%s", folder, names[3]);
    assert_int_equal(remove(path), 0);
    check_fault("cifar10", "train", ISO_EIO, "data_batch_4.bin is missing");
    struct iso_dataset *set = NULL;
    assert_int_equal(load_dataset("cifar10", "train", folder, 7, 0, &set), ISO_EUSAGE);
}

/* Whichever allocation fails: the message says so, and nothing leaks (run with SAN=address). */
static void lack_of_memory_is_reported(void **state)
{
    struct iso_dataset *set = NULL;
    iso_rc rc = ISO_ENOMEM;
    (void)state;
    write_file(TEST10, FILE_ROWS, 1, -1, 0);
    for (int n = 0; n < 10 && rc != ISO_OK; n++) {
        iso_alloc_fail_after(n);
        rc = load("cifar10", "test", 0, &set);
        iso_alloc_fail_after(-1);
        assert_true(rc == ISO_OK || (rc == ISO_ENOMEM && set == NULL && n < 4));
    }
    assert_int_equal(rc, ISO_OK);
    iso_dataset_free(set);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(five_files_make_a_training_set),
        TEST(the_test_set_is_one_file),
        TEST(files_may_lie_in_the_folder_itself),
        TEST(cifar100_has_fine_labels),
        TEST(cifar100_has_coarse_labels),
        TEST(damaged_files_are_refused),
        TEST(missing_files_are_named),
        TEST(lack_of_memory_is_reported),
    };
    /* Only the test's own folder has data. */
    if (chdir("/") != 0 || setenv("ISOCL_DATA", "/nowhere", 1) != 0 ||
        setenv("XDG_DATA_HOME", "/nowhere", 1) != 0)
        return 1;
    return cmocka_run_group_tests_name("cifar", tests, NULL, NULL);
}
