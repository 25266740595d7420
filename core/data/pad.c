#include "pad.h"
#include "disk.h"
#include "frame.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_SIDE = 4096 };

static iso_rc check(const struct iso_dataset *set, int64_t height, int64_t width, int64_t repeat)
{
    if (repeat > 1 && set->channels != 1)
        return iso_fail(ISO_EDATA,
                        "data set '%s' has images of %d channels; `input: "
                        "{repeat_channels:}` is for grey ones",
                        set->name, set->channels);
    if (set->flat)
        return iso_fail(ISO_EDATA,
                        "data set '%s' has rows of %d numbers, which fit no image that "
                        "the model's input could be padded from",
                        set->name, set->width);
    if (height > MOST_SIDE || width > MOST_SIDE)
        return iso_fail(ISO_EDATA,
                        "data set '%s': padded images of %lldx%lld; sides of at most %d "
                        "can be used",
                        set->name, (long long)height, (long long)width, MOST_SIDE);
    return ISO_OK;
}

static iso_rc pad_images(const struct iso_image_frame *frame, struct iso_dataset *set)
{
    const int64_t size = frame->height * frame->width * frame->channels;
    const int64_t framed = iso_image_frame_bytes(frame);
    uint8_t *images = iso_alloc((size_t)set->rows, (size_t)framed);
    if (images == NULL)
        return ISO_ENOMEM;
    for (int64_t i = 0; i < set->rows; i++) {
        memcpy(images + (i + 1) * framed - size, set->images + i * size, (size_t)size);
        iso_image_frame_put(frame, images + i * framed);
    }
    free(set->images);
    set->images = images;
    return ISO_OK;
}

iso_rc iso_dataset_pad(struct iso_dataset *set, const int64_t pad[4], int64_t repeat)
{
    const int64_t height = set->height + pad[0] + pad[1], width = set->width + pad[2] + pad[3];
    const struct iso_image_frame frame = {
        set->height, set->width, set->channels, { pad[0], pad[1], pad[2], pad[3] }, repeat
    };
    if (height == set->height && width == set->width && repeat == 1)
        return ISO_OK;
    ISO_TRY(check(set, height, width, repeat));
    if (set->disk != NULL)
        iso_disk_frame(set->disk, &frame);
    else
        ISO_TRY(pad_images(&frame, set));
    set->height = (int)height;
    set->width = (int)width;
    set->channels *= (int)repeat;
    return ISO_OK;
}
