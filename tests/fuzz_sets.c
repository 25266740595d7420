/* fuzz_sets.c: the readers of data sets. */
#include "core/data/class_map.h"
#include "core/data/dataset.h"
#include "core/image/image.h"
#include "fuzz_readers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define IMAGES "train-images-idx3-ubyte"
#define LABELS "train-labels-idx1-ubyte"

static struct iso_class_map *pets; /* classes of names.csv */

/* The name is a data set's, which is looked for in the folder, or a kind of file, such as npy:. */
static iso_rc load(const struct fuzz_subject *s, const char *path, const char *folder)
{
    char name[300];
    const bool inside = strcmp(s->name, "folder:") == 0, kind = strchr(s->name, ':') != NULL;
    snprintf(name, sizeof name, "%s%s", s->name, !kind ? "" : inside ? folder : path);
    const struct iso_dataset_request r = {
        .name = name,
        .split = strncmp(s->name, "cifar", 5) == 0 ? "test" : "train",
        .folder = folder,
        .threads = 1,
        .classes = strstr(s->file, "names.csv") != NULL ? pets : NULL,
    };
    struct iso_dataset *set = NULL;
    const iso_rc rc = iso_dataset_load(&r, &set);
    assert_true((rc == ISO_OK) == (set != NULL));
    for (int64_t i = 0; set != NULL && i < set->rows; i++)
        assert_in_range(set->labels[i], 0, set->classes - 1);
    const int64_t last = set != NULL ? set->rows * set->height * set->width * set->channels - 1 : 0;
    const volatile uint8_t there = set != NULL ? set->images[last] : 0;
    (void)there;
    iso_dataset_free(set);
    return rc;
}

#define NPY(npy)                                                                          \
    {                                                                                     \
        .file = "tests/readers/" npy, .copy = "damaged.npy", .read = load, .name = "npy:" \
    }
struct fuzz_list fuzz_arrays(void)
{
    static const struct fuzz_subject subjects[] = {
        NPY("float64.npy"),
        NPY("float64-5.npy"),
        NPY("mixed.npy"),
        NPY("half.npy"),
        NPY("fortran.npy"),
        { .file = "tests/readers/medical.npz",
          .copy = "damaged.npz",
          .read = load,
          .name = "npy:" },
        { .file = "tests/readers/arrays.npz", .copy = "damaged.npz", .read = load, .name = "npy:" },
    };
    return (struct fuzz_list){ subjects, sizeof subjects / sizeof *subjects };
}

static struct iso_class_map *make_pets(void)
{
    struct iso_class_map *map = calloc(1, sizeof *map + 2 * sizeof map->member[0]);
    assert_non_null(map);
    *map = (struct iso_class_map){ .classes = 2, .n = 2 };
    map->member[0] = (struct iso_class_member){ "cat", 0 };
    map->member[1] = (struct iso_class_member){ "a \"dog\"", 1 };
    return map;
}

struct fuzz_list fuzz_tables(void)
{
    static const char *const words[] = { ",",    "\n",  "\r\n",       "\"",
                                         "\"\"", ";",   "256",        "-1",
                                         "1e9",  "nan", "2147483648", "99999999999999999999",
                                         NULL };
    static const struct fuzz_subject subjects[] = {
        { .file = "tests/readers/numbers.csv",
          .copy = "damaged.csv",
          .read = load,
          .name = "csv:",
          .words = words },
        { .file = "tests/readers/names.csv",
          .copy = "damaged.csv",
          .read = load,
          .name = "csv:",
          .words = words },
    };
    if (pets == NULL)
        pets = make_pets();
    return (struct fuzz_list){ subjects, sizeof subjects / sizeof *subjects };
}

#define PICTURE(image)                                                                            \
    {                                                                                             \
        .file = "tests/readers/decode/" image, .copy = "a/1.png", .read = load, .name = "folder:" \
    }
struct fuzz_list fuzz_pictures(void)
{
    static const struct fuzz_subject subjects[] = {
        PICTURE("colour.png"),       PICTURE("palette.png"), PICTURE("bits.png"),
        PICTURE("deep.png"),         PICTURE("grey.jpg"),    PICTURE("colour.jpg"),
        PICTURE("progressive.JPEG"), PICTURE("cmyk.jpg"),    PICTURE("turned.jpg"),
        PICTURE("palette.bmp"),      PICTURE("alpha.bmp"),   PICTURE("interlaced.gif"),
        PICTURE("first.gif"),        PICTURE("lossy.webp"),  PICTURE("first.webp"),
        PICTURE("packed.tiff"),      PICTURE("palette.tif"), PICTURE("cmyk.tif"),
        PICTURE("grey.avif"),        PICTURE("grey.heic"),
    };
    if (!(iso_image_reads("PNG") && iso_image_reads("JPEG")))
        return (struct fuzz_list){ 0 };
    return (struct fuzz_list){ subjects, sizeof subjects / sizeof *subjects };
}

struct fuzz_list fuzz_idx(void)
{
    static const struct fuzz_subject subjects[] = {
        { .file = "tests/readers/images.idx",
          .copy = IMAGES,
          .read = load,
          .name = "mnist",
          .beside = { { "tests/readers/labels.idx.gz", LABELS ".gz" } } },
        { .file = "tests/readers/images.idx.gz",
          .copy = IMAGES ".gz",
          .read = load,
          .name = "mnist",
          .beside = { { "tests/readers/labels.idx.gz", LABELS ".gz" } } },
        { .file = "tests/readers/labels.idx",
          .copy = LABELS,
          .read = load,
          .name = "mnist",
          .beside = { { "tests/readers/images.idx", IMAGES } } },
        { .file = "tests/readers/labels.idx.gz",
          .copy = LABELS ".gz",
          .read = load,
          .name = "mnist",
          .beside = { { "tests/readers/images.idx", IMAGES } } },
    };
    return (struct fuzz_list){ subjects, sizeof subjects / sizeof *subjects };
}

struct fuzz_list fuzz_cifar(void)
{
    static const struct fuzz_subject subjects[] = {
        { .file = "tests/readers/cifar10.bin",
          .copy = "test_batch.bin",
          .read = load,
          .name = "cifar10" },
        { .file = "tests/readers/cifar100.bin",
          .copy = "test.bin",
          .read = load,
          .name = "cifar100" },
    };
    return (struct fuzz_list){ subjects, sizeof subjects / sizeof *subjects };
}
