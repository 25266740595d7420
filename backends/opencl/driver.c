/* driver.c: the first use of the drivers, and of each device, tried in a child. */
#include "driver.h"

#include "core/system/sha256.h"
#include "tuner_task.h"
#include "trust.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { TEXT = 512, NAME = 64 };
static const double PATIENCE = 60, LIST_PATIENCE = 30; /* seconds */

/* Runs a task on a device (or all: ""). Returns its end; RUNS: no child can be started, and this
 * process has to try by itself. text: the end in words. */
static struct iso_child_verdict ask(const char *task, const char *device, double patience,
                                    char *text, size_t n)
{
    const char *const arguments[] = { device, NULL };
    const struct iso_child_job job = { task, arguments, { .seconds = patience } };
    struct iso_child_verdict verdict = { .end = ISO_CHILD_RUNS };
    struct iso_child *child;
    if (iso_child_start(&job, &child) != ISO_OK) {
        iso_error_clear();
        return verdict;
    }
    iso_child_finish(child);
    verdict = *iso_child_verdict(child);
    iso_child_free(child);
    iso_child_text(&verdict, text, n);
    return verdict;
}

static bool broke(const struct iso_child_verdict *v)
{
    return v->end != ISO_CHILD_DONE && v->end != ISO_CHILD_RUNS;
}

/* ---- All drivers --------------------------------------------------------------------------- */

static void hash_file(struct iso_sha256 *h, const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return;
    const int64_t numbers[] = { (int64_t)info.st_size, (int64_t)info.st_mtime };
    iso_sha256_add(h, path, strlen(path) + 1);
    iso_sha256_add(h, numbers, sizeof numbers);
}

/* The drivers that are registered, and the time at which libraries were last installed. */
static void list_name(char name[NAME])
{
    static const char *const paths[] = { "/etc/OpenCL/vendors", "/etc/ld.so.cache" };
    const char *chosen = getenv("OCL_ICD_VENDORS");
    struct iso_sha256 h;
    char hex[65];
    iso_sha256_init(&h);
    iso_sha256_add(&h, ISO_VERSION, sizeof ISO_VERSION);
    opencl_hash_environment(&h);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        hash_file(&h, paths[i]);
    if (chosen != NULL)
        hash_file(&h, chosen);
    iso_sha256_hex(&h, hex);
    snprintf(name, NAME, "drivers-%.16s.txt", hex);
}

static void find_fault(char fault[TEXT])
{
    char name[NAME], text[256];
    list_name(name);
    const enum opencl_trust known = opencl_trust_read(name, fault, TEXT);
    if (known == OPENCL_WORKS)
        *fault = '\0';
    if (known == OPENCL_FAILS)
        snprintf(fault + strlen(fault), TEXT - strlen(fault),
                 " within the last ten minutes (`isocl doctor` asks again)");
    if (known != OPENCL_UNKNOWN)
        return;
    const struct iso_child_verdict v = ask(OPENCL_LIST_TASK, "", LIST_PATIENCE, text, sizeof text);
    *fault = '\0';
    if (broke(&v))
        snprintf(fault, TEXT, "the OpenCL drivers' process %s when it was asked for its devices",
                 text);
    if (v.end != ISO_CHILD_RUNS)
        opencl_trust_write(name, broke(&v) ? OPENCL_FAILS : OPENCL_WORKS,
                           broke(&v) ? fault : "the OpenCL drivers have listed their devices");
}

const char *opencl_drivers_fault(void)
{
    static char fault[TEXT];
    static bool asked;
    if (!asked && !opencl_is_child())
        find_fault(fault);
    asked = true;
    return fault;
}

/* ---- One device ---------------------------------------------------------------------------- */

/* The file of a driver's verdict, in an environment where it finds the same programs. */
static void file_name(const struct opencl *cl, char name[NAME])
{
    char hex[65];
    struct iso_sha256 h;
    opencl_hash_device(&h, cl);
    opencl_hash_text(&h, cl->found.info.id);
    opencl_hash_environment(&h);
    iso_sha256_hex(&h, hex);
    snprintf(name, NAME, "driver-%.16s.txt", hex);
}

static iso_rc refuse(const struct opencl *cl, const char *why)
{
    return iso_fail(ISO_EDEVICE,
                    "the driver of %s (%s, %s) %s when it was asked to compile and run a small "
                    "kernel: repair it, or choose another --device",
                    cl->found.info.id, cl->found.info.name, cl->found.info.driver, why);
}

static iso_rc try(const struct opencl *cl, const char *name)
{
    char text[256];
    const struct iso_child_verdict v =
        ask(OPENCL_DRIVER_TASK, cl->found.info.id, PATIENCE, text, sizeof text);
    if (broke(&v)) {
        opencl_trust_write(name, OPENCL_FAILS, text);
        return refuse(cl, text);
    }
    if (v.end == ISO_CHILD_DONE && v.rc == ISO_OK) /* a failure shows here, too */
        opencl_trust_write(name, OPENCL_WORKS, "the driver has compiled and run a kernel");
    return ISO_OK;
}

iso_rc opencl_driver_try(const struct opencl *cl)
{
    char name[NAME], text[TEXT];
    if (opencl_is_child())
        return ISO_OK;
    file_name(cl, name);
    switch (opencl_trust_read(name, text, sizeof text)) {
    case OPENCL_WORKS: return ISO_OK;
    case OPENCL_UNKNOWN: return try(cl, name);
    case OPENCL_FAILS: break;
    }
    snprintf(text + strlen(text), sizeof text - strlen(text),
             " within the last ten minutes (`isocl doctor` asks it again)");
    return refuse(cl, text);
}
