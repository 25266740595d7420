#include "help_topics.h"
#include "commands.h"
#include "core/help/help_messages.h"
#include "core/help/help_page.h"
#include "core/text/suggest.h"
#include "core/text/wrap.h"

#include <stdlib.h>
#include <string.h>

static void print_set(FILE *out)
{
    iso_wrap(out, "", 0,
             "--set KEY=VALUE changes a key of a model file for one command. KEY is the keys from "
             "the top of the file, with dots between them; VALUE is YAML, and null takes the key "
             "out. In a list (layers, augmentation, metrics, phases) an item has a number from 0 "
             "or a name: the one that it is given, or that of `isocl summary`, or its op's where "
             "there is one only. The name of an op can be left out before its parameters.");
    fprintf(out,
            "\n  --set train.epochs=3\n"
            "  --set optimizer.learning_rate=0.01      of {adam: {...}}, whichever it is\n"
            "  --set 'optimizer={sgd: {momentum: 0.9}}'\n"
            "  --set layers.dense_1.units=64\n"
            "  --set layers.0.filters=32\n"
            "  --set augmentation=null                 without any\n\n");
    iso_wrap(out, "", 0,
             "A fault in a setting is shown with it, as one in the file is with its line. The "
             "run's own model file has the settings.");
}

static void print_ranks(FILE *out)
{
    iso_wrap(out, "", 0,
             "mpirun starts several processes, ranks, that train one network together, on several "
             "devices or machines. `train: {shards: N}` of the model file defines the numbers of "
             "a step; each rank computes consecutive shards of it, and their sums are added in the "
             "same tree. So 1, 2, 4 or more ranks, up to N, end with the same bits, on any devices "
             "in exact mode. Gradients travel in buckets of a MiB while the backward pass goes on. "
             "Each rank updates a slice of the weights, has the optimizer's slots of that slice "
             "only, and gives the slice to all.");
    fprintf(out,
            "\n  mpirun -n 4 isocl train model.yaml --out RUN\n"
            "  mpirun -n 2 isocl train model.yaml --set train.shards=2 --device cpu,opencl:0\n"
            "  mpirun -n 8 --hostfile hosts isocl train --resume --out RUN\n\n");
    iso_wrap(
        out, "", 0,
        "--device takes a list, which the ranks of a machine share out in their order; auto "
        "gives them the machine's GPUs first, and cpu to those that are left. Every rank reads "
        "model and data by itself, from the same paths, and only the rows that it trains on "
        "if these stay on disk. Rank 0 keeps the run's folder, which the others need only to "
        "resume. Any number of ranks can resume a run, and so can one process without mpirun.");
    iso_wrap(
        out, "", 0,
        "Ctrl-C and SIGTERM end all ranks after the same step, and save; mpirun kills what "
        "does not end soon (Open MPI after a second: --mca odls_base_sigkill_timeout 60 "
        "allows more), and then the last checkpoint is what counts. If a rank fails or is "
        "lost, the others say so and end. `mpirun -n 4 isocl eval RUN` and `mpirun -n 4 isocl "
        "predict RUN ...` share their batches out; `mpirun -n 2 isocl parity model.yaml --devices "
        "cpu,opencl:0` compares a training that ranks share with the reference alone, part by "
        "part. `train --verify 1/100` has two ranks compute a shard of one step in 100, and "
        "compare what it "
        "adds to the step; if they differ, the cpu backend decides, and all ranks end with a "
        "sentence that names rank and device. Of the other commands one process runs. "
        "Not yet: features that stay on disk are computed by every rank, and a loss that is not "
        "finite "
        "is not traced to its tensor (one process without mpirun does that).");
}

static const struct {
    const char *name;
    void (*print)(FILE *);
} own[] = { { "exit-codes", iso_exit_codes_print },
            { "ranks", print_ranks },
            { "set", print_set } };
enum { OWN = sizeof own / sizeof own[0] };

static void print_commands(FILE *out)
{
    char list[2048] = "";
    size_t used = 0;
    for (const struct iso_command *const *c = iso_commands; *c != NULL && used < sizeof list; c++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s ", (*c)->name);
    for (int i = 0; i < OWN && used < sizeof list; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s ", own[i].name);
    fprintf(out, "\ncommands, and what is common to them:\n");
    iso_wrap(out, "  ", 2, list);
}

void iso_topics_each(void (*visit)(void *self, const char *topic), void *self)
{
    for (const struct iso_command *const *c = iso_commands; *c != NULL; c++)
        visit(self, (*c)->name);
    for (int i = 0; i < OWN; i++)
        visit(self, own[i].name);
    for (const struct iso_message_help *m = iso_message_helps; m->topic != NULL; m++)
        visit(self, m->topic);
    iso_help_topics(visit, self);
}

struct sought {
    const char *name;
    bool found;
};

static void match(void *self, const char *topic)
{
    struct sought *sought = self;
    sought->found |= strcmp(topic, sought->name) == 0;
}

/* Prints what a model file has under the name of a command, such as train; else nothing. */
static iso_rc print_section(FILE *out, const char *name)
{
    struct sought sought = { name, false };
    iso_help_topics(match, &sought);
    if (!sought.found)
        return ISO_OK;
    fprintf(out, "\nIn a model file:\n\n");
    return iso_help_print(out, name);
}

static void try_topic(void *self, const char *topic) { iso_suggest_try(self, topic); }

iso_rc iso_topic_print(FILE *out, const char *topic)
{
    struct iso_suggest near;
    char hint[96];
    if (topic == NULL) {
        ISO_TRY(iso_help_print(out, NULL));
        print_commands(out);
        iso_messages_print(out);
        return ISO_OK;
    }
    for (int i = 0; i < OWN; i++)
        if (strcmp(own[i].name, topic) == 0) {
            own[i].print(out);
            return ISO_OK;
        }
    for (const struct iso_command *const *c = iso_commands; *c != NULL; c++)
        if (strcmp((*c)->name, topic) == 0) {
            iso_options_help(*c, out);
            return print_section(out, topic);
        }
    const iso_rc rc = iso_help_print(out, topic);
    const struct iso_message_help *message = rc != ISO_OK ? iso_message_find(topic) : NULL;
    if (message != NULL) {
        iso_message_print(out, message);
        iso_error_clear();
        return ISO_OK;
    }
    iso_suggest_begin(&near, topic);
    iso_topics_each(try_topic, &near);
    if (rc == ISO_OK || near.best == NULL)
        return rc;
    return iso_fail(rc, "unknown topic '%.40s'%s", topic,
                    iso_suggest_text(&near, hint, sizeof hint));
}
