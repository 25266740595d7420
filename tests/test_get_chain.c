/* test_get_chain.c: from published weights to a training that begins with them: `isocl get` fetches
 * a state dict from a server on this machine, holds it to its sum and converts it, and `isocl new
 * --from` takes it over for pictures. The list of published weights is this test's own. */
static char model_path[4096], publisher_sum[80];
#define ISO_PUBLISHED_LIST "tests/published_list.def"
#include "core/job/published.c" /* NOLINT(bugprone-suspicious-include): with another list */

#include "cli.h"
#include "core/system/file.h"
#include "curl.h"
#include "http.h"
#include "tools/commands.h"
#include "tools/report/png.h"

enum { PHOTOS = 12, SIDE = 8 };
static char text[CLI_OUTPUT], root[CLI_PATH], *bytes;
static size_t length;

/* Pictures of two classes, light and dark. */
static void make_photos(void)
{
    static uint8_t pixels[SIDE * SIDE * 3];
    const int size[3] = { SIDE, SIDE, 3 };
    char path[CLI_PATH], name[64];
    for (int i = 0; i < 2 * PHOTOS; i++) {
        uint8_t *picture = NULL;
        size_t n = 0;
        for (size_t k = 0; k < sizeof pixels; k++)
            pixels[k] = (uint8_t)(i % 2 * 120 + (i * 31 + (int)k * 7) % 100);
        snprintf(name, sizeof name, i % 2 ? "photos/light" : "photos/dark");
        cli_path(path, "photos");
        assert_int_equal(iso_folder_make(path), ISO_OK);
        cli_path(path, name);
        assert_int_equal(iso_folder_make(path), ISO_OK);
        snprintf(path + strlen(path), sizeof path - strlen(path), "/%d.png", i);
        assert_int_equal(iso_png_encode(pixels, size, &picture, &n), ISO_OK);
        assert_int_equal(iso_file_write(path, picture, n), ISO_OK);
        free(picture);
    }
}

/* The model file of the published weights: that of tests/torch, as a classifier. */
static void make_model(void)
{
    char *yaml;
    size_t n;
    assert_int_equal(iso_file_read("tests/torch/vit.yaml", &yaml, &n), ISO_OK);
    char *end = strstr(yaml, "units: 3}");
    assert_non_null(end);
    snprintf(text, sizeof text,
             "%.*sunits: 3, activation: softmax}\nloss: categorical_crossentropy\n"
             "optimizer: sgd\n",
             (int)(end - yaml), yaml);
    free(yaml);
    cli_write("published.yaml", text);
    cli_path(model_path, "published.yaml");
}

static void prepare(struct http *server)
{
    struct iso_sha256 s;
    make_photos();
    make_model();
    assert_int_equal(iso_file_read("tests/torch/vit.pth", &bytes, &length), ISO_OK);
    iso_sha256_init(&s);
    iso_sha256_add(&s, bytes, length);
    strcpy(publisher_sum, "sha256:");
    iso_sha256_hex(&s, publisher_sum + 7);
    if (!http_start(server, bytes, length, 0, 200)) {
        print_message("skipped: no server can be started on 127.0.0.1\n");
        skip();
    }
}

/* Runs a command within this program, which has its own list. */
static int run(const struct iso_command *command, int n, const char *const *words)
{
    char *copies[8];
    for (int i = 0; i < n; i++)
        copies[i] = strdup(words[i]);
    const int code = command->run(command, n, copies);
    for (int i = 0; i < n; i++)
        free(copies[i]);
    return code;
}

static int get(const struct http *server)
{
    char folder[CLI_PATH], mirror[64];
    cli_path(folder, "d");
    snprintf(mirror, sizeof mirror, "http://127.0.0.1:%d", server->port);
    return run(&iso_command_get, 5,
               (const char *const[]){ "small-vit", "--dir", folder, "--mirror", mirror });
}

/* Runs `isocl new` for the photos with the published weights; the model file is next.yaml. */
static int begin_model(void)
{
    char photos[CLI_PATH], next[CLI_PATH], data[CLI_PATH];
    cli_path(photos, "photos");
    cli_path(next, "next.yaml");
    cli_path(data, "d");
    return run(
        &iso_command_new, 7,
        (const char *const[]){ photos, "--from", "small-vit", "--data", data, "--out", next });
}

static struct iso_st_file *open_tensors(const char *name)
{
    struct iso_st_file *file = NULL;
    char path[CLI_PATH];
    cli_path(path, name);
    if (iso_st_open(path, &file) != ISO_OK)
        fail_msg("%s: %s", name, iso_error());
    return file;
}

/* All tensors of one file but those of `but` have their bits in the other. Returns their number. */
static int same_tensors(const char *name, const char *other, const char *but)
{
    struct iso_st_file *a = open_tensors(name), *b = open_tensors(other);
    int same = 0;
    for (int i = 0; i < a->n; i++) {
        const struct iso_st_tensor *t = &a->tensors[i], *u = iso_st_find(b, t->name);
        if (strncmp(t->name, but, strlen(but)) == 0)
            continue;
        if (u == NULL || iso_st_bytes(u) != iso_st_bytes(t) ||
            memcmp(t->data, u->data, (size_t)iso_st_bytes(t)) != 0)
            fail_msg("%s and %s differ in %s", name, other, t->name);
        same++;
    }
    iso_st_close(a);
    iso_st_close(b);
    return same;
}

/* The files fetched and converted, what a new model begins with, and what is left of it after a
 * training of the head have the same bits. */
static void published_weights_begin_a_training(void **state)
{
    enum { TENSORS = 2 + 1 + 1 + 2 * 16 + 2 }; /* all but those of the last layer */
    struct http server;
    char want[CLI_PATH];
    (void)state;
    prepare(&server);
    assert_int_equal(get(&server), 0);
    http_stop(&server);
    cli_path(want, "want.safetensors");
    assert_int_equal(cli_run("import %s/tests/torch/vit.pth published.yaml --out %s", root, want),
                     0);
    assert_int_equal(same_tensors("want.safetensors", "d/weights/small-vit.safetensors", "-"),
                     TENSORS + 2);
    assert_int_equal(get(&server), 0); /* nobody is asked */
    assert_int_equal(begin_model(), 0);
    cli_read("next.yaml", text);
    cli_says(text, "units: 2");
    cli_says(text, "name: new_head");
    assert_int_equal(same_tensors("want.safetensors", "next.safetensors", "top/"), TENSORS);
    assert_int_equal(cli_run("train next.yaml --weights next.safetensors --device cpu --quiet "
                             "--epochs 2 --out run"),
                     0);
    assert_int_equal(same_tensors("want.safetensors", "run/weights.safetensors", "top/"), TENSORS);
    free(bytes);
}

/* A file that is another than the publisher's is not converted, nor one that changed later, and
 * without weights there is no model. */
static void other_weights_are_not_taken(void **state)
{
    struct http server;
    char next[CLI_PATH];
    (void)state;
    prepare(&server);
    publisher_sum[12] = publisher_sum[12] == 'a' ? 'b' : 'a';
    assert_int_not_equal(get(&server), 0);
    http_stop(&server);
    cli_path(next, "next.yaml");
    assert_int_equal(begin_model(), ISO_EXIT_FILE);
    assert_int_not_equal(access(next, F_OK), 0);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(published_weights_begin_a_training),
        TEST(other_weights_are_not_taken),
    };
    const struct CMUnitTest none[] = { cmocka_unit_test(nothing_without_curl) };
    if (getcwd(root, sizeof root) == NULL)
        return 1;
    if (!curl_is_there())
        return cli_main(none, 1);
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
