/* cache.c: built programs, kept on disk between runs.
 *
 * $XDG_CACHE_HOME/isocl/HASH.clbin (~/.cache without it), HASH being the SHA-256 of everything the
 * binary depends on. The file starts with the SHA-256 of the binary. Whatever goes wrong here, the
 * program is built from its source. PoCL and NVIDIA keep caches of their own; asking PoCL for a
 * binary would make it compile every kernel of the program at once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "opencl.h"
#include "core/system/cache.h"
#include "core/system/file.h"
#include "core/system/sha256.h"

enum { MAX_BINARY = 64 << 20, HEX = OPENCL_CACHE_KEY - 1 };

void opencl_hash_text(struct iso_sha256 *h, const char *text)
{
    const char *some = text != NULL ? text : "";
    iso_sha256_add(h, some, strlen(some) + 1); /* with the end: no two lists read the same */
}

void opencl_hash_device(struct iso_sha256 *h, const struct opencl *cl)
{
    char version[256] = "";
    clGetPlatformInfo(cl->found.platform, CL_PLATFORM_VERSION, sizeof version - 1, version, NULL);
    iso_sha256_init(h);
    opencl_hash_text(h, ISO_VERSION);
    opencl_hash_text(h, cl->options);
    opencl_hash_text(h, cl->found.info.name);
    opencl_hash_text(h, cl->found.info.driver);
    opencl_hash_text(h, cl->found.info.platform);
    opencl_hash_text(h, version);
}

void opencl_cache_key(struct opencl *cl, const char *source, size_t length,
                      char key[OPENCL_CACHE_KEY])
{
    struct iso_sha256 h;
    key[0] = '\0';
    if (cl->found.pocl || cl->found.nvidia || cl->found.oclgrind)
        return;
    opencl_hash_device(&h, cl);
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

/* Reads the key's file: the checksum and n bytes of data. Returns false if the file is missing or
 * damaged. Free *data in any case. */
static bool read_file(const char *key, char **data, size_t *n)
{
    char name[HEX + 16], path[ISO_PATH], have[HEX + 1];
    if (!binary_name(key, name, sizeof name) || !iso_cache_path(name, path, sizeof path) ||
        access(path, R_OK) != 0)
        return false;
    if (iso_file_read(path, data, n) != ISO_OK) {
        iso_error_clear();
        return false;
    }
    if (*n <= HEX)
        return false;
    *n -= HEX;
    hash((const unsigned char *)*data + HEX, *n, have);
    return memcmp(*data, have, HEX) == 0;
}

static cl_program build_binary(struct opencl *cl, const unsigned char *binary, size_t n)
{
    cl_int status = CL_SUCCESS, rc;
    cl_program program =
        clCreateProgramWithBinary(cl->context, 1, &cl->found.device, &n, &binary, &status, &rc);
    if (rc != CL_SUCCESS)
        return NULL;
    if (status != CL_SUCCESS ||
        clBuildProgram(program, 1, &cl->found.device, cl->options, NULL, NULL) != CL_SUCCESS) {
        clReleaseProgram(program);
        return NULL;
    }
    return program;
}

cl_program opencl_cache_load(struct opencl *cl, const char *key)
{
    char *data = NULL;
    size_t n = 0;
    cl_program program = NULL;
    if (read_file(key, &data, &n))
        program = build_binary(cl, (const unsigned char *)data + HEX, n);
    free(data);
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
    if (data != NULL && clGetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof binary, &binary,
                                         NULL) == CL_SUCCESS) {
        char hex[HEX + 1];
        hash(binary, size, hex);
        memcpy(data, hex, HEX);
        iso_cache_put(name, data, HEX + size);
    }
    free(data);
}
