/* test_arrays.c: data sets in NumPy's files, as NumPy and Python's pickle wrote them
 * (tools/golden/make_readers.py). Run from the root of the repository. */
#include "core/formats/pickle.h"
#include "datasets.h"
#include "message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char folder[] = "tests/readers";
enum { ROWS = 4, HEIGHT = 3, WIDTH = 5 };

static iso_rc load(const char *name, const char *split, struct iso_dataset **set)
{
    iso_error_clear();
    *set = NULL;
    return load_dataset(name, split, folder, 0, 0, set);
}

/* Element i of the images is (7 i + 3) mod 256; the labels are 1, 2, 3, 1. */
static void check(const char *name, int channels)
{
    static const int32_t labels[ROWS] = { 1, 2, 3, 1 };
    struct iso_dataset *set;
    if (load(name, "train", &set) != ISO_OK)
        fail_msg("%s: %s", name, iso_error());
    assert_int_equal(set->rows, ROWS);
    assert_int_equal(set->height * 100 + set->width * 10 + set->channels, 350 + channels);
    assert_int_equal(set->classes, 4);
    assert_memory_equal(set->labels, labels, sizeof labels);
    for (int i = 0; i < ROWS * HEIGHT * WIDTH * channels; i++)
        assert_int_equal(set->images[i], (7 * i + 3) % 256);
    iso_dataset_free(set);
}

static void files_are_read(void **state)
{
    (void)state;
    check("npy:float64.npy", 1);
    check("npy:float64-4.npy", 1);
    check("npy:float64-5.npy", 1);
    check("npy:mixed.npy", 1);
    check("npy:half.npy", 3);
    check("npy:fortran.npy", 1);
    check("npy:arrays", 1);
    check("npy:arrays.npz", 1);
}

static void check_request(const char *name, const char *split, struct iso_dataset_request r,
                          int channels)
{
    static const int32_t labels[ROWS] = { 1, 2, 3, 1 };
    struct iso_dataset *set;
    r.name = name;
    r.split = split;
    r.folder = folder;
    if (iso_dataset_load(&r, &set) != ISO_OK)
        fail_msg("%s: %s", name, iso_error());
    assert_int_equal(set->rows * 1000 + set->height * 100 + set->width * 10 + set->channels,
                     4350 + channels);
    if (set->labels != NULL)
        assert_memory_equal(set->labels, labels, sizeof labels);
    assert_int_equal(set->labels == NULL, r.labels_optional);
    for (int i = 0; i < ROWS * HEIGHT * WIDTH * channels; i++)
        assert_int_equal(set->images[i], (7 * i + 3) % 256);
    if (r.labels_optional)
        assert_string_equal(set->row_names.name[3], "60003");
    iso_dataset_free(set);
}

/* NumPy, Keras, PyTorch and MedMNIST write such files: other names, column-major, one-hot, channels
 * first. */
static void usual_arrays_are_read(void **state)
{
    static const struct iso_shape colour = { 4, { 0, HEIGHT, WIDTH, 3 } };
    const struct iso_dataset_request named = { .options = { .image_array = "pictures",
                                                            .label_array = "truth" } };
    const struct iso_dataset_request none = { .name = NULL }, first = { .input = &colour },
                                     predicted = { .labels_optional = true };
    (void)state;
    check_request("npy:medical.npz", "train", none, 1);
    check_request("npy:medical.npz", "Val", none, 1);
    check_request("npy:pair.npz", "", none, 1);
    check_request("npy:named.npz", "", named, 1);
    check_request("npy:first.npz", "", first, 3);
    check_request("npy:unlabelled.npy", "", predicted, 1);
}

/* Rows of numbers have the geometry of the model's input, where the number of numbers fits. */
static void rows_of_numbers_are_images(void **state)
{
    static const struct iso_shape inputs[] = {
        { 4, { 0, 3, 5, 1 } }, { 4, { 0, 1, 5, 3 } }, { 4, { 0, 3, 4, 1 } }, { 2, { 0, 15 } }
    };
    static const int geometry[] = { 30501, 10503, 11501, 11501 };
    (void)state;
    for (int i = 0; i < 4; i++) {
        const struct iso_dataset_request r = {
            .name = "npy:arrays", .split = "test", .folder = folder, .input = &inputs[i]
        };
        struct iso_dataset *set;
        assert_int_equal(iso_dataset_load(&r, &set), ISO_OK);
        assert_int_equal(set->height * 10000 + set->width * 100 + set->channels, geometry[i]);
        assert_int_equal(set->rows, 2);
        iso_dataset_free(set);
    }
}

static void others_are_refused(void **state)
{
    static const struct {
        const char *name, *split;
        iso_rc rc;
        const char *expected;
    } cases[] = {
        { "npy:evil.npy", "train", ISO_EDATA, "names the Python function posix.system" },
        { "npy:scaled.npy", "train", ISO_EDATA, "element 0 (counted from 0) is 0.0117647059; " },
        { "npy:keys.npy", "train", ISO_EDATA,
          "has no array 'features'; it has pictures, target: say which one has the images with "
          "`image_array:`" },
        { "npy:fractions.npy", "train", ISO_EDATA, "label 0 (counted from 0) is 1.5; a label is" },
        { "npy:objects.npy", "train", ISO_EDATA, "'x' is no array of numbers" },
        { "npy:list.npy", "train", ISO_EDATA, "has no array 'features'; it has nothing" },
        { "npy:array.npy", "train", ISO_EDATA, "holds one array" },
        { "npy:medical.npz", "test", ISO_EDATA, "it has train and val, of which a part" },
        { "npy:medical.npz", "", ISO_EDATA, "has the splits train and val; say which" },
        { "npy:named.npz", "", ISO_EDATA, "it has pictures, truth: say which one has the images" },
        { "npy:soft.npz", "", ISO_EDATA, "row 0 (counted from 0) is not one-hot" },
        { "npy:unlabelled.npy", "", ISO_EDATA,
          "has no array 'target'; it has id, features: say which one has the labels with "
          "`label_array:`" },
        { "npy:float64.npy", "test", ISO_EDATA, "has one split only, and no 'test'" },
        { "npy:arrays.npz", "test", ISO_EDATA, "has no split 'test'; it has train" },
        { "npy:nothing.npy", "train", ISO_EIO, "no file or folder nothing.npy in tests/readers" },
        { "npy:", "train", ISO_EUSAGE, "unknown data set 'npy:'" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct iso_dataset *set;
        assert_int_equal(load(cases[i].name, cases[i].split, &set), cases[i].rc);
        assert_null(set);
        check_message(cases[i].expected);
    }
}

/* Pickled data are read, whatever the instructions that make them; everything else is refused. */
static void instructions_are_checked(void **state)
{
/* An array of four bytes that says it has this shape. */
#define ARRAY(shape)                           \
    "cnumpy.core.numeric\n_frombuffer\n(C\x04" \
    "abcdcnumpy\ndtype\n\x8c\x02"              \
    "u1\x85R" shape                            \
    "\x8c\x01"                                 \
    "CtR."
#define PICKLE(text, rc)          \
    {                             \
        text, sizeof text - 1, rc \
    }
    static const struct {
        const char *bytes;
        size_t n;
        iso_rc rc;
    } cases[] = {
        PICKLE("N.", ISO_OK),
        PICKLE("(I1\n.", ISO_EDATA),
        PICKLE(".", ISO_EDATA),
        PICKLE("N", ISO_EDATA),
        PICKLE("", ISO_EDATA),
        PICKLE("e.", ISO_EDATA),
        PICKLE("](NNe.", ISO_OK),
        PICKLE("N(NNe.", ISO_EDATA),
        PICKLE("}(NNu.", ISO_OK),
        PICKLE("}(NNNu.", ISO_EDATA),
        PICKLE("(.", ISO_EDATA),
        PICKLE("Na.", ISO_EDATA),
        PICKLE("]q\x01h\x01"
               "a.",
               ISO_OK),
        PICKLE("h\x01.", ISO_EDATA),
        PICKLE("X\xff\xff\xff\xff.", ISO_EDATA),
        PICKLE("\x8a\x09"
               "aaaaaaaaa.",
               ISO_EDATA),
        PICKLE("K\x01\x85.", ISO_OK),
        PICKLE("K\x01\x87.", ISO_EDATA),
        PICKLE("Nb.", ISO_EDATA),
        PICKLE("NNR.", ISO_EDATA),
        PICKLE("cos\nsystem\n.", ISO_EDATA),
        PICKLE("cnumpy\nndarray\n)R.", ISO_EDATA),
        PICKLE("cnumpy\ndtype\n)R.", ISO_EDATA),
        PICKLE("cnumpy\nndarray", ISO_EDATA),
        PICKLE("(N1N.", ISO_OK),
        PICKLE("1.", ISO_EDATA),
        PICKLE("r\xff\xff\xff\xff.", ISO_EDATA),
        PICKLE("Nr\xff\xff\xff\x7f.", ISO_EDATA),
        PICKLE(ARRAY("K\x02K\x02\x86"), ISO_OK),
        PICKLE(ARRAY("K\x05\x85"), ISO_EDATA),
        PICKLE(ARRAY("K\x02K\x03\x86"), ISO_EDATA),
        PICKLE(ARRAY("K\x03\x85"), ISO_EDATA),
        PICKLE(ARRAY("K\x04K\x00\x86"), ISO_EDATA),
        PICKLE(ARRAY("J\xfc\xff\xff\xffJ\xff\xff\xff\xff\x86"), ISO_EDATA),
        PICKLE(ARRAY("K\x04\x8a\x08\x01\0\0\0\0\0\0\x40\x86"), ISO_EDATA), /* 2^64 + 4 */
        PICKLE("i.", ISO_EDATA),
        PICKLE("P1\n.", ISO_EDATA),
        PICKLE("\x97.", ISO_EDATA),
    };
#undef PICKLE
#undef ARRAY
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct iso_pickle *pickle = NULL;
        iso_error_clear();
        const iso_rc rc =
            iso_pickle_read("made", (const uint8_t *)cases[i].bytes, cases[i].n, &pickle);
        if (rc != cases[i].rc || (rc == ISO_OK) != (pickle != NULL))
            fail_msg("case %zu: %d, %s", i, rc, iso_error());
        iso_pickle_free(pickle);
    }
}

static void lack_of_memory_is_reported(void **state)
{
    static const char *const names[] = { "npy:float64.npy", "npy:mixed.npy", "npy:arrays" };
    (void)state;
    for (int k = 0; k < 3; k++) {
        struct iso_dataset *set = NULL;
        iso_rc rc = ISO_ENOMEM;
        int n = 0;
        for (; n < 60 && rc != ISO_OK; n++) {
            iso_alloc_fail_after(n);
            rc = load(names[k], "train", &set);
            iso_alloc_fail_after(-1);
            assert_true(rc == ISO_OK || (rc == ISO_ENOMEM && set == NULL));
        }
        assert_int_equal(rc, ISO_OK);
        assert_true(n > 5);
        iso_dataset_free(set);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_read),
        cmocka_unit_test(usual_arrays_are_read),
        cmocka_unit_test(rows_of_numbers_are_images),
        cmocka_unit_test(others_are_refused),
        cmocka_unit_test(instructions_are_checked),
        cmocka_unit_test(lack_of_memory_is_reported),
    };
    return cmocka_run_group_tests_name("arrays", tests, NULL, NULL);
}
