/* exact.h: functions of doubles that give the same bits on every machine: they use IEEE + - x /
 * only, never libm. For scalars that affect a weight, such as learning rates. The relative error is
 * below 1e-14. */
#ifndef ISO_EXACT_H
#define ISO_EXACT_H
#include <stdint.h>

/* Returns base^n, by repeated squaring. */
double iso_power(double base, uint64_t n);
/* Returns base^x for base >= 0 and x >= 0. */
double iso_exact_pow(double base, double x);
/* Returns cos(pi x) for x from 0 to 1. */
double iso_exact_cos_pi(double x);
#endif
