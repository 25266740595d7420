/* svg.h: pictures as SVG, for a page or for files of their own. Lengths are in the units of the
 * picture's own width and height, which a page scales; y grows downwards. How things look, classes
 * say: style.h has them all. What cannot be written is kept until iso_svg_end. */
#ifndef ISO_REPORT_SVG_H
#define ISO_REPORT_SVG_H
#include "core/iso.h"

#include <stdio.h>

enum { ISO_SVG_NAME = 64, ISO_SVG_TITLE = 256 };
struct iso_svg {
    char name[ISO_SVG_NAME];   /* of its file, without .svg: letters, digits, - */
    char title[ISO_SVG_TITLE]; /* what it shows, for those who cannot see it, too */
    double width, height;      /* may be changed until the end */
    FILE *out;                 /* the elements go here; NULL when it is ended */
    char *body;
    size_t size; /* the elements, once it is ended; owned */
};
/* Begins a picture; free it with iso_svg_free, also after a failure. */
iso_rc iso_svg_begin(struct iso_svg *, const char *name, double width, double height);
/* Sets the title. */
void iso_svg_title(struct iso_svg *, const char *fmt, ...) ISO_PRINTF(2, 3);
/* Fails with ISO_ENOMEM when something had no room. */
iso_rc iso_svg_end(struct iso_svg *);
void iso_svg_free(struct iso_svg *);
/* Writes the ended picture as an element of a page, or alone, as a file with its style. */
void iso_svg_put(const struct iso_svg *, FILE *, bool alone);
/* The ended picture as the text of a file; *text is the caller's to free. */
iso_rc iso_svg_text_of(const struct iso_svg *, char **text, size_t *n);

enum iso_anchor { ISO_LEFT, ISO_MIDDLE, ISO_RIGHT }; /* what of a text is at x */
/* Text on one line; y is its base line. It is escaped. */
void iso_svg_text(struct iso_svg *, double x, double y, enum iso_anchor, const char *classes,
                  const char *fmt, ...) ISO_PRINTF(6, 7);
void iso_svg_line(struct iso_svg *, double x1, double y1, double x2, double y2,
                  const char *classes);
/* opacity: of its filling, 1 is all. tip: what is shown when it is pointed at; NULL: nothing. */
void iso_svg_rect(struct iso_svg *, double x, double y, double width, double height, double opacity,
                  const char *classes, const char *tip);
void iso_svg_dot(struct iso_svg *, double x, double y, double radius, const char *classes,
                 const char *tip);
/* A picture of pixels, [height, width, channels] with 1 or 3 channels (of others the first), as
 * inline PNG. */
iso_rc iso_svg_image(struct iso_svg *, double x, double y, double width, double height,
                     const uint8_t *pixels, const int size[3], const char *tip);

/* Writes text so that HTML and XML take it as text, in attributes too: what they or UTF-8 do not
 * allow becomes U+FFFD. */
void iso_put_escaped(FILE *, const char *text);
/* About how wide a text is, in the size that pictures have; no fonts are looked at. */
double iso_text_width(const char *text);
/* text, or its beginning and an ellipsis, so that it is at most so wide. Returns buf. */
const char *iso_text_fit(const char *text, double width, char *buf, size_t n);
/* "0.9921", "0.003259", "1.2e-05"; "-" for NaN. Returns buf. */
enum { ISO_NUMBER = 32 };
const char *iso_short_number(double value, char buf[ISO_NUMBER]);
#endif
