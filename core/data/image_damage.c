#include "image_damage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE = 1024, MESSAGES = 7000 };

iso_rc iso_image_damage_new(int64_t n, struct iso_image_damage *out)
{
    *out = (struct iso_image_damage){ .n = n };
    out->why = iso_alloc((size_t)n, sizeof *out->why);
    return out->why != NULL ? ISO_OK : ISO_ENOMEM;
}

iso_rc iso_image_damage_note(struct iso_image_damage *d, int64_t i, iso_rc rc)
{
    char text[MESSAGE];
    if (rc != ISO_EDATA && rc != ISO_EUNSUP && rc != ISO_EIO)
        return rc;
    iso_error_take(text, sizeof text);
    free(d->why[i]);
    d->why[i] = iso_alloc(strlen(text) + 1, 1);
    if (d->why[i] == NULL)
        return ISO_ENOMEM;
    strcpy(d->why[i], text);
    return ISO_OK;
}

int64_t iso_image_damage_count(const struct iso_image_damage *d)
{
    int64_t count = 0;
    for (int64_t i = 0; i < d->n; i++)
        count += d->why[i] != NULL;
    return count;
}

iso_rc iso_image_damage_fail(const struct iso_image_damage *d)
{
    const int64_t count = iso_image_damage_count(d);
    char text[MESSAGES] = "";
    int64_t named = 0;
    size_t used = 0;
    for (int64_t i = 0; i < d->n; i++) {
        if (d->why[i] == NULL || used + strlen(d->why[i]) + 4 > sizeof text)
            continue;
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", count > 1 ? "\n  " : "",
                                 d->why[i]);
        named++;
    }
    if (count == 0)
        return ISO_OK;
    if (count == 1)
        return iso_fail(ISO_EDATA, "%s (`damaged: skip` leaves such files out)", text);
    return iso_fail(ISO_EDATA,
                    "%lld of %lld images cannot be read; mend or remove them, or leave them out "
                    "with `damaged: skip`:\n%s%s",
                    (long long)count, (long long)d->n, text + 1,
                    named < count ? "\n  and more, which `isocl check` lists" : "");
}

iso_rc iso_image_damage_leave_out(const struct iso_image_damage *d, struct iso_left_out *left)
{
    for (int64_t i = 0; i < d->n; i++)
        if (d->why[i] != NULL)
            ISO_TRY(iso_left_out_add(left, ISO_LEFT_DAMAGED, d->why[i]));
    return ISO_OK;
}

void iso_image_damage_free(struct iso_image_damage *d)
{
    for (int64_t i = 0; d->why != NULL && i < d->n; i++)
        free(d->why[i]);
    free(d->why);
    *d = (struct iso_image_damage){ .n = 0 };
}
