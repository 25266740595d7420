/* huber.h: f(p, t) = d d / 2 where |d| <= delta, otherwise delta (|d| - delta / 2); d = p - t. */
#ifndef ISO_OP_HUBER_H
#define ISO_OP_HUBER_H
#include "loss.h"
struct iso_huber {
    double delta;
};
#endif
