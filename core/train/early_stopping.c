/* early_stopping.c: early stopping and reduction on a plateau, as Keras has them. */
#include "early_stopping.h"

#include <math.h>
#include <string.h>

bool iso_monitor_rises(const struct iso_monitor *m)
{
    const size_t n = strlen(m->name), skip = sizeof "validation_" - 1;
    const char *metric = strncmp(m->name, "validation_", skip) == 0 ? m->name + skip : m->name;
    const int op = iso_op_find(metric);
    return (n < 4 || strcmp(m->name + n - 4, "loss") != 0) &&
           (op < 0 || iso_ops[op].kind != ISO_LOSS);
}

/* Takes the value if it is better than the best so far, which NaN never is. */
static bool improves(const struct iso_monitor *m, double value, struct iso_watch *w)
{
    const bool better = !w->begun              ? !isnan(value)
                        : iso_monitor_rises(m) ? value - m->min_delta > w->best
                                               : value + m->min_delta < w->best;
    if (better) {
        w->begun = 1;
        w->best = value;
        w->wait = 0;
    }
    return better;
}

void iso_plateau_epoch(const struct iso_schedule *s, double value, double rate,
                       struct iso_plateau *p)
{
    if (p->cooldown > 0) {
        p->cooldown--;
        p->watch.wait = 0;
    }
    if (improves(&s->monitor, value, &p->watch) || p->cooldown > 0)
        return;
    p->watch.wait++;
    if (p->watch.wait < s->monitor.patience || !(rate > s->min_learning_rate))
        return;
    const double reduced = rate * s->factor;
    p->rate = reduced > s->min_learning_rate ? reduced : s->min_learning_rate;
    p->cooldown = s->cooldown;
    p->watch.wait = 0;
}

bool iso_stopping_epoch(const struct iso_early_stopping *s, int64_t epoch, double value,
                        struct iso_stopping *p)
{
    if (epoch < s->start_from_epoch)
        return false;
    if (improves(&s->monitor, value, &p->watch))
        return true;
    p->watch.wait++;
    if (p->watch.wait >= s->monitor.patience && epoch > 0)
        p->stopped = 1;
    return false;
}
