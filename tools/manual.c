#include "manual.h"
#include "commands.h"
#include "core/system/environment.h"
#include "core/iso.h"

#include <stdio.h>
#include <string.h>

/* Text in which nothing is a request or an escape. */
static void put(const char *text)
{
    for (const char *c = text; *c; c++) {
        if ((*c == '.' || *c == '\'') && (c == text || c[-1] == '\n'))
            fputs("\\&", stdout);
        if (*c == '\\')
            fputs("\\e", stdout);
        else if (*c == '-')
            fputs("\\-", stdout);
        else
            putchar(*c);
    }
}

static void put_option(const char *key, const char *argument, const char *doc)
{
    printf(".TP\n\\fB\\-\\-");
    put(key);
    printf("\\fR");
    if (argument != NULL) {
        printf(" \\fI");
        put(argument);
        printf("\\fR");
    }
    printf("\n");
    put(doc);
    printf("\n");
}

static void put_command(const struct iso_command *c)
{
    printf(".SS isocl %s", c->name);
    printf("%s", *c->arguments ? " " : "");
    put(c->arguments);
    printf("%s\n", c->options[0].key != NULL ? " [options]" : "");
    put(c->doc);
    printf("\n");
    if (c->more != NULL) {
        printf(".PP\n");
        put(c->more);
        printf("\n");
    }
    for (const struct iso_option *o = c->options; o->key != NULL; o++)
        put_option(o->key, o->argument, o->doc);
    printf(".PP\n.nf\n");
    put(c->examples);
    printf(".fi\n");
}

/* Pairs of names and meanings; ends with NULL. */
static void put_pairs(const char *const *pairs)
{
    for (; pairs[0] != NULL; pairs += 2) {
        printf(".TP\n\\fB");
        put(pairs[0]);
        printf("\\fR\n");
        put(pairs[1]);
        printf("\n");
    }
}

static void put_environment(void)
{
    for (const struct iso_variable_doc *v = iso_variables; v->name != NULL; v++) {
        const char *const pair[] = { v->name, v->doc, NULL };
        put_pairs(pair);
        printf(".br\n");
        put(v->values);
        printf(" (default ");
        put(v->dflt);
        printf(")\n");
    }
}

void iso_manual_print(void)
{
#define PAIR(name, number, doc) #number, doc,
    static const char *const codes[] = { ISO_EXIT_CODES(PAIR) NULL };
#undef PAIR
    printf(
        ".TH ISOCL 1 \"\" \"isocl %s\"\n.SH NAME\nisocl \\- trains image classifiers, with the "
        "same numbers on every device\n.SH SYNOPSIS\n.B isocl\n.I COMMAND\n[options]\n"
        ".SH DESCRIPTION\n"
        "isocl trains image classifiers from a YAML file on a processor, or through OpenCL on "
        "AMD, Intel and NVIDIA GPUs. In exact mode the same model file gives the same bits on "
        "every device, and isocl parity proves it. A first training run, which needs no "
        "download:\n.PP\n.nf\n  isocl train models/demo.yaml\n.fi\n.PP\n"
        "isocl help lists all that a model file may say. A file whose path begins with models/ "
        "and is not there is taken from those that isocl came with.\n.SH COMMANDS\n",
        ISO_VERSION);
    for (const struct iso_command *const *c = iso_commands; *c != NULL; c++)
        put_command(*c);
    printf(".SH EXIT STATUS\n");
    put_pairs(codes);
    printf(".SH ENVIRONMENT\n");
    put_environment();
}
