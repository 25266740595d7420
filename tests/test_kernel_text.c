/* test_kernel_text.c: how files of kernels become the text of one program. */
#include "with_opencl.h"

#include "core/iso.h"

#ifdef ISO_HAVE_OPENCL
#include "backends/opencl/opencl.h"
#include "backends/opencl/source.h"
#include "backends/opencl/text.h"
#include "backends/opencl/tiles.h"
#endif

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#ifdef ISO_HAVE_OPENCL
static int occurrences(const char *text, const char *of)
{
    int n = 0;
    for (; (text = strstr(text, of)) != NULL; text += strlen(of))
        n++;
    return n;
}

static void header_comes_once(void **state)
{
    (void)state;
    const char *const names[] = { "dense.cl", "max_pooling2d.cl", "average_pooling2d.cl" };
    struct opencl_text text = { 0 };
    assert_int_equal(opencl_text_join(names, 3, &text), ISO_OK);
    assert_int_equal(occurrences(text.data, "#line 1 \"core/arithmetic/arith.h\""), 1);
    assert_int_equal(occurrences(text.data, "#line 1 \"clkernels/common.h\""), 1);
    assert_int_equal(occurrences(text.data, "#line 1 \"clkernels/pooling2d.h\""), 1);
    assert_int_equal(occurrences(text.data, "#line 1 \"clkernels/dense.cl\""), 1);
    free(text.data);
}

static void missing_file_is_an_error(void **state)
{
    (void)state;
    const char *const name = "nonsense.cl";
    struct opencl_text text = { 0 };
    assert_int_equal(opencl_text_join(&name, 1, &text), ISO_EDEVICE);
    assert_non_null(strstr(iso_error(), "nonsense.cl"));
    iso_error_clear();
    free(text.data);
}

static bool is_variant(const char *file)
{
    for (const struct opencl_variant *v = opencl_variants; v->name != NULL; v++)
        if (strcmp(v->program, file) == 0)
            return true;
    for (const struct opencl_fused *f = opencl_fused; f->name != NULL; f++)
        if (strcmp(f->program, file) == 0)
            return true;
    return false;
}

/* False of a kernel file of the other shape: those have the same kernels. */
static bool is_for(const char *file, const char *shape)
{
    return strstr(file, strcmp(shape, "cpu") == 0 ? "_gpu" : "_cpu") == NULL;
}

/* All files, and one of the variants of product kernels, which have the same kernels. (Those for
 * Winograd's layers are always programs of their own.) */
static int all_files(const char *names[OPENCL_MAX_FILES], const char *shape)
{
    int n = 0;
    for (const struct opencl_source *s = opencl_sources; s->name != NULL; s++) {
        const char *file = strrchr(s->name, '/') + 1;
        const size_t length = strlen(file);
        if (length > 3 && strcmp(file + length - 3, ".cl") == 0 && !is_variant(file) &&
            is_for(file, shape))
            names[n++] = file;
    }
    names[n++] = "chains_gpu_any.cl";
    return n;
}

/* Names of one file do not disturb another: one program has them all. */
static void all_files_make_one_program(const char *shape)
{
    struct iso_backend *be = NULL;
    const char *names[OPENCL_MAX_FILES];
    struct opencl_text text = { 0 };
    char log[4000] = "";
    cl_int rc;
    setenv("ISOCL_OPENCL_SHAPE", shape, 1);
    if (iso_backend_open("opencl", ISO_MODE_EXACT, 0, &be) != ISO_OK) {
        printf("SKIP: no OpenCL device that is exact: %s\n", iso_error());
        iso_error_clear();
        skip();
    }
    struct opencl *cl = opencl_of(be);
    assert_int_equal(opencl_text_join(names, all_files(names, shape), &text), ISO_OK);
    const char *data = text.data;
    cl_program program = clCreateProgramWithSource(cl->context, 1, &data, &text.length, &rc);
    assert_int_equal(rc, CL_SUCCESS);
    rc = clBuildProgram(program, 1, &cl->found.device, cl->options, NULL, NULL);
    clGetProgramBuildInfo(program, cl->found.device, CL_PROGRAM_BUILD_LOG, sizeof log - 1, log,
                          NULL);
    if (rc != CL_SUCCESS)
        fail_msg("%s", log);
    assert_null(strstr(log, "warning"));
    clReleaseProgram(program);
    free(text.data);
    iso_backend_close(be);
    unsetenv("ISOCL_OPENCL_SHAPE");
}

static void one_program_for_gpus(void **state)
{
    (void)state;
    all_files_make_one_program("gpu");
}

static void one_program_for_cpus(void **state)
{
    (void)state;
    all_files_make_one_program("cpu");
}
#endif

int main(void)
{
#ifdef ISO_HAVE_OPENCL
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_comes_once),
        cmocka_unit_test(missing_file_is_an_error),
        cmocka_unit_test(one_program_for_gpus),
        cmocka_unit_test(one_program_for_cpus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
#else
    const struct CMUnitTest none[] = { cmocka_unit_test(built_without_opencl) };
    return cmocka_run_group_tests(none, NULL, NULL);
#endif
}
