/* channel_shuffle.h: the channels of `groups` groups dealt out in turns:
 * y[..., j groups + i] = x[..., i size + j], where size is a group's number of channels. */
#ifndef ISO_OP_CHANNEL_SHUFFLE_H
#define ISO_OP_CHANNEL_SHUFFLE_H
#include "core/iso.h"
struct iso_channel_shuffle {
    int64_t groups;
};
#endif
