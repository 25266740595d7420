/* weights.h: reads and writes weights and optimizer slots as safetensors files: <layer>/<weight>
 * and <layer>/<weight>/<slot>. */
#ifndef ISO_WEIGHTS_H
#define ISO_WEIGHTS_H
#include "core/formats/safetensors.h"
#include "exec.h"

/* Writes weights as float32; with slots, in the device's own precision and with the metrics'
 * counts, so that a resumed run loses nothing. metadata: as for iso_st_write. */
iso_rc iso_weights_save(struct iso_exec *, const char *path, bool slots,
                        const char *const *metadata);
/* Sets the weights that the file has under their names and with their shapes, *taken of them; the
 * others stay as they are. */
iso_rc iso_weights_take(struct iso_exec *, const struct iso_st_file *, int *taken);
/* Sets every weight (and slot, and count) from the file. If they do not fit, fails with ISO_EDATA,
 * adds each mismatch to faults, and changes no weight. path is for messages; the faults borrow it.
 */
iso_rc iso_weights_load(struct iso_exec *, const struct iso_st_file *, const char *path, bool slots,
                        struct iso_faults *);
/* Fails with ISO_EDATA, naming the first element, unless all numbers in the file are finite. */
iso_rc iso_weights_finite(const struct iso_st_file *, const char *path);
#endif
