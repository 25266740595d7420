/* drawn_digits.c: drawn digits as a data set. */
#include "drawn_digits.h"
#include "digits.h"
#include "disk.h"

#include <stdio.h>

static const struct iso_field fields[] = { { "count", ISO_FIELD_INT,
                                             offsetof(struct iso_source_options, count), "", 1, 1e7,
                                             NULL, "builtin:... only: number of images to draw" },
                                           { 0 } };
const struct iso_source_fields iso_drawn_fields = {
    "data sets that are drawn (builtin:...); to train on fewer rows of this one use --limit", fields
};

enum { DEFAULT_TRAIN = 10000, DEFAULT_TEST = 2000 }; /* rows of drawn digits */

/* source: the split. */
static iso_rc draw_digit(const void *source, int64_t row, uint8_t *image)
{
    const enum iso_digits_split *split = source;
    (void)iso_digits_draw(*split, (uint32_t)row, image);
    return ISO_OK;
}

/* A stream draws its images again when they are wanted; here they are drawn for their labels. */
static iso_rc draw_all(const struct iso_dataset_request *r, int split, int64_t count,
                       struct iso_dataset *set)
{
    static enum iso_digits_split splits[] = { ISO_DIGITS_TRAIN, ISO_DIGITS_TEST };
    const int64_t pixels = (int64_t)ISO_DIGITS_SIDE * ISO_DIGITS_SIDE;
    const bool stays = iso_disk_wanted(r, (double)(count * pixels));
    uint8_t last[ISO_DIGITS_SIDE * ISO_DIGITS_SIDE];
    snprintf(set->source, sizeof set->source, "drawn by isocl");
    set->rows = count;
    set->height = set->width = ISO_DIGITS_SIDE;
    set->channels = 1;
    set->images = stays ? NULL : iso_alloc((size_t)count, (size_t)pixels);
    if (!stays && set->images == NULL)
        return ISO_ENOMEM;
    set->labels = iso_alloc((size_t)count, sizeof *set->labels);
    if (set->labels == NULL)
        return ISO_ENOMEM;
    for (int64_t i = 0; i < count; i++)
        set->labels[i] =
            iso_digits_draw(splits[split], (uint32_t)i, stays ? last : set->images + i * pixels);
    return stays ? iso_disk_attach(set, &splits[split], draw_digit, NULL, NULL) : ISO_OK;
}

/* Returns the number of rows to draw. A limit below the count saves drawing rows that are not kept.
 */
static int64_t rows_to_draw(int split, int64_t count, int64_t limit)
{
    static const int64_t defaults[] = { DEFAULT_TRAIN, DEFAULT_TEST };
    int64_t rows = count > 0 ? count : defaults[split];
    return limit > 0 && limit < rows ? limit : rows;
}

iso_rc iso_drawn_digits_load(const struct iso_named_set *named, const struct iso_dataset_request *r,
                             int split, struct iso_dataset *set)
{
    const bool whole = r->part.to == 0 && r->classes == NULL;
    set->classes = named->classes;
    return draw_all(r, split, rows_to_draw(split, r->options.count, whole ? r->limit : 0), set);
}
