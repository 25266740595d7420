#include "made.h"

#include "core/text/printable.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

const char *iso_made_text(const json_t *object, const char *key, char buf[ISO_MADE_NUMBER])
{
    const json_t *value = json_object_get(object, key);
    if (json_is_string(value))
        return json_string_value(value);
    snprintf(buf, ISO_MADE_NUMBER, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    return json_is_integer(value) ? buf : "";
}

const json_t *iso_made_data(const struct iso_told *t, const char *split)
{
    return json_object_get(json_object_get(t->made, "data"), split);
}

const char *iso_made_list(const struct iso_told *t, const char *in, const char *key, char *buf,
                          size_t n)
{
    const json_t *commands = json_object_get(t->made, "commands"), *command;
    const char *last = "";
    size_t i, used = 0;
    *buf = '\0';
    json_array_foreach(commands, i, command)
    {
        char number[ISO_MADE_NUMBER];
        const char *text =
            iso_made_text(in != NULL ? json_object_get(command, in) : command, key, number);
        if (!*text || strcmp(text, last) == 0 || used >= n)
            continue;
        used += (size_t)snprintf(buf + used, n - used, "%s%s", used ? ", then " : "", text);
        last = text;
    }
    return buf;
}

/* Adds up the steps that commands had computed again, and finds the last one in which a device
 * strayed; NULL: in none. */
static int64_t count_verified(const struct iso_told *t, const char **strayed)
{
    const json_t *commands = json_object_get(t->made, "commands"), *command;
    int64_t steps = 0;
    size_t i;
    *strayed = NULL;
    json_array_foreach(commands, i, command)
    {
        const json_t *verified = json_object_get(command, "verified");
        const char *wrong = json_string_value(json_object_get(verified, "strayed"));
        steps += json_integer_value(json_object_get(verified, "steps"));
        *strayed = wrong != NULL ? wrong : *strayed;
    }
    return steps;
}

const char *iso_made_verified(const struct iso_told *t, char *buf, size_t n)
{
    char device[96], compared[32];
    const char *strayed;
    const int64_t steps = count_verified(t, &strayed);
    iso_made_list(t, "verified", "device", device, sizeof device);
    iso_made_list(t, "verified", "compared", compared, sizeof compared);
    snprintf(buf, n, "%lld of %lld steps computed again on %s: %s%s%s", (long long)steps,
             (long long)t->state.step, device,
             strcmp(compared, "bounds") == 0 ? "every op within its bound" : "the same bits",
             strayed != NULL ? "; but once: " : "", strayed != NULL ? strayed : "");
    if (*device == '\0')
        *buf = '\0';
    return iso_printable(buf, false);
}

const char *iso_made_driver(const struct iso_told *t, char *buf, size_t n)
{
    char platform[256], driver[256];
    iso_made_list(t, "device", "platform", platform, sizeof platform);
    iso_made_list(t, "device", "driver", driver, sizeof driver);
    snprintf(buf, n, "%s%s%s", platform, *platform && *driver ? ", " : "", driver);
    return iso_printable(buf, false);
}
