/* diagnose.c: what `isocl doctor` tells about OpenCL on this machine. */
#include "diagnose.h"

#include "core/system/file.h"
#include "driver.h"
#include "opencl.h"
#include "trust.h"

#include <dirent.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PLATFORMS = 32, LINE = 512 };
static const char default_folder[] = "/etc/OpenCL/vendors";

/* ---- Registered drivers --------------------------------------------------------------------- */

/* An .icd file holds the name of a driver's library; the loader opens it, and so do we. It stays
 * open, because drivers do not like to be unloaded. */
static void show_driver(FILE *out, const char *path, char *advice, size_t n)
{
    char library[LINE] = "";
    FILE *f = fopen(path, "r");
    if (f == NULL || fgets(library, sizeof library, f) == NULL) {
        fprintf(out, "  %s: cannot be read\n", path);
    } else {
        library[strcspn(library, "\r\n")] = '\0';
        void *loaded = dlopen(library, RTLD_LAZY | RTLD_LOCAL);
        const char *fault = loaded != NULL ? NULL : dlerror();
        fprintf(out, "  %s: %s%s%s\n", path, library, fault != NULL ? ": " : "",
                fault != NULL ? fault : "");
        if (loaded == NULL) {
            snprintf(advice, n,
                     "%s names %.100s, which does not load: install its package again, or remove "
                     "the file",
                     path, library);
        }
    }
    if (f != NULL)
        fclose(f);
}

static int show_folder(FILE *out, const char *folder, char *advice, size_t n)
{
    int count = 0;
    DIR *d = opendir(folder);
    for (struct dirent *e = d != NULL ? readdir(d) : NULL; e != NULL; e = readdir(d)) {
        char path[LINE];
        if (iso_ends_in(e->d_name, ".icd")) {
            snprintf(path, sizeof path, "%.250s/%.250s", folder, e->d_name);
            show_driver(out, path, advice, n);
            count++;
        }
    }
    if (d != NULL)
        closedir(d);
    return count;
}

/* Shows the drivers that the loader finds in OCL_ICD_VENDORS (a folder or one file), or otherwise
 * in the system's folder. */
static void show_drivers(FILE *out, char *advice, size_t n)
{
    const char *chosen = getenv("OCL_ICD_VENDORS");
    const char *where = chosen != NULL && *chosen ? chosen : default_folder;
    fprintf(out, "OpenCL drivers registered in %s%s:\n", where,
            where == chosen ? " (OCL_ICD_VENDORS)" : "");
    if (iso_ends_in(where, ".icd")) {
        show_driver(out, where, advice, n);
    } else if (show_folder(out, where, advice, n) == 0) {
        fprintf(out, "  none\n");
        if (where == chosen) {
            snprintf(advice, n,
                     "OCL_ICD_VENDORS is %.200s, where no driver is registered: unset it", chosen);
        }
    }
}

/* ---- Platforms ------------------------------------------------------------------------------ */

static void explain_empty(const char *name, char *advice, size_t n)
{
    if (strstr(name, "rusticl") != NULL) {
        snprintf(
            advice, n,
            "rusticl shows no device until it is told which: set RUSTICL_ENABLE=radeonsi (AMD), "
            "iris "
            "(Intel) or llvmpipe (the CPU); where another platform has devices that is not needed");
    } else if (strstr(name, "Portable Computing Language") != NULL) {
        snprintf(advice, n,
                 "PoCL shows no device: it needs a folder it may write to; name one with "
                 "POCL_CACHE_DIR or XDG_CACHE_HOME");
    } else if (strstr(name, "Clover") != NULL) {
        snprintf(advice, n,
                 "Clover, Mesa's old OpenCL, found no card it knows: that is harmless where "
                 "another platform "
                 "has devices");
    } else {
        snprintf(advice, n,
                 "the platform %.100s has no device: is its card there, its kernel driver loaded, "
                 "and may you "
                 "open /dev/dri (groups render and video)?",
                 name);
    }
}

static void show_platform(FILE *out, cl_platform_id platform, char *advice, size_t n)
{
    char name[256] = "", version[256] = "";
    cl_uint devices = 0;
    clGetPlatformInfo(platform, CL_PLATFORM_NAME, sizeof name - 1, name, NULL);
    clGetPlatformInfo(platform, CL_PLATFORM_VERSION, sizeof version - 1, version, NULL);
    if (clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, NULL, &devices) != CL_SUCCESS)
        devices = 0;
    fprintf(out, "  %s, %s: %u device%s\n", name, version, devices, devices == 1 ? "" : "s");
    if (devices == 0 && !*advice)
        explain_empty(name, advice, n);
}

void iso_opencl_diagnose(FILE *out, char *advice, size_t n)
{
    cl_platform_id platforms[MAX_PLATFORMS];
    cl_uint count = 0;
    advice[0] = '\0';
    opencl_trust_again();
    if (*opencl_drivers_fault() != '\0') {
        fprintf(out, "OpenCL: not asked: %s\n", opencl_drivers_fault());
        snprintf(
            advice, n,
            "find the OpenCL driver that crashes or hangs, and update or remove it: "
            "OCL_ICD_VENDORS=/etc/OpenCL/vendors/NAME.icd isocl devices  takes one of them alone");
        return;
    }
    if (!opencl_library()->loader) {
        fprintf(out, "OpenCL loader: libOpenCL is not installed\n");
        snprintf(advice, n, "install the OpenCL loader (Debian: ocl-icd-libopencl1) and a driver");
        return;
    }
#ifdef ISO_HAVE_CLBLAST
    fprintf(out, "CLBlast: %s\n",
            opencl_library()->clblast
                ? "installed; fast mode uses it where it proves right"
                : "libclblast is not installed; fast mode uses isocl's own kernels");
#endif
    show_drivers(out, advice, n);
    if (clGetPlatformIDs(MAX_PLATFORMS, platforms, &count) != CL_SUCCESS)
        count = 0;
    count = count < MAX_PLATFORMS ? count : MAX_PLATFORMS;
    fprintf(out, "OpenCL platforms:\n");
    if (count == 0)
        fprintf(out, "  none: the loader found no driver that works\n");
    for (cl_uint i = 0; i < count; i++)
        show_platform(out, platforms[i], advice, n);
}
