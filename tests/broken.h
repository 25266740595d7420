/* broken.h: the reference with a planted fault, to see that the parity harness catches it. */
#ifndef BROKEN_H
#define BROKEN_H
#include "core/parity/parity.h"

struct broken_fault {
    const char *name;         /* what is wrong */
    enum iso_op op;           /* in whose kernel */
    bool within_bounds;       /* an honest result in another order: passes in fast mode */
    struct iso_kernel kernel; /* what replaces the reference's; NULL members: as it was */
};
/* The first is no fault at all; ends with name NULL. */
extern const struct broken_fault broken_faults[];

/* Opens the reference with the fault in its table of kernels and, in fast mode, says that it is
 * fast: then products are judged by their bound. Close with iso_backend_close. */
iso_rc broken_open(int fault, enum iso_mode mode, struct iso_backend **out);
#endif
