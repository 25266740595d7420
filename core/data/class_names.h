/* class_names.h: the names of a data set's classes, kept with a run: who predicts later need not
 * have the data. */
#ifndef ISO_CLASS_NAMES_H
#define ISO_CLASS_NAMES_H
#include "class_map.h"

/* Writes folder/classes.txt, a line for each class; in a name, a backslash is \\ and the end of a
 * line \n. names NULL: nothing is written. */
iso_rc iso_class_names_save(const char *folder, char (*names)[ISO_CLASS_NAME], int classes);
/* Reads it; *out, [classes], is the caller's to free, and NULL where there is no such file. What
 * it does not name is "". Fails with ISO_EDATA where it has more lines. */
iso_rc iso_class_names_load(const char *folder, int classes, char (**out)[ISO_CLASS_NAME]);
#endif
