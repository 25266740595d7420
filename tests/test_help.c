/* test_help.c: every word that help should know, how near misses and long lines are told, and what
 * completion offers. */
#include "cli.h"
#include "core/help/help_messages.h"
#include "core/help/help_page.h"
#include "core/ops/activation.h"
#include "core/data/dataset.h"
#include "tools/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void knows(const char *topic, const char *text)
{
    if (cli_run("help '%s'", topic) != 0)
        fail_msg("isocl help %s: %s", topic, cli_err);
    cli_says(cli_out, text);
}

static void every_word_is_a_topic(void **state)
{
    (void)state;
    for (const struct iso_command *const *c = iso_commands; *c != NULL; c++)
        knows((*c)->name, "usage: isocl ");
    for (int i = 0; iso_activation_names[i] != NULL; i++)
        knows(iso_activation_names[i], iso_activation_names[i]);
    for (const struct iso_dataset_doc *d = iso_dataset_docs; d->name != NULL; d++)
        knows(d->name, d->name);
    for (const struct iso_dataset_doc *d = iso_dataset_file_docs; d->name != NULL; d++)
        knows(d->name, d->name);
    for (int op = 0; op < ISO_OP_COUNT; op++)
        if (iso_ops[op].def->topic != NULL)
            knows(iso_ops[op].name, iso_ops[op].name);
    knows("csv", "label_column");
    knows("activations", "  relu ");
    knows("kernel_size", "kernel_size is a key of ");
    knows("trainable", "trainable is a key of every layer");
    knows("batch_size", "batch_size is a key of train");
    knows("train", "In a model file:");
    knows("set", "--set layers.dense_1.units=64");
    knows("relu", "x < 0.0 ? 0.0 : x");
}

static void suggests(const char *topic, const char *near)
{
    char text[64];
    assert_int_equal(cli_run("help %s", topic), ISO_EXIT_USAGE);
    snprintf(text, sizeof text, "(did you mean '%s'?)", near);
    cli_says(cli_err, text);
}

static void near_misses_are_named(void **state)
{
    (void)state;
    suggests("leaky_relo", "leaky_relu");
    suggests("predcit", "predict");
    suggests("kernel_sise", "kernel_size");
    suggests("exit-code", "exit-codes");
    suggests("Conv2D", "conv2d");
    assert_int_equal(cli_run("help nonsense"), ISO_EXIT_USAGE);
}

/* No line is longer than 80 columns where none of its words is; what is meant stays whole. */
static void lines_are_wrapped(void **state)
{
    static const char *const topics[] = { "", "conv2d", "data", "file", "train", "environment" };
    (void)state;
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++) {
        assert_int_equal(cli_run("help %s", topics[i]), 0);
        for (char *rest = NULL, *line = strtok_r(cli_out, "\n", &rest); line != NULL;
             line = strtok_r(NULL, "\n", &rest))
            if (strlen(line) > 80 && strrchr(line + strspn(line, " "), ' ') != NULL)
                fail_msg("help %s: %zu columns: %s", topics[i], strlen(line), line);
    }
}

/* Paragraphs are filled: no line of one ends early where the next word would fit. */
static void paragraphs_are_filled(void **state)
{
    (void)state;
    for (const struct iso_command *const *c = iso_commands; *c != NULL; c++) {
        const char *before = NULL;
        assert_int_equal(cli_run("%s --help", (*c)->name), 0);
        char *end = strstr(cli_out, "\nOptions:");
        assert_non_null(end);
        *end = '\0';
        for (char *rest = NULL, *line = strtok_r(cli_out, "\n", &rest); line != NULL;
             before = strstr(line, "usage:") == NULL ? line : NULL,
                  line = strtok_r(NULL, "\n", &rest))
            if (before != NULL && *line != ' ' && *before != ' ' &&
                strlen(before) + 1 + strcspn(line, " ") <= 80 && strcmp(before, (*c)->doc) != 0 &&
                before[strlen(before) - 1] != '.')
                fail_msg("%s --help: '%s' ends early", (*c)->name, before);
    }
}

static void completion_knows_topics_ops_and_runs(void **state)
{
    (void)state;
    assert_int_equal(cli_run("completion bash"), 0);
    cli_says(cli_out, "--ops) words=\"");
    cli_says(cli_out, "leaky_relu ");
    cli_says(cli_out, "ls -d runs/*");
    assert_int_equal(cli_run("completion zsh"), 0);
    cli_says(cli_out, "exit-codes ");
    assert_int_equal(cli_run("completion fish"), 0);
    cli_says(cli_out, "exit-codes ");
    if (system("bash -c true 2>/dev/null") != 0)
        skip();
    cli_write("c.sh",
              "mkdir -p runs/one; . ./c; COMP_WORDS=(isocl help leaky_r); COMP_CWORD=2; "
              "_isocl; echo ${COMPREPLY[*]}; COMP_WORDS=(isocl eval runs/o); _isocl; "
              "echo ${COMPREPLY[*]}; COMP_WORDS=(isocl parity --ops max_poo); "
              "COMP_CWORD=3; _isocl; echo ${COMPREPLY[*]}\n");
    assert_int_equal(cli_run("completion bash >c; bash c.sh >got 2>&1"), 0);
    cli_read("got", cli_out);
    assert_string_equal(cli_out, "leaky_relu\nruns/one\nmax_pooling2d\n");
}

/* ---- Messages ------------------------------------------------------------------------------- */

/* Everything that the program can say, with the pieces of each text joined. */
static char sources[6 << 20];

/* Copies what stands in quotes to `to`; neighbouring texts become one. Returns the end. */
static char *copy_texts(const char *code, char *to)
{
    for (bool between = false; *code; code++) {
        if (*code != '"') {
            if (between && strchr(" \n", *code) == NULL) {
                *to++ = '\n';
                between = false;
            }
            if (*code == '\'' && code[1] == '"') /* a character */
                code += 2;
            continue;
        }
        for (code++; *code && *code != '"'; code++) {
            if (*code == '\\')
                code++;
            *to++ = *code;
        }
        if (*code == '\0')
            break;
        between = true;
    }
    return to;
}

static void read_sources(void)
{
    static char code[1 << 20];
    char name[CLI_PATH], *end = sources;
    FILE *list = popen("find core tools backends -name '*.c' ! -name help_messages.c", "r");
    assert_non_null(list);
    while (fgets(name, sizeof name, list) != NULL) {
        name[strcspn(name, "\n")] = '\0';
        FILE *f = fopen(name, "r");
        assert_non_null(f);
        const size_t n = fread(code, 1, sizeof code - 1, f);
        fclose(f);
        code[n] = '\0';
        assert_true((size_t)(end - sources) + n < sizeof sources);
        end = copy_texts(code, end);
    }
    assert_int_equal(pclose(list), 0);
    *end = '\0';
}

static bool the_system_says(const char *words)
{
    for (int e = 1; e < 133; e++)
        if (strcmp(strerror(e), words) == 0)
            return true;
    return false;
}

/* The words by which messages are found are words of messages. */
static void messages_are_those_of_the_program(void **state)
{
    (void)state;
    read_sources();
    for (const struct iso_message_help *m = iso_message_helps; m->topic != NULL; m++)
        for (const char *const *part = m->parts; *part != NULL; part++)
            if (strstr(sources, *part) == NULL && !the_system_says(*part))
                fail_msg("%s: nothing says \"%s\" any longer", m->topic, *part);
}

static void messages_are_topics(void **state)
{
    (void)state;
    for (const struct iso_message_help *m = iso_message_helps; m->topic != NULL; m++) {
        if (cli_run("help %s", m->topic) != 0)
            fail_msg("isocl help %s: %s", m->topic, cli_err);
        cli_says(cli_out, "What to do:");
        for (const char *const *part = m->parts; *part != NULL; part++)
            assert_ptr_equal(iso_message_find(*part), m);
    }
    assert_int_equal(cli_run("help"), 0);
    cli_says(cli_out, "damaged-images");
}

/* Messages as they are printed find their page, and so do some words of them. */
static void a_printed_message_is_explained(void **state)
{
    static char said[CLI_OUTPUT];
    (void)state;
    assert_int_equal(cli_run("train tiny.yaml --device cpu --batch 0"), ISO_EXIT_USAGE);
    assert_int_equal(cli_run("eval nothing"), ISO_EXIT_FILE);
    strcpy(said, cli_err);
    said[strcspn(said, "'\n")] = '\0';
    knows(said, "no-run: messages");
    knows("out of memory", "out-of-memory: messages");
    knows("Out Of Memory for the trace", "out-of-memory: messages");
    knows("cannot write x/y: No space left on device", "files: messages");
    assert_int_equal(cli_run("help images have different sizes: a 1x2, b 2x1"), 0);
    cli_says(cli_out, "image-size: messages");
    assert_int_equal(cli_run("help this is said by nobody"), ISO_EXIT_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_word_is_a_topic),
        TEST(near_misses_are_named),
        TEST(lines_are_wrapped),
        TEST(paragraphs_are_filled),
        TEST(completion_knows_topics_ops_and_runs),
        TEST(messages_are_those_of_the_program),
        TEST(messages_are_topics),
        TEST(a_printed_message_is_explained),
    };
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
