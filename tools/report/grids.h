/* grids.h: pictures of images in rows, and of a confusion matrix. The caller frees each picture,
 * also after a failure. */
#ifndef ISO_REPORT_GRIDS_H
#define ISO_REPORT_GRIDS_H
#include "measured.h"
#include "svg.h"

/* Draws images with their classes below them, `columns` in a row. */
iso_rc iso_draw_images(const struct iso_measured *, const struct iso_shown_rows *, int columns,
                       const char *name, const char *title, struct iso_svg *);
/* Draws images, each with its prediction and bars of the probabilities. */
iso_rc iso_draw_predictions(const struct iso_measured *, struct iso_svg *);
/* Draws the matrix of one split, with numbers in the cells if there are few enough to be readable.
 */
iso_rc iso_draw_confusion(const struct iso_measured *, const struct iso_split *, struct iso_svg *);
#endif
