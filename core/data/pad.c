#include "pad.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_SIDE = 4096 };

/* An image into the frame at `to`, which is zero. */
static void place(const struct iso_dataset *set, const uint8_t *from, const int64_t pad[4],
                  int64_t repeat, uint8_t *to)
{
    const int64_t row = (int64_t)set->width * set->channels;
    const int64_t wide = (set->width + pad[2] + pad[3]) * set->channels * repeat;
    to += pad[0] * wide + pad[2] * set->channels * repeat;
    for (int y = 0; y < set->height; y++, from += row, to += wide)
        for (int64_t i = 0; i < row; i++)
            memset(to + i * repeat, from[i], (size_t)repeat);
}

static iso_rc check(const struct iso_dataset *set, int64_t height, int64_t width, int64_t repeat)
{
    if (repeat > 1 && set->channels != 1)
        return iso_fail(ISO_EDATA, "data set '%s' has images of %d channels; `input: "
                        "{repeat_channels:}` is for grey ones", set->name, set->channels);
    if (set->flat)
        return iso_fail(ISO_EDATA, "data set '%s' has rows of %d numbers, which fit no image that "
                        "the model's input could be padded from", set->name, set->width);
    if (height > MOST_SIDE || width > MOST_SIDE)
        return iso_fail(ISO_EDATA, "data set '%s': padded images of %lldx%lld; sides of at most %d "
                        "can be used", set->name, (long long)height, (long long)width, MOST_SIDE);
    return ISO_OK;
}

iso_rc iso_dataset_pad(struct iso_dataset *set, const int64_t pad[4], int64_t repeat)
{
    const int64_t height = set->height + pad[0] + pad[1], width = set->width + pad[2] + pad[3];
    const int64_t size = (int64_t)set->height * set->width * set->channels;
    if (height == set->height && width == set->width && repeat == 1)
        return ISO_OK;
    ISO_TRY(check(set, height, width, repeat));
    const int64_t padded = height * width * set->channels * repeat;
    uint8_t *images = iso_alloc((size_t)set->rows, (size_t)padded);
    if (!images)
        return ISO_ENOMEM;
    for (int64_t i = 0; i < set->rows; i++)
        place(set, set->images + i * size, pad, repeat, images + i * padded);
    free(set->images);
    set->images = images;
    set->height = (int)height;
    set->width = (int)width;
    set->channels *= (int)repeat;
    return ISO_OK;
}
