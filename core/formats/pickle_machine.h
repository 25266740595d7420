/* pickle_machine.h (private): declarations shared by the machine (pickle.c), its values
 * (pickle_values.c) and the arrays built from them (pickle_numpy.c). */
#ifndef ISO_PICKLE_MACHINE_H
#define ISO_PICKLE_MACHINE_H
#include "pickle.h"

enum { ISO_PICKLE_MOST = 1 << 20 }; /* values; a list of labels needs one for each */
enum iso_pickle_kind {
    ISO_PICKLE_NONE,
    ISO_PICKLE_MARK,
    ISO_PICKLE_INT,
    ISO_PICKLE_FLOAT,
    ISO_PICKLE_TEXT,
    ISO_PICKLE_BYTES,
    ISO_PICKLE_LIST,
    ISO_PICKLE_TUPLE,
    ISO_PICKLE_DICT,
    ISO_PICKLE_FUNCTION,
    ISO_PICKLE_TYPE,
    ISO_PICKLE_ARRAY,
    ISO_PICKLE_STORAGE, /* numbers beside the pickle */
    ISO_PICKLE_TENSOR
};
/* The functions that a pickle may name. */
enum iso_pickle_function {
    ISO_PICKLE_NDARRAY,
    ISO_PICKLE_DTYPE,
    ISO_PICKLE_RECONSTRUCT,
    ISO_PICKLE_FROMBUFFER,
    ISO_PICKLE_SCALAR,
    ISO_PICKLE_ORDERED_DICT,
    ISO_PICKLE_REBUILD_TENSOR,
    ISO_PICKLE_REBUILD_PARAMETER,
    ISO_PICKLE_F32,
    ISO_PICKLE_F64,
    ISO_PICKLE_F16,
    ISO_PICKLE_BF16,
    ISO_PICKLE_I64,
    ISO_PICKLE_I32,
    ISO_PICKLE_I16,
    ISO_PICKLE_I8
};
struct iso_pickle_value {
    enum iso_pickle_kind kind;
    union {
        int64_t whole; /* INT, and True and False as 1 and 0 */
        double real;
        struct {
            size_t at, size;
        } text; /* TEXT, BYTES: in the pickle */
        struct {
            int32_t first, last;
        } items; /* cells, 0 none; a dictionary's keys and values
                    in turn */
        enum iso_pickle_function function;
        int32_t array;     /* TYPE, ARRAY: in arrays */
        int32_t arguments; /* STORAGE, TENSOR: the tuple they are made of */
    } is;
};
struct iso_pickle_cell {
    int32_t value, next;
};
struct iso_pickle_array {
    struct iso_npy npy;
    int32_t objects;
}; /* kind 'O': a list; 0 none */

/* Values, cells and arrays are counted from 1, so that 0 is none. */
struct iso_pickle {
    const char *path;
    bool torch; /* a PyTorch file */
    const uint8_t *bytes;
    size_t n, at;
    struct iso_pickle_value *value;
    int32_t nvalues, value_room;
    struct iso_pickle_cell *cell;
    int32_t ncells, cell_room;
    struct iso_pickle_array *array;
    int32_t narrays, array_room;
    int32_t *stack, depth, stack_room; /* the stack, indices of values */
    int32_t *memo, nmemo, memo_room;
    int32_t root;
};
iso_rc iso_pickle_damaged(const struct iso_pickle *, const char *what);
/* Makes a zeroed value, with an array if the kind has one. Fails with ISO_EDATA if there are more
 * values than a data set can need. */
iso_rc iso_pickle_new(struct iso_pickle *, enum iso_pickle_kind, int32_t *out);
/* Adds a value to a list, tuple or dictionary. */
iso_rc iso_pickle_append(struct iso_pickle *, int32_t list, int32_t value);
/* Makes *at, an array of *room elements of `size` bytes, large enough for element n. */
iso_rc iso_pickle_room(const struct iso_pickle *, void *at, int32_t *room, int32_t n, size_t size);
/* Returns item i of a list or tuple; 0 if it is neither or shorter. */
int32_t iso_pickle_item(const struct iso_pickle *, int32_t list, int i);
bool iso_pickle_is(const struct iso_pickle *, int32_t value, enum iso_pickle_kind);
/* Returns true if the value is this text. */
bool iso_pickle_equals(const struct iso_pickle *, int32_t value, const char *text);

struct iso_pickle_known { /* a function that may be named; the last has no module */
    const char *module, *name;
    enum iso_pickle_function is;
};
/* Finds a name in the list; returns false if it is not there. */
bool iso_pickle_look_up(const struct iso_pickle_known *, const char *module, const char *name,
                        enum iso_pickle_function *out);

/* pickle_numpy.c. Finds the function that a name means; returns false if it must not be called. */
bool iso_pickle_find(const char *module, const char *name, enum iso_pickle_function *out);
/* Calls a function with a tuple of arguments. */
iso_rc iso_pickle_call(struct iso_pickle *, int32_t function, int32_t arguments, int32_t *out);
/* Gives a type or an array its state. */
iso_rc iso_pickle_build(struct iso_pickle *, int32_t object, int32_t state);

/* pickle_torch.c: the same for PyTorch's files. */
bool iso_pickle_torch_find(const char *module, const char *name, enum iso_pickle_function *out);
iso_rc iso_pickle_torch_call(struct iso_pickle *, int32_t function, int32_t arguments,
                             int32_t *out);
iso_rc iso_pickle_torch_build(const struct iso_pickle *, int32_t object);
/* Makes a storage of what identifies it. */
iso_rc iso_pickle_torch_storage(struct iso_pickle *, int32_t tuple, int32_t *out);
#endif
