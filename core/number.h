/* number.h: numbers as text, the same in every locale. */
#ifndef ISO_NUMBER_H
#define ISO_NUMBER_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum iso_number { ISO_NUMBER_OK, ISO_NUMBER_BAD, ISO_NUMBER_RANGE };
/* Reads a whole decimal number without leading zeros. RANGE: it does not fit in 64 bits. */
enum iso_number iso_number_int(const char *text, int64_t *out);
/* Reads a decimal number, or two with a slash between them (1/255), correctly rounded; the quotient
 * is one division in double. RANGE: the result overflows or underflows to 0, or the divisor is 0.
 * *out is never NaN or infinite. */
enum iso_number iso_number_real(const char *text, double *out);
/* Writes the shortest decimal text that reads back as value ("0.001", "1e-08"), or "none" for NaN,
 * into buf and returns buf. */
const char *iso_number_text(double value, char *buf, size_t n);
#endif
