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

iso_rc iso_json_text(json_t *json, size_t flags, char **text)
{
    *text = json != NULL && !lost ? json_dumps(json, flags) : NULL;
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

/* A fault of the text may be all that jansson says where memory ran out. */
iso_rc iso_json_read(const char *text, size_t n, size_t flags, json_t **out, json_error_t *fault)
{
    errno = 0;
    *out = json_loadb(text, n, flags, fault);
    if (*out != NULL)
        return ISO_OK;
    return errno == ENOMEM ? iso_fail(ISO_ENOMEM, "out of memory for JSON") : ISO_EDATA;
}
