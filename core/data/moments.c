#include "moments.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 64 }; /* rows that a thread sums at a time */

struct sums {
    uint64_t s1[ISO_REALS], s2[ISO_REALS];
};
struct moments {
    const struct iso_dataset *set;
    int channels;
    pthread_mutex_t lock; /* protects all */
    struct sums all;
};

static void add_image(const uint8_t *image, size_t n, int channels, struct sums *sums)
{
    for (size_t i = 0; i < n; i++) {
        const size_t c = i % (size_t)channels;
        sums->s1[c] += image[i];
        sums->s2[c] += (uint64_t)image[i] * image[i];
    }
}

static iso_rc add_rows(const struct moments *m, int64_t first, uint8_t *image, struct sums *sums)
{
    const int64_t end = first + ROWS < m->set->rows ? first + ROWS : m->set->rows;
    const size_t n = iso_dataset_image_bytes(m->set);
    for (int64_t row = first; row < end; row++) {
        ISO_TRY(iso_dataset_image(m->set, row, image));
        add_image(image, n, m->channels, sums);
    }
    return ISO_OK;
}

static iso_rc add_unit(void *data, int64_t unit)
{
    struct moments *m = data;
    struct sums sums = { { 0 }, { 0 } };
    uint8_t *image = iso_alloc(iso_dataset_image_bytes(m->set), 1);
    const iso_rc rc = image != NULL ? add_rows(m, unit * ROWS, image, &sums) : ISO_ENOMEM;
    free(image);
    pthread_mutex_lock(&m->lock);
    for (int c = 0; c < m->channels; c++) {
        m->all.s1[c] += sums.s1[c];
        m->all.s2[c] += sums.s2[c];
    }
    pthread_mutex_unlock(&m->lock);
    return rc;
}

/* (The difference of squares is one fma, so that no compiler rounds it in another way.) */
static void conclude(const struct sums *sums, uint64_t n, int channels, double *mean, double *std)
{
    for (int c = 0; c < channels; c++) {
        const uint64_t s1 = sums->s1[c], k = s1 / n;
        const double f = (double)(s1 - k * n) / (double)n;
        const double squares = (double)(sums->s2[c] + k * k * n - 2 * k * s1) / (double)n;
        const double variance = fma(-f, f, squares);
        mean[c] = (double)k + f;
        std[c] = variance > 0 ? sqrt(variance) : 0;
    }
}

iso_rc iso_dataset_moments(const struct iso_dataset *set, int channels, iso_progress *progress,
                           double mean[ISO_REALS], double std[ISO_REALS])
{
    struct moments m = { .set = set, .channels = channels };
    const uint64_t bytes = (uint64_t)set->rows * iso_dataset_image_bytes(set);
    pthread_mutex_init(&m.lock, NULL);
    const iso_rc rc =
        iso_workers_run((set->rows + ROWS - 1) / ROWS, set->threads, add_unit, &m, progress);
    pthread_mutex_destroy(&m.lock);
    if (rc == ISO_OK)
        conclude(&m.all, bytes / (uint64_t)channels, channels, mean, std);
    return rc;
}
