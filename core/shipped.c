#include "shipped.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool iso_shipped(const char *name, char path[ISO_PATH])
{
    static const char *const near[] = { "..", "../..", "../share/isocl", NULL };
    char self[ISO_PATH], beside[2 * ISO_PATH];
    snprintf(path, ISO_PATH, "%s", name);
    if (access(name, F_OK) == 0 || strlen(name) >= ISO_PATH)
        return strlen(name) < ISO_PATH;
    const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0 || (strcmp(name, "models") != 0 && strncmp(name, "models/", 7) != 0))
        return false;
    self[n] = '\0';
    *strrchr(self, '/') = '\0';
    for (int i = 0; near[i]; i++) {
        const int length = snprintf(beside, sizeof beside, "%s/%s/%s", self, near[i], name);
        if (length < ISO_PATH && access(beside, F_OK) == 0) {
            memcpy(path, beside, (size_t)length + 1);
            return true;
        }
    }
    return false;
}
