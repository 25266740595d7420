/* style.h: how a report looks, in one place: colours for light and dark, which people who take red
 * for green can tell apart too (after Okabe and Ito), fonts, and the page's layout. The classes:
 *   ink, muted     text;  title: larger;  tiny: smaller;  middle, end: where it is anchored
 *   axis, grid     lines of a chart;  mark: dashed, between phases
 *   s0 .. s7       lines of a series;  thin, faint, d1 .. d3 (dashed) beside them
 *   f0 .. f7       what is filled in a series' colour
 *   right, wrong   filled: an answer;  bar: the others
 *   heat, on-heat  a cell of a table of numbers;  text on a full one
 *   ridge          a histogram before others;  best: the line at the best epoch;  over: over
 * another box, edge      of the drawing of a model;  paper: behind a picture */
#ifndef ISO_REPORT_STYLE_H
#define ISO_REPORT_STYLE_H
#include <stdio.h>

enum { ISO_STYLE_SERIES = 8, ISO_STYLE_DASHES = 4 };
#define ISO_STYLE_LARGEST 1.35 /* largest factor by which a picture is enlarged */
/* Rules for pictures in files of their own: on white. */
void iso_style_put_pictures(FILE *);
/* Rules for a page and the pictures in it. */
void iso_style_put_page(FILE *);
#endif
