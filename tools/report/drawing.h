/* drawing.h: a model as a picture: a box per layer, with its output's shape. */
#ifndef ISO_REPORT_DRAWING_H
#define ISO_REPORT_DRAWING_H
#include "core/model/graph.h"
#include "svg.h"

/* Draws the layers from top to bottom; a result that is read below the next layer is led along a
 * line at the side. The caller frees the picture, also after a failure. */
iso_rc iso_draw_model(const struct iso_graph *, struct iso_svg *);
#endif
