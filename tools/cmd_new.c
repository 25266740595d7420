/* isocl new: a first model file for data that are there. */
#include "commands.h"
#include "core/system/file.h"
#include "core/job/new_model.h"
#include "core/job/published.h"
#include "setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct new_options {
    struct iso_job_options setup;
    const char *out, *from, *weights;
    int64_t size;
    bool force;
};
#define AT(member) offsetof(struct new_options, member)
static const struct iso_option options[] = {
    { "out", "FILE", ISO_OPTION_TEXT, AT(out), "the model file (default NAME.yaml here)", 0 },
    { "from", "RUN|MODEL.yaml|NAME", ISO_OPTION_TEXT, AT(from),
      "take over its network, and train a new last layer only; NAME: of weights that `isocl get` "
      "has "
      "fetched",
      0 },
    { "weights", "FILE", ISO_OPTION_TEXT, AT(weights),
      "of --from: its weights (default: those of the run's best epoch)", 0 },
    { "size", "N", ISO_OPTION_INT, AT(size),
      "height and width that pictures get (default: their own, or 64)", 8 },
    { "force", NULL, ISO_OPTION_FLAG, AT(force), "replace a model file that is there", 0 },
    ISO_OPTION_DATA(struct new_options),
    ISO_OPTION_THREADS(struct new_options),
    { NULL, NULL, ISO_OPTION_FLAG, 0, NULL, 0 }
};

/* Returns what rows have, one or several of them. */
static const char *answers(const struct iso_new_data *d)
{
    const bool one = d->classes == 1;
    if (!*d->targets)
        return one ? "class" : "classes";
    if (d->labels)
        return one ? "label of 0 and 1" : "labels of 0 and 1";
    return one ? "number to estimate" : "numbers to estimate";
}

static void tell(const struct iso_new_data *d)
{
    printf("%s: %lld %s%s %s %d %s%s%s\n", d->dataset, (long long)d->rows,
           d->flat ? "rows" : "images", d->test_rows > 0 ? " to train on" : "",
           *d->targets ? "with" : "in", d->classes, answers(d), *d->class_text ? ": " : "",
           d->class_text);
    if (d->test_rows > 0)
        printf("validation: %lld of the split test\n", (long long)d->test_rows);
    else
        printf("validation: a fifth of %s\n", *d->targets ? "the rows" : "each class");
    if (d->resized)
        printf("the pictures get the size %dx%d (--size changes it)\n", d->height, d->width);
    if (*d->left_out)
        printf("left out: %s\n", d->left_out);
}

/* The text in memory, which the caller frees. */
static iso_rc text_of(const struct iso_new_data *d, const char *name, char **text)
{
    size_t n = 0;
    FILE *out = open_memstream(text, &n);
    if (out != NULL)
        iso_new_write(d, name, out);
    return iso_text_end(out, text);
}

/* Writes weights beside the model file, and says how to train with them. */
static iso_rc transfer(const struct new_options *o, const struct iso_transfer *t,
                       const struct iso_new_data *d, const char *name, const char *path)
{
    char weights[ISO_PATH], *text = NULL;
    int taken = 0;
    const char *dot = strrchr(iso_path_base(path), '.');
    snprintf(weights, sizeof weights, "%.*s.safetensors",
             (int)(dot != NULL ? dot - path : (long)strlen(path)), path);
    ISO_TRY(iso_transfer_make(t, d, name, weights, &text, &taken));
    const iso_rc rc = iso_file_write(path, text, strlen(text));
    free(text);
    if (rc == ISO_OK)
        printf(
            "weights %s: %d taken over from %s, and those of a new last layer\n"
            "model file %s; train it with: isocl train %s --weights %s\n",
            weights, taken, o->from, path, path, weights);
    return rc;
}

static iso_rc write_new(const struct iso_new_data *d, const char *name, const char *path)
{
    char *text = NULL;
    ISO_TRY(text_of(d, name, &text));
    const iso_rc rc = iso_file_write(path, text, strlen(text));
    free(text);
    if (rc == ISO_OK)
        printf("model file %s; train it with: isocl train %s\n", path, path);
    return rc;
}

/* Finds the file to write, --out or NAME.yaml, which must not be there, and the model's name, which
 * is that of the file. */
static iso_rc find_path(const struct new_options *o, const struct iso_new_data *d, char name[64],
                        char path[ISO_PATH])
{
    iso_new_name(o->out != NULL ? o->out : d->dataset, name);
    snprintf(path, ISO_PATH, "%s%s", o->out != NULL ? o->out : name, o->out != NULL ? "" : ".yaml");
    if (o->force || access(path, F_OK) != 0)
        return ISO_OK;
    return iso_fail(ISO_EIO, "%s is there already; --force replaces it, --out names another", path);
}

/* A name means published weights unless something here is called so. */
static iso_rc open_from(const struct new_options *o, struct iso_job *job, struct iso_transfer *t)
{
    char model[ISO_PATH], weights[ISO_PATH];
    const struct iso_published *p = access(o->from, F_OK) != 0 ? iso_published_find(o->from) : NULL;
    if (p == NULL)
        return iso_transfer_open(o->from, o->weights, job, t);
    ISO_TRY(iso_published_open(p, o->setup.data, model, weights));
    return iso_transfer_open(model, o->weights != NULL ? o->weights : weights, job, t);
}

static iso_rc make(struct new_options *o, const char *data, struct iso_job *job)
{
    struct iso_new_data d;
    struct iso_transfer t;
    char name[64], path[ISO_PATH];
    if (o->from != NULL) {
        ISO_TRY(open_from(o, job, &t));
        o->size = t.side;
    }
    ISO_TRY(iso_new_look(data, o->size, &o->setup, &d));
    ISO_TRY(find_path(o, &d, name, path));
    tell(&d);
    return o->from != NULL ? transfer(o, &t, &d, name, path) : write_new(&d, name, path);
}

static int run(const struct iso_command *command, int argc, char **argv)
{
    struct new_options o = { .setup = ISO_SETUP_DEFAULTS };
    struct iso_job job = { 0 };
    int count, code;
    if (!iso_options_parse(command, argc, argv, &o, &count, &code))
        return code;
    if (o.from != NULL && o.size > 0)
        return iso_usage(command, "--from takes the size that its network has: leave --size out");
    if (o.from == NULL && o.weights != NULL)
        return iso_usage(command, "--weights is for --from MODEL.yaml");
    if (o.out != NULL && strlen(o.out) + 16 > ISO_PATH)
        return iso_usage(command, "the path of --out is too long");
    code = iso_report(command, make(&o, argv[0], &job), &job.faults);
    iso_job_free(&job);
    return code;
}

const struct iso_command iso_command_new = {
    .name = "new",
    .arguments = "DATA",
    .doc = "looks at your data and writes a model file for them",
    .more =
        "DATA is a folder of pictures (a folder for each class, or train/ and test/ with\n"
        "them), a .csv, .npy or .npz file, or the name of a data set (isocl help datasets).\n"
        "The file says by comments what each line is for: where the data are, which part is\n"
        "kept for validation, a small network, augmentation, when to stop. It is a first\n"
        "guess, to be trained and then changed.\n"
        "--from takes over a trained network: its layers stay as they are, and only a new\n"
        "last layer is trained, which needs few pictures. `isocl import` makes a model file\n"
        "and weights of an .onnx file.",
    .examples =
        "  isocl new photos/                            photos.yaml; then: isocl train "
        "photos.yaml\n"
        "  isocl new photos/ --size 96 --out large.yaml\n"
        "  isocl new table.csv\n"
        "  isocl new photos/ --from runs/cifar-001\n"
        "  isocl get resnet18; isocl new photos/ --from resnet18\n",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run,
};
