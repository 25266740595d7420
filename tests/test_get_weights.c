/* test_get_weights.c: published weights, fetched from a server on this machine: broken off, wrong,
 * refused, without room on the disk, changed later. Nobody but the publisher has a file of the
 * right sum: how it is converted, test_torch.c and test_keras.c show. */
#include "cli.h"
#include "core/system/sha256.h"
#include "core/system/file.h"
#include "core/job/published.h"
#include "curl.h"
#include "http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BYTES = 300000 };
static char bytes[BYTES], sum[80]; /* the file of the server, and its SHA-256 as "sha256:..." */

static void fill(void)
{
    struct iso_sha256 s;
    for (int i = 0; i < BYTES; i++)
        bytes[i] = (char)(i * 7 + i / 255);
    iso_sha256_init(&s);
    iso_sha256_add(&s, bytes, BYTES);
    strcpy(sum, "sha256:");
    iso_sha256_hex(&s, sum + 7);
}

/* Runs get-data.sh for a file of the server; returns its exit code, with its output in cli_out. */
static int fetch(const struct http *server, const char *wanted)
{
    char command[3 * CLI_PATH];
    snprintf(
        command, sizeof command,
        "sh tools/get-data.sh --dir %s/d --file http://127.0.0.1:%d/a/w.pth %s >%s/out.txt 2>&1",
        cli_folder, server->port, wanted, cli_folder);
    const int status = system(command);
    cli_read("out.txt", cli_out);
    return status >> 8;
}

static bool there(const char *name)
{
    char path[CLI_PATH];
    cli_path(path, name);
    return access(path, F_OK) == 0;
}

static void assert_whole(void)
{
    char path[CLI_PATH], *got;
    size_t n;
    cli_path(path, "d/w.pth");
    assert_int_equal(iso_file_read(path, &got, &n), ISO_OK);
    assert_int_equal(n, BYTES);
    assert_memory_equal(got, bytes, BYTES);
    free(got);
}

static void start(struct http *server, size_t cut, int status)
{
    fill();
    if (!http_start(server, bytes, BYTES, cut, status)) {
        print_message("skipped: no server can be started on 127.0.0.1\n");
        skip();
    }
}

static void a_broken_fetch_is_taken_up_again(void **state)
{
    struct http server;
    (void)state;
    start(&server, BYTES / 3, 200);
    assert_int_equal(fetch(&server, sum), 1);
    cli_says(cli_out, "the connection broke off; run this again to go on");
    assert_false(there("d/w.pth"));
    assert_true(there("d/w.pth.part"));
    assert_int_equal(fetch(&server, sum), 0);
    assert_whole();
    assert_false(there("d/w.pth.part"));
    http_stop(&server);
    assert_int_equal(fetch(&server, sum), 0); /* nobody is asked */
    cli_says(cli_out, "already there");
}

static void a_wrong_sum_leaves_no_file(void **state)
{
    struct http server;
    char wrong[80];
    (void)state;
    start(&server, 0, 200);
    assert_int_equal(fetch(&server, "md5:00000000000000000000000000000000"), 1);
    cli_says(cli_out, "is not what its authors published (md5 ");
    snprintf(wrong, sizeof wrong, "%.15s", sum);
    wrong[14] = wrong[14] == 'a' ? 'b' : 'a';
    assert_int_equal(fetch(&server, wrong), 1);
    assert_false(there("d/w.pth"));
    assert_false(there("d/w.pth.part"));
    snprintf(wrong, sizeof wrong, "%.15s", sum);
    assert_int_equal(fetch(&server, wrong), 0); /* the first digits are enough */
    assert_whole();
    cli_write("d/w.pth", "something else");
    assert_int_equal(fetch(&server, sum), 1);
    cli_says(cli_out, "is not what its authors published");
    http_stop(&server);
}

static void errors_are_named(void **state)
{
    struct http server;
    char path[CLI_PATH];
    (void)state;
    start(&server, 0, 404);
    assert_int_equal(fetch(&server, sum), 1);
    cli_says(cli_out, "error: 404");
    cli_says(cli_out, "the server refuses it");
    http_stop(&server);
    assert_int_equal(fetch(&server, sum), 1);
    cli_says(cli_out, "nobody answers there");
    start(&server, 0, 200);
    cli_path(path, "d/w.pth.part"); /* a disk without room */
    unlink(path);
    assert_int_equal(symlink("/dev/full", path), 0);
    assert_int_equal(fetch(&server, sum), 1);
    cli_says(cli_out, "is there room on the disk?");
    assert_false(there("d/w.pth"));
    http_stop(&server);
}

/* The same through `isocl get`, whose list has a sum that these bytes cannot have. */
static void published_weights_must_be_the_publishers(void **state)
{
    struct http server;
    (void)state;
    start(&server, 0, 200);
    assert_int_equal(cli_run("get resnet18 --dir d --mirror http://127.0.0.1:%d", server.port), 1);
    cli_says(cli_err, "resnet18-f37072fd.pth: what was fetched is not what its authors published");
    assert_false(there("d/weights/resnet18-f37072fd.pth"));
    assert_false(there("d/weights/resnet18.safetensors"));
    http_stop(&server);
    assert_int_equal(cli_run("new photos --from resnet18 --data d"), ISO_EXIT_FILE);
    cli_says(cli_err, "`isocl get resnet18` fetches it (45 MB)");
}

static void a_file_stays_what_it_was_at_first(void **state)
{
    char path[CLI_PATH], hex[65];
    bool first;
    (void)state;
    fill();
    cli_path(path, "w.pth");
    assert_int_equal(iso_file_write(path, bytes, BYTES), ISO_OK);
    assert_int_equal(iso_published_check(path, &first, hex), ISO_OK);
    assert_true(first);
    assert_string_equal(hex, sum + 7);
    assert_int_equal(iso_published_check(path, &first, hex), ISO_OK);
    assert_false(first);
    assert_int_equal(iso_file_write(path, bytes, BYTES - 1), ISO_OK);
    assert_int_equal(iso_published_check(path, &first, hex), ISO_EDATA);
    cli_says(iso_error(), "is not the file that was fetched first");
}

/* Each entry has a model file, and a sum of digits that its kind has. */
static void the_list_is_whole(void **state)
{
    (void)state;
    for (const struct iso_published *p = iso_published; p->name != NULL; p++) {
        const char *digits = strchr(p->sum, ':') + 1;
        const bool md5 = strncmp(p->sum, "md5:", 4) == 0;
        assert_int_equal(access(p->model, R_OK), 0);
        assert_ptr_equal(iso_published_find(p->name), p);
        assert_true(md5 || strncmp(p->sum, "sha256:", 7) == 0);
        assert_int_equal(strspn(digits, "0123456789abcdef"), strlen(digits));
        assert_true(md5 ? strlen(digits) == 32 : strlen(digits) >= 8);
        if (!md5) /* the publisher writes them into the name */
            assert_non_null(strstr(p->address, digits));
        assert_true(strcmp(p->by, "name") == 0 || strcmp(p->by, "order") == 0);
        cli_run("help get");
        cli_says(cli_out, p->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_broken_fetch_is_taken_up_again),
        TEST(a_wrong_sum_leaves_no_file),
        TEST(errors_are_named),
        TEST(published_weights_must_be_the_publishers),
        TEST(a_file_stays_what_it_was_at_first),
        TEST(the_list_is_whole),
    };
    const struct CMUnitTest none[] = { cmocka_unit_test(nothing_without_curl) };
    if (!curl_is_there())
        return cli_main(none, 1);
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
