/* page.h: the HTML of a report, well-formed so that XML's tools read it too. */
#ifndef ISO_REPORT_PAGE_H
#define ISO_REPORT_PAGE_H
#include "measured.h"
#include "svg.h"
#include "told.h"

struct iso_page {
    FILE *out;
    char *text;
    size_t size; /* the page, once it is ended; owned */
    struct iso_svg *picture;
    int npictures, capacity; /* those in it; owned */
};
/* Free with iso_page_free, also after a failure. */
iso_rc iso_page_begin(struct iso_page *, const char *title);
iso_rc iso_page_end(struct iso_page *);
void iso_page_free(struct iso_page *);

/* Escaped text between tags. */
void iso_page_element(struct iso_page *, const char *tag, const char *fmt, ...) ISO_PRINTF(3, 4);
/* Opens a chapter with its heading; close it with iso_page_close. */
void iso_page_chapter(struct iso_page *, const char *id, const char *heading);
void iso_page_close(struct iso_page *, const char *tag);
/* Opens room for two chapters beside each other; close it as "div". */
void iso_page_pair(struct iso_page *);
/* Puts a note of what is missing, and what to do. */
void iso_page_note(struct iso_page *, const char *fmt, ...) ISO_PRINTF(2, 3);
/* A row of a table of facts; nothing when the text is empty. */
void iso_page_fact(struct iso_page *, const char *name, const char *fmt, ...) ISO_PRINTF(3, 4);
/* Puts a picture that was drawn with this result, and takes it over; caption: NULL for none. */
iso_rc iso_page_picture(struct iso_page *, iso_rc drawn, struct iso_svg *, const char *caption);

/* All of a report on one run, and on several. */
iso_rc iso_page_of_run(struct iso_page *, const struct iso_told *, const struct iso_measured *);
iso_rc iso_page_of_runs(struct iso_page *, const struct iso_told *, int n);
/* page_head.c: how the report on a run begins: what matters, on tiles. */
void iso_page_head(struct iso_page *, const struct iso_told *, const struct iso_measured *);
/* page_data.c: the chapters on what was measured. */
iso_rc iso_page_measured(struct iso_page *, const struct iso_measured *);
/* The share of a split's rows that the last weights take for their class; NaN: not known. */
double iso_split_accuracy(const struct iso_split *);
/* "1.5 s", "3 min 20 s". Returns buf. */
const char *iso_duration(double seconds, char *buf, size_t n);
/* What smooths charts and chooses their scale; it is shown where the page's script runs. */
void iso_page_chart_tools(struct iso_page *);
#endif
