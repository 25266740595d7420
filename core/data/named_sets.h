/* named_sets.h (private): the data sets of sets.def, and their readers. */
#ifndef ISO_NAMED_SETS_H
#define ISO_NAMED_SETS_H
#include "dataset.h"
#include "split.h"

enum { ISO_SET_FOLDERS = 3, ISO_SET_FILES = 5 };
struct iso_named_set {
    const char *name;
    /* Fills the set except its name and split. The argument split: 0 train, 1 test. */
    iso_rc (*load)(const struct iso_named_set *, const struct iso_dataset_request *, int split,
                   struct iso_dataset *);
    const struct iso_source_fields *options; /* its own; NULL: none */
    bool drawn;                              /* drawn by the program: it has no files */
    bool light_on_dark;                      /* its images show light things on dark ground */
    int classes, coarse_classes;             /* coarse_classes 0: no such labels */
    const char *const *class_names;          /* NULL-terminated; NULL: numbers only */
    const char *const *coarse_names;         /* the same for the coarse classes */
    const char *folders[ISO_SET_FOLDERS]; /* folders below a data folder; messages name the first;
                                             ".": the data folder itself; NULL: none */
    const char *files[2][ISO_SET_FILES + 1]; /* CIFAR's files, for each split; NULL-terminated */
};
extern const struct iso_named_set iso_named_sets[]; /* ends with name NULL */
/* Returns the set of this name, or NULL. */
const struct iso_named_set *iso_named_set_find(const char *name);

/* Reader of one kind of users' files, such as csv:PATH. */
struct iso_file_reader {
    /* Finds the names that the splits at a path have; *out is zeroed. */
    iso_rc (*splits)(const struct iso_dataset_request *, const char *path, struct iso_splits *out);
    /* Fills the set except its name, split and source from the file or folder at path.
     * request->split: its name as `splits` found it; "" if the source is a single split. */
    iso_rc (*load)(const struct iso_dataset_request *, const char *path, struct iso_dataset *);
    const struct iso_source_fields *options; /* its own; NULL: none */
};
#define FILES(kind, rest, text) extern const struct iso_file_reader iso_##kind##_files;
#include "sets.def"

/* known_classes.c: class_names and coarse_names. */
extern const char *const iso_classes_fashion_mnist[], *const iso_classes_cifar10[];
extern const char *const iso_classes_cifar100[], *const iso_classes_cifar100_coarse[];
#endif
