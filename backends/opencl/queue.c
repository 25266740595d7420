/* queue.c: how far the host runs ahead of the device.
 *
 * Launches are counted in windows. A window is sent to the device when it is full (drivers may keep
 * what is queued until then). Its last launch has an event, and when there are
 * OPENCL_WINDOWS windows under way, the host waits for the oldest of them. The number of launches
 * in a window follows the time that windows take: all windows together are about a tenth of a
 * second of work. So the device is never idle, Ctrl-C and errors are seen soon, and a driver need
 * not keep a whole epoch of launches in memory. */
#include "core/system/machine.h"
#include "opencl.h"

enum { FIRST_WINDOW = 16, LONGEST_WINDOW = 256 };
static const double WINDOW_SECONDS = 0.1 / OPENCL_WINDOWS;

cl_event *opencl_pace_before(struct opencl *cl)
{
    struct opencl_pace *p = &cl->pace;
    if (p->window == 0)
        p->window = FIRST_WINDOW;
    if (p->launches + 1 < p->window)
        return NULL;
    return &p->ends[(p->first + p->count) % OPENCL_WINDOWS];
}

static int limited(double window)
{
    return window < 1 ? 1 : window > LONGEST_WINDOW ? LONGEST_WINDOW : (int)window;
}

/* The oldest window, of so many launches, is over, waited for or not. Between the ends of two
 * windows that were waited for lies the device's time for the second. Where neither was, the device
 * keeps up with the host, and took no longer than lies between. In front of the first wait it is
 * not known when the device had begun. */
static void adapt(struct opencl_pace *p, int launches, bool waited)
{
    const double now = iso_clock(), seconds = now - p->ended;
    if (p->ended > 0 && seconds > 0 && (p->waited || !waited)) {
        const double fits = launches * WINDOW_SECONDS / seconds, most = 2.0 * launches;
        p->window = limited(fits < most ? fits : most);
    }
    p->ended = now;
    p->waited = waited;
}

static iso_rc wait_for_oldest(struct opencl_pace *p)
{
    cl_event oldest = p->ends[p->first];
    const int launches = p->sizes[p->first];
    cl_int status = CL_QUEUED;
    cl_int rc =
        clGetEventInfo(oldest, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof status, &status, NULL);
    const bool waits = rc == CL_SUCCESS && status > CL_COMPLETE;
    if (rc == CL_SUCCESS && status != CL_COMPLETE)
        rc = clWaitForEvents(1, &oldest);
    clReleaseEvent(oldest);
    p->first = (p->first + 1) % OPENCL_WINDOWS;
    p->count--;
    adapt(p, launches, waits);
    return opencl_check(rc, "clWaitForEvents", NULL);
}

iso_rc opencl_pace_after(struct opencl *cl)
{
    struct opencl_pace *p = &cl->pace;
    if (++p->launches < p->window)
        return ISO_OK;
    ISO_TRY(opencl_check(clFlush(cl->queue), "clFlush", NULL));
    p->sizes[(p->first + p->count++) % OPENCL_WINDOWS] = p->launches;
    p->launches = 0;
    return p->count == OPENCL_WINDOWS ? wait_for_oldest(p) : ISO_OK;
}

void opencl_pace_stop(struct opencl *cl)
{
    struct opencl_pace *p = &cl->pace;
    for (; p->count > 0; p->count--) {
        clReleaseEvent(p->ends[p->first]);
        p->first = (p->first + 1) % OPENCL_WINDOWS;
    }
    p->launches = 0;
    p->ended = 0;
}
