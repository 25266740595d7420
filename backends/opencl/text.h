/* text.h: puts the text of a program together from files of clkernels/ and core/.
 *
 * Texts are embedded (tools/embed.c) under their paths from the root; files of the same path below
 * $ISOCL_KERNEL_DIR replace them. #include is resolved here, as the repository has it, so that a
 * driver needs no include path. */
#ifndef ISO_OPENCL_TEXT_H
#define ISO_OPENCL_TEXT_H
#include "core/iso.h"

struct opencl_text {
    char *data; /* NUL-terminated; free with free, also after a failure */
    size_t length, room;
};
/* Appends n files clkernels/<name>, as one program. A header with an include guard is included
 * once. Functions, types and macros that a file defines at its outer level belong to it: two files
 * may use the same names, except for kernels and enumerators. */
iso_rc opencl_text_join(const char *const *names, int n, struct opencl_text *out);
#endif
