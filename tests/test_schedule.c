/* Learning rates against Keras's schedules and callbacks (tools/golden/make_schedules.py): each
 * line of tests/golden/schedules.txt is a case, its values follow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arithmetic/exact.h"
#include "core/train/early_stopping.h"
#include "core/train/learning_rate.h"

#define TOLERANCE 1e-10

static double number(char **at)
{
    char *end;
    const double x = strtod(*at, &end);
    assert_ptr_not_equal(end, *at);
    *at = end;
    return x;
}

/* Reads "key=value" pairs up to ':' into a schedule. */
static void parse(char *text, struct iso_schedule *s)
{
    static const struct {
        const char *key;
        size_t at;
        bool real;
    } keys[] = {
#define KEY(name, real) { #name, offsetof(struct iso_schedule, name), real }
        KEY(decay_rate, true),
        KEY(alpha, true),
        KEY(max, true),
        KEY(min, true),
        KEY(t_mul, true),
        KEY(warmup_from, true),
        KEY(factor, true),
        KEY(min_learning_rate, true),
        KEY(end, true),
        KEY(power, true),
        KEY(rise, true),
        KEY(div_factor, true),
        KEY(final_div_factor, true),
        KEY(decay_steps, false),
        KEY(period, false),
        KEY(warmup_steps, false),
        KEY(cooldown, false),
#undef KEY
    };
    for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " ")) {
        char *value = strchr(word, '=');
        assert_non_null(value);
        *value++ = '\0';
        bool found = false;
        for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
            if (strcmp(keys[k].key, word) != 0)
                continue;
            found = true;
            if (keys[k].real)
                *(double *)(void *)((char *)s + keys[k].at) = strtod(value, NULL);
            else
                *(int64_t *)(void *)((char *)s + keys[k].at) = strtoll(value, NULL, 10);
        }
        if (strcmp(word, "staircase") == 0)
            s->staircase = strcmp(value, "1") == 0;
        else if (strcmp(word, "cycle") == 0)
            s->cycle = strcmp(value, "1") == 0;
        else if (strcmp(word, "patience") == 0)
            s->monitor.patience = strtoll(value, NULL, 10);
        else if (strcmp(word, "min_delta") == 0)
            s->monitor.min_delta = strtod(value, NULL);
        else if (strcmp(word, "monitor") == 0)
            snprintf(s->monitor.name, sizeof s->monitor.name, "%s", value);
        else
            assert_true(found);
    }
}

static void close_to(const char *kind, int i, double got, double want)
{
    if (!(fabs(got - want) <= TOLERANCE * fabs(want) + 1e-18)) {
        print_error("%s, value %d: %.17g instead of %.17g\n", kind, i, got, want);
        fail();
    }
}

/* rate STEPS_OF_EPOCH INITIAL | parameters | the rates of steps 0, stride, 2 stride, ... */
static void check_rates(const struct iso_schedule *s, const char *kind, char *at, double initial,
                        int64_t epoch_steps, int64_t stride)
{
    int n = 0;
    for (; *at != '\0' && *at != '\n'; n++) {
        close_to(kind, n, iso_schedule_rate(s, initial, epoch_steps, (uint64_t)(n * stride)),
                 number(&at));
        while (*at == ' ')
            at++;
    }
    assert_true(n >= 10);
}

/* Pairs: the value of an epoch, and the rate after it. */
static void check_plateau(const struct iso_schedule *s, char *at, double initial)
{
    struct iso_plateau p = { .rate = 0 };
    int n = 0;
    for (; *at != '\0' && *at != '\n'; n++) {
        const double value = number(&at);
        iso_plateau_epoch(s, value, p.rate > 0 ? p.rate : initial, &p);
        close_to("reduce_lr_on_plateau", n, p.rate > 0 ? p.rate : initial, number(&at));
        while (*at == ' ')
            at++;
    }
    assert_true(n >= 10);
}

/* start_from_epoch, the epoch that is the last, the one whose weights are restored, then values. */
static void check_stopping(const struct iso_schedule *s, char *at, int64_t start)
{
    struct iso_early_stopping e = { .monitor = s->monitor, .start_from_epoch = start };
    struct iso_stopping p = { .stopped = 0 };
    const int last = (int)number(&at), best = (int)number(&at);
    int n = 0, restored = -1;
    for (; !p.stopped && *at != '\0' && *at != '\n'; n++) {
        if (iso_stopping_epoch(&e, n, number(&at), &p))
            restored = n;
        while (*at == ' ')
            at++;
    }
    assert_int_equal(n - 1, last);
    assert_int_equal(restored, best);
}

static void check_line(char *line)
{
    char kind[64];
    double initial;
    long long epoch_steps, stride;
    struct iso_schedule s = { .t_mul = 1, .decay_steps = 1 };
    char *first = strchr(line, '|'), *second = first != NULL ? strchr(first + 1, '|') : NULL;
    assert_non_null(second);
    *first = *second = '\0';
    assert_int_equal(sscanf(line, "%63s %lf %lld %lld", kind, &initial, &epoch_steps, &stride), 4);
    parse(first + 1, &s);
    for (char *at = second + 1; *at == ' '; at++)
        second = at;
    if (strcmp(kind, "early_stopping") == 0) {
        check_stopping(&s, second + 1, epoch_steps);
        return;
    }
    int found = -1;
    for (int i = 0; i < ISO_SCHEDULES; i++)
        if (strcmp(iso_schedule_docs[i].name, kind) == 0)
            found = i;
    assert_true(found >= 0);
    s.kind = (enum iso_schedule_kind)found;
    if (s.kind == ISO_RATE_PLATEAU)
        check_plateau(&s, second + 1, initial);
    else
        check_rates(&s, kind, second + 1, initial, epoch_steps, stride);
}

static void schedules_agree_with_keras(void **state)
{
    static char line[1 << 16];
    (void)state;
    FILE *file = fopen("tests/golden/schedules.txt", "r");
    int n = 0;
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL)
        if (line[0] != '#') {
            check_line(line);
            n++;
        }
    fclose(file);
    print_message("  %d schedules\n", n);
    assert_true(n >= 19);
}

static void exact_functions_agree_with_libm(void **state)
{
    (void)state;
    for (int i = 0; i <= 1000; i++) {
        assert_true(fabs(iso_exact_cos_pi(i / 1000.0) - cos(acos(-1) * (i / 1000.0))) < 1e-15);
        for (int k = 1; k < 20; k++) {
            const double base = k / 8.0, x = i / 37.0, want = pow(base, x);
            assert_true(fabs(iso_exact_pow(base, x) - want) <= 1e-13 * want);
        }
    }
    assert_true(iso_exact_pow(0, 0) == 1 && iso_exact_pow(0, 0.5) == 0);
    assert_true(iso_exact_cos_pi(0) == 1 && iso_exact_cos_pi(1) == -1);
}

/* If this fails, the rates of a schedule have changed, and ISO_ARITH_VERSION must rise. */
static void rates_have_known_bits(void **state)
{
    (void)state;
    const struct iso_schedule e = { .kind = ISO_RATE_EXPONENTIAL,
                                    .decay_rate = 0.9,
                                    .decay_steps = 1000 };
    const struct iso_schedule c = {
        .kind = ISO_RATE_RESTARTS, .max = 0.006, .min = 0.001, .period = 10, .t_mul = 1
    };
    char text[64];
    snprintf(text, sizeof text, "%a %a", iso_schedule_rate(&e, 0.1, 1, 777),
             iso_schedule_rate(&c, 0.001, 375, 1234));
    assert_string_equal(text, "0x1.796765a6e40f8p-4 0x1.3930c3f967e1fp-8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_functions_agree_with_libm),
        cmocka_unit_test(schedules_agree_with_keras),
        cmocka_unit_test(rates_have_known_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
