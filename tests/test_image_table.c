/* test_image_table.c: folders of images whose classes a text file names. */
#include "core/data/left_out.h"
#include "core/system/file.h"
#include "datasets.h"
#include "folder.h"
#include "message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIDE = 4, PIXELS = 3 * SIDE * SIDE, IMAGES = 3 };
static char root[FOLDER];

static void write_file(const char *name, const void *bytes, size_t n)
{
    char path[ISO_PATH];
    assert_int_equal(iso_path(path, root, name), ISO_OK);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

/* A BMP file of 4x4 pixels, all of this grey. */
static void write_image(const char *name, int grey)
{
    uint8_t bytes[54 + PIXELS] = {
        'B',         'M',         [2] = sizeof bytes, [10] = 54, [14] = 40,
        [18] = SIDE, [22] = SIDE, [26] = 1,           [28] = 24
    };
    memset(bytes + 54, grey, PIXELS);
    write_file(name, bytes, sizeof bytes);
}

static int make(void **state)
{
    (void)state;
    if (folder_make(root, "image-table") != 0)
        return -1;
    for (int i = 0; i < IMAGES; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d.bmp", i);
        write_image(name, 10 * i);
    }
    return 0;
}

static int clear(void **state)
{
    (void)state;
    return folder_remove(root);
}

/* Loads the folder with a table of this text. */
static iso_rc load(const char *text, const struct iso_source_options *options, bool stream,
                   struct iso_dataset **set)
{
    char name[ISO_DATASET_NAME];
    struct iso_dataset_request r = {
        .name = name, .split = "", .options = *options, .stream = stream
    };
    write_file("table.csv", text, strlen(text));
    snprintf(name, sizeof name, "folder:%s", root);
    if (!*r.options.table)
        strcpy(r.options.table, "table.csv");
    return iso_dataset_load(&r, set);
}

/* The rows are images 2, 0, 1, of the classes b, a, b. */
static void check_rows(struct iso_dataset *set)
{
    static const int images[] = { 2, 0, 1 }, labels[] = { 1, 0, 1 };
    assert_int_equal(set->rows, IMAGES);
    assert_int_equal(set->classes, 2);
    for (int i = 0; i < IMAGES; i++) {
        uint8_t pixels[PIXELS];
        assert_int_equal(iso_dataset_image_bytes(set), PIXELS);
        assert_int_equal(iso_dataset_image(set, i, pixels), ISO_OK);
        assert_int_equal(pixels[0], 10 * images[i]);
        assert_int_equal(set->labels[i], labels[i]);
    }
    iso_dataset_free(set);
}

static void is_read(const char *text, const struct iso_source_options *options)
{
    for (int stream = 0; stream < 2; stream++) {
        struct iso_dataset *set;
        if (load(text, options, stream != 0, &set) != ISO_OK)
            fail_msg("%s: %s", text, iso_error());
        check_rows(set);
    }
}

static void is_refused(const char *text, const struct iso_source_options *options,
                       const char *words)
{
    struct iso_dataset *set;
    iso_error_clear();
    assert_int_not_equal(load(text, options, false, &set), ISO_OK);
    check_message(words);
}

static const struct iso_source_options usual, suffix = { .file_suffix = ".bmp" };

static void columns_are_found(void **state)
{
    (void)state;
    is_read("2.bmp,b\n0.bmp,a\n1.bmp,b\n", &usual);
    is_read("b;2.bmp\na;0.bmp\nb;1.bmp\n", &usual);
    is_read("filename,breed\n2.bmp,b\n0.bmp,a\n1.bmp,b\n", &usual);
    is_read("width,Label,file\n4,1,2.bmp\n4,0,0.bmp\n4,1,1.bmp\n", &usual);
}

static void columns_are_named(void **state)
{
    const struct iso_source_options names = { .file_column = "file", .label_column = "kind" };
    const struct iso_source_options numbers = { .file_column = "2", .label_column = "0" };
    (void)state;
    is_read("file,kind,label\n2.bmp,b,x\n0.bmp,a,x\n1.bmp,b,x\n", &names);
    is_read("b,x.bmp,2.bmp\na,x.bmp,0.bmp\nb,x.bmp,1.bmp\n", &numbers);
}

static void a_suffix_follows_the_entries(void **state)
{
    (void)state;
    is_read("id,label\n2,b\n0,a\n1,b\n", &suffix);
    is_read("label,id\nb,2\na,0\nb,1.bmp\n", &suffix);
    is_read("2,b\n0,a\n1,b\n", &suffix);
}

static void faults_are_named(void **state)
{
    const struct iso_source_options column = { .label_column = "species" };
    const struct iso_source_options both = { .label_column = "0", .file_column = "0" };
    const struct iso_source_options table = { .table = "nowhere.csv" };
    (void)state;
    is_refused("id,label\n2,b\n0,a\n", &usual, "`file_suffix: .jpg`");
    is_refused("2.bmp,b,1\n0.bmp,a,2\n", &usual,
               "no column 'label'; say which it is with `label_column:`");
    is_refused("file,label\n2.bmp,b\n", &column, "no column 'species'");
    is_refused("2.bmp,b\n", &both, "cannot hold both");
    is_refused("2.bmp,b\n0.bmp\n", &usual, ":2: has fewer fields than the first line, which has 2");
    is_refused("2.bmp,b\n,a\n", &usual, "should be the name of an image in the folder");
    is_refused("", &usual, "is empty; it needs a line for each image");
    is_refused("2.bmp,b\n", &table, "the table nowhere.csv is neither in");
}

static void missing_files_are_named_or_left_out(void **state)
{
    const struct iso_source_options skip = { .image = { .damaged = ISO_DAMAGED_SKIP } };
    static const char text[] = "file,label\n2.bmp,b\n7.bmp,a\n0.bmp,a\n1.bmp,b\n";
    (void)state;
    is_refused(text, &usual, "7.bmp: No such file");
    is_read(text, &skip);
}

/* Keys that only a table needs would be ignored without a word. */
static void keys_of_a_table_need_one(void **state)
{
    char name[ISO_DATASET_NAME];
    struct iso_dataset *set;
    struct iso_dataset_request r = { .name = name, .split = "", .options = suffix };
    (void)state;
    snprintf(name, sizeof name, "folder:%s", root);
    assert_int_equal(iso_dataset_load(&r, &set), ISO_EDATA);
    check_message("there is no `table: FILE`");
}

static void rows_may_have_no_labels(void **state)
{
    char name[ISO_DATASET_NAME];
    struct iso_dataset *set;
    struct iso_dataset_request r = {
        .name = name, .split = "", .options = { .table = "table.csv" }, .labels_optional = true
    };
    static const char text[] = "2.bmp\n0.bmp\n";
    (void)state;
    write_file("table.csv", text, sizeof text - 1);
    snprintf(name, sizeof name, "folder:%s", root);
    assert_int_equal(iso_dataset_load(&r, &set), ISO_OK);
    assert_int_equal(set->rows, 2);
    assert_null(set->labels);
    iso_dataset_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_found),
        cmocka_unit_test(columns_are_named),
        cmocka_unit_test(a_suffix_follows_the_entries),
        cmocka_unit_test(faults_are_named),
        cmocka_unit_test(missing_files_are_named_or_left_out),
        cmocka_unit_test(keys_of_a_table_need_one),
        cmocka_unit_test(rows_may_have_no_labels),
    };
    return cmocka_run_group_tests_name("image_table", tests, make, clear);
}
