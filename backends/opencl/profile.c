/* profile.c: the time of each command, from the events of a queue with profiling. That queue is
 * used only while a profile is wanted, because drivers are slower with it. */
#include <stdlib.h>
#include "opencl.h"

static bool grow(struct opencl_profile *p)
{
    struct iso_profile *to = p->to;
    const int room = to->room < 256 ? 256 : 2 * to->room;
    struct iso_profile_event *events = realloc(to->events, (size_t)room * sizeof *events);
    if (events == NULL)
        return false;
    to->events = events;
    to->room = room;
    cl_event *handles = realloc(p->events, (size_t)room * sizeof *handles);
    if (handles == NULL)
        return false;
    p->events = handles;
    p->room = room;
    return true;
}

void opencl_counts(struct opencl *cl, double flops) { cl->profile.flops = flops; }

cl_event *opencl_note(struct opencl *cl, const char *name)
{
    struct opencl_profile *p = &cl->profile;
    const double flops = p->flops;
    p->flops = 0;
    if (p->to == NULL)
        return NULL;
    if ((p->to->count == p->to->room || p->to->count >= p->room) && !grow(p))
        return NULL; /* the profile lacks this command; the step continues */
    const int i = p->to->count++;
    p->to->events[i] = (struct iso_profile_event){ name, p->to->call, flops, 0, 0 };
    p->events[i] = NULL;
    return &p->events[i];
}

static double seconds_at(cl_event event, cl_profiling_info what)
{
    cl_ulong nanoseconds = 0;
    clGetEventProfilingInfo(event, what, sizeof nanoseconds, &nanoseconds, NULL);
    return (double)nanoseconds * 1e-9;
}

/* Takes the times out of the events. A command that failed to be queued has none. */
static void fill_in(struct opencl_profile *p)
{
    for (int i = 0; i < p->to->count; i++) {
        struct iso_profile_event *e = &p->to->events[i];
        if (p->events[i] == NULL)
            continue;
        e->begin = seconds_at(p->events[i], CL_PROFILING_COMMAND_START);
        e->end = seconds_at(p->events[i], CL_PROFILING_COMMAND_END);
        clReleaseEvent(p->events[i]);
    }
}

static iso_rc begin(struct opencl *cl, struct iso_profile *to)
{
    cl_int rc;
    ISO_TRY(opencl_check(clFinish(cl->queue), "clFinish", NULL));
    cl_command_queue queue =
        clCreateCommandQueue(cl->context, cl->found.device, CL_QUEUE_PROFILING_ENABLE, &rc);
    ISO_TRY(opencl_check(rc, "clCreateCommandQueue", "profile"));
    cl->profile = (struct opencl_profile){ .to = to, .plain = cl->queue };
    cl->queue = queue;
    return ISO_OK;
}

iso_rc opencl_profile(struct iso_backend *be, struct iso_profile *to)
{
    struct opencl *cl = opencl_of(be);
    if (to != NULL)
        return cl->profile.to == NULL ? begin(cl, to) : ISO_OK;
    if (cl->profile.to == NULL)
        return ISO_OK;
    const iso_rc rc = opencl_check(clFinish(cl->queue), "clFinish", NULL);
    fill_in(&cl->profile);
    free(cl->profile.events);
    clReleaseCommandQueue(cl->queue);
    cl->queue = cl->profile.plain;
    cl->profile = (struct opencl_profile){ 0 };
    return rc;
}
