/* datasets.h: what tests of data sets share. */
#ifndef ISO_TEST_DATASETS_H
#define ISO_TEST_DATASETS_H
#include "core/data/dataset.h"

/* A whole split, or its first `limit` rows. */
static inline iso_rc load_dataset(const char *name, const char *split, const char *folder,
                                  int64_t count, int64_t limit, struct iso_dataset **out)
{
    const struct iso_dataset_request request = { .name = name,
                                                 .split = split,
                                                 .folder = folder,
                                                 .options = { .count = count },
                                                 .limit = limit };
    return iso_dataset_load(&request, out);
}
#endif
