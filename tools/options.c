#include "options.h"

#include "core/text/number.h"
#include "core/text/suggest.h"
#include "core/text/wrap.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMN = 29 }; /* at which explanations of options begin */

int iso_usage(const struct iso_command *command, const char *fmt, ...)
{
    va_list arguments;
    fprintf(stderr, "isocl %s: ", command->name);
    va_start(arguments, fmt);
    vfprintf(stderr, fmt, arguments);
    va_end(arguments);
    fprintf(stderr, "; see isocl %s --help\n", command->name);
    return ISO_EXIT_USAGE;
}

/* Returns the bytes of the paragraph that text begins with; its last newline is not one of them. A
 * line that begins with a blank, as in a list, is a paragraph of its own. */
static size_t paragraph(const char *text)
{
    size_t n = strcspn(text, "\n");
    while (*text != ' ' && text[n] != '\0' && strchr(" \n", text[n + 1]) == NULL)
        n += 1 + strcspn(text + n + 1, "\n");
    return n;
}

/* Prints text of any length of line in lines as long as the terminal's. */
static void fill(const char *text, FILE *out)
{
    char words[4096];
    while (*text != '\0') {
        const size_t n = paragraph(text);
        snprintf(words, sizeof words, "%.*s", (int)n, text);
        for (char *c = words; *c != '\0'; c++)
            *c = *c == '\n' ? ' ' : *c;
        iso_wrap(out, "", 0, words);
        text += n + (text[n] == '\n');
    }
}

void iso_options_help(const struct iso_command *command, FILE *out)
{
    fprintf(out, "usage: isocl %s%s%s%s\n\n%s\n", command->name, *command->arguments ? " " : "",
            command->arguments, command->options[0].key != NULL ? " [options]" : "", command->doc);
    if (command->more != NULL) {
        fprintf(out, "\n");
        fill(command->more, out);
    }
    fprintf(out, "\nOptions:\n");
    for (const struct iso_option *o = command->options; o->key != NULL; o++) {
        char left[64];
        snprintf(left, sizeof left, "  --%s%s%s ", o->key, o->argument != NULL ? " " : "",
                 o->argument != NULL ? o->argument : "");
        iso_wrap(out, left, COLUMN, o->doc);
    }
    iso_wrap(out, "  --help ", COLUMN, "this text");
    fprintf(out, "\nExamples:\n%s", command->examples);
}

static const struct iso_option *find(const struct iso_command *command, const char *key, size_t n)
{
    for (const struct iso_option *o = command->options; o->key != NULL; o++)
        if (strlen(o->key) == n && memcmp(o->key, key, n) == 0)
            return o;
    return NULL;
}

static int unknown_option(const struct iso_command *command, const char *key, size_t n)
{
    char word[64], near[96];
    struct iso_suggest suggest;
    snprintf(word, sizeof word, "%.*s", (int)(n < sizeof word ? n : sizeof word - 1), key);
    iso_suggest_begin(&suggest, word);
    for (const struct iso_option *o = command->options; o->key != NULL; o++)
        iso_suggest_try(&suggest, o->key);
    return iso_usage(command, "unknown option '%s'%s", word,
                     iso_suggest_text(&suggest, near, sizeof near));
}

/* True if value is one of the words of "a|b|c". */
static bool is_choice(const char *list, const char *value)
{
    size_t n = strlen(value);
    for (const char *word = list; word != NULL;
         word = strchr(word, '|') != NULL ? strchr(word, '|') + 1 : NULL)
        if (strcspn(word, "|") == n && memcmp(word, value, n) == 0)
            return true;
    return false;
}

static int store_real(const struct iso_command *command, const struct iso_option *option,
                      const char *value, double *target)
{
    if (iso_number_real(value, target) != ISO_NUMBER_OK || !(*target >= (double)option->min))
        return iso_usage(command, "--%s takes a number of at least %lld, not '%s'", option->key,
                         (long long)option->min, value);
    return ISO_EXIT_DONE;
}

static int store_item(const struct iso_command *command, const struct iso_option *option,
                      const char *value, struct iso_text_list *list)
{
    if (list->n == ISO_TEXTS)
        return iso_usage(command, "--%s can be given %d times", option->key, ISO_TEXTS);
    list->text[list->n++] = value;
    return ISO_EXIT_DONE;
}

/* Returns ISO_EXIT_DONE or, with the fault told, ISO_EXIT_USAGE. */
static int store(const struct iso_command *command, const struct iso_option *option,
                 const char *value, void *out)
{
    void *target = (char *)out + option->offset;
    if (option->type == ISO_OPTION_CHOICE && !is_choice(option->argument, value))
        return iso_usage(command, "--%s takes %s, not '%s'", option->key, option->argument, value);
    if (option->type == ISO_OPTION_REAL)
        return store_real(command, option, value, target);
    if (option->type == ISO_OPTION_LIST)
        return store_item(command, option, value, target);
    if (option->type != ISO_OPTION_INT) {
        *(const char **)target = value;
        return ISO_EXIT_DONE;
    }
    char *end;
    errno = 0;
    long long number = strtoll(value, &end, 10);
    if (end == value || *end || errno || number < option->min)
        return iso_usage(command, "--%s takes a whole number of at least %lld, not '%s'",
                         option->key, (long long)option->min, value);
    *(int64_t *)target = number;
    return ISO_EXIT_DONE;
}

/* Reads the option at argv[*i], whose value may be the next word. */
static int read_option(const struct iso_command *command, int argc, char **argv, int *i, void *out)
{
    const char *key = argv[*i] + 2;
    size_t n = strcspn(key, "=");
    const char *value = key[n] ? key + n + 1 : NULL;
    const struct iso_option *option = find(command, key, n);
    if (option == NULL)
        return unknown_option(command, key, n);
    if (option->type == ISO_OPTION_FLAG) {
        if (value != NULL)
            return iso_usage(command, "--%s takes no value", option->key);
        *(bool *)((char *)out + option->offset) = true;
        return ISO_EXIT_DONE;
    }
    if (value == NULL && *i + 1 >= argc)
        return iso_usage(command, "--%s needs its %s", option->key, option->argument);
    if (value == NULL)
        value = argv[++*i];
    return store(command, option, value, out);
}

bool iso_options_parse(const struct iso_command *command, int argc, char **argv, void *out,
                       int *count, int *exit_code)
{
    bool options = true; /* until "--" */
    *count = 0;
    for (int i = 0; i < argc; i++) {
        if (options && (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)) {
            iso_options_help(command, stdout);
            *exit_code = ISO_EXIT_DONE;
            return false;
        }
        if (options && strcmp(argv[i], "--") == 0) {
            options = false;
        } else if (options && strncmp(argv[i], "--", 2) == 0) {
            *exit_code = read_option(command, argc, argv, &i, out);
            if (*exit_code != ISO_EXIT_DONE)
                return false;
        } else if (options && argv[i][0] == '-' && argv[i][1]) {
            *exit_code =
                iso_usage(command, "unknown option %s (options start with two dashes)", argv[i]);
            return false;
        } else {
            argv[(*count)++] = argv[i];
        }
    }
    if (*count < command->min_arguments)
        *exit_code = iso_usage(command, "give it %s", command->arguments);
    else if (*count > command->max_arguments)
        *exit_code =
            iso_usage(command, "one argument too many: '%s'", argv[command->max_arguments]);
    else
        return true;
    return false;
}
