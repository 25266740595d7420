/* workers.h: threads for the reading of many files. */
#ifndef ISO_WORKERS_H
#define ISO_WORKERS_H
#include "core/iso.h"

/* The work on item i. Called from several threads, and once for each item. */
typedef iso_rc iso_work(void *data, int64_t i);
/* Told now and then, by the calling thread, how many items are done. */
typedef void iso_progress(int64_t done, int64_t total);
/* Works on items 0 to n - 1 with so many threads, the calling one among them; 0: as many as the
 * machine has. After a fault no new items are begun; of several faults the one of the first item is
 * reported, so that it is the same whatever the number of threads. progress may be NULL. */
iso_rc iso_workers_run(int64_t n, int threads, iso_work *, void *data, iso_progress *);
#endif
