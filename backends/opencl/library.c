/* library.c: opens the OpenCL loader and CLBlast. They stay open: drivers do not like to be
 * unloaded. */
#define OPENCL_LIBRARY_C
#include "library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#ifdef __APPLE__
static const char *const loaders[] = { "/System/Library/Frameworks/OpenCL.framework/OpenCL", NULL };
static const char *const clblasts[] = { "libclblast.1.dylib", "libclblast.dylib", NULL };
#else
static const char *const loaders[] = { "libOpenCL.so.1", "libOpenCL.so", NULL };
static const char *const clblasts[] = { "libclblast.so.1", "libclblast.so", NULL };
#endif

static struct opencl_library library; /* written once, by open_libraries */
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* The program itself comes first: Oclgrind, for one, is loaded into it and answers in its stead. */
static void *open_with(const char *function, const char *const *names)
{
    void *self = dlopen(NULL, RTLD_LAZY);
    if (self != NULL && dlsym(self, function) != NULL)
        return self;
    for (; *names != NULL; names++) {
        void *opened = dlopen(*names, RTLD_LAZY | RTLD_LOCAL);
        if (opened != NULL)
            return opened;
    }
    return NULL;
}

/* Sets a function pointer (ISO C has no cast for this); false when the library lacks the
 * function. */
static bool find(void *from, const char *name, void *pointer)
{
    void *address = from != NULL ? dlsym(from, name) : NULL;
    memcpy(pointer, &address, sizeof address);
    return address != NULL;
}

static void open_libraries(void)
{
    void *from = open_with("clGetPlatformIDs", loaders);
    library.loader = true;
#define FIND(name) library.loader &= find(from, #name, &library.name);
    OPENCL_LOADER(FIND)
#undef FIND
#ifdef ISO_HAVE_CLBLAST
    from = library.loader ? open_with("CLBlastSgemm", clblasts) : NULL;
    library.clblast = true;
#define FIND(name) library.clblast &= find(from, #name, &library.name);
    OPENCL_CLBLAST(FIND)
#undef FIND
#else
    (void)clblasts;
#endif
}

const struct opencl_library *opencl_library(void)
{
    pthread_once(&once, open_libraries);
    return &library;
}
