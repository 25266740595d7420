/* files.h: the pictures of a report as files. */
#ifndef ISO_REPORT_FILES_H
#define ISO_REPORT_FILES_H
#include "svg.h"

/* Writes folder/NAME.svg of each, and NAME.png beside it with the program rsvg-convert; the folder
 * is made. Each file is whole or not there. Without that program all are written as SVG, and it
 * fails with ISO_EIO, which says how to get it. */
iso_rc iso_write_pictures(const struct iso_svg *, int n, const char *folder);
#endif
