/* folder.h: a folder of a test's own. */
#ifndef ISO_TEST_FOLDER_H
#define ISO_TEST_FOLDER_H

enum { FOLDER = 64 };
/* Makes /tmp/isocl-test-<name>-XXXXXX and writes its path. 0, or -1 when it cannot. */
int folder_make(char path[FOLDER], const char *name);
/* Removes a folder with all that is in it; links are not followed. 0, or not when it cannot. */
int folder_remove(const char *path);
#endif
