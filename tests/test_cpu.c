/* The cpu backend: its team of threads, and the reference's bits for every instruction set and
 * number of threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/system/team.h"
#include "core/system/environment.h"
#include "core/system/machine.h"
#include "core/parity/harness.h"

/* Under a sanitizer, which makes minutes of it, one number shows what it looks for. */
#ifdef __SANITIZE_ADDRESS__
static const int thread_counts[] = { 3 };
#else
static const int thread_counts[] = { 1, 2, 3, 5, 8 };
#endif
enum { COUNTS = sizeof thread_counts / sizeof *thread_counts };
static const char *const variants[] = { "cpu:portable", "cpu:avx2", "cpu:avx512" };
enum { VARIANTS = sizeof variants / sizeof *variants };

/* ---- The team ------------------------------------------------------------------------------ */

enum { UNITS = 1000 };
struct tally {
    atomic_int times[UNITS];
    atomic_int strangers; /* units run on a thread that is not of the team */
    int threads;
};

static void count(void *data, int64_t unit, int thread)
{
    struct tally *t = data;
    atomic_fetch_add(&t->times[unit], 1);
    if (thread < 0 || thread >= t->threads)
        atomic_fetch_add(&t->strangers, 1);
}

static void check_units(struct iso_team *team, int64_t units)
{
    struct tally *t = calloc(1, sizeof *t);
    assert_non_null(t);
    t->threads = iso_team_size(team);
    iso_team_run(team, units, count, t);
    for (int64_t i = 0; i < UNITS; i++)
        assert_int_equal(t->times[i], i < units);
    assert_int_equal(t->strangers, 0);
    free(t);
}

static void every_unit_runs_once(void **state)
{
    static const int64_t units[] = { 0, 1, 2, 3, 17, UNITS };
    (void)state;
    for (int c = 0; c < COUNTS; c++) {
        struct iso_team *team;
        assert_int_equal(iso_team_new(thread_counts[c], &team), ISO_OK);
        assert_int_equal(iso_team_size(team), thread_counts[c]);
        for (size_t i = 0; i < sizeof units / sizeof *units; i++)
            check_units(team, units[i]);
        iso_team_free(team);
    }
}

static void add_unit(void *data, int64_t unit, int thread)
{
    (void)thread;
    atomic_fetch_add((atomic_llong *)data, unit + 1);
}

static void tiny_jobs_follow_each_other(void **state)
{
    enum { JOBS = 20000 };
    (void)state;
    for (int c = 0; c < COUNTS; c++) {
        struct iso_team *team;
        atomic_llong sum = 0;
        long long want = 0;
        assert_int_equal(iso_team_new(thread_counts[c], &team), ISO_OK);
        for (int job = 0; job < JOBS; job++) {
            const long long units = job % 7;
            iso_team_run(team, units, add_unit, &sum);
            want += units * (units + 1) / 2;
            assert_true(atomic_load(&sum) == want);
        }
        iso_team_free(team);
    }
}

/* Each unit of the job waits until all have begun, which takes a thread for each. */
struct meeting {
    int expected;
    atomic_int here;
    atomic_bool alone;
};

static void meet(void *data, int64_t unit, int thread)
{
    struct meeting *m = data;
    const time_t start = time(NULL);
    (void)unit, (void)thread;
    atomic_fetch_add(&m->here, 1);
    while (atomic_load(&m->here) < m->expected && !atomic_load(&m->alone)) {
        usleep(50);
        if (time(NULL) - start > 20)
            atomic_store(&m->alone, true);
    }
}

static void threads_work_at_once_even_after_sleep(void **state)
{
    (void)state;
    for (int c = 0; c < COUNTS; c++) {
        struct iso_team *team;
        assert_int_equal(iso_team_new(thread_counts[c], &team), ISO_OK);
        for (int i = 0; i < 5; i++) {
            struct meeting m = { .expected = thread_counts[c] };
            iso_team_run(team, m.expected, meet, &m);
            assert_int_equal(m.here, m.expected);
            assert_false(m.alone);
            usleep(2000); /* long enough for the others to fall asleep */
        }
        iso_team_free(team);
    }
}

static void teams_come_and_go(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++) {
        struct iso_team *team;
        assert_int_equal(iso_team_new(1 + i % 5, &team), ISO_OK);
        iso_team_free(team);
    }
    assert_true(iso_machine_processors() >= 1);
}

/* ---- The device ---------------------------------------------------------------------------- */

/* False, and it says so, where this processor lacks the instructions. */
static bool open_variant(const char *device, int threads, struct iso_backend **out)
{
    const iso_rc rc = iso_backend_open(device, ISO_MODE_EXACT, threads, out);
    if (rc == ISO_OK)
        return true;
    if (rc != ISO_EUNSUP && rc != ISO_EUSAGE)
        fail_msg("%s", iso_error());
    print_message("skip %s: %s\n", device, iso_error());
    iso_error_clear();
    return false;
}

static void the_environment_chooses_a_variant(void **state)
{
    struct iso_backend *b;
    (void)state;
    assert_int_equal(setenv("ISOCL_CPU", "portable", 1), 0);
    assert_int_equal(iso_backend_open("cpu", ISO_MODE_FAST, 2, &b), ISO_OK);
    assert_non_null(strstr(b->device.note, "portable C"));
    assert_non_null(strstr(b->device.note, ", 2 threads"));
    assert_int_equal(b->mode, ISO_MODE_FAST);
    iso_backend_close(b);
    assert_int_equal(iso_backend_open("cpu", ISO_MODE_DEFAULT, 1, &b), ISO_OK);
    assert_int_equal(b->mode, ISO_MODE_EXACT);
    iso_backend_close(b);
    assert_int_equal(setenv("ISOCL_CPU", "mmx", 1), 0);
    assert_int_equal(iso_backend_open("cpu", ISO_MODE_EXACT, 2, &b), ISO_EUSAGE);
    assert_non_null(strstr(iso_error(), "ISOCL_CPU=mmx"));
    const char *names = strstr(iso_error(), "this program has ");
    assert_non_null(names);
    const char *documented = iso_variables[ISO_ENV_CPU].values; /* all, as an x86 processor has */
    assert_string_equal(names + strlen("this program has "),
                        strstr(names, "avx") != NULL ? documented : "portable");
    assert_non_null(strstr(documented, "portable"));
    iso_error_clear();
    assert_int_equal(unsetenv("ISOCL_CPU"), 0);
}

static void memory_is_aligned(void **state)
{
    static const size_t sizes[] = { 0, 1, 64, 65, 4096, (size_t)3 << 20 };
    struct iso_backend *b;
    struct iso_mem *m;
    (void)state;
    assert_int_equal(iso_backend_open("cpu", ISO_MODE_EXACT, 1, &b), ISO_OK);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_int_equal(b->ops->alloc(b, sizes[i], &m), ISO_OK);
        assert_int_equal((uintptr_t)m % 64, 0);
        assert_int_equal(b->ops->fill(b, m, 0, 1, sizes[i]), ISO_OK);
        b->ops->free(b, m);
    }
    assert_int_equal(b->ops->alloc(b, SIZE_MAX, &m), ISO_ENOMEM);
    iso_error_clear();
    b->ops->free(b, NULL);
    iso_backend_close(b);
}

/* ---- The bits ------------------------------------------------------------------------------ */

enum { JUNK = 0xFF }; /* NaN in whatever is not written */

static void check_equal(const struct iso_backend *b, int threads, const struct iso_case *c,
                        const struct iso_values *want, const struct iso_values *got)
{
    char text[160];
    for (int pass = ISO_FORWARD; pass <= ISO_UPDATE; pass++) {
        struct iso_distance d;
        if (!iso_op_has_pass(c->op, (enum iso_pass)pass))
            continue;
        if (iso_compare_exact((enum iso_pass)pass, want, got, &d) != ISO_OK)
            fail_msg("%s, %d threads: %s: %s", b->device.note, threads,
                     iso_case_text(c, text, sizeof text), iso_error());
        assert_true(d.values > 0);
    }
}

static void check_threads(struct iso_backend *const *backends, int n, const struct iso_case *c,
                          const struct iso_values *want)
{
    const struct iso_how how = { .junk = JUNK };
    for (int i = 0; i < n; i++) {
        struct iso_values got = { 0 };
        if (iso_execute_case(backends[i], c, (enum iso_fill)c->data, 1, &how, &got) != ISO_OK)
            fail_msg("%s: %s", backends[i]->device.note, iso_error());
        check_equal(backends[i], backends[i]->device.units, c, want, &got);
        iso_values_free(&got);
    }
}

/* Checks the slow cases of an op, which are larger than a unit of work, on all backends. Returns
 * their number. */
static int check_op(struct iso_backend *reference, struct iso_backend *const *backends, int n,
                    enum iso_op op)
{
    struct iso_cases cases;
    int checked = 0;
    if (iso_cases_load("models/ops", iso_ops[op].name, &cases) != ISO_OK)
        fail_msg("%s", iso_error());
    for (int i = 0; i < cases.n; i++) {
        const struct iso_case *c = &cases.list[i];
        const struct iso_how how = { .junk = JUNK };
        struct iso_values want = { 0 };
        if (!c->slow)
            continue;
        if (iso_execute_case(reference, c, (enum iso_fill)c->data, 1, &how, &want) != ISO_OK)
            fail_msg("%s", iso_error());
        check_threads(backends, n, c, &want);
        iso_values_free(&want);
        checked++;
    }
    iso_cases_free(&cases);
    return checked;
}

static void every_variant_and_thread_count_has_the_reference_bits(void **state)
{
    struct iso_backend *reference, *backends[VARIANTS * COUNTS];
    int n = 0, checked = 0;
    (void)state;
    assert_int_equal(iso_backend_open("reference", ISO_MODE_EXACT, 0, &reference), ISO_OK);
    for (int v = 0; v < VARIANTS; v++)
        for (int c = 0; c < COUNTS; c++)
            n += open_variant(variants[v], thread_counts[c], &backends[n]);
    assert_true(n >= COUNTS);
    for (int op = 0; op < ISO_OP_COUNT; op++)
        if (backends[0]->kernels[op] != NULL)
            checked += check_op(reference, backends, n, (enum iso_op)op);
    assert_true(checked > 0);
    for (int i = 0; i < n; i++)
        iso_backend_close(backends[i]);
    iso_backend_close(reference);
}

/* The whole ladder on the small cases: guard zones, added gradients, special values. */
static void every_variant_climbs_the_ladder(void **state)
{
    (void)state;
    for (int v = 0; v < VARIANTS; v++) {
        struct iso_backend *b;
        struct iso_parity_totals totals;
        if (!open_variant(variants[v], 3, &b))
            continue;
        const struct iso_parity_options o = {
            .backends = &b, .nbackends = 1, .quiet = true, .quick = true
        };
        if (iso_parity_run(&o, &totals) != ISO_OK)
            fail_msg("%s: %s", variants[v], iso_error());
        assert_true(totals.passed > 0 && totals.failed == 0);
        iso_backend_close(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_unit_runs_once),
        cmocka_unit_test(tiny_jobs_follow_each_other),
        cmocka_unit_test(threads_work_at_once_even_after_sleep),
        cmocka_unit_test(teams_come_and_go),
        cmocka_unit_test(the_environment_chooses_a_variant),
        cmocka_unit_test(memory_is_aligned),
        cmocka_unit_test(every_variant_and_thread_count_has_the_reference_bits),
        cmocka_unit_test(every_variant_climbs_the_ladder),
    };
    return cmocka_run_group_tests_name("cpu", tests, NULL, NULL);
}
