/* console.h: how a training shows itself: a bar on a terminal, a line an epoch in a pipe, JSON
 * objects, or nothing. */
#ifndef ISO_CONSOLE_H
#define ISO_CONSOLE_H
#include "core/train/fit.h"

enum iso_console_style { ISO_CONSOLE_LINES, ISO_CONSOLE_BAR, ISO_CONSOLE_JSON, ISO_CONSOLE_QUIET };
struct iso_run;
struct iso_console {
    enum iso_console_style style;
    const struct iso_graph *graph;
    struct iso_run *run; /* its log.txt gets the lines too; may be NULL */
    double drawn;        /* iso_clock when the bar was drawn */
};
/* A bar where standard output is a terminal. */
enum iso_console_style iso_console_style(bool json, bool quiet);
/* A line to the reader, unless JSON or silence was asked, and to the run's log. */
void iso_console_line(const struct iso_console *, const char *fmt, ...) ISO_PRINTF(2, 3);
/* The same for what is said in silence too: the result. */
void iso_console_result(const struct iso_console *, const char *fmt, ...) ISO_PRINTF(2, 3);
void iso_console_warning(const struct iso_console *, const struct iso_warning *);
struct iso_fit_listener iso_console_listener(struct iso_console *);
/* One JSON object on a line of its own; takes the object over. A type of its own is not worth it:
 * object is a json_t *. */
void iso_console_json(void *object);
/* Loss and metrics into a json_t object, each key with the prefix: a metric of one number as such,
 * one of a number a class as an array, and with `tables` a confusion matrix as rows of arrays. What
 * is not a number becomes null. */
void iso_console_json_scores(void *object, const struct iso_graph *, const struct iso_scores *,
                             const char *prefix, bool tables);
#endif
