/* isocl predict: the class of images, or of the rows of a data set. */
#include "commands.h"
#include "core/data/class_names.h"
#include "core/data/image.h"
#include "core/data/image_list.h"
#include "core/data/pad.h"
#include "core/model/suggest.h"
#include "interrupt.h"
#include "prediction.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPTION(key, argument, type, member, doc, min)                                        \
    {                                                                                        \
        key, argument, ISO_OPTION_##type, offsetof(struct predict_options, member), doc, min \
    }
static const struct iso_option options[] = {
    OPTION("split", "train|validation|test", CHOICE, split,
           "predict this data of the model file, instead of images", 0),
    OPTION("weights", "FILE", TEXT, weights,
           "safetensors file (default: weights.safetensors of the run)", 0),
    OPTION("best", NULL, FLAG, best, "the weights of the run's best epoch, best.safetensors", 0),
    OPTION("top", "N", INT, top, "the N most probable classes (default 1)", 1),
    OPTION("csv", "FILE", TEXT, csv, "write a submission: a line for each row", 0),
    OPTION("csv-header", "ID,TARGET", TEXT, csv_header, "its first line (default id,target)", 0),
    OPTION("labels", "A,B,...", TEXT, labels,
           "what the submission calls the classes (default: what the data set does)", 0),
    OPTION("npy", "FILE", TEXT, npy, "write all numbers of each row, as a NumPy array", 0),
    OPTION("layer", "NAME", TEXT, layer, "of --npy: what this layer gives, not the last one", 0),
    OPTION("resize", NULL, FLAG, resize, "take images of any size, and resize them", 0),
    OPTION("json", NULL, FLAG, json, "one JSON object a row", 0),
    ISO_OPTION_DEVICE(struct predict_options),
    ISO_OPTION_MODE(struct predict_options),
    ISO_OPTION_BATCH(struct predict_options),
    ISO_OPTION_DATA(struct predict_options),
    ISO_OPTION_LIMIT(struct predict_options),
    ISO_OPTION_THREADS(struct predict_options),
    { NULL, NULL, ISO_OPTION_FLAG, 0, NULL, 0 }
};

const char *iso_prediction_source(const struct prediction *p, char *buf, size_t n)
{
    const struct iso_dataset *d = p->data;
    if (p->images.n > 0)
        snprintf(buf, n, "%lld image%s", (long long)d->rows, d->rows == 1 ? "" : "s");
    else
        snprintf(buf, n, "%s, %s", d->name, d->split);
    return buf;
}

iso_rc iso_prediction_stopped(const struct prediction *p, int64_t row)
{
    if (!iso_interrupted)
        return ISO_OK;
    return iso_fail(ISO_EIO, "stopped after row %lld of %lld; the file is not written",
                    (long long)row, (long long)p->data->rows);
}

/* ---- Images -------------------------------------------------------------------------------- */

/* A model of rows of numbers says nothing of their geometry: the first image does. */
static iso_rc guess_geometry(int64_t numbers, const char *path, struct iso_image_list_request *r)
{
    struct iso_image image;
    ISO_TRY(iso_image_read(path, true, &image));
    const int64_t pixels = (int64_t)image.height * image.width;
    if (pixels != numbers && 3 * pixels != numbers)
        return iso_fail(ISO_EDATA,
                        "%s has %dx%d pixels (height x width), the model takes rows of "
                        "%lld numbers: give images of as many, grey or coloured",
                        path, image.height, image.width, (long long)numbers);
    r->height = image.height;
    r->width = image.width;
    r->channels = pixels == numbers ? 1 : 3;
    return ISO_OK;
}

/* Finds what image files become before the model's own padding and repeating. */
static iso_rc find_geometry(const struct iso_model *m, const char *first,
                            struct iso_image_list_request *r)
{
    const struct iso_shape *in = &m->input;
    if (in->ndim == 2)
        return guess_geometry(in->dim[1], first, r);
    r->height = (int)(in->dim[1] - m->pad[0] - m->pad[1]);
    r->width = (int)(in->dim[2] - m->pad[2] - m->pad[3]);
    r->channels = m->repeat_channels > 1 ? 1 : (int)in->dim[3];
    if (r->channels == 1 || r->channels == 3)
        return ISO_OK;
    return iso_fail(ISO_EDATA, "%s takes %d channels; image files have 1 (grey) or 3 (colours)",
                    m->name, r->channels);
}

static iso_rc load_images(struct prediction *p)
{
    struct iso_model *m = p->setup.model;
    const struct predict_options *o = p->options;
    struct iso_image_list_request r = { .resize = o->resize || m->train.resize[0] > 0,
                                        .threads = (int)o->setup.threads,
                                        .progress = iso_setup_progress };
    if (o->setup.limit > 0 && o->setup.limit < p->images.n)
        iso_names_cut(&p->images, o->setup.limit);
    ISO_TRY(find_geometry(m, p->images.name[0], &r));
    ISO_TRY(iso_image_list_load(&p->images, &r, &p->data));
    if (p->data->rows < m->batch_size)
        m->batch_size = p->data->rows;
    return iso_dataset_pad(p->data, m->pad, m->repeat_channels);
}

/* ---- Classes ------------------------------------------------------------------------------- */

/* The names that the data set has, that a run has kept, or that the model file gives. */
static iso_rc find_names(struct prediction *p, const char *argument)
{
    const struct iso_dataset *d = p->data;
    const struct iso_class_map *map = p->setup.model->train.classes;
    p->nnames = (int)p->setup.graph->classes;
    if (d->class_names == NULL && iso_folder_exists(argument))
        ISO_TRY(iso_class_names_load(argument, p->nnames, &p->names));
    if (p->names != NULL || (d->class_names == NULL && map == NULL))
        return ISO_OK;
    p->nnames = d->class_names != NULL ? d->classes : map->classes;
    p->names = iso_alloc((size_t)p->nnames, sizeof *p->names);
    if (p->names == NULL)
        return ISO_ENOMEM;
    if (d->class_names != NULL)
        memcpy(p->names, d->class_names, (size_t)p->nnames * sizeof *p->names);
    else
        iso_class_map_names(map, p->names);
    return ISO_OK;
}

/* ---- The command --------------------------------------------------------------------------- */

static iso_rc check_layer(const struct iso_model *m, const char *layer)
{
    struct iso_suggest near;
    char hint[128];
    iso_suggest_begin(&near, layer);
    for (int i = 0; i < m->nlayers; i++) {
        if (strcmp(m->layers[i].name, layer) == 0)
            return ISO_OK;
        iso_suggest_try(&near, m->layers[i].name);
    }
    return iso_fail(ISO_EUSAGE, "%s has no layer '%s'%s; `isocl summary %s` lists them", m->name,
                    layer, iso_suggest_text(&near, hint, sizeof hint), m->file);
}

static iso_rc open_network(struct prediction *p, const char *weights)
{
    const struct predict_options *o = p->options;
    struct iso_setup *setup = &p->setup;
    char value[ISO_NAME + 2];
    if (o->layer != NULL)
        snprintf(value, sizeof value, "%s/y", o->layer);
    ISO_TRY(iso_setup_backend(setup, &o->setup));
    ISO_TRY(iso_setup_exec(setup, setup->model->nphases - 1,
                           &(struct iso_exec_options){ .seed = setup->model->seed,
                                                       .log_steps = 1,
                                                       .readable = o->layer ? value : NULL }));
    return iso_setup_weights(setup, weights);
}

static iso_rc predict(struct prediction *p, const char *argument, const char *model,
                      const char *weights)
{
    const struct predict_options *o = p->options;
    struct iso_setup *setup = &p->setup;
    char hex[65], where[256];
    ISO_TRY(iso_setup_model(setup, model, &o->setup));
    if (o->layer != NULL)
        ISO_TRY(check_layer(setup->model, o->layer));
    if (p->images.n > 0)
        ISO_TRY(load_images(p));
    ISO_TRY(open_network(p, weights));
    if (p->data == NULL)
        ISO_TRY(iso_setup_data(setup, o->split, &o->setup, &p->data));
    ISO_TRY(iso_exec_data(setup->exec, 1, p->data));
    ISO_TRY(find_names(p, argument));
    if (o->npy != NULL || o->csv != NULL)
        iso_interrupts_catch("stopping after this row; once more ends it at once\n");
    if (o->npy != NULL)
        ISO_TRY(iso_prediction_npy(p));
    if (o->npy == NULL || o->csv != NULL || o->json)
        ISO_TRY(iso_prediction_tell(p));
    ISO_TRY(iso_exec_hash(setup->exec, hex));
    if (!o->json)
        printf("weights sha256 %s  %s\n", hex,
               iso_setup_where(setup->backend, where, sizeof where));
    return ISO_OK;
}

/* True if it names two columns. */
static bool is_header(const char *text)
{
    const char *comma = strchr(text, ',');
    return comma != NULL && strchr(comma + 1, ',') == NULL && strpbrk(text, "\r\n") == NULL;
}

/* Returns what is wrong with the options, or NULL. */
static const char *find_contradiction(const struct predict_options *o, int images)
{
    if (o->split == NULL && images == 0)
        return "give it images, a folder of images, or --split test";
    if (o->split != NULL && images > 0)
        return "images and --split exclude each other";
    if (o->best && o->weights != NULL)
        return "--best and --weights exclude each other";
    if (o->layer != NULL && o->npy == NULL)
        return "--layer is for --npy FILE";
    if ((o->labels != NULL || o->csv_header != NULL) && o->csv == NULL)
        return "--labels and --csv-header are for --csv FILE";
    if (o->csv_header != NULL && !is_header(o->csv_header))
        return "--csv-header takes two names, such as id,target";
    return NULL;
}

static int run(const struct iso_command *command, int argc, char **argv)
{
    struct predict_options o = { .setup = ISO_SETUP_DEFAULTS, .top = 1 };
    struct prediction p = { .options = &o };
    char model[ISO_PATH], weights[ISO_PATH], best[ISO_PATH]; /* the faults borrow them */
    int count, code;
    if (!iso_options_parse(command, argc, argv, &o, &count, &code))
        return code;
    const char *contradiction = find_contradiction(&o, count - 1);
    if (contradiction != NULL)
        return iso_usage(command, "%s", contradiction);
    iso_rc rc = o.best ? iso_setup_best(argv[0], best) : ISO_OK;
    if (rc == ISO_OK)
        rc = iso_setup_files(argv[0], o.best ? best : o.weights, model, weights);
    for (int i = 1; i < count && rc == ISO_OK; i++)
        rc = iso_image_list_add(argv[i], &p.images);
    if (rc == ISO_OK)
        rc = predict(&p, argv[0], model, weights);
    code = iso_report(command, rc, &p.setup.faults);
    iso_setup_free(&p.setup); /* the executor may be reading the data */
    iso_dataset_free(p.data);
    iso_names_free(&p.images);
    free(p.names);
    return code;
}

const struct iso_command iso_command_predict = {
    .name = "predict",
    .arguments = "RUN|MODEL.yaml IMAGE...",
    .doc = "the class of images, or of the rows of a data set",
    .more =
        "An IMAGE is a PNG or JPEG file, or a folder of them. It has the size that the model\n"
        "takes, unless the model file's data or --resize has it resized; colours become\n"
        "grey where the model takes grey, and grey becomes three equal channels where it\n"
        "takes colours.\n"
        "A submission (--csv) has a line for each row: its number from 0, or the image's\n"
        "name without its folder; and its class by the name or number that the data set\n"
        "has for it. Where `classes:` has merged several, only the model file's own\n"
        "numbers are left: --labels gives better ones.\n"
        "--npy writes float32 [rows, classes], or [rows, ...] of a layer: features.",
    .examples =
        "  isocl predict runs/demo-001 digit.png\n"
        "  isocl predict runs/pets-001 photos/ --top 3 --resize\n"
        "  isocl predict runs/deeper-001 --split test --best --csv submission.csv\n"
        "  isocl predict runs/cnn-001 --split test --layer dense_1 --npy features.npy\n",
    .options = options,
    .min_arguments = 1,
    .max_arguments = INT_MAX,
    .run = run,
};
