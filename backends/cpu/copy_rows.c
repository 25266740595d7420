/* copy_rows.c: copies of rows. */
#include "copy_rows.h"

struct work {
    const struct iso_row_copy *c;
    int64_t unit_rows;
};

static void copy(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_row_copy *c = w->c;
    const struct iso_range range = iso_cpu_range(unit, w->unit_rows, c->images * c->rows);
    (void)thread;
    for (int64_t i = range.begin; i < range.end; i++) {
        const int64_t image = i / c->rows, row = i % c->rows;
        iso_cpu_store(c->to + image * c->to_image + row * c->to_row,
                      c->from + image * c->from_image + row * c->from_row, c->width, c->add);
    }
}

void ISO_CPU(copy_rows)(struct iso_backend *backend, const struct iso_row_copy *c)
{
    struct work work = { c, iso_cpu_unit_rows(c->width) };
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(c->images * c->rows, work.unit_rows), copy,
                 &work);
}
