/* measure_input.c: replaces `mean: auto` and `std: auto` of the input: section by numbers, also in
 * the model file's text, so that a run's own file does not need the data. */
#include "section.h"
#include "field.h"
#include "core/data/moments.h"

#include <stdlib.h>
#include <string.h>

enum { LIST = 32 * ISO_REALS }; /* bytes of a list's text */
static const char word[] = "auto";
static const double least_std = 1e-6; /* as of one that is written */

bool iso_model_measures(const struct iso_model *m)
{
    return m->images.mean.n == 0 || m->images.std.n == 0;
}

iso_rc iso_model_measured(const struct iso_model *m)
{
    if (!iso_model_measures(m))
        return ISO_OK;
    return iso_fail(ISO_EUSAGE,
                    "%s: mean: auto and std: auto are computed from the training data, "
                    "which was not read here; name the folder of a run, whose model file has the "
                    "numbers, or write them",
                    m->file);
}

/* ---- The word in the text -------------------------------------------------------------------- */

/* Returns where a location is in the text; columns count characters of UTF-8. */
static size_t offset_of(const struct iso_model *m, const struct iso_location *location)
{
    const char *at = m->text;
    for (int line = 1; line < location->line && at != NULL; line++) {
        at = strchr(at, '\n');
        at += at != NULL;
    }
    if (at == NULL)
        return m->text_size;
    for (int column = 1; column < location->column && *at; column++)
        for (at++; (*at & 0xc0) == 0x80;)
            at++;
    return (size_t)(at - m->text);
}

void iso_find_auto(struct iso_loader *l, const struct iso_yaml *input, const char *key,
                   const struct iso_reals *value, size_t *at)
{
    const struct iso_yaml *node = value->n == 0 ? iso_yaml_get(input, key) : NULL;
    if (node == NULL)
        return;
    if (l->written != NULL) /* node stands where the file has it, not the text with its changes */
        node = iso_yaml_get(iso_yaml_get(l->written->root, "input"), key);
    *at = offset_of(l->model, &node->location);
    if (strncmp(l->model->text + *at, word, sizeof word - 1) != 0)
        iso_faults_add(l->faults, node->location,
                       "input: %s: write  %s: auto  itself, as it will "
                       "be replaced by numbers in a run's model file",
                       key, key);
}

static iso_rc replace_word(struct iso_model *m, size_t at, const struct iso_reals *list)
{
    char buf[LIST];
    const char *text = iso_reals_text(list, buf, sizeof buf);
    const size_t n = strlen(text), gone = sizeof word - 1, rest = m->text_size - at - gone;
    char *larger = iso_alloc(m->text_size - gone + n + 1, 1);
    if (larger == NULL)
        return ISO_ENOMEM;
    memcpy(larger, m->text, at);
    memcpy(larger + at, text, n);
    memcpy(larger + at + n, m->text + at + gone, rest);
    free(m->text);
    m->text = larger;
    m->text_size = at + n + rest;
    return ISO_OK;
}

/* Replaces the later one first, so that the other stays where it is. */
static iso_rc replace_words(struct iso_model *m, bool mean, bool std)
{
    const size_t mean_at = m->mean_at, std_at = m->std_at;
    if (std && std_at > mean_at)
        ISO_TRY(replace_word(m, std_at, &m->images.std));
    if (mean)
        ISO_TRY(replace_word(m, mean_at, &m->images.mean));
    return std && std_at <= mean_at ? replace_word(m, std_at, &m->images.std) : ISO_OK;
}

/* ---- Numbers --------------------------------------------------------------------------------- */

static iso_rc no_deviation(const struct iso_model *m, int channel)
{
    return iso_fail(ISO_EDATA,
                    "%s: std: auto: channel %d (counted from 0) of the training images "
                    "has the same value everywhere, so that nothing can be divided by its "
                    "deviation; write numbers",
                    m->file, channel);
}

iso_rc iso_model_measure(struct iso_model *m, const struct iso_dataset *train,
                         iso_progress *progress)
{
    struct iso_gather_images *images = &m->images;
    const bool mean = images->mean.n == 0, std = images->std.n == 0;
    const bool channels = m->input.ndim == 4 && m->input.dim[3] <= ISO_REALS;
    struct iso_reals means = { .n = channels ? (int)m->input.dim[3] : 1 }, stds = means;
    if (!mean && !std)
        return ISO_OK;
    ISO_TRY(iso_dataset_moments(train, means.n, progress, means.v, stds.v));
    for (int c = 0; c < means.n; c++) {
        means.v[c] *= images->scale;
        stds.v[c] *= images->scale;
        if (std && !(stds.v[c] >= least_std))
            return no_deviation(m, c);
    }
    images->mean = mean ? means : images->mean;
    images->std = std ? stds : images->std;
    iso_settle_value_ranges(m);
    return replace_words(m, mean, std);
}
