/* weights.h: weights, and optimizer slots, to and from safetensors files: <layer>/<weight>, and
 * <layer>/<weight>/<slot>. */
#ifndef ISO_WEIGHTS_H
#define ISO_WEIGHTS_H
#include "core/data/safetensors.h"
#include "exec.h"

/* float32; with slots the device's own precision, and what metrics have counted, so that nothing is
 * lost for a resumed run. metadata as iso_st_write's. */
iso_rc iso_weights_save(struct iso_exec *, const char *path, bool slots,
                        const char *const *metadata);
/* Sets every weight (and slot, and count) from the file. When they do not fit: ISO_EDATA, each
 * mismatch in faults, and no weight is changed. path: for messages; the faults borrow it. */
iso_rc iso_weights_load(struct iso_exec *, const struct iso_st_file *, const char *path, bool slots,
                        struct iso_faults *);
#endif
