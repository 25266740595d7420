/* categorical_focal_crossentropy.cl: softmax and focal cross-entropy against one-hot targets. */
#include "common.h"
#include "class_loss.h"

CLASS_LOSS(categorical_focal_crossentropy, iso_focal_class_add, iso_focal_kept)
