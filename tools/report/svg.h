/* svg.h: pictures as SVG, for a page or for files of their own. Lengths are in the units of the
 * picture's own width and height, which a page scales; y grows downwards. Classes, listed in
 * style.h, determine the look. A write error is reported by iso_svg_end. */
#ifndef ISO_REPORT_SVG_H
#define ISO_REPORT_SVG_H
#include "core/iso.h"

#include <stdio.h>

enum { ISO_SVG_NAME = 64, ISO_SVG_TITLE = 256 };
struct iso_svg {
    char name[ISO_SVG_NAME];   /* name of its file, without .svg: letters, digits, - */
    char title[ISO_SVG_TITLE]; /* description, also for screen readers */
    double width, height;      /* may be changed until iso_svg_end */
    FILE *out;                 /* receives the elements; NULL once ended */
    char *body;
    size_t size; /* the elements, once ended; owned */
};
/* Begins a picture; free it with iso_svg_free, also after a failure. */
iso_rc iso_svg_begin(struct iso_svg *, const char *name, double width, double height);
/* Sets the title. */
void iso_svg_title(struct iso_svg *, const char *fmt, ...) ISO_PRINTF(2, 3);
/* Ends the picture. Fails with ISO_ENOMEM if any element did not fit in memory. */
iso_rc iso_svg_end(struct iso_svg *);
void iso_svg_free(struct iso_svg *);
/* Writes the ended picture as an element of a page, or as a file of its own with its style. */
void iso_svg_put(const struct iso_svg *, FILE *, bool alone);
/* Returns the ended picture as the text of a file; the caller frees *text. */
iso_rc iso_svg_text_of(const struct iso_svg *, char **text, size_t *n);

enum iso_anchor { ISO_LEFT, ISO_MIDDLE, ISO_RIGHT }; /* the part of a text that is at x */
/* Writes text, escaped, on one line; y is its base line. */
void iso_svg_text(struct iso_svg *, double x, double y, enum iso_anchor, const char *classes,
                  const char *fmt, ...) ISO_PRINTF(6, 7);
void iso_svg_line(struct iso_svg *, double x1, double y1, double x2, double y2,
                  const char *classes);
/* opacity: of the fill, 1 is opaque. tip: text shown when the pointer is over it; NULL: none. */
void iso_svg_rect(struct iso_svg *, double x, double y, double width, double height, double opacity,
                  const char *classes, const char *tip);
void iso_svg_dot(struct iso_svg *, double x, double y, double radius, const char *classes,
                 const char *tip);
/* Embeds pixels [height, width, channels] as PNG, with 1 or 3 channels (of others only the first).
 */
iso_rc iso_svg_image(struct iso_svg *, double x, double y, double width, double height,
                     const uint8_t *pixels, const int size[3], const char *tip);

/* Writes text escaped for HTML and XML, also for attributes; replaces bytes that they or UTF-8 do
 * not allow by U+FFFD. */
void iso_put_escaped(FILE *, const char *text);
/* Returns the approximate width of a text in the size used in pictures, without looking at fonts.
 */
double iso_text_width(const char *text);
/* Writes text, or its beginning and an ellipsis, at most `width` wide, into buf and returns buf. */
const char *iso_text_fit(const char *text, double width, char *buf, size_t n);
/* Writes "0.9921", "0.003259", "1.2e-05", or "-" for NaN, into buf and returns buf. */
enum { ISO_NUMBER = 32 };
const char *iso_short_number(double value, char buf[ISO_NUMBER]);
#endif
