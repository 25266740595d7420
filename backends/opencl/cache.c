/* cache.c: built programs, kept on disk between runs.
 *
 * $XDG_CACHE_HOME/isocl/HASH.clbin (~/.cache without it), HASH being the SHA-256 of everything the
 * binary depends on. The file starts with the SHA-256 of the binary. Whatever goes wrong here, the
 * program is built from its source. PoCL and NVIDIA keep caches of their own; asking PoCL for a
 * binary would make it compile every kernel of the program at once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "opencl.h"
#include "core/cache.h"
#include "core/data/sha256.h"
#include "kept.h"

enum { MAX_BINARY = 64 << 20, HEX = OPENCL_CACHE_KEY - 1 };

static void add_text(struct iso_sha256 *h, const char *text)
{
    iso_sha256_add(h, text,
                   strlen(text) + 1); /* with the end, so that no two lists read the same */
}

void opencl_cache_key(struct opencl *cl, const char *source, size_t length,
                      char key[OPENCL_CACHE_KEY])
{
    char version[256] = "";
    struct iso_sha256 h;
    key[0] = '\0';
    if (cl->found.pocl || cl->found.nvidia || cl->found.oclgrind)
        return;
    clGetPlatformInfo(cl->found.platform, CL_PLATFORM_VERSION, sizeof version - 1, version, NULL);
    iso_sha256_init(&h);
    add_text(&h, ISO_VERSION);
    add_text(&h, cl->options);
    add_text(&h, cl->found.info.name);
    add_text(&h, cl->found.info.driver);
    add_text(&h, cl->found.info.platform);
    add_text(&h, version);
    iso_sha256_add(&h, source, length);
    iso_sha256_hex(&h, key);
}

/* False where the driver keeps binaries itself. */
static bool binary_name(const char *key, char *name, size_t n)
{
    snprintf(name, n, "%s.clbin", key);
    return *key != '\0';
}

static void hash(const unsigned char *data, size_t n, char hex[HEX + 1])
{
    struct iso_sha256 h;
    iso_sha256_init(&h);
    iso_sha256_add(&h, data, n);
    iso_sha256_hex(&h, hex);
}

/* The binary in a file, or NULL; free it. */
static unsigned char *read_binary(const char *path, size_t *size)
{
    char want[HEX + 1] = "", have[HEX + 1];
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return NULL;
    unsigned char *data = NULL;
    long end = -1;
    if (fseek(f, 0, SEEK_END) == 0 && (end = ftell(f)) > HEX && end < MAX_BINARY &&
        fseek(f, 0, SEEK_SET) == 0 && fread(want, 1, HEX, f) == HEX) {
        *size = (size_t)end - HEX;
        data = malloc(*size);
        if (data != NULL && fread(data, 1, *size, f) != *size) {
            free(data);
            data = NULL;
        }
    }
    fclose(f);
    if (data != NULL) {
        hash(data, *size, have);
        if (memcmp(want, have, HEX) != 0) {
            free(data);
            data = NULL;
        }
    }
    return data;
}

cl_program opencl_cache_load(struct opencl *cl, const char *key)
{
    char name[HEX + 16], path[1200];
    size_t size = 0;
    unsigned char *data = NULL;
    if (binary_name(key, name, sizeof name) && iso_cache_path(name, path, sizeof path))
        data = read_binary(path, &size);
    if (data == NULL)
        return NULL;
    cl_int status = CL_SUCCESS, rc;
    const unsigned char *binary = data;
    cl_program program =
        clCreateProgramWithBinary(cl->context, 1, &cl->found.device, &size, &binary, &status, &rc);
    free(data);
    if (rc != CL_SUCCESS)
        return NULL;
    if (status != CL_SUCCESS ||
        clBuildProgram(program, 1, &cl->found.device, cl->options, NULL, NULL) != CL_SUCCESS) {
        clReleaseProgram(program);
        return NULL;
    }
    return program;
}

void opencl_cache_store(const char *key, cl_program program)
{
    char name[HEX + 16];
    size_t size = 0;
    if (!binary_name(key, name, sizeof name) ||
        clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof size, &size, NULL) !=
            CL_SUCCESS ||
        size == 0 || size > MAX_BINARY)
        return;
    unsigned char *data = malloc(HEX + size);
    unsigned char *binary = data != NULL ? data + HEX : NULL;
    if (data != NULL &&
        clGetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof binary, &binary, NULL) == CL_SUCCESS) {
        char hex[HEX + 1];
        hash(binary, size, hex);
        memcpy(data, hex, HEX);
        const int lock = opencl_kept_lock();
        if (lock >= 0)
            opencl_kept_write(name, data, HEX + size);
        opencl_kept_unlock(lock);
    }
    free(data);
}
