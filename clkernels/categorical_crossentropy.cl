/* categorical_crossentropy.cl: softmax and cross-entropy against one-hot targets. */
#include "common.h"
#include "class_loss.h"

CLASS_LOSS(categorical_crossentropy, iso_crossentropy_class_add, iso_clip_target)
