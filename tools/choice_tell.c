#include "choice_tell.h"

#include "core/system/cache.h"
#include "core/system/environment.h"
#include "core/system/file.h"

#include <stdio.h>
#include <string.h>

enum { LINE = 2048 };
static const char file[] = "told-device.txt";

static bool heard(const char *path, const char *line)
{
    char before[LINE] = "";
    FILE *f = fopen(path, "r");
    if (f == NULL)
        return false;
    const bool same = fgets(before, sizeof before, f) != NULL && strcmp(before, line) == 0;
    fclose(f);
    return same;
}

/* If this fails, the line is printed again next time, which does no harm. */
static void remember(const char *path, const char *line)
{
    if (iso_cache_create() && iso_file_write(path, line, strlen(line)) != ISO_OK)
        iso_error_clear();
}

/* Returns further advice for the user: how to get the other mode, or a GPU. */
static const char *advice(const struct iso_backend *b, enum iso_mode mode)
{
    if (!b->device.gpu)
        return "`isocl doctor` helps";
    if (b->mode == ISO_MODE_EXACT)
        return "exact mode; --mode fast may be faster";
    return mode == ISO_MODE_DEFAULT ? "fast mode: it does not compute exactly" : "fast mode";
}

void iso_choice_tell(const struct iso_backend *b, const char *why, enum iso_mode mode)
{
    char line[LINE], path[ISO_PATH];
    if (iso_environment(ISO_ENV_QUIET) != NULL)
        return;
    snprintf(line, sizeof line, "isocl: --device auto takes %s: %s (said once; %s)\n", b->device.id,
             why, advice(b, mode));
    const bool remembers = iso_cache_path(file, path, sizeof path);
    if (remembers && heard(path, line))
        return;
    fputs(line, stderr);
    if (remembers)
        remember(path, line);
}
