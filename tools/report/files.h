/* files.h: the pictures of a report as files. */
#ifndef ISO_REPORT_FILES_H
#define ISO_REPORT_FILES_H
#include "svg.h"

/* Writes folder/NAME.svg for each picture, and NAME.png beside it with the program rsvg-convert;
 * creates the folder. A file is either complete or missing. Without that program writes the SVG
 * files, then fails with ISO_EIO and a message that says how to get it. */
iso_rc iso_write_pictures(const struct iso_svg *, int n, const char *folder);
#endif
