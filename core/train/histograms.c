#include "histograms.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char name[] = "histograms.csv";

int64_t iso_histogram(const float *numbers, int64_t n, double *least, double *largest,
                      int64_t bins[ISO_HISTOGRAM_BINS])
{
    int64_t count = 0;
    double low = INFINITY, high = -INFINITY;
    memset(bins, 0, ISO_HISTOGRAM_BINS * sizeof *bins);
    for (int64_t i = 0; i < n; i++)
        if (isfinite(numbers[i])) {
            low = fmin(low, (double)numbers[i]);
            high = fmax(high, (double)numbers[i]);
            count++;
        }
    const double scale = high > low ? ISO_HISTOGRAM_BINS / (high - low) : 0;
    for (int64_t i = 0; i < n; i++)
        if (isfinite(numbers[i])) {
            const int bin = (int)(((double)numbers[i] - low) * scale);
            bins[bin < ISO_HISTOGRAM_BINS ? bin : ISO_HISTOGRAM_BINS - 1]++;
        }
    *least = count > 0 ? low : 0;
    *largest = count > 0 ? high : 0;
    return count;
}

static void put_line(FILE *out, int64_t epoch, const char *tensor, const float *numbers, int64_t n)
{
    int64_t bins[ISO_HISTOGRAM_BINS];
    double least, largest;
    const int64_t count = iso_histogram(numbers, n, &least, &largest, bins);
    fprintf(out, "%lld,%s,%lld,%.9g,%.9g", (long long)epoch, tensor, (long long)count, least,
            largest);
    for (int i = 0; i < ISO_HISTOGRAM_BINS; i++)
        fprintf(out, ",%lld", (long long)bins[i]);
    fputc('\n', out);
}

/* Puts nothing where the executor has no such tensor: the gradient of a frozen weight. */
static iso_rc put_tensor(FILE *out, struct iso_exec *exec, int64_t epoch, const char *tensor)
{
    struct iso_tensor t;
    if (!iso_exec_tensor(exec, tensor, &t))
        return ISO_OK;
    const int64_t n = iso_shape_count(&t.shape);
    float *numbers = iso_alloc((size_t)n, sizeof *numbers);
    if (numbers == NULL)
        return ISO_ENOMEM;
    const iso_rc rc = iso_tensor_read_f32(iso_exec_backend(exec), &t, numbers);
    if (rc == ISO_OK)
        put_line(out, epoch, tensor, numbers, n);
    free(numbers);
    return rc;
}

static iso_rc put_epoch(FILE *out, struct iso_exec *exec, int64_t epoch)
{
    for (int i = 0; i < iso_exec_nweights(exec); i++) {
        char gradient[ISO_NAME + 2];
        snprintf(gradient, sizeof gradient, "d/%.*s", ISO_NAME - 1, iso_exec_weight(exec, i));
        ISO_TRY(put_tensor(out, exec, epoch, gradient + 2));
        ISO_TRY(put_tensor(out, exec, epoch, gradient));
    }
    return ISO_OK;
}

iso_rc iso_histograms_add(const char *folder, struct iso_exec *exec, int64_t epoch)
{
    char path[ISO_PATH];
    ISO_TRY(iso_path(path, folder, name));
    FILE *out = fopen(path, "ab");
    if (out == NULL)
        return iso_file_fail("write", path);
    if (fseek(out, 0, SEEK_END) == 0 && ftell(out) == 0) {
        fputs("epoch,tensor,count,least,largest", out);
        for (int i = 0; i < ISO_HISTOGRAM_BINS; i++)
            fprintf(out, ",bin_%d", i);
        fputc('\n', out);
    }
    const iso_rc rc = put_epoch(out, exec, epoch);
    const bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed)
        return rc == ISO_OK ? iso_file_fail("write", path) : rc;
    return rc;
}

iso_rc iso_histograms_keep(const char *folder, int64_t keep)
{
    char path[ISO_PATH], *text = NULL;
    size_t n = 0;
    ISO_TRY(iso_path(path, folder, name));
    if (access(path, F_OK) != 0)
        return ISO_OK;
    ISO_TRY(iso_file_read(path, &text, &n));
    char *line = strchr(text, '\n'), *end;
    while (line != NULL && (end = strchr(line + 1, '\n')) != NULL &&
           strtoll(line + 1, NULL, 10) <= keep)
        line = end;
    n = line != NULL ? (size_t)(line + 1 - text) : 0;
    const iso_rc rc = iso_file_write(path, text, n);
    free(text);
    return rc;
}
