/* made.h: the content of run.json: a run's data, and the commands that made it. */
#ifndef ISO_REPORT_MADE_H
#define ISO_REPORT_MADE_H
#include "run_folder.h"

enum { ISO_MADE_NUMBER = 24 };
/* Returns a text or a whole number of an object of run.json, or "" if it has none. */
const char *iso_made_text(const struct json_t *object, const char *key, char buf[ISO_MADE_NUMBER]);
/* Returns the entry of run.json for the data of a split, or NULL if there is none. */
const struct json_t *iso_made_data(const struct iso_told *, const char *split);
/* Writes the values of a key in a run's commands, one after another if it changed, "cpu, then
 * reference", into buf and returns buf. in: a member of the command, or NULL for the command
 * itself. */
const char *iso_made_list(const struct iso_told *, const char *in, const char *key, char *buf,
                          size_t n);
/* "Portable Computing Language, 3.1": platforms and versions of the device's driver. Returns buf.
 */
const char *iso_made_driver(const struct iso_told *, char *buf, size_t n);
/* "12 of 60 steps computed again on cpu: the same bits", and what went wrong if a device strayed;
 * "" if nothing was verified. Returns buf. */
const char *iso_made_verified(const struct iso_told *, char *buf, size_t n);
#endif
