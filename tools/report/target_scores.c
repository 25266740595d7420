#include "target_scores.h"

#include "core/arithmetic/formulas.h"
#include "core/ops/binary_counts.h"
#include "core/ops/score.h"

#include <math.h>
#include <stdlib.h>

iso_rc iso_target_scores_new(struct iso_target_scores *s, int n, bool labels)
{
    *s = (struct iso_target_scores){ .n = n, .labels = labels };
    s->of = iso_alloc((size_t)n, sizeof *s->of);
    return s->of != NULL ? ISO_OK : ISO_ENOMEM;
}

void iso_target_scores_free(struct iso_target_scores *s)
{
    free(s->of);
    s->of = NULL;
}

void iso_target_scores_add(struct iso_target_scores *s, const float *targets,
                           const float *predictions)
{
    s->rows++;
    for (int i = 0; i < s->n; i++) {
        struct iso_target_sums *of = &s->of[i];
        const double t = (double)targets[i], d = (double)predictions[i] - t;
        of->difference += d;
        of->absolute += fabs(d);
        of->squared += d * d;
        of->target += t;
        of->target_squared += t * t;
        of->kinds[2 * iso_single_class(targets[i]) + iso_single_class(predictions[i])]++;
    }
}

struct iso_target_score iso_target_score(const struct iso_target_scores *s, int target)
{
    const struct iso_target_sums *of = &s->of[target];
    const double *k = of->kinds, rows = (double)s->rows, yes = k[ISO_FALSE_NO] + k[ISO_TRUE_YES],
                 said = k[ISO_FALSE_YES] + k[ISO_TRUE_YES],
                 spread = of->target_squared - of->target * of->target / rows;
    return (struct iso_target_score){
        .accuracy = iso_share(k[ISO_TRUE_NO] + k[ISO_TRUE_YES], rows),
        .precision = iso_share(k[ISO_TRUE_YES], said),
        .recall = iso_share(k[ISO_TRUE_YES], yes),
        .f1 = iso_share(2 * k[ISO_TRUE_YES], yes + said),
        .positives = yes,
        .mean = of->target / rows,
        .mean_absolute_error = of->absolute / rows,
        .root_mean_squared_error = sqrt(of->squared / rows),
        .r2 = spread > 0 ? 1 - of->squared / spread : (double)NAN,
    };
}
