#include "message.h"
#include "core/iso.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

void check_message(const char *words)
{
    if (strstr(iso_error(), words) == NULL)
        fail_msg("message '%s' lacks '%s'", iso_error(), words);
}
