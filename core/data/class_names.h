/* class_names.h: the names of a data set's classes, kept with a run, so that predicting later does
 * not need the data. */
#ifndef ISO_CLASS_NAMES_H
#define ISO_CLASS_NAMES_H
#include "class_map.h"

/* Writes folder/classes.txt, a line for each class (name_lines.h). names NULL: writes nothing. */
iso_rc iso_class_names_save(const char *folder, char (*names)[ISO_CLASS_NAME], int classes);
/* Reads the file into *out, [classes], which the caller frees; NULL if there is no such file. A
 * class that it does not name is "". Fails with ISO_EDATA if it has more lines. */
iso_rc iso_class_names_load(const char *folder, int classes, char (**out)[ISO_CLASS_NAME]);
#endif
