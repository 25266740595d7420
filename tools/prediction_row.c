/* prediction_row.c: what the rows of a prediction are called. */
#include "prediction.h"

#include <stdio.h>
#include <string.h>

int64_t iso_prediction_number(const struct prediction *p, int64_t row)
{
    return p->opened.numbers != NULL ? p->opened.numbers[row] : row;
}

const char *iso_prediction_name(const struct prediction *p, int64_t row, char buf[ISO_PATH])
{
    if (p->opened.images.n > 0)
        return p->opened.images.name[row];
    return iso_dataset_row_name(p->opened.job.data[1], row, buf, ISO_PATH);
}

const char *iso_prediction_row(const struct prediction *p, int64_t row, int64_t first,
                               char buf[ISO_PATH])
{
    const char *name = iso_prediction_name(p, row, buf);
    if (name != NULL)
        return name;
    snprintf(buf, ISO_PATH, "%lld", (long long)(iso_prediction_number(p, row) + first));
    return buf;
}

const char *iso_prediction_heading(const struct prediction *p)
{
    char buf[ISO_PATH];
    return iso_prediction_name(p, 0, buf) == NULL ? "row"
           : iso_prediction_of_files(p)           ? "image"
                                                  : "id";
}

const char *iso_prediction_in_table(const struct prediction *p, const char *name)
{
    const char *at = iso_path_base(name);
    if (p->opened.images.n > 0 || !iso_prediction_of_files(p) || at - name < 2)
        return name;
    for (at--; at > name && at[-1] != '/'; at--)
        ;
    return at;
}

void iso_prediction_cell(FILE *f, const char *cell)
{
    if (strpbrk(cell, ",\"\r\n") == NULL) {
        fputs(cell, f);
        return;
    }
    fputc('"', f);
    for (; *cell; cell++)
        fprintf(f, *cell == '"' ? "\"%c" : "%c", *cell);
    fputc('"', f);
}
