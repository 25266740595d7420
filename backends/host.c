/* host.c: memory of the backends that compute on the processor. */
#include "host.h"

#include <stdlib.h>
#include <string.h>

void iso_host_free(struct iso_backend *backend, struct iso_mem *memory)
{
    (void)backend;
    free(memory);
}

iso_rc iso_host_write(struct iso_backend *backend, struct iso_mem *dst, size_t offset,
                      const void *src, size_t bytes)
{
    (void)backend;
    if (bytes != 0)
        memcpy((unsigned char *)dst + offset, src, bytes);
    return ISO_OK;
}

iso_rc iso_host_read(struct iso_backend *backend, const struct iso_mem *src, size_t offset,
                     void *dst, size_t bytes)
{
    (void)backend;
    if (bytes != 0)
        memcpy(dst, (const unsigned char *)src + offset, bytes);
    return ISO_OK;
}

iso_rc iso_host_fill(struct iso_backend *backend, struct iso_mem *dst, size_t offset, uint8_t byte,
                     size_t bytes)
{
    (void)backend;
    if (bytes != 0)
        memset((unsigned char *)dst + offset, byte, bytes);
    return ISO_OK;
}

/* A kernel has finished when its call returns. */
iso_rc iso_host_sync(struct iso_backend *backend)
{
    (void)backend;
    return ISO_OK;
}
