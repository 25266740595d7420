/* faults.h: every fault of a model file, each with its location, collected so that one
 * reading shows all. */
#ifndef ISO_FAULTS_H
#define ISO_FAULTS_H
#include "core/iso.h"

/* A location in a file: line and column count from 1; line 0: none in it. used_at: of what stands
 * in a layer block, where that is used, or where the value that a parameter has is given; NULL:
 * nowhere. */
struct iso_location {
    const char *file;
    int line, column;
    const struct iso_location *used_at;
};
struct iso_fault {
    struct iso_location location;
    char text[320];
};
enum { ISO_FAULTS_MAX = 100 }; /* more are counted, not kept */
struct iso_faults {
    int count;
    struct iso_fault list[ISO_FAULTS_MAX];
};

void iso_faults_add(struct iso_faults *, struct iso_location, const char *fmt, ...)
    ISO_PRINTF(3, 4);
/* The same for a function that has failed: text, ": " and its message, which is taken. */
void iso_faults_add_failure(struct iso_faults *, struct iso_location, const char *fmt, ...)
    ISO_PRINTF(3, 4);
/* Prints "file:line:column: text" lines, in the order of their locations, to stream. */
void iso_faults_print(const struct iso_faults *, void *stream /* FILE * */);
#endif
