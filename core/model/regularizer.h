/* regularizer.h: the names of the penalties on weights in a model file. */
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
/* Returns the kind, and so the name, with which a regularizer can be written in a model file. */
enum iso_regularizer_kind iso_regularizer_kind(const struct iso_regularizer *);
#endif
