/* Data as users name them on the command line and in model files: folders, tables, arrays. */
#include "cli.h"

#include <string.h>

/* A folder that is named and not there is an error, also where ISOCL_DATA would have the data. */
static void a_missing_data_folder_is_refused(void **state)
{
    (void)state;
    assert_int_equal(cli_run(TRAIN "--data /nowhere"), ISO_EXIT_FILE);
    cli_says(cli_err, "there is no data folder /nowhere");
    assert_int_equal(cli_run(TRAIN "--data ."), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_missing_data_folder_is_refused),
    };
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
