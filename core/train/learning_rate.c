/* learning_rate.c: schedules of the learning rate. step counts from 0, t from the end of the
 * warm-up. */
#include "learning_rate.h"

#include "core/arithmetic/exact.h"

/* t / decay_steps, whole with staircase. */
static double decays(const struct iso_schedule *s, int64_t t)
{
    const double share = (double)t / (double)s->decay_steps;
    return s->staircase ? (double)(t / s->decay_steps) : share;
}

/* Half a wave from high to low while x goes from 0 to 1. */
static double half_wave(double high, double low, double x)
{
    return low + 0.5 * (high - low) * (1 + iso_exact_cos_pi(x));
}

static int64_t longer(int64_t period, double factor)
{
    const double next = (double)period * factor;
    const int64_t whole = next < 1e12 ? (int64_t)next : (int64_t)1e12;
    return (double)whole < next ? whole + 1 : whole;
}

static double highest(const struct iso_schedule *s, double initial)
{
    return s->kind == ISO_RATE_RESTARTS && s->max > 0 ? s->max : initial;
}

static double annealed(const struct iso_schedule *s, double initial, int64_t epoch_steps, int64_t t)
{
    const int64_t epoch = t / epoch_steps;
    int64_t begin = 0, period = s->period;
    if (s->t_mul == 1)
        begin = epoch / period * period;
    while (epoch >= begin + period) {
        begin += period;
        period = longer(period, s->t_mul);
    }
    return half_wave(highest(s, initial), s->min,
                     (double)(t - begin * epoch_steps) / (double)(period * epoch_steps));
}

/* Keras's PolynomialDecay. */
static double polynomial(const struct iso_schedule *s, double initial, int64_t t)
{
    const int64_t whole = s->decay_steps;
    const int64_t cycles = s->cycle && t > 0 ? (t + whole - 1) / whole : 1;
    const int64_t at = s->cycle || t < whole ? t : whole;
    const double left = 1 - (double)at / ((double)whole * (double)cycles);
    return (initial - s->end) * iso_exact_pow(left, s->power) + s->end;
}

/* PyTorch's OneCycleLR with two phases; its last rate stays. */
static double one_cycle(const struct iso_schedule *s, double highest_rate, int64_t t)
{
    const double first = highest_rate / s->div_factor, last = first / s->final_div_factor;
    const double top = s->rise * (double)s->decay_steps - 1, end = (double)s->decay_steps - 1;
    const double at = (double)t < end ? (double)t : end;
    if (at <= top && top > 0)
        return half_wave(first, highest_rate, at / top);
    return half_wave(highest_rate, last, (at - top) / (end - top));
}

static double decayed(const struct iso_schedule *s, double initial, int64_t epoch_steps, int64_t t)
{
    switch (s->kind) {
    case ISO_RATE_INVERSE_TIME: return initial / (1 + s->decay_rate * decays(s, t));
    case ISO_RATE_STEPS:
        return initial * iso_exact_pow(s->decay_rate, (double)(t / epoch_steps / s->period));
    case ISO_RATE_EXPONENTIAL: return initial * iso_exact_pow(s->decay_rate, decays(s, t));
    case ISO_RATE_COSINE:
        return initial * half_wave(1, s->alpha, t < s->decay_steps ? decays(s, t) : 1);
    case ISO_RATE_RESTARTS: return annealed(s, initial, epoch_steps, t);
    case ISO_RATE_POLYNOMIAL: return polynomial(s, initial, t);
    case ISO_RATE_ONE_CYCLE: return one_cycle(s, initial, t);
    case ISO_RATE_CONSTANT:
    case ISO_RATE_PLATEAU: break;
    }
    return initial;
}

double iso_schedule_rate(const struct iso_schedule *s, double initial, int64_t epoch_steps,
                         uint64_t step)
{
    const int64_t t = (int64_t)step - s->warmup_steps;
    if (t >= 0)
        return decayed(s, initial, epoch_steps, t);
    const double share = (double)step / (double)s->warmup_steps;
    return s->warmup_from + (highest(s, initial) - s->warmup_from) * share;
}

double iso_training_rate(const struct iso_training *t, double reduced, int64_t epoch_steps,
                         uint64_t step)
{
    const double given = *iso_op_learning_rate(t->optimizer.op, t->optimizer.params);
    return iso_schedule_rate(&t->schedule, reduced > 0 ? reduced : given, epoch_steps, step);
}

double iso_training_rate_alone(const struct iso_training *t, uint64_t step)
{
    return iso_training_rate(t, 0, 1, step);
}

double iso_training_rate_used(const struct iso_training *t, double rate, uint64_t step)
{
    const struct iso_op_def *def = iso_ops[t->optimizer.op].def;
    return def->decayed != NULL ? def->decayed(t->optimizer.params, rate, step) : rate;
}
