/* console.h: displays a training: a bar on a terminal, a line per epoch in a pipe, JSON objects, or
 * nothing. */
#ifndef ISO_CONSOLE_H
#define ISO_CONSOLE_H
#include "core/train/fit.h"

enum iso_console_style { ISO_CONSOLE_LINES, ISO_CONSOLE_BAR, ISO_CONSOLE_JSON, ISO_CONSOLE_QUIET };
struct iso_run;
struct iso_console {
    enum iso_console_style style;
    const struct iso_graph *graph;
    struct iso_run *run; /* lines also go to its log.txt; may be NULL */
    double drawn;        /* time by iso_clock, in seconds, of the last bar or JSON progress */
};
/* Returns JSON or QUIET as asked; else BAR if standard output is a terminal that is not dumb and
 * not mpirun's; else LINES. */
enum iso_console_style iso_console_style(bool json, bool quiet);
/* Prints a line, unless --json or --quiet was given, and adds it to the run's log. */
void iso_console_line(const struct iso_console *, const char *fmt, ...) ISO_PRINTF(2, 3);
/* Like iso_console_line, but printed with --quiet too. */
void iso_console_result(const struct iso_console *, const char *fmt, ...) ISO_PRINTF(2, 3);
void iso_console_warning(const struct iso_console *, const struct iso_warning *);
struct iso_fit_listener iso_console_listener(struct iso_console *);
/* Prints a JSON object on a line of its own, and frees it. object is a json_t *, so that this
 * header does not need jansson. */
void iso_console_json(void *object);
/* Returns true if there was no memory for such a line. */
bool iso_console_lost(void);
/* Adds loss and metrics to a json_t object, each key with the prefix: a metric of one number as a
 * number, one with a number per class as an array, and with `tables` a confusion matrix as an array
 * of rows. NaN becomes null. */
void iso_console_json_scores(void *object, const struct iso_graph *, const struct iso_scores *,
                             const char *prefix, bool tables);
#endif
