/* isocl get: fetches public data sets, by the script get-data.sh, which is installed with the
 * program. */
#include "commands.h"
#include "core/program.h"
#include "setup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { WORDS = 16 };
struct get_options {
    const char *dir, *mirror;
};
static const struct iso_option options[] = {
    { "dir", "DIR", ISO_OPTION_TEXT, offsetof(struct get_options, dir),
      "where to (default: ISOCL_DATA, or ~/.local/share/isocl)", 0 },
    { "mirror", "URL", ISO_OPTION_TEXT, offsetof(struct get_options, mirror),
      "fetch URL/FILE instead of from the authors' servers", 0 },
    { NULL, NULL, ISO_OPTION_FLAG, 0, NULL, 0 }
};

/* Beside the program in a clone, or where it is installed. */
static iso_rc find_script(char path[ISO_PATH])
{
    static const char *const near[] = { "../tools", "../../tools", "../share/isocl" };
    char self[ISO_PATH], beside[2 * ISO_PATH];
    if (!iso_program_self(self))
        return iso_fail(ISO_EIO, "cannot find the program's own folder");
    *strrchr(self, '/') = '\0';
    for (size_t i = 0; i < sizeof near / sizeof near[0]; i++) {
        snprintf(beside, sizeof beside, "%s/%s/get-data.sh", self, near[i]);
        if (access(beside, R_OK) == 0 && strlen(beside) < ISO_PATH) {
            strcpy(path, beside);
            return ISO_OK;
        }
    }
    return iso_fail(ISO_EIO, "get-data.sh is not installed beside this program");
}

/* Becomes the script, whose exit codes are those of a command. */
static iso_rc become(const struct get_options *o, int count, char **sets, char *script)
{
    char *words[WORDS] = { "sh", script };
    int n = 2;
    if (count > WORDS - 8)
        return iso_fail(ISO_EUSAGE, "more data sets than there are");
    if (o->dir != NULL) {
        words[n++] = "--dir";
        words[n++] = (char *)o->dir;
    }
    if (o->mirror != NULL) {
        words[n++] = "--mirror";
        words[n++] = (char *)o->mirror;
    }
    for (int i = 0; i < count; i++)
        words[n++] = sets[i];
    execvp("sh", words);
    return iso_fail(ISO_EIO, "cannot start sh: %s", strerror(errno));
}

static int run(const struct iso_command *command, int argc, char **argv)
{
    struct get_options o = { NULL, NULL };
    char script[ISO_PATH];
    int count, code;
    if (!iso_options_parse(command, argc, argv, &o, &count, &code))
        return code;
    iso_rc rc = find_script(script);
    if (rc == ISO_OK)
        rc = become(&o, count, argv, script);
    return iso_report(command, rc, NULL);
}

const struct iso_command iso_command_get = {
    .name = "get",
    .arguments = "SET...",
    .doc = "fetches public data sets: mnist, fashion-mnist, cifar10, cifar100",
    .more =
        "mnist and fashion-mnist are 11 and 30 MB, cifar10 and cifar100 162 and 161 MB. What\n"
        "was fetched is checked before it gets its name; a fetch that was broken off goes on\n"
        "where it stopped. It needs curl.",
    .examples =
        "  isocl get mnist\n"
        "  isocl get cifar10 --dir ~/data\n",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 8,
    .run = run,
};
