/* exact.c: series, after their argument has been made small. */
#include "exact.h"

static const double PI = 3.14159265358979323846, LN_2 = 0.69314718055994530942;

double iso_power(double base, uint64_t n)
{
    double result = 1;
    for (; n != 0; n >>= 1) {
        if (n & 1)
            result *= base;
        base *= base;
    }
    return result;
}

/* ln x = n ln 2 + 2 artanh((y - 1) / (y + 1)) with x = 2^n y and y from 2/3 to 4/3. */
static double logarithm(double x)
{
    double n = 0, sum = 0;
    for (; x > 4.0 / 3; n++)
        x *= 0.5;
    for (; x < 2.0 / 3; n--)
        x *= 2;
    const double s = (x - 1) / (x + 1);
    for (int k = 25; k > 0; k -= 2)
        sum = sum * (s * s) + 1.0 / k;
    return n * LN_2 + 2 * s * sum;
}

/* exp(x) = 2^n exp(x - n ln 2), the rest from -ln 2 to ln 2; |x| < 1000. */
static double exponential(double x)
{
    const int n = (int)(x / LN_2);
    const double rest = x - n * LN_2;
    double sum = 1;
    for (int k = 24; k > 0; k--)
        sum = 1 + sum * rest / k;
    return sum * iso_power(n < 0 ? 0.5 : 2, (uint64_t)(n < 0 ? -n : n));
}

double iso_exact_pow(double base, double x)
{
    const double whole = (double)(uint64_t)x, rest = x - whole;
    const double power = iso_power(base, (uint64_t)whole);
    if (rest == 0 || base == 1)
        return power;
    return base > 0 ? power * exponential(rest * logarithm(base)) : 0;
}

double iso_exact_cos_pi(double x)
{
    const double angle = PI * (x > 0.5 ? 1 - x : x), square = angle * angle;
    double sum = 1;
    for (int k = 26; k > 0; k -= 2)
        sum = 1 - sum * square / (k * (k - 1));
    return x > 0.5 ? -sum : sum;
}
