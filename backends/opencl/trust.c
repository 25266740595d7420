#include "trust.h"

#include "core/system/cache.h"
#include "core/system/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static const double FAILURE_SECONDS = 600;
static const char fails[] = "fails: ";
static bool again;
extern char **environ;

static bool matters(const char *entry)
{
    static const char *const begin[] = { "PATH=", "LD_",  "OCL_", "OPENCL_", "POCL_", "RUSTICL_",
                                         "CUDA_", "MESA", "ROC",  "HIP_",    "ZE_",   "LIAR" };
    for (size_t i = 0; i < sizeof begin / sizeof *begin; i++)
        if (strncmp(entry, begin[i], strlen(begin[i])) == 0)
            return true;
    return false;
}

/* The sum does not depend on the order of the entries. */
void opencl_hash_environment(struct iso_sha256 *h)
{
    uint64_t sum = 0;
    for (char **e = environ; *e != NULL; e++) {
        uint64_t one = UINT64_C(0xcbf29ce484222325);
        for (const char *c = *e; *c != '\0'; c++)
            one = (one ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
        sum += matters(*e) ? one : 0;
    }
    iso_sha256_add(h, &sum, sizeof sum);
}

static bool is_fresh(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && difftime(time(NULL), info.st_mtime) < FAILURE_SECONDS;
}

enum opencl_trust opencl_trust_read(const char *name, char *text, size_t n)
{
    char path[ISO_PATH], line[1024] = "";
    FILE *f = iso_cache_path(name, path, sizeof path) ? fopen(path, "r") : NULL;
    if (f == NULL)
        return OPENCL_UNKNOWN;
    const bool there = fgets(line, sizeof line, f) != NULL;
    fclose(f);
    if (!there)
        return OPENCL_UNKNOWN;
    if (strncmp(line, fails, sizeof fails - 1) != 0)
        return OPENCL_WORKS;
    line[strcspn(line, "\n")] = '\0';
    snprintf(text, n, "%s", line + sizeof fails - 1);
    return again || !is_fresh(path) ? OPENCL_UNKNOWN : OPENCL_FAILS;
}

void opencl_trust_write(const char *name, enum opencl_trust verdict, const char *text)
{
    char line[1024];
    const int n = snprintf(line, sizeof line, "%s%s\n", verdict == OPENCL_FAILS ? fails : "", text);
    if (n > 0 && n < (int)sizeof line)
        iso_cache_put(name, line, (size_t)n);
}

void opencl_trust_again(void) { again = true; }
