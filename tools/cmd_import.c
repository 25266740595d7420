/* isocl import: weights that Keras or PyTorch has saved or an ONNX file holds, for a model file; or
 * the file's network as one. */
#include "commands.h"
#include "core/keras/network.h"
#include "core/onnx/import.h"
#include "core/train/torch_weights.h"
#include "core/train/weights.h"
#include "import_weights.h"
#include "setup.h"

#include "core/text/printable.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct import_options {
    struct iso_job_options setup;
    const char *by, *model, *out;
    bool whole; /* the file must have all weights of the model */
};
static const struct iso_option options[] = {
    { "by", "name|order", ISO_OPTION_CHOICE, offsetof(struct import_options, by),
      "pair layers by equal names (default) or by their order", 0 },
    { "model", "MODEL.yaml", ISO_OPTION_TEXT, offsetof(struct import_options, model),
      "model file to write for the file's network, instead of using an existing one", 0 },
    { "out", "FILE", ISO_OPTION_TEXT, offsetof(struct import_options, out),
      "the file to write (default weights.safetensors)", 0 },
    ISO_OPTION_SEED(struct import_options),
    { NULL, NULL, ISO_OPTION_FLAG, 0, NULL, 0 }
};

static void print_names(const char *what, const char *names)
{
    printf("%s: ", what);
    iso_print_cell(stdout, names, 0);
    printf("\n");
}

static void print_taken(const struct iso_keras_taken *t)
{
    printf("%d layer%s taken\n", t->layers, t->layers == 1 ? "" : "s");
    if (t->left)
        print_names("not in the file, as the model file initializes them", t->left_names);
    if (t->unused)
        print_names("not in the model, left out", t->unused_names);
}

static bool is_onnx(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot != NULL && strcmp(dot, ".onnx") == 0;
}

/* Fails if the file lacks the weights of a network that it holds. */
static iso_rc check_whole(const char *path, const struct iso_keras_taken *taken)
{
    if (taken->left == 0)
        return ISO_OK;
    return iso_fail(ISO_EDATA, "%s: has not the weights of %s", path, taken->left_names);
}

/* Weights fit whatever a layer's padding and epsilon are: says where they are not PyTorch's. */
static void print_unlike(const struct iso_graph *g)
{
    const struct iso_torch_unlike u = iso_torch_compare(g);
    if (u.padded)
        printf("layers whose padding: same pads one side more, unlike PyTorch's: %d\n", u.padded);
    if (u.normalized)
        printf("batch normalizations whose epsilon is not PyTorch's usual 1e-05: %d\n",
               u.normalized);
    if (u.padded || u.normalized)
        printf(
            "unless the network was trained so, its outputs differ; export it as ONNX, from\n"
            "which isocl import --model makes a model file that agrees\n");
}

/* Weights of a file; one of the two is not NULL. */
struct source {
    const struct iso_keras_file *keras;
    const struct iso_torch_file *torch;
};

static iso_rc load(struct iso_job *setup, const char *path, const struct source *from,
                   const struct import_options *o)
{
    const enum iso_keras_match match =
        o->by != NULL && strcmp(o->by, "order") == 0 ? ISO_KERAS_BY_ORDER : ISO_KERAS_BY_NAME;
    struct iso_keras_taken taken;
    if (from->torch != NULL)
        ISO_TRY(iso_torch_load(setup->exec, from->torch, path, match, &setup->faults, &taken));
    else
        ISO_TRY(iso_keras_load(setup->exec, from->keras, path, match, &setup->faults, &taken));
    if (o->whole || (o->model != NULL && !is_onnx(path)))
        ISO_TRY(check_whole(path, &taken));
    print_taken(&taken);
    if (from->torch != NULL)
        print_unlike(iso_exec_graph(setup->exec));
    return ISO_OK;
}

/* Sets the weights of the model at `path`, and saves them all. */
static iso_rc take(struct iso_job *setup, const char *model, const char *path,
                   const struct source *from, const struct import_options *o)
{
    const char *out = o->out != NULL ? o->out : "weights.safetensors";
    const char *const metadata[] = { "isocl", ISO_VERSION, "imported", path, NULL };
    char hex[65];
    ISO_TRY(iso_setup_model(setup, model, &o->setup));
    ISO_TRY(iso_job_backend(setup, &o->setup));
    ISO_TRY(iso_job_exec(setup, 0, 0, &(struct iso_exec_options){ .seed = setup->model->seed }));
    ISO_TRY(iso_exec_initialize(setup->exec));
    if (from->torch != NULL || from->keras->nlayers > 0 || o->model == NULL)
        ISO_TRY(load(setup, path, from, o));
    ISO_TRY(iso_weights_save(setup->exec, out, false, metadata));
    ISO_TRY(iso_exec_hash(setup->exec, hex));
    printf("%s: the weights of %s\nweights sha256 %s\n", out, setup->model->name, hex);
    return ISO_OK;
}

/* Writes a model file; it exists only if its weights do. */
static iso_rc make_model(struct iso_job *setup, const char *path, const char *yaml,
                         const struct iso_keras_file *weights, const struct import_options *o)
{
    ISO_TRY(iso_file_write(o->model, yaml, strlen(yaml)));
    const iso_rc rc = take(setup, o->model, path, &(struct source){ .keras = weights }, o);
    if (rc != ISO_OK)
        unlink(o->model);
    return rc;
}

static iso_rc import_onnx(struct iso_job *setup, const char *path, const char *model,
                          const struct import_options *o)
{
    struct iso_onnx_network *network = NULL;
    struct iso_onnx *m = NULL;
    ISO_TRY(iso_onnx_read(path, &m));
    iso_rc rc = iso_onnx_import(m, path, &network);
    if (rc == ISO_OK)
        rc = o->model != NULL
                 ? make_model(setup, path, network->yaml, &network->weights, o)
                 : take(setup, model, path, &(struct source){ .keras = &network->weights }, o);
    if (rc == ISO_OK && o->model != NULL)
        printf("%s: %d layers, of %d nodes\n", o->model, network->nlayers, network->nnodes);
    iso_onnx_network_free(network);
    iso_onnx_free(m);
    return rc;
}

static void print_network(const struct iso_keras_network *n, const char *model)
{
    printf("%s: %d layers\n", model, n->nlayers);
    if (*n->left_out)
        printf("left out, as they do nothing outside training: %s\n", n->left_out);
    if (*n->optimizer)
        printf("optimizer %s: its settings are taken, its state is left\n", n->optimizer);
}

static iso_rc import_network(struct iso_job *setup, const char *path, struct iso_keras_file *file,
                             const struct import_options *o)
{
    struct iso_keras_network *network = NULL;
    ISO_TRY(iso_keras_network(file, path, &setup->faults, &network));
    iso_keras_rename(network, file);
    const iso_rc rc = make_model(setup, path, network->yaml, file, o);
    if (rc == ISO_OK)
        print_network(network, o->model);
    iso_keras_network_free(network);
    return rc;
}

static iso_rc import_torch(struct iso_job *setup, const char *path, const char *model,
                           const struct import_options *o)
{
    struct iso_torch_file *file = NULL;
    if (o->model != NULL)
        return iso_fail(ISO_EDATA,
                        "%s: PyTorch's files hold weights but no network; name the model file that "
                        "they are for, or export the network as ONNX",
                        path);
    ISO_TRY(iso_torch_open(path, &file));
    const iso_rc rc = take(setup, model, path, &(struct source){ .torch = file }, o);
    iso_torch_close(file);
    return rc;
}

static iso_rc import(struct iso_job *setup, const char *path, const char *model,
                     const struct import_options *o)
{
    struct iso_keras_file *file = NULL;
    if (is_onnx(path))
        return import_onnx(setup, path, model, o);
    if (iso_torch_is(path))
        return import_torch(setup, path, model, o);
    ISO_TRY(iso_keras_open(path, &file));
    const iso_rc rc = o->model != NULL
                          ? import_network(setup, path, file, o)
                          : take(setup, model, path, &(struct source){ .keras = file }, o);
    iso_keras_close(file);
    return rc;
}

static const struct import_options defaults = {
    .setup = { .batch = 1, .seed = -1, .device = "reference" }
};

iso_rc iso_import_weights(struct iso_job *setup, const char *path, const char *model,
                          const char *by, const char *out)
{
    struct import_options o = defaults;
    o.by = by;
    o.out = out;
    o.whole = true;
    return import(setup, path, model, &o);
}

static int run(const struct iso_command *command, int argc, char **argv)
{
    struct import_options o = defaults;
    struct iso_job setup = { 0 };
    int count, code;
    if (!iso_options_parse(command, argc, argv, &o, &count, &code))
        return code;
    if ((count == 2) == (o.model != NULL))
        return iso_usage(command,
                         "name the model file that the weights are for, or one to make: "
                         "--model MODEL.yaml");
    code = iso_report(command, import(&setup, argv[0], o.model != NULL ? NULL : argv[1], &o),
                      &setup.faults);
    iso_job_free(&setup);
    return code;
}

const struct iso_command iso_command_import = {
    .name = "import",
    .arguments = "FILE [MODEL.yaml]",
    .doc = "reads weights or networks of Keras, PyTorch and ONNX files",
    .more =
        "Reads weights (.h5, .weights.h5) and whole models (.h5, .keras) of Keras, and\n"
        "writes all weights of the model as safetensors, for --weights of train, eval and\n"
        "trace. Layers that the file lacks are initialized as the model file says, so\n"
        "that a network without its top can get another one. Every shape that does not\n"
        "fit is reported.\n"
        "State dicts of PyTorch (.pth, .pt, .safetensors) are read in the same way: the\n"
        "tensors conv1.weight and conv1.bias are those of layer conv1. Kernels and rows\n"
        "of images are turned to isocl's order of axes; the layers of a vision\n"
        "transformer are found by torchvision's names. A pickle may only build tensors;\n"
        "one that names another function is refused, and nothing of it is called.\n"
        "From an .onnx file it reads the weights in the same way. With --model it makes\n"
        "a model file of the network in an .onnx file or of a whole model of Keras, whose\n"
        "models within models become layers of the one. Channels are moved to the end,\n"
        "where isocl has them. What isocl has no layer for is reported by name, all of a\n"
        "file at once.",
    .examples =
        "  isocl import vgg16_notop.h5 models/vgg16.yaml --out vgg16.safetensors\n"
        "  isocl import mine.weights.h5 mine.yaml --by order\n"
        "  isocl import resnet18.pth models/resnet18.yaml --by order\n"
        "  isocl import theirs.keras --model theirs.yaml --out theirs.safetensors\n"
        "  isocl import theirs.onnx --model theirs.yaml --out theirs.safetensors\n",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 2,
    .run = run,
};
