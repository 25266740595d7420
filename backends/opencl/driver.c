/* driver.c: the first use of a driver, tried in a child. */
#include "driver.h"

#include "core/cache.h"
#include "core/data/sha256.h"
#include "tuner_task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double PATIENCE = 60; /* seconds */

/* Writes the name of the file that records a driver's success, in an environment where the driver
 * finds the same programs and libraries. */
static void file_name(const struct opencl *cl, char *name, size_t n)
{
    char hex[65];
    struct iso_sha256 h;
    opencl_hash_device(&h, cl);
    opencl_hash_text(&h, getenv("PATH"));
    opencl_hash_text(&h, getenv("LD_LIBRARY_PATH"));
    iso_sha256_hex(&h, hex);
    snprintf(name, n, "driver-%.16s.txt", hex);
}

static void remember(const struct opencl *cl, const char *name)
{
    char text[600];
    const int n = snprintf(text, sizeof text, "%s, driver %s: has compiled and run a kernel\n",
                           cl->found.info.name, cl->found.info.driver);
    if (n > 0 && n < (int)sizeof text)
        iso_cache_put(name, text, (size_t)n);
}

static iso_rc try(const struct opencl *cl, const char *name)
{
    const char *const arguments[] = { cl->found.info.id, NULL };
    const struct iso_child_job job = { OPENCL_DRIVER_TASK, arguments, { .seconds = PATIENCE } };
    struct iso_child *child;
    if (iso_child_start(&job, &child) != ISO_OK) {
        iso_error_clear(); /* a program without isocl beside it tries the driver itself */
        return ISO_OK;
    }
    iso_child_finish(child);
    const struct iso_child_verdict verdict = *iso_child_verdict(child);
    iso_child_free(child);
    if (verdict.end == ISO_CHILD_DONE && verdict.rc == ISO_OK)
        remember(cl, name);
    if (verdict.end == ISO_CHILD_DONE) /* a failure shows here, too */
        return ISO_OK;
    char text[128];
    return iso_fail(ISO_EDEVICE,
                    "the driver of %s (%s, %s) %s when it was asked to compile and run a small "
                    "kernel: repair it, or choose another --device",
                    cl->found.info.id, cl->found.info.name, cl->found.info.driver,
                    iso_child_text(&verdict, text, sizeof text));
}

iso_rc opencl_driver_try(const struct opencl *cl)
{
    char name[64], path[1200];
    file_name(cl, name, sizeof name);
    const bool known = iso_cache_path(name, path, sizeof path) && access(path, R_OK) == 0;
    return known || opencl_is_child() ? ISO_OK : try(cl, name);
}
