/* csv_list.h: lists of columns of a text file, a,b, as `drop_columns:` and `target_columns:` keep
 * them. */
#ifndef ISO_CSV_LIST_H
#define ISO_CSV_LIST_H
#include "csv_reader.h"
#include "dataset.h"

/* Returns the number that the text is, or -1 where it is the name of a column. */
int64_t iso_csv_column_number(const char *text);
/* A row of a source's table of options, for its target_columns; of: "of csv:PATH". */
#define ISO_TARGET_COLUMNS_FIELD(of)                                                               \
    {                                                                                              \
        "target_columns", ISO_FIELD_LIST, offsetof(struct iso_source_options, target_columns), "", \
            0, sizeof((struct iso_source_options *)0)->target_columns, NULL,                       \
            of                                                                                     \
            ": the columns that a row's targets stand in, by name or by number from 0, in "        \
            "place of a class: 0 and 1 for labels of which a row may have several, or any "        \
            "numbers (Keras's flow_from_dataframe with class_mode: raw). The last layer has "      \
            "a unit for each"                                                                      \
    }
/* Copies the first entry of a list with commas, without blanks around it; returns the rest. */
const char *iso_csv_list_next(const char *list, char entry[ISO_CSV_FIELD]);
int64_t iso_csv_list_count(const char *list);
/* Returns the index in the list of the column with this name or this number, or -1; *by_number, if
 * it is not NULL: which of both the list has. */
int64_t iso_csv_list_find(const char *list, const char *name, int64_t column, bool *by_number);
#endif
