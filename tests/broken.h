/* broken.h: the reference with a planted fault, to see that the parity harness catches it. */
#ifndef BROKEN_H
#define BROKEN_H
#include "core/parity/parity.h"

struct broken_fault {
    const char *name;         /* the fault */
    enum iso_op op;           /* op whose kernel has the fault */
    bool within_bounds;       /* a correct result in another order, which passes in fast mode */
    struct iso_kernel kernel; /* members that are not NULL replace the reference's */
};
/* The first entry has no fault; ends with name NULL. */
extern const struct broken_fault broken_faults[];

/* Returns the number of the fault of this name, which there must be. */
int broken_fault_named(const char *name);

/* Opens the reference with the fault in its table of kernels and, in fast mode, says that it is
 * fast: then products are judged by their bound. Close with iso_backend_close. */
iso_rc broken_open(int fault, enum iso_mode mode, struct iso_backend **out);
#endif
