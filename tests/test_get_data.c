/* test_get_data.c: tools/get-data.sh against mirrors that are folders: whole files, wrong ones,
 * none, and a fetch that was broken off. */
#define _XOPEN_SOURCE 700 /* realpath */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/data/named_sets.h"
#include "core/system/file.h"
#include "curl.h"
#include "folder.h"

static char folder[FOLDER]; /* made anew for each test */

static int make_folder(void **state)
{
    (void)state;
    return folder_make(folder, "get");
}

static int remove_folder(void **state)
{
    (void)state;
    return folder_remove(folder);
}

/* The exit code of get-data.sh into folder/data, from the mirror. */
static int get(const char *mirror, const char *sets)
{
    char command[2048];
    snprintf(command, sizeof command,
             "sh tools/get-data.sh --dir %s/data --mirror file://%s %s "
             ">%s/said 2>&1",
             folder, mirror, sets, folder);
    const int status = system(command);
    return status == -1 ? -1 : status >> 8;
}

static void assert_said(const char *expected)
{
    char path[128], *text;
    size_t n;
    snprintf(path, sizeof path, "%s/said", folder);
    assert_int_equal(iso_file_read(path, &text, &n), ISO_OK);
    if (strstr(text, expected) == NULL)
        fail_msg("'%s' is not in: %s", expected, text);
    free(text);
}

static bool there(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/data/%s", folder, name);
    return access(path, F_OK) == 0;
}

static void errors_leave_no_file(void **state)
{
    char path[256];
    (void)state;
    assert_int_equal(get(folder, "mnist"), 1);
    assert_said("cannot fetch");
    snprintf(path, sizeof path, "%s/train-images-idx3-ubyte.gz", folder);
    assert_int_equal(iso_file_write(path, "not a gzip file", 15), ISO_OK);
    assert_int_equal(get(folder, "mnist"), 1);
    assert_said("is not what its authors published");
    assert_false(there("mnist/train-images-idx3-ubyte.gz"));
    assert_false(there("mnist/train-images-idx3-ubyte.gz.part"));
    snprintf(path, sizeof path, "%s/cifar-10-binary.tar.gz", folder);
    assert_int_equal(iso_file_write(path, "not a tar file", 14), ISO_OK);
    assert_int_equal(get(folder, "cifar10"), 1);
    assert_false(there("cifar-10-batches-bin"));
    assert_false(there("cifar-10-binary.tar.gz.part"));
    assert_int_equal(get(folder, "nothing"), 2);
    assert_said("there is no data set 'nothing'");
}

static void a_fetch_continues_where_it_stopped(void **state)
{
    const char *data = getenv("ISOCL_DATA") != NULL ? getenv("ISOCL_DATA") : "../shared/data";
    char mirror[1024], from[1100], to[256], *bytes, *whole = realpath(data, NULL);
    size_t n;
    (void)state;
    snprintf(mirror, sizeof mirror, "%s/mnist", whole != NULL ? whole : data);
    free(whole);
    snprintf(from, sizeof from, "%s/t10k-labels-idx1-ubyte.gz", mirror);
    if (access(from, R_OK) != 0) {
        print_message("skipped: MNIST is not here; set ISOCL_DATA to the folder that holds it\n");
        skip();
    }
    snprintf(to, sizeof to, "%s/data/mnist", folder);
    assert_int_equal(iso_folder_make(to), ISO_OK);
    assert_int_equal(iso_file_read(from, &bytes, &n), ISO_OK);
    snprintf(to, sizeof to, "%s/data/mnist/t10k-labels-idx1-ubyte.gz.part", folder);
    assert_int_equal(iso_file_write(to, bytes, n / 2), ISO_OK);
    assert_int_equal(get(mirror, "mnist"), 0);
    assert_true(there("mnist/train-images-idx3-ubyte.gz"));
    assert_true(there("mnist/t10k-labels-idx1-ubyte.gz"));
    assert_false(there("mnist/t10k-labels-idx1-ubyte.gz.part"));
    assert_int_equal(get(mirror, "mnist"), 0);
    assert_said("already there");
    free(bytes);
}

/* Each set that can be fetched is one that isocl reads, in a folder it looks into, and the other
 * way round: the script says its names in its help, where it reads its arguments and where it
 * fetches. */
static void the_sets_are_those_of_the_table(void **state)
{
    char *script, name[ISO_DATASET_NAME + 8], accepted[1024] = "";
    size_t n;
    (void)state;
    assert_int_equal(iso_file_read("tools/get-data.sh", &script, &n), ISO_OK);
    assert_int_equal(get(folder, "--help"), 0);
    for (const struct iso_named_set *set = iso_named_sets; set->name != NULL; set++) {
        if (set->drawn)
            continue;
        assert_said(set->name);
        n = strlen(accepted);
        snprintf(accepted + n, sizeof accepted - n, "%s%s", n > 0 ? "|" : "        ", set->name);
        snprintf(name, sizeof name, " %s ", set->folders[0]);
        assert_non_null(strstr(script, name));
    }
    strcat(accepted, ") sets=");
    if (strstr(script, accepted) == NULL)
        fail_msg("tools/get-data.sh should read its arguments by '%s'", accepted);
    free(script);
    for (const struct iso_named_set *set = iso_named_sets; set->name != NULL; set++) {
        assert_int_equal(get(folder, set->name), set->drawn ? 2 : 1);
        assert_said(set->drawn ? "there is no data set" : "cannot fetch");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(errors_leave_no_file, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(the_sets_are_those_of_the_table, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_fetch_continues_where_it_stopped, make_folder,
                                        remove_folder),
    };
    const struct CMUnitTest none[] = { cmocka_unit_test(nothing_without_curl) };
    if (!curl_is_there())
        return cmocka_run_group_tests(none, NULL, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
