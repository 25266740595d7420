/* json.h: JSON that is made and read with jansson, where memory may run out. What is made goes
 * through iso_json_set or iso_json_append, or is a member of json_pack, and ends in iso_json_text
 * or iso_json_line, which fail if anything of it was lost on the way: a file or line lacks nothing.
 */
#ifndef ISO_JSON_H
#define ISO_JSON_H
#include "core/iso.h"

#include <jansson.h>
#include <stdio.h>

/* Returns a string, which says "(not UTF-8)" where the text is not; NULL: out of memory. */
json_t *iso_json_string(const char *text);
/* Add a value, which they take over. If it, or what it is added to, is NULL, or memory runs out,
 * then what this thread writes next fails. */
void iso_json_set(json_t *object, const char *key, json_t *value);
void iso_json_append(json_t *array, json_t *value);
void iso_json_update(json_t *object, json_t *others); /* adds the members of others */
/* Writes a value, which is taken over, as text, for free(). NULL, or one of which a part was lost,
 * fails with ISO_ENOMEM. flags: those of json_dumps. */
iso_rc iso_json_text(json_t *, size_t flags, char **text);
/* Writes it as a line, whole or not at all, and flushes it. */
iso_rc iso_json_line(json_t *, size_t flags, FILE *out);
/* Reads a text. Fails with ISO_EDATA, and says in *fault what is wrong, without a message; or with
 * ISO_ENOMEM and a message. flags: those of json_loadb. */
iso_rc iso_json_read(const char *text, size_t n, size_t flags, json_t **out, json_error_t *fault);
#endif
