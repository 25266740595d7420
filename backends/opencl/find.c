/* find.c: finds the OpenCL devices of this machine, and the one that a user's text names. */
#include "core/text/printable.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "driver.h"
#include "opencl.h"

enum { MAX_PLATFORMS = 32 };

static void platform_text(cl_platform_id p, cl_platform_info what, char *out, size_t n)
{
    char text[1024] = "";
    if (clGetPlatformInfo(p, what, sizeof text - 1, text, NULL) != CL_SUCCESS)
        snprintf(text, sizeof text, "unknown");
    snprintf(out, n, "%.*s", (int)n - 1, text);
}

static void device_text(cl_device_id d, cl_device_info what, char *out, size_t n)
{
    char text[1024] = "";
    if (clGetDeviceInfo(d, what, sizeof text - 1, text, NULL) != CL_SUCCESS)
        snprintf(text, sizeof text, "unknown");
    snprintf(out, n, "%.*s", (int)n - 1, text);
}

static uint64_t device_number(cl_device_id d, cl_device_info what)
{
    cl_ulong wide = 0; /* some answers are 4 bytes; devices are little-endian */
    return clGetDeviceInfo(d, what, sizeof wide, &wide, NULL) == CL_SUCCESS ? wide : 0;
}

static bool has(const char *text, const char *word)
{
    size_t n = strlen(word);
    for (; *text; text++) {
        size_t i = 0;
        while (i < n && tolower((unsigned char)text[i]) == tolower((unsigned char)word[i]))
            i++;
        if (i == n)
            return true;
    }
    return n == 0;
}

static void check_usable(struct opencl_found *f)
{
    cl_bool available = device_number(f->device, CL_DEVICE_AVAILABLE) != 0;
    cl_bool compiler = device_number(f->device, CL_DEVICE_COMPILER_AVAILABLE) != 0;
    f->info.usable = available && compiler;
    if (!available)
        snprintf(f->info.note, sizeof f->info.note, "the driver says it is not available");
    else if (!compiler)
        snprintf(f->info.note, sizeof f->info.note, "the driver has no OpenCL compiler");
}

static void describe(struct opencl_found *f)
{
    struct iso_device *d = &f->info;
    snprintf(d->id, sizeof d->id, "opencl:%d.%d", f->platform_index, f->device_index);
    device_text(f->device, CL_DEVICE_NAME, d->name, sizeof d->name);
    platform_text(f->platform, CL_PLATFORM_NAME, d->platform, sizeof d->platform);
    device_text(f->device, CL_DRIVER_VERSION, d->driver, sizeof d->driver);
    iso_printable(d->name, false);
    iso_printable(d->platform, false);
    iso_printable(d->driver, false);
    d->memory = device_number(f->device, CL_DEVICE_GLOBAL_MEM_SIZE);
    d->max_alloc = device_number(f->device, CL_DEVICE_MAX_MEM_ALLOC_SIZE);
    d->units = (int)device_number(f->device, CL_DEVICE_MAX_COMPUTE_UNITS);
    d->exactness = ISO_INEXACT; /* until it is probed */
    f->pocl = has(d->platform, "Portable Computing Language");
    f->mesa = has(d->platform, "rusticl") || has(d->platform, "Clover");
    f->nvidia = has(d->platform, "NVIDIA");
    f->oclgrind = has(d->platform, "Oclgrind");
    f->gpu = (device_number(f->device, CL_DEVICE_TYPE) & CL_DEVICE_TYPE_GPU) &&
             !has(d->name, "llvmpipe") && !f->oclgrind;
    f->intel = f->gpu && !f->mesa && has(d->platform, "Intel");
    f->unified = device_number(f->device, CL_DEVICE_HOST_UNIFIED_MEMORY) != 0;
    d->gpu = f->gpu;
    check_usable(f);
}

int opencl_find_all(struct opencl_found *out, int max)
{
    cl_platform_id platforms[MAX_PLATFORMS];
    cl_uint nplatforms = 0;
    if (*opencl_drivers_fault() != '\0' || !opencl_library()->loader ||
        clGetPlatformIDs(MAX_PLATFORMS, platforms, &nplatforms) != CL_SUCCESS)
        return 0;
    nplatforms = nplatforms < MAX_PLATFORMS ? nplatforms : MAX_PLATFORMS;
    int count = 0, index = 0;
    for (cl_uint p = 0; p < nplatforms; p++) {
        cl_device_id devices[OPENCL_MAX_DEVICES];
        cl_uint n = 0;
        if (clGetDeviceIDs(platforms[p], CL_DEVICE_TYPE_ALL, OPENCL_MAX_DEVICES, devices, &n) !=
                CL_SUCCESS ||
            n == 0)
            continue;
        for (cl_uint d = 0; d < n && d < OPENCL_MAX_DEVICES && count < max; d++) {
            out[count] = (struct opencl_found){ .platform = platforms[p],
                                                .device = devices[d],
                                                .platform_index = index,
                                                .device_index = (int)d };
            describe(&out[count++]);
        }
        index++;
    }
    return count;
}

/* "3" or "3.1": true with the numbers; the device is 0 when it is not given. */
static bool parse_index(const char *text, int *platform, int *device)
{
    char *end;
    long p = strtol(text, &end, 10), d = 0;
    if (!isdigit((unsigned char)*text) || p > 1000)
        return false;
    if (*end == '.') {
        const char *second = end + 1;
        d = strtol(second, &end, 10);
        if (!isdigit((unsigned char)*second) || d > 1000)
            return false;
    }
    *platform = (int)p;
    *device = (int)d;
    return *end == '\0';
}

static bool matches(const struct opencl_found *f, const char *text)
{
    int p, d;
    if (*text && strspn(text, "0123456789.") == strlen(text))
        return parse_index(text, &p, &d) && f->platform_index == p && f->device_index == d;
    return has(f->info.name, text) || has(f->info.platform, text) || (f->pocl && has("PoCL", text));
}

static iso_rc no_such_device(const char *text, const struct opencl_found *all, int n)
{
    char list[400] = "";
    size_t used = 0;
    for (int i = 0; i < n && used < sizeof list - 1; i++) {
        int k = snprintf(list + used, sizeof list - used, "%s%s (%s)", i ? ", " : "",
                         all[i].info.id, all[i].info.name);
        used += k > 0 ? (size_t)k : 0;
    }
    return iso_fail(ISO_EUSAGE, "no OpenCL device is called '%s'; there are: %s", text, list);
}

iso_rc opencl_find(const char *text, struct opencl_found *out)
{
    struct opencl_found all[OPENCL_MAX_DEVICES];
    int n = opencl_find_all(all, OPENCL_MAX_DEVICES), chosen = -1;
    if (n == 0 && *opencl_drivers_fault() != '\0')
        return iso_fail(ISO_EDEVICE, "%s; --device cpu takes the processor",
                        opencl_drivers_fault());
    if (n == 0) {
        return iso_fail(ISO_EDEVICE,
                        "no OpenCL device is there: install a driver "
                        "(`isocl doctor` says which), or use --device cpu");
    }
    for (int i = 0; i < n; i++) /* a GPU before others, the first of equals */
        if (matches(&all[i], text) && (chosen < 0 || (all[i].gpu && !all[chosen].gpu)))
            chosen = i;
    if (chosen < 0)
        return no_such_device(text, all, n);
    if (!all[chosen].info.usable) {
        return iso_fail(ISO_EDEVICE, "%s (%s) cannot be used: %s", all[chosen].info.id,
                        all[chosen].info.name, all[chosen].info.note);
    }
    *out = all[chosen];
    return ISO_OK;
}
