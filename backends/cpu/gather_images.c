/* gather_images.c: y[r] = data[order[first + r]] * factor + offset, which each channel has. */
#include "core/ops/gather_images.h"
#include "elements.h"

/* Factors and offsets are repeated for this number of pixels, so that loops need not count
 * channels. With more than ISO_REALS channels all are the same. */
enum { PIXELS = 16, MOST = PIXELS * ISO_REALS };

struct work {
    const uint8_t *data;
    const int32_t *order;
    float *y, factor[MOST], offset[MOST];
    int64_t rows, size, unit_rows; /* size: elements of an image */
    int64_t channels;              /* at most ISO_REALS; 1 where all are the same */
    bool reverse;
};

static void convert(const uint8_t *restrict x, const float *restrict factor,
                    const float *restrict offset, int64_t n, float *restrict y)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = iso_pixel((float)x[i], factor[i], offset[i]);
}

/* Whole pixels with their channels the other way round. */
static const uint8_t *reversed(const uint8_t *x, int64_t channels, int64_t n, uint8_t *out)
{
    for (int64_t i = 0; i < n; i += channels)
        for (int64_t c = 0; c < channels; c++)
            out[i + c] = x[i + channels - 1 - c];
    return out;
}

static void convert_image(const struct work *w, const uint8_t *x, float *y)
{
    const int64_t piece = PIXELS * w->channels;
    uint8_t turned[MOST];
    for (int64_t i = 0; i < w->size; i += piece) {
        const int64_t n = iso_min64(piece, w->size - i);
        convert(w->reverse ? reversed(x + i, w->channels, n, turned) : x + i, w->factor, w->offset,
                n, y + i);
    }
}

static void gather(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, w->unit_rows, w->rows);
    (void)thread;
    for (int64_t r = range.begin; r < range.end; r++)
        convert_image(w, w->data + w->order[r] * w->size, w->y + r * w->size);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_gather_images *p = call->params;
    const struct iso_shape *shape = &call->y[0].shape;
    const int64_t rows = shape->dim[0], size = iso_shape_count(shape) / rows;
    const int64_t channels = shape->dim[shape->ndim - 1];
    struct work work = {
        .data = iso_cpu_u8(&call->x[0]),
        .order = iso_cpu_i32(&call->x[1]) + call->first,
        .y = iso_cpu_f32(&call->y[0]),
        .rows = rows,
        .size = size,
        .unit_rows = iso_cpu_unit_rows(size),
        .channels = channels > ISO_REALS ? 1 : channels,
        .reverse = p->reverse,
    };
    for (int64_t i = 0; i < PIXELS * work.channels; i++) {
        work.factor[i] = (float)call->scalars[i % work.channels];
        work.offset[i] = (float)call->scalars[ISO_REALS + i % work.channels];
    }
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(rows, work.unit_rows), gather, &work);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(gather_images) = { .forward = forward };
