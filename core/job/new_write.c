/* new_write.c: the text of a first model file. Its figures are such that small data are learnt in a
 * minute and large ones reasonably well; the comments say what each does. */
#include "new_model.h"

#include "core/data/csv_list.h"
#include "core/model/section.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { FEW = 2000, LEAST_SIDE = 8, FILTERS = 16, MOST_FILTERS = 128 };

const char *iso_new_name(const char *path, char name[64])
{
    const char *colon = strchr(path, ':');
    const char *base = iso_path_base(colon != NULL ? colon + 1 : path);
    const char *dot = strrchr(base, '.');
    const size_t n = dot != NULL && dot > base ? (size_t)(dot - base) : strlen(base);
    snprintf(name, 64, "%.*s", (int)(n < 63 ? n : 63), base);
    for (char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) && *c != '_' && *c != '-')
            *c = '-';
    if (!iso_name_valid(name))
        snprintf(name, 64, "model");
    return name;
}

/* As YAML quotes it. */
static void write_quoted(FILE *out, const char *text)
{
    putc('\'', out);
    for (; *text; text++)
        fprintf(out, *text == '\'' ? "''" : "%c", *text);
    putc('\'', out);
}

static void write_head(const struct iso_new_data *d, const char *name, FILE *out)
{
    fprintf(out,
            "# %s %d %s%s%s.\n"
            "# Written by `isocl new`; change what you like. `isocl help KEY` explains any key.\n"
            "#\n"
            "#   isocl train %s.yaml              trains, and keeps the run in runs/%s-001\n"
            "#   isocl report runs/%s-001         draws how it went, and the worst mistakes\n"
            "#   isocl predict runs/%s-001 FILE   asks it\n"
            "model: %s\n\n",
            *d->targets && !d->labels ? "Estimates" : "Tells", d->classes,
            !*d->targets ? "classes apart"
            : d->labels  ? "labels, of which a picture may have several"
                         : "numbers of each picture",
            *d->class_text ? ": " : "", d->class_text, name, name, name, name, name);
}

/* Writes them as a list in YAML. */
static void write_targets(const char *list, FILE *out)
{
    char name[ISO_CSV_FIELD];
    fprintf(out, ", target_columns: [");
    for (bool first = true; *list; first = false) {
        list = iso_csv_list_next(list, name);
        fputs(first ? "" : ", ", out);
        write_quoted(out, name);
    }
    putc(']', out);
}

/* Writes the keys that both sets of `data:` share. */
static void write_source(const struct iso_new_data *d, FILE *out)
{
    fprintf(out, "dataset: ");
    write_quoted(out, d->dataset);
    if (d->resized)
        fprintf(out, ", resize: [%d, %d]", d->height, d->width);
    if (d->skips)
        fprintf(out, ", damaged: skip");
    if (*d->table) {
        fprintf(out, ", table: ");
        write_quoted(out, d->table);
    }
    if (*d->targets)
        write_targets(d->targets, out);
}

void iso_new_write_data(const struct iso_new_data *d, FILE *out)
{
    static const char *const own[3][2] = { { "split: train, part: [0, 0.8], stratified: true",
                                             "split: train, part: [0.8, 1], stratified: true" },
                                           { "split: train", "split: test" },
                                           { "part: [0, 0.8]", "part: [0.8, 1]" } };
    const int which = *d->targets ? 2 : d->test_rows > 0;
    fprintf(out, "{train: {");
    write_source(d, out);
    fprintf(out, ", %s}, validation: {", own[which][0]);
    write_source(d, out);
    fprintf(out, ", %s}}", own[which][1]);
}

static void write_data(const struct iso_new_data *d, FILE *out)
{
    const char *split = *d->table ? "" : ", split: train",
               *keeps = *d->targets ? "" : ", stratified: true";
    fprintf(out, "data:\n  # %lld %s%s.\n  train: &data {", (long long)d->rows,
            d->flat ? "rows of numbers" : "images",
            d->test_rows > 0 ? ", and others to validate on"
            : *d->targets    ? "; a fifth of them is kept for validation"
                             : "; a fifth of each class is kept for validation");
    write_source(d, out);
    if (d->test_rows > 0)
        fprintf(out, ", split: train}\n  validation: {<<: *data, split: test}\n\n");
    else
        fprintf(out, "%s, part: [0, 0.8]%s}\n  validation: {<<: *data, part: [0.8, 1]}\n\n", split,
                keeps);
}

static void write_input(const struct iso_new_data *d, FILE *out)
{
    fprintf(out,
            "# Values from 0 to 255 become 0 to 1; their mean and deviation, measured on the "
            "training data, become 0 and 1.\n");
    if (d->flat)
        fprintf(out, "input: {shape: [%d], scale: 1/255, mean: auto, std: auto}\n\n", d->width);
    else
        fprintf(out, "input: {shape: [%d, %d, %d], scale: 1/255, mean: auto, std: auto}\n\n",
                d->height, d->width, d->channels);
}

/* Small images are signs, whose mirror image may be another one. */
static void write_augmentation(const struct iso_new_data *d, FILE *out)
{
    const bool photo = d->channels == 3;
    fprintf(out,
            "# Every epoch sees each image turned, moved and scaled a little%s, so that the "
            "network cannot learn it by heart.\n"
            "augmentation:\n"
            "  - image_data_generator: {rotation_range: %d, width_shift_range: 0.1, "
            "height_shift_range: 0.1, zoom_range: 0.1%s}\n\n",
            photo ? ", half of them mirrored" : "", photo ? 15 : 8,
            photo ? ", horizontal_flip: true" : "");
}

/* The end of the last layer: probabilities, or any numbers. */
static const char *activation_of(const struct iso_new_data *d)
{
    return !*d->targets ? ", activation: softmax" : d->labels ? ", activation: sigmoid" : "";
}

/* Stages of convolutions, each at half the resolution of the one before, until little is left to
 * look at. */
static void write_convolutions(const struct iso_new_data *d, FILE *out)
{
    int side = d->height < d->width ? d->height : d->width, filters = FILTERS;
    fprintf(out,
            "layers:\n"
            "  # Each stage looks at squares of 3 x 3, with more filters and at half the "
            "resolution of the one before.\n");
    for (bool first = true; first || side >= 2 * LEAST_SIDE; first = false) {
        fprintf(out,
                "  - conv2d: {filters: %d, kernel_size: 3, padding: same, use_bias: false}\n"
                "  - batch_normalization: {momentum: 0.9}\n  - activation: relu\n",
                filters);
        if (side >= 4)
            fprintf(out, "  - max_pooling2d: 2\n");
        side /= 2;
        filters = filters < MOST_FILTERS ? 2 * filters : filters;
    }
    fprintf(
        out,
        "  - conv2d: {filters: %d, kernel_size: 3, padding: same, use_bias: false}\n"
        "  - batch_normalization: {momentum: 0.9}\n  - activation: relu\n"
        "  # Averages how strongly each feature was found over the whole image, wherever it lies.\n"
        "  - global_average_pooling2d\n  - dropout: 0.2\n"
        "  - dense: {units: %d%s}\n\n",
        filters, d->classes, activation_of(d));
}

static void write_dense(const struct iso_new_data *d, FILE *out)
{
    fprintf(out,
            "layers:\n  - dense: {units: 128, activation: relu}\n  - dropout: 0.2\n"
            "  - dense: {units: 64, activation: relu}\n  - dropout: 0.2\n"
            "  - dense: {units: %d%s}\n\n",
            d->classes, activation_of(d));
}

const char *iso_new_loss(const struct iso_new_data *d)
{
    return !*d->targets ? "categorical_crossentropy"
           : d->labels  ? "binary_crossentropy"
                        : "mean_squared_error";
}

const char *iso_new_metrics(const struct iso_new_data *d)
{
    return !*d->targets ? "accuracy" : d->labels ? "binary_accuracy, auc" : "mean_absolute_error";
}

static void write_training(const struct iso_new_data *d, FILE *out)
{
    const bool few = d->rows < FEW;
    fprintf(out,
            "loss: %s\n"
            "optimizer: {adam: {learning_rate: %s}}\n"
            "# Half the rate after %d epochs without a better validation; after %d the training "
            "ends, with the best weights.\n"
            "schedule: {reduce_lr_on_plateau: {factor: 0.5, patience: %d}}\n"
            "early_stopping: {patience: %d, restore_best_weights: true}\n"
            "metrics: [%s]\n"
            "train: {batch_size: %d, epochs: %d, seed: 1}\n",
            iso_new_loss(d), few ? "0.003" : "0.001", few ? 6 : 3, few ? 15 : 7, few ? 6 : 3,
            few ? 15 : 7, iso_new_metrics(d), few ? 16 : 64, few ? 60 : 30);
}

void iso_new_write(const struct iso_new_data *d, const char *name, FILE *out)
{
    write_head(d, name, out);
    write_data(d, out);
    write_input(d, out);
    if (d->flat) {
        write_dense(d, out);
    } else {
        write_augmentation(d, out);
        write_convolutions(d, out);
    }
    write_training(d, out);
}
