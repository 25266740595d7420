#include "training_key.h"

#include "core/system/sha256.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void add(struct iso_sha256 *sum, const char *fmt, ...) ISO_PRINTF(2, 3);
static void add(struct iso_sha256 *sum, const char *fmt, ...)
{
    char line[1024];
    va_list arguments;
    va_start(arguments, fmt);
    const int n = vsnprintf(line, sizeof line, fmt, arguments);
    va_end(arguments);
    iso_sha256_add(sum, line, n < (int)sizeof line ? (size_t)n : sizeof line - 1);
}

/* Adds what a split holds. Images that stay on disk have no sum yet. */
static iso_rc add_data(struct iso_sha256 *sum, const struct iso_about *about, int which)
{
    const struct iso_dataset *data = about->data[which];
    const struct iso_data_sums *sums = &about->sums[which];
    char images[65];
    strcpy(images, sums->images);
    if (!*images)
        ISO_TRY(iso_data_images_sha256(data, images));
    add(sum, "%s %s %s %lld\n", iso_about_splits[which], images, sums->labels,
        (long long)data->rows);
    return ISO_OK;
}

iso_rc iso_training_key(const struct iso_trainer *t, char hex[65])
{
    const struct iso_run_settings *s = &t->settings;
    struct iso_sha256 sum;
    char model[65];
    ISO_TRY(iso_model_sha256(t->job.model, model));
    iso_sha256_init(&sum);
    add(&sum,
        "arithmetic %d\nmodel %s\nseed %llu\nbatch %lld\nlimit %lld\nepochs %lld\nsteps %lld\n",
        ISO_ARITH_VERSION, model, (unsigned long long)s->seed, (long long)s->batch,
        (long long)s->limit, (long long)s->epochs, (long long)s->steps);
    add(&sum, "mode %s\n", s->fast ? t->job.backend->device.id : "exact");
    for (int i = 0; i < 2; i++)
        if (t->about.data[i] != NULL)
            ISO_TRY(add_data(&sum, &t->about, i));
    iso_sha256_hex(&sum, hex);
    return ISO_OK;
}
