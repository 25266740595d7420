/* library.h: the OpenCL loader and CLBlast, opened at run time, so that one program works with and
 * without them. The rest of this backend includes this header and calls the functions by their own
 * names. */
#ifndef ISO_OPENCL_LIBRARY_H
#define ISO_OPENCL_LIBRARY_H
#define CL_TARGET_OPENCL_VERSION 120
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include <CL/cl.h>
#ifdef ISO_HAVE_CLBLAST
#include <clblast_c.h>
#define OPENCL_CLBLAST(X) X(CLBlastSgemm) X(CLBlastClearCache)
#else
#define OPENCL_CLBLAST(X)
#endif
#include <stdbool.h>

/* clang-format off */
#define OPENCL_LOADER(X)                                                                  \
    X(clBuildProgram) X(clCreateBuffer) X(clCreateCommandQueue) X(clCreateContext)        \
    X(clCreateKernel) X(clCreateProgramWithBinary) X(clCreateProgramWithSource)           \
    X(clEnqueueCopyBuffer) X(clEnqueueFillBuffer) X(clEnqueueMapBuffer)                   \
    X(clEnqueueNDRangeKernel) X(clEnqueueReadBuffer) X(clEnqueueUnmapMemObject)           \
    X(clEnqueueWriteBuffer) X(clFinish) X(clFlush) X(clGetDeviceIDs) X(clGetDeviceInfo)   \
    X(clGetEventInfo) X(clGetEventProfilingInfo) X(clGetKernelWorkGroupInfo)              \
    X(clGetPlatformIDs) X(clGetPlatformInfo) X(clGetProgramBuildInfo) X(clGetProgramInfo) \
    X(clReleaseCommandQueue) X(clReleaseContext) X(clReleaseEvent) X(clReleaseKernel)     \
    X(clReleaseMemObject) X(clReleaseProgram) X(clSetKernelArg) X(clWaitForEvents)
/* clang-format on */

struct opencl_library {
    bool loader, clblast; /* available, with every function; if not, none may be called */
#define OPENCL_POINTER(name) __typeof__(name) *name;
    OPENCL_LOADER(OPENCL_POINTER)
    OPENCL_CLBLAST(OPENCL_POINTER)
#undef OPENCL_POINTER
};
/* Opens the libraries at the first call; may be called from any thread. */
const struct opencl_library *opencl_library(void);

/* A name that is missing here fails to link; one that is missing above fails to compile. */
#ifndef OPENCL_LIBRARY_C
#define clBuildProgram opencl_library()->clBuildProgram
#define clCreateBuffer opencl_library()->clCreateBuffer
#define clCreateCommandQueue opencl_library()->clCreateCommandQueue
#define clCreateContext opencl_library()->clCreateContext
#define clCreateKernel opencl_library()->clCreateKernel
#define clCreateProgramWithBinary opencl_library()->clCreateProgramWithBinary
#define clCreateProgramWithSource opencl_library()->clCreateProgramWithSource
#define clEnqueueCopyBuffer opencl_library()->clEnqueueCopyBuffer
#define clEnqueueFillBuffer opencl_library()->clEnqueueFillBuffer
#define clEnqueueMapBuffer opencl_library()->clEnqueueMapBuffer
#define clEnqueueNDRangeKernel opencl_library()->clEnqueueNDRangeKernel
#define clEnqueueReadBuffer opencl_library()->clEnqueueReadBuffer
#define clEnqueueUnmapMemObject opencl_library()->clEnqueueUnmapMemObject
#define clEnqueueWriteBuffer opencl_library()->clEnqueueWriteBuffer
#define clFinish opencl_library()->clFinish
#define clFlush opencl_library()->clFlush
#define clGetDeviceIDs opencl_library()->clGetDeviceIDs
#define clGetDeviceInfo opencl_library()->clGetDeviceInfo
#define clGetEventInfo opencl_library()->clGetEventInfo
#define clGetEventProfilingInfo opencl_library()->clGetEventProfilingInfo
#define clGetKernelWorkGroupInfo opencl_library()->clGetKernelWorkGroupInfo
#define clGetPlatformIDs opencl_library()->clGetPlatformIDs
#define clGetPlatformInfo opencl_library()->clGetPlatformInfo
#define clGetProgramBuildInfo opencl_library()->clGetProgramBuildInfo
#define clGetProgramInfo opencl_library()->clGetProgramInfo
#define clReleaseCommandQueue opencl_library()->clReleaseCommandQueue
#define clReleaseContext opencl_library()->clReleaseContext
#define clReleaseEvent opencl_library()->clReleaseEvent
#define clReleaseKernel opencl_library()->clReleaseKernel
#define clReleaseMemObject opencl_library()->clReleaseMemObject
#define clReleaseProgram opencl_library()->clReleaseProgram
#define clSetKernelArg opencl_library()->clSetKernelArg
#define clWaitForEvents opencl_library()->clWaitForEvents
#define CLBlastSgemm opencl_library()->CLBlastSgemm
#define CLBlastClearCache opencl_library()->CLBlastClearCache
#endif
#endif
