/* conv2d_groups.h: convolutions whose channels fall into groups. */
#ifndef ISO_CPU_CONV2D_GROUPS_H
#define ISO_CPU_CONV2D_GROUPS_H
#include "core/ops/conv2d_groups.h"
#include "elements.h"

size_t ISO_CPU(conv2d_groups_workspace)(const struct iso_call *, enum iso_pass);
void ISO_CPU(conv2d_groups_forward)(struct iso_backend *, const struct iso_call *);
void ISO_CPU(conv2d_groups_backward)(struct iso_backend *, const struct iso_call *);
#endif
