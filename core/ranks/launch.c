/* launch.c: whether mpirun has started this process, by the variables that it sets. */
#include "ranks.h"

#include <stdlib.h>

/* Returns the whole number in an environment variable; -1: it is not set, or is none. */
static int number(const char *variable)
{
    const char *text = getenv(variable);
    char *end = NULL;
    const long n = text != NULL && *text ? strtol(text, &end, 10) : -1;
    return end == NULL || *end != '\0' || n < 0 || n > ISO_RANKS_MOST ? -1 : (int)n;
}

int iso_launched(int *rank)
{
    /* Open MPI; MPICH's and Intel's Hydra; Slurm with PMIx or PMI. */
    static const char *const sizes[] = { "OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_NTASKS" };
    static const char *const numbers[] = { "OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK" };
    *rank = 0;
    for (int i = 0; i < 3; i++) {
        const int n = number(sizes[i]), r = number(numbers[i]);
        if (n > 1 && r >= 0 && r < n) {
            *rank = r;
            return n;
        }
    }
    return 1;
}
