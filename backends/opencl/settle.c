/* settle.c: what a plan's kernels need before its first step. */
#include "opencl.h"
#include "tuner.h"

iso_rc opencl_settle(struct iso_backend *be)
{
    struct opencl *cl = opencl_of(be);
    ISO_TRY(opencl_tune(cl));
    return opencl_build_recorded(cl);
}
