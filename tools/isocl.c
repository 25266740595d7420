/* isocl: the command line program. Each command is a file, tools/cmd_<name>.c. */
#include "commands.h"
#include "console.h"
#include "interrupt.h"
#include "stack.h"

#include "core/api/features.h"
#include "core/system/child.h"
#include "core/iso.h"
#include "core/ranks/ranks.h"
#include "core/text/suggest.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static void print_help(FILE *stream)
{
    fprintf(stream,
            "isocl %s trains image classifiers from a YAML file: the same numbers on every "
            "device.\n\nusage: isocl COMMAND [options]\n\n",
            ISO_VERSION);
    for (const struct iso_command *const *c = iso_commands; *c != NULL; c++)
        fprintf(stream, "  %-10s %-23s %s\n", (*c)->name, (*c)->arguments, (*c)->doc);
    fprintf(stream,
            "\n"
            "  isocl train models/demo.yaml       a first training run; needs no download\n"
            "  isocl COMMAND --help               the options of a command, with examples\n"
            "  isocl help                         layers, optimizers, losses: all a model "
            "file may say\n");
}

static void print_version(void)
{
    printf("isocl %s (arithmetic %d)\nbuilt with %s\n", ISO_VERSION, ISO_ARITH_VERSION,
           iso_features_text());
}

static int unknown(const char *word)
{
    char near[96];
    struct iso_suggest suggest;
    iso_suggest_begin(&suggest, word);
    for (const struct iso_command *const *c = iso_commands; *c != NULL; c++)
        iso_suggest_try(&suggest, (*c)->name);
    fprintf(stderr, "isocl: unknown command '%.60s'%s; see isocl --help\n", word,
            iso_suggest_text(&suggest, near, sizeof near));
    return ISO_EXIT_USAGE;
}

/* Returns true if all processes that mpirun has started run this command together. */
static bool runs_in_all(const struct iso_command *command)
{
    static const char *const names[] = { "train", "eval", "predict", "parity", NULL };
    int i = 0;
    while (names[i] != NULL && strcmp(names[i], command->name) != 0)
        i++;
    return names[i] != NULL;
}

/* Runs a command. Where mpirun has started several processes, the first alone runs one that they
 * cannot share. */
static int run_command(const struct iso_command *command, int argc, char **argv)
{
    int rank;
    const int processes = iso_launched(&rank);
    if (processes > 1 && !runs_in_all(command)) {
        if (rank > 0)
            return ISO_EXIT_DONE;
        fprintf(stderr,
                "isocl: mpirun has started %d processes; `isocl %s` runs in one of them, only "
                "train, eval, predict and parity in all\n",
                processes, command->name);
    }
    return command->run(command, argc, argv);
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return ISO_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help(stdout);
        return ISO_EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        print_version();
        return ISO_EXIT_DONE;
    }
    for (const struct iso_command *const *c = iso_commands; *c != NULL; c++)
        if (strcmp(argv[1], (*c)->name) == 0)
            return run_command(*c, argc - 2, argv + 2);
    return unknown(argv[1]);
}

/* Opens missing standard streams, so that no file gets the descriptor of a closed stream and
 * receives printed text. Printing to them remains an error. */
static void fill_closed_streams(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) < 0)
            return;
}

static int run_program(int argc, char **argv)
{
    iso_child_main(argc, argv);
    fill_closed_streams();
    signal(SIGXFSZ, SIG_IGN); /* a file size limit is then a write error, which is reported */
    int code = run(argc, argv);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "isocl: cannot write to standard output: %s\n", strerror(errno));
        code = ISO_EXIT_FILE;
    }
    if (iso_console_lost()) {
        fprintf(stderr, "isocl: out of memory: lines of JSON are missing in the output\n");
        code = ISO_EXIT_FAILED;
    }
    iso_interrupts_pass_on();
    return code;
}

int main(int argc, char **argv) { return iso_with_stack(run_program, argc, argv); }
