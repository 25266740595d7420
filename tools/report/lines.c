#include "lines.h"

#include <string.h>

bool iso_has_line(const char *text, const char *line, size_t n)
{
    for (; text != NULL && *text; text += strcspn(text, "\n"), text += *text == '\n')
        if (strcspn(text, "\n") == n && strncmp(text, line, n) == 0)
            return true;
    return false;
}
