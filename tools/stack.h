/* stack.h: room for the program's calls where the system gives the first thread little, as after
 * `ulimit -s 64`. */
#ifndef ISO_STACK_H
#define ISO_STACK_H

/* Runs the program and returns its exit code: at once, or on a thread with a stack of its own if
 * that of this thread is small. Threads that libraries start then have as much. */
int iso_with_stack(int (*run)(int argc, char **argv), int argc, char **argv);
#endif
