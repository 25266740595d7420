/* error.c: OpenCL's codes as text. */
#include "opencl.h"

struct code {
    cl_int value;
    const char *name, *hint;
};
static const struct code codes[] = {
    { CL_DEVICE_NOT_FOUND, "CL_DEVICE_NOT_FOUND", NULL },
    { CL_DEVICE_NOT_AVAILABLE, "CL_DEVICE_NOT_AVAILABLE", "another program may hold the device" },
    { CL_COMPILER_NOT_AVAILABLE, "CL_COMPILER_NOT_AVAILABLE", "the driver has no compiler" },
    { CL_MEM_OBJECT_ALLOCATION_FAILURE, "CL_MEM_OBJECT_ALLOCATION_FAILURE", "try a smaller batch" },
    { CL_OUT_OF_RESOURCES, "CL_OUT_OF_RESOURCES",
      "the device is out of memory, or its driver stopped a long kernel: try a smaller batch" },
    { CL_OUT_OF_HOST_MEMORY, "CL_OUT_OF_HOST_MEMORY", NULL },
    { CL_MEM_COPY_OVERLAP, "CL_MEM_COPY_OVERLAP", NULL },
    { CL_BUILD_PROGRAM_FAILURE, "CL_BUILD_PROGRAM_FAILURE", NULL },
    { CL_MISALIGNED_SUB_BUFFER_OFFSET, "CL_MISALIGNED_SUB_BUFFER_OFFSET", NULL },
    { CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST, "CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST",
      "work queued before this failed" },
    { CL_INVALID_VALUE, "CL_INVALID_VALUE", NULL },
    { CL_INVALID_PLATFORM, "CL_INVALID_PLATFORM", NULL },
    { CL_INVALID_DEVICE, "CL_INVALID_DEVICE", NULL },
    { CL_INVALID_CONTEXT, "CL_INVALID_CONTEXT", NULL },
    { CL_INVALID_QUEUE_PROPERTIES, "CL_INVALID_QUEUE_PROPERTIES", NULL },
    { CL_INVALID_COMMAND_QUEUE, "CL_INVALID_COMMAND_QUEUE", "the device was lost" },
    { CL_INVALID_MEM_OBJECT, "CL_INVALID_MEM_OBJECT", NULL },
    { CL_INVALID_BINARY, "CL_INVALID_BINARY", NULL },
    { CL_INVALID_BUILD_OPTIONS, "CL_INVALID_BUILD_OPTIONS", "see ISOCL_OPENCL_OPTIONS" },
    { CL_INVALID_PROGRAM, "CL_INVALID_PROGRAM", NULL },
    { CL_INVALID_PROGRAM_EXECUTABLE, "CL_INVALID_PROGRAM_EXECUTABLE", NULL },
    { CL_INVALID_KERNEL_NAME, "CL_INVALID_KERNEL_NAME", NULL },
    { CL_INVALID_KERNEL_DEFINITION, "CL_INVALID_KERNEL_DEFINITION", NULL },
    { CL_INVALID_KERNEL, "CL_INVALID_KERNEL", NULL },
    { CL_INVALID_ARG_INDEX, "CL_INVALID_ARG_INDEX", NULL },
    { CL_INVALID_ARG_VALUE, "CL_INVALID_ARG_VALUE", NULL },
    { CL_INVALID_ARG_SIZE, "CL_INVALID_ARG_SIZE", NULL },
    { CL_INVALID_KERNEL_ARGS, "CL_INVALID_KERNEL_ARGS", NULL },
    { CL_INVALID_WORK_DIMENSION, "CL_INVALID_WORK_DIMENSION", NULL },
    { CL_INVALID_WORK_GROUP_SIZE, "CL_INVALID_WORK_GROUP_SIZE", NULL },
    { CL_INVALID_WORK_ITEM_SIZE, "CL_INVALID_WORK_ITEM_SIZE", NULL },
    { CL_INVALID_EVENT_WAIT_LIST, "CL_INVALID_EVENT_WAIT_LIST", NULL },
    { CL_INVALID_OPERATION, "CL_INVALID_OPERATION", NULL },
    { CL_INVALID_BUFFER_SIZE, "CL_INVALID_BUFFER_SIZE", "try a smaller batch" },
    { CL_INVALID_GLOBAL_WORK_SIZE, "CL_INVALID_GLOBAL_WORK_SIZE", NULL },
    { -1001, "CL_PLATFORM_NOT_FOUND_KHR", "no OpenCL driver is installed" },
};

static const struct code *find(cl_int value)
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i].value == value)
            return &codes[i];
    return NULL;
}

const char *opencl_error_name(cl_int value)
{
    const struct code *code = find(value);
    return code != NULL ? code->name : "unknown OpenCL error";
}

iso_rc opencl_check(cl_int value, const char *what, const char *which)
{
    if (value == CL_SUCCESS)
        return ISO_OK;
    const struct code *code = find(value);
    const char *hint = code != NULL ? code->hint : NULL;
    return iso_fail(ISO_EDEVICE, "%s%s%s%s: %s (%d)%s%s", what, which != NULL ? "(" : "",
                    which != NULL ? which : "", which != NULL ? ")" : "", opencl_error_name(value),
                    (int)value, hint != NULL ? ": " : "", hint != NULL ? hint : "");
}
