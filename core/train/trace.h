/* trace.h: writes every tensor of some training steps to one safetensors file, so that any other
 * program can check them. Names, each with @S for step S from 0: input  target  loss  <layer>/y
 * <layer>/mask  d/<layer>/y  d/<layer>/<weight> d/<layer>/logits   in place of d/<layer>/y if
 * softmax and loss are one op <layer>/<weight>  <layer>/<weight>/<slot>   before step S: N steps
 * leave N + 1 of each Everything is float32 (a mask is 0 or 1, the loss has shape []); a target of
 * classes is int32. Any NaN is written as 0x7fc00000. */
#ifndef ISO_TRACE_H
#define ISO_TRACE_H
#include "batches.h"

/* Runs the steps from the current weights and writes path. The executor must have been made with
 * keep_all. If it was not made for training, a step is a forward pass as after training: there are
 * no gradients and slots, and the weights stay as they are. Sets *tensors, unless it is NULL, to
 * the number of tensors. */
iso_rc iso_trace(struct iso_exec *, struct iso_batches *, int64_t steps, const char *path,
                 int64_t *tensors);
#endif
