#include "help_messages.h"
#include "core/text/wrap.h"

#include <string.h>
#include <strings.h>

#define PARTS(...)  \
    {               \
        __VA_ARGS__ \
    }
#define MESSAGE(topic, parts, meaning, remedy) { topic, parts, meaning, remedy },
const struct iso_message_help iso_message_helps[] = {
#include "messages.def"
    { NULL, { NULL }, NULL, NULL }
};

/* Returns true if the words are in the text, in any case. */
static bool has(const char *text, const char *words)
{
    const size_t n = strlen(words);
    for (; *text; text++)
        if (strncasecmp(text, words, n) == 0)
            return true;
    return false;
}

/* Returns the entry whose longest part is in the text; NULL: none. */
static const struct iso_message_help *find_parts(const char *text)
{
    const struct iso_message_help *best = NULL;
    size_t most = 0;
    for (const struct iso_message_help *m = iso_message_helps; m->topic != NULL; m++)
        for (const char *const *part = m->parts; *part != NULL; part++)
            if (strlen(*part) > most && has(text, *part)) {
                most = strlen(*part);
                best = m;
            }
    return best;
}

const struct iso_message_help *iso_message_find(const char *text)
{
    const struct iso_message_help *found = find_parts(text), *m = iso_message_helps;
    for (; m->topic != NULL; m++) {
        if (strcmp(m->topic, text) == 0)
            return m;
        for (const char *const *part = m->parts; found == NULL && *part != NULL; part++)
            if (strlen(text) >= ISO_MESSAGE_WORD && has(*part, text))
                found = m;
    }
    return found;
}

void iso_message_print(FILE *out, const struct iso_message_help *m)
{
    fprintf(out, "%s: messages with the words\n", m->topic);
    for (const char *const *part = m->parts; *part != NULL; part++)
        fprintf(out, "  \"%s\"\n", *part);
    fprintf(out, "\n");
    iso_wrap(out, "", 0, m->meaning);
    fprintf(out, "\nWhat to do:\n\n");
    iso_wrap(out, "", 0, m->remedy);
}

void iso_messages_print(FILE *out)
{
    char list[2048] = "";
    size_t used = 0;
    for (const struct iso_message_help *m = iso_message_helps; m->topic != NULL; m++)
        if (used < sizeof list)
            used += (size_t)snprintf(list + used, sizeof list - used, "%s ", m->topic);
    fprintf(out,
            "\nmessages, also found by their own words, as in `isocl help 'out of memory'`:\n");
    iso_wrap(out, "  ", 2, list);
}
