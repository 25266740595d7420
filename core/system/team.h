/* team.h: a team of threads: that of the cpu backend, and one that adds ranks' sums. They spin for
 * a moment between two tasks, because a training step has hundreds of tasks a few microseconds
 * apart, and then sleep. */
#ifndef ISO_TEAM_H
#define ISO_TEAM_H
#include "core/iso.h"

struct iso_team;
/* Starts the threads. threads 0: as many as this process may use (core/system/machine.h). The
 * caller frees *out. */
iso_rc iso_team_new(int threads, struct iso_team **out);
void iso_team_free(struct iso_team *); /* NULL is fine */
int iso_team_size(const struct iso_team *);

/* Runs task(data, unit, thread) once for every unit in [0, units), each on some thread in [0,
 * size), and returns when all are done. Each thread begins with its own contiguous share of the
 * units, in ascending order, so that the images of a batch stay in the cache of the same thread
 * from one op to the next. Results must not depend on which thread runs which unit. */
typedef void iso_team_task(void *data, int64_t unit, int thread);
void iso_team_run(struct iso_team *, int64_t units, iso_team_task *task, void *data);
#endif
