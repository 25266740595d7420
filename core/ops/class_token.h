/* class_token.h: the pixels of an image as tokens, with a learned one before them:
 * y [rows, 1, 1 + height width, channels]. */
#ifndef ISO_OP_CLASS_TOKEN_H
#define ISO_OP_CLASS_TOKEN_H
#include "core/iso.h"
struct iso_class_token { /* w: token [channels] */
    struct iso_initializer initializer;
    struct iso_regularizer regularizer;
};
#endif
