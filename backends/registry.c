/* registry.c: the backends that were built, and how a device is chosen by its name. */
#include <stdio.h>
#include <string.h>

#include "core/iso.h"

#define BACKEND(name) extern const struct iso_backend_ops iso_backend_##name;
#include "backends.def"
#undef BACKEND

const struct iso_backend_ops *const iso_backends[] = {
#define BACKEND(name) &iso_backend_##name,
#include "backends.def"
#undef BACKEND
    NULL,
};

enum { DEVICES = 64 };

/* The id of the first usable GPU, or "cpu": an OpenCL CPU is taken only when asked for. */
static iso_rc choose(char *id, size_t n)
{
    struct iso_device devices[DEVICES];
    snprintf(id, n, "%s", "cpu");
    for (int b = 0; iso_backends[b] != NULL; b++) {
        int count = 0;
        ISO_TRY(iso_backends[b]->list(devices, DEVICES, &count));
        for (int i = 0; i < count; i++)
            if (devices[i].usable && devices[i].gpu) {
                snprintf(id, n, "%s", devices[i].id);
                return ISO_OK;
            }
    }
    return ISO_OK;
}

/* True if `device` is the backend's name, or its name, a colon and more, which *rest then names. */
static bool names_backend(const char *device, const char *backend, const char **rest)
{
    size_t length = strlen(backend);
    if (strncmp(device, backend, length) != 0 || (device[length] != '\0' && device[length] != ':'))
        return false;
    *rest = device + length + (device[length] == ':');
    return true;
}

iso_rc iso_backend_open(const char *device, enum iso_mode mode, int threads,
                        struct iso_backend **out)
{
    char chosen[sizeof((struct iso_device *)0)->id];
    const char *rest;
    if (strcmp(device, "auto") == 0) {
        ISO_TRY(choose(chosen, sizeof chosen));
        device = chosen;
    }
    for (int b = 0; iso_backends[b] != NULL; b++)
        if (names_backend(device, iso_backends[b]->name, &rest))
            return iso_backends[b]->open(rest, mode, threads, out);
#ifndef ISO_HAVE_OPENCL
    if (names_backend(device, "opencl", &rest))
        return iso_fail(ISO_EUSAGE,
                        "this isocl was built without OpenCL; install the OpenCL "
                        "headers and loader and build again, or use --device cpu");
#endif
    return iso_fail(ISO_EUSAGE, "unknown device '%s'; `isocl devices` lists what there is", device);
}

void iso_backend_close(struct iso_backend *backend)
{
    if (backend != NULL)
        backend->ops->close(backend);
}
