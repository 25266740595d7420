/* test_fuzz.c: damaged files of data sets. Whatever is wrong, a file is read or refused, with
 * nothing worse (run with SAN=address,undefined), and takes little memory. Run from the root of the
 * repository. */
#include "core/data/dataset.h"
#include "core/data/image.h"
#include "fuzz.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define IMAGES "train-images-idx3-ubyte"
#define LABELS "train-labels-idx1-ubyte"

static struct iso_class_map *pets;     /* of names.csv */

/* The name is a data set's, which is looked for in the folder, or a kind of file, such as npy:. */
static iso_rc load(const struct fuzz_subject *s, const char *path, const char *folder)
{
    char name[300];
    const bool inside = strcmp(s->name, "folder:") == 0, kind = strchr(s->name, ':') != NULL;
    snprintf(name, sizeof name, "%s%s", s->name, !kind ? "" : inside ? folder : path);
    const struct iso_dataset_request r = {
        .name = name, .split = strncmp(s->name, "cifar", 5) == 0 ? "test" : "train",
        .folder = folder, .threads = 1, .classes = strstr(s->file, "names.csv") ? pets : NULL,
    };
    struct iso_dataset *set = NULL;
    const iso_rc rc = iso_dataset_load(&r, &set);
    assert_true((rc == ISO_OK) == (set != NULL));
    for (int64_t i = 0; set && i < set->rows; i++)
        assert_in_range(set->labels[i], 0, set->classes - 1);
    const int64_t last = set ? set->rows * set->height * set->width * set->channels - 1 : 0;
    assert_true(!set || set->images[last] < 256);  /* it is there */
    iso_dataset_free(set);
    return rc;
}

#define NPY(npy) \
    { .file = "tests/readers/" npy, .place = "damaged.npy", .read = load, .name = "npy:" }
static void damaged_arrays(void **state)
{
    static const struct fuzz_subject subjects[] = {
        NPY("float64.npy"), NPY("float64-5.npy"), NPY("mixed.npy"), NPY("half.npy"),
        { .file = "tests/readers/arrays.npz", .place = "damaged.npz", .read = load,
          .name = "npy:" },
    };
    (void)state;
    fuzz(subjects, sizeof subjects / sizeof *subjects, 400);
}

static void damaged_tables(void **state)
{
    static const char *const words[] = { ",", "\n", "\r\n", "\"", "\"\"", ";", "256", "-1", "1e9",
                                         "nan", "2147483648", "99999999999999999999", NULL };
    static const struct fuzz_subject subjects[] = {
        { .file = "tests/readers/numbers.csv", .place = "damaged.csv", .read = load,
          .name = "csv:", .words = words },
        { .file = "tests/readers/names.csv", .place = "damaged.csv", .read = load,
          .name = "csv:", .words = words },
    };
    (void)state;
    pets = calloc(1, sizeof *pets + 2 * sizeof pets->member[0]);
    assert_non_null(pets);
    *pets = (struct iso_class_map){ .classes = 2, .n = 2 };
    pets->member[0] = (struct iso_class_member){ "cat", 0 };
    pets->member[1] = (struct iso_class_member){ "a \"dog\"", 1 };
    fuzz(subjects, sizeof subjects / sizeof *subjects, 400);
    free(pets);
}

#define PICTURE(image) \
    { .file = "tests/readers/decode/" image, .place = "a/1.png", .read = load, .name = "folder:" }
static void damaged_pictures(void **state)
{
    static const struct fuzz_subject subjects[] = {
        PICTURE("colour.png"), PICTURE("palette.png"), PICTURE("bits.png"), PICTURE("deep.png"),
        PICTURE("grey.jpg"), PICTURE("colour.jpg"), PICTURE("progressive.JPEG"),
    };
    (void)state;
    if (strstr(iso_image_support(), "without"))
        skip();
    fuzz(subjects, sizeof subjects / sizeof *subjects, 400);
}

static void damaged_idx_files(void **state)
{
    static const struct fuzz_subject subjects[] = {
        { .file = "tests/readers/images.idx", .place = IMAGES, .read = load, .name = "mnist",
          .beside = { { "tests/readers/labels.idx.gz", LABELS ".gz" } } },
        { .file = "tests/readers/images.idx.gz", .place = IMAGES ".gz", .read = load,
          .name = "mnist", .beside = { { "tests/readers/labels.idx.gz", LABELS ".gz" } } },
        { .file = "tests/readers/labels.idx.gz", .place = LABELS ".gz", .read = load,
          .name = "mnist", .beside = { { "tests/readers/images.idx", IMAGES } } },
    };
    (void)state;
    fuzz(subjects, sizeof subjects / sizeof *subjects, 400);
}

static void damaged_cifar_files(void **state)
{
    static const struct fuzz_subject subjects[] = {
        { .file = "tests/readers/cifar10.bin", .place = "test_batch.bin", .read = load,
          .name = "cifar10" },
        { .file = "tests/readers/cifar100.bin", .place = "test.bin", .read = load,
          .name = "cifar100" },
    };
    (void)state;
    fuzz(subjects, sizeof subjects / sizeof *subjects, 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_arrays), cmocka_unit_test(damaged_tables),
        cmocka_unit_test(damaged_pictures), cmocka_unit_test(damaged_idx_files),
        cmocka_unit_test(damaged_cifar_files),
    };
    if (!fuzz_limit_memory())
        return 1;
    return cmocka_run_group_tests_name("fuzz", tests, NULL, NULL);
}
