/* executors.c: compares what two executors of the same network hold. */
#include "subject.h"
#include "core/train/carry.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

double iso_subject_squares(const double *a, const double *b, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        if (a[i] != b[i] && !(isnan(a[i]) && isnan(b[i])))
            sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum;
}

/* Returns the index of the first number with other bits, or n; any NaN equals any NaN. */
static int64_t first_other(const double *want, const double *got, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (memcmp(&want[i], &got[i], sizeof *want) != 0 && !(isnan(want[i]) && isnan(got[i])))
            return i;
    return n;
}

iso_rc iso_subject_compare_numbers(const char *name, const double *want, const double *got,
                                   int64_t n)
{
    const int64_t i = first_other(want, got, n);
    if (i == n)
        return ISO_OK;
    return iso_fail(ISO_EPARITY, "number %lld of %s is %.9g instead of %.9g", (long long)i, name,
                    got[i], want[i]);
}

static void add_distances(const struct iso_carried *a, const struct iso_carried *b,
                          struct iso_apart *out)
{
    for (int i = 0; i < iso_carried_count(a); i++) {
        const struct iso_carried_tensor p = iso_carried_tensor(a, i), q = iso_carried_tensor(b, i);
        if (*out->first == '\0' && first_other(p.values, q.values, p.n) < p.n)
            snprintf(out->first, sizeof out->first, "%s", p.name);
        out->of[1 + p.slot] += iso_subject_squares(p.values, q.values, p.n);
        out->values += p.n;
    }
    for (int k = 0; k < 1 + ISO_OPERANDS; k++)
        out->of[k] = sqrt(out->of[k]);
}

iso_rc iso_subject_distance(struct iso_exec *a, struct iso_exec *b, struct iso_apart *out)
{
    struct iso_carried *p = NULL, *q = NULL;
    *out = (struct iso_apart){ .values = 0 };
    iso_rc rc = iso_carry_take(a, true, &p);
    if (rc == ISO_OK)
        rc = iso_carry_take(b, true, &q);
    if (rc == ISO_OK && iso_carried_count(p) != iso_carried_count(q))
        rc = iso_fail(ISO_EPARITY, "the executors have not the same weights and slots");
    if (rc == ISO_OK)
        add_distances(p, q, out);
    iso_carry_free(p);
    iso_carry_free(q);
    return rc;
}

iso_rc iso_subject_together(const struct iso_subject *s, const struct iso_apart *apart)
{
    if (*apart->first == '\0')
        return ISO_OK;
    return iso_fail(ISO_EPARITY,
                    "after %lld steps weights or slots differ, the weights by %.3g; first that "
                    "differs: %s",
                    (long long)s->steps, apart->of[0], apart->first);
}

iso_rc iso_subject_compare_tensor(struct iso_exec *reference, struct iso_exec *device,
                                  const char *name)
{
    struct iso_array want = { 0 }, got = { 0 };
    struct iso_tensor t;
    if (!iso_exec_tensor(reference, name, &t))
        return ISO_OK;
    iso_rc rc = iso_subject_read(iso_exec_backend(reference), &t, &want);
    if (rc == ISO_OK && !iso_exec_tensor(device, name, &t))
        rc = iso_fail(ISO_EPARITY, "the executor has no %s", name);
    if (rc == ISO_OK)
        rc = iso_subject_read(iso_exec_backend(device), &t, &got);
    if (rc == ISO_OK)
        rc = iso_subject_compare_numbers(name, want.v, got.v, want.n);
    free(want.v);
    free(got.v);
    return rc;
}

iso_rc iso_subject_compare_log(struct iso_exec *reference, struct iso_exec *device)
{
    const int64_t columns = iso_exec_graph(reference)->columns;
    double *want = iso_alloc((size_t)columns, sizeof *want);
    double *got = iso_alloc((size_t)columns, sizeof *got);
    iso_rc rc = want != NULL && got != NULL ? ISO_OK : ISO_ENOMEM;
    if (rc == ISO_OK)
        rc = iso_exec_log(reference, 1, want);
    if (rc == ISO_OK)
        rc = iso_exec_log(device, 1, got);
    if (rc == ISO_OK)
        rc = iso_subject_compare_numbers("the log of the last step", want, got, columns);
    free(want);
    free(got);
    return rc;
}

iso_rc iso_subject_compare_sums(struct iso_exec *reference, struct iso_exec *device)
{
    ISO_TRY(iso_subject_compare_log(reference, device));
    for (int i = 0; i < iso_exec_nweights(reference); i++) {
        char gradient[ISO_NAME + 2];
        snprintf(gradient, sizeof gradient, "d/%s", iso_exec_weight(reference, i));
        ISO_TRY(iso_subject_compare_tensor(reference, device, gradient));
        ISO_TRY(iso_subject_compare_tensor(reference, device, iso_exec_weight(reference, i)));
    }
    return ISO_OK;
}
