/* dataset.h: labelled uint8 images, in host memory or on disk. */
#ifndef ISO_DATASET_H
#define ISO_DATASET_H
#include "core/image/image_options.h"
#include "core/text/names.h"
#include "part.h"
#include "core/system/workers.h"

enum { ISO_DATASET_NAME = 256, ISO_CLASS_NAME = 64 }; /* bytes of a name, with its NUL */

struct iso_class_map;   /* class_map.h */
struct iso_data_origin; /* folders.h */
struct iso_disk;        /* disk.h */
struct iso_left_out;    /* left_out.h */
struct iso_dataset {
    char name[ISO_DATASET_NAME], split[32];
    char source[512]; /* the file the images came from, or "drawn by isocl" */
    char part[96];    /* description of the rows of the split, "" for all */
    int64_t rows;
    int height, width, channels, classes;
    bool flat;                           /* width numbers per row: their geometry is not known */
    uint8_t *images;                     /* [rows, height, width, channels]; NULL: on disk */
    struct iso_disk *disk;               /* source of images that are read one by one */
    int threads;                         /* threads that may read ahead; 0: one per processor */
    int32_t *labels;                     /* [rows], each in [0, classes); NULL: unlabelled, or */
    float *targets;                      /* [rows, classes]: a row has a number for each; or NULL */
    bool listed;                         /* targets: 1 for the labels that a row lists, else 0 */
    char (*class_names)[ISO_CLASS_NAME]; /* [classes], if the set names them; or NULL */
    struct iso_left_out *left;           /* files that were not used; NULL: none */
    int64_t turned; /* image files that do not lie upright, as they say; of all, before `part` */
    bool upright;   /* they were turned upright */
    struct iso_names row_names; /* [rows] ids or files, if the set names them; or none */
    bool row_files;             /* row_names are paths of files */
    struct iso_names columns;   /* names of the columns of numbers, of a table; or none */
};
/* The classes of a model's training data, and the columns of a table of them. */
struct iso_trained_classes {
    int n;                        /* 0: not known */
    char (*name)[ISO_CLASS_NAME]; /* [n], owned; NULL: they have numbers only */
    struct iso_names columns;     /* owned; none: it has no names, or is no table */
};
/* Options of some sources; zeroed: defaults. The sources' own tables describe them. */
struct iso_source_options {
    int64_t count;             /* rows to draw of a generated set; 0: its default */
    int labels;                /* 0: fine, 1: coarse */
    char label_column[64];     /* column of a CSV file, by name or number; "": see csv.c */
    char id_column[64];        /* the same */
    char drop_columns[512];    /* the same, with commas between */
    char target_columns[2048]; /* the same; "": rows have classes */
    char label_separator[16];  /* parts the labels of a row in its label_column; "": it has one */
    char image_array[64], label_array[64]; /* names in NumPy files; "": see array_store.c */
    char target_array[64];                 /* the same, of the targets; "": rows have classes */
    char table[256];      /* text file that lists a folder's images; "": it has none */
    char file_column[64]; /* column of that file, by name or number; "": see image_table.c */
    char file_suffix[32]; /* follows the entries of that column */
    int64_t resize[2];    /* height and width to which image files are resized; 0: their own */
    struct iso_image_options image;
};
/* The options that a source takes; defined beside its reader, named in sets.def. */
struct iso_source_fields {
    const char *of; /* sources that take them, for messages: "text files (csv:PATH)" */
    const struct iso_field *fields; /* for struct iso_source_options */
};
struct iso_dataset_request {
    const char *name;               /* one of iso_dataset_docs, or a kind of file and a path */
    const char *split;              /* train, validation, test, as split.h reads them; "": the only
                                       one */
    const struct iso_dataset *rows; /* in memory: copied, nothing is read; NULL: none */
    const char *folder;             /* the only data folder; NULL: folders.h says where to look */
    const struct iso_data_origin *origin; /* NULL: not known */
    struct iso_source_options options;
    struct iso_part part;                /* rows of the split to take */
    const struct iso_class_map *classes; /* applied before a part is taken; NULL: the set's own */
    const struct iso_trained_classes
        *trained;                  /* number classes by name; NULL: in the set's order */
    const struct iso_shape *input; /* the model's input: the geometry if a file has none; or NULL */
    int64_t pad[4], repeat_channels; /* applied last (pad.h), included in input; 0: none */
    int threads;                     /* threads for decoding; 0: one per processor */
    iso_progress *progress;          /* called while decoding; may be NULL */
    int64_t limit;                   /* keep only this number of first rows; 0: all */
    bool labels_optional;            /* accept rows without labels, to predict them */
    bool stream;                     /* leave images on disk and read them when needed */
    uint64_t memory; /* do so too if images have more bytes than this and can be read row by row; 0:
                        a quarter of the machine's memory */
};
/* Loads a data set. On error the message names the file, what is wrong with it, and what to do. */
iso_rc iso_dataset_load(const struct iso_dataset_request *, struct iso_dataset **out);
void iso_dataset_free(struct iso_dataset *);
struct iso_splits;
/* Finds the splits that a data set has; the request's split does not count. */
iso_rc iso_dataset_splits(const struct iso_dataset_request *, struct iso_splits *out);
/* Returns the bytes of an image: height * width * channels. */
static inline size_t iso_dataset_image_bytes(const struct iso_dataset *set)
{
    return (size_t)set->height * (size_t)set->width * (size_t)set->channels;
}
/* Copies, reads or decodes an image into image, which has iso_dataset_image_bytes. May be called
 * from several threads at once. */
iso_rc iso_dataset_image(const struct iso_dataset *, int64_t row, uint8_t *image);
/* Copies names, images and labels of a set in memory. Free *out, set only on success. */
iso_rc iso_dataset_copy(const struct iso_dataset *, struct iso_dataset **out);
/* Gives the height, width and channels that a row has before it is padded, by the model's input;
 * rows of numbers are 1x1. False where the request does not know the model. */
bool iso_dataset_row_shape(const struct iso_dataset_request *, int64_t shape[3]);
/* Returns what the set calls a row: its id, or its file; NULL where it has but its number. buf may
 * be used for it. */
const char *iso_dataset_row_name(const struct iso_dataset *, int64_t row, char *buf, size_t n);
/* Keeps these rows only, in ascending order; count is at least 1. */
iso_rc iso_dataset_keep_rows(struct iso_dataset *, const int32_t *rows, int64_t count);
/* The names that iso_dataset_load knows, each with a line of explanation; ends with {NULL, NULL}.
 */
struct iso_dataset_doc {
    const char *name, *doc;
};
extern const struct iso_dataset_doc iso_dataset_docs[];
/* Kinds of users' own files: "npy:PATH", each with a line of explanation. */
extern const struct iso_dataset_doc iso_dataset_file_docs[];
/* Returns the options of the source of this name; NULL if it has none or there is no such source.
 */
const struct iso_source_fields *iso_dataset_fields(const char *name);
/* Returns the i-th table of options, from 0; NULL after the last. */
const struct iso_source_fields *iso_dataset_fields_at(int i);
/* Returns true if the data set of this name is known to show light things on dark ground. */
bool iso_dataset_light_on_dark(const char *name);
/* Returns true if the name is a kind of file (npy: and so on) with a path. */
bool iso_dataset_is_file(const char *name);

#endif
