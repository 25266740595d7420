/* test_numbers.c: numbers as they are written, in any locale, and names nearly right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/text/number.h"
#include "core/text/suggest.h"
#include "folder.h"

static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum iso_number rc;
        double value;
    } cases[] = {
        { "0.1", ISO_NUMBER_OK, 0.1 },
        { "-.5", ISO_NUMBER_OK, -0.5 },
        { "3.", ISO_NUMBER_OK, 3 },
        { "1e-8", ISO_NUMBER_OK, 1e-8 },
        { "+2E+3", ISO_NUMBER_OK, 2000 },
        { "0e5", ISO_NUMBER_OK, 0 },
        { "-0.0", ISO_NUMBER_OK, 0 },
        { "1/255", ISO_NUMBER_OK, 1.0 / 255 },
        { "-1.5/3e1", ISO_NUMBER_OK, -0.05 },
        { "2.2250738585072011e-308", ISO_NUMBER_OK, 2.2250738585072011e-308 },
        { "9007199254740993", ISO_NUMBER_OK, 9007199254740992 },
        { "1e400", ISO_NUMBER_RANGE, 0 },
        { "1e-400", ISO_NUMBER_RANGE, 0 },
        { "1/0", ISO_NUMBER_RANGE, 0 },
        { "1/1e-320", ISO_NUMBER_RANGE, 0 },
        { "", ISO_NUMBER_BAD, 0 },
        { ".", ISO_NUMBER_BAD, 0 },
        { "1e", ISO_NUMBER_BAD, 0 },
        { "nan", ISO_NUMBER_BAD, 0 },
        { "inf", ISO_NUMBER_BAD, 0 },
        { "0x1p3", ISO_NUMBER_BAD, 0 },
        { "1,5", ISO_NUMBER_BAD, 0 },
        { " 1", ISO_NUMBER_BAD, 0 },
        { "1 ", ISO_NUMBER_BAD, 0 },
        { "1/", ISO_NUMBER_BAD, 0 },
        { "/2", ISO_NUMBER_BAD, 0 },
        { "1//2", ISO_NUMBER_BAD, 0 },
        { "--1", ISO_NUMBER_BAD, 0 },
        { "1_000", ISO_NUMBER_BAD, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double value = 0;
        assert_int_equal(iso_number_real(cases[i].text, &value), cases[i].rc);
        assert_true(value == cases[i].value);
    }
    int64_t whole = 0;
    assert_int_equal(iso_number_int("-9223372036854775808", &whole), ISO_NUMBER_OK);
    assert_true(whole == INT64_MIN);
    assert_int_equal(iso_number_int("9223372036854775808", &whole), ISO_NUMBER_RANGE);
    assert_int_equal(iso_number_int("1.0", &whole), ISO_NUMBER_BAD);
    assert_int_equal(iso_number_int("007", &whole), ISO_NUMBER_BAD);
    char text[40];
    static const double values[] = { 0.1, 1.0 / 3, 1e-8, 1e22, 5e-324, 255, 1e15, 123456.789 };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        double again = 0;
        iso_number_text(values[i], text, sizeof text);
        assert_int_equal(iso_number_real(text, &again), ISO_NUMBER_OK);
        assert_true(again == values[i]);
    }
    assert_string_equal(iso_number_text(0.001, text, sizeof text), "0.001");
    assert_string_equal(iso_number_text(1000, text, sizeof text), "1000");
}

/* Enters a locale with a decimal comma; makes one if none is installed and the system can. */
static bool enter_comma_locale(const char *folder)
{
    static const char *const names[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "fr_FR" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (setlocale(LC_ALL, names[i]) != NULL)
            return true;
    char command[200];
    snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 >/dev/null 2>&1",
             folder);
    return system(command) == 0 && setenv("LOCPATH", folder, 1) == 0 &&
           setlocale(LC_ALL, "de_DE.UTF-8") != NULL;
}

/* In a locale with a decimal comma 0.5 stays 0.5. */
static void test_locale(void **state)
{
    (void)state;
    char folder[FOLDER], text[40], printed[40];
    double value = 0;
    assert_int_equal(folder_make(folder, "locale"), 0);
    bool comma = enter_comma_locale(folder);
    snprintf(printed, sizeof printed, "%.1f", 0.5);
    enum iso_number rc = iso_number_real("0.5", &value);
    iso_number_text(0.25, text, sizeof text);
    setlocale(LC_ALL, "C");
    assert_int_equal(folder_remove(folder), 0);
    if (!comma) {
        print_message("skipped: no locale with a decimal comma, and localedef cannot make one\n");
        skip();
    }
    assert_string_equal(printed, "0,5");
    assert_int_equal(rc, ISO_NUMBER_OK);
    assert_true(value == 0.5);
    assert_string_equal(text, "0.25");
}

static void assert_nearest(const char *word, const char *expected)
{
    static const char *const names[] = { "filters",       "kernel_size", "strides",
                                         "max_pooling2d", "adam",        "accuracy" };
    struct iso_suggest near;
    iso_suggest_begin(&near, word);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        iso_suggest_try(&near, names[i]);
    if (expected != NULL)
        assert_string_equal(near.best, expected);
    else
        assert_null(near.best);
}

static void test_suggest(void **state)
{
    (void)state;
    assert_nearest("filter", "filters");
    assert_nearest("flitres", "filters");
    assert_nearest("kernelSize", "kernel_size");
    assert_nearest("MaxPooling2D", "max_pooling2d");
    assert_nearest("Adam", "adam");
    assert_nearest("accu", "accuracy");
    assert_nearest("banana", NULL);
    assert_nearest("", NULL);
    assert_nearest("filtersfiltersfiltersfiltersfiltersfiltersfilters", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_locale),
        cmocka_unit_test(test_suggest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
