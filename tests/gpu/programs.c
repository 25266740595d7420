/* programs.c: builds every OpenCL program that isocl would use on a GPU, so that the counting
 * device (counting.c), on which it runs, writes down the texts and the options of all of them.
 * With arguments, only the programs of these names; after --own, only those of them that isocl
 * would use. Ends with 1 and a message on standard error when one cannot be put together.
 */
#include "backends/opencl/opencl.h"
#include "backends/opencl/source.h"
#include "backends/opencl/tiles.h"

#include <stdio.h>
#include <string.h>

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), k = strlen(end);
    return n >= k && strcmp(text + n - k, end) == 0;
}

/* The file's name without its folder, if it is a program; else NULL. */
static const char *program_of(const char *path)
{
    static const char folder[] = "clkernels/";
    const bool is_program = ends_with(path, ".cl") && strncmp(path, folder, sizeof folder - 1) == 0;
    return is_program ? path + sizeof folder - 1 : NULL;
}

/* (The counting device has a kernel of any name.) */
static bool build(struct opencl *cl, const char *program)
{
    struct opencl_kernel *k;
    if (opencl_kernel(cl, program, "any", &k) == ISO_OK)
        return true;
    fprintf(stderr, "%s: %s\n", program, iso_error());
    return false;
}

/* True of kernels that this device's vendor never gets. */
static bool is_foreign(struct opencl *cl, const char *program)
{
    const struct opencl_variant *v = opencl_variants;
    for (const struct opencl_fused *f = opencl_fused; f->name != NULL; f++)
        if (strcmp(f->program, program) == 0)
            return !opencl_may_fuse_winograd(cl, f);
    while (v->name != NULL && strcmp(v->program, program) != 0)
        v++;
    return v->name != NULL && (v->vendors & opencl_vendor(cl)) == 0;
}

static void print_tiles(void)
{
    for (const struct opencl_variant *v = opencl_variants; v->name != NULL; v++)
        printf("%s %d %d\n", v->program, v->rows, v->cols);
}

/* (Files NAME_cpu.cl are for CPU-shaped devices.) */
static bool build_all(struct opencl *cl)
{
    bool built = true;
    for (const struct opencl_source *s = opencl_sources; s->name != NULL; s++) {
        const char *program = program_of(s->name);
        if (program != NULL && !ends_with(program, "_cpu.cl") && !is_foreign(cl, program))
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
    print_tiles();
    struct opencl *cl = opencl_of(backend);
    const bool own = argc > 1 && strcmp(argv[1], "--own") == 0;
    bool built = argc > 1 || build_all(cl);
    for (int i = own ? 2 : 1; i < argc; i++)
        built &= (own && is_foreign(cl, argv[i])) || build(cl, argv[i]);
    iso_backend_close(backend);
    return built ? 0 : 1;
}
