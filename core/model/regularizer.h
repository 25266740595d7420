/* regularizer.h: what a model file calls the penalties on the size of weights. */
#ifndef ISO_REGULARIZER_H
#define ISO_REGULARIZER_H
#include "field.h"
/* fields describe struct iso_regularizer. */
enum iso_regularizer_kind {
    ISO_REGULARIZE_NONE,
    ISO_REGULARIZE_L1,
    ISO_REGULARIZE_L2,
    ISO_REGULARIZE_L1_L2,
    ISO_REGULARIZERS
};
extern const struct iso_named_doc iso_regularizer_docs[ISO_REGULARIZERS];
/* The name under which a regularizer can be written down. */
enum iso_regularizer_kind iso_regularizer_kind(const struct iso_regularizer *);
#endif
