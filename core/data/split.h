/* split.h: what the splits of a data set are called. */
#ifndef ISO_SPLIT_H
#define ISO_SPLIT_H
#include "core/text/names.h"

enum iso_split { ISO_SPLIT_TRAIN, ISO_SPLIT_VALIDATION, ISO_SPLIT_TEST, ISO_SPLITS };
enum { ISO_SPLIT_NAME = 64 };
/* Their names: train, validation, test; ends with NULL. */
extern const char *const iso_split_names[ISO_SPLITS + 1];
/* Finds the split that is called so in any case, such as val, Valid or TRAIN. Returns -1 where
 * there is none. */
int iso_split_find(const char *text);

/* The names that a source has for its splits. */
struct iso_splits {
    bool one;                              /* it is one split, without a name */
    char name[ISO_SPLITS][ISO_SPLIT_NAME]; /* "" for those it does not have */
};
/* Takes those from the names that are made of the name of a split, in any case, between what they
 * begin and end with. Of two for one split the first counts. */
void iso_splits_take(const struct iso_names *, const char *begin, const char *end,
                     struct iso_splits *);
/* Returns that of the names which is begin, split and end, in any case, or NULL. */
const char *iso_splits_member(const struct iso_names *, const char *begin, const char *split,
                              const char *end);
/* Finds the split that is wanted: -1 for the only one. Fails with ISO_EDATA where the source,
 * called `what` in the message, has none of that name, or where none is wanted by name and it has
 * several. */
iso_rc iso_splits_choose(const struct iso_splits *, const char *what, int wanted, int *out);
#endif
