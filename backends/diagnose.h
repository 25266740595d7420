/* diagnose.h: why a backend has no device on this machine, for `isocl doctor`. */
#ifndef ISO_BACKENDS_DIAGNOSE_H
#define ISO_BACKENDS_DIAGNOSE_H
#include <stddef.h>
#include <stdio.h>

/* Prints what it finds, and writes what the user can do about it into advice [n], or "". */
typedef void iso_diagnosis(FILE *out, char *advice, size_t n);
/* registry.c: the diagnoses of the backends that have one; NULL at the end. */
extern iso_diagnosis *const iso_diagnoses[];
#endif
