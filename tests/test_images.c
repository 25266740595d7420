/* test_images.c: image files, as Pillow wrote and reads them (tools/golden/make_readers.py). Run
 * from the root of the repository. */
#include "core/image/image.h"
#include "core/image/image_kinds.h"
#include "core/image/image_resize.h"
#include "core/formats/npz.h"
#include "core/system/file.h"
#include "folder.h"
#include "message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char folder[] = "tests/readers";
static const char expected[] = "tests/readers/decode.npz";

/* ---- Files --------------------------------------------------------------------------------- */

static void compare(const char *name, const struct iso_image *image)
{
    struct iso_npy array;
    if (iso_npz_read(expected, name, &array) != ISO_OK)
        fail_msg("%s", iso_error());
    assert_int_equal(array.dim[0], image->height);
    assert_int_equal(array.dim[1], image->width);
    assert_int_equal(array.dim[2], image->channels);
    for (int64_t i = 0; i < array.bytes; i++)
        if (array.data[i] != image->pixels[i])
            fail_msg("%s: byte %lld is %d, should be %d", name, (long long)i, image->pixels[i],
                     array.data[i]);
    free(array.memory);
}

static const struct iso_image_options usual;

static void read_file(const char *name)
{
    char path[128];
    struct iso_image image, header;
    snprintf(path, sizeof path, "%s/decode/%s", folder, name);
    assert_true(iso_image_named(path));
    if (iso_image_read(path, &usual, false, &image) != ISO_OK)
        fail_msg("%s", iso_error());
    compare(name, &image);
    assert_int_equal(iso_image_read(path, &usual, true, &header), ISO_OK);
    assert_null(header.pixels);
    assert_int_equal(header.height * 1000 + header.width * 10 + header.channels,
                     image.height * 1000 + image.width * 10 + image.channels);
    free(image.pixels);
}

/* As Pillow decodes and turns them. */
static void files_are_decoded(void **state)
{
    static const char *const names[] = {
        "grey.png",       "colour.png", "palette.png", "bits.png",         "deep.png",  "alpha.png",
        "grey-alpha.png", "grey.jpg",   "colour.jpg",  "progressive.JPEG", "whole.jpg", "cmyk.jpg",
        "turned.jpg",     "colour.bmp", "grey.bmp",    "palette.bmp",      "alpha.bmp", "bits.bmp"
    };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        read_file(names[i]);
}

/* Kinds without their library are passed over. */
static void files_of_other_kinds_are_decoded(void **state)
{
    static const struct {
        const char *kind, *names[7];
    } cases[] = {
        { "GIF", { "palette.gif", "grey.gif", "first.gif", "interlaced.gif" } },
        { "WebP", { "colour.webp", "lossy.webp", "alpha.webp", "first.webp" } },
        { "TIFF",
          { "colour.tif", "packed.tiff", "grey.tif", "alpha.tif", "palette.tif", "cmyk.tif" } },
        { "HEIC and AVIF", { "grey.avif", "grey.heic" } },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (!iso_image_reads(cases[i].kind))
            print_message("  without %s: %s\n", cases[i].kind, iso_image_support());
        for (int k = 0; cases[i].names[k] != NULL && iso_image_reads(cases[i].kind); k++)
            read_file(cases[i].names[k]);
    }
}

/* Files are read as Pillow reads them if libjpeg's warnings concern no pixel. */
static void warnings_do_not_matter(void **state)
{
    (void)state;
    read_file("revision.jpg");
    read_file("extra.jpg");
    read_file("behind.jpg");
    read_file("endless.png");
}

static void a_limit_keeps_bombs_out(void **state)
{
    struct iso_image_options o = { .max_pixels = 9 * 13 - 1 };
    struct iso_image image;
    (void)state;
    iso_error_clear();
    assert_int_equal(iso_image_read("tests/readers/decode/colour.png", &o, false, &image),
                     ISO_EDATA);
    check_message("has 9 x 13 pixels (height x width), more than 116, and may be a decompression");
    o.max_pixels++;
    assert_int_equal(iso_image_read("tests/readers/decode/colour.png", &o, true, &image), ISO_OK);
}

/* Upright by default, as the camera held it when the orientation is ignored. */
static void an_orientation_can_be_ignored(void **state)
{
    const struct iso_image_options ignore = { .orientation = ISO_ORIENTATION_IGNORE };
    struct iso_image upright, plain;
    (void)state;
    assert_int_equal(iso_image_read("tests/readers/decode/turned.jpg", &usual, false, &upright),
                     ISO_OK);
    assert_int_equal(iso_image_read("tests/readers/decode/turned.jpg", &ignore, false, &plain),
                     ISO_OK);
    assert_int_equal(upright.height * 100 + upright.width, 1309);
    compare("colour.jpg", &plain);
    for (int y = 0; y < 13; y++)
        for (int x = 0; x < 9; x++)
            assert_memory_equal(upright.pixels + 3 * (9 * y + x),
                                plain.pixels + 3 * (13 * (8 - x) + y), 3);
    free(upright.pixels);
    free(plain.pixels);
}

/* All eight, of a picture of two rows of three. */
static void images_are_turned(void **state)
{
    static const char *const upright[] = { "123456", "321654", "654321", "456123",
                                           "142536", "415263", "635241", "362514" };
    (void)state;
    for (int o = 1; o <= 8; o++) {
        struct iso_image image = { 2, 3, 1, NULL, 1 };
        assert_int_equal(iso_image_allocate(&image), ISO_OK);
        memcpy(image.pixels, "123456", 6);
        assert_int_equal(iso_image_turn(&image, o), ISO_OK);
        assert_int_equal(image.height * 10 + image.width, o < 5 ? 23 : 32);
        assert_memory_equal(image.pixels, upright[o - 1], 6);
        free(image.pixels);
    }
}

/* A block of EXIF data that is cut short anywhere, or says something else, says 1. */
static void exif_data_are_read_or_ignored(void **state)
{
    static const uint8_t big[] = { 'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8,
                                   0,   1,   1,   18,  0, 3, 0,   0,   0, 1,  0, 6, 0, 0 };
    static const uint8_t little[] = { 'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 18,
                                      1,   3,   0,  1, 0, 0, 0, 3, 0, 0, 0 };
    (void)state;
    assert_int_equal(iso_exif_orientation(big, sizeof big), 6);
    assert_int_equal(iso_exif_orientation(little, sizeof little), 3);
    for (size_t n = 0; n < sizeof big; n++)
        assert_int_equal(iso_exif_orientation(big, n), 1);
    uint8_t other[sizeof little];
    memcpy(other, little, sizeof little);
    other[18] = 9;
    assert_int_equal(iso_exif_orientation(other, sizeof other), 1);
    memset(other + 4, 0xff, 4);
    assert_int_equal(iso_exif_orientation(other, sizeof other), 1);
}

/* The header of a file, whose first two bytes are followed by so many others of a comment. */
static void check_header(const char *name, size_t comment)
{
    static char text[1 << 16], path[] = "/tmp/isocl-test-image-XXXXXX";
    char *bytes = NULL;
    size_t n = 0;
    struct iso_image image, plain;
    assert_int_equal(iso_file_read(name, &bytes, &n), ISO_OK);
    memcpy(text, bytes, 2);
    text[2] = (char)0xff;
    text[3] = (char)0xfe;
    text[4] = (char)((comment - 2) >> 8);
    text[5] = (char)(comment - 2);
    memcpy(text + 2 + comment, bytes + 2, n - 2);
    free(bytes);
    strcpy(path + sizeof path - 7, "XXXXXX");
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, n + comment), n + comment);
    close(fd);
    const iso_rc rc = iso_image_read(path, &usual, true, &image);
    remove(path);
    assert_int_equal(rc, ISO_OK);
    assert_null(image.pixels);
    assert_int_equal(iso_image_read(name, &usual, true, &plain), ISO_OK);
    assert_int_equal(image.height * 1000 + image.width * 10 + image.channels,
                     plain.height * 1000 + plain.width * 10 + plain.channels);
}

/* It may lie behind the bytes that are read at first. */
static void headers_may_lie_far_behind(void **state)
{
    (void)state;
    check_header("tests/readers/decode/colour.jpg", 100);
    check_header("tests/readers/decode/colour.jpg", 30000);
    check_header("tests/readers/decode/grey.jpg", 16384 - 20);
}

static void is_refused(const char *path, const char *words)
{
    struct iso_image image;
    iso_error_clear();
    assert_int_not_equal(iso_image_read(path, &usual, false, &image), ISO_OK);
    assert_null(image.pixels);
    check_message(words);
}

/* The first bytes of a file say what it is, not its name. */
static void other_files_are_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *words;
    } cases[] = {
#define CASE(bytes, words) { bytes, sizeof(bytes) - 1, words }
        CASE("", "is empty"),
        CASE("\n <!DOCTYPE html><html>not found", "is a web page"),
        CASE("8BPS\0\1", "is a Photoshop file; save it as PNG"),
        CASE("\0\0\0\x0cJXL \r\n", "is a JPEG XL file"),
        CASE("PK\3\4", "is a ZIP archive; unpack it"),
        CASE("version https://git-lfs.github.com/spec/v1", "is a pointer of Git LFS"),
        CASE("nothing at all", "is no image of a kind that isocl knows (PNG, JPEG, BMP"),
#undef CASE
    };
    char root[FOLDER], path[128];
    (void)state;
    assert_int_equal(folder_make(root, "kinds"), 0);
    snprintf(path, sizeof path, "%s/1.jpg", root);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(iso_file_write(path, cases[i].bytes, cases[i].n), ISO_OK);
        is_refused(path, cases[i].words);
    }
    assert_int_equal(folder_remove(root), 0);
    is_refused("tests/readers/decode/short.jpg", "is a damaged JPEG file");
    is_refused("tests/readers/decode/short.png", "is a damaged PNG file");
    is_refused("tests/readers/none.png", "none.png");
    assert_false(iso_image_named("a.txt") || iso_image_named("png") || iso_image_named("a.jp"));
}

/* ---- Sizes ----------------------------------------------------------------------------------- */

/* Bytes are Pillow's own. Numbers are before they are rounded: half a level away at most, and what
 * the weights and rows are rounded by, which is less than a hundredth. */
static void compare_resized(const char *name, const struct iso_image *image)
{
    struct iso_npy array;
    if (iso_npz_read(expected, name, &array) != ISO_OK)
        fail_msg("%s", iso_error());
    assert_int_equal(array.dim[0] * 1000 + array.dim[1], image->height * 1000 + image->width);
    for (int64_t i = 0; i < array.dim[0] * array.dim[1] * 3; i++) {
        const double off = iso_npy_at(&array, i) - image->pixels[i];
        if (off < 0 ? off < -0.51 : off > 0.51)
            fail_msg("%s: byte %lld is %d, should be %g", name, (long long)i, image->pixels[i],
                     iso_npy_at(&array, i));
        if (array.kind == 'u')
            assert_int_equal(image->pixels[i], iso_npy_at(&array, i));
    }
    free(array.memory);
}

static void resize_file(const char *file, int height, int width)
{
    static const char *const ways[] = { "crop", "pad", "squash" };
    static const struct {
        const char *name;
        enum iso_interpolation kind;
        enum iso_antialias antialias;
    } kinds[] = {
        { "bilinear", ISO_INTERPOLATE_BILINEAR, ISO_ANTIALIAS },
        { "box", ISO_INTERPOLATE_BOX, ISO_ANTIALIAS },
        { "area", ISO_INTERPOLATE_AREA, ISO_ANTIALIAS },
        { "linear", ISO_INTERPOLATE_BILINEAR, ISO_ALIAS },
    };
    static uint8_t pixels[40 * 24 * 3];
    char path[64], name[64];
    struct iso_image image;
    snprintf(path, sizeof path, "tests/readers/decode/%s.png", file);
    assert_int_equal(iso_image_read(path, &usual, false, &image), ISO_OK);
    for (int way = 0; way < 3; way++)
        for (int k = 0; k < 4; k++) {
            const struct iso_image to = { height, width, 3, pixels, 1 };
            const struct iso_image_options o = { .aspect_ratio = way,
                                                 .interpolation = (int)kinds[k].kind,
                                                 .antialias = (int)kinds[k].antialias };
            assert_int_equal(iso_image_resize(&image, &to, &o), ISO_OK);
            snprintf(name, sizeof name, "%s-%d-%d-%s-%s", file, height, width, ways[way],
                     kinds[k].name);
            compare_resized(name, &to);
        }
    free(image.pixels);
}

static void images_are_resized(void **state)
{
    static const int sizes[][2] = { { 5, 20 }, { 1, 1 }, { 24, 24 }, { 40, 17 } };
    (void)state;
    for (int i = 0; i < 4; i++) {
        resize_file("colour", sizes[i][0], sizes[i][1]);
        resize_file("wide", sizes[i][0], sizes[i][1]);
    }
}

/* Another C library must not give other bits: none of its functions of numbers is used. */
static void resizing_needs_no_libm(void **state)
{
    static const char *const files[] = { "core/image/image_resize.c", "core/image/image.c",
                                         "core/image/image_jpeg.c" };
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char *text = NULL;
        size_t n;
        assert_int_equal(iso_file_read(files[i], &text, &n), ISO_OK);
        assert_null(strstr(text, "math.h"));
        free(text);
    }
}

/* One pixel high or wide, and much larger or smaller than before. */
static void extreme_sizes_are_fine(void **state)
{
    static uint8_t from[4096], pixels[4096];
    (void)state;
    memset(from, 200, sizeof from);
    for (int way = 0; way < 3; way++)
        for (int kind = 0; kind < 4; kind++)
            for (int turned = 0; turned < 2; turned++) {
                const struct iso_image_options o = { .aspect_ratio = way, .interpolation = kind };
                const struct iso_image thin = { turned ? 4096 : 1, turned ? 1 : 4096, 1, from, 1 };
                const struct iso_image to = { turned ? 1 : 4096, turned ? 4096 : 1, 1, pixels, 1 };
                assert_int_equal(iso_image_resize(&thin, &to, &o), ISO_OK);
                for (int i = 0; i < 4096 && way != ISO_ASPECT_PAD; i++)
                    assert_int_equal(pixels[i], 200);
            }
}

/* Grey as Pillow's convert("L") has it; and grey as three channels, at another size. */
static void images_get_other_channels(void **state)
{
    uint8_t colours[] = { 255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 10, 20, 30, 0, 0, 0 };
    static const uint8_t grey[] = { 76, 150, 29, 255, 18, 0 };
    uint8_t pixels[18], pair[] = { 7, 9 };
    const struct iso_image_options squash = { .aspect_ratio = ISO_ASPECT_SQUASH,
                                              .interpolation = ISO_INTERPOLATE_NEAREST };
    struct iso_image from = { 2, 3, 3, colours, 1 };
    const struct iso_image to = { 2, 3, 1, pixels, 1 };
    (void)state;
    assert_int_equal(iso_image_fit(&from, &to, &usual), ISO_OK);
    assert_memory_equal(pixels, grey, sizeof grey);
    struct iso_image small = { 2, 1, 1, pair, 1 };
    const struct iso_image large = { 2, 3, 3, pixels, 1 };
    assert_int_equal(iso_image_fit(&small, &large, &squash), ISO_OK);
    for (int i = 0; i < 18; i++)
        assert_int_equal(pixels[i], i < 9 ? 7 : 9);
}

static void nothing_without_the_libraries(void **state)
{
    (void)state;
    print_message("skipped: this isocl reads %s\n", iso_image_support());
    skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_decoded),
        cmocka_unit_test(files_of_other_kinds_are_decoded),
        cmocka_unit_test(warnings_do_not_matter),
        cmocka_unit_test(a_limit_keeps_bombs_out),
        cmocka_unit_test(an_orientation_can_be_ignored),
        cmocka_unit_test(images_are_turned),
        cmocka_unit_test(exif_data_are_read_or_ignored),
        cmocka_unit_test(headers_may_lie_far_behind),
        cmocka_unit_test(other_files_are_refused),
        cmocka_unit_test(images_are_resized),
        cmocka_unit_test(resizing_needs_no_libm),
        cmocka_unit_test(extreme_sizes_are_fine),
        cmocka_unit_test(images_get_other_channels),
    };
    const struct CMUnitTest none[] = { cmocka_unit_test(nothing_without_the_libraries) };
    if (!(iso_image_reads("PNG") && iso_image_reads("JPEG")))
        return cmocka_run_group_tests_name("images", none, NULL, NULL);
    return cmocka_run_group_tests_name("images", tests, NULL, NULL);
}
