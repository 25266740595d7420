/* image_table.h (private): a text file that says which images a folder has, and of which class each
 * is. */
#ifndef ISO_IMAGE_TABLE_H
#define ISO_IMAGE_TABLE_H
#include "image_files.h"

/* Lists the images that the request's table names, in the order of its lines. The table is searched
 * like a file of data (folders.h), and then in the folder. Its first line may name the columns.
 * Entries are paths in the folder, or whole ones; what file_suffix says follows them. Gives the set
 * its rows and classes, as csv.c does, and, unless the request can do without and there is no
 * column for them, its labels. The caller frees *out, or hands it on; it is set only on success. */
iso_rc iso_image_table_list(const struct iso_dataset_request *, const char *folder,
                            struct iso_dataset *, struct iso_image_files *out);
#endif
