/* test_environment.c: the variables of the environment: documented, and read in one file. */
#include "cli.h"
#include "unwrap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/system/environment.h"

static void unset_is_null(void **state)
{
    (void)state;
    assert_int_equal(unsetenv("ISOCL_QUIET"), 0);
    assert_null(iso_environment(ISO_ENV_QUIET));
    assert_int_equal(setenv("ISOCL_QUIET", "", 1), 0);
    assert_null(iso_environment(ISO_ENV_QUIET));
    assert_int_equal(setenv("ISOCL_QUIET", "1", 1), 0);
    assert_string_equal(iso_environment(ISO_ENV_QUIET), "1");
    assert_int_equal(unsetenv("ISOCL_QUIET"), 0);
}

static void help_and_manual_name_each(void **state)
{
    char line[800];
    (void)state;
    assert_int_equal(cli_run("help environment"), 0);
    unwrap(cli_out);
    for (const struct iso_variable_doc *v = iso_variables; v->name != NULL; v++) {
        snprintf(line, sizeof line, " %s %s %s (default %s)", v->name, v->doc, v->values, v->dflt);
        cli_says(cli_out, line);
    }
    assert_int_equal(cli_run("help --man"), 0);
    const char *chapter = strstr(cli_out, "\n.SH ENVIRONMENT\n");
    assert_non_null(chapter);
    int n = 0;
    for (const struct iso_variable_doc *v = iso_variables; v->name != NULL; v++, n++) {
        snprintf(line, sizeof line, "\\fB%s\\fR\n", v->name);
        cli_says(chapter, line);
    }
    assert_int_equal(n, ISO_ENV_COUNT);
}

static bool in_table(const char *name)
{
    for (const struct iso_variable_doc *v = iso_variables; v->name != NULL; v++)
        if (strcmp(v->name, name) == 0)
            return true;
    return false;
}

/* Names that the library's header declares are none of the environment's. */
#define NAMES "grep -oE 'ISOCL_[A-Z_]*[A-Z]'"
#define SOURCES_NAMES                                            \
    NAMES " -rh backends tools README.md | grep -vxE \"$(" NAMES \
          " core/isocl.h | sort -u | paste -sd '|' -)\""

/* The sources and the README name no variable that the table lacks, and only iso_environment reads
 * one. */
static void sources_know_no_other(void **state)
{
    char word[100];
    int words = 0;
    (void)state;
    FILE *found = popen(SOURCES_NAMES, "r");
    assert_non_null(found);
    for (; fscanf(found, "%99s", word) == 1; words++)
        if (!in_table(word))
            fail_msg("%s is not in core/system/environment.def", word);
    assert_int_equal(pclose(found), 0);
    assert_true(words > 0);
    assert_int_equal(system("grep -qF 'getenv(' core/system/environment.c"), 0);
    const int status = system(
        "find core backends tools -name '*.[ch]' -exec "
        "grep -nE 'getenv\\(\"(ISOCL_|XDG_)' {} + | grep .");
    assert_int_equal(status >> 8, 1); /* grep found none */
}

static void doctor_warns_of_others(void **state)
{
    (void)state;
    assert_int_equal(setenv("ISOCL_DTA", "/nowhere", 1), 0);
    assert_int_equal(cli_run("doctor"), 0);
    cli_says(cli_out,
             "ISOCL_DTA is set, but isocl reads no such variable (did you mean "
             "'ISOCL_DATA'?)");
    assert_int_equal(unsetenv("ISOCL_DTA"), 0);
    assert_int_equal(setenv("ISOCL_QUIET", "1", 1), 0);
    assert_int_equal(cli_run("doctor"), 0);
    assert_null(strstr(cli_out, "ISOCL_DTA"));
    assert_null(strstr(cli_out, "ISOCL_QUIET is set"));
    assert_int_equal(unsetenv("ISOCL_QUIET"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unset_is_null),
        TEST(help_and_manual_name_each),
        TEST(sources_know_no_other),
        TEST(doctor_warns_of_others),
    };
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
