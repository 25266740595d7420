/* test_csv.c: data sets in text files, good and bad, made here. */
#include "core/data/class_map.h"
#include "core/data/class_match.h"
#include "datasets.h"
#include "folder.h"
#include "message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[FOLDER], path[128];

static int make_folder(void **state)
{
    (void)state;
    iso_error_clear();
    if (folder_make(folder, "csv") != 0)
        return 1;
    snprintf(path, sizeof path, "%s/train.csv", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    iso_alloc_fail_after(-1);
    remove(path);
    return remove(folder);
}

static void save(const char *text, size_t n)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

/* map: names of classes with bars between, or NULL. */
static iso_rc load(const char *name, const char *column, const char *map, const char *drop,
                   struct iso_dataset **set)
{
    struct iso_class_map *classes =
        map != NULL ? calloc(1, sizeof *classes + 9 * sizeof classes->member[0]) : NULL;
    char copy[128], *rest = copy;
    snprintf(copy, sizeof copy, "%s", map != NULL ? map : "");
    for (char *entry; classes != NULL && (entry = strsep(&rest, "|")) != NULL; classes->classes++) {
        strcpy(classes->member[classes->n].name, entry);
        classes->member[classes->n++].class = classes->classes;
    }
    struct iso_dataset_request r = {
        .name = name, .split = "train", .folder = folder, .classes = classes
    };
    snprintf(r.options.label_column, sizeof r.options.label_column, "%s",
             column != NULL ? column : "");
    snprintf(r.options.drop_columns, sizeof r.options.drop_columns, "%s", drop != NULL ? drop : "");
    iso_error_clear();
    *set = NULL;
    const iso_rc rc = iso_dataset_load(&r, set);
    free(classes);
    return rc;
}

struct good {
    const char *text, *column, *map, *drop;
};

/* Rows 3 and 250, 1, 2 with label 1; 5 and 4, 5, 6 with label 0; 7 and 0, 255, 9 with label 2. */
static void check(const struct good *g)
{
    static const uint8_t pixels[] = { 250, 1, 2, 4, 5, 6, 0, 255, 9 };
    static const int32_t labels[] = { 1, 0, 2 };
    struct iso_dataset *set;
    save(g->text, strlen(g->text));
    if (load("csv:train.csv", g->column, g->map, g->drop, &set) != ISO_OK)
        fail_msg("%s: %s", g->text, iso_error());
    assert_int_equal(set->rows, 3);
    assert_int_equal(set->height * 100 + set->width * 10 + set->channels, 131);
    assert_int_equal(set->classes, 3);
    assert_memory_equal(set->images, pixels, sizeof pixels);
    assert_memory_equal(set->labels, labels, sizeof labels);
    iso_dataset_free(set);
}

static void files_are_read(void **state)
{
    static const struct good cases[] = {
        { "1,250,1,2\n0,4,5,6\n2,0,255,9\n", NULL, NULL, NULL },
        { "1,250,1,2\r\n0,4,5,6\r\n2,0,255,9", NULL, NULL, NULL },
        { "\n\n1,250,1,2\n\n0,4,5,6\n2,0,255,9\n\n", NULL, NULL, NULL },
        { "label,a,b,c\n1,250,1,2\n0,4,5,6\n2,0,255,9\n", NULL, NULL, NULL },
        { "\xef\xbb\xbf"
          "label,a,b,c\n1,250,1,2\n0,4,5,6\n2,0,255,9\n",
          NULL, NULL, NULL },
        { "a;b;label;c\n250;1;1;2\n4;5;0;6\n0;255;2;9\n", NULL, NULL, NULL },
        { "a\tb\tclass\tc\n250\t1\t1\t2\n4\t5\t0\t6\n0\t255\t2\t9\n", "class", NULL, NULL },
        { "a,b,c,d\n250,1,2,1\n4,5,6,0\n0,255,9,2\n", "3", NULL, NULL },
        { "250,1,2,1\n4,5,6,0\n0,255,9,2\n", "3", NULL, NULL },
        { "\"label\",\"a\",b,c\n\"1\",250,1,\"2\"\r\n0,4,5,6\n2,0,255,9\n", NULL, NULL, NULL },
        { "cat,250,1,2\nbird,4,5,6\n\"a \"\"dog\"\"\",0,255,9\n", NULL, "bird|cat|a \"dog\"",
          NULL },
        { "label,1,2,3\ncat,250,1,2\nbird,4,5,6\nfish,1,1,1\ndog,0,255,9\n", NULL, "bird|cat|dog",
          NULL },
        /* Blanks, and numbers as programs write them. */
        { "label, a, b, c\n1, 250, 1 , 2\n 0,\t4, 5, 6 \n2, 0, \"255\" , 9\n", NULL, NULL, NULL },
        { "label;a;b;c\n1.0;250.0;1.0;2.0\n0.0;4;5.;6e0\n2;0.0;2.55e2;9.0\n", NULL, NULL, NULL },
        { "1.0 250.0 1 2\n0   4 5 6  \n  2 0 255 9\n\n   \n", NULL, NULL, NULL },
        { "1.000000000000000000e+00 2.500000000000000000e+02 1.000000000000000000e+00 "
          "2.000000000000000000e+00\n0 4 5 6\n2 0 255 9\n",
          NULL, NULL, NULL },
        { "# a b label c\n250 1 1 2\n4 5 0 6\n0 255 2 9\n", NULL, NULL, NULL },
        { "# made on a Monday\n# by hand\n1,250,1,2\n0,4,5,6\n2,0,255,9\n", NULL, NULL, NULL },
        { "# label,a,b,c\n1,250,1,2\n# half\n0,4,5,6\n2,0,255,9\n# the end\n", NULL, NULL, NULL },
        /* Columns that are no pixels. */
        { "id,label,a,b,c\nx,1,250,1,2\ny,0,4,5,6\nz,2,0,255,9\n", NULL, NULL, NULL },
        { ",label,0,1,2\n0,1,250,1,2\n1,0,4,5,6\n2,2,0,255,9\n", NULL, NULL, NULL },
        { ",0,1,2,3,4,5,6,7,8,9\n7,1,250,1,2,x,x,x,x,x,x\n8,0,4,5,6,,,,,,\n9,2,0,255,9,,,,,,\n",
          "1", NULL, "5,6,7,8,9,10" },
        { "0,1,2,3,4,5,6,7,8,9\n1,250,1,2,,,,,,\n0,4,5,6,,,,,,\n2,0,255,9,,,,,,\n", "0", NULL,
          "4,5,6,7,8,9" },
        { "Class,a,day,b,c\n1,250,Mon,1,2\n0,4,Tue,5,6\n2,0,Wed,255,9\n", NULL, NULL, "day" },
        { "Class,a,day,b,c,d\n1,250,,1,2,\n0,4,,5,6,\n2,0,,255,9,x\n", NULL, NULL, "day, 5" },
        { "1,900,250,1,2\n0,901,4,5,6\n2,902,0,255,9\n", NULL, NULL, "1" },
        /* Names without a list are numbered in the order of their bytes. */
        { "cat,250,1,2\nbird,4,5,6\ndog,0,255,9\n", NULL, NULL, NULL },
        { "target,a,b,c\nb,250,1,2\nB,4,5,6\n\xc3\xa4,0,255,9\n", NULL, NULL, NULL },
        { "0,1,x,3\n5,250,1,2\n9,1,1,1\n6,4,5,6\n7,0,255,9\n", "0", "6|5|7", NULL },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check(&cases[i]);
}

static void others_are_refused(void **state)
{
    static const struct {
        const char *text, *column, *map, *expected;
    } cases[] = {
        { "", NULL, NULL, "first line has 0 fields" },
        { "1\n2\n", NULL, NULL, "first line has 1 fields" },
        { "label,a\n", NULL, NULL, "has 0 rows of 2 fields" },
        { "1,2,3\n1,2\n", NULL, NULL, "train.csv:2: has fewer fields than the first line" },
        { "1,2,3\n\n1,2,3,4\n", NULL, NULL, "train.csv:3: has more fields than the first line" },
        { "1,2,256\n", NULL, NULL, "train.csv:1: field 2 (counted from 0): should be a pixel" },
        { "1,2,0.5\n", NULL, NULL, "should be a pixel" },
        { "1,2,\n", NULL, NULL, "should be a pixel" },
        { "1,-2,3\n", NULL, NULL, "should be a pixel" },
        { "-1,2,3\n", NULL, NULL, "should be the number of a class" },
        { "65536,2,3\n", NULL, NULL, "should be the number of a class" },
        { "1,2,3\ncat,2,3\n", NULL, NULL,
          "train.csv:2: field 0 (counted from 0): should be the "
          "number of a class" },
        { "cat,2,3\n,2,3\n", NULL, NULL, "should be the name of a class" },
        { "\xff\xfel", NULL, NULL, "is UTF-16, as Excel may write it" },
        { "label,2,3\n1.5,2,3\n", NULL, NULL, "should be the number of a class" },
        { "1,4/2,3\n", NULL, NULL, "should be a pixel" },
        { "1,2.5,3\n", NULL, NULL, "should be a pixel" },
        { "label,id\n1,2\n", NULL, NULL, "no column is left for pixels" },
        { "cat,2,3\n", NULL, "dog", "no image is of any of these classes" },
        { "a,b,c\n1,2,3\n", NULL, NULL, "has no column 'label'" },
        { "a,b,c\n1,2,3\n", "d", NULL, "has no column 'd'" },
        { "a,b,c\n1,2,3\n", "3", NULL, "has no column '3'" },
        { "1,\"2,3\n", NULL, NULL, "has a quote that does not end on its line" },
        { "1,\"2\"3,3\n", NULL, NULL, "has something behind its closing quote" },
    };
    struct iso_dataset *set;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        save(cases[i].text, strlen(cases[i].text));
        assert_int_equal(load("csv:train.csv", cases[i].column, cases[i].map, NULL, &set),
                         ISO_EDATA);
        assert_null(set);
        if (strstr(iso_error(), cases[i].expected) == NULL)
            fail_msg("case %zu: message '%s' lacks '%s'", i, iso_error(), cases[i].expected);
    }
    save("1,0\0,3\n", 7);
    assert_int_equal(load("csv:train.csv", NULL, NULL, NULL, &set), ISO_EDATA);
}

static void splits_are_files_of_a_folder(void **state)
{
    char name[128];
    struct iso_dataset *set = NULL;
    (void)state;
    save("0,1,2\n", 6);
    snprintf(name, sizeof name, "csv:%s", folder);
    assert_int_equal(load_dataset(name, "train", NULL, 0, 0, &set), ISO_OK);
    assert_int_equal(set->rows * 10 + set->width, 12);
    iso_dataset_free(set);
    assert_int_equal(load_dataset(name, "", NULL, 0, 0, &set), ISO_OK);
    assert_string_equal(set->split, "train");
    iso_dataset_free(set);
    assert_int_equal(load_dataset(name, "test", NULL, 0, 0, &set), ISO_EDATA);
    assert_non_null(strstr(iso_error(), "has no split 'test'; it has train"));
    iso_error_clear();
    assert_int_equal(load_dataset("csv:train.csv", "test", folder, 0, 0, &set), ISO_EDATA);
    assert_non_null(strstr(iso_error(), "has one split only, and no 'test'"));
}

static void lack_of_memory_is_reported(void **state)
{
    struct iso_dataset *set;
    iso_rc rc = ISO_ENOMEM;
    int n = 0;
    (void)state;
    save("cat,250,1,2\n", 12);
    for (; n < 20 && rc != ISO_OK; n++) {
        iso_alloc_fail_after(n);
        rc = load("csv:train.csv", NULL, "cat", NULL, &set);
        iso_alloc_fail_after(-1);
        assert_true(rc == ISO_OK || (rc == ISO_ENOMEM && set == NULL));
    }
    assert_int_equal(rc, ISO_OK);
    assert_true(n > 4);
    iso_dataset_free(set);
}

/* Columns of another table are found by the names that those of the training data have. */
static void columns_are_matched_by_name(void **state)
{
    struct iso_trained_classes trained = { .n = 0 };
    struct iso_dataset_request r = { .name = "csv:train.csv", .split = "", .folder = folder };
    struct iso_dataset *set = NULL;
    (void)state;
    save("label,x,y,z\n0,1,2,3\n1,4,5,6\n", 28);
    assert_int_equal(iso_dataset_load(&r, &set), ISO_OK);
    assert_int_equal(iso_trained_classes_take(&trained, set), ISO_OK);
    iso_dataset_free(set);
    r.trained = &trained;
    save("z,y,label,x\n9,8,1,7\n", 20);
    assert_int_equal(iso_dataset_load(&r, &set), ISO_OK);
    assert_memory_equal(set->images, ((const uint8_t[]){ 7, 8, 9 }), 3);
    assert_int_equal(set->labels[0], 1);
    iso_dataset_free(set);
    save("label,x,y,w\n0,1,2,3\n", 20);
    assert_int_equal(iso_dataset_load(&r, &set), ISO_EDATA);
    check_message("not those of the training data: 'z'");
    save("label,x,z,z\n0,1,2,3\n", 20);
    assert_int_equal(iso_dataset_load(&r, &set), ISO_EDATA);
    save("1,7,8,9\n", 8); /* without names they are taken as they come */
    assert_int_equal(iso_dataset_load(&r, &set), ISO_OK);
    assert_memory_equal(set->images, ((const uint8_t[]){ 7, 8, 9 }), 3);
    iso_dataset_free(set);
    iso_trained_classes_free(&trained);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(files_are_read),
        TEST(others_are_refused),
        TEST(splits_are_files_of_a_folder),
        TEST(columns_are_matched_by_name),
        TEST(lack_of_memory_is_reported),
    };
    if (setenv("ISOCL_DATA", "/nowhere", 1) != 0 || setenv("XDG_DATA_HOME", "/nowhere", 1) != 0)
        return 1;
    return cmocka_run_group_tests_name("csv", tests, NULL, NULL);
}
