/* workers.h: threads that read many files. */
#ifndef ISO_WORKERS_H
#define ISO_WORKERS_H
#include "core/iso.h"

/* Does the work on item i. Called from several threads, once for each item. */
typedef iso_rc iso_work(void *data, int64_t i);
/* Called from time to time, on the calling thread, with the number of items done. */
typedef void iso_progress(int64_t done, int64_t total);
/* Works on items 0 to n - 1 with a number of threads, including the calling one; 0: one per
 * processor. After an error no new items are begun; of several errors, the one of the first item is
 * reported, so that it does not depend on the number of threads. progress may be NULL. */
iso_rc iso_workers_run(int64_t n, int threads, iso_work *, void *data, iso_progress *);
#endif
