/* crossentropy.h: definitions shared by the cross-entropies. Softmax:
 *
 *   m = max z, s = sum exp(z - m), p = exp(z - m) / s, l = (z - m) - log s
 *   loss of a row = -sum t l;  dz = weight of the row (p sum t - t) / rows
 *
 * and sigmoid, a pointwise loss of p = 1 / (1 + exp(-z)):
 *
 *   f = -(t log p + (1 - t) log(1 - p)),  f' by z = p - t
 *
 * They may clip, as Keras does for probabilities: logarithms are clamped to [log clip, log(1 -
 * clip)], and if p lies outside [clip, 1 - clip], the gradient takes t as 0 after softmax, and is 0
 * after a sigmoid. Smoothing replaces t by t (1 - smoothing) + smoothing / n, with n the number of
 * classes, which is 2 after a sigmoid. x: logits, target (one-hot, or sparse: the class), weights;
 * y: probabilities, mean loss; dx[0]: d logits (loss.h). */
#ifndef ISO_OP_CROSSENTROPY_H
#define ISO_OP_CROSSENTROPY_H
#include "loss.h"
struct iso_crossentropy {
    double clip, label_smoothing; /* 0: none; sparse and kl_divergence have neither */
    bool from_logits;             /* the network ends in logits: core takes care of it */
};
/* A row of a field table: `from_logits` in the struct `type`. */
#define ISO_FROM_LOGITS_FIELD(type)                                                            \
    {                                                                                          \
        "from_logits", ISO_FIELD_BOOL, offsetof(type, from_logits), "false", 0, 0, NULL,       \
            "true: the last layer has no activation, as is usual in PyTorch: the loss has it " \
            "instead, and isocl predicts, and exports to ONNX and C, probabilities as before"  \
    }
/* Scalars: clip, 1 - smoothing, and half the smoothing (sigmoid) or all of it. */
enum { ISO_CROSSENTROPY_CLIP, ISO_CROSSENTROPY_KEEP, ISO_CROSSENTROPY_EXTRA };
enum { ISO_CROSSENTROPY_FLOPS = 30 }; /* per element, for the cost */
extern const struct iso_field iso_crossentropy_fields[];
/* Only from_logits, in the same struct. */
extern const struct iso_field iso_from_logits_fields[];
/* The sums of the losses that absorb a softmax and have a target for each class. */
extern const struct iso_sum_def iso_class_loss_sums[];
/* Shared by the cross-entropies whose targets have a number for each class. */
iso_rc iso_crossentropy_infer(const void *params, const struct iso_shape *x,
                              struct iso_shapes *out);
void iso_crossentropy_cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                           struct iso_cost *out);
void iso_crossentropy_scalars(const void *params, uint64_t step, double out[ISO_SCALARS]);
#endif
