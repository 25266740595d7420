/* device.c: the processor as a device: host memory, a team of threads, and the kernels for its
 * instruction set. */
#include "core/system/environment.h"
#include "core/system/machine.h"
#include "backends/host.h"
#include "cpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "kernels.h"

extern const struct iso_backend_ops iso_backend_cpu;

enum { CACHE_LINE = 64, HUGE_PAGE = 2 << 20 };

/* ---- Which kernels ------------------------------------------------------------------------- */

struct variant {
    const char *name, *doc;
    const struct iso_kernel *const *kernels;
    bool (*runs_here)(void);
    iso_cpu_peak *peak;
};

#ifdef ISO_CPU_X86
static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool has_avx512(void)
{
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
}
#endif

static bool always(void) { return true; }

#if defined(__ARM_NEON) && defined(__aarch64__)
#define PORTABLE "portable C and NEON"
#else
#define PORTABLE "portable C"
#endif

/* The fastest first; all give the same bits. */
static const struct variant variants[] = {
#ifdef ISO_CPU_X86
    { "avx512", "AVX-512", cpu_avx512_kernels, has_avx512, cpu_avx512_peak },
    { "avx2", "AVX2 and FMA", cpu_avx2_kernels, has_avx2, cpu_avx2_peak },
#endif
    { "portable", PORTABLE, cpu_portable_kernels, always, cpu_portable_peak },
};
enum { VARIANTS = sizeof variants / sizeof *variants };

static const struct variant *fastest(void)
{
    for (int i = 0; i < VARIANTS; i++)
        if (variants[i].runs_here())
            return &variants[i];
    return &variants[VARIANTS - 1];
}

static const struct variant *find(const char *name)
{
    for (int i = 0; i < VARIANTS; i++)
        if (strcmp(name, variants[i].name) == 0)
            return &variants[i];
    return NULL;
}

/* Writes "avx512, avx2, portable" into buf and returns buf. */
static const char *variant_names(char *buf, size_t n)
{
    size_t used = 0;
    for (int i = 0; i < VARIANTS && used < n; i++) {
        const int more =
            snprintf(buf + used, n - used, "%s%s", i == 0 ? "" : ", ", variants[i].name);
        used += more > 0 ? (size_t)more : 0;
    }
    return buf;
}

/* The variant that --device cpu:NAME, otherwise ISOCL_CPU, asks for; the fastest when neither
 * does. */
static iso_rc choose(const char *device, const struct variant **out)
{
    const char *wish = device[0] != '\0' ? device : iso_environment(ISO_ENV_CPU);
    if (wish == NULL) {
        *out = fastest();
        return ISO_OK;
    }
    const struct variant *found = find(wish);
    const char *asked = device[0] != '\0' ? "--device cpu:" : "ISOCL_CPU=";
    char names[80];
    if (found == NULL)
        return iso_fail(ISO_EUSAGE, "%s%s is unknown; this program has %s", asked, wish,
                        variant_names(names, sizeof names));
    if (!found->runs_here())
        return iso_fail(ISO_EUNSUP, "%s%s: this processor has no %s; leave it out to use %s", asked,
                        wish, found->doc, fastest()->doc);
    *out = found;
    return ISO_OK;
}

/* ---- The device ---------------------------------------------------------------------------- */

static void processor_name(char *name, size_t n)
{
    char line[256];
    FILE *f = fopen("/proc/cpuinfo", "r");
    snprintf(name, n, "%s", "host processor");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        const char *value = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || value == NULL)
            continue;
        line[strcspn(line, "\n")] = '\0';
        snprintf(name, n, "%.120s", value + 1 + strspn(value + 1, " "));
        break;
    }
    if (f != NULL)
        fclose(f);
}

static void describe(const struct variant *variant, int threads, struct iso_device *out)
{
    *out = (struct iso_device){ .exactness = ISO_EXACT, .usable = true, .units = threads };
    snprintf(out->id, sizeof out->id, "%s", "cpu");
    if (variant != fastest())
        snprintf(out->id, sizeof out->id, "cpu:%s", variant->name);
    processor_name(out->name, sizeof out->name);
    snprintf(out->platform, sizeof out->platform, "%s", "isocl");
    snprintf(out->driver, sizeof out->driver, "%s", ISO_VERSION);
    out->memory = iso_machine_memory();
    snprintf(out->note, sizeof out->note, "%s, %d thread%s", variant->doc, threads,
             threads == 1 ? "" : "s");
}

/* A wrong ISOCL_CPU makes the device unusable, and the note says why. */
static iso_rc list_devices(struct iso_device *out, int max, int *count)
{
    const struct variant *variant;
    if (*count >= max)
        return ISO_OK;
    struct iso_device *device = &out[(*count)++];
    if (choose("", &variant) == ISO_OK) {
        describe(variant, iso_machine_processors(), device);
        return ISO_OK;
    }
    describe(fastest(), iso_machine_processors(), device);
    device->usable = false;
    iso_error_take(device->note, sizeof device->note);
    return ISO_OK;
}

/* Exact unless fast mode is asked for, which changes nothing here. */
static iso_rc open_device(const char *device, enum iso_mode mode, int threads,
                          struct iso_backend **out)
{
    const struct variant *variant;
    ISO_TRY(choose(device, &variant));
    struct iso_cpu *cpu = iso_alloc(1, sizeof *cpu);
    if (cpu == NULL)
        return ISO_ENOMEM;
    const iso_rc rc = iso_team_new(threads, &cpu->team);
    if (rc != ISO_OK) {
        free(cpu);
        return rc;
    }
    cpu->base.ops = &iso_backend_cpu;
    cpu->base.kernels = variant->kernels;
    cpu->base.mode = mode == ISO_MODE_FAST ? ISO_MODE_FAST : ISO_MODE_EXACT;
    cpu->base.real_size = sizeof(float);
    describe(variant, iso_team_size(cpu->team), &cpu->base.device);
    *out = &cpu->base;
    return ISO_OK;
}

static void close_device(struct iso_backend *backend)
{
    iso_team_free(iso_cpu_team(backend));
    free(backend);
}

/* ---- Memory -------------------------------------------------------------------------------- */

/* struct iso_mem is never defined here: the pointer is the host memory itself. Arenas lie on huge
 * pages where the system has them, which spares a training step most of its page walks. */
static iso_rc alloc_memory(struct iso_backend *backend, size_t bytes, struct iso_mem **out)
{
    const size_t align = bytes >= HUGE_PAGE ? HUGE_PAGE : CACHE_LINE;
    const size_t whole = bytes > SIZE_MAX - align ? 0 : (bytes / align + 1) * align;
    void *memory = whole > 0 ? aligned_alloc(align, whole) : NULL;
    (void)backend;
    if (memory == NULL)
        return iso_fail(ISO_ENOMEM, "out of memory for %.1f MiB (use a smaller --batch)",
                        (double)bytes / 1048576);
#ifdef MADV_HUGEPAGE
    if (align == HUGE_PAGE)
        (void)madvise(memory, whole, MADV_HUGEPAGE); /* advice: nothing is lost when it is not
                                                        taken */
#endif
    *out = memory;
    return ISO_OK;
}

/* The machine's peak, whichever kernels were chosen. */
static iso_rc measure_peak(struct iso_backend *backend, enum iso_peak what, double seconds,
                           double *out)
{
    return fastest()->peak(iso_cpu_team(backend), what, seconds, out);
}

const struct iso_backend_ops iso_backend_cpu = {
    .name = "cpu",
    .doc = "this machine's processor: threads, cache blocking and vector instructions",
    .kernels = cpu_portable_kernels,
    .list = list_devices,
    .open = open_device,
    .close = close_device,
    .alloc = alloc_memory,
    .free = iso_host_free,
    .write = iso_host_write,
    .read = iso_host_read,
    .fill = iso_host_fill,
    .sync = iso_host_sync,
    .peak = measure_peak,
};
