/* environment.c: reads the variables of environment.def. */
#include "environment.h"

#include <stdlib.h>
#include <string.h>

#define QUOTED(text) #text
#define ISO_TEXT(macro) QUOTED(macro)
#define VARIABLE(id, name, values, dflt, doc) { name, values, dflt, doc },
const struct iso_variable_doc iso_variables[] = {
#include "environment.def"
    { NULL, NULL, NULL, NULL }
};

const char *iso_environment(enum iso_variable variable)
{
    const char *value = getenv(iso_variables[variable].name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

extern char **environ; /* POSIX lets the program declare it */

static bool known(const char *entry)
{
    for (const struct iso_variable_doc *v = iso_variables; v->name != NULL; v++) {
        const size_t n = strlen(v->name);
        if (strncmp(entry, v->name, n) == 0 && entry[n] == '=')
            return true;
    }
    return false;
}

const char *iso_environment_unknown(int *at)
{
    for (; environ != NULL && environ[*at] != NULL; ++*at)
        if (strncmp(environ[*at], "ISOCL_", 6) == 0 && !known(environ[*at]))
            return environ[(*at)++];
    return NULL;
}
