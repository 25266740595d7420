/* pickle.h: reads files of Python's pickle that contain only data: None, numbers, texts, bytes,
 * lists, tuples, dictionaries and NumPy arrays of real numbers. A pickle is a program for a small
 * machine that can call any function of Python; this machine calls none, and refuses a pickle that
 * names one other than those with which NumPy builds arrays. */
#ifndef ISO_PICKLE_H
#define ISO_PICKLE_H
#include "core/text/names.h"
#include "npy.h"

struct iso_pickle;
/* Reads the n bytes (protocols 2 to 5), which the result borrows. path: for faults. Free *out, set
 * only on success, with iso_pickle_free. */
iso_rc iso_pickle_read(const char *path, const uint8_t *bytes, size_t n, struct iso_pickle **out);
/* Reads the pickle of a PyTorch file, which may also build tensors of stored numbers, in
 * dictionaries that keep their order, and nothing else. */
iso_rc iso_pickle_read_torch(const char *path, const uint8_t *bytes, size_t n,
                             struct iso_pickle **out);
void iso_pickle_free(struct iso_pickle *); /* NULL is fine */
/* Returns the bytes of the pickle, behind which there may be others. */
size_t iso_pickle_size(const struct iso_pickle *);
/* Finds the array under a key of the dictionary; it borrows the bytes. Returns false if there is
 * none, or if the pickle is not a dictionary. */
bool iso_pickle_array(const struct iso_pickle *, const char *key, struct iso_npy *out);
/* Adds the keys that are texts, shorter than 64 bytes. */
iso_rc iso_pickle_names(const struct iso_pickle *, struct iso_names *);

enum { ISO_PICKLE_DIMS = 8, ISO_PICKLE_NAME = 160 };
/* A tensor: element i, j, ... is number offset + i stride[0] + j stride[1] + ... of its storage. */
struct iso_pickle_tensor {
    char name[ISO_PICKLE_NAME]; /* its key */
    char storage[64];           /* the name of the storage in the file */
    char kind;                  /* 'f', 'i', 'b' for bfloat16; as struct iso_npy */
    int size;                   /* bytes of a number */
    int64_t offset;
    int ndim;
    int64_t dim[ISO_PICKLE_DIMS], stride[ISO_PICKLE_DIMS];
};
/* Finds tensor i of the dictionary, or of the one within it that is called as those of weights are:
 * model, state_dict, model_state_dict and others, also within one another. *found is false behind
 * the last. Fails with ISO_EDATA for a damaged one. */
iso_rc iso_pickle_torch_tensor(const struct iso_pickle *, int i, struct iso_pickle_tensor *out,
                               bool *found);
/* For files of pickles one after another (torch_old.h). Return whether the dictionary has true
 * under a key; how many items the list has, -1: it is none; item i of it, false: it is no text of
 * fewer than n bytes; and how many bytes a number of a storage has, 0: no tensor uses it. */
bool iso_pickle_torch_is_true(const struct iso_pickle *, const char *key);
int iso_pickle_torch_texts(const struct iso_pickle *);
bool iso_pickle_torch_text(const struct iso_pickle *, int i, char *out, size_t n);
int iso_pickle_torch_storage_size(const struct iso_pickle *, const char *name);
#endif
