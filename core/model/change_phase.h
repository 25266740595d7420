/* change_phase.h (private): a model file with one of its phases only. */
#ifndef ISO_CHANGE_PHASE_H
#define ISO_CHANGE_PHASE_H
#include "yaml.h"

/* Leaves this phase (its name, or its number from 1) in the tree, and of the file's sections what
 * it takes over. A fault where there is none. Fails with ISO_ENOMEM only. */
iso_rc iso_keep_phase(struct iso_yaml_doc *, const char *phase, struct iso_faults *);
#endif
