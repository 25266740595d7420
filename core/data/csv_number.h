/* csv_number.h (private): whole numbers as programs write them into text files. */
#ifndef ISO_CSV_NUMBER_H
#define ISO_CSV_NUMBER_H
#include "core/text/number.h"

#include <string.h>

/* Reads 214, 214.0 or 2.140000000000000000e+02. False for anything else, and for numbers beyond
 * 2^53. */
static inline bool iso_csv_number(const char *text, int64_t *out)
{
    double real;
    if (iso_number_int(text, out) == ISO_NUMBER_OK)
        return true;
    if (strpbrk(text, ".eE") == NULL || strchr(text, '/') != NULL ||
        iso_number_real(text, &real) != ISO_NUMBER_OK)
        return false;
    if (!(real >= -9007199254740992.0 && real <= 9007199254740992.0))
        return false;
    *out = (int64_t)real;
    return (double)*out == real;
}
#endif
