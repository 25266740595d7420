/* faults.h: all faults of a model file, each with its location, collected so that one run shows all
 * of them. */
#ifndef ISO_FAULTS_H
#define ISO_FAULTS_H
#include "core/iso.h"

/* A location in a file: line and column count from 1; line 0: the whole file. used_at, for a
 * location within a layer block: where the block is used, or where the value of its parameter is
 * given; NULL: not in a block. */
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
/* Like iso_faults_add, for a function that has failed: adds text, ": " and this thread's message,
 * and clears the message. */
void iso_faults_add_failure(struct iso_faults *, struct iso_location, const char *fmt, ...)
    ISO_PRINTF(3, 4);
/* Prints a line "file:line:column: text" for each fault to stream, in the order of their locations.
 */
void iso_faults_print(const struct iso_faults *, void *stream /* FILE * */);
#endif
