/* isocl import: weights that Keras has saved, for a model file. */
#include "commands.h"
#include "core/train/keras_weights.h"
#include "core/train/weights.h"
#include "setup.h"

#include <stdio.h>
#include <string.h>

struct import_options {
    struct iso_setup_options setup;
    const char *by, *out;
};
static const struct iso_option options[] = {
    { "by", "name|order", ISO_OPTION_CHOICE, offsetof(struct import_options, by),
      "which layer is which: equal names (default), or the first the first and so on", 0 },
    { "out", "FILE", ISO_OPTION_TEXT, offsetof(struct import_options, out),
      "the file to write (default weights.safetensors)", 0 },
    ISO_OPTION_SEED(struct import_options),
    { NULL, NULL, ISO_OPTION_FLAG, 0, NULL, 0 }
};

static void print_taken(const struct iso_keras_taken *t)
{
    printf("%d layer%s taken\n", t->layers, t->layers == 1 ? "" : "s");
    if (t->left)
        printf("not in the file, as the model file initializes them: %s\n", t->left_names);
    if (t->unused)
        printf("not in the model, left out: %s\n", t->unused_names);
}

static iso_rc take(struct iso_setup *setup, const char *path, const struct import_options *o)
{
    const bool by_order = o->by && strcmp(o->by, "order") == 0;
    struct iso_keras_file *file = NULL;
    struct iso_keras_taken taken;
    ISO_TRY(iso_keras_open(path, &file));
    const iso_rc rc = iso_keras_load(setup->exec, file, path,
                                     by_order ? ISO_KERAS_BY_ORDER : ISO_KERAS_BY_NAME,
                                     &setup->faults, &taken);
    iso_keras_close(file);
    if (rc == ISO_OK)
        print_taken(&taken);
    return rc;
}

static iso_rc import(struct iso_setup *setup, const char *file, const char *model,
                     const struct import_options *o)
{
    char hex[65];
    const char *out = o->out ? o->out : "weights.safetensors";
    const char *const metadata[] = { "isocl", ISO_VERSION, "imported", file, NULL };
    ISO_TRY(iso_setup_model(setup, model, &o->setup));
    ISO_TRY(iso_setup_backend(setup, &o->setup));
    ISO_TRY(iso_setup_exec(setup, &(struct iso_exec_options){ .seed = setup->model->seed }));
    ISO_TRY(iso_exec_initialize(setup->exec));
    ISO_TRY(take(setup, file, o));
    ISO_TRY(iso_weights_save(setup->exec, out, false, metadata));
    ISO_TRY(iso_exec_hash(setup->exec, hex));
    printf("%s: the weights of %s\nweights sha256 %s\n", out, setup->model->name, hex);
    return ISO_OK;
}

static int run(const struct iso_command *command, int argc, char **argv)
{
    struct import_options o = { .setup = { .batch = 1, .seed = -1, .device = "reference" } };
    struct iso_setup setup = { 0 };
    int count, code;
    if (!iso_options_parse(command, argc, argv, &o, &count, &code))
        return code;
    code = iso_report(command, import(&setup, argv[0], argv[1], &o), &setup.faults);
    iso_setup_free(&setup);
    return code;
}

const struct iso_command iso_command_import = {
    .name = "import",
    .arguments = "FILE.h5 MODEL.yaml",
    .doc = "weights that Keras has saved, for a model file",
    .more = "Reads weights (.h5), whole models (.h5) and the .weights.h5 of Keras 3, and writes\n"
            "all weights of the model as safetensors, for --weights of train, eval and trace.\n"
            "Layers that the file has not are as the model file initializes them: a network\n"
            "without its top can be given another one. Every shape that differs is named.",
    .examples = "  isocl import vgg16_notop.h5 models/vgg16.yaml --out vgg16.safetensors\n"
                "  isocl import mine.weights.h5 mine.yaml --by order\n",
    .options = options,
    .min_arguments = 2,
    .max_arguments = 2,
    .run = run,
};
