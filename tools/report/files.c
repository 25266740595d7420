#include "files.h"

#include "core/system/file.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const char converter[] = "rsvg-convert";
enum { NOT_FOUND = 127 };

static iso_rc write_svg(const struct iso_svg *s, const char *path)
{
    char *text;
    size_t n;
    ISO_TRY(iso_svg_text_of(s, &text, &n));
    const iso_rc rc = iso_file_write(path, text, n);
    free(text);
    return rc;
}

/* Runs the program without a shell; returns its exit code, or NOT_FOUND. */
static int convert(const char *svg, const char *png)
{
    int status = 0;
    fflush(NULL);
    const pid_t pid = fork();
    if (pid == 0) {
        execlp(converter, converter, "--zoom", "2", "--output", png, svg, (char *)NULL);
        _exit(NOT_FOUND);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return NOT_FOUND;
    return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : NOT_FOUND;
}

static iso_rc write_png(const char *svg, const char *png)
{
    char temporary[ISO_PATH + 16];
    ISO_TRY(iso_file_may_replace(png));
    snprintf(temporary, sizeof temporary, "%s.%ld.tmp", png, (long)getpid());
    const int code = convert(svg, temporary);
    if (code == 0 && rename(temporary, png) == 0)
        return ISO_OK;
    const iso_rc rc =
        code == 0 ? iso_file_fail("write", png)
        : code == NOT_FOUND
            ? iso_fail(ISO_EIO,
                       "%s is not installed, so that there are SVG files only; it "
                       "makes PNG of them: apt-get install librsvg2-bin",
                       converter)
            : iso_fail(ISO_EIO,
                       "%s could not make %s of %s (exit code %d, what it said stands "
                       "above)",
                       converter, png, svg, code);
    unlink(temporary);
    return rc;
}

static iso_rc path_of(char path[ISO_PATH], const char *folder, const char *name, const char *end)
{
    char file[ISO_SVG_NAME + 8];
    snprintf(file, sizeof file, "%s.%s", name, end);
    return iso_path(path, folder, file);
}

iso_rc iso_write_pictures(const struct iso_svg *s, int n, const char *folder)
{
    char svg[ISO_PATH], png[ISO_PATH];
    ISO_TRY(iso_folder_make(folder));
    for (int i = 0; i < n; i++) {
        ISO_TRY(path_of(svg, folder, s[i].name, "svg"));
        ISO_TRY(write_svg(&s[i], svg));
    }
    for (int i = 0; i < n; i++) {
        ISO_TRY(path_of(svg, folder, s[i].name, "svg"));
        ISO_TRY(path_of(png, folder, s[i].name, "png"));
        ISO_TRY(write_png(svg, png));
    }
    return ISO_OK;
}
