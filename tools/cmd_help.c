/* isocl help: all that a model file may say, from the ops' own descriptions, and what commands and
 * messages mean. */
#include "commands.h"
#include "core/help/help_page.h"
#include "help_topics.h"
#include "manual.h"
#include "setup.h"

#include <limits.h>
#include <stdio.h>

enum { TOPIC = 4096 }; /* bytes of a topic, which may be a message */
struct help_options {
    bool markdown, man;
};
static const struct iso_option options[] = {
    { "markdown", NULL, ISO_OPTION_FLAG, offsetof(struct help_options, markdown),
      "print the whole reference as a page (models/README.md)", 0 },
    { "man", NULL, ISO_OPTION_FLAG, offsetof(struct help_options, man),
      "print the manual page isocl(1)", 0 },
    { NULL, NULL, ISO_OPTION_FLAG, 0, NULL, 0 }
};

static int run(const struct iso_command *command, int argc, char **argv)
{
    struct help_options o = { 0 };
    int count, code;
    if (!iso_options_parse(command, argc, argv, &o, &count, &code))
        return code;
    if (o.markdown) {
        iso_help_markdown(stdout);
        return ISO_EXIT_DONE;
    }
    if (o.man) {
        iso_manual_print();
        return ISO_EXIT_DONE;
    }
    char topic[TOPIC] = "";
    size_t used = 0;
    for (int i = 0; i < count && used < sizeof topic; i++)
        used += (size_t)snprintf(topic + used, sizeof topic - used, "%s%s", i ? " " : "", argv[i]);
    return iso_report(command, iso_topic_print(stdout, count ? topic : NULL), NULL);
}

const struct iso_command iso_command_help = {
    .name = "help",
    .arguments = "[TOPIC...]",
    .doc = "commands, layers, keys, data, messages, ...: explains any of them",
    .more =
        "TOPIC is a name, or a message that was printed, whole or in part: then what it means\n"
        "and what to do is said. Without a TOPIC all of them are listed.",
    .examples =
        "  isocl help\n"
        "  isocl help layers\n"
        "  isocl help conv2d\n"
        "  isocl help relu\n"
        "  isocl help kernel_size\n"
        "  isocl help train                                      the command and the section\n"
        "  isocl help images have different sizes                a message\n",
    .options = options,
    .min_arguments = 0,
    .max_arguments = INT_MAX,
    .run = run,
};
