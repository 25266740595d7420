/* test_supports.c: asking OpenCL's kernels what they support changes nothing outside the program;
 * preparing their calls may. */
#include "folder.h"
#include "network.h"
#include "core/ops/dense.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#ifdef ISO_HAVE_CLBLAST
#include "backends/opencl/library.h"
#endif

/* The user's cache, one for all tests: a driver may look for it there only once. */
static char folder[FOLDER], kept[FOLDER + 8], said[FOLDER + 8];

struct streams { /* the test's own, while what is printed goes to the file `said` */
    int out, err;
};

static const struct iso_backend_ops *opencl_ops(void)
{
    for (int i = 0; iso_backends[i] != NULL; i++)
        if (strcmp(iso_backends[i]->name, "opencl") == 0)
            return iso_backends[i];
    return NULL;
}

/* A network in fast mode on the first OpenCL device, with nothing of isocl's in the cache. Skips
 * the test without a device. */
static void begin(struct network *n)
{
    network_load(n, "models/mnist/cnn.yaml", 4);
    folder_remove(kept);
    if (opencl_ops() == NULL ||
        iso_backend_open("opencl", ISO_MODE_FAST, 0, &n->backend) != ISO_OK) {
        printf("SKIP: no OpenCL device is here\n");
        iso_error_clear();
        network_close(n);
        skip();
    }
    folder_remove(kept); /* opening a device may keep the binary of its probe */
}

static struct streams capture_start(void)
{
    fflush(NULL);
    const struct streams own = { dup(STDOUT_FILENO), dup(STDERR_FILENO) };
    const int file = open(said, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    assert_true(file >= 0);
    dup2(file, STDOUT_FILENO);
    dup2(file, STDERR_FILENO);
    close(file);
    return own;
}

/* Returns how many bytes were printed since capture_start. */
static long capture_end(struct streams own)
{
    struct stat s;
    fflush(NULL);
    dup2(own.out, STDOUT_FILENO);
    dup2(own.err, STDERR_FILENO);
    close(own.out);
    close(own.err);
    assert_int_equal(stat(said, &s), 0);
    return (long)s.st_size;
}

static bool exists(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0;
}

/* Asks for the support of every call of the network. Returns their number. */
static int ask_all(struct network *n)
{
    int calls = 0;
    for (int i = 0; i < n->graph->nnodes; i++) {
        const enum iso_op op = n->graph->nodes[i].op;
        const struct iso_kernel *k = n->backend->kernels[op];
        struct iso_call call;
        char why[2000] = "";
        if (k == NULL)
            continue;
        must(iso_graph_call(n->graph, i, n->graph->batch, &call));
        if (!k->supports(n->backend, op, &call, why, sizeof why))
            fail_msg("%s: %s", iso_ops[op].name, why);
        calls++;
    }
    return calls;
}

/* Prepares a small layer, which takes CLBlast's smallest kernel: building it takes seconds. */
static void prepare_dense(struct iso_backend *b)
{
    const struct iso_dense params = { .units = 32 };
    struct iso_call call = { .params = &params, .training = true };
    call.x[0].shape = (struct iso_shape){ 2, { 32, 32 } };
    call.w[0].shape = (struct iso_shape){ 2, { 32, 32 } };
    call.y[0].shape = (struct iso_shape){ 2, { 32, 32 } };
    must(b->kernels[ISO_OP_dense]->prepare(b, &call));
}

static void asking_for_support_writes_and_prints_nothing(void **state)
{
    (void)state;
    struct network n;
    begin(&n);
    const struct streams own = capture_start();
    const int calls = ask_all(&n);
    assert_int_equal(capture_end(own), 0);
    assert_true(calls > 5);
    assert_false(exists(kept));
    assert_string_equal(iso_error(), "");
    assert_null(strstr(n.backend->device.note, "CLBlast"));
    network_close(&n);
}

#ifdef ISO_HAVE_CLBLAST
static bool has_clblast(void) { return opencl_library()->clblast; }
#else
static bool has_clblast(void) { return false; }
#endif

/* The other side: what the test above looks at would show a measurement. */
static void settling_keeps_what_it_measures(void **state)
{
    (void)state;
    struct network n;
    if (!has_clblast()) {
        printf("SKIP: CLBlast is not here\n");
        skip();
    }
    begin(&n);
    ask_all(&n);
    prepare_dense(n.backend);
    must(n.backend->ops->settle(n.backend));
    assert_true(exists(kept));
    network_close(&n);
}

static void every_kernel_answers(void **state)
{
    (void)state;
    for (int op = 0; opencl_ops() != NULL && op < ISO_OP_COUNT; op++)
        if (opencl_ops()->kernels[op] != NULL && opencl_ops()->kernels[op]->supports == NULL)
            fail_msg("%s does not say what it supports", iso_ops[op].name);
}

/* PoCL goes on using what it has compiled before: CLBlast's kernels take it half a minute. */
static void leave_cache_of_pocl(void)
{
    const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    char path[1024] = "";
    if (base != NULL && *base)
        snprintf(path, sizeof path, "%s/pocl/kcache", base);
    else if (home != NULL && *home)
        snprintf(path, sizeof path, "%s/.cache/pocl/kcache", home);
    if (path[0] != '\0')
        setenv("POCL_CACHE_DIR", path, 0);
}

static int make_cache(void **state)
{
    (void)state;
    if (folder_make(folder, "supports") != 0)
        return -1;
    snprintf(kept, sizeof kept, "%s/isocl", folder);
    snprintf(said, sizeof said, "%s/said", folder);
    leave_cache_of_pocl();
    unsetenv("ISOCL_QUIET");
    unsetenv("ISOCL_OPENCL_CLBLAST");
    return setenv("XDG_CACHE_HOME", folder, 1);
}

static int remove_cache(void **state)
{
    (void)state;
    return folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asking_for_support_writes_and_prints_nothing),
        cmocka_unit_test(settling_keeps_what_it_measures),
        cmocka_unit_test(every_kernel_answers),
    };
    return cmocka_run_group_tests_name("supports", tests, make_cache, remove_cache);
}
