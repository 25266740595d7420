/* isocl export: trained weights as a file that Keras reads. */
#include "commands.h"
#include "core/train/keras_weights.h"
#include "setup.h"

#include <stdio.h>

struct export_options {
    struct iso_setup_options setup;
    const char *weights, *out;
};
static const struct iso_option options[] = {
    { "weights", "FILE", ISO_OPTION_TEXT, offsetof(struct export_options, weights),
      "safetensors file (default: weights.safetensors of the run)", 0 },
    { "out", "FILE", ISO_OPTION_TEXT, offsetof(struct export_options, out),
      "the file to write (default weights.h5)", 0 },
    { NULL, NULL, ISO_OPTION_FLAG, 0, NULL, 0 }
};

static iso_rc export(struct iso_setup *setup, const char *model, const char *weights,
                     const struct export_options *o)
{
    const char *out = o->out ? o->out : "weights.h5";
    ISO_TRY(iso_setup_model(setup, model, &o->setup));
    ISO_TRY(iso_setup_backend(setup, &o->setup));
    ISO_TRY(iso_setup_exec(setup, &(struct iso_exec_options){ .seed = setup->model->seed }));
    ISO_TRY(iso_setup_weights(setup, weights));
    ISO_TRY(iso_keras_save(setup->exec, out));
    printf("%s: the weights of %s, for Keras's load_weights\n", out, setup->model->name);
    return ISO_OK;
}

static int run(const struct iso_command *command, int argc, char **argv)
{
    struct export_options o = { .setup = { .batch = 1, .seed = -1, .device = "reference" } };
    struct iso_setup setup = { 0 };
    char model[ISO_PATH], weights[ISO_PATH];           /* the faults borrow them */
    int count, code;
    if (!iso_options_parse(command, argc, argv, &o, &count, &code))
        return code;
    iso_rc rc = iso_setup_files(argv[0], o.weights, model, weights);
    if (rc == ISO_OK)
        rc = export(&setup, model, weights, &o);
    code = iso_report(command, rc, &setup.faults);
    iso_setup_free(&setup);
    return code;
}

const struct iso_command iso_command_export = {
    .name = "export",
    .arguments = "RUN|MODEL.yaml",
    .doc = "trained weights as a file that Keras reads",
    .more = "Writes an .h5 of weights, layer by layer in the order of the model file, each under\n"
            "its name, which every version of Keras loads into the same network. (The weights\n"
            "of a run are safetensors already, which other programs read.)",
    .examples = "  isocl export runs/cnn-001 --out cnn.h5\n"
                "  isocl export models/vgg16.yaml --weights vgg16.safetensors\n",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run,
};
