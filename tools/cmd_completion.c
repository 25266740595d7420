/* isocl completion: prints a shell's completion of commands and options, from the commands' own
 * tables. */
#include "commands.h"
#include "core/help/help_page.h"
#include "help_topics.h"

#include <stdio.h>
#include <string.h>

static const struct iso_option options[] = { { NULL, NULL, ISO_OPTION_FLAG, 0, NULL, 0 } };

/* The devices that can be listed without querying the machine. */
static const char devices[] = "auto gpu reference cpu opencl";

static void put_word(void *self, const char *word)
{
    (void)self;
    if (strpbrk(word, " :'\"$") == NULL) /* shells part words at these */
        printf("%s ", word);
}

static void put_op(void *self, const char *word)
{
    for (int op = 0; op < ISO_OP_COUNT; op++)
        if (strcmp(iso_ops[op].name, word) == 0)
            put_word(self, word);
}

/* Returns true for a command whose arguments are runs: those below runs/ are offered. */
static bool takes_runs(const struct iso_command *c)
{
    return strncmp(c->arguments, "RUN", 3) == 0 || strncmp(c->arguments, "[RUN", 4) == 0;
}

/* The words an option takes, parted by blanks; "" when they cannot be listed. */
static const char *words_of(const struct iso_option *o, char *buf, size_t n)
{
    snprintf(buf, n, "%s",
             o->type == ISO_OPTION_CHOICE                                ? o->argument
             : o->argument != NULL && strcmp(o->argument, "DEVICE") == 0 ? devices
                                                                         : "");
    for (char *c = buf; *c; c++)
        *c = *c == '|' ? ' ' : *c;
    return buf;
}

/* ---- bash ---------------------------------------------------------------------------------- */

static void bash_options(const struct iso_command *c)
{
    char words[256];
    printf("        %s)\n            options=\"", c->name);
    for (const struct iso_option *o = c->options; o->key != NULL; o++)
        printf("--%s ", o->key);
    printf("--help\"\n            case $prev in\n");
    for (const struct iso_option *o = c->options; o->key != NULL; o++)
        if (*words_of(o, words, sizeof words))
            printf("                --%s) words=\"%s\" ;;\n", o->key, words);
    if (strcmp(c->name, "parity") == 0) {
        printf("                --ops) words=\"");
        iso_help_topics(put_op, NULL);
        printf("\" ;;\n");
    }
    printf("            esac\n");
    if (strcmp(c->name, "help") == 0) {
        printf("            words=${words:-\"");
        iso_topics_each(put_word, NULL);
        printf("\"}\n");
    }
    if (takes_runs(c))
        printf("            [ -n \"$words\" ] || words=$(ls -d runs/* 2>/dev/null)\n");
    printf("            ;;\n");
}

static void bash(void)
{
    printf(
        "# bash completion of isocl: put it where bash-completion looks, or source it.\n"
        "_isocl() {\n"
        "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
        "    local options= words=\n"
        "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
        "        words=\"");
    for (const struct iso_command *const *c = iso_commands; *c != NULL; c++)
        printf("%s ", (*c)->name);
    printf(
        "--help --version\"\n    fi\n    [ \"$COMP_CWORD\" -gt 1 ] && case ${COMP_WORDS[1]} "
        "in\n");
    for (const struct iso_command *const *c = iso_commands; *c != NULL; c++)
        bash_options(*c);
    printf(
        "    esac\n"
        "    case $cur in -*) words=${words:-$options} ;; esac\n"
        "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
        "}\n"
        "complete -o default -F _isocl isocl\n");
}

/* ---- zsh ----------------------------------------------------------------------------------- */

/* Writes text within single quotes, escaping zsh's special characters. */
static void zsh_text(const char *text)
{
    for (; *text; text++)
        printf(*text == '\'' ? "'\\''" : strchr("[]:\\", *text) != NULL ? "\\%c" : "%c", *text);
}

static void zsh_option(const struct iso_option *o)
{
    char words[256];
    printf(" \\\n            '--%s[", o->key);
    zsh_text(o->doc);
    printf("]");
    if (o->argument != NULL) {
        printf(":");
        zsh_text(o->argument);
        if (*words_of(o, words, sizeof words))
            printf(":(%s)", words);
        else
            printf(":_files");
    }
    printf("'");
}

static void zsh_arguments(const struct iso_command *c)
{
    printf(" \\\n            '--help[this command]' ");
    if (strcmp(c->name, "help") == 0) {
        printf("'*:topic:(");
        iso_topics_each(put_word, NULL);
        printf(")' ;;\n");
    } else {
        printf("'*:file:_files' ;;\n"); /* also of runs, which are folders */
    }
}

static void zsh(void)
{
    printf(
        "#compdef isocl\n# zsh completion of isocl: a file _isocl in a folder of $fpath.\n"
        "_isocl() {\n    local -a commands\n    commands=(");
    for (const struct iso_command *const *c = iso_commands; *c != NULL; c++) {
        printf("\n        '%s:", (*c)->name);
        zsh_text((*c)->doc);
        printf("'");
    }
    printf(
        ")\n    if (( CURRENT == 2 )); then\n        _describe command commands\n"
        "        return\n    fi\n    local command=$words[2]\n    shift words\n"
        "    (( CURRENT-- ))\n"
        "    case $command in\n");
    for (const struct iso_command *const *c = iso_commands; *c != NULL; c++) {
        printf("        %s) _arguments", (*c)->name);
        for (const struct iso_option *o = (*c)->options; o->key != NULL; o++)
            zsh_option(o);
        zsh_arguments(*c);
    }
    printf("    esac\n}\n_isocl \"$@\"\n");
}

/* ---- fish ---------------------------------------------------------------------------------- */

static void fish_text(const char *text)
{
    for (; *text; text++)
        printf(*text == '\'' || *text == '\\' ? "\\%c" : "%c", *text);
}

static void fish_option(const struct iso_command *c, const struct iso_option *o)
{
    char words[256];
    printf("complete -c isocl -n '__fish_seen_subcommand_from %s' -l %s", c->name, o->key);
    if (o->argument != NULL && *words_of(o, words, sizeof words))
        printf(" -x -a '%s'", words);
    else if (o->argument != NULL)
        printf(" -r");
    printf(" -d '");
    fish_text(o->doc);
    printf("'\n");
}

static void fish(void)
{
    printf("# fish completion of isocl: a file isocl.fish in a folder of completions.\n");
    for (const struct iso_command *const *c = iso_commands; *c != NULL; c++) {
        printf("complete -c isocl -n __fish_use_subcommand -f -a %s -d '", (*c)->name);
        fish_text((*c)->doc);
        printf("'\n");
        for (const struct iso_option *o = (*c)->options; o->key != NULL; o++)
            fish_option(*c, o);
        if (takes_runs(*c))
            printf(
                "complete -c isocl -n '__fish_seen_subcommand_from %s' -a '(ls -d runs/* "
                "2>/dev/null)'\n",
                (*c)->name);
    }
    printf("complete -c isocl -n '__fish_seen_subcommand_from help' -f -a '");
    iso_topics_each(put_word, NULL);
    printf("'\n");
}

/* ---- The command --------------------------------------------------------------------------- */

static int run(const struct iso_command *command, int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*print)(void);
    } shells[] = { { "bash", bash }, { "zsh", zsh }, { "fish", fish } };
    int count, code;
    if (!iso_options_parse(command, argc, argv, NULL, &count, &code))
        return code;
    for (int i = 0; i < 3; i++)
        if (strcmp(argv[0], shells[i].name) == 0) {
            shells[i].print();
            return ISO_EXIT_DONE;
        }
    return iso_usage(command, "there is no completion for '%.40s'; bash, zsh and fish have one",
                     argv[0]);
}

const struct iso_command iso_command_completion = {
    .name = "completion",
    .arguments = "bash|zsh|fish",
    .doc = "completes commands and options in a shell",
    .more = "`make install` puts all three where the shells look for them.",
    .examples =
        "  source <(isocl completion bash)\n"
        "  isocl completion fish > ~/.config/fish/completions/isocl.fish\n",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run,
};
