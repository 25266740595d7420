/* kernel_table.h: defines a backend's table of kernels, indexed by op; a kernels.c of each backend
 * includes it once, after
 *
 *   #define KERNEL(name) reference_##name     the kernel of op `name`, a const struct iso_kernel
 *   #define KERNELS reference_kernels         the table, [ISO_OP_COUNT]; NULL: no kernel
 *   #define LACKS_mixup ISO_LACKS             for each op that this backend has no kernel of
 *   #define DECLARE_KERNEL(name) ...          only where KERNEL(name) is a part of something larger
 *
 * A kernel that is neither defined nor named as lacking is a link error. */
#include "core/iso.h"

/* Inserts an argument, so that TABLE_ENTRY finds NULL where it finds the kernel otherwise. */
#define ISO_LACKS ~, NULL,
#define TABLE_SECOND_(first, second, ...) second
#define TABLE_SECOND(...) TABLE_SECOND_(__VA_ARGS__)
#define TABLE_ENTRY(name) TABLE_SECOND(LACKS_##name, &KERNEL(name), ~)

/* The kinds whose ops have kernels; see enum iso_kind. */
#define TABLE_INPUT(...) __VA_ARGS__
#define TABLE_AUGMENTATION(...) __VA_ARGS__
#define TABLE_LAYER(...) __VA_ARGS__
#define TABLE_VIEW(...)
#define TABLE_LOSS(...) __VA_ARGS__
#define TABLE_METRIC(...) __VA_ARGS__
#define TABLE_SCORE(...)
#define TABLE_PENALTY(...) __VA_ARGS__
#define TABLE_CLIPPING(...) __VA_ARGS__
#define TABLE_OPTIMIZER(...) __VA_ARGS__

#ifndef DECLARE_KERNEL
#define DECLARE_KERNEL(name) extern const struct iso_kernel KERNEL(name);
#endif
#define OP(name, kind) TABLE_##kind(DECLARE_KERNEL(name))
#include "core/ops.def"
#undef OP

const struct iso_kernel *const KERNELS[ISO_OP_COUNT] = {
#define OP(name, kind) TABLE_##kind([ISO_OP_##name] = TABLE_ENTRY(name), )
#include "core/ops.def"
#undef OP
};
