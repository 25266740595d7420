#include "with_opencl.h"
#include "folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static char drivers_cache[FOLDER];

int keep_drivers_cache(void **state)
{
    (void)state;
    return folder_make(drivers_cache, "driver") || setenv("POCL_CACHE_DIR", drivers_cache, 1);
}

int remove_drivers_cache(void **state)
{
    (void)state;
    return folder_remove(drivers_cache);
}

void built_without_opencl(void **state)
{
    (void)state;
    printf("SKIP: this isocl was built without OpenCL\n");
    skip();
}
