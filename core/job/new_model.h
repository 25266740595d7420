/* new_model.h: a first model file for data that nobody has described yet: a folder of pictures, a
 * table, arrays, or a data set that has a name. */
#ifndef ISO_NEW_MODEL_H
#define ISO_NEW_MODEL_H
#include "job.h"

struct iso_new_data {               /* findings of iso_new_look */
    char dataset[ISO_DATASET_NAME]; /* as a model file names it: folder:/home/me/photos */
    int64_t rows, test_rows;     /* rows of the splits train and test; 0: there is no test split */
    int height, width, channels; /* shape of the model's input */
    bool resized, flat;          /* the images have other sizes; the rows are no images */
    int classes;
    char class_text[240]; /* their names, parted by commas, as far as there is room; "": none */
    char table[256];      /* names the pictures of a folder; "": they lie in a folder a class */
    char targets[2048];   /* columns of it that are targets, a,b; "": rows have a class */
    bool labels;          /* they are 0 and 1 */
    char left_out[400];   /* files that are no rows, and why; "": none */
    bool skips;           /* damaged files are left out */
};
/* Looks at the data: a path, or a data set's name. side: of the images that the model is to take;
 * 0: theirs, or 64 where they are large or differ. folder, threads and progress of the options
 * count. Fails with ISO_EIO where there is nothing, ISO_EDATA where it cannot be used. */
iso_rc iso_new_look(const char *data, int64_t side, const struct iso_job_options *,
                    struct iso_new_data *);
/* new_table.c. Where the data are a table that names pictures, makes them the folder of these, with
 * that table and the targets that it has. */
iso_rc iso_new_look_at_table(struct iso_new_data *);
/* Returns a name for the model: the last part of a path or of a data set's name, without suffix, in
 * letters that a name may have. */
const char *iso_new_name(const char *path, char name[64]);
/* Writes the text of a model file of this name: a small convolutional network for images, dense
 * layers for rows of numbers. */
void iso_new_write(const struct iso_new_data *, const char *name, FILE *);

/* Return the loss for them, and the metrics, parted by commas. */
const char *iso_new_loss(const struct iso_new_data *);
const char *iso_new_metrics(const struct iso_new_data *);
/* The value of `data:` for them, on one line. */
void iso_new_write_data(const struct iso_new_data *, FILE *);

/* new_transfer.c: a model file for the data with another one's network, whose layers stay as they
 * are, but for a new last dense layer. */
struct iso_transfer {
    char model[ISO_PATH], weights[ISO_PATH]; /* files of the network that is taken over */
    int64_t side;     /* height of the images that it takes; 0: it takes rows */
    int64_t channels; /* channels of these images */
    bool framed;      /* its own data get a frame, or their grey several channels */
};
/* from: a run's folder, with the weights of its best epoch; or a model file, for which weights must
 * be given. Fails with ISO_EDATA where the network does not end in a dense layer. */
iso_rc iso_transfer_open(const char *from, const char *weights, struct iso_job *,
                         struct iso_transfer *);
/* Returns the new model file's text in *text, to be freed with free(), and writes its weights to
 * weights_out: those of the network, *taken of them, and fresh ones of the last layer. */
iso_rc iso_transfer_make(const struct iso_transfer *, const struct iso_new_data *, const char *name,
                         const char *weights_out, char **text, int *taken);
#endif
