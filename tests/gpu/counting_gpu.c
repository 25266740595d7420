/* counting_gpu.c: the GPU that the counting device says it is. */
#include "tests/gpu/counting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int counting_handle;

#define INTEL_EXTENSIONS "cl_intel_subgroups cl_intel_required_subgroup_size cl_khr_subgroups"
static const struct counting_gpu gpus[] = {
    { "h100", "NVIDIA CUDA", "NVIDIA Corporation", "NVIDIA H100 PCIe", 0x10de, 132, 32, 1024, 49152,
      80ull << 30, "" },
    { "rtx3060", "NVIDIA CUDA", "NVIDIA Corporation", "NVIDIA GeForce RTX 3060", 0x10de, 28, 32,
      1024, 49152, 12ull << 30, "" },
    { "rx6600", "AMD Accelerated Parallel Processing", "Advanced Micro Devices, Inc.", "gfx1032",
      0x1002, 14, 32, 256, 65536, 8ull << 30, "cl_khr_subgroups" },
    { "a380", "Intel(R) OpenCL Graphics", "Intel(R) Corporation", "Intel(R) Arc(TM) A380 Graphics",
      0x8086, 128, 16, 1024, 65536, 6ull << 30, INTEL_EXTENSIONS },
    { "irisxe", "Intel(R) OpenCL Graphics", "Intel(R) Corporation", "Intel(R) Iris(R) Xe Graphics",
      0x8086, 96, 16, 512, 65536, 12ull << 30, INTEL_EXTENSIONS },
};

const struct counting_gpu *counting_gpu(void)
{
    const char *key = getenv("COUNTING_GPU");
    for (size_t i = 0; key != NULL && i < sizeof gpus / sizeof *gpus; i++)
        if (strcmp(gpus[i].key, key) == 0)
            return &gpus[i];
    if (key == NULL)
        return &gpus[1];
    fprintf(stderr, "COUNTING_GPU=%s: no such GPU; there are:", key);
    for (size_t i = 0; i < sizeof gpus / sizeof *gpus; i++)
        fprintf(stderr, " %s", gpus[i].key);
    fprintf(stderr, "\n");
    exit(2);
}

/* ---- Answers ---- */

cl_int give(const void *from, size_t n, size_t room, void *value, size_t *size)
{
    if (size != NULL)
        *size = n;
    if (value == NULL)
        return CL_SUCCESS;
    if (room < n)
        return CL_INVALID_VALUE;
    memcpy(value, from, n);
    return CL_SUCCESS;
}
cl_int give_text(const char *s, size_t room, void *value, size_t *size)
{
    return give(s, strlen(s) + 1, room, value, size);
}
cl_int give_uint(cl_uint n, size_t room, void *value, size_t *size)
{
    return give(&n, sizeof n, room, value, size);
}
cl_int give_long(cl_ulong n, size_t room, void *value, size_t *size)
{
    return give(&n, sizeof n, room, value, size);
}

API cl_int clGetPlatformIDs(cl_uint n, cl_platform_id *out, cl_uint *count)
{
    if (out != NULL && n > 0)
        out[0] = HANDLE(cl_platform_id);
    if (count != NULL)
        *count = 1;
    return CL_SUCCESS;
}

API cl_int clGetPlatformInfo(cl_platform_id p, cl_platform_info what, size_t room, void *value,
                             size_t *size)
{
    (void)p;
    switch (what) {
    case CL_PLATFORM_NAME: return give_text(counting_gpu()->platform, room, value, size);
    case CL_PLATFORM_VENDOR: return give_text(counting_gpu()->vendor, room, value, size);
    case CL_PLATFORM_VERSION: return give_text("OpenCL 3.0 counting", room, value, size);
    case CL_PLATFORM_PROFILE: return give_text("FULL_PROFILE", room, value, size);
    case CL_PLATFORM_EXTENSIONS: return give_text(counting_gpu()->extensions, room, value, size);
    default: return CL_INVALID_VALUE;
    }
}

API cl_int clGetDeviceIDs(cl_platform_id p, cl_device_type type, cl_uint n, cl_device_id *out,
                          cl_uint *count)
{
    (void)p;
    const bool wanted = type == CL_DEVICE_TYPE_ALL ||
                        (type & (CL_DEVICE_TYPE_GPU | CL_DEVICE_TYPE_DEFAULT)) != 0;
    if (out != NULL && n > 0 && wanted)
        out[0] = HANDLE(cl_device_id);
    if (count != NULL)
        *count = wanted;
    return wanted ? CL_SUCCESS : CL_DEVICE_NOT_FOUND;
}

static cl_int device_text(const struct counting_gpu *gpu, cl_device_info what, size_t room,
                          void *value, size_t *size)
{
    switch (what) {
    case CL_DEVICE_NAME: return give_text(gpu->name, room, value, size);
    case CL_DEVICE_VENDOR: return give_text(gpu->vendor, room, value, size);
    case CL_DRIVER_VERSION: return give_text("counting 1", room, value, size);
    case CL_DEVICE_VERSION: return give_text("OpenCL 3.0 counting", room, value, size);
    case CL_DEVICE_OPENCL_C_VERSION: return give_text("OpenCL C 1.2 ", room, value, size);
    case CL_DEVICE_PROFILE: return give_text("FULL_PROFILE", room, value, size);
    case CL_DEVICE_BUILT_IN_KERNELS: return give_text("", room, value, size);
    case CL_DEVICE_EXTENSIONS: return give_text(gpu->extensions, room, value, size);
    default: return CL_INVALID_VALUE;
    }
}

static cl_int device_size(const struct counting_gpu *gpu, cl_device_info what, size_t room,
                          void *value, size_t *size)
{
    enum { SUB_GROUP_SIZES = 0x4108 }; /* CL_DEVICE_SUB_GROUP_SIZES_INTEL */
    const size_t items[3] = { gpu->group, gpu->group, 64 }, sub_groups[] = { 8, 16, 32 };
    switch (what) {
    case SUB_GROUP_SIZES:
        return strstr(gpu->extensions, "cl_intel_required_subgroup_size") != NULL
                   ? give(sub_groups, sizeof sub_groups, room, value, size)
                   : CL_INVALID_VALUE;
    case CL_DEVICE_MAX_WORK_GROUP_SIZE:
        return give(&gpu->group, sizeof gpu->group, room, value, size);
    case CL_DEVICE_MAX_WORK_ITEM_SIZES: return give(items, sizeof items, room, value, size);
    case CL_DEVICE_PLATFORM:
    case CL_DEVICE_PARENT_DEVICE: {
        const void *p = what == CL_DEVICE_PLATFORM ? &counting_handle : NULL;
        return give(&p, sizeof p, room, value, size);
    }
    default: return device_text(gpu, what, room, value, size);
    }
}

API cl_int clGetDeviceInfo(cl_device_id d, cl_device_info what, size_t room, void *value,
                           size_t *size)
{
    (void)d;
    const struct counting_gpu *gpu = counting_gpu();
    const cl_ulong config = CL_FP_DENORM | CL_FP_INF_NAN | CL_FP_ROUND_TO_NEAREST | CL_FP_FMA;
    switch (what) {
    case CL_DEVICE_TYPE: return give_long(CL_DEVICE_TYPE_GPU, room, value, size);
    case CL_DEVICE_VENDOR_ID: return give_uint(gpu->vendor_id, room, value, size);
    case CL_DEVICE_MAX_COMPUTE_UNITS: return give_uint(gpu->units, room, value, size);
    case CL_DEVICE_MAX_CLOCK_FREQUENCY: return give_uint(1800, room, value, size);
    case CL_DEVICE_MAX_WORK_ITEM_DIMENSIONS: return give_uint(3, room, value, size);
    case CL_DEVICE_ADDRESS_BITS: return give_uint(64, room, value, size);
    case CL_DEVICE_MEM_BASE_ADDR_ALIGN: return give_uint(1024, room, value, size);
    case CL_DEVICE_SINGLE_FP_CONFIG: return give_long(config, room, value, size);
    case CL_DEVICE_QUEUE_PROPERTIES: return give_long(CL_QUEUE_PROFILING_ENABLE, room, value, size);
    case CL_DEVICE_PROFILING_TIMER_RESOLUTION: {
        const size_t ns = 1;
        return give(&ns, sizeof ns, room, value, size);
    }
    case CL_DEVICE_LOCAL_MEM_SIZE: return give_long(gpu->local, room, value, size);
    case CL_DEVICE_GLOBAL_MEM_SIZE: return give_long(gpu->memory, room, value, size);
    case CL_DEVICE_MAX_MEM_ALLOC_SIZE: return give_long(gpu->memory / 4, room, value, size);
    case CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT:
    case CL_DEVICE_PREFERRED_VECTOR_WIDTH_FLOAT:
    case CL_DEVICE_AVAILABLE:
    case CL_DEVICE_COMPILER_AVAILABLE:
    case CL_DEVICE_LINKER_AVAILABLE:
    case CL_DEVICE_ENDIAN_LITTLE: return give_uint(1, room, value, size);
    case CL_DEVICE_HOST_UNIFIED_MEMORY: return give_uint(0, room, value, size);
    case CL_DEVICE_LOCAL_MEM_TYPE: return give_uint(CL_LOCAL, room, value, size);
    default: return device_size(gpu, what, room, value, size);
    }
}
