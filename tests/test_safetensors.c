/* test_safetensors.c: files come back as they were written, bad files are refused with a reason,
 * and a write that fails leaves nothing behind. */
#include "core/formats/safetensors.h"
#include "core/system/sha256.h"
#include "folder.h"
#include "message.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[FOLDER], path[128]; /* made anew for each test */

static int make_folder(void **state)
{
    (void)state;
    iso_error_clear();
    if (folder_make(folder, "safetensors") != 0)
        return 1;
    snprintf(path, sizeof path, "%s/weights.safetensors", folder);
    return 0;
}

/* Fails when a test left anything but its file: temporary files must be gone. */
static int remove_folder(void **state)
{
    (void)state;
    iso_alloc_fail_after(-1);
    remove(path);
    return rmdir(folder);
}

static int count_files(void)
{
    DIR *list = opendir(folder);
    int n = -2; /* . and .. */
    assert_non_null(list);
    while (readdir(list) != NULL)
        n++;
    closedir(list);
    return n;
}

static struct iso_st_file *open_file(void)
{
    struct iso_st_file *file = NULL;
    if (iso_st_open(path, &file) != ISO_OK)
        fail_msg("%s", iso_error());
    return file;
}

static size_t read_bytes(unsigned char *out, size_t room)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    const size_t n = fread(out, 1, room, file);
    fclose(file);
    return n;
}

static void write_bytes(const unsigned char *text, size_t n)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, n, file), n);
    fclose(file);
}

/* ---- Round trip ------------------------------------------------------------------------------ */

static const uint8_t bytes[3] = { 1, 2, 255 };
static const double doubles[2] = { -0.0, 1e-310 };
static const float floats[6] = { 1, 2, 3, 4, 5, 6 };
static const int32_t ints[1] = { -7 };
static const int64_t longs[2] = { INT64_MIN, INT64_MAX };

/* Names that need care, a scalar, an empty tensor, doubles that are not aligned in the file. */
static const struct iso_st_tensor samples[] = {
    { "z \"quoted\" \xc3\xa9", ISO_ST_U8, 1, { 3 }, bytes },
    { "a/double", ISO_ST_F64, 1, { 2 }, doubles },
    { "conv2d_1/kernel", ISO_ST_F32, 3, { 1, 2, 3 }, floats },
    { "scalar", ISO_ST_I32, 0, { 0 }, ints },
    { "empty", ISO_ST_F32, 2, { 0, 5 }, floats },
    { "loss@0", ISO_ST_I64, 2, { 2, 1 }, longs },
};
enum { SAMPLES = sizeof samples / sizeof samples[0] };
static const char *const metadata[] = { "format", "isocl", "mode", "exact", NULL };

static void check_samples(void)
{
    struct iso_st_file *file = open_file();
    assert_int_equal(file->n, SAMPLES);
    for (int i = 0; i < SAMPLES; i++) {
        const struct iso_st_tensor *want = &samples[i], *got = &file->tensors[i];
        assert_string_equal(got->name, want->name);
        assert_ptr_equal(iso_st_find(file, want->name), got);
        assert_int_equal(got->type, want->type);
        assert_int_equal(got->ndim, want->ndim);
        assert_memory_equal(got->dim, want->dim, (size_t)want->ndim * sizeof *want->dim);
        assert_int_equal((uintptr_t)got->data % 8, 0);
        if (iso_st_bytes(want) > 0)
            assert_memory_equal(got->data, want->data, (size_t)iso_st_bytes(want));
    }
    assert_null(iso_st_find(file, "missing"));
    assert_string_equal(iso_st_metadata(file, "mode"), "exact");
    assert_null(iso_st_metadata(file, "missing"));
    iso_st_close(file);
}

static void test_round_trip(void **state)
{
    (void)state;
    assert_int_equal(iso_st_write(path, samples, SAMPLES, metadata), ISO_OK);
    check_samples();
    assert_int_equal(count_files(), 1);
    assert_int_equal(iso_st_write(path, samples, SAMPLES, metadata), ISO_OK); /* over the old one */
    check_samples();
}

static void test_pieces_in_any_order(void **state)
{
    struct iso_st_writer *w = NULL;
    (void)state;
    assert_int_equal(iso_st_begin(path, samples, SAMPLES, metadata, &w), ISO_OK);
    for (int i = SAMPLES - 1; i >= 0; i--)
        assert_int_equal(iso_st_put(w, i, samples[i].data), ISO_OK);
    assert_int_equal(iso_st_end(w), ISO_OK);
    check_samples();
}

static void test_no_tensors(void **state)
{
    (void)state;
    assert_int_equal(iso_st_write(path, NULL, 0, NULL), ISO_OK);
    struct iso_st_file *file = open_file();
    assert_int_equal(file->n, 0);
    assert_null(iso_st_metadata(file, "mode"));
    iso_st_close(file);
}

/* The bytes of a small file, as the format describes them, and its hash, of one piece. */
static void test_layout(void **state)
{
    static const char begin[] = "{\"__metadata__\":{\"isocl.sha256\":\"";
    static const char end[] = "\"},\"x\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]}}";
    enum { BEGIN = sizeof begin - 1, END = sizeof end - 1, HEADER = BEGIN + 64 + END };
    const struct iso_st_tensor x = { "x", ISO_ST_U8, 1, { 3 }, bytes };
    unsigned char got[256] = { 0 };
    char digits[65], piece[65], whole[65];
    struct iso_sha256 sum;
    (void)state;
    assert_int_equal(HEADER % 8, 0);
    assert_int_equal(iso_st_write(path, &x, 1, NULL), ISO_OK);
    assert_int_equal(read_bytes(got, sizeof got), 8 + HEADER + 3);
    assert_memory_equal(got, ((const uint8_t[]){ HEADER, 0, 0, 0, 0, 0, 0, 0 }), 8);
    assert_memory_equal(got + 8, begin, BEGIN);
    assert_memory_equal(got + 8 + BEGIN + 64, end, END);
    assert_memory_equal(got + 8 + HEADER, bytes, 3);
    snprintf(digits, sizeof digits, "%.64s", (const char *)got + 8 + BEGIN);
    memset(got + 8 + BEGIN, '0', 64);
    iso_sha256_init(&sum);
    iso_sha256_add(&sum, got, 8 + HEADER + 3);
    iso_sha256_hex(&sum, piece);
    iso_sha256_init(&sum);
    iso_sha256_add(&sum, piece, 64);
    iso_sha256_hex(&sum, whole);
    assert_string_equal(digits, whole);
}

/* ---- Changes --------------------------------------------------------------------------------- */

/* A changed file is refused, or has no hash any more, which its reader may refuse. */
static void test_every_bit_counts(void **state)
{
    static unsigned char whole[4096];
    int unhashed = 0;
    (void)state;
    assert_int_equal(iso_st_write(path, samples, SAMPLES, metadata), ISO_OK);
    const size_t n = read_bytes(whole, sizeof whole);
    assert_true(n > 500 && n < sizeof whole);
    for (size_t i = 0; i < 8 * n; i++) {
        struct iso_st_file *file = NULL;
        whole[i / 8] ^= (unsigned char)(1 << i % 8);
        write_bytes(whole, n);
        whole[i / 8] ^= (unsigned char)(1 << i % 8);
        if (iso_st_open(path, &file) == ISO_OK && *file->sha256)
            fail_msg("bit %zu of byte %zu may be wrong", i % 8, i / 8);
        unhashed += file != NULL;
        iso_st_close(file);
    }
    assert_true(unhashed < 8 * 30); /* the words "__metadata__" and "isocl.sha256" */
    write_bytes(whole, n);
    check_samples();
}

static void test_a_hash_that_cannot_be_checked(void **state)
{
    static const char *const headers[] = {
        "{\"__metadata__\": {\"isocl.sha256\": \"00\"}}        ",
        "{\"__metadata__\":{\"isocl.sha256\":\"00000000\"}}      ",
        "{\"__metadata__\":{\"isocl.sha25\\u0036\":\"00\"}}      ",
    };
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct iso_st_file *file = NULL;
        unsigned char text[64] = { (uint8_t)strlen(headers[i]) };
        memcpy(text + 8, headers[i], strlen(headers[i]));
        write_bytes(text, 8 + strlen(headers[i]));
        assert_int_equal(iso_st_open(path, &file), ISO_EDATA);
        check_message("its SHA-256 (isocl.sha256 in its metadata) cannot be checked");
    }
}

/* ---- Writes that fail ------------------------------------------------------------------------ */

static void test_unfinished_writes(void **state)
{
    struct iso_st_writer *w = NULL;
    (void)state;
    assert_int_equal(iso_st_write(path, samples, SAMPLES, metadata), ISO_OK);
    assert_int_equal(iso_st_begin(path, samples, 3, NULL, &w), ISO_OK);
    assert_int_equal(iso_st_put(w, 0, samples[0].data), ISO_OK);
    iso_st_abort(w);
    assert_int_equal(iso_st_begin(path, samples, 3, NULL, &w), ISO_OK);
    assert_int_equal(iso_st_put(w, 2, samples[2].data), ISO_OK);
    assert_int_equal(iso_st_end(w), ISO_EUSAGE);
    check_message("has not been written");
    assert_int_equal(count_files(), 1);
    check_samples(); /* the old file is as it was */
    iso_st_abort(NULL);
}

static void test_bad_requests(void **state)
{
    static const struct iso_st_tensor twice[] = { { "x", ISO_ST_U8, 1, { 3 }, bytes },
                                                  { "x", ISO_ST_U8, 1, { 3 }, bytes } };
    static const struct iso_st_tensor reserved = { "__metadata__", ISO_ST_U8, 1, { 3 }, bytes };
    static const struct iso_st_tensor negative = { "x", ISO_ST_U8, 1, { -1 }, bytes };
    static const struct iso_st_tensor huge = {
        "x", ISO_ST_F64, 2, { 1 << 30, INT64_MAX / 2 }, bytes
    };
    static const struct iso_st_tensor not_text = { "\xff", ISO_ST_U8, 1, { 3 }, bytes };
    (void)state;
    assert_int_equal(iso_st_write(path, twice, 2, NULL), ISO_EUSAGE);
    assert_int_equal(iso_st_write(path, &reserved, 1, NULL), ISO_EUSAGE);
    assert_int_equal(iso_st_write(path, &negative, 1, NULL), ISO_ESHAPE);
    assert_int_equal(iso_st_write(path, &huge, 1, NULL), ISO_ESHAPE);
    assert_int_equal(iso_st_write(path, &not_text, 1, NULL), ISO_EDATA);
    assert_int_equal(count_files(), 0);
}

/* A limit on file sizes stands in for a full disk. */
static void test_full_disk(void **state)
{
    static float many[4096];
    const struct iso_st_tensor x = { "x", ISO_ST_F32, 1, { 4096 }, many };
    struct rlimit before, small;
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    small = before;
    small.rlim_cur = 4096;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    iso_rc rc = iso_st_write(path, &x, 1, NULL);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);
    assert_int_equal(rc, ISO_EIO);
    check_message(path);
    check_message("room");
    assert_int_equal(count_files(), 0);
}

static void test_no_folder(void **state)
{
    char elsewhere[160];
    (void)state;
    snprintf(elsewhere, sizeof elsewhere, "%s/missing/file", folder);
    assert_int_equal(iso_st_write(elsewhere, samples, SAMPLES, NULL), ISO_EIO);
    check_message("missing/file");
}

/* ---- Bad files ------------------------------------------------------------------------------- */

/* Writes a file of a header text, its length + `longer`, and `data` bytes of data. */
static void write_raw(const char *header, int longer, size_t data)
{
    uint64_t length = strlen(header) + (uint64_t)(int64_t)longer;
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fwrite(&length, sizeof length, 1, file);
    fwrite(header, 1, strlen(header), file);
    for (size_t i = 0; i < data; i++)
        fputc((int)i, file);
    assert_int_equal(fclose(file), 0);
}

static void check_refused(const char *message)
{
    struct iso_st_file *file = NULL;
    iso_error_clear();
    if (iso_st_open(path, &file) != ISO_EDATA)
        fail_msg("not refused (%s): '%s'", message, iso_error());
    check_message(message);
    check_message(path);
    assert_null(file);
}

struct bad_file {
    const char *header;
    int longer;
    size_t data;
    const char *message;
};

#define X(type, shape, offsets) \
    "\"x\":{\"dtype\":\"" type "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"
#define Y(offsets) "\"y\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":" offsets "}"
static const struct bad_file bad_files[] = {
    { "", 0, 0, "too few" },
    { "{}", 1, 0, "header length 3" },
    { "{}", -2, 0, "header length 0" },
    { "{}", -3, 0, "header length 18446744073709551615" },
    { "{}", 200000000, 0, "header length 200000002" },
    { "[]", 0, 0, "does not begin with '{'" },
    { "{\"x\":", 0, 0, "byte" },
    { "{} x", 0, 0, "byte" },
    { "{" X("U8", "[4]", "[0,4]") "," X("U8", "[4]", "[4,8]") "}", 0, 8, "duplicate" },
    { "{\"x\":3}", 0, 0, "'x' is not described by an object" },
    { "{\"x\":{\"shape\":[1],\"data_offsets\":[0,1]}}", 0, 1, "'x' has no dtype" },
    { "{" X("F8_E4M3", "[2]", "[0,4]") "}", 0, 4, "dtype F8_E4M3" },
    { "{" X("U8", "4", "[0,4]") "}", 0, 4, "shape must be a list" },
    { "{" X("U8", "[1,1,1,1,1,1,1,1,4]", "[0,4]") "}", 0, 4, "at most 8" },
    { "{" X("U8", "[2,2.0]", "[0,4]") "}", 0, 4, "size 2 of its shape" },
    { "{" X("U8", "[-4]", "[0,4]") "}", 0, 4, "size 1 of its shape" },
    { "{" X("U8", "[4]", "[0]") "}", 0, 4, "two whole numbers" },
    { "{" X("U8", "[4]", "[0,\"4\"]") "}", 0, 4, "two whole numbers" },
    { "{" X("U8", "[4]", "[0,4]") "}", 0, 3, "[0, 4] do not lie in the 3 bytes" },
    { "{" X("U8", "[4]", "[-4,0]") "}", 0, 4, "[-4, 0] do not lie" },
    { "{" X("U8", "[4]", "[4,0]") "}", 0, 4, "[4, 0] do not lie" },
    { "{" X("F32", "[2]", "[0,4]") "}", 0, 4, "4 bytes of data do not fit" },
    { "{" X("U8", "[4294967296,4294967296]", "[0,0]") "}", 0, 0, "do not fit" },
    { "{" X("U8", "[4]", "[0,4]") "," Y("[2,6]") "}", 0, 6, "(overlap)" },
    { "{" X("U8", "[4]", "[0,4]") "," Y("[0,4]") "}", 0, 4, "(overlap)" },
    { "{" X("U8", "[4]", "[0,4]") "," Y("[5,9]") "}", 0, 9, "(a hole)" },
    { "{" X("U8", "[4]", "[1,5]") "}", 0, 5, "(a hole)" },
    { "{" X("U8", "[4]", "[0,4]") "}", 0, 6, "2 bytes after the last tensor" },
    { "{\"__metadata__\":[]}", 0, 0, "__metadata__ is not an object" },
    { "{\"__metadata__\":{\"a\":1}}", 0, 0, "__metadata__ 'a' is not a text" },
    { "{\"\\u0000\":{}}", 0, 0, "byte" },
};

static void test_bad_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_files / sizeof bad_files[0]; i++) {
        write_raw(bad_files[i].header, bad_files[i].longer, bad_files[i].data);
        check_refused(bad_files[i].message);
    }
}

/* A good file of foreign make: order of the names unlike that of the data. */
static void test_foreign_order(void **state)
{
    (void)state;
    write_raw("{" Y("[4,8]") "," X("U8", "[4]", "[0,4]") "}", 0, 8);
    struct iso_st_file *file = open_file();
    assert_string_equal(file->tensors[0].name, "x");
    assert_memory_equal(iso_st_find(file, "y")->data, "\4\5\6\7", 4);
    iso_st_close(file);
}

static void test_missing_file(void **state)
{
    struct iso_st_file *file = NULL;
    (void)state;
    assert_int_equal(iso_st_open(path, &file), ISO_EIO);
    check_message(path);
    iso_error_clear();
    assert_int_equal(iso_st_open(folder, &file), ISO_EIO);
    check_message(folder);
}

/* Every allocation fails in turn; leaks show under a sanitizer. */
static void test_out_of_memory(void **state)
{
    int failed_writes = 0, failed_reads = 0;
    (void)state;
    for (iso_rc rc = ISO_ENOMEM; rc != ISO_OK && failed_writes < 100; failed_writes++) {
        iso_error_clear();
        iso_alloc_fail_after(failed_writes);
        rc = iso_st_write(path, samples, SAMPLES, metadata);
        iso_alloc_fail_after(-1);
        assert_true(rc == ISO_OK || rc == ISO_ENOMEM);
    }
    assert_int_equal(count_files(), 1);
    check_samples();
    for (iso_rc rc = ISO_ENOMEM; rc != ISO_OK && failed_reads < 100; failed_reads++) {
        struct iso_st_file *file = NULL;
        iso_error_clear();
        iso_alloc_fail_after(failed_reads);
        rc = iso_st_open(path, &file);
        iso_alloc_fail_after(-1);
        assert_true(rc == ISO_OK || rc == ISO_ENOMEM);
        if (rc == ISO_OK)
            iso_st_close(file);
    }
    assert_in_range(failed_writes, 3, 99);
    assert_in_range(failed_reads, 7, 99);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_round_trip),        IN_FOLDER(test_pieces_in_any_order),
        IN_FOLDER(test_no_tensors),        IN_FOLDER(test_layout),
        IN_FOLDER(test_every_bit_counts),  IN_FOLDER(test_a_hash_that_cannot_be_checked),
        IN_FOLDER(test_unfinished_writes), IN_FOLDER(test_bad_requests),
        IN_FOLDER(test_full_disk),         IN_FOLDER(test_no_folder),
        IN_FOLDER(test_bad_files),         IN_FOLDER(test_foreign_order),
        IN_FOLDER(test_missing_file),      IN_FOLDER(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
