/* test_error.c: the message that is shown is that of the failure that is shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#include "core/system/file.h"
#include "core/model/faults.h"

/* A caller deals with a failure and forgets its message; then something else fails. */
static void the_last_failure_is_shown(void **state)
{
    char *data, long_name[ISO_PATH + 1] = "", path[ISO_PATH];
    size_t n;
    (void)state;
    assert_int_equal(iso_file_read("tests/nowhere/at/all", &data, &n), ISO_EIO);
    assert_non_null(strstr(iso_error(), "nowhere"));
    memset(long_name, 'x', ISO_PATH);
    assert_int_equal(iso_path(path, "folder", long_name), ISO_EIO);
    assert_null(strstr(iso_error(), "nowhere"));
    assert_non_null(strstr(iso_error(), "the path folder... is too long"));
    iso_fail(ISO_EDATA, "one %d", 1);
    assert_int_equal(iso_fail(ISO_EMODEL, "two"), ISO_EMODEL);
    assert_string_equal(iso_error(), "two");
}

static void a_prefix_comes_before_the_message(void **state)
{
    static char large[20000];
    (void)state;
    iso_fail(ISO_EDATA, "%s is damaged", "row 7");
    assert_int_equal(iso_fail_prefix(ISO_EIO, "%s: ", "a.csv"), ISO_EIO);
    assert_string_equal(iso_error(), "a.csv: row 7 is damaged");
    iso_fail(ISO_EDATA, "again: %s", iso_error()); /* the old message as an argument */
    assert_string_equal(iso_error(), "again: a.csv: row 7 is damaged");
    iso_error_clear();
    iso_fail_prefix(ISO_EIO, "alone");
    assert_string_equal(iso_error(), "alone");
    memset(large, 'y', sizeof large - 1);
    iso_fail_prefix(ISO_EIO, "%s", large);
    iso_fail_prefix(ISO_EIO, "z");
    assert_memory_equal(iso_error(), "zyy", 3);
    assert_true(strlen(iso_error()) < sizeof large);
}

static void who_deals_with_a_failure_takes_the_message(void **state)
{
    char taken[8];
    (void)state;
    iso_fail(ISO_EDATA, "short");
    assert_string_equal(iso_error_take(taken, sizeof taken), "short");
    assert_string_equal(iso_error(), "");
    iso_fail(ISO_EDATA, "longer than there is room");
    assert_string_equal(iso_error_take(taken, sizeof taken), "longer ");
    assert_string_equal(iso_error_take(taken, sizeof taken), "");
    iso_fail(ISO_EDATA, "it does not matter");
    iso_error_clear();
    assert_string_equal(iso_error(), "");
}

static void faults_take_the_message(void **state)
{
    static struct iso_faults faults;
    const struct iso_location location = { .file = "a.yaml", .line = 3, .column = 4 };
    (void)state;
    iso_fail(ISO_ESHAPE, "the kernel is larger than the image");
    iso_faults_add_failure(&faults, location, "conv2d '%s'", "c1");
    assert_int_equal(faults.count, 1);
    assert_string_equal(faults.list[0].text, "conv2d 'c1': the kernel is larger than the image");
    assert_string_equal(iso_error(), "");
}

static void *fail_in_thread(void *unused)
{
    iso_fail(ISO_EDATA, "elsewhere");
    return unused;
}

static void every_thread_has_its_own(void **state)
{
    pthread_t thread;
    (void)state;
    iso_fail(ISO_EDATA, "here");
    assert_int_equal(pthread_create(&thread, NULL, fail_in_thread, NULL), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_string_equal(iso_error(), "here");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_failure_is_shown),
        cmocka_unit_test(a_prefix_comes_before_the_message),
        cmocka_unit_test(who_deals_with_a_failure_takes_the_message),
        cmocka_unit_test(faults_take_the_message),
        cmocka_unit_test(every_thread_has_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
