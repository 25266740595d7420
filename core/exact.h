/* exact.h: functions of double numbers that give the same bits on every machine: built from IEEE
 * + - x / alone, never from libm. For scalars that reach a weight, such as learning rates. Relative
 * error below 1e-14. */
#ifndef ISO_EXACT_H
#define ISO_EXACT_H
#include <stdint.h>

/* base^n by squaring: multiplications only. */
double iso_power(double base, uint64_t n);
/* base^x for base >= 0 and x >= 0. */
double iso_exact_pow(double base, double x);
/* cos(pi x) for x from 0 to 1. */
double iso_exact_cos_pi(double x);
#endif
