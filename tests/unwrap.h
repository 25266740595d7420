/* unwrap.h: takes back the line breaks of help (core/text/wrap.h). */
#ifndef ISO_TEST_UNWRAP_H
#define ISO_TEST_UNWRAP_H
#include <string.h>

/* Replaces each run of blanks and newlines by one blank. */
static inline void unwrap(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; from++)
        if (strchr(" \n", *from) == NULL)
            *to++ = *from;
        else if (to == text || to[-1] != ' ')
            *to++ = ' ';
    *to = '\0';
}
#endif
