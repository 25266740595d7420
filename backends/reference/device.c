/* device.c: the reference backend: one device, plain host memory, three tables of kernels. It is
 * part of the variant `reference` only; the others have nothing here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/host.h"
#include "kernels.h"
#include "reference.h"

#define IS_COMMON_reference 1
#define IS_COMMON ISO_JOIN(IS_COMMON, ISO_VARIANT)
#if IS_COMMON

extern const struct iso_backend_ops iso_backend_reference;

struct variant {
    const char *name, *note;
    const struct iso_kernel *const *kernels;
    size_t real_size;
};
static const struct variant portable = { "portable", "plain C, right on every machine",
                                         reference_kernels, sizeof(float) };
static const struct variant judge = { "double", "double precision, the judge of accuracy",
                                      reference_double_kernels, sizeof(double) };
#ifdef ISO_REFERENCE_FMA
static const struct variant hardware = { "fma", "plain C with hardware fma", reference_fma_kernels,
                                         sizeof(float) };
#endif

/* The fastest float variant of this machine: all give the same bits. */
static const struct variant *fastest(void)
{
#ifdef ISO_REFERENCE_FMA
    if (__builtin_cpu_supports("fma") && __builtin_cpu_supports("avx2"))
        return &hardware;
#endif
    return &portable;
}

static void describe(const struct variant *variant, struct iso_device *out)
{
    *out = (struct iso_device){ .exactness = ISO_EXACT, .usable = true, .units = 1 };
    snprintf(out->id, sizeof out->id, "%s", "reference");
    if (variant != fastest())
        snprintf(out->id, sizeof out->id, "reference:%s", variant->name);
    snprintf(out->name, sizeof out->name, "%s", "host processor, one thread");
    snprintf(out->platform, sizeof out->platform, "%s", "isocl");
    snprintf(out->driver, sizeof out->driver, "%s", ISO_VERSION);
    snprintf(out->note, sizeof out->note, "%s: %s", variant->name, variant->note);
}

static iso_rc list_devices(struct iso_device *out, int max, int *count)
{
    if (*count < max)
        describe(fastest(), &out[(*count)++]);
    return ISO_OK;
}

static const struct variant *find_variant(const char *device)
{
    if (device[0] == '\0')
        return fastest();
    if (strcmp(device, judge.name) == 0)
        return &judge;
    return strcmp(device, portable.name) == 0 ? &portable : NULL;
}

static iso_rc open_device(const char *device, enum iso_mode mode, int threads,
                          struct iso_backend **out)
{
    const struct variant *variant = find_variant(device);
    (void)threads;
    if (variant == NULL)
        return iso_fail(ISO_EUSAGE,
                        "no device reference:%s; there are reference, "
                        "reference:portable and reference:double",
                        device);
    if (mode == ISO_MODE_FAST)
        return iso_fail(ISO_EUSAGE, "the reference is always exact; leave --mode fast out");
    struct iso_backend *backend = iso_alloc(1, sizeof *backend);
    if (backend == NULL)
        return ISO_ENOMEM;
    backend->ops = &iso_backend_reference;
    backend->kernels = variant->kernels;
    backend->mode = ISO_MODE_EXACT;
    backend->real_size = variant->real_size;
    describe(variant, &backend->device);
    *out = backend;
    return ISO_OK;
}

static void close_device(struct iso_backend *backend) { free(backend); }

static iso_rc alloc_memory(struct iso_backend *backend, size_t bytes, struct iso_mem **out)
{
    (void)backend;
    struct iso_mem *memory = iso_alloc(bytes, 1);
    if (memory == NULL)
        return ISO_ENOMEM;
    *out = memory;
    return ISO_OK;
}

const struct iso_backend_ops iso_backend_reference = {
    .name = "reference",
    .doc = "plain C, one loop nest per formula: the definition of every result",
    .kernels = reference_kernels,
    .list = list_devices,
    .open = open_device,
    .close = close_device,
    .alloc = alloc_memory,
    .free = iso_host_free,
    .write = iso_host_write,
    .read = iso_host_read,
    .fill = iso_host_fill,
    .sync = iso_host_sync,
};
#endif
