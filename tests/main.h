/* main.h: included before each test program, by the Makefile. Its main becomes test_main, and main
 * itself is main.c's, so that the program can be its own child (core/system/child.h). */
#ifndef ISO_TEST_MAIN_H
#define ISO_TEST_MAIN_H

extern int test_argc;
extern char **test_argv;
int test_main(void);
#define main test_main
#endif
