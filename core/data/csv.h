/* csv.h: data sets in text files, a line for each image: its label, and its pixels. */
#ifndef ISO_CSV_H
#define ISO_CSV_H
#include "dataset.h"

/* Reads a file. Fields are separated by commas, semicolons or tabs, whichever the first line has
 * first; they may stand in quotes. The first line may name the columns. The label's column is the
 * label_column of the options, by name or by number from 0; "": the one called label, and without
 * names the first. All others are pixels, whole numbers from 0 to 255. Labels are class numbers
 * from 0, or names of classes where the request lists the classes. */
extern const struct iso_source_fields iso_csv_fields;
iso_rc iso_csv_load(const struct iso_dataset_request *, const char *path, struct iso_dataset *);
#endif
