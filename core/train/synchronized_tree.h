/* synchronized_tree.h (private): sums over the shards of a step, added in the balanced tree.
 * synchronized_float.c and synchronized_double.c include it, once each, and define the names that
 * its functions have. */
#include "synchronized_sums.h"
#include "core/arithmetic/formulas.h"

/* Returns a shard's number: which of its two, of this channel. */
static iso_real number_of(const struct iso_shard_sums *s, int shard, int which, int64_t channel)
{
    const iso_real *numbers = s->numbers;
    return numbers[(2 * shard + which) * s->channels + channel];
}

/* Returns the squares of a shard about the mean of the step. */
static iso_real square_of(const struct iso_shard_sums *s, int shard, int64_t channel, iso_real mean)
{
    iso_real rows = (iso_real)(shard + 1 < s->shards ? s->shard_rows : s->last_rows);
    iso_real own = iso_bn_block_mean(number_of(s, shard, 0, channel), rows);
    return iso_bn_block_square(own, number_of(s, shard, 1, channel), rows, mean);
}

/* Numbers of a channel that the tree adds: one of the two of each shard, or its squares about the
 * mean of the step. */
struct term {
    int64_t channel;
    int which; /* index of the number */
    bool squares;
    iso_real mean;
};

static iso_real leaf(const struct iso_shard_sums *s, int shard, const struct term *t)
{
    return t->squares ? square_of(s, shard, t->channel, t->mean)
                      : number_of(s, shard, t->which, t->channel);
}

/* Returns a node of the tree, over shards [first, first + size), of which the first has rows. */
static iso_real add(const struct iso_shard_sums *s, int first, int size, const struct term *t)
{
    if (size == 1)
        return leaf(s, first, t);
    iso_real left = add(s, first, size / 2, t);
    if (first + size / 2 >= s->shards)
        return left;
    return iso_add(left, add(s, first + size / 2, size / 2, t));
}

static iso_real add_numbers(const struct iso_shard_sums *s, int which, int64_t channel)
{
    const struct term t = { .channel = channel, .which = which };
    return add(s, 0, s->tree, &t);
}

static iso_real add_squares(const struct iso_shard_sums *s, int64_t channel, iso_real mean)
{
    const struct term t = { .channel = channel, .squares = true, .mean = mean };
    return add(s, 0, s->tree, &t);
}

void ISO_SYNCHRONIZE(statistics)(const struct iso_shard_sums *s, void *total, void *given)
{
    iso_real *sums = total, *statistics = given, rows = (iso_real)s->rows;
    for (int64_t c = 0; c < s->channels; c++) {
        iso_real sum = add_numbers(s, 0, c), mean = iso_div(sum, rows);
        iso_real square = add_squares(s, c, mean);
        sums[c] = sum;
        sums[s->channels + c] = square;
        statistics[c] = mean;
        statistics[s->channels + c] = iso_div(square, rows);
    }
}

void ISO_SYNCHRONIZE(gradients)(const struct iso_shard_sums *s, const void *inverse, void *given)
{
    const iso_real *inverses = inverse;
    iso_real *terms = given, rows = (iso_real)s->rows;
    for (int64_t c = 0; c < s->channels; c++) {
        iso_real dgamma = add_numbers(s, 0, c);
        iso_real dbeta = add_numbers(s, 1, c);
        terms[c] = iso_bn_offset(dbeta, rows);
        terms[s->channels + c] = iso_bn_total_slope(dgamma, inverses[c], rows);
    }
}
