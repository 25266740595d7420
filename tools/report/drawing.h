/* drawing.h: a model as a picture: a box a layer or layer block, with what it makes. */
#ifndef ISO_REPORT_DRAWING_H
#define ISO_REPORT_DRAWING_H
#include "core/model/graph.h"
#include "svg.h"

/* Draws the layers from top to bottom; what is read further down than by the next box goes along a
 * line at the side. Layer blocks that follow each other and are alike share a box. The caller frees
 * the picture, also after a failure. */
iso_rc iso_draw_model(const struct iso_graph *, struct iso_svg *);
#endif
