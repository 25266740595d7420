#include "json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local bool lost; /* a part of what is being made */

json_t *iso_json_string(const char *text)
{
    errno = 0;
    json_t *string = json_string(text);
    return string == NULL && errno != ENOMEM ? json_string("(not UTF-8)") : string;
}

void iso_json_set(json_t *object, const char *key, json_t *value)
{
    lost |= json_object_set_new(object, key, value) != 0;
}

void iso_json_append(json_t *array, json_t *value)
{
    lost |= json_array_append_new(array, value) != 0;
}

void iso_json_update(json_t *object, json_t *others)
{
    lost |= json_object_update_new(object, others) != 0;
}

/* Returns the text, which must come out the same again if errno tells of a lack of memory: jansson
 * (2.14) may then leave characters out and say nothing; or the memory was got elsewhere in the end.
 */
static char *dump(const json_t *json, size_t flags)
{
    errno = 0;
    char *text = json_dumps(json, flags);
    if (text == NULL || errno != ENOMEM)
        return text;
    char *again = json_dumps(json, flags);
    if (again == NULL || strcmp(text, again) != 0) {
        free(text);
        text = NULL;
    }
    free(again);
    return text;
}

iso_rc iso_json_text(json_t *json, size_t flags, char **text)
{
    *text = json != NULL && !lost ? dump(json, flags) : NULL;
    lost = false;
    json_decref(json);
    return *text != NULL ? ISO_OK : iso_fail(ISO_ENOMEM, "out of memory for JSON");
}

iso_rc iso_json_line(json_t *json, size_t flags, FILE *out)
{
    char *text;
    ISO_TRY(iso_json_text(json, flags, &text));
    fprintf(out, "%s\n", text);
    fflush(out);
    free(text);
    return ISO_OK;
}

/* Reads twice, since jansson (2.14) may leave characters out of a string where memory runs out, and
 * say nothing, or call the text wrong. */
iso_rc iso_json_read(const char *text, size_t n, size_t flags, json_t **out, json_error_t *fault)
{
    json_error_t second;
    json_t *again = json_loadb(text, n, flags, &second);
    *out = json_loadb(text, n, flags, fault);
    const bool same = json_equal(*out, again) ||
                      (*out == NULL && again == NULL && strcmp(fault->text, second.text) == 0);
    json_decref(again);
    if (same)
        return *out != NULL ? ISO_OK : ISO_EDATA;
    json_decref(*out);
    *out = NULL;
    return iso_fail(ISO_ENOMEM, "out of memory for JSON");
}
