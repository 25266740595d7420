/* dataset.h: labelled uint8 images, in host memory or on disk, and the order in which an epoch
 * takes them. */
#ifndef ISO_DATASET_H
#define ISO_DATASET_H
#include "part.h"
#include "workers.h"

enum { ISO_DATASET_NAME = 256, ISO_CLASS_NAME = 64 }; /* bytes of a name, with its NUL */

struct iso_class_map;   /* class_map.h */
struct iso_data_origin; /* folders.h */
struct iso_disk;        /* disk.h */
struct iso_left_out;    /* left_out.h */
struct iso_dataset {
    char name[ISO_DATASET_NAME], split[32];
    char source[512]; /* the file the images came from, or "drawn by isocl" */
    char part[96];    /* which rows of the split these are, "" for all */
    int64_t rows;
    int height, width, channels, classes;
    bool flat;                           /* width numbers a row: their geometry is not known */
    uint8_t *images;                     /* [rows, height, width, channels]; NULL: */
    struct iso_disk *disk;               /* where they are read from, one by one */
    int threads;                         /* that may read them ahead; 0: one a processor */
    int32_t *labels;                     /* [rows], each in [0, classes) */
    char (*class_names)[ISO_CLASS_NAME]; /* [classes], where the set names them; or NULL */
    struct iso_left_out *left;           /* files that are no rows of it; NULL: none */
};
/* The classes that a model was, or is to be, trained to tell apart. */
struct iso_trained_classes {
    int n;                        /* 0: not known */
    char (*name)[ISO_CLASS_NAME]; /* [n], owned; NULL: they have numbers only */
};
/* Options that only some sources take; zeroed, all are as usual. The sources' own tables describe
 * them. */
struct iso_source_options {
    int64_t count;         /* rows to draw of a generated set; 0: its default */
    int labels;            /* 0: fine, 1: coarse */
    char label_column[64]; /* of a CSV file, by name or number; "": see csv.h */
    int64_t resize[2];     /* height and width that image files get; 0: their own */
};
/* The options that a source takes; defined beside what reads it, named in sets.def. */
struct iso_source_fields {
    const char *of; /* the sources that take them, for a fault: "text files (csv:PATH)" */
    const struct iso_field *fields; /* of struct iso_source_options */
};
struct iso_dataset_request {
    const char *name;               /* one of iso_dataset_docs, or a kind of file and a path */
    const char *split;              /* train, test */
    const struct iso_dataset *rows; /* in memory: copied, nothing is read; NULL: none */
    const char *folder;             /* the only data folder; NULL: folders.h says where to look */
    const struct iso_data_origin *origin; /* NULL: not known */
    struct iso_source_options options;
    struct iso_part part;                      /* of the split */
    const struct iso_class_map *classes;       /* made of its own before a part is taken; NULL: as
                                                  they are */
    const struct iso_trained_classes *trained; /* whose numbers the classes get, by their names;
                                                  NULL: the set's own order counts */
    const struct iso_shape *input;   /* what the model takes: the geometry of files that say
                                        nothing of theirs; NULL: not known */
    int64_t pad[4], repeat_channels; /* what images become in the end, see pad.h; 0: as they are,
                                        and part of input */
    int threads;                     /* that may decode them; 0: as many as the machine has */
    iso_progress *progress;          /* of that; NULL: nobody is told */
    int64_t limit;                   /* keep the first rows of that only; 0: all */
    bool stream;                     /* images stay on disk, and are read when they are wanted */
    uint64_t memory;                 /* they do so by themselves where they have more bytes, and
                                        can be read row by row; 0: a quarter of the machine's
                                        memory */
};
/* Faults say what is wrong with which file, and what to do. */
iso_rc iso_dataset_load(const struct iso_dataset_request *, struct iso_dataset **out);
void iso_dataset_free(struct iso_dataset *);
/* Bytes of an image: height * width * channels. */
size_t iso_dataset_image_bytes(const struct iso_dataset *);
/* Copies, reads or decodes an image into image, which has so many bytes. From any thread, also from
 * several at once. */
iso_rc iso_dataset_image(const struct iso_dataset *, int64_t row, uint8_t *image);
/* Copies names, images and labels of a set in memory. Free *out, set only on success. */
iso_rc iso_dataset_copy(const struct iso_dataset *, struct iso_dataset **out);
/* Keeps these rows only, which ascend; count from 1. */
iso_rc iso_dataset_keep_rows(struct iso_dataset *, const int32_t *rows, int64_t count);
/* The names iso_dataset_load knows, with a line of explanation each; ends with {NULL, NULL}. */
struct iso_dataset_doc {
    const char *name, *doc;
};
extern const struct iso_dataset_doc iso_dataset_docs[];
/* Files of the user's own: "npy:PATH", with a line of explanation. */
extern const struct iso_dataset_doc iso_dataset_file_docs[];
/* The options of the source of this name; NULL: it has none, or there is no such source. */
const struct iso_source_fields *iso_dataset_fields(const char *name);
/* The i-th of the sources' options, from 0; NULL: there are no more. */
const struct iso_source_fields *iso_dataset_fields_at(int i);
/* True if the name is that of a kind of file (npy: and so on) with a path. */
bool iso_dataset_is_file(const char *name);

#endif
