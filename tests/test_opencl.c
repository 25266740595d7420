/* test_opencl.c: OpenCL devices: how they are named, what goes wrong with them, their memory, and
 * that neither the shape of a kernel nor the compiler's options change a bit. Numbers are compared
 * with the reference's in test_parity.c. */
#include "core/iso.h"
#include "core/ops/dense.h"
#include "folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

enum { MAX = 16, GUARD = 64 };

static const struct iso_backend_ops *opencl_ops(void)
{
    for (int i = 0; iso_backends[i] != NULL; i++)
        if (strcmp(iso_backends[i]->name, "opencl") == 0)
            return iso_backends[i];
    return NULL;
}

/* The usable devices; their number. */
static int devices(struct iso_device out[MAX])
{
    int count = 0, usable = 0;
    if (opencl_ops() != NULL)
        assert_int_equal(opencl_ops()->list(out, MAX, &count), ISO_OK);
    for (int i = 0; i < count; i++)
        if (out[i].usable)
            out[usable++] = out[i];
    return usable;
}

static int clean(void **state)
{
    (void)state;
    iso_error_clear();
    iso_alloc_fail_after(-1);
    static const char *const names[] = { "ISOCL_OPENCL_OPTIONS", "ISOCL_OPENCL_NO_PRAGMA",
                                         "ISOCL_OPENCL_SHAPE", "ISOCL_KERNEL_DIR", NULL };
    for (int i = 0; names[i] != NULL; i++)
        unsetenv(names[i]);
    return 0;
}

/* The first usable device; the test is skipped, and says so, when there is none. */
static struct iso_device first_device(void)
{
    struct iso_device list[MAX];
    if (devices(list) == 0) {
        printf("SKIP: no usable OpenCL device is here\n");
        skip();
    }
    return list[0];
}

static struct iso_backend *open_first(void)
{
    struct iso_backend *be = NULL;
    struct iso_device first = first_device();
    if (iso_backend_open(first.id, ISO_MODE_EXACT, 0, &be) != ISO_OK)
        fail_msg("%s: %s", first.id, iso_error());
    return be;
}

/* ---- Names ---- */

static void devices_have_ids_and_names(void **state)
{
    (void)state;
    struct iso_device list[MAX];
    first_device();
    int n = devices(list);
    for (int i = 0; i < n; i++) {
        int platform, device;
        assert_int_equal(sscanf(list[i].id, "opencl:%d.%d", &platform, &device), 2);
        assert_true(list[i].name[0] && list[i].platform[0] && list[i].driver[0]);
        assert_true(list[i].memory > 0 && list[i].max_alloc > 0 && list[i].units > 0);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(list[i].id, list[j].id);
    }
}

static void opens_as(const char *text, const char *id)
{
    struct iso_backend *be = NULL;
    if (iso_backend_open(text, ISO_MODE_DEFAULT, 0, &be) != ISO_OK)
        fail_msg("%s: %s", text, iso_error());
    assert_non_null(be);
    assert_string_equal(be->device.id, id);
    assert_true(be->mode == ISO_MODE_EXACT || be->mode == ISO_MODE_FAST);
    assert_int_equal(be->real_size, sizeof(float));
    iso_backend_close(be);
}

static void device_opens_under_each_of_its_names(void **state)
{
    (void)state;
    struct iso_device first = first_device();
    char text[256], piece[8];
    int platform, device;
    assert_int_equal(sscanf(first.id, "opencl:%d.%d", &platform, &device), 2);
    opens_as(first.id, first.id);
    if (device == 0) {
        snprintf(text, sizeof text, "opencl:%d", platform);
        opens_as(text, first.id);
    }
    snprintf(piece, sizeof piece, "%.7s", first.platform); /* a piece, in capitals */
    for (char *p = piece; *p; p++)
        *p = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
    snprintf(text, sizeof text, "opencl:%s", piece);
    opens_as(text, first.id);
}

static void unknown_device_is_an_error_that_names_it(void **state)
{
    (void)state;
    static const char *const bad[] = { "99", "0.99", "0.x", "0.", "-1", "no such device", NULL };
    first_device();
    for (int i = 0; bad[i] != NULL; i++) {
        char text[64];
        struct iso_backend *be = NULL;
        iso_error_clear();
        snprintf(text, sizeof text, "opencl:%s", bad[i]);
        assert_int_equal(iso_backend_open(text, ISO_MODE_DEFAULT, 0, &be), ISO_EUSAGE);
        assert_null(be);
        assert_non_null(strstr(iso_error(), bad[i]));
        assert_non_null(strstr(iso_error(), "opencl:")); /* the message lists the devices */
    }
}

/* ---- Faults ---- */

static void failing_compiler_is_an_error(void **state)
{
    (void)state;
    struct iso_device first = first_device(), list[MAX];
    struct iso_backend *be = NULL;
    setenv("ISOCL_OPENCL_OPTIONS", "-bad-option", 1);
    assert_int_equal(iso_backend_open(first.id, ISO_MODE_DEFAULT, 0, &be), ISO_EDEVICE);
    assert_null(be);
    assert_non_null(strstr(iso_error(), "-bad-option"));
    iso_error_clear();
    int count = 0;
    assert_int_equal(opencl_ops()->list(list, MAX, &count), ISO_OK);
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        assert_false(list[i].usable);
        assert_true(list[i].note[0]);
    }
    assert_string_equal(iso_error(), "");
}

/* From now on a kernel file is this text; folder: made for it, and to be removed. */
static void replace_kernel(char folder[FOLDER], const char *name, const char *text)
{
    char path[2 * FOLDER];
    assert_int_equal(folder_make(folder, "opencl"), 0);
    snprintf(path, sizeof path, "%s/clkernels", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/clkernels/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    setenv("ISOCL_KERNEL_DIR", folder, 1);
}

static void bad_kernel_is_named_with_file_and_line(void **state)
{
    (void)state;
    char folder[FOLDER], why[2000] = "";
    struct iso_backend *be = open_first();
    replace_kernel(folder, "sums.cl",
                   "#include \"common.h\"\n"
                   "kernel void sums_total(global float *x) { x[0] = nonsense; }\n");
    struct iso_dense params = { .units = 3 };
    struct iso_call call = { .params = &params };
    call.x[0].shape = (struct iso_shape){ 2, { 2, 4 } };
    call.w[0].shape = (struct iso_shape){ 2, { 4, 3 } };
    call.y[0].shape = (struct iso_shape){ 2, { 2, 3 } };
    assert_true(be->kernels[ISO_OP_dense]->supports(be, ISO_OP_dense, &call, why, sizeof why));
    assert_int_equal(be->ops->settle(be), ISO_EUNSUP);
    iso_error_take(why, sizeof why);
    assert_non_null(strstr(why, "clkernels/sums.cl:2"));
    assert_int_equal(folder_remove(folder), 0);
    iso_backend_close(be);
}

static void lack_of_memory_is_an_error(void **state)
{
    (void)state;
    struct iso_backend *be = NULL;
    struct iso_device first = first_device(), list[MAX];
    int count = 0;
    iso_alloc_fail_after(0);
    assert_int_equal(iso_backend_open(first.id, ISO_MODE_DEFAULT, 0, &be), ISO_ENOMEM);
    assert_null(be);
    iso_error_clear();
    iso_alloc_fail_after(0);
    assert_int_equal(opencl_ops()->list(list, MAX, &count), ISO_ENOMEM);
    iso_alloc_fail_after(-1);
    iso_error_clear();
    be = open_first();
    struct iso_mem *m = NULL;
    assert_int_equal(be->ops->alloc(be, be->max_alloc + 1, &m), ISO_ENOMEM);
    assert_null(m);
    assert_non_null(strstr(iso_error(), "smaller batch"));
    iso_backend_close(be);
}

/* ---- Devices that compute wrongly ---- */

/* The probe's kernels: `triple` gives the two results of a, b and c; `term` is added to each sum.
 */
static void write_probe(char folder[FOLDER], const char *triple, const char *term)
{
    char text[2048];
    snprintf(text, sizeof text,
             "#include \"common.h\"\n"
             "kernel void probe(global const float *in, ulong in_at, global float *out, ulong at)\n"
             "{ int i = get_global_id(0); float a = in[in_at + 3 * i], b = in[in_at + 3 * i + 1],\n"
             "  c = in[in_at + 3 * i + 2]; global float *r = out + at + 2 * i; %s; }\n"
             "kernel void probe_sums(global const float *in, ulong in_at, global float *out,\n"
             "                       ulong at, int terms)\n"
             "{ int row = get_group_id(0); float s = 0; global const float *a = in + in_at,\n"
             "  *b = a + (row + 1) * terms; for (int k = 0; k < terms; k++) { %s; }\n"
             "  if (get_local_id(0) == 0) out[at + row] = s; }\n"
             "kernel void probe_group(global float *out, ulong at)\n"
             "{ if (get_local_id(0) == 0) out[at] = get_local_size(0); }\n",
             triple, term);
    replace_kernel(folder, "probe.cl", text);
}

static const char right_triple[] = "r[0] = iso_fma(a, b, c); r[1] = iso_fma(a, b, c)",
                  right_term[] = "s = iso_fma(a[k], b[k], s)";
static const struct {
    const char *what, *triple, *term;
    iso_rc exact, fast; /* result of opening in these modes */
} probed[] = {
    { "right", right_triple, right_term, ISO_OK, ISO_OK },
    { "computes nothing", "", "", ISO_EDEVICE, ISO_EDEVICE },
    { "gives zeros", "r[0] = r[1] = 0", "s = 0", ISO_EDEVICE, ISO_EDEVICE },
    { "forgets a term", right_triple, "if (k != 57) s = iso_fma(a[k], b[k], s)", ISO_EDEVICE,
      ISO_EDEVICE },
    { "gives NaN", right_triple, "s = NAN", ISO_EDEVICE, ISO_EDEVICE },
    { "rounds factors to 11 bits", right_triple,
      "s = iso_fma(as_float(as_int(a[k]) & ~0x1fff), as_float(as_int(b[k]) & ~0x1fff), s)",
      ISO_EDEVICE, ISO_EDEVICE },
    { "rounds twice", "float p = as_float(as_int(a * b)); r[0] = r[1] = p + c",
      "float p = as_float(as_int(a[k] * b[k])); s += p", ISO_EUNSUP, ISO_OK },
    { "adds backwards", right_triple, "s = iso_fma(a[terms - 1 - k], b[terms - 1 - k], s)", ISO_OK,
      ISO_OK },
};

static void open_probed(const struct iso_device *device, enum iso_mode mode, iso_rc want,
                        const char *what)
{
    struct iso_backend *be = NULL;
    const iso_rc rc = iso_backend_open(device->id, mode, 0, &be);
    if (rc != want)
        fail_msg("a device that %s: %d and not %d in mode %d: %s", what, rc, want, mode,
                 iso_error());
    if (rc == ISO_EDEVICE && strstr(iso_error(), "computes wrongly") == NULL)
        fail_msg("a device that %s: %s", what, iso_error());
    iso_error_clear();
    iso_backend_close(be);
}

/* Not in fast mode either; one that is only inexact opens in fast mode, and by default in that. */
static void device_that_computes_wrongly_is_refused(void **state)
{
    (void)state;
    const struct iso_device first = first_device();
    for (size_t i = 0; i < sizeof probed / sizeof *probed; i++) {
        char folder[FOLDER];
        write_probe(folder, probed[i].triple, probed[i].term);
        open_probed(&first, ISO_MODE_EXACT, probed[i].exact, probed[i].what);
        open_probed(&first, ISO_MODE_FAST, probed[i].fast, probed[i].what);
        open_probed(&first, ISO_MODE_DEFAULT, probed[i].fast, probed[i].what);
        assert_int_equal(folder_remove(folder), 0);
    }
}

static void device_that_computes_wrongly_is_listed_as_unusable(void **state)
{
    (void)state;
    char folder[FOLDER];
    struct iso_device list[MAX];
    int count = 0;
    first_device();
    write_probe(folder, "", "");
    assert_int_equal(opencl_ops()->list(list, MAX, &count), ISO_OK);
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        assert_false(list[i].usable);
        assert_non_null(strstr(list[i].note, "computes wrongly"));
    }
    assert_int_equal(folder_remove(folder), 0);
}

/* ---- Memory ---- */

static void memory_keeps_what_is_written(void **state)
{
    (void)state;
    struct iso_backend *be = open_first();
    struct iso_mem *m = NULL;
    uint8_t in[100], out[100];
    for (int i = 0; i < 100; i++)
        in[i] = (uint8_t)(7 * i + 1);
    assert_int_equal(be->ops->alloc(be, 100, &m), ISO_OK);
    assert_int_equal(be->ops->write(be, m, 0, in, 100), ISO_OK);
    assert_int_equal(be->ops->fill(be, m, 33, 0xEE, 13), ISO_OK);
    assert_int_equal(be->ops->read(be, m, 0, out, 100), ISO_OK);
    memset(in + 33, 0xEE, 13);
    assert_memory_equal(in, out, 100);
    assert_int_equal(be->ops->read(be, m, 99, out, 1), ISO_OK);
    assert_int_equal(out[0], in[99]);
    assert_int_equal(be->ops->write(be, m, 100, in, 0), ISO_OK);
    be->ops->free(be, m);
    be->ops->free(be, NULL);
    assert_int_equal(be->ops->sync(be), ISO_OK);
    iso_backend_close(be);
    iso_backend_close(NULL);
}

static void memory_has_bounds(void **state)
{
    (void)state;
    struct iso_backend *be = open_first();
    struct iso_mem *m = NULL;
    uint8_t byte[2] = { 0 };
    assert_int_equal(be->ops->alloc(be, 10, &m), ISO_OK);
    assert_int_equal(be->ops->write(be, m, 9, byte, 2), ISO_EDEVICE);
    assert_int_equal(be->ops->read(be, m, 11, byte, 0), ISO_EDEVICE);
    assert_int_equal(be->ops->fill(be, m, (size_t)-1, 0, 2), ISO_EDEVICE);
    be->ops->free(be, m);
    iso_backend_close(be);
}

/* ---- Bits ---- */

enum { ROWS = 5, IN = 300, UNITS = 19, RESULTS = ROWS * UNITS + ROWS * IN + IN * UNITS + UNITS };

/* Gives a tensor memory with a guard zone on either side, and small pseudo-random values. */
static void put(struct iso_backend *be, struct iso_tensor *t, uint32_t seed)
{
    float values[IN * UNITS];
    size_t n = (size_t)iso_shape_count(&t->shape);
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        values[i] = (float)(int32_t)seed * 0x1p-31f;
    }
    assert_int_equal(be->ops->alloc(be, (n + 2 * GUARD) * sizeof(float), &t->mem), ISO_OK);
    assert_int_equal(be->ops->fill(be, t->mem, 0, 0xA5, (n + 2 * GUARD) * sizeof(float)), ISO_OK);
    t->offset = GUARD;
    assert_int_equal(be->ops->write(be, t->mem, GUARD * sizeof(float), values, n * sizeof(float)),
                     ISO_OK);
}

/* Reads a tensor into out, checks its guard zones and frees it; returns its elements. */
static size_t take(struct iso_backend *be, struct iso_tensor *t, float *out)
{
    size_t n = (size_t)iso_shape_count(&t->shape);
    uint8_t bytes[(IN * UNITS + 2 * GUARD) * sizeof(float)];
    assert_int_equal(be->ops->read(be, t->mem, 0, bytes, (n + 2 * GUARD) * sizeof(float)), ISO_OK);
    for (size_t i = 0; i < GUARD * sizeof(float); i++) {
        assert_int_equal(bytes[i], 0xA5);
        assert_int_equal(bytes[(n + GUARD) * sizeof(float) + i], 0xA5);
    }
    memcpy(out, bytes + GUARD * sizeof(float), n * sizeof(float));
    be->ops->free(be, t->mem);
    return n;
}

/* Both passes of a dense layer on the first device, as it opens now. */
static void run_dense(float results[RESULTS])
{
    struct iso_backend *be = open_first();
    const struct iso_kernel *k = be->kernels[ISO_OP_dense];
    struct iso_dense params = { .units = UNITS, .use_bias = true };
    struct iso_call call = { .params = &params, .training = true };
    char why[2000] = "";
    call.x[0].shape = call.dx[0].shape = (struct iso_shape){ 2, { ROWS, IN } };
    call.w[0].shape = call.dw[0].shape = (struct iso_shape){ 2, { IN, UNITS } };
    call.w[1].shape = call.dw[1].shape = (struct iso_shape){ 1, { UNITS } };
    call.y[0].shape = call.dy[0].shape = (struct iso_shape){ 2, { ROWS, UNITS } };
    if (!k->supports(be, ISO_OP_dense, &call, why, sizeof why))
        fail_msg("%s", why);
    size_t forward = k->workspace(be, &call, ISO_FORWARD),
           work = k->workspace(be, &call, ISO_BACKWARD);
    work = forward > work ? forward : work;
    struct iso_tensor *all[] = { &call.x[0], &call.w[0],  &call.w[1],  &call.dy[0],
                                 &call.y[0], &call.dx[0], &call.dw[0], &call.dw[1] };
    for (uint32_t i = 0; i < 8; i++)
        put(be, all[i], i);
    assert_int_equal(be->ops->alloc(be, work, &call.workspace.mem), ISO_OK);
    assert_int_equal(k->forward(be, &call), ISO_OK);
    assert_int_equal(k->backward(be, &call), ISO_OK);
    size_t n = 0;
    float rest[IN * UNITS];
    for (int i = 0; i < 8; i++)
        if (i < 4)
            take(be, all[i], rest);
        else
            n += take(be, all[i], results + n);
    assert_int_equal(n, RESULTS);
    be->ops->free(be, call.workspace.mem);
    iso_backend_close(be);
}

static void same_as(const float want[RESULTS], const char *what)
{
    float have[RESULTS];
    run_dense(have);
    for (int i = 0; i < RESULTS; i++)
        if (!(memcmp(&have[i], &want[i], sizeof(float)) == 0))
            fail_msg("%s: element %d is %a, was %a", what, i, (double)have[i], (double)want[i]);
}

static void options_and_shapes_change_no_bit(void **state)
{
    (void)state;
    float want[RESULTS];
    run_dense(want);
    int nonzero = 0;
    for (int i = 0; i < RESULTS; i++)
        nonzero += want[i] > 0 || want[i] < 0;
    assert_true(nonzero > RESULTS / 2);
    setenv("ISOCL_OPENCL_SHAPE", "cpu", 1);
    same_as(want, "CPU shape");
    setenv("ISOCL_OPENCL_SHAPE", "gpu", 1);
    same_as(want, "GPU shape");
    unsetenv("ISOCL_OPENCL_SHAPE");
    setenv("ISOCL_OPENCL_OPTIONS", "-cl-mad-enable", 1);
    same_as(want, "-cl-mad-enable");
    setenv("ISOCL_OPENCL_NO_PRAGMA", "1", 1);
    same_as(want, "-cl-mad-enable without the pragma");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(devices_have_ids_and_names, clean),
        cmocka_unit_test_setup(device_opens_under_each_of_its_names, clean),
        cmocka_unit_test_setup(unknown_device_is_an_error_that_names_it, clean),
        cmocka_unit_test_setup(failing_compiler_is_an_error, clean),
        cmocka_unit_test_setup(bad_kernel_is_named_with_file_and_line, clean),
        cmocka_unit_test_setup(device_that_computes_wrongly_is_refused, clean),
        cmocka_unit_test_setup(device_that_computes_wrongly_is_listed_as_unusable, clean),
        cmocka_unit_test_setup(lack_of_memory_is_an_error, clean),
        cmocka_unit_test_setup(memory_keeps_what_is_written, clean),
        cmocka_unit_test_setup(memory_has_bounds, clean),
        cmocka_unit_test_setup(options_and_shapes_change_no_bit, clean),
    };
    return cmocka_run_group_tests_name("opencl", tests, NULL, clean);
}
