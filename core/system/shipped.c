#include "shipped.h"
#include "program.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Looks for `name` beside a program or a library, and above it. */
static bool find_near(char *self, const char *name, char path[ISO_PATH])
{
    static const char *const near[] = { "..", "../..", "../share/isocl", "../../share/isocl",
                                        NULL };
    char beside[3 * ISO_PATH];
    bool found = false;
    *strrchr(self, '/') = '\0';
    for (int i = 0; near[i] != NULL && !found; i++) {
        snprintf(beside, sizeof beside, "%s/%s/%s", self, near[i], name);
        char whole[PATH_MAX]; /* without the dots */
        found = realpath(beside, whole) != NULL && strlen(whole) < ISO_PATH;
        if (found)
            strcpy(path, whole);
    }
    return found;
}

bool iso_shipped(const char *name, char path[ISO_PATH])
{
    char self[ISO_PATH];
    snprintf(path, ISO_PATH, "%s", name);
    if (access(name, F_OK) == 0 || strlen(name) >= ISO_PATH)
        return strlen(name) < ISO_PATH;
    if (strcmp(name, "models") != 0 && strncmp(name, "models/", 7) != 0)
        return false;
    return (iso_program_library(self) && find_near(self, name, path)) ||
           (iso_program_self(self) && find_near(self, name, path));
}
