/* bench_trace.h: writes profiles as a file of trace events, for chrome://tracing and
 * Perfetto. */
#ifndef ISO_BENCH_TRACE_H
#define ISO_BENCH_TRACE_H
#include "core/bench/bench.h"

struct iso_bench_trace {
    void *events; /* a json_t array; NULL: none yet */
    int profiles;
};
/* Adds a profile, which becomes a process of the trace. */
iso_rc iso_bench_trace_add(struct iso_bench_trace *, const struct iso_model *, const char *device,
                           const struct iso_bench_profile *);
/* Writes all profiles to the file and frees them. */
iso_rc iso_bench_trace_write(struct iso_bench_trace *, const char *path);
#endif
