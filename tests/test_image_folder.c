/* test_image_folder.c: folders and lists of image files. Run from the root of the repository. */
#include "core/data/class_map.h"
#include "core/image/image.h"
#include "core/image/image_kinds.h"
#include "core/data/image_list.h"
#include "core/data/left_out.h"
#include "core/system/workers.h"
#include "core/system/file.h"
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

static const char folder[] = "tests/readers";

static iso_rc load(const char *name, const char *split, int height, int width, int threads,
                   struct iso_dataset **set)
{
    const struct iso_dataset_request r = { .name = name,
                                           .split = split,
                                           .folder = folder,
                                           .options = { .resize = { height, width } },
                                           .threads = threads };
    iso_error_clear();
    *set = NULL;
    return iso_dataset_load(&r, set);
}

static void folders_are_read(void **state)
{
    static const int value[] = { 0, 10, 20, 1, 11, 2 }, class[] = { 0, 1, 2, 0, 1, 0 };
    struct iso_dataset *set;
    (void)state;
    for (int threads = 0; threads < 4; threads++) {
        if (load("folder:pets", "train", 0, 0, threads, &set) != ISO_OK)
            fail_msg("%s", iso_error());
        assert_int_equal(set->rows * 1000 + set->height * 100 + set->width * 10 + set->channels,
                         6231);
        assert_int_equal(set->classes, 3);
        assert_string_equal(set->class_names[2], "dog");
        for (int i = 0; i < 6; i++) {
            assert_int_equal(set->labels[i], class[i]);
            for (int k = 0; k < 6; k++)
                assert_int_equal(set->images[6 * i + k], value[i]);
        }
        char text[256];
        assert_true(iso_left_out_text(set->left, ISO_LEFT_NAME, text, sizeof text));
        assert_string_equal(text, "1 file that is not called as images are: cat/notes.txt");
        assert_false(iso_left_out_text(set->left, ISO_LEFT_HIDDEN, text, sizeof text));
        iso_dataset_free(set);
    }
    assert_int_equal(load("folder:pets", "test", 0, 0, 0, &set), ISO_OK);
    assert_int_equal(set->rows * 10 + set->classes, 23);
    assert_int_equal(set->labels[0] * 10 + set->labels[1], 12);
    assert_int_equal(set->images[0] * 100 + set->images[6], 3040);
    iso_dataset_free(set);
}

/* Copies a picture to a path, whose folders are made. */
static void put(const char *root, const char *name)
{
    char path[256], command[600];
    snprintf(path, sizeof path, "%s/%s", root, name);
    snprintf(command, sizeof command, "mkdir -p \"$(dirname '%s')\"", path);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof command, "cp tests/readers/pets/test/dog/40.png '%s'", path);
    assert_int_equal(system(command), 0);
}

static void left_out(const struct iso_dataset *set, enum iso_left_reason reason, const char *line)
{
    char text[512] = "";
    iso_left_out_text(set->left, reason, text, sizeof text);
    assert_string_equal(text, line);
}

/* As Tiny ImageNet has them; and what else lies around, which is named. */
static void folders_of_a_class_are_walked(void **state)
{
    static const char *const files[] = {
        "train/n01/images/b.png",   "train/n01/images/a.JPEG", "train/n01/0.png",
        "train/n01/images/x/y.png", "train/n02/c.png",         "train/n02/boxes.txt",
        "train/n02/.DS_Store",      "train/n02/.cache/1.png",  "train/__MACOSX/1.png",
        "train/beside.png",         "train/.hidden/1.png",
    };
    char root[FOLDER], path[256], name[128];
    struct iso_dataset *set;
    (void)state;
    assert_int_equal(folder_make(root, "walk"), 0);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        put(root, files[i]);
    snprintf(path, sizeof path, "%s/train/n02/up", root);
    assert_int_equal(symlink("..", path), 0);
    snprintf(name, sizeof name, "folder:%s", root);
    if (load(name, "train", 0, 0, 1, &set) != ISO_OK)
        fail_msg("%s", iso_error());
    assert_int_equal(set->rows * 10 + set->classes, 52);
    for (int i = 0; i < 5; i++) /* one of each class, then the rest of n01 */
        assert_int_equal(set->labels[i], i == 1);
    left_out(set, ISO_LEFT_NAME, "1 file that is not called as images are: n02/boxes.txt");
    left_out(set, ISO_LEFT_HIDDEN,
             "4 hidden files or folders: .hidden, __MACOSX, n02/.DS_Store, n02/.cache");
    left_out(set, ISO_LEFT_LOOP, "1 link to a folder that contains it: n02/up");
    left_out(set, ISO_LEFT_LOOSE, "1 file beside the folders of the classes: beside.png");
    iso_dataset_free(set);
    assert_int_equal(folder_remove(root), 0);
}

/* A link to a folder above is followed until it comes back to where it lies. */
static void links_do_not_lead_back(void **state)
{
    char root[FOLDER], path[256], name[128];
    struct iso_dataset *set;
    (void)state;
    assert_int_equal(folder_make(root, "links"), 0);
    put(root, "a/1.png");
    put(root, "a/deep/2.png");
    snprintf(path, sizeof path, "%s/a/deep/up", root);
    assert_int_equal(symlink("../../a", path), 0);
    snprintf(name, sizeof name, "folder:%s", root);
    assert_int_equal(load(name, "train", 0, 0, 1, &set), ISO_OK);
    assert_int_equal(set->rows, 2);
    left_out(set, ISO_LEFT_LOOP, "1 link to a folder that contains it: a/deep/up");
    iso_dataset_free(set);
    assert_int_equal(folder_remove(root), 0);
}

/* In training data a fault; in those of a model that is trained, told. */
static void classes_without_images_are_reported(void **state)
{
    char root[FOLDER], name[128];
    char trained_names[2][ISO_CLASS_NAME] = { "a", "b" };
    const struct iso_trained_classes trained = { .n = 2, .name = trained_names };
    struct iso_dataset *set;
    struct iso_class_map *map = calloc(1, sizeof *map + sizeof map->member[0]);
    (void)state;
    assert_non_null(map);
    *map = (struct iso_class_map){ .classes = 1, .n = 1 };
    map->member[0] = (struct iso_class_member){ "a", 0 };
    assert_int_equal(folder_make(root, "empty"), 0);
    put(root, "a/1.png");
    put(root, "b/.keep");
    snprintf(name, sizeof name, "folder:%s", root);
    assert_int_equal(load(name, "train", 0, 0, 1, &set), ISO_EDATA);
    check_message("/b: there is no image of this class");
    struct iso_dataset_request r = { .name = name, .split = "train", .trained = &trained };
    assert_int_equal(iso_dataset_load(&r, &set), ISO_OK);
    assert_int_equal(set->rows * 10 + set->classes, 12);
    left_out(set, ISO_LEFT_EMPTY, "1 class without an image: b");
    iso_dataset_free(set);
    r.trained = NULL;
    r.classes = map;
    assert_int_equal(iso_dataset_load(&r, &set), ISO_OK);
    iso_dataset_free(set);
    strcpy(map->member[0].name, "1");
    assert_int_equal(iso_dataset_load(&r, &set), ISO_EDATA);
    check_message("/b: there is no image of this class");
    free(map);
    assert_int_equal(folder_remove(root), 0);
}

static void put_file(const char *root, const char *name, const char *from, size_t most)
{
    char path[256], *bytes = NULL;
    size_t n;
    snprintf(path, sizeof path, "%s/%s", root, name);
    assert_int_equal(iso_file_read(from, &bytes, &n), ISO_OK);
    assert_int_equal(iso_file_write(path, bytes, n < most ? n : most), ISO_OK);
    free(bytes);
}

/* One run names all of them; without them the rest is as it would be alone, also on disk. */
static void damaged_files_are_named_or_left_out(void **state)
{
    static const char colour[] = "tests/readers/decode/colour.jpg";
    char root[FOLDER], name[128];
    struct iso_dataset *set;
    struct iso_image whole;
    uint8_t image[9 * 13 * 3];
    (void)state;
    assert_int_equal(folder_make(root, "damaged"), 0);
    put(root, "a/1.png");
    put(root, "b/1.png");
    put_file(root, "a/1.png", colour, SIZE_MAX);
    put_file(root, "a/2.jpg", colour, 600);
    put_file(root, "a/3.jpg", colour, SIZE_MAX);
    put_file(root, "b/1.png", colour, 100);
    put_file(root, "b/2.jpg", "tests/readers/list.npy", SIZE_MAX);
    put_file(root, "b/3.jpg", colour, SIZE_MAX);
    snprintf(name, sizeof name, "folder:%s", root);
    assert_int_equal(load(name, "train", 0, 0, 3, &set), ISO_EDATA);
    assert_non_null(strstr(iso_error(), "3 of 6 images cannot be read"));
    assert_non_null(strstr(iso_error(), "with `damaged: skip`:\n  /")); /* a line for each */
    assert_non_null(strstr(iso_error(), "b/1.png: is a damaged JPEG file"));
    assert_non_null(strstr(iso_error(), "a/2.jpg: is a damaged JPEG file (Premature end of"));
    check_message("b/2.jpg: is a NumPy array; read it as npy:PATH");
    struct iso_dataset_request r = { .name = name,
                                     .split = "train",
                                     .options.image = { .damaged = ISO_DAMAGED_SKIP } };
    assert_int_equal(iso_image_read(colour, &(struct iso_image_options){ 0 }, false, &whole),
                     ISO_OK);
    for (int stream = 0; stream < 2; stream++) {
        r.stream = stream;
        if (iso_dataset_load(&r, &set) != ISO_OK)
            fail_msg("%s", iso_error());
        assert_int_equal(set->rows, 3);
        assert_int_equal(set->labels[0] * 100 + set->labels[1] * 10 + set->labels[2], 1);
        assert_int_equal(set->left->names[ISO_LEFT_DAMAGED].n, 3);
        for (int i = 0; i < 3; i++) {
            assert_int_equal(iso_dataset_image(set, i, image), ISO_OK);
            assert_memory_equal(image, whole.pixels, sizeof image);
        }
        if (!stream)
            assert_non_null(strstr(set->row_names.name[1], "a/3.jpg"));
        iso_dataset_free(set);
    }
    free(whole.pixels);
    assert_int_equal(folder_remove(root), 0);
}

static void classes_have_names(void **state)
{
    struct iso_class_map *map = calloc(1, sizeof *map + 3 * sizeof map->member[0]);
    (void)state;
    assert_non_null(map);
    *map = (struct iso_class_map){ .classes = 2, .n = 3 };
    map->member[0] = (struct iso_class_member){ "dog", 0 };
    map->member[1] = (struct iso_class_member){ "cat", 1 };
    map->member[2] = (struct iso_class_member){ "bird", 1 };
    const struct iso_dataset_request r = {
        .name = "folder:pets", .split = "test", .folder = folder, .classes = map
    };
    struct iso_dataset *set;
    assert_int_equal(iso_dataset_load(&r, &set), ISO_OK);
    assert_int_equal(set->classes * 100 + set->labels[0] * 10 + set->labels[1], 210);
    iso_dataset_free(set);
    free(map);
}

static void sizes_and_colours_are_made_one(void **state)
{
    struct iso_dataset *set;
    (void)state;
    assert_int_equal(load("folder:sizes", "train", 0, 0, 0, &set), ISO_EDATA);
    check_message("tests/readers/sizes/a/1.png 2x3, tests/readers/sizes/b/1.png 2x4");
    assert_int_equal(load("folder:sizes", "train", 5, 2, 0, &set), ISO_OK);
    assert_int_equal(set->height * 100 + set->width * 10 + set->channels, 523);
    for (int i = 0; i < 30; i++)
        assert_int_equal(set->images[i] * 100 + set->images[30 + i], 708 + i % 3);
    iso_dataset_free(set);
}

static void other_folders_are_refused(void **state)
{
    static const struct {
        const char *name, *split;
        iso_rc rc;
        const char *words;
    } cases[] = {
        { "folder:sizes", "test", ISO_EDATA, "has one split only, and no 'test'" },
        { "folder:none", "train", ISO_EIO, "no file or folder none in tests/readers" },
        { "folder:decode", "train", ISO_EDATA, "decode has 0 folders; it needs one for each" },
        { "folder:decode.npz", "train", ISO_EDATA, "is not a folder" },
        { "folder:arrays/../../readers/pets/train", "test", ISO_EDATA, "has one split only" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct iso_dataset *set;
        assert_int_equal(load(cases[i].name, cases[i].split, 0, 0, 0, &set), cases[i].rc);
        assert_null(set);
        check_message(cases[i].words);
    }
}

/* ---- Faults on the way ---------------------------------------------------------------------- */

static iso_rc fail_some(void *data, int64_t i)
{
    (void)data;
    return i % 100 == 37 ? iso_fail(ISO_EDATA, "item %lld", (long long)i) : ISO_OK;
}

static iso_rc count(void *data, int64_t i)
{
    ((uint8_t *)data)[i]++;
    return ISO_OK;
}

static void workers_report_the_first_fault(void **state)
{
    static uint8_t seen[1000];
    (void)state;
    for (int threads = 0; threads < 9; threads++) {
        iso_error_clear();
        assert_int_equal(iso_workers_run(1000, threads, fail_some, NULL, NULL), ISO_EDATA);
        assert_string_equal(iso_error(), "item 37");
        assert_int_equal(iso_workers_run(1000, threads, count, seen, NULL), ISO_OK);
        for (int i = 0; i < 1000; i++)
            assert_int_equal(seen[i], threads + 1);
    }
    assert_int_equal(iso_workers_run(0, 0, fail_some, NULL, NULL), ISO_OK);
}

static void lack_of_memory_is_reported(void **state)
{
    struct iso_dataset *set = NULL;
    iso_rc rc = ISO_ENOMEM;
    int n = 0;
    (void)state;
    for (; n < 200 && rc != ISO_OK; n++) {
        iso_alloc_fail_after(n);
        rc = load("folder:pets", "train", 4, 4, 1, &set);
        iso_alloc_fail_after(-1);
        assert_true(rc == ISO_OK || (rc == ISO_ENOMEM && set == NULL));
    }
    assert_int_equal(rc, ISO_OK);
    assert_true(n > 30);
    iso_dataset_free(set);
}

/* ---- Lists --------------------------------------------------------------------------------- */

static iso_rc load_list(int height, bool resize, struct iso_dataset **set)
{
    const struct iso_image_list_request r = {
        .height = height, .width = 3, .channels = 3, .resize = resize, .threads = 2
    };
    struct iso_names paths = { .name = NULL };
    *set = NULL;
    iso_rc rc = iso_image_list_add("tests/readers/pets/train/bird", &paths);
    if (rc == ISO_OK)
        rc = iso_image_list_add("tests/readers/pets/test/dog/40.png", &paths);
    if (rc == ISO_OK)
        rc = iso_image_list_load(&paths, &r, set);
    iso_names_free(&paths);
    return rc;
}

static void lists_are_read(void **state)
{
    static const int value[] = { 0, 1, 2, 40 };
    struct iso_dataset *set;
    (void)state;
    iso_error_clear();
    assert_int_equal(load_list(2, false, &set), ISO_OK);
    assert_null(set->labels);
    assert_int_equal(set->rows * 1000 + set->height * 100 + set->width * 10 + set->channels, 4233);
    for (int i = 0; i < 4 * 18; i++)
        assert_int_equal(set->images[i], value[i / 18]);
    iso_dataset_free(set);
    assert_int_equal(load_list(5, false, &set), ISO_EDATA);
    check_message("bird/0.png has 2x3 pixels (height x width), the model takes 5x3");
    iso_rc rc = ISO_ENOMEM;
    for (int n = 0; n < 200 && rc != ISO_OK; n++) {
        iso_dataset_free(set);
        iso_alloc_fail_after(n);
        rc = load_list(5, true, &set);
        iso_alloc_fail_after(-1);
        assert_true(rc == ISO_OK || (rc == ISO_ENOMEM && set == NULL));
    }
    assert_int_equal(rc, ISO_OK);
    assert_int_equal(set->height, 5);
    iso_dataset_free(set);
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
        cmocka_unit_test(folders_are_read),
        cmocka_unit_test(folders_of_a_class_are_walked),
        cmocka_unit_test(links_do_not_lead_back),
        cmocka_unit_test(classes_without_images_are_reported),
        cmocka_unit_test(damaged_files_are_named_or_left_out),
        cmocka_unit_test(classes_have_names),
        cmocka_unit_test(sizes_and_colours_are_made_one),
        cmocka_unit_test(other_folders_are_refused),
        cmocka_unit_test(lists_are_read),
        cmocka_unit_test(workers_report_the_first_fault),
        cmocka_unit_test(lack_of_memory_is_reported),
    };
    const struct CMUnitTest none[] = { cmocka_unit_test(nothing_without_the_libraries) };
    if (!(iso_image_reads("PNG") && iso_image_reads("JPEG")))
        return cmocka_run_group_tests_name("image_folder", none, NULL, NULL);
    return cmocka_run_group_tests_name("image_folder", tests, NULL, NULL);
}
