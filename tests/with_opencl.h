/* with_opencl.h: what tests of the OpenCL backend share. */
#ifndef ISO_TEST_WITH_OPENCL_H
#define ISO_TEST_WITH_OPENCL_H

/* Setup and teardown of a group whose cases have cache folders of their own: PoCL looks once where
 * its own cache is, which must not be the folder of the first case, since that goes away. 0, or not
 * when they cannot. */
int keep_drivers_cache(void **state);
int remove_drivers_cache(void **state);
/* A case that is skipped, for a program that has no other without OpenCL. */
void built_without_opencl(void **state);
#endif
