#include "left_out.h"
#include "core/text/printable.h"

#include <stdio.h>
#include <stdlib.h>

enum { NAMED = 8, SHOWN = 1024 }; /* names in a line, and bytes of each */

static const struct {
    const char *one, *many;
} texts[] = {
    [ISO_LEFT_NAME] = { "file that is not called as images are",
                        "files that are not called as images are" },
    [ISO_LEFT_HIDDEN] = { "hidden file or folder", "hidden files or folders" },
    [ISO_LEFT_LOOSE] = { "file beside the folders of the classes",
                         "files beside the folders of the classes" },
    [ISO_LEFT_LOOP] = { "link to a folder that contains it", "links to folders that contain them" },
    [ISO_LEFT_EMPTY] = { "class without an image", "classes without an image" },
    [ISO_LEFT_DAMAGED] = { "file that cannot be read", "files that cannot be read" },
};

iso_rc iso_left_out_add(struct iso_left_out *left, enum iso_left_reason reason, const char *name)
{
    return iso_names_add(&left->names[reason], name);
}

bool iso_left_out_text(const struct iso_left_out *left, enum iso_left_reason reason, char *buf,
                       size_t n)
{
    const struct iso_names *names = &left->names[reason];
    char shown[SHOWN];
    if (names->n == 0)
        return false;
    size_t used = (size_t)snprintf(buf, n, "%lld %s", (long long)names->n,
                                   names->n == 1 ? texts[reason].one : texts[reason].many);
    for (int64_t i = 0; i < names->n && i < NAMED && used < n; i++)
        used += (size_t)snprintf(buf + used, n - used, "%s%s", i ? ", " : ": ",
                                 iso_shown(names->name[i], shown, sizeof shown));
    if (names->n > NAMED && used < n)
        snprintf(buf + used, n - used, ", and %lld more", (long long)(names->n - NAMED));
    return true;
}

void iso_left_out_free(struct iso_left_out *left)
{
    for (int i = 0; left != NULL && i < ISO_LEFT_REASONS; i++)
        iso_names_free(&left->names[i]);
    free(left);
}
