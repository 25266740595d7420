/* class_map.h: the classes that a model tells apart, made of those that a data set has: some of
 * them, renumbered, or several as one. */
#ifndef ISO_CLASS_MAP_H
#define ISO_CLASS_MAP_H
#include "dataset.h"

struct iso_class_map {
    int classes; /* from 1 */
    int n;
    struct iso_class_member {
        char name[ISO_CLASS_NAME]; /* of a class of the data set; its number where it has no
                                      names */
        int class;                 /* that it belongs to, in [0, classes) */
    } member[];                    /* each name once; by class, ascending */
};
/* Gives every row the class that its own is a member of, and drops the rows of classes that are
 * members of none; the classes get names. Fails with ISO_EDATA where no row is left, or the
 * set has no such class, unless some_may_lack and the set names its classes. */
iso_rc iso_class_map_apply(const struct iso_class_map *, bool some_may_lack, struct iso_dataset *);
/* names[classes]: those of the members of each, "3" or "cat+bird", cut off where they are many. */
void iso_class_map_names(const struct iso_class_map *, char (*names)[ISO_CLASS_NAME]);
/* True if both make the same classes of a data set; NULL: as it has them. */
bool iso_class_map_equal(const struct iso_class_map *, const struct iso_class_map *);
/* "[[0, 1], 2]", cut off after n - 1 bytes. Returns buf. */
const char *iso_class_map_text(const struct iso_class_map *, char *buf, size_t n);
#endif
