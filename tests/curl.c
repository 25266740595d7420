#include "curl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

bool curl_is_there(void) { return system("command -v curl >/dev/null 2>&1") == 0; }

void nothing_without_curl(void **state)
{
    (void)state;
    print_message("skipped: curl is not installed\n");
    skip();
}
