/* class_map.h: maps the classes of a data set to those of a model: selects and renumbers them, or
 * merges several into one. */
#ifndef ISO_CLASS_MAP_H
#define ISO_CLASS_MAP_H
#include "dataset.h"

struct iso_class_map {
    int classes; /* from 1 */
    int n;
    struct iso_class_member {
        char name[ISO_CLASS_NAME]; /* name of a class of the data set, or its number if classes have
                                      no names */
        int class;                 /* the model's class, in [0, classes) */
    } member[];                    /* each name once; by class, ascending */
};
/* Replaces the class of every row by the one it is a member of, drops the rows of other classes,
 * and names the new classes. Fails with ISO_EDATA if no row is left, or if a member is not a class
 * of the set, unless some_may_lack is true and the set names its classes. */
iso_rc iso_class_map_apply(const struct iso_class_map *, bool some_may_lack, struct iso_dataset *);
/* Writes names[classes], made of the names of each class's members, "3" or "cat+bird", truncated if
 * they are too long. */
void iso_class_map_names(const struct iso_class_map *, char (*names)[ISO_CLASS_NAME]);
/* Returns true if both make the same classes of a data set; NULL stands for the set's own classes.
 */
bool iso_class_map_equal(const struct iso_class_map *, const struct iso_class_map *);
/* Writes "[[0, 1], 2]", truncated to n bytes, into buf and returns buf. */
const char *iso_class_map_text(const struct iso_class_map *, char *buf, size_t n);
#endif
