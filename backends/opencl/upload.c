/* upload.c: writes from the host to the device's memory, without waiting for queued work.
 *
 * A piece is copied into pinned memory, from which a second queue brings it to the device while the
 * first one computes; there, the in-order queue copies it to its place when its turn comes. Where
 * host and device share memory, nothing has to be brought: the in-order queue writes from the
 * pinned memory. A slot is used again when its last reader is done, so the host is at most
 * OPENCL_SLOTS pieces ahead. */
#include <string.h>
#include "opencl.h"

enum { PIECE = 4 << 20 };

static iso_rc fill_slot(struct opencl *cl, struct opencl_slot *s)
{
    cl_int rc;
    s->pinned =
        clCreateBuffer(cl->context, CL_MEM_READ_ONLY | CL_MEM_ALLOC_HOST_PTR, PIECE, NULL, &rc);
    ISO_TRY(opencl_check(rc, "clCreateBuffer", "pinned memory"));
    s->host = clEnqueueMapBuffer(cl->queue, s->pinned, CL_TRUE, CL_MAP_WRITE, 0, PIECE, 0, NULL,
                                 NULL, &rc);
    ISO_TRY(opencl_check(rc, "clEnqueueMapBuffer", "pinned memory"));
    if (cl->found.unified)
        return ISO_OK;
    s->device = clCreateBuffer(cl->context, CL_MEM_READ_ONLY, PIECE, NULL, &rc);
    return opencl_check(rc, "clCreateBuffer", "uploads");
}

/* The second queue begins with the first piece that needs it. */
static iso_rc open_queue(struct opencl *cl)
{
    cl_int rc = CL_SUCCESS;
    if (cl->upload.queue == NULL && !cl->found.unified)
        cl->upload.queue = clCreateCommandQueue(cl->context, cl->found.device, 0, &rc);
    return opencl_check(rc, "clCreateCommandQueue", "uploads");
}

static iso_rc wait_for(struct opencl_slot *s)
{
    if (s->busy == NULL)
        return ISO_OK;
    const cl_int rc = clWaitForEvents(1, &s->busy);
    clReleaseEvent(s->busy);
    s->busy = NULL;
    return opencl_check(rc, "clWaitForEvents", "uploads");
}

static iso_rc send(struct opencl *cl, struct opencl_slot *s, cl_mem dst, size_t offset, size_t n)
{
    cl_event there;
    cl_int rc;
    if (s->device == NULL) {
        rc = clEnqueueWriteBuffer(cl->queue, dst, CL_FALSE, offset, n, s->host, 0, NULL, &s->busy);
        ISO_TRY(opencl_check(rc, "clEnqueueWriteBuffer", NULL));
        return opencl_check(clFlush(cl->queue), "clFlush", NULL);
    }
    rc =
        clEnqueueWriteBuffer(cl->upload.queue, s->device, CL_FALSE, 0, n, s->host, 0, NULL, &there);
    ISO_TRY(opencl_check(rc, "clEnqueueWriteBuffer", NULL));
    rc = clFlush(cl->upload.queue);
    if (rc == CL_SUCCESS)
        rc = clEnqueueCopyBuffer(cl->queue, s->device, dst, 0, offset, n, 1, &there, &s->busy);
    clReleaseEvent(there);
    ISO_TRY(opencl_check(rc, "clEnqueueCopyBuffer", NULL));
    return opencl_check(clFlush(cl->queue), "clFlush", NULL);
}

iso_rc opencl_upload(struct opencl *cl, cl_mem dst, size_t offset, const void *src, size_t bytes)
{
    struct opencl_upload *u = &cl->upload;
    ISO_TRY(open_queue(cl));
    for (size_t done = 0; done < bytes;) {
        struct opencl_slot *s = &u->slots[u->next];
        const size_t n = bytes - done < PIECE ? bytes - done : PIECE;
        if (s->host == NULL)
            ISO_TRY(fill_slot(cl, s));
        ISO_TRY(wait_for(s));
        memcpy(s->host, (const char *)src + done, n);
        ISO_TRY(send(cl, s, dst, offset + done, n));
        u->next = (u->next + 1) % OPENCL_SLOTS;
        done += n;
    }
    return ISO_OK;
}

static void empty_slot(struct opencl *cl, struct opencl_slot *s)
{
    if (s->busy != NULL)
        clReleaseEvent(s->busy);
    if (s->host != NULL)
        clEnqueueUnmapMemObject(cl->queue, s->pinned, s->host, 0, NULL, NULL);
    if (s->pinned != NULL)
        clReleaseMemObject(s->pinned);
    if (s->device != NULL)
        clReleaseMemObject(s->device);
    *s = (struct opencl_slot){ 0 };
}

/* After the queue has been waited for: then the second one, which it waits for, is done, too. */
void opencl_upload_stop(struct opencl *cl)
{
    for (int i = 0; i < OPENCL_SLOTS; i++)
        empty_slot(cl, &cl->upload.slots[i]);
    if (cl->upload.queue != NULL)
        clReleaseCommandQueue(cl->upload.queue);
    cl->upload.queue = NULL;
}
