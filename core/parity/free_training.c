/* free_training.c: a model trained freely on the reference and on the device, without the
 * executor's keep_all there, so that memory is shared and layers run their activations, as `isocl
 * train` has it, which may change no bit; and predictions with the initial weights, as `isocl eval`
 * has them. */
#include "subject.h"
#include "core/system/file.h"
#include "core/train/learning_rate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In fast mode the device may end this many times as far from the reference as one ULP moves it,
 * or further where its sums' bounds say so. */
static const double sensitivity_share = 16;

/* ---- weights ------------------------------------------------------------------------------- */

iso_rc iso_subject_read_weight(struct iso_exec *e, int i, struct iso_array *a, struct iso_tensor *t)
{
    if (!iso_exec_tensor(e, iso_exec_weight(e, i), t))
        return iso_fail(ISO_EPARITY, "the executor has no %s", iso_exec_weight(e, i));
    return iso_subject_read(iso_exec_backend(e), t, a);
}

/* ---- training ------------------------------------------------------------------------------ */

iso_rc iso_subject_steps(const struct iso_subject *s, struct iso_exec *e)
{
    for (int64_t step = 0; step < s->steps; step++) {
        iso_subject_works(s, iso_exec_backend(e));
        ISO_TRY(iso_exec_train(e, (uint64_t)step, 0));
        ISO_TRY(iso_exec_update(e, (uint64_t)step,
                                iso_training_rate_alone(s->graph->training, (uint64_t)step)));
    }
    return iso_exec_backend(e)->ops->sync(iso_exec_backend(e));
}

/* Returns digests of every weight; NULL without memory or if it cannot be read. */
static char *digest_weights(struct iso_exec *e)
{
    char *text = NULL;
    size_t size;
    iso_rc rc = ISO_OK;
    FILE *out = open_memstream(&text, &size);
    for (int i = 0; out != NULL && rc == ISO_OK && i < iso_exec_nweights(e); i++) {
        struct iso_array a = { 0 };
        struct iso_tensor t;
        rc = iso_subject_read_weight(e, i, &a, &t);
        if (rc == ISO_OK)
            iso_elements_print(out, iso_exec_weight(e, i), &a);
        free(a.v);
    }
    if (rc == ISO_OK) {
        (void)iso_text_end(out, &text);
        return text;
    }
    fclose(out);
    free(text);
    return NULL;
}

static iso_rc compare_exact_runs(const struct iso_subject *s, struct iso_exec *reference,
                                 struct iso_exec *device, const struct iso_apart *apart)
{
    char got[65], key[2 * ISO_NAME];
    if (s->graph->shards > 1)
        ISO_TRY(iso_subject_compare_sums(reference, device));
    ISO_TRY(iso_subject_together(s, apart));
    ISO_TRY(iso_exec_hash(device, got));
    if (s->ladder->record == NULL)
        return ISO_OK;
    const char *phase = s->graph->training->name;
    snprintf(key, sizeof key, "%s/batch %lld/steps %lld%s%s", s->graph->model->name,
             (long long)s->graph->batch, (long long)s->steps, *phase ? "/" : "", phase);
    char *elements = digest_weights(device);
    if (elements == NULL)
        return ISO_ENOMEM;
    const iso_rc rc =
        iso_record_put(s->ladder->record, s->ladder->device->device.id, key, got, elements);
    free(elements);
    return rc;
}

/* Shared memory and fused kernels must not change a bit: trains again on the device with every
 * value kept and each layer run by itself, as lockstep does, and compares weights and slots. */
static iso_rc compare_with_kept(const struct iso_subject *s, struct iso_exec *device)
{
    struct iso_exec *kept;
    struct iso_apart apart = { .values = 0 };
    ISO_TRY(iso_subject_open(s, s->ladder->device, &iso_subject_readable, &kept));
    iso_rc rc = iso_subject_steps(s, kept);
    if (rc == ISO_OK)
        rc = iso_subject_distance(kept, device, &apart);
    iso_exec_free(kept);
    return rc != ISO_OK || *apart.first == '\0'
               ? rc
               : iso_fail(ISO_EPARITY,
                          "after %lld steps weights or slots differ, the weights by %.3g, from "
                          "those of the same device with every value in memory of its own; first "
                          "that differs: %s",
                          (long long)s->steps, apart.of[0], apart.first);
}

/* Returns true if the weights or a slot are further apart than is allowed. */
static bool too_far(const struct iso_apart *apart, const struct iso_apart *by_ulp,
                    const struct iso_apart *by_bounds, int *kind, double *share)
{
    for (*kind = 0; *kind < 1 + ISO_OPERANDS; ++*kind) {
        const double far = apart->of[*kind];
        const double allowed = fmax(sensitivity_share * by_ulp->of[*kind], by_bounds->of[*kind]);
        if (!(far <= allowed))
            return true;
        if (allowed > 0 && far > *share * allowed)
            *share = far / allowed;
    }
    return false;
}

/* A device that sums products in its own order is allowed what one ULP in the first weights does,
 * so many times; or, where that is too little because an optimizer makes as much of a gradient near
 * zero as of a large one, what the bounds of its sums do. That takes longer to find out. */
static iso_rc compare_fast_runs(const struct iso_subject *s, struct iso_exec *reference,
                                struct iso_exec *device, const struct iso_apart *apart,
                                struct iso_distance *d)
{
    struct iso_apart by_ulp, by_bounds = { .values = 0 };
    int kind;
    ISO_TRY(compare_with_kept(s, device));
    ISO_TRY(iso_subject_moved_by_ulp(s, reference, &by_ulp));
    if (!too_far(apart, &by_ulp, &by_bounds, &kind, &d->share))
        return ISO_OK;
    d->share = 0;
    ISO_TRY(iso_subject_moved_by_bounds(s, reference, &by_bounds));
    if (!too_far(apart, &by_ulp, &by_bounds, &kind, &d->share))
        return ISO_OK;
    return iso_fail(ISO_EPARITY,
                    "after %lld steps the %s %s %.3g apart; one ULP in the first weights moves "
                    "them by %.3g, of which %.0f times is allowed, and the bounds of the layers' "
                    "sums by %.3g; first that differs: %s",
                    (long long)s->steps, kind == 0 ? "weights" : iso_exec_slot(reference, kind - 1),
                    kind == 0 ? "are" : "of the weights is", apart->of[kind], by_ulp.of[kind],
                    sensitivity_share, by_bounds.of[kind],
                    *apart->first != '\0' ? apart->first : "none");
}

static iso_rc compare_runs(const struct iso_subject *s, struct iso_exec *reference,
                           struct iso_exec *device, struct iso_distance *d)
{
    struct iso_apart apart;
    ISO_TRY(iso_subject_steps(s, reference));
    ISO_TRY(iso_subject_steps(s, device));
    ISO_TRY(iso_subject_distance(reference, device, &apart));
    d->values = apart.values;
    if (d->values == 0)
        return iso_fail(ISO_EPARITY, "the model has no weights to compare");
    return s->fast ? compare_fast_runs(s, reference, device, &apart, d)
                   : compare_exact_runs(s, reference, device, &apart);
}

void iso_subject_train(const struct iso_subject *s)
{
    const struct iso_exec_options as_trained = { .training = true };
    struct iso_exec *reference = NULL, *device = NULL;
    struct iso_distance d = { 0 };
    char layers[48] = "all layers";
    if (s->graph->shards > 1)
        snprintf(layers, sizeof layers, "all layers in %lld shards", (long long)s->graph->shards);
    iso_rc rc = iso_subject_attempt(s, ISO_RUNG_TRAINING, -1, layers);
    if (rc == ISO_OK)
        rc = iso_subject_open(s, s->ladder->reference, &iso_subject_readable, &reference);
    if (rc == ISO_OK)
        rc = iso_subject_open(s, s->ladder->device, &as_trained, &device);
    if (rc == ISO_OK)
        rc = compare_runs(s, reference, device, &d);
    iso_exec_free(device);
    iso_exec_free(reference);
    iso_subject_report(s, ISO_RUNG_TRAINING, -1, layers, &d, rc);
}

/* ---- inference ----------------------------------------------------------------------------- */

/* Has the network predict the batch; moved: with weights moved by one ULP. */
static iso_rc predict(const struct iso_subject *s, struct iso_backend *b, bool moved,
                      struct iso_array *out)
{
    const struct iso_exec_options o = { .keep_all = b == s->ladder->reference };
    struct iso_exec *e;
    struct iso_tensor t;
    ISO_TRY(iso_subject_open(s, b, &o, &e));
    iso_rc rc = moved ? iso_subject_move_weights(s, e) : ISO_OK;
    if (rc == ISO_OK)
        rc = iso_exec_forward(e, false, 0, 0);
    if (rc == ISO_OK && !iso_exec_tensor(e, s->graph->values[s->graph->output].name, &t))
        rc = iso_fail(ISO_EPARITY, "the executor has no output");
    if (rc == ISO_OK)
        rc = iso_subject_read(b, &t, out);
    iso_exec_free(e);
    return rc;
}

static iso_rc compare_bits(const struct iso_subject *s, const struct iso_array *want,
                           const struct iso_array *got)
{
    const int64_t row = want->n / s->graph->shard_rows;
    for (int64_t i = 0; i < want->n; i++)
        if (memcmp(&want->v[i], &got->v[i], sizeof *want->v) != 0 &&
            !(isnan(want->v[i]) && isnan(got->v[i])))
            return iso_fail(ISO_EPARITY, "of row %lld, number %lld is %.9g instead of %.9g",
                            (long long)(i / row), (long long)(i % row), got->v[i], want->v[i]);
    return ISO_OK;
}

static iso_rc compare_near(const struct iso_subject *s, const struct iso_array *want,
                           const struct iso_array *got, struct iso_distance *d)
{
    struct iso_array moved = { 0 };
    iso_rc rc = predict(s, s->ladder->reference, true, &moved);
    const double far = sqrt(iso_subject_squares(want->v, got->v, want->n));
    const double allowed =
        rc == ISO_OK ? sensitivity_share * sqrt(iso_subject_squares(want->v, moved.v, want->n)) : 0;
    free(moved.v);
    ISO_TRY(rc);
    if (!(far <= allowed))
        return iso_fail(ISO_EPARITY,
                        "the outputs are %.3g apart, and %.3g is allowed: %.0f times "
                        "what one ULP in the weights does",
                        far, allowed, sensitivity_share);
    d->share = allowed > 0 ? far / allowed : 0;
    return ISO_OK;
}

void iso_subject_infer(const struct iso_subject *s)
{
    struct iso_array want = { 0 }, got = { 0 };
    struct iso_distance d = { 0 };
    iso_rc rc = iso_subject_attempt(s, ISO_RUNG_INFERENCE, -1, "all layers");
    if (rc == ISO_OK)
        rc = predict(s, s->ladder->reference, false, &want);
    if (rc == ISO_OK)
        rc = predict(s, s->ladder->device, false, &got);
    if (rc == ISO_OK && (want.n == 0 || want.n != got.n))
        rc = iso_fail(ISO_EPARITY, "there are no outputs to compare");
    if (rc == ISO_OK)
        rc = s->fast ? compare_near(s, &want, &got, &d) : compare_bits(s, &want, &got);
    d.values = got.n;
    free(want.v);
    free(got.v);
    iso_subject_report(s, ISO_RUNG_INFERENCE, -1, "all layers", &d, rc);
}
