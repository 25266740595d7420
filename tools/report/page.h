/* page.h: the HTML of a report, well-formed so that XML's tools read it too. */
#ifndef ISO_REPORT_PAGE_H
#define ISO_REPORT_PAGE_H
#include "measured.h"
#include "svg.h"
#include "run_folder.h"

struct iso_page {
    FILE *out;
    char *text;
    size_t size; /* the page, once it is ended; owned */
    struct iso_svg *picture;
    int npictures, capacity; /* those in it; owned */
    bool lost;               /* memory ran out for a part of it */
    int again;               /* after so many seconds it reads itself anew; 0: never */
};
/* Begins a page, all of which but `again` is zeroed. Free with iso_page_free, also after a failure.
 */
iso_rc iso_page_begin(struct iso_page *, const char *title);
iso_rc iso_page_end(struct iso_page *);
void iso_page_free(struct iso_page *);

/* Writes escaped text between tags. */
void iso_page_element(struct iso_page *, const char *tag, const char *fmt, ...) ISO_PRINTF(3, 4);
/* Opens a chapter with its heading; close it with iso_page_close. */
void iso_page_chapter(struct iso_page *, const char *id, const char *heading);
void iso_page_close(struct iso_page *, const char *tag);
/* Opens room for two chapters beside each other; close it as "div". */
void iso_page_pair(struct iso_page *);
/* Writes a note that says what is missing and what to do. */
void iso_page_note(struct iso_page *, const char *fmt, ...) ISO_PRINTF(2, 3);
/* Writes a row of a table of facts; nothing if the text is empty. */
void iso_page_fact(struct iso_page *, const char *name, const char *fmt, ...) ISO_PRINTF(3, 4);
/* Adds a picture, drawn with the result rc, and owns it from here on. caption: NULL for none. */
iso_rc iso_page_picture(struct iso_page *, iso_rc drawn, struct iso_svg *, const char *caption);

/* Write the whole report on one run, or on several. */
iso_rc iso_page_of_run(struct iso_page *, const struct iso_told *, const struct iso_measured *);
iso_rc iso_page_of_runs(struct iso_page *, const struct iso_told *, int n);
/* page_head.c: the beginning of the report on a run: the main figures, on tiles. */
void iso_page_head(struct iso_page *, const struct iso_told *, const struct iso_measured *);
/* page_data.c: the chapters on the measurements. */
iso_rc iso_page_measured(struct iso_page *, const struct iso_measured *);
/* page_targets.c. Puts the scores of each target, which must be known. */
void iso_page_targets(struct iso_page *, const struct iso_measured *);
/* Returns the share of a split's rows that the last weights predict correctly; NaN: not known. */
double iso_split_accuracy(const struct iso_split *);
/* Writes "1.5 s" or "3 min 20 s" into buf and returns buf. */
const char *iso_duration(double seconds, char *buf, size_t n);
/* Writes the controls for smoothing charts and choosing their scale; they are shown if the page's
 * script runs. */
void iso_page_chart_tools(struct iso_page *);
#endif
