/* options.h: the commands of the program and their options. A command's table drives parsing,
 * --help and suggestions for mistyped options. */
#ifndef ISO_OPTIONS_H
#define ISO_OPTIONS_H
#include "core/text/text_list.h"
#include "exit_code.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum iso_option_type {
    ISO_OPTION_TEXT,   /* const char *, borrowed from argv */
    ISO_OPTION_CHOICE, /* the same; one of the words in .argument, "a|b" */
    ISO_OPTION_INT,    /* int64_t, at least .min */
    ISO_OPTION_REAL,   /* double, at least .min */
    ISO_OPTION_LIST,   /* struct iso_text_list; may be given several times */
    ISO_OPTION_FLAG    /* bool; takes no argument */
};
struct iso_option {       /* a table ends with key NULL */
    const char *key;      /* without the dashes */
    const char *argument; /* its name in --help: FILE; NULL for a flag */
    enum iso_option_type type;
    size_t offset;   /* in the command's options struct */
    const char *doc; /* one line */
    int64_t min;
};
struct iso_command {
    const char *name;
    const char *arguments; /* "MODEL.yaml"; "" for none */
    const char *doc;       /* one line */
    const char *more;      /* further text of --help; NULL: none */
    const char *examples;  /* lines, each with a command and its effect */
    const struct iso_option *options;
    int min_arguments, max_arguments;
    int (*run)(const struct iso_command *, int argc, char **argv); /* returns an exit code */
};

/* Reads the options into `out`, which holds the defaults, and moves the other arguments to
 * argv[0..*count). Returns false, with *exit_code set, if the command should not run because of
 * --help or wrong usage. */
bool iso_options_parse(const struct iso_command *, int argc, char **argv, void *out, int *count,
                       int *exit_code);
/* Prints what --help says. */
void iso_options_help(const struct iso_command *, FILE *);
/* Prints a usage error of a command on stderr, with a pointer to --help; returns ISO_EXIT_USAGE. */
int iso_usage(const struct iso_command *, const char *fmt, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;
#endif
