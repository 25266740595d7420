/* shown_rows.c: what the rows that a report shows are. */
#include "measured.h"

#include <stdio.h>

/* Writes the labels of a row, "beach+sea", or its numbers, "0.25, 3". */
static void tell_targets(struct iso_shown_rows *r, int i, const struct iso_dataset *d, int64_t row)
{
    const size_t room = sizeof r->truth[i];
    bool labels = true;
    size_t used = 0;
    const float *t = d->targets + row * d->classes;
    for (int k = 0; k < d->classes; k++)
        labels = labels && (t[k] == 0 || t[k] == 1);
    snprintf(r->truth[i], room, "none");
    for (int k = 0; k < d->classes && used < room; k++)
        if (labels && t[k] == 1)
            used += (size_t)snprintf(r->truth[i] + used, room - used, "%s%s", used ? "+" : "",
                                     d->class_names[k]);
        else if (!labels)
            used += (size_t)snprintf(r->truth[i] + used, room - used, "%s%.3g", used ? ", " : "",
                                     (double)t[k]);
}

void iso_shown_row_truth(struct iso_shown_rows *r, int i, const struct iso_dataset *d, int64_t row)
{
    r->label[i] = d->labels != NULL ? d->labels[row] : -1;
    if (d->targets != NULL)
        tell_targets(r, i, d, row);
}
