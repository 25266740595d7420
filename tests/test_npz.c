/* test_npz.c: data sets in NumPy archives, good and damaged, made here. */
#include "core/formats/npz.h"
#include "datasets.h"
#include "folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

enum { ROWS = 3, SIDE = 2, PIXELS = ROWS * SIDE * SIDE, ROOM = 8192 };
struct file {
    uint8_t bytes[ROOM], directory[ROOM];
    size_t n, ndirectory;
    int members;
};

static char folder[FOLDER], path[128];

static void put(uint8_t *at, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

/* The bytes of a .npy file; returns their number. */
static size_t npy(uint8_t *out, int version, const char *descr, const char *shape, const void *data,
                  size_t n)
{
    char header[256];
    snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }\n",
             descr, shape);
    const size_t begin = version == 1 ? 10 : 12, length = strlen(header);
    memcpy(out, "\x93NUMPY", 6);
    put(out + 6, (uint32_t)version, 2);
    put(out + 8, (uint32_t)length, version == 1 ? 2 : 4);
    memcpy(out + begin, header, length);
    memcpy(out + begin + length, data, n);
    return begin + length + n;
}

/* Adds a member, with extra bytes in the local header only, as numpy writes them. */
static void add(struct file *f, const char *name, const uint8_t *data, size_t n, bool packed)
{
    uint8_t out[ROOM], *local = f->bytes + f->n, *entry = f->directory + f->ndirectory;
    size_t m = n;
    memcpy(out, data, n);
    if (packed) {
        z_stream z = {
            .next_in = (Bytef *)data, .avail_in = (uInt)n, .next_out = out, .avail_out = ROOM
        };
        assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
        assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
        m = z.total_out;
        deflateEnd(&z);
    }
    const uint32_t crc = (uint32_t)crc32(0, data, (uInt)n), length = (uint32_t)strlen(name);
    memset(local, 0, 30);
    put(local, 0x04034b50, 4);
    put(local + 26, length, 2);
    put(local + 28, 20, 2);
    memcpy(local + 30, name, length);
    memset(local + 30 + length, 0xFF, 20);
    memcpy(local + 50 + length, out, m);
    memset(entry, 0, 46);
    put(entry, 0x02014b50, 4);
    put(entry + 10, packed ? 8 : 0, 2);
    put(entry + 16, crc, 4);
    put(entry + 20, (uint32_t)m, 4);
    put(entry + 24, (uint32_t)n, 4);
    put(entry + 28, length, 2);
    put(entry + 42, (uint32_t)f->n, 4);
    memcpy(entry + 46, name, length);
    f->n += 50 + length + m;
    f->ndirectory += 46 + length;
    f->members++;
}

static void finish(struct file *f)
{
    uint8_t *end = f->bytes + f->n + f->ndirectory;
    memcpy(f->bytes + f->n, f->directory, f->ndirectory);
    memset(end, 0, 22);
    put(end, 0x06054b50, 4);
    put(end + 10, (uint32_t)f->members, 2);
    put(end + 12, (uint32_t)f->ndirectory, 4);
    put(end + 16, (uint32_t)f->n, 4);
    f->n += f->ndirectory + 22;
}

static void save(const struct file *f, size_t n)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(f->bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static const uint8_t pixels[PIXELS] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255 };

/* An archive of both arrays of the test split. */
static void make(struct file *f, int version, bool packed, const char *type, const void *labels,
                 size_t size)
{
    uint8_t array[ROOM];
    memset(f, 0, sizeof *f);
    add(f, "x_test.npy", array, npy(array, version, "|u1", "(3, 2, 2)", pixels, PIXELS), packed);
    add(f, "y_test.npy", array, npy(array, version, type, "(3,)", labels, 3 * size), packed);
    finish(f);
    save(f, f->n);
}

static int make_folder(void **state)
{
    (void)state;
    iso_error_clear();
    if (folder_make(folder, "npz") != 0)
        return 1;
    snprintf(path, sizeof path, "%s/mnist.npz", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    iso_alloc_fail_after(-1);
    remove(path);
    return remove(folder);
}

static void check_set(int l0, int l1, int l2)
{
    struct iso_dataset *set = NULL;
    iso_error_clear();
    if (load_dataset("mnist", "test", folder, 0, 0, &set) != ISO_OK)
        fail_msg("%s", iso_error());
    assert_int_equal(set->rows, ROWS);
    assert_int_equal(set->height * 100 + set->width * 10 + set->channels, 221);
    assert_memory_equal(set->images, pixels, PIXELS);
    assert_int_equal(set->labels[0] * 100 + set->labels[1] * 10 + set->labels[2],
                     l0 * 100 + l1 * 10 + l2);
    assert_string_equal(set->source, path);
    iso_dataset_free(set);
}

static void archives_are_read(void **state)
{
    static const uint8_t bytes[3] = { 5, 0, 9 };
    static const uint8_t big[24] = { [7] = 4, [15] = 0, [23] = 8 };
    static const uint8_t little[6] = { 7, 0, 6, 0, 3, 0 };
    static struct file f;
    (void)state;
    for (int version = 1; version <= 3; version++)
        for (int packed = 0; packed < 2; packed++) {
            make(&f, version, packed, "|u1", bytes, 1);
            check_set(5, 0, 9);
            make(&f, version, packed, ">i8", big, 8);
            check_set(4, 0, 8);
            make(&f, version, packed, "<u2", little, 2);
            check_set(7, 6, 3);
        }
}

static void check_fault(const char *expected)
{
    struct iso_dataset *set = NULL;
    iso_error_clear();
    const iso_rc rc = load_dataset("mnist", "test", folder, 0, 0, &set);
    assert_true(rc == ISO_EDATA);
    assert_null(set);
    if (strstr(iso_error(), expected) == NULL || strstr(iso_error(), "mnist.npz") == NULL)
        fail_msg("message '%s' lacks '%s'", iso_error(), expected);
}

static void bad_arrays_are_refused(void **state)
{
    static const struct {
        const char *type, *shape, *labels, *expected;
    } cases[] = {
        { "|f1", "(3, 2, 2)", "|u1", "does not hold real numbers" },
        { "<u4", "(3, 1, 1)", "|u1", "images are whole numbers from 0 to 255" },
        { "|u1", "(12,)", "|u1", "is not images" },
        { "|u1", "(3, 2, 3)", "|u1", "shape that does not fit" },
        { "|u1", "(3, 4294967296, 4294967296)", "|u1", "shape that does not fit" },
        { "|u1", "(3, -2, 2)", "|u1", "shape that does not fit" },
        { "|u1", "(3, 2, 2", "|u1", "shape that does not fit" },
        { "|u1", "(4, 3, 1)", "|u1", "one label for each of the 4" },
        { "|u1", "(3, 2, 2)", "|i1", "label 1 (counted from 0) is -1, should be 0 to 9" },
        { "|u1", "(3, 2, 2)", "|O", "does not hold numbers but Python objects" },
    };
    static const uint8_t labels[3] = { 1, 255, 1 };
    static struct file f;
    uint8_t array[ROOM];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        memset(&f, 0, sizeof f);
        add(&f, "x_test.npy", array, npy(array, 1, cases[i].type, cases[i].shape, pixels, PIXELS),
            false);
        add(&f, "y_test.npy", array, npy(array, 1, cases[i].labels, "(3,)", labels, 3), false);
        finish(&f);
        save(&f, f.n);
        check_fault(cases[i].expected);
    }
    make(&f, 9, false, "|u1", labels, 1);
    check_fault("version above 3.0");
}

/* Whatever byte is wrong and wherever the file ends: it is read or refused, with nothing worse
 * (run with SAN=address). */
static void damaged_archives_are_refused(void **state)
{
    static const uint8_t labels[3] = { 1, 2, 3 };
    static struct file f, bad;
    (void)state;
    for (int packed = 0; packed < 2; packed++) {
        make(&f, 1, packed, "|u1", labels, 1);
        for (size_t n = 0; n < f.n; n++) {
            save(&f, n);
            check_fault("");
        }
        for (size_t at = 0; at < f.n; at++)
            for (int bit = 0; bit < 8; bit += 7) {
                struct iso_dataset *set = NULL;
                bad = f;
                bad.bytes[at] ^= (uint8_t)(1 << bit);
                save(&bad, f.n);
                iso_error_clear();
                const iso_rc rc = load_dataset("mnist", "test", folder, 0, 0, &set);
                assert_true(rc == ISO_OK ? set != NULL : rc == ISO_EDATA && set == NULL);
                if (set != NULL)
                    assert_memory_equal(set->images, pixels, PIXELS);
                iso_dataset_free(set);
            }
    }
    struct iso_dataset *set = NULL;
    save(&f, f.n);
    iso_error_clear();
    assert_int_equal(load_dataset("mnist", "train", folder, 0, 0, &set), ISO_EDATA);
    assert_non_null(strstr(iso_error(), "has no array 'x_train'; it has x_test, y_test"));
}

/* A member that claims far more than its packed bytes can hold costs nothing. */
static void lying_sizes_are_refused(void **state)
{
    static const uint8_t labels[3] = { 1, 2, 3 };
    static struct file f;
    (void)state;
    make(&f, 1, true, "|u1", labels, 1);
    uint8_t *entry = f.bytes + f.n - 22 - f.ndirectory;
    put(entry + 24, 0xfffffff0, 4);
    save(&f, f.n);
    check_fault("claims more data than there is");
    put(entry + 10, 12, 2);
    save(&f, f.n);
    check_fault("packed by method 12");
}

static void lack_of_memory_is_reported(void **state)
{
    static const uint8_t labels[3] = { 1, 2, 3 };
    static struct file f;
    struct iso_dataset *set = NULL;
    iso_rc rc = ISO_ENOMEM;
    int n = 0;
    (void)state;
    make(&f, 1, true, "|u1", labels, 1);
    for (; n < 40 && rc != ISO_OK; n++) {
        iso_error_clear();
        iso_alloc_fail_after(n);
        rc = load_dataset("mnist", "test", folder, 0, 0, &set);
        iso_alloc_fail_after(-1);
        assert_true(rc == ISO_OK || (rc == ISO_ENOMEM && set == NULL));
    }
    assert_int_equal(rc, ISO_OK);
    assert_true(n > 9);
    iso_dataset_free(set);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(archives_are_read),
        TEST(bad_arrays_are_refused),
        TEST(damaged_archives_are_refused),
        TEST(lying_sizes_are_refused),
        TEST(lack_of_memory_is_reported),
    };
    if (setenv("ISOCL_DATA", "/nowhere", 1) != 0 || setenv("XDG_DATA_HOME", "/nowhere", 1) != 0)
        return 1;
    return cmocka_run_group_tests_name("npz", tests, NULL, NULL);
}
