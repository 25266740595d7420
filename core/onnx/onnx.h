/* onnx.h: the content of an ONNX file in plain structs. Only proto_read*.c and proto_write.c know
 * the file's encoding; they need the protobuf-c library, without which isocl can be built. */
#ifndef ISO_ONNX_H
#define ISO_ONNX_H
#include "core/iso.h"

enum { ISO_ONNX_DIMS = 8 };
/* ONNX's codes of the element types that can be read. */
enum iso_onnx_type {
    ISO_ONNX_FLOAT = 1,
    ISO_ONNX_INT32 = 6,
    ISO_ONNX_INT64 = 7,
    ISO_ONNX_BOOL = 9,
    ISO_ONNX_DOUBLE = 11
};

struct iso_onnx_tensor {
    const char *name;
    int type; /* any of ONNX's numbers */
    int ndim;
    int64_t dim[ISO_ONNX_DIMS];
    const void *data; /* row-major; of one byte for BOOL; NULL: of a type that
                         cannot be read */
};
enum iso_onnx_kind {
    ISO_ONNX_INT,
    ISO_ONNX_REAL,
    ISO_ONNX_TEXT,
    ISO_ONNX_INTS,
    ISO_ONNX_REALS,
    ISO_ONNX_TENSOR,
    ISO_ONNX_OTHER
};
struct iso_onnx_attribute {
    const char *name;
    enum iso_onnx_kind kind;
    int64_t i;
    float f;
    const char *text;
    int n; /* number of ints or reals */
    const int64_t *ints;
    const float *reals;
    const struct iso_onnx_tensor *tensor;
};
struct iso_onnx_node {
    const char *name, *op, *domain; /* domain "": ONNX's own */
    int nx, ny, nattributes;
    const char *const *x, *const *y; /* values by name; "": left out */
    const struct iso_onnx_attribute *attributes;
};
struct iso_onnx_value { /* an input or output of the graph */
    const char *name;
    int type;
    int ndim;                           /* -1: of no or too many dimensions */
    int64_t dim[ISO_ONNX_DIMS];         /* -1: not fixed */
    const char *symbol[ISO_ONNX_DIMS];  /* the name of one that is not fixed, or NULL */
    const char *meaning[ISO_ONNX_DIMS]; /* DATA_BATCH, DATA_CHANNEL, DATA_FEATURE, or NULL */
};
struct iso_onnx {
    const char *producer, *version; /* the program that wrote the file */
    const char *name, *doc;         /* name of the graph; description in words */
    int64_t opset;                  /* version of ONNX's operators */
    struct iso_onnx_node *nodes;
    int nnodes; /* each after those it reads */
    struct iso_onnx_tensor *tensors;
    int ntensors; /* weights and other constants */
    struct iso_onnx_value *x;
    int nx; /* inputs that are no weights */
    struct iso_onnx_value *y;
    int ny;
    const char **metadata; /* key, value, key, value, NULL; may be NULL */
    void *owned;           /* memory from iso_onnx_alloc */
};

/* Zeroed memory that lives as long as the model; NULL with the message set. */
void *iso_onnx_alloc(struct iso_onnx *, size_t count, size_t size);
/* Text in such memory; NULL with the message set. */
const char *iso_onnx_text(struct iso_onnx *, const char *fmt, ...) ISO_PRINTF(2, 3);
/* Returns a copy of a text, "" for NULL, in the same memory. */
const char *iso_onnx_copy(struct iso_onnx *, const char *);
/* Frees the model with all that iso_onnx_alloc has given; NULL is fine. */
void iso_onnx_free(struct iso_onnx *);
/* Elements of the tensor. */
int64_t iso_onnx_count(const struct iso_onnx_tensor *);
/* Bytes of an element; 0 for a type that cannot be read. */
size_t iso_onnx_size(int type);
/* By name, or NULL. */
const struct iso_onnx_tensor *iso_onnx_tensor(const struct iso_onnx *, const char *name);
const struct iso_onnx_attribute *iso_onnx_attribute(const struct iso_onnx_node *, const char *name);

/* ---- read.c, write.c ----------------------------------------------------------------------- */

/* True if isocl was built with protobuf-c and ONNX's schema. */
bool iso_onnx_supported(void);
/* Reads and checks a whole file: ISO_EIO, or ISO_EDATA for one that is damaged, says more than its
 * size allows, or wants data from outside of its folder, and where isocl was built without ONNX.
 * What its operators mean is not looked at. *out is set only on success. */
iso_rc iso_onnx_read(const char *path, struct iso_onnx **out);
/* Writes beside `path` and renames. Fails with ISO_EDATA when the file would be larger than 2 GiB,
 * which is as much as the format can hold. */
iso_rc iso_onnx_write(const char *path, const struct iso_onnx *);
#endif
