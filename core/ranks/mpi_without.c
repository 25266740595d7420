/* mpi_without.c: stands in for mpi_open.c where MPI's headers are missing. */
#include "ranks.h"

const char *iso_mpi_support(void) { return "no MPI"; }

iso_rc iso_mpi_open(struct iso_ranks **out)
{
    int rank;
    const int n = iso_launched(&rank);
    *out = NULL;
    if (n == 1)
        return ISO_OK;
    return iso_fail(
        ISO_EUSAGE,
        "mpirun has started %d processes, and this isocl was built without MPI, so that "
        "they know nothing of each other: install MPI's headers (Debian: "
        "libopenmpi-dev) and build again, or start isocl without mpirun",
        n);
}
