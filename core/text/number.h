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
/* Reads a number of bytes: a whole number, or a decimal number with KiB, MiB, GiB or TiB, with or
 * without a space before it, rounded down to whole bytes. RANGE: it does not fit in 64 bits. */
enum iso_number iso_number_bytes(const char *text, int64_t *out);
/* Writes it as iso_number_bytes reads it, in the largest unit of which it is a whole multiple, into
 * buf and returns buf. */
const char *iso_number_bytes_text(int64_t bytes, char *buf, size_t n);
/* Writes the shortest decimal text that reads back as value ("0.001", "1e-08"), or "none" for NaN,
 * into buf and returns buf. */
const char *iso_number_text(double value, char *buf, size_t n);
#endif
