/* host.h: device memory that is plain host memory, for the backends that compute on the processor.
 * An iso_mem * is the address itself; struct iso_mem is never defined there. Nothing is queued. */
#ifndef ISO_HOST_H
#define ISO_HOST_H
#include "core/iso.h"

/* Members of iso_backend_ops for memory that free() can free. */
void iso_host_free(struct iso_backend *, struct iso_mem *);
iso_rc iso_host_write(struct iso_backend *, struct iso_mem *dst, size_t offset, const void *src,
                      size_t bytes);
iso_rc iso_host_read(struct iso_backend *, const struct iso_mem *src, size_t offset, void *dst,
                     size_t bytes);
iso_rc iso_host_fill(struct iso_backend *, struct iso_mem *dst, size_t offset, uint8_t byte,
                     size_t bytes);
iso_rc iso_host_sync(struct iso_backend *);
#endif
