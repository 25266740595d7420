#define _GNU_SOURCE /* dladdr */
#include "program.h"
#include "environment.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef ISO_PROGRAM_INSTALLED /* the Makefile's PREFIX/bin/isocl */
#define ISO_PROGRAM_INSTALLED "/usr/local/bin/isocl"
#endif
#define NAME "isocl"
#define LINK "/proc/self/exe" /* Linux's link to the file that a process runs */

/* Set once, at the start of main, and read from then on. */
static bool own;              /* this program calls iso_child_main */
static char called[ISO_PATH]; /* its path, as its name gave it; or "" */

/* True if the file can be run, with its path written. */
static bool is_program(const char *file, char path[ISO_PATH])
{
    struct stat info;
    if (strlen(file) >= ISO_PATH || stat(file, &info) != 0 || !S_ISREG(info.st_mode) ||
        access(file, X_OK) != 0)
        return false;
    if (path != file)
        strcpy(path, file);
    return true;
}

static bool is_in_folder(const char *folder, size_t length, const char *name, char path[ISO_PATH])
{
    char file[2 * ISO_PATH];
    if (length == 0) /* in PATH it means the working directory */
        folder = ".", length = 1;
    if (length >= ISO_PATH || strlen(name) >= ISO_PATH)
        return false;
    snprintf(file, sizeof file, "%.*s/%s", (int)length, folder, name);
    return is_program(file, path);
}

static bool is_in_path(const char *name, char path[ISO_PATH])
{
    const char *folder = getenv("PATH");
    bool found = false;
    while (folder != NULL && !found) {
        const char *end = strchr(folder, ':');
        found =
            is_in_folder(folder, end != NULL ? (size_t)(end - folder) : strlen(folder), name, path);
        folder = end != NULL ? end + 1 : NULL;
    }
    return found;
}

void iso_program_remember(const char *name)
{
    char path[ISO_PATH];
    own = true;
    if (name == NULL ||
        !(strchr(name, '/') != NULL ? is_program(name, path) : is_in_path(name, path)))
        return;
    char *whole = realpath(path, NULL); /* the working directory may change */
    if (whole != NULL && strlen(whole) < sizeof called)
        strcpy(called, whole);
    free(whole);
}

bool iso_program_self(char path[ISO_PATH])
{
    const ssize_t n = readlink(LINK, path, ISO_PATH - 1);
    if (n > 0)
        path[n] = '\0';
    else
        strcpy(path, called);
    return *path != '\0';
}

bool iso_program_library(char path[ISO_PATH])
{
    static const char inside; /* at an address of the file that this code is in */
    Dl_info info;
    char self[ISO_PATH];
    if (dladdr(&inside, &info) == 0 || info.dli_fname == NULL || *info.dli_fname != '/')
        return false;
    char *whole = realpath(info.dli_fname, NULL);
    const bool found = whole != NULL && strlen(whole) < ISO_PATH;
    if (found)
        strcpy(path, whole);
    free(whole);
    return found && !(iso_program_self(self) && strcmp(path, self) == 0);
}

/* A file that has taken the place of the one that runs is another program; Linux still has the
 * old one. */
static bool find_own(char path[ISO_PATH])
{
    struct stat running, there;
    if (!iso_program_self(path))
        return false;
    if (stat(LINK, &running) == 0 && (stat(path, &there) != 0 || there.st_dev != running.st_dev ||
                                      there.st_ino != running.st_ino))
        strcpy(path, LINK);
    return is_program(path, path);
}

/* Finds the program that was built, packed or installed with the shared library. */
static bool find_near_library(char path[ISO_PATH])
{
    static const char *const near[] = { NAME, "../bin/" NAME, "../../bin/" NAME };
    char library[ISO_PATH];
    if (!iso_program_library(library))
        return false;
    for (size_t i = 0; i < sizeof near / sizeof near[0]; i++)
        if (is_in_folder(library, (size_t)(iso_path_base(library) - library), near[i], path))
            return true;
    return false;
}

static bool find_installed(char path[ISO_PATH])
{
    char self[ISO_PATH];
    if (find_near_library(path))
        return true;
    if (iso_program_self(self) &&
        is_in_folder(self, (size_t)(iso_path_base(self) - self), NAME, path))
        return true;
    return is_program(ISO_PROGRAM_INSTALLED, path) || is_in_path(NAME, path);
}

iso_rc iso_program_for_child(char path[ISO_PATH])
{
    const char *named = iso_environment(ISO_ENV_PROGRAM);
    if (own)
        return find_own(path) ? ISO_OK : iso_fail(ISO_EIO, "this program cannot find itself");
    if (named != NULL)
        return is_program(named, path)
                   ? ISO_OK
                   : iso_fail(ISO_EIO,
                              "ISOCL_PROGRAM names %s, which is not a program: set it to the path "
                              "of " NAME " " ISO_VERSION,
                              named);
    return find_installed(path)
               ? ISO_OK
               : iso_fail(ISO_EIO, "the program " NAME
                                   " is not here: install it, or set "
                                   "ISOCL_PROGRAM to the path of " NAME " " ISO_VERSION);
}
