/* isocl predict: the class of images, or of the rows of a data set. */
#include "commands.h"
#include "core/data/data_name.h"
#include "core/data/image_list.h"
#include "core/train/predict.h"
#include "interrupt.h"
#include "prediction.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define OPTION(key, argument, type, member, doc, min)                                        \
    {                                                                                        \
        key, argument, ISO_OPTION_##type, offsetof(struct predict_options, member), doc, min \
    }
static const struct iso_option options[] = {
    OPTION("split", "train|validation|test", CHOICE, split,
           "predict this data of the model file, instead of images; or this split of FILE", 0),
    OPTION("rows", "N,M-K,...", TEXT, rows, "only the rows with these numbers, from 0", 0),
    OPTION("weights", "FILE", TEXT, weights,
           "safetensors file (default: weights.safetensors of the run)", 0),
    OPTION("best", NULL, FLAG, best, "the weights of the run's best epoch, best.safetensors", 0),
    OPTION("top", "N", INT, top, "print the N most probable classes (default 1)", 1),
    OPTION("csv", "FILE", TEXT, csv, "write a submission: a line for each row", 0),
    OPTION("csv-header", "ID,TARGET", TEXT, csv_header, "its first line (default id,target)", 0),
    OPTION("labels", "A,B,...", TEXT, labels,
           "names of the classes in the submission (default: those of the data set)", 0),
    OPTION("first-id", "N", INT, first_id,
           "number of a submission's first row, if the data have no ids (default 0)", 0),
    OPTION("npy", "FILE", TEXT, npy, "write all numbers of each row, as a NumPy array", 0),
    OPTION("layer", "NAME", TEXT, layer,
           "for --npy: the output of this layer instead of the last one", 0),
    OPTION("resize", NULL, FLAG, resize, "accept images of any size, and resize them", 0),
    OPTION("invert", "auto|yes|no", CHOICE, invert,
           "exchange black and white of grey images (default auto: see above)", 0),
    OPTION("json", NULL, FLAG, json, "print one JSON object per row", 0),
    ISO_OPTION_TTA(struct predict_options),
    ISO_OPTION_DEVICE(struct predict_options),
    ISO_OPTION_MODE(struct predict_options),
    ISO_OPTION_BATCH(struct predict_options),
    ISO_OPTION_DATA(struct predict_options),
    ISO_OPTION_LIMIT(struct predict_options),
    ISO_OPTION_THREADS(struct predict_options),
    { NULL, NULL, ISO_OPTION_FLAG, 0, NULL, 0 }
};

static void tell_inverted(const struct prediction *p)
{
    const long long n = (long long)p->opened.inverted, all = (long long)p->opened.job.data[1]->rows;
    if (n > 0 && (p->options->invert == NULL || strcmp(p->options->invert, "auto") == 0))
        fprintf(stderr,
                "isocl predict: %lld of %lld images are dark on light, and those of %s light on "
                "dark: inverted (--invert no leaves them as they are)\n",
                n, all, p->opened.job.model->train.dataset);
}

/* Computes for the first rank what it writes. */
static iso_rc follow(struct prediction *p)
{
    const struct predict_options *o = p->options;
    const struct iso_job *job = &p->opened.job;
    if (o->npy != NULL)
        ISO_TRY(iso_predict_value(job->exec, 1, job->data[1]->rows, p->opened.value, NULL, NULL));
    if (o->npy == NULL || o->csv != NULL || o->json)
        ISO_TRY(
            iso_predict_value(job->exec, 1, job->data[1]->rows, job->graph->output, NULL, NULL));
    return iso_ranks_agree(o->setup.ranks); /* unless rank 0 has failed to write */
}

static iso_rc predict(struct prediction *p, const char *model, const char *weights)
{
    const struct predict_options *o = p->options;
    struct iso_job *job = &p->opened.job;
    const struct iso_prediction_options wanted = {
        .job = o->setup,
        .split = o->split,
        .table = o->table,
        .rows = o->rows,
        .invert = o->invert,
        .layer = o->layer,
        .resize = o->resize,
    };
    char found[ISO_PATH], hex[65], where[256], views[64];
    ISO_TRY(iso_prediction_open(&p->opened, iso_setup_path(model, found), weights, &wanted));
    if (o->setup.ranks != NULL && o->setup.ranks->rank > 0)
        return follow(p);
    tell_inverted(p);
    if (o->npy != NULL || o->csv != NULL)
        iso_interrupts_catch("stopping after this row; once more ends it at once\n");
    if (o->npy != NULL)
        ISO_TRY(iso_prediction_npy(p));
    if (o->npy == NULL || o->csv != NULL || o->json)
        ISO_TRY(iso_prediction_tell(p));
    if (o->setup.ranks != NULL)
        ISO_TRY(iso_ranks_agree(o->setup.ranks));
    ISO_TRY(iso_exec_hash(job->exec, hex));
    if (!o->json)
        printf("weights sha256 %s  %s%s\n", hex, iso_job_where(job->backend, where, sizeof where),
               iso_setup_views(job, o->setup.tta, views, sizeof views));
    return ISO_OK;
}

/* True if it names two columns. */
static bool is_header(const char *text)
{
    const char *comma = strchr(text, ',');
    return comma != NULL && strchr(comma + 1, ',') == NULL && strpbrk(text, "\r\n") == NULL;
}

/* Takes the first argument that is a table or array out of those behind the run; returns how many
 * are left. */
static int take_table(struct predict_options *o, char **argv, int count)
{
    int left = 0;
    for (int i = 1; i < count; i++) {
        if (o->table == NULL && iso_table_kind(argv[i]) != NULL && !iso_folder_exists(argv[i]))
            o->table = argv[i];
        else
            argv[++left] = argv[i];
    }
    return left;
}

/* Returns what is wrong with the options, or NULL. */
static const char *find_contradiction(const struct predict_options *o, int images)
{
    if (o->split == NULL && images == 0 && o->table == NULL)
        return "give it images, a folder of images, or --split test, or a table (.csv) or array "
               "(.npy)";
    if (o->split != NULL && images > 0)
        return "images and --split exclude each other";
    if (images > 0 && o->table != NULL)
        return "images and a table or array exclude each other, and there is one of the latter";
    if (o->rows != NULL && images > 0)
        return "--rows is for --split and for tables and arrays";
    if (o->invert != NULL && images == 0)
        return "--invert is for images";
    if (o->first_id != 0 && o->csv == NULL)
        return "--first-id is for --csv FILE";
    if (o->best && o->weights != NULL)
        return "--best and --weights exclude each other";
    if (o->layer != NULL && o->npy == NULL)
        return "--layer is for --npy FILE";
    if (o->layer != NULL && o->setup.tta != NULL)
        return "--layer and --tta exclude each other: views are averaged at the output";
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
    char model[ISO_PATH], weights[ISO_PATH]; /* the faults borrow weights */
    int count, code;
    if (!iso_options_parse(command, argc, argv, &o, &count, &code))
        return code;
    const int images = take_table(&o, argv, count);
    const char *contradiction = find_contradiction(&o, images);
    if (contradiction != NULL)
        return iso_usage(command, "%s", contradiction);
    iso_rc rc = iso_setup_ranks(&o.setup, &o.setup.ranks);
    if (rc != ISO_OK)
        return iso_report(command, rc, NULL);
    rc = iso_job_files(argv[0], o.weights, o.best, model, weights);
    for (int i = 1; i <= images && rc == ISO_OK; i++)
        rc = iso_image_list_add(argv[i], &p.opened.images);
    if (rc == ISO_OK)
        rc = predict(&p, model, weights);
    iso_setup_tell_ranks(o.setup.ranks, rc);
    code = iso_report(command, rc, &p.opened.job.faults);
    iso_prediction_close(&p.opened);
    if (o.setup.ranks != NULL)
        o.setup.ranks->close(o.setup.ranks, code);
    return code;
}

const struct iso_command iso_command_predict = {
    .name = "predict",
    .arguments = "RUN|MODEL.yaml [FILE...]",
    .doc = "predicts the class of images, or of the rows of a data set",
    .more =
        "An IMAGE is a PNG or JPEG file, or a folder of them. It must have the size of\n"
        "the model's input, unless the model file's data or --resize resizes it. Colours\n"
        "are converted to grey if the model takes grey, and grey to three equal channels\n"
        "if it takes colours. Dark ink on light paper is inverted for models of mnist,\n"
        "fashion-mnist and builtin:digits, which are light on dark, unless --invert says\n"
        "otherwise.\n"
        "A FILE is a table (.csv, .tsv), an array (.npy, .npz) or IDX images, with or\n"
        "without labels. It is read like the training data. A column or an array called id\n"
        "names its rows.\n"
        "A submission (--csv) has a line for each row: its id, or the image's name without\n"
        "its folder, or else its number from --first-id; and its class by its name or number\n"
        "in the data set. If `classes:` has merged several, only the model file's own numbers\n"
        "are known: --labels gives them names.\n"
        "--npy writes float32 [rows, classes], or [rows, ...] of a layer: features.\n"
        "mpirun -n R isocl predict ... shares the batches out to R ranks (isocl help ranks).",
    .examples =
        "  isocl predict runs/demo-001 digit.png\n"
        "  isocl predict runs/pets-001 photos/ --top 3 --resize\n"
        "  isocl predict runs/mnist-001 test.csv --csv submission.csv --csv-header "
        "ImageId,Label --first-id 1\n"
        "  isocl predict runs/deeper-001 --split test --best --csv submission.csv\n"
        "  isocl predict runs/cnn-001 --split test --layer dense_1 --npy features.npy\n",
    .options = options,
    .min_arguments = 1,
    .max_arguments = INT_MAX,
    .run = run,
};
