/* test_child.c: children that do what they should, and children that crash, hang or take too much:
 * the parent always learns what became of them, in time, and nothing is left of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/system/child_wire.h"
#include "core/system/machine.h"
#include "folder.h"
#include "tasks.h"

static struct iso_child *start(const char *task, double seconds, const char *const *arguments)
{
    const struct iso_child_job job = { .task = task,
                                       .arguments = arguments,
                                       .limits = { .seconds = seconds } };
    struct iso_child *child = NULL;
    iso_error_clear();
    if (iso_child_start(&job, &child) != ISO_OK)
        fail_msg("%s", iso_error());
    return child;
}

/* Frees the child, which has ended so. */
static void assert_ended(struct iso_child *child, enum iso_child_end end, const char *text)
{
    char got[2 * ISO_CHILD_MESSAGE];
    const struct iso_child_verdict *v = iso_child_verdict(child);
    iso_child_text(v, got, sizeof got);
    if (v->end != end || strstr(got, text) == NULL)
        fail_msg("verdict %d: %s; not %d: %s", v->end, got, end, text);
    iso_child_free(child);
}

static int open_descriptors(void)
{
    int n = 0;
    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

/* ---- Children that do what they should ------------------------------------------------------ */

static void requests_are_answered(void **state)
{
    char got[8];
    size_t n;
    (void)state;
    struct iso_child *child = start("echo", 30, NULL);
    for (int i = 0; i < 5; i++) {
        iso_child_send(child, "abcd", (size_t)i);
        assert_true(iso_child_receive(child, got, sizeof got, &n));
        assert_int_equal(n, i);
        assert_memory_equal(got, "abcd", n);
    }
    assert_int_equal(iso_child_verdict(child)->end, ISO_CHILD_RUNS);
    iso_child_finish(child);
    assert_int_equal(iso_child_verdict(child)->rc, ISO_OK);
    assert_ended(child, ISO_CHILD_DONE, "is done");
}

/* More than a pipe holds, in both directions. */
static void large_records_travel(void **state)
{
    enum { LARGE = 3000001 };
    unsigned char *sent = malloc(LARGE), *got = calloc(LARGE, 1);
    (void)state;
    assert_true(sent != NULL && got != NULL);
    for (int i = 0; i < LARGE; i++)
        sent[i] = (unsigned char)(i % 251);
    struct iso_child *child = start("echo", 30, NULL);
    iso_child_send(child, sent, LARGE);
    assert_true(iso_child_receive_all(child, got, LARGE));
    assert_memory_equal(got, sent, LARGE);
    iso_child_free(child);
    free(sent);
    free(got);
}

static void failures_come_with_their_message(void **state)
{
    char nothing;
    size_t n;
    (void)state;
    struct iso_child *child = start("fail", 30, (const char *const[]){ "a", "b c", NULL });
    assert_false(iso_child_receive(child, &nothing, 1, &n));
    assert_int_equal(iso_child_verdict(child)->rc, ISO_EDATA);
    assert_string_equal(iso_error(), ""); /* it is the child's */
    assert_ended(child, ISO_CHILD_DONE, "2 words, the last is b c");
    child = start("no such task", 30, NULL);
    assert_false(iso_child_receive(child, &nothing, 1, &n));
    assert_int_equal(iso_child_verdict(child)->rc, ISO_EUSAGE);
    assert_ended(child, ISO_CHILD_DONE, "has no task 'no such task'");
}

/* Standard input and output, which are /dev/null, standard error, and three pipes. */
static void children_inherit_pipes_only(void **state)
{
    bool open_there[TASK_DESCRIPTORS];
    int extra[20];
    (void)state;
    for (int i = 0; i < 20; i++)
        assert_true((extra[i] = open("/dev/null", O_RDONLY)) >= 0);
    struct iso_child *other = start("echo", 30, NULL), *child = start("descriptors", 30, NULL);
    assert_true(iso_child_receive_all(child, open_there, sizeof open_there));
    for (int fd = 0; fd < TASK_DESCRIPTORS; fd++)
        if (open_there[fd] != (fd < 3 + ISO_CHILD_PIPES))
            fail_msg("descriptor %d is %s", fd, open_there[fd] ? "open" : "closed");
    iso_child_free(child);
    iso_child_free(other);
    for (int i = 0; i < 20; i++)
        close(extra[i]);
}

static void thousand_children_leave_nothing(void **state)
{
    (void)state;
    const int before = open_descriptors();
    for (int i = 0; i < 1000; i++) {
        struct iso_child *child =
            start(i % 2 ? "fail" : "echo", 30, (const char *const[]){ "word", NULL });
        if (i % 4 != 0)
            iso_child_finish(child);
        iso_child_free(child);
    }
    assert_int_equal(open_descriptors(), before);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no zombie, and nothing that runs */
    assert_int_equal(errno, ECHILD);
}

/* ---- Children that go wrong ----------------------------------------------------------------- */

static void records_sent_before_a_crash_arrive(void **state)
{
    int got;
    (void)state;
    struct iso_child *child = start("stream and crash", 30, NULL);
    for (int i = 0; i < TASK_RECORDS; i++) {
        assert_true(iso_child_receive_all(child, &got, sizeof got));
        assert_int_equal(got, i);
    }
    assert_false(iso_child_receive_all(child, &got, sizeof got));
    assert_int_equal(iso_child_verdict(child)->signal, SIGSEGV);
    iso_child_send(child, &got, sizeof got); /* goes nowhere */
    assert_false(iso_child_receive_all(child, &got, sizeof got));
    assert_ended(child, ISO_CHILD_CRASHED, "crashed (signal 11");
    child = start("leave", 30, NULL);
    assert_false(iso_child_receive_all(child, &got, sizeof got));
    assert_ended(child, ISO_CHILD_CRASHED, "exited with status 3");
}

/* Sending to a child that has crashed already raises no SIGPIPE. */
static void requests_to_the_dead_are_survived(void **state)
{
    static const char data[1 << 20];
    char nothing;
    (void)state;
    struct iso_child *child = start("leave", 30, NULL);
    for (int i = 0; i < 100; i++)
        iso_child_send(child, data, sizeof data);
    assert_false(iso_child_receive_all(child, &nothing, 1));
    assert_ended(child, ISO_CHILD_CRASHED, "exited with status 3");
}

static void hanging_children_are_killed_in_time(void **state)
{
    static const char data[1 << 20];
    char said;
    (void)state;
    const double began = iso_clock();
    struct iso_child *child = start("hang", 0.3, NULL);
    assert_true(iso_child_receive_all(child, &said, 1));
    assert_false(iso_child_receive_all(child, &said, 1));
    assert_ended(child, ISO_CHILD_LATE, "too long");
    child = start("hang", 0.3, NULL); /* this task reads no request */
    iso_child_send(child, data, sizeof data);
    assert_false(iso_child_receive_all(child, &said, 1));
    assert_ended(child, ISO_CHILD_LATE, "too long");
    child = start("hang", 1000, NULL);
    iso_child_allow(child, 0.3);
    iso_child_finish(child);
    assert_ended(child, ISO_CHILD_LATE, "too long");
    assert_true(iso_clock() - began > 0.9);
    assert_true(iso_clock() - began < 20);
}

static void limits_are_kept(void **state)
{
    const struct iso_child_job spin = { .task = "spin",
                                        .limits = { .seconds = 60, .processor = 1 } };
    const struct iso_child_job eat = { .task = "eat",
                                       .limits = { .seconds = 60, .memory = 64 << 20 } };
    struct iso_child *child;
    int bites = 0;
    (void)state;
    assert_int_equal(iso_child_start(&spin, &child), ISO_OK);
    assert_false(iso_child_receive_all(child, &bites, sizeof bites));
    assert_ended(child, ISO_CHILD_LIMITED, "processor time");
#ifdef __SANITIZE_ADDRESS__
    return; /* AddressSanitizer itself ends when a process may have no more memory */
#endif
    assert_int_equal(iso_child_start(&eat, &child), ISO_OK);
    while (iso_child_receive_all(child, &bites, sizeof bites))
        assert_in_range(bites, 0, 80);
    assert_in_range(bites, 40, 80);
    assert_int_equal(iso_child_verdict(child)->rc, ISO_ENOMEM);
    assert_ended(child, ISO_CHILD_LIMITED, "out of memory");
}

static void nonsense_is_refused(void **state)
{
    char small[2];
    int number;
    size_t n;
    (void)state;
    struct iso_child *child = start("garble", 30, NULL);
    assert_false(iso_child_receive(child, small, sizeof small, &n));
    assert_ended(child, ISO_CHILD_GARBLED, "no sense");
    child = start("echo", 30, NULL);
    iso_child_send(child, "too long", 8);
    assert_false(iso_child_receive(child, small, sizeof small, &n));
    assert_ended(child, ISO_CHILD_GARBLED, "no sense");
    child = start("echo", 30, NULL);
    iso_child_send(child, "a", 1);
    assert_false(iso_child_receive_all(child, &number, sizeof number));
    assert_ended(child, ISO_CHILD_GARBLED, "no sense");
}

/* ---- What is left --------------------------------------------------------------------------- */

static char folder[FOLDER], lock_path[FOLDER + 8];

/* True once nobody holds the lock, which may take a while. */
static bool is_released(int fd)
{
    for (int i = 0; i < 2000; i++) {
        struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
        assert_int_equal(fcntl(fd, F_GETLK, &lock), 0);
        if (lock.l_type == F_UNLCK)
            return true;
        usleep(5000);
    }
    return false;
}

static bool is_held(int fd)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    assert_int_equal(fcntl(fd, F_GETLK, &lock), 0);
    return lock.l_type != F_UNLCK;
}

static int make_lock(void)
{
    assert_int_equal(folder_make(folder, "child"), 0);
    snprintf(lock_path, sizeof lock_path, "%s/lock", folder);
    const int fd = open(lock_path, O_RDWR | O_CREAT, 0600);
    assert_true(fd >= 0);
    return fd;
}

/* The parent is killed, and its own child, which hangs, ends with it. */
static void children_end_with_their_parent(void **state)
{
    char said;
    (void)state;
    const int fd = make_lock();
    struct iso_child *parent = start("have held", 30, (const char *const[]){ lock_path, NULL });
    assert_true(iso_child_receive_all(parent, &said, 1));
    assert_true(is_held(fd));
    iso_child_free(parent); /* by SIGKILL; its child is in another process group */
    assert_true(is_released(fd));
    close(fd);
    assert_int_equal(folder_remove(folder), 0);
}

static void processes_of_children_end_with_them(void **state)
{
    char said;
    (void)state;
    const int fd = make_lock();
    struct iso_child *child = start("leave behind", 30, (const char *const[]){ lock_path, NULL });
    assert_true(iso_child_receive_all(child, &said, 1));
    assert_true(is_held(fd));
    iso_child_free(child);
    assert_true(is_released(fd));
    close(fd);
    assert_int_equal(folder_remove(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_answered),
        cmocka_unit_test(large_records_travel),
        cmocka_unit_test(failures_come_with_their_message),
        cmocka_unit_test(children_inherit_pipes_only),
        cmocka_unit_test(thousand_children_leave_nothing),
        cmocka_unit_test(records_sent_before_a_crash_arrive),
        cmocka_unit_test(requests_to_the_dead_are_survived),
        cmocka_unit_test(hanging_children_are_killed_in_time),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(children_end_with_their_parent),
        cmocka_unit_test(processes_of_children_end_with_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
