/* test_opencl_cache.c: files of the cache stay whole, whatever happens to those who write them, and
 * a built program is taken from there only where it fits. */
#include "core/iso.h"

#ifdef ISO_HAVE_OPENCL
#include "backends/opencl/opencl.h"
#include "core/system/cache.h"
#endif
#include "folder.h"
#include "with_opencl.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#ifdef ISO_HAVE_OPENCL
enum { BYTES = 1 << 20, WRITERS = 4, KILLS = 20 };
static char folder[FOLDER];

static int begin(void **state)
{
    (void)state;
    if (folder_make(folder, "cache") != 0)
        return -1;
    return setenv("XDG_CACHE_HOME", folder, 1);
}

static int end(void **state)
{
    (void)state;
    unsetenv("XDG_CACHE_HOME");
    iso_error_clear();
    return folder_remove(folder);
}

static bool write_all(char fill, size_t n)
{
    char *data = malloc(n);
    memset(data, fill, n);
    const int lock = iso_cache_lock();
    const bool good = lock >= 0 && iso_cache_write("file", data, n);
    iso_cache_unlock(lock);
    free(data);
    return good;
}

/* The letter that the file is full of; '?' where it is anything else, '\0' where there is none. */
static char content(void)
{
    char path[1200];
    char *data = malloc(BYTES + 1);
    assert_true(iso_cache_path("file", path, sizeof path));
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        free(data);
        return '\0';
    }
    const size_t n = fread(data, 1, BYTES + 1, f);
    char letter = n == BYTES ? data[0] : '?';
    for (size_t i = 0; i < n; i++)
        letter = data[i] == letter ? letter : '?';
    fclose(f);
    free(data);
    return letter;
}

static pid_t start_writer(char letter)
{
    const pid_t pid = fork();
    if (pid == 0)
        for (;;)
            write_all(letter, BYTES);
    return pid;
}

static void nap(long ms) { nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000 }, NULL); }

static void processes_that_write_at_once_leave_a_whole_file(void **state)
{
    (void)state;
    pid_t pid[WRITERS];
    assert_true(write_all('z', BYTES));
    for (int i = 0; i < WRITERS; i++)
        pid[i] = start_writer((char)('a' + i));
    for (int i = 0; i < 50; i++) {
        assert_int_not_equal(content(), '?');
        nap(2);
    }
    for (int i = 0; i < WRITERS; i++) {
        kill(pid[i], SIGKILL);
        waitpid(pid[i], NULL, 0);
    }
    assert_int_not_equal(content(), '?');
    assert_true(write_all('y', BYTES));
    assert_int_equal(content(), 'y');
}

static void killed_writer_leaves_a_whole_file_and_no_lock(void **state)
{
    (void)state;
    assert_true(write_all('z', BYTES));
    for (int i = 0; i < KILLS; i++) {
        const pid_t pid = start_writer((char)('a' + i));
        nap(1 + 3 * i % 17);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        assert_int_not_equal(content(), '?');
    }
    assert_true(write_all('y', BYTES));
    assert_int_equal(content(), 'y');
}

/* A limit on the size of files stands for a disk that is full. */
static void full_disk_leaves_the_old_file(void **state)
{
    (void)state;
    struct rlimit before, little;
    assert_true(write_all('a', BYTES));
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    little = before;
    little.rlim_cur = BYTES / 2;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    const bool written = write_all('b', BYTES);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_DFL);
    assert_false(written);
    assert_int_equal(content(), 'a');
}

static void a_cache_that_cannot_be_made_is_no_error(void **state)
{
    (void)state;
    setenv("XDG_CACHE_HOME", "/dev/null/nowhere", 1);
    assert_int_equal(iso_cache_lock(), -1);
    iso_cache_unlock(-1);
}

/* ---- Programs ------------------------------------------------------------------------------ */

/* A device whose programs are kept, also where its driver would do that itself. */
static struct opencl *open_device(void)
{
    struct iso_backend *be = NULL;
    if (iso_backend_open("opencl", ISO_MODE_EXACT, 0, &be) != ISO_OK) {
        printf("SKIP: no OpenCL device that is exact: %s\n", iso_error());
        iso_error_clear();
        skip();
    }
    struct opencl *cl = opencl_of(be);
    cl->found.pocl = cl->found.nvidia = cl->found.oclgrind = false;
    return cl;
}

static const char source[] = "kernel void one(global float *x) { x[0] = 1.0f; }\n";

static cl_program build(struct opencl *cl)
{
    cl_int rc;
    const char *text = source;
    const size_t n = sizeof source - 1;
    cl_program program = clCreateProgramWithSource(cl->context, 1, &text, &n, &rc);
    assert_int_equal(rc, CL_SUCCESS);
    assert_int_equal(clBuildProgram(program, 1, &cl->found.device, cl->options, NULL, NULL),
                     CL_SUCCESS);
    return program;
}

static bool loads(struct opencl *cl, const char *key)
{
    cl_program program = opencl_cache_load(cl, key);
    if (program != NULL)
        clReleaseProgram(program);
    return program != NULL;
}

/* Changes a byte of the key's file, or cuts it off. */
static void damage(const char *key, long at, bool cut)
{
    char name[OPENCL_CACHE_KEY + 16], path[1200];
    snprintf(name, sizeof name, "%s.clbin", key);
    assert_true(iso_cache_path(name, path, sizeof path));
    if (cut) {
        assert_int_equal(truncate(path, at), 0);
        return;
    }
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    fseek(f, at, SEEK_SET);
    const int byte = getc(f);
    fseek(f, at, SEEK_SET);
    putc(byte ^ 1, f);
    fclose(f);
}

static void program_is_taken_from_the_cache_unless_it_is_damaged(void **state)
{
    (void)state;
    struct opencl *cl = open_device();
    char key[OPENCL_CACHE_KEY];
    opencl_cache_key(cl, source, sizeof source - 1, key);
    assert_false(loads(cl, key));
    cl_program program = build(cl);
    opencl_cache_store(key, program);
    assert_true(loads(cl, key));
    for (long at = 10; at < 200; at += 90) { /* in the checksum, and in the binary */
        damage(key, at, false);
        assert_false(loads(cl, key));
        opencl_cache_store(key, program);
        assert_true(loads(cl, key));
    }
    for (long n = 0; n < 200; n += 64) {
        damage(key, n, true);
        assert_false(loads(cl, key));
    }
    clReleaseProgram(program);
    iso_backend_close(&cl->base);
}

static void key_has_all_that_a_binary_depends_on(void **state)
{
    (void)state;
    struct opencl *cl = open_device();
    char key[OPENCL_CACHE_KEY], other[OPENCL_CACHE_KEY];
    char *const parts[] = { cl->options, cl->found.info.driver, cl->found.info.name,
                            cl->found.info.platform };
    opencl_cache_key(cl, source, sizeof source - 1, key);
    for (int i = 0; i < 4; i++) {
        const char was = parts[i][0];
        parts[i][0] = '!';
        opencl_cache_key(cl, source, sizeof source - 1, other);
        assert_string_not_equal(key, other);
        parts[i][0] = was;
    }
    opencl_cache_key(cl, source, sizeof source - 2, other);
    assert_string_not_equal(key, other);
    opencl_cache_key(cl, source, sizeof source - 1, other);
    assert_string_equal(key, other);
    iso_backend_close(&cl->base);
}
#endif

int main(void)
{
#ifdef ISO_HAVE_OPENCL
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(processes_that_write_at_once_leave_a_whole_file, begin,
                                        end),
        cmocka_unit_test_setup_teardown(killed_writer_leaves_a_whole_file_and_no_lock, begin, end),
        cmocka_unit_test_setup_teardown(full_disk_leaves_the_old_file, begin, end),
        cmocka_unit_test_setup_teardown(a_cache_that_cannot_be_made_is_no_error, begin, end),
        cmocka_unit_test_setup_teardown(program_is_taken_from_the_cache_unless_it_is_damaged, begin,
                                        end),
        cmocka_unit_test_setup_teardown(key_has_all_that_a_binary_depends_on, begin, end),
    };
    return cmocka_run_group_tests(tests, keep_drivers_cache, remove_drivers_cache);
#else
    const struct CMUnitTest none[] = { cmocka_unit_test(built_without_opencl) };
    return cmocka_run_group_tests(none, NULL, NULL);
#endif
}
