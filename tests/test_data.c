/* test_data.c: data sets read from IDX files, good and bad, and the real MNIST where it is. */
#include "core/data/dataset.h"
#include "core/data/idx.h"
#include "core/system/sha256.h"
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
#include <zlib.h>

#include <cmocka.h>

enum { IMAGES = 3, HEIGHT = 2, WIDTH = 5, PATH = 512 };
enum { IMAGE_BYTES = 16 + IMAGES * HEIGHT * WIDTH, LABEL_BYTES = 8 + IMAGES };

static char folder[FOLDER]; /* made anew for each test */
static const char image_file[] = "train-images-idx3-ubyte";
static const char label_file[] = "train-labels-idx1-ubyte";

static int make_folder(void **state)
{
    (void)state;
    iso_error_clear();
    return folder_make(folder, "data");
}

static int remove_folder(void **state)
{
    static const char *const names[] = { "train-images-idx3-ubyte",
                                         "train-labels-idx1-ubyte",
                                         "train-images-idx3-ubyte.gz",
                                         "train-labels-idx1-ubyte.gz",
                                         "MNIST/raw/train-images-idx3-ubyte",
                                         "MNIST/raw/train-labels-idx1-ubyte",
                                         "MNIST/raw",
                                         "MNIST",
                                         "" };
    (void)state;
    iso_alloc_fail_after(-1);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[PATH];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        remove(path);
    }
    return access(folder, F_OK) == 0;
}

static void write_file(const char *name, const void *data, size_t n)
{
    char path[PATH];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

/* Packs data with gzip into out and returns its length. */
static size_t pack(const void *data, size_t n, uint8_t *out, size_t space)
{
    z_stream z = {
        .next_in = (Bytef *)data, .avail_in = (uInt)n, .next_out = out, .avail_out = (uInt)space
    };
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t length = z.total_out;
    deflateEnd(&z);
    return length;
}

static void make_images(uint8_t out[IMAGE_BYTES])
{
    static const uint8_t header[16] = {
        0, 0, 8, 3, 0, 0, 0, IMAGES, 0, 0, 0, HEIGHT, 0, 0, 0, WIDTH
    };
    memcpy(out, header, sizeof header);
    for (int i = 16; i < IMAGE_BYTES; i++)
        out[i] = (uint8_t)(7 * i);
}

static void make_labels(uint8_t out[LABEL_BYTES])
{
    static const uint8_t bytes[LABEL_BYTES] = { 0, 0, 8, 1, 0, 0, 0, IMAGES, 4, 0, 9 };
    memcpy(out, bytes, sizeof bytes);
}

static iso_rc load(struct iso_dataset **set)
{
    iso_error_clear();
    return load_dataset("mnist", "train", folder, 0, 0, set);
}

static void check_loaded(void)
{
    uint8_t images[IMAGE_BYTES];
    struct iso_dataset *set = NULL;
    make_images(images);
    if (load(&set) != ISO_OK)
        fail_msg("%s", iso_error());
    assert_int_equal(set->rows, IMAGES);
    assert_int_equal(set->height, HEIGHT);
    assert_int_equal(set->width, WIDTH);
    assert_int_equal(set->channels, 1);
    assert_int_equal(set->classes, 10);
    assert_memory_equal(set->images, images + 16, IMAGE_BYTES - 16);
    assert_int_equal(set->labels[0], 4);
    assert_int_equal(set->labels[1], 0);
    assert_int_equal(set->labels[2], 9);
    assert_non_null(strstr(set->source, image_file));
    iso_dataset_free(set);
}

/* ---- IDX ------------------------------------------------------------------------------------- */

static void test_plain_and_gzip(void **state)
{
    uint8_t images[IMAGE_BYTES], labels[LABEL_BYTES], packed[256];
    (void)state;
    make_images(images);
    make_labels(labels);
    write_file("train-images-idx3-ubyte.gz", packed,
               pack(images, sizeof images, packed, sizeof packed));
    write_file(label_file, labels, sizeof labels);
    check_loaded();
    write_file(image_file, images, sizeof images);
    check_loaded();
}

static void test_torchvision_folder(void **state)
{
    uint8_t images[IMAGE_BYTES], labels[LABEL_BYTES];
    char path[PATH];
    (void)state;
    snprintf(path, sizeof path, "%s/MNIST", folder);
    assert_int_equal(mkdir(path, 0777), 0);
    snprintf(path, sizeof path, "%s/MNIST/raw", folder);
    assert_int_equal(mkdir(path, 0777), 0);
    make_images(images);
    make_labels(labels);
    write_file("MNIST/raw/train-images-idx3-ubyte", images, sizeof images);
    write_file("MNIST/raw/train-labels-idx1-ubyte", labels, sizeof labels);
    check_loaded();
}

static void test_limit(void **state)
{
    uint8_t images[IMAGE_BYTES], labels[LABEL_BYTES];
    struct iso_dataset *set = NULL;
    (void)state;
    make_images(images);
    make_labels(labels);
    write_file(image_file, images, sizeof images);
    write_file(label_file, labels, sizeof labels);
    assert_int_equal(load_dataset("mnist", "train", folder, 0, 2, &set), ISO_OK);
    assert_int_equal(set->rows, 2);
    iso_dataset_free(set);
    assert_int_equal(load_dataset("mnist", "train", folder, 5, 0, &set), ISO_EUSAGE);
    check_message("count");
}

/* One change that spoils a file: `bytes` of the file are kept, byte `at` becomes `value`. */
struct spoilt {
    bool labels;
    size_t bytes, at;
    uint8_t value;
    const char *message;
};

static void test_spoilt_files(void **state)
{
    static const struct spoilt cases[] = {
        { false, IMAGE_BYTES, 3, 1, "magic number is 2049, should be 2051" },
        { false, IMAGE_BYTES, 2, 13, "magic number is 3331, should be 2051" },
        { false, 0, 16, 0, "ends after 0 of 16 bytes of header" },
        { false, 3, 16, 0, "ends after 3 of 16 bytes of header" },
        { false, 15, 16, 0, "ends after 15 of 16 bytes of header" },
        { false, 16, 16, 0, "ends after 0 of 30 bytes of data" },
        { false, IMAGE_BYTES - 1, 16, 0, "ends after 29 of 30 bytes of data" },
        { false, IMAGE_BYTES + 1, 16, 0, "has bytes after the 30" },
        { false, IMAGE_BYTES, 7, 0, "dimension 1 of 3 is 0" },
        { false, IMAGE_BYTES, 15, 0, "dimension 3 of 3 is 0" },
        { false, IMAGE_BYTES, 8, 255, "the header claims more than" },
        { false, IMAGE_BYTES, 5, 255, "ends after 30 of 167116830 bytes of data" },
        { true, LABEL_BYTES, 3, 3, "magic number is 2051, should be 2049" },
        { true, LABEL_BYTES, 10, 10, "label 2 (counted from 0) is 10, should be 0 to 9" },
        { true, LABEL_BYTES - 1, 8, 0, "ends after 2 of 3 bytes of data" },
        { true, LABEL_BYTES - 1, 7, 2, "has 2 labels, but" },
        { true, LABEL_BYTES + 1, 7, 4, "has 4 labels, but" },
        { true, 7, 0, 0, "ends after 7 of 8 bytes of header" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct spoilt *c = &cases[i];
        uint8_t images[IMAGE_BYTES + 2] = { 0 }, labels[LABEL_BYTES + 2] = { 0 };
        struct iso_dataset *set = NULL;
        make_images(images);
        make_labels(labels);
        (c->labels ? labels : images)[c->at] = c->value;
        write_file(image_file, images, c->labels ? IMAGE_BYTES : c->bytes);
        write_file(label_file, labels, c->labels ? c->bytes : LABEL_BYTES);
        if (load(&set) != ISO_EDATA)
            fail_msg("case %zu (%s) did not fail as bad data: %s", i, c->message, iso_error());
        check_message(c->message);
        check_message(c->labels ? label_file : image_file);
        assert_null(set);
    }
}

/* Every dimension at its largest: refused before anything is allocated for it. */
static void test_lying_header(void **state)
{
    uint8_t images[IMAGE_BYTES];
    struct iso_idx idx;
    char path[PATH];
    (void)state;
    make_images(images);
    memset(images + 4, 255, 12);
    write_file(image_file, images, sizeof images);
    snprintf(path, sizeof path, "%s/%s", folder, image_file);
    assert_int_equal(iso_idx_read(path, 3, &idx), ISO_EDATA);
    check_message("claims more than");
    assert_null(idx.data);
}

static void test_spoilt_gzip(void **state)
{
    uint8_t images[IMAGE_BYTES], labels[LABEL_BYTES], packed[256];
    struct iso_dataset *set = NULL;
    (void)state;
    make_images(images);
    make_labels(labels);
    write_file(label_file, labels, sizeof labels);
    size_t n = pack(images, sizeof images, packed, sizeof packed);
    packed[n - 8] ^= 1; /* the CRC */
    write_file("train-images-idx3-ubyte.gz", packed, n);
    assert_int_equal(load(&set), ISO_EDATA);
    check_message("damaged gzip file");
    packed[n - 8] ^= 1;
    write_file("train-images-idx3-ubyte.gz", packed, n - 4);
    assert_int_equal(load(&set), ISO_EDATA);
    check_message("cut short");
    packed[n / 2] ^= 0x55; /* the packed data */
    write_file("train-images-idx3-ubyte.gz", packed, n);
    assert_int_equal(load(&set), ISO_EDATA);
    check_message("train-images-idx3-ubyte.gz");
    assert_null(set);
}

/* A second gzip member without data but with a wrong CRC, which is met only after the data. */
static void test_spoilt_gzip_end(void **state)
{
    uint8_t images[IMAGE_BYTES], packed[256];
    struct iso_idx idx;
    char path[PATH];
    (void)state;
    make_images(images);
    size_t n = pack(images, sizeof images, packed, sizeof packed);
    n += pack(images, 0, packed + n, sizeof packed - n);
    snprintf(path, sizeof path, "%s/%s", folder, image_file);
    write_file(image_file, packed, n);
    assert_int_equal(iso_idx_read(path, 3, &idx), ISO_OK);
    free(idx.data);
    packed[n - 8] ^= 1;
    write_file(image_file, packed, n);
    assert_int_equal(iso_idx_read(path, 3, &idx), ISO_EDATA);
    check_message("damaged gzip file");
    assert_null(idx.data);
}

static void test_missing_files(void **state)
{
    uint8_t images[IMAGE_BYTES];
    struct iso_dataset *set = NULL;
    char *data = getenv("ISOCL_DATA");
    data = data == NULL ? NULL : strdup(data);
    (void)state;
    setenv("ISOCL_DATA", "/nowhere/data", 1);
    assert_int_equal(load(&set), ISO_EIO);
    check_message("'mnist' not found");
    check_message(folder);
    assert_null(strstr(iso_error(), "/nowhere/data")); /* a folder that is named is the only one */
    check_message("--data");
    check_message("ISOCL_DATA");
    check_message("builtin:digits");
    make_images(images);
    write_file(image_file, images, sizeof images);
    assert_int_equal(load(&set), ISO_EIO);
    check_message("train-labels-idx1-ubyte");
    assert_null(set);
    if (data != NULL)
        setenv("ISOCL_DATA", data, 1);
    else
        unsetenv("ISOCL_DATA");
    free(data);
}

static void test_names(void **state)
{
    struct iso_dataset *set = NULL;
    (void)state;
    assert_int_equal(load_dataset("mnits", "train", folder, 0, 0, &set), ISO_EUSAGE);
    check_message(
        "unknown data set 'mnits'; there are mnist, fashion-mnist, cifar10, cifar100, "
        "builtin:digits");
    iso_error_clear();
    assert_int_equal(load_dataset("mnist", "validation", folder, 0, 0, &set), ISO_EDATA);
    check_message("no split 'validation'; it has train and test");
    assert_int_equal(load_dataset("mnist", "", folder, 0, 0, &set), ISO_EDATA);
    check_message("has the splits train and test; say which one is meant");
    assert_int_equal(load_dataset("mnist", "all", folder, 0, 0, &set), ISO_EDATA);
    check_message("unknown split 'all'");
    iso_error_clear();
    assert_int_equal(load_dataset("mnist", "train", folder, 0, -1, &set), ISO_EUSAGE);
    assert_null(set);
}

/* Makes each allocation fail in turn, until none is left to fail; leaks show under a sanitizer. */
static void check_all_allocations(const char *name, int64_t count, int least)
{
    struct iso_dataset *set = NULL;
    iso_rc rc = ISO_ENOMEM;
    int failures = 0;
    for (; rc == ISO_ENOMEM && failures < 100; failures++) {
        iso_error_clear();
        iso_alloc_fail_after(failures);
        rc = load_dataset(name, "train", folder, count, 0, &set);
    }
    iso_alloc_fail_after(-1);
    assert_int_equal(rc, ISO_OK);
    assert_true(failures > least);
    iso_dataset_free(set);
}

static void test_out_of_memory(void **state)
{
    uint8_t images[IMAGE_BYTES], labels[LABEL_BYTES];
    (void)state;
    make_images(images);
    make_labels(labels);
    write_file(image_file, images, sizeof images);
    write_file(label_file, labels, sizeof labels);
    check_all_allocations("mnist", 0, 4);
    check_all_allocations("builtin:digits", 2, 3);
}

/* ---- The real MNIST -------------------------------------------------------------------------- */

static void hash_images(const struct iso_dataset *set, int64_t rows, char hex[65])
{
    struct iso_sha256 hash;
    iso_sha256_init(&hash);
    iso_sha256_add(&hash, set->images, (size_t)(rows * set->height * set->width));
    iso_sha256_hex(&hash, hex);
}

static void check_real(const char *split, int64_t rows, const char *hash, const int32_t *first,
                       const int *per_class)
{
    struct iso_dataset *set = NULL;
    char hex[65];
    int counts[10] = { 0 };
    /* The folder of data beside a checkout, unless ISOCL_DATA names another. */
    const char *data = getenv("ISOCL_DATA") == NULL ? "../shared/data" : NULL;
    iso_rc rc = load_dataset("mnist", split, data, 0, 0, &set);
    if (rc == ISO_EIO && strstr(iso_error(), "not found") != NULL) {
        printf("skipped: MNIST is not here; set ISOCL_DATA to the folder that holds mnist/\n");
        skip();
    }
    if (rc != ISO_OK)
        fail_msg("%s", iso_error());
    assert_int_equal(set->rows, rows);
    hash_images(set, rows, hex);
    assert_string_equal(hex, hash);
    assert_memory_equal(set->labels, first, 10 * sizeof *first);
    for (int64_t i = 0; i < set->rows; i++)
        counts[set->labels[i]]++;
    assert_memory_equal(counts, per_class, sizeof counts);
    iso_dataset_free(set);
}

static void test_mnist(void **state)
{
    static const int32_t train[] = { 5, 0, 4, 1, 9, 2, 1, 3, 1, 4 };
    static const int32_t test[] = { 7, 2, 1, 0, 4, 1, 4, 9, 5, 9 };
    static const int train_counts[] = {
        5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949
    };
    static const int test_counts[] = { 980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009 };
    (void)state;
    check_real("train", 60000, "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
               train, train_counts);
    check_real("test", 10000, "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
               test, test_counts);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_plain_and_gzip),  IN_FOLDER(test_torchvision_folder),
        IN_FOLDER(test_limit),           IN_FOLDER(test_spoilt_files),
        IN_FOLDER(test_lying_header),    IN_FOLDER(test_spoilt_gzip),
        IN_FOLDER(test_spoilt_gzip_end), IN_FOLDER(test_missing_files),
        IN_FOLDER(test_names),           IN_FOLDER(test_out_of_memory),
        cmocka_unit_test(test_mnist),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
