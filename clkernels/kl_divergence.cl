/* kl_divergence.cl: softmax and the divergence from a distribution. */
#include "common.h"
#include "class_loss.h"

CLASS_LOSS(kl_divergence, iso_divergence_class_add, iso_divergence_kept)
