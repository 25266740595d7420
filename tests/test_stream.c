/* test_stream.c: data sets whose images are not in memory: the sources they come from, and the same
 * weights as from memory. Run from the root of the repository. */
#include "core/data/class_map.h"
#include "core/data/disk.h"
#include "core/image/image.h"
#include "cli.h"
#include "message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Sources --------------------------------------------------------------------------------- */

static void write_bytes(const char *name, const char *head, size_t n, size_t bytes)
{
    char path[CLI_PATH];
    cli_path(path, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(head, 1, n, f), n);
    for (size_t i = 0; i < bytes; i++)
        putc((int)(i % 251 % 10), f);
    assert_int_equal(fclose(f), 0);
}

#define IDX_IMAGES "\0\0\x8\x3\0\0\0\x14\0\0\0\x4\0\0\0\x3"
#define IDX_LABELS "\0\0\x8\x1\0\0\0\x14"

/* MNIST of 20 images of 4x3, and CIFAR-10 of 5 x 2. */
static void write_sets(void)
{
    char name[32];
    write_bytes("train-images-idx3-ubyte", IDX_IMAGES, 16, 240);
    write_bytes("train-labels-idx1-ubyte", IDX_LABELS, 8, 20);
    for (int i = 1; i < 6; i++) {
        snprintf(name, sizeof name, "data_batch_%d.bin", i);
        write_bytes(name, "", 0, 2 * 3073);
    }
}

static struct iso_dataset *load(struct iso_dataset_request *r, bool stream)
{
    struct iso_dataset *set = NULL;
    r->stream = stream;
    iso_error_clear();
    if (iso_dataset_load(r, &set) != ISO_OK)
        fail_msg("%s", iso_error());
    assert_true(stream == (set->disk != NULL) && stream == (set->images == NULL));
    return set;
}

static void check_same(struct iso_dataset_request r)
{
    struct iso_dataset *a = load(&r, false), *b = load(&r, true);
    const size_t size = iso_dataset_image_bytes(a);
    uint8_t *one = malloc(size), *other = malloc(size);
    assert_true(one != NULL && other != NULL && a->rows > 0);
    assert_int_equal(a->rows, b->rows);
    assert_int_equal(a->height, b->height);
    assert_int_equal(a->width, b->width);
    assert_int_equal(a->channels, b->channels);
    for (int64_t i = a->rows - 1; i >= 0; i--) {
        assert_int_equal(a->labels[i], b->labels[i]);
        assert_int_equal(iso_dataset_image(a, i, one), ISO_OK);
        assert_int_equal(iso_dataset_image(b, i, other), ISO_OK);
        assert_memory_equal(one, other, size);
    }
    free(one);
    free(other);
    iso_dataset_free(a);
    iso_dataset_free(b);
}

/* As they are, and with classes, a part, a limit, a frame and three channels. */
static void check_variants(const char *name, const char *folder, bool grey)
{
    struct iso_dataset_request r = { .name = name, .split = "train", .folder = folder };
    struct iso_class_map *map = calloc(1, sizeof *map + 2 * sizeof map->member[0]);
    assert_non_null(map);
    *map = (struct iso_class_map){ .classes = 2, .n = 2 };
    map->member[0] = (struct iso_class_member){ "2", 0 };
    map->member[1] = (struct iso_class_member){ "0", 1 };
    r.options.count = folder != NULL ? 0 : 300; /* digits to draw */
    check_same(r);
    r.limit = 5;
    check_same(r);
    r.part = (struct iso_part){ 0.2, 0.9, true, 3 };
    check_same(r);
    r.pad[0] = 1, r.pad[1] = 2, r.pad[3] = 3;
    check_same(r);
    if (grey)
        r.repeat_channels = 3;
    check_same(r);
    r.classes = map;
    if (strncmp(name, "folder:", 7) != 0)
        check_same(r);
    free(map);
}

static void images_are_the_same_as_in_memory(void **state)
{
    (void)state;
    write_sets();
    check_variants("mnist", cli_folder, true);
    check_variants("cifar10", cli_folder, false);
    check_variants("builtin:digits", NULL, true);
    if (iso_image_reads("PNG") && iso_image_reads("JPEG"))
        check_variants("folder:pets", "tests/readers", true);
    const struct iso_shape input = { 4, { 0, 7, 6, 3 } };
    check_same((struct iso_dataset_request){ .name = "npy:arrays",
                                             .split = "test",
                                             .folder = "tests/readers",
                                             .input = &input,
                                             .pad = { 2, 2, 1, 0 },
                                             .repeat_channels = 3 });
}

static void large_sets_stream_by_themselves(void **state)
{
    struct iso_dataset_request r = {
        .name = "mnist", .split = "train", .folder = cli_folder, .memory = 200
    };
    struct iso_dataset *set = NULL;
    (void)state;
    write_sets();
    assert_int_equal(iso_dataset_load(&r, &set), ISO_OK);
    assert_non_null(set->disk);
    iso_dataset_free(set);
    r.memory = 300;
    assert_int_equal(iso_dataset_load(&r, &set), ISO_OK);
    assert_null(set->disk);
    iso_dataset_free(set);
}

static void files_that_cannot_stream_are_reported(void **state)
{
    static const struct {
        const char *name, *expected;
    } cases[] = {
        { "npy:arrays.npz", "arrays.npz cannot be read row by row, being an archive" },
        { "npy:array.npy", "being a pickle" },
        { "npy:arrays", "x_train.npy cannot be read row by row, not being of bytes" },
        { "csv:numbers.csv", "being a text" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct iso_dataset_request r = {
            .name = cases[i].name, .split = "train", .folder = "tests/readers", .stream = true
        };
        struct iso_dataset *set = NULL;
        iso_error_clear();
        assert_int_equal(iso_dataset_load(&r, &set), ISO_EDATA);
        assert_null(set);
        check_message(cases[i].expected);
    }
}

/* A file that is cut short, or gone, after the set was opened. */
static void files_that_change_are_named(void **state)
{
    struct iso_dataset_request r = { .name = "mnist", .split = "train", .folder = cli_folder };
    uint8_t image[3072];
    char path[CLI_PATH];
    (void)state;
    write_sets();
    struct iso_dataset *set = load(&r, true);
    cli_path(path, "train-images-idx3-ubyte");
    assert_int_equal(truncate(path, 100), 0);
    assert_int_equal(iso_dataset_image(set, 0, image), ISO_OK);
    assert_int_equal(iso_dataset_image(set, 9, image), ISO_EDATA);
    check_message("train-images-idx3-ubyte: became shorter while it was read");
    iso_dataset_free(set);
    set = NULL;
    assert_int_equal(iso_dataset_load(&r, &set), ISO_EDATA);
    check_message("has 100 bytes, and its header announces 256");
    r.name = "cifar10";
    set = load(&r, true);
    cli_path(path, "data_batch_4.bin");
    assert_int_equal(truncate(path, 5000), 0);
    assert_int_equal(iso_dataset_image(set, 6, image), ISO_OK);
    assert_int_equal(iso_dataset_image(set, 7, image), ISO_EDATA);
    check_message("data_batch_4.bin: became shorter");
    iso_dataset_free(set);
}

/* ---- Training -------------------------------------------------------------------------------- */

static const char yaml[] =
    "model: stream\n"
    "data:\n"
    "  train: {dataset: %s, split: train, part: [0, 0.6], classes: [[0, 1], 2], stream: %s}\n"
    "  validation: {dataset: %s, split: train, part: [0.6, 1], classes: [[0, 1], 2],\n"
    "               stream: %s}\n"
    "input: {shape: [%d, %d, 3], scale: 1/255, pad: 1, repeat_channels: 3}\n"
    "layers:\n"
    "  - conv2d: {filters: 3, kernel_size: 3, activation: relu}\n"
    "  - flatten\n"
    "  - dropout: 0.2\n"
    "  - dense: {units: 2, activation: softmax}\n"
    "loss: categorical_crossentropy\n"
    "optimizer: {adam: {learning_rate: 0.01}}\n"
    "metrics: [accuracy, confusion_matrix]\n"
    "train: {batch_size: %d, epochs: 3, seed: 5}\n";

static void write_model(const char *name, const char *set, bool stream, int height, int width,
                        int batch)
{
    char text[sizeof yaml + 512];
    const char *streams = stream ? "true" : "false";
    snprintf(text, sizeof text, yaml, set, streams, set, streams, height + 2, width + 2, batch);
    cli_write(name, text);
}

static void train(const char *options, char hex[65])
{
    if (cli_run("train %s", options) != 0)
        fail_msg("%s: %s", options, cli_err);
    cli_hash(hex);
}

/* 50 rows for training and for validation; the last batch of an epoch is smaller. */
static void weights_are_the_same_as_from_memory(void **state)
{
    static const char *const runs[] = { "--device reference", "--device cpu --threads 1",
                                        "--device cpu --threads 2", "--device cpu --threads 5",
                                        "--device opencl:pocl --mode exact" };
    char whole[65], streamed[65], options[128];
    (void)state;
    write_model("memory.yaml", "'builtin:digits', count: 500", false, 28, 28, 20);
    write_model("stream.yaml", "'builtin:digits', count: 500", true, 28, 28, 20);
    train("memory.yaml --device reference --limit 50", whole);
    assert_null(strstr(cli_out, "read in every epoch"));
    for (int i = 0; i < 5; i++) {
        if (i == 4 && (cli_run("devices") != 0 || strstr(cli_out, "Portable Computing") == NULL)) {
            print_message("  opencl:pocl: left out: it is not there\n");
            continue;
        }
        snprintf(options, sizeof options, "stream.yaml %s --limit 50", runs[i]);
        train(options, streamed);
        cli_says(cli_out, "(drawn by isocl); read in every epoch\nvalidation 50 images");
        assert_string_equal(whole, streamed);
    }
    train("stream.yaml --device cpu --limit 50 --steps 4 --out part", streamed);
    train("--resume --out part --epochs 3 --device cpu", streamed); /* from within epoch 2 */
    assert_string_equal(whole, streamed);
    assert_int_equal(cli_run("eval part --split validation --limit 50"), 0);
    cli_says(cli_out, ": 50 images");
}

static void change_byte(const char *name, long at)
{
    char path[CLI_PATH];
    cli_path(path, name);
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, at, SEEK_SET), 0);
    const int byte = getc(f);
    assert_int_equal(fseek(f, at, SEEK_SET), 0);
    assert_int_equal(putc(byte ^ 1, f), byte ^ 1);
    assert_int_equal(fclose(f), 0);
}

#define MNIST "train mnist.yaml --device reference --data . --quiet --out "
#define GO_ON "train --resume --device reference --data . --quiet --out "

/* The last byte of image 11 of MNIST, which has label 1 and so is trained on or validated with. */
static void changed_images_are_noticed(void **state)
{
    static const char images[] = "train-images-idx3-ubyte";
    static char text[CLI_OUTPUT];
    const long last = 16 + 12 * 12 - 1;
    char whole[65], resumed[65], path[CLI_PATH];
    (void)state;
    write_sets();
    write_model("mnist.yaml", "mnist", true, 4, 3, 2);
    assert_int_equal(cli_run(MNIST "whole"), 0);
    cli_hash(whole);
    assert_int_equal(cli_run(MNIST "part --epochs 1"), 0);
    change_byte(images, last);
    assert_int_equal(cli_run(GO_ON "part --epochs 3"), ISO_EXIT_FILE);
    cli_says(cli_err,
             "/train-images-idx3-ubyte: image 11: is not what it was when this run first "
             "read it; put back");
    assert_int_equal(cli_run(MNIST "other"), 0);
    assert_int_equal(cli_run("runs whole other"), 0);
    cli_says(cli_out, " data, images_crc32: ");
    change_byte(images, last);
    assert_int_equal(cli_run(GO_ON "part --epochs 3"), 0);
    cli_hash(resumed);
    assert_string_equal(resumed, whole);
    assert_int_equal(cli_run("runs whole part"), 0);
    assert_null(strstr(cli_out, "images_crc32"));
    cli_read("part/run.json", text);
    cli_says(text, "\"images_crc32\": \"");
    cli_path(path, "part/train-images.crc32");
    assert_int_equal(truncate(path, 3), 0);
    assert_int_equal(cli_run(GO_ON "part --epochs 4"), ISO_EXIT_FILE);
    cli_says(cli_err, "train-images.crc32 has 3 bytes, and 4 images need 16; it is damaged");
}

static void folders_stream(void **state)
{
    static char memory[CLI_OUTPUT];
    char whole[65], streamed[65], path[CLI_PATH], command[2 * CLI_PATH], set[128];
    (void)state;
    if (!(iso_image_reads("PNG") && iso_image_reads("JPEG"))) {
        print_message("skipped: this isocl reads %s\n", iso_image_support());
        skip();
    }
    assert_non_null(getcwd(path, sizeof path));
    snprintf(command, sizeof command, "cp -R '%s/tests/readers/pets/train' '%s/pets'", path,
             cli_folder);
    assert_int_equal(system(command), 0);
    snprintf(set, sizeof set, "'folder:%s/pets'", cli_folder);
    write_model("memory.yaml", set, false, 2, 3, 3);
    write_model("stream.yaml", set, true, 2, 3, 3);
    for (int i = 0; i < 2; i++) { /* its classes have names */
        char name[32];
        snprintf(name, sizeof name, "%s.yaml", i ? "stream" : "memory");
        cli_read(name, memory);
        for (char *at; (at = strstr(memory, "[[0, 1], 2]")) != NULL;)
            memcpy(at, "[cat,  dog]", 11);
        cli_write(name, memory);
    }
    train("memory.yaml --device cpu", whole);
    train("stream.yaml --device cpu --out run", streamed);
    assert_string_equal(whole, streamed);
    snprintf(command, sizeof command, "cd '%s/pets' && cp dog/20.png cat/10.png", cli_folder);
    assert_int_equal(system(command), 0);
    assert_int_equal(cli_run("train --resume --out run --epochs 4"), ISO_EXIT_FILE);
    cli_says(cli_err, "/cat/10.png: is not what it was");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(images_are_the_same_as_in_memory),
        TEST(large_sets_stream_by_themselves),
        TEST(files_that_cannot_stream_are_reported),
        TEST(files_that_change_are_named),
        TEST(weights_are_the_same_as_from_memory),
        TEST(changed_images_are_noticed),
        TEST(folders_stream),
    };
    return cli_main(tests, sizeof tests / sizeof *tests);
}
