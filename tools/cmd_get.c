/* isocl get: fetches public data sets and published weights, by the script get-data.sh, which is
 * installed with the program. */
#include "commands.h"
#include "core/system/environment.h"
#include "core/job/published.h"
#include "core/system/program.h"
#include "core/system/shipped.h"
#include "exit_code.h"
#include "import_weights.h"
#include "setup.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { WORDS = 16 };
struct get_options {
    const char *dir, *mirror;
};
static const struct iso_option options[] = {
    { "dir", "DIR", ISO_OPTION_TEXT, offsetof(struct get_options, dir),
      "where to (default: ISOCL_DATA, or ~/.local/share/isocl)", 0 },
    { "mirror", "URL", ISO_OPTION_TEXT, offsetof(struct get_options, mirror),
      "fetch URL/FILE instead of from the authors' servers (default: ISOCL_MIRROR)", 0 },
    { NULL, NULL, ISO_OPTION_FLAG, 0, NULL, 0 }
};

/* Finds get-data.sh beside the program, or a test, in a clone, or where it is installed. */
static iso_rc find_script(char path[ISO_PATH])
{
    static const char *const near[] = { "../tools", "../../tools", "../../../tools",
                                        "../share/isocl" };
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

/* Runs the script with these words, the first two of which are its own, and waits for it. *code:
 * its exit code, which is that of a command. */
static iso_rc run_script(const char *words[WORDS], int *code)
{
    char script[ISO_PATH];
    int status;
    pid_t child;
    ISO_TRY(find_script(script));
    words[0] = "sh";
    words[1] = script;
    fflush(stdout);
    const int fault = posix_spawnp(&child, "sh", NULL, NULL, (char *const *)words, environ);
    if (fault != 0)
        return iso_fail(ISO_EIO, "cannot start sh: %s", strerror(fault));
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return iso_fail(ISO_EIO, "cannot wait for sh: %s", strerror(errno));
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : ISO_EXIT_FAILED;
    return ISO_OK;
}

static int add_option(const char *words[WORDS], int n, const char *name, const char *value)
{
    if (value != NULL) {
        words[n++] = name;
        words[n++] = value;
    }
    return n;
}

static int begin(const struct get_options *o, const char *dir, const char *words[WORDS])
{
    const char *mirror = o->mirror != NULL ? o->mirror : iso_environment(ISO_ENV_MIRROR);
    return add_option(words, add_option(words, 2, "--dir", dir), "--mirror", mirror);
}

/* ---- Data sets ------------------------------------------------------------------------------ */

static iso_rc get_sets(const struct get_options *o, int count, char **names, int *code)
{
    const char *words[WORDS] = { NULL };
    int n = begin(o, o->dir, words), sets = 0;
    for (int i = 0; i < count; i++)
        if (iso_published_find(names[i]) == NULL) {
            words[n++] = names[i];
            sets++;
        }
    return sets > 0 ? run_script(words, code) : ISO_OK;
}

/* ---- Weights -------------------------------------------------------------------------------- */

static iso_rc fetch(const struct get_options *o, const struct iso_published *p, int *code)
{
    char folder[ISO_PATH];
    const char *words[WORDS] = { NULL };
    ISO_TRY(iso_published_folder(o->dir, folder));
    const int n = begin(o, folder, words);
    words[n] = "--file";
    words[n + 1] = p->address;
    words[n + 2] = p->sum;
    return run_script(words, code);
}

static iso_rc convert(struct iso_job *job, const struct get_options *o,
                      const struct iso_published *p)
{
    char model[ISO_PATH], file[ISO_PATH], weights[ISO_PATH], hex[65];
    bool first;
    ISO_TRY(iso_published_file(p, o->dir, file));
    ISO_TRY(iso_published_weights(p, o->dir, weights));
    ISO_TRY(iso_published_check(file, &first, hex));
    printf("%s: SHA-256 %s, %s\n", file, hex,
           first ? "recorded beside it" : "as at its first download");
    if (!iso_shipped(p->model, model))
        return iso_fail(ISO_EIO, "%s is not installed with this program", p->model);
    ISO_TRY(iso_import_weights(job, file, model, p->by, weights));
    printf("%s (%s): weights for %s; begin with: isocl new DATA --from %s\n", p->name, p->whose,
           p->model, p->name);
    return ISO_OK;
}

static iso_rc get_weights(struct iso_job *job, const struct get_options *o,
                          const struct iso_published *p, int *code)
{
    ISO_TRY(fetch(o, p, code));
    return *code == ISO_EXIT_DONE ? convert(job, o, p) : ISO_OK;
}

static int run(const struct iso_command *command, int argc, char **argv)
{
    struct get_options o = { NULL, NULL };
    int count, code;
    if (!iso_options_parse(command, argc, argv, &o, &count, &code))
        return code;
    code = ISO_EXIT_DONE;
    for (int i = 0; i < count && code == ISO_EXIT_DONE; i++) {
        const struct iso_published *p = iso_published_find(argv[i]);
        struct iso_job job = { 0 };
        const iso_rc rc = p != NULL ? get_weights(&job, &o, p, &code) : ISO_OK;
        if (rc != ISO_OK)
            code = iso_report(command, rc, &job.faults);
        iso_job_free(&job);
    }
    const iso_rc rc = code == ISO_EXIT_DONE ? get_sets(&o, count, argv, &code) : ISO_OK;
    return rc != ISO_OK ? iso_report(command, rc, NULL) : code;
}

const struct iso_command iso_command_get = {
    .name = "get",
    .arguments = "NAME...",
    .doc = "fetches public data sets and published weights",
    .more =
        "Data sets: mnist and fashion-mnist (11 and 30 MB), cifar10 and cifar100 (162 and\n"
        "161 MB). Weights, of networks in models/imagenet: resnet18, resnet34, resnext50,\n"
        "densenet121, squeezenet, mobilenet-v2, mobilenet-v3-small, shufflenet-v2,\n"
        "efficientnet-b0 and vit-b-16 of torchvision, resnet50 and vgg16 of Keras; 5 to\n"
        "553 MB. They go into the folder's weights/, converted as well, for `isocl new\n"
        "DATA --from NAME`.\n"
        "What was fetched is checked before it gets its name, by what its authors say of\n"
        "it; weights' whole SHA-256 is recorded at the first download, and required from\n"
        "then on. A fetch that was broken off goes on where it stopped. It needs curl.",
    .examples =
        "  isocl get mnist\n"
        "  isocl get resnet18\n"
        "  isocl get vgg16 --mirror https://mirror.example/weights\n"
        "  isocl get cifar10 --dir ~/data\n",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 8,
    .run = run,
};
