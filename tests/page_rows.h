/* page_rows.h: reads the tables and tiles of a report's page. */
#ifndef ISO_TEST_PAGE_ROWS_H
#define ISO_TEST_PAGE_ROWS_H
#include "tools/report/page.h"

/* The text of an ended page, without a copy; the next test reads another one. */
const char *page_text(const struct iso_page *);
/* Returns the cells of a table's row in a chapter, as "a|b|c": the nth row, from 0, with this
 * heading. Fails if there is none. The next call replaces the text. */
const char *page_row(const char *page, const char *chapter, const char *heading, int nth);
/* True if the chapter has a row with this heading. */
bool page_has_row(const char *page, const char *chapter, const char *heading);
/* Returns a tile's value and what stands below it, as "value|more"; "" if there is no such tile. */
const char *page_tile(const char *page, const char *name);
#endif
