/* registry.c: the backends that were built, what they add to the program, and how a device is
 * chosen by its name. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/system/child.h"
#include "diagnose.h"

#define BACKEND(name) extern const struct iso_backend_ops iso_backend_##name;
#define TASKS(name) extern const struct iso_task_entry iso_##name##_tasks[];
#define DIAGNOSIS(name) extern iso_diagnosis iso_##name##_diagnose;
#include "backends.def"

const struct iso_backend_ops *const iso_backends[] = {
#define BACKEND(name) &iso_backend_##name,
#include "backends.def"
    NULL,
};

const struct iso_task_entry *const iso_backend_tasks[] = {
#define TASKS(name) iso_##name##_tasks,
#include "backends.def"
    NULL,
};

iso_diagnosis *const iso_diagnoses[] = {
#define DIAGNOSIS(name) iso_##name##_diagnose,
#include "backends.def"
    NULL,
};

enum { DEVICES = 64 };

/* Appends to a text that has room for n bytes; what does not fit is cut off. */
static void append(char *text, size_t n, const char *fmt, ...)
{
    const size_t used = strlen(text);
    va_list list;
    va_start(list, fmt);
    vsnprintf(text + used, n - used, fmt, list);
    va_end(list);
}

/* Appends a device that is not the one that is looked for, and why. */
static void tell_found(const struct iso_device *d, char *found, size_t n)
{
    append(found, n, "%s%s (%s%s%.200s)", *found ? ", " : "", d->id, d->name,
           d->usable ? ", not a GPU" : ": ", d->usable ? "" : d->note);
}

/* Finds the usable GPU of a number, from 0; sets id to "" if there is none. found names the devices
 * before it that are none, except those that are a backend of their own, such as cpu. */
static iso_rc find_gpu(int number, char *id, size_t n, char *found, size_t size)
{
    struct iso_device devices[DEVICES];
    *id = *found = '\0';
    for (int b = 0; iso_backends[b] != NULL; b++) {
        int count = 0;
        ISO_TRY(iso_backends[b]->list(devices, DEVICES, &count));
        for (int i = 0; i < count; i++) {
            const struct iso_device *d = &devices[i];
            if (d->usable && d->gpu && number-- == 0) {
                snprintf(id, n, "%s", d->id);
                return ISO_OK;
            }
            if (!(d->usable && d->gpu) && strcmp(d->id, iso_backends[b]->name) != 0)
                tell_found(d, found, size);
        }
    }
    return ISO_OK;
}

iso_rc iso_backend_choose(const char *device, char *id, size_t n, char *why, size_t size)
{
    char found[1024];
    const bool gpu = strcmp(device, "gpu") == 0;
    *why = '\0';
    snprintf(id, n, "%s", device);
    if (!gpu && strcmp(device, "auto") != 0)
        return ISO_OK;
    ISO_TRY(find_gpu(0, id, n, found, sizeof found));
    if (*id != '\0') {
        snprintf(why, size, "the first GPU that can be used");
        return ISO_OK;
    }
    if (gpu)
        return iso_fail(ISO_EDEVICE,
                        "--device gpu: no GPU can be used here; OpenCL shows %s. `isocl doctor` "
                        "says how to get a GPU going; --device cpu takes the processor",
                        *found ? found : "no device");
    /* An OpenCL device that is a CPU is taken only when it is asked for. */
    snprintf(id, n, "cpu");
    snprintf(why, size, "no GPU can be used, OpenCL shows %s", *found ? found : "no device");
    return ISO_OK;
}

iso_rc iso_backend_choose_local(int local, char *id, size_t n)
{
    char found[1024];
    ISO_TRY(find_gpu(local, id, n, found, sizeof found));
    if (*id == '\0')
        snprintf(id, n, "cpu");
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
    char id[128], why[ISO_CHOICE_WHY];
    const char *rest;
    ISO_TRY(iso_backend_choose(device, id, sizeof id, why, sizeof why));
    if (*why != '\0')
        device = id;
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
