/* isocl export: trained weights as a file that Keras reads, or network and weights as ONNX or C. */
#include "commands.h"
#include "core/ccode/c_write.h"
#include "core/system/file.h"
#include "core/onnx/export.h"
#include "core/train/keras_weights.h"
#include "core/train/torch_weights.h"
#include "setup.h"

#include <stdio.h>
#include <string.h>

struct export_options {
    struct iso_job_options setup;
    const char *weights, *out;
    bool initial, preprocessing, c, int8;
};
static const struct iso_option options[] = {
    { "weights", "FILE", ISO_OPTION_TEXT, offsetof(struct export_options, weights),
      "safetensors file (default: weights.safetensors of the run)", 0 },
    { "initial", NULL, ISO_OPTION_FLAG, offsetof(struct export_options, initial),
      "write the initial weights of the model file, without training", 0 },
    { "with-preprocessing", NULL, ISO_OPTION_FLAG, offsetof(struct export_options, preprocessing),
      "ONNX: the graph takes an image's bytes and scales them like the model file", 0 },
    { "c", NULL, ISO_OPTION_FLAG, offsetof(struct export_options, c),
      "write the network and its weights as C, which needs no isocl", 0 },
    { "int8", NULL, ISO_OPTION_FLAG, offsetof(struct export_options, int8),
      "C: round kernels to 8 bits, with a scale for each output channel", 0 },
    { "out", "FILE", ISO_OPTION_TEXT, offsetof(struct export_options, out),
      "the file to write; its ending selects the format (default weights.h5; with --c network.c)",
      0 },
    ISO_OPTION_SEED(struct export_options),
    { NULL, NULL, ISO_OPTION_FLAG, 0, NULL, 0 }
};

static bool is_onnx(const char *path) { return iso_ends_in(path, ".onnx"); }

static iso_rc check_ending(const char *out, enum iso_keras_form *form)
{
    if (is_onnx(out) || iso_keras_form_of(out, form))
        return ISO_OK;
    return iso_fail(ISO_EUSAGE,
                    "--out %s: the ending selects the format, and there is none of this one; give "
                    "a name that ends in .keras, .weights.h5, .h5, .safetensors, .onnx or .c",
                    out);
}

static void print_value(const char *what, const struct iso_onnx_value *v)
{
    printf("  %-7s %s, float32 [N", what, v->name);
    for (int i = 1; i < v->ndim; i++)
        printf(", %lld", (long long)v->dim[i]);
    printf("]");
}

static iso_rc write_onnx(const struct iso_job *setup, const char *out, bool preprocessing)
{
    const struct iso_onnx_export_options o = { .preprocessing = preprocessing };
    struct iso_onnx *m = NULL;
    ISO_TRY(iso_onnx_export(setup->exec, &o, &m));
    const iso_rc rc = iso_onnx_write(out, m);
    if (rc == ISO_OK) {
        printf("%s: %s with its weights, ONNX operators of version %lld\n", out, setup->model->name,
               (long long)m->opset);
        print_value("input", &m->x[0]);
        printf(": %s\n",
               preprocessing ? "bytes, 0 to 255" : iso_onnx_preprocessing(setup->model, m));
        print_value("output", &m->y[0]);
        printf("\n");
    }
    iso_onnx_free(m);
    return rc;
}

static iso_rc write_keras(const struct iso_job *setup, const char *out, enum iso_keras_form form)
{
    static const char *const uses[] = { [ISO_KERAS_H5] = "load_weights",
                                        [ISO_KERAS_WEIGHTS_H5] = "load_weights",
                                        [ISO_KERAS_ARCHIVE] = "load_model" };
    ISO_TRY(iso_keras_save(setup->exec, out, form));
    printf("%s: %s of %s, for Keras's %s\n", out,
           form == ISO_KERAS_ARCHIVE ? "network and weights" : "the weights", setup->model->name,
           uses[form]);
    return ISO_OK;
}

static iso_rc write_torch(const struct iso_job *setup, const char *out)
{
    ISO_TRY(iso_torch_save(setup->exec, out));
    printf("%s: the weights of %s as a state dict, for PyTorch's load_state_dict\n", out,
           setup->model->name);
    return ISO_OK;
}

static iso_rc write_c(const struct iso_job *setup, const char *out, bool int8)
{
    struct iso_c_about about;
    const struct iso_c_options o = { .int8 = int8 };
    ISO_TRY(iso_c_write(setup->exec, out, &o, &about));
    printf("%s: %s with its weights, as C that needs no isocl\n", out, setup->model->name);
    if (*about.weights_file)
        printf("%s: the weights, %.1f MB\n", about.weights_file, (double)about.weights / 1e6);
    printf("  void %s_predict(const uint8_t *image, float *output, float *memory);\n", about.name);
    printf("  image %lld bytes, output %lld numbers, memory %lld bytes\n", (long long)about.image,
           (long long)about.output, (long long)about.memory);
    return ISO_OK;
}

static iso_rc set_weights(struct iso_job *setup, const char *weights, bool initial)
{
    return initial ? iso_exec_initialize(setup->exec) : iso_job_weights(setup, weights);
}

/* Fails if an option is for another kind of file than `out`. */
static iso_rc check_options(const struct export_options *o, const char *out, bool c)
{
    if (o->preprocessing && !is_onnx(out))
        return iso_fail(ISO_EUSAGE,
                        "--with-preprocessing is for ONNX; name a file that ends in "
                        ".onnx: --out model.onnx");
    if (o->int8 && !c)
        return iso_fail(ISO_EUSAGE,
                        "--int8 is for C: give --c, or a name that ends in .c: --out "
                        "network.c");
    return ISO_OK;
}

static iso_rc export(struct iso_job *setup, const char *model, const char *weights,
                     const struct export_options *o)
{
    const char *out = o->out != NULL ? o->out : o->c ? "network.c" : "weights.h5";
    const bool onnx = is_onnx(out), c = o->c || iso_ends_in(out, ".c");
    enum iso_keras_form form = ISO_KERAS_H5;
    const bool torch = iso_ends_in(out, ".safetensors");
    if (!c && !torch)
        ISO_TRY(check_ending(out, &form));
    ISO_TRY(check_options(o, out, c));
    if (onnx && !iso_onnx_supported())
        return iso_onnx_write(out, NULL);
    ISO_TRY(iso_setup_model(setup, model, &o->setup));
    ISO_TRY(iso_job_backend(setup, &o->setup));
    ISO_TRY(iso_job_exec(setup, 0, 0, &(struct iso_exec_options){ .seed = setup->model->seed }));
    ISO_TRY(set_weights(setup, weights, o->initial));
    if (c)
        return write_c(setup, out, o->int8);
    if (onnx)
        return write_onnx(setup, out, o->preprocessing);
    if (torch)
        return write_torch(setup, out);
    return write_keras(setup, out, form);
}

static int run(const struct iso_command *command, int argc, char **argv)
{
    struct export_options o = {
        .setup = { .batch = 1, .seed = -1, .device = "reference", .unhashed = iso_setup_unhashed }
    };
    struct iso_job setup = { 0 };
    char model[ISO_PATH], weights[ISO_PATH]; /* the faults borrow them */
    int count, code;
    if (!iso_options_parse(command, argc, argv, &o, &count, &code))
        return code;
    if (o.initial && o.weights != NULL)
        return iso_usage(command, "--initial and --weights both say which weights; give one");
    iso_rc rc = iso_job_files(argv[0], o.initial ? "" : o.weights, false, model, weights);
    if (rc == ISO_OK)
        rc = export(&setup, model, weights, &o);
    code = iso_report(command, rc, &setup.faults);
    iso_job_free(&setup);
    return code;
}

const struct iso_command iso_command_export = {
    .name = "export",
    .arguments = "RUN|MODEL.yaml",
    .doc = "writes trained weights for Keras, or the network as ONNX or C",
    .more =
        "The file's ending selects the format.\n"
        "  .h5    weights, layer by layer in Keras's order of the network, each under its\n"
        "         name, which every version of Keras loads into the same network\n"
        "  .weights.h5\n"
        "         weights as Keras 3 identifies them, by class and order of the layers\n"
        "  .keras network and weights, which Keras 3's load_model reads. Its input is the\n"
        "         network's, scaled as in the model file; compile it before training\n"
        "  .safetensors\n"
        "         weights as PyTorch's state dict has them: LAYER.weight, LAYER.bias, with\n"
        "         PyTorch's order of axes; safetensors.torch.load_file reads it. A vision\n"
        "         transformer has the names and tensors of torchvision's\n"
        "  .onnx  the network for inference with its weights, for onnxruntime and others.\n"
        "         Its input is float32 [N, height, width, channels], as libraries that\n"
        "         read images give it: the network's input, scaled as in the model file,\n"
        "         or with --with-preprocessing bytes from 0 to 255\n"
        "  .c     the network for inference with its weights, as C11 (also: --c) that needs\n"
        "         only fmaf and sqrtf, allocates nothing, and gives the bits of exact mode:\n"
        "         NAME_predict(image, output, memory). Weights of more than 8 MiB are in a\n"
        "         second file, NAME_weights.c. It refuses to be compiled with -ffast-math.\n"
        "         With --int8 kernels are whole numbers of 8 bits, unpacked layer by layer.\n"
        "(The weights of a run are safetensors, too, with isocl's names and order of axes.)",
    .examples =
        "  isocl export runs/cnn-001 --out cnn.h5\n"
        "  isocl export runs/cnn-001 --out cnn.onnx\n"
        "  isocl export runs/cnn-001 --c --int8 --out cnn.c\n"
        "  isocl export models/vgg16.yaml --weights vgg16.safetensors --out vgg16.onnx\n",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run,
};
