/* prediction_source.c: where the rows of a prediction come from, and when it ends early. */
#include "prediction.h"
#include "interrupt.h"

#include <stdio.h>

const char *iso_prediction_source(const struct prediction *p, char *buf, size_t n)
{
    const struct iso_dataset *d = p->opened.job.data[1];
    if (p->opened.images.n > 0)
        snprintf(buf, n, "%lld image%s", (long long)d->rows, d->rows == 1 ? "" : "s");
    else
        snprintf(buf, n, "%s, %s", d->name, d->split);
    return buf;
}

iso_rc iso_prediction_stopped(const struct prediction *p, int64_t row)
{
    if (!iso_interrupted)
        return ISO_OK;
    return iso_fail(ISO_EIO, "stopped after row %lld of %lld; the file is not written",
                    (long long)row, (long long)p->opened.job.data[1]->rows);
}

bool iso_prediction_of_files(const struct prediction *p)
{
    const struct iso_dataset *d = p->opened.job.data[1];
    return p->opened.images.n > 0 || d->row_files || (d->row_names.n == 0 && d->disk != NULL);
}
