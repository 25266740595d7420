/* programs.c: builds every OpenCL program that isocl would use on a GPU, so that the counting
 * device (counting.c), on which it runs, writes down the texts and the options of all of them.
 * Takes no arguments; ends with 1 and a message on standard error when one cannot be put together.
 */
#include "backends/opencl/opencl.h"
#include "backends/opencl/source.h"

#include <stdio.h>
#include <string.h>

/* The file's name without its folder, if it is a program; else NULL. */
static const char *program_of(const char *path)
{
    static const char folder[] = "clkernels/";
    const size_t n = strlen(path);
    const bool is_program = n > 3 && strcmp(path + n - 3, ".cl") == 0;
    return is_program && strncmp(path, folder, sizeof folder - 1) == 0 ? path + sizeof folder - 1
                                                                       : NULL;
}

static bool build(struct opencl *cl, const char *program)
{
    const char *const programs[OPENCL_OP_PROGRAMS] = { program };
    char why[2048];
    if (opencl_ready(cl, programs, why, sizeof why))
        return true;
    fprintf(stderr, "%s: %s\n", program, why);
    return false;
}

static bool build_all(struct opencl *cl)
{
    bool built = true;
    for (const struct opencl_source *s = opencl_sources; s->name != NULL; s++) {
        const char *program = program_of(s->name);
        if (program != NULL)
            built &= build(cl, program);
    }
    return built;
}

int main(int argc, char **argv)
{
    struct iso_backend *backend = NULL;
    if (iso_backend_open("opencl", ISO_MODE_EXACT, 1, &backend) != ISO_OK) {
        fprintf(stderr, "%s\n", iso_error());
        return 1;
    }
    bool built = argc > 1 || build_all(opencl_of(backend));
    for (int i = 1; i < argc; i++)
        built &= build(opencl_of(backend), argv[i]);
    iso_backend_close(backend);
    return built ? 0 : 1;
}
