/* lines.h: texts, line by line. */
#ifndef ISO_LINES_H
#define ISO_LINES_H
#include <stdbool.h>
#include <stddef.h>

/* True if the line [line, n) stands in text; in none where text is NULL. */
bool iso_has_line(const char *text, const char *line, size_t n);
#endif
