/* iso.h: the whole contract between the core, the backends and the tests.
 *
 * Ownership: the plan owns every tensor and all device memory. A kernel borrows what its iso_call
 * names, for the length of that call (a queue may finish the work later), and owns no memory.
 *
 * Layout: tensors are dense row-major; images are NHWC, convolution kernels HWIO, dense kernels
 * (in, out): Keras's own layouts. Element counts are in elements, memory sizes in bytes. */
#ifndef ISO_H
#define ISO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arithmetic/order.h"

#define ISO_VERSION "0.1.0"
/* Rises whenever the definition of any result in exact mode changes; kept in runs and records. */
#define ISO_ARITH_VERSION 2

/* ---- Errors -------------------------------------------------------------------------------- */

/* A fallible function returns ISO_OK or one of these. The message is set once, with iso_fail,
 * where the fault is found, and says what the user can do; callers pass the code on. A caller that
 * handles the failure itself clears the message. */
/* clang-format off */
#define ISO_RC_MAP(X)                                   \
    X(OK,       0, "success")                           \
    X(ENOMEM,  -1, "out of memory")                     \
    X(EMODEL,  -2, "bad model file")                    \
    X(ESHAPE,  -3, "shapes do not fit")                 \
    X(EUNSUP,  -4, "not supported by this device")      \
    X(EDEVICE, -5, "device error")                      \
    X(EIO,     -6, "file error")                        \
    X(EDATA,   -7, "bad data")                          \
    X(EUSAGE,  -8, "wrong usage")                       \
    X(EPARITY, -9, "numbers differ")
/* clang-format on */
#define ISO_RC_ENUM(name, value, text) ISO_##name = value,
typedef enum { ISO_RC_MAP(ISO_RC_ENUM) } iso_rc;

#if defined(__GNUC__)
#define ISO_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define ISO_PRINTF(f, a)
#endif

/* Sets this thread's message, replacing an earlier one, and returns rc. */
iso_rc iso_fail(iso_rc rc, const char *fmt, ...) ISO_PRINTF(2, 3);
/* Puts text in front of this thread's message and returns rc: for a caller that knows more than the
 * function that failed. If there is no message, the text becomes the message. */
iso_rc iso_fail_prefix(iso_rc rc, const char *fmt, ...) ISO_PRINTF(2, 3);
/* Returns the message of this thread's last failure, or "" if there is none or it has been cleared.
 * Valid until the next failure. */
const char *iso_error(void);
/* Moves the message into buf, truncated to n bytes, and returns buf. */
char *iso_error_take(char *buf, size_t n);
/* Sets the message to one that was taken, or that comes from another thread or process, with its
 * lines; returns rc. */
iso_rc iso_error_put(iso_rc rc, const char *text);
/* Clears the message: the failure has been reported or does not matter. */
void iso_error_clear(void);
const char *iso_rc_text(iso_rc rc);
#define ISO_TRY(e)             \
    do {                       \
        iso_rc iso_rc_ = (e);  \
        if (iso_rc_ != ISO_OK) \
            return iso_rc_;    \
    } while (0)

/* Returns zeroed memory, to be freed with free(), or NULL with the message set (ISO_ENOMEM). Fails
 * too if count * size overflows. Tests make the n-th call fail with iso_alloc_fail_after(n); -1
 * turns that off. */
void *iso_alloc(size_t count, size_t size);
void iso_alloc_fail_after(long n);

/* ---- Shapes and tensors -------------------------------------------------------------------- */

enum { ISO_DIMS = 4, ISO_OPERANDS = 8, ISO_NAME = 96, ISO_SCALARS = 8 };

enum iso_dtype { ISO_REAL, ISO_I32, ISO_U8 }; /* REAL: float32; float64 in the double reference */

struct iso_shape {
    int ndim;
    int64_t dim[ISO_DIMS];
}; /* dim[0] is the batch for x and y */
/* Returns the number of elements of a shape; 1 for ndim 0. */
int64_t iso_shape_count(const struct iso_shape *s);
/* Multiplies *product by `by`. Returns false and leaves *product as it is if `by` is negative or
 * the result does not fit in 64 bits. */
bool iso_times(int64_t *product, int64_t by);
/* Returns true if no dimension is negative and the size in bytes of that many doubles fits in
 * size_t. */
bool iso_shape_countable(const struct iso_shape *s);
bool iso_shape_equal(const struct iso_shape *a, const struct iso_shape *b);
/* Writes "28x28x1" (from = 1 leaves the batch out, 0 has it) into buf and returns buf. */
const char *iso_shape_text(const struct iso_shape *s, int from, char *buf, size_t n);

struct iso_mem;     /* device memory; its layout is known only to its backend */
struct iso_tensor { /* mem NULL: absent or not wanted */
    struct iso_mem *mem;
    size_t offset; /* in elements of dtype */
    enum iso_dtype dtype;
    struct iso_shape shape;
};

/* ---- Ops ----------------------------------------------------------------------------------- */

enum iso_kind {
    ISO_INPUT, /* fills a batch from a data set in device memory: x = (data, order), y = batch */
    ISO_AUGMENTATION, /* x -> y, a batch of images, changed at random in training and unchanged
                         otherwise; no backward. An augmentation that mixes rows also takes a batch
                         of targets, or of weights, and mixes them in the same way */
    ISO_LAYER,        /* x -> y with weights w; backward from dy */
    ISO_VIEW,         /* y is x with another shape; has no kernels */
    ISO_LOSS,         /* x = (prediction, target[, weight of each row]) -> y = (mean loss), or
                         (probabilities, mean loss) where it absorbs; backward starts here */
    ISO_METRIC,       /* x = (prediction, target) -> y = (counts over the rows); no backward */
    ISO_SCORE, /* x = (counts) -> y = (score): computed on the host from a metric's counts over all
                  rows of an epoch; has no kernels */
    ISO_PENALTY,  /* w[0] -> y[0] = a term that is added to the loss; backward adds to dw[0] */
    ISO_CLIPPING, /* x = (gradient[, squared norms]) -> y = the clipped gradient; may work in place;
                     no backward */
    ISO_OPTIMIZER /* updates w from dw and state */
};

#define ISO_OP_ENUM(name, kind) ISO_OP_##name,
enum iso_op {
#define OP ISO_OP_ENUM
#include "ops.def"
#undef OP
    ISO_OP_COUNT
};

/* The kind of value that a field takes; each comment gives its type in the op's params struct. */
enum iso_field_type {
    ISO_FIELD_INT,    /* int64_t */
    ISO_FIELD_BYTES,  /* int64_t: 1000000, 512 KiB, 512 MiB, 2 GiB or 1.5 GiB */
    ISO_FIELD_INT2,   /* int64_t[2]: 5 or [5, 3] (height, width) */
    ISO_FIELD_SIDES,  /* int64_t[4], above, below, left, right: 1, [2, 3] (height, width) or
                         [[1, 2], [3, 4]] */
    ISO_FIELD_REAL,   /* double; a number or a fraction such as 1/255 */
    ISO_FIELD_REAL2,  /* double[2]: [0, 0.8], from and to; both NaN: the YAML has a word instead */
    ISO_FIELD_SPREAD, /* double[2], from and to: [0.8, 1.2], or 0.2, which means 1 - 0.2 to 1 + 0.2
                       */
    ISO_FIELD_REALS,  /* struct iso_reals: 0.5 or [0.5, 0.4, 0.3], one for each channel */
    ISO_FIELD_CHOICE, /* struct iso_choice: 0.5, or numbers to choose from, [-3, 0, 3] */
    ISO_FIELD_BOOL,   /* bool */
    ISO_FIELD_ENUM,   /* int: index into choices */
    ISO_FIELD_INITIALIZER, /* struct iso_initializer */
    ISO_FIELD_REGULARIZER, /* struct iso_regularizer */
    ISO_FIELD_ACTIVATION,  /* int: index into the activation op's functions (linear = 0) */
    ISO_FIELD_TEXT,        /* char array of `max` bytes */
    ISO_FIELD_LIST,        /* the same: [a, b], or a,b, as which it is kept */
    ISO_FIELD_SHAPE,       /* struct iso_shape without its batch: [784] or [28, 28, 1]; dim[0] is
                              0 */
    ISO_FIELD_CLASSES      /* struct iso_class_map *, owned: [3, 5] or [[0, 1], [2, 3]] */
};
struct iso_field { /* a table ends with key NULL */
    const char *key;
    enum iso_field_type type;
    size_t offset;    /* in the params struct */
    const char *dflt; /* YAML text of the default; NULL: the key is required;
                         "": it may be missing, and then nothing is set */
    double min, max;  /* inclusive range of numbers; both 0: no limit */
    const char *const
        *choices;    /* words of an ENUM, or one that REALS or REAL2 accept; NULL-terminated */
    const char *doc; /* one line, shown by `isocl help` and models/README.md */
};

enum { ISO_REALS = 4 };
struct iso_reals {
    int n;
    double v[ISO_REALS];
}; /* n from 1; 0: the YAML has a word instead */
enum { ISO_CHOICES = 8 };
struct iso_choice {
    int n;
    double v[ISO_CHOICES];
}; /* n 0: a single number, v[0], not a list */

enum iso_initializer_kind {
    ISO_INIT_ZEROS,
    ISO_INIT_ONES,
    ISO_INIT_CONSTANT,
    ISO_INIT_RANDOM_UNIFORM,
    ISO_INIT_RANDOM_NORMAL,
    ISO_INIT_TRUNCATED_NORMAL,
    ISO_INIT_GLOROT_UNIFORM,
    ISO_INIT_GLOROT_NORMAL,
    ISO_INIT_HE_UNIFORM,
    ISO_INIT_HE_NORMAL,
    ISO_INIT_LECUN_UNIFORM,
    ISO_INIT_LECUN_NORMAL,
    ISO_INIT_ORTHOGONAL
};
/* constant: a; uniform: [a, b); normal: mean a, stddev b; orthogonal: gain a */
struct iso_initializer {
    enum iso_initializer_kind kind;
    double a, b;
};

/* Adds l1 sum |w| + l2 sum w^2 to the loss; both 0: no penalty. */
struct iso_regularizer {
    double l1, l2;
};

struct iso_weight_def { /* a table ends with name NULL */
    const char *name;   /* Keras's name: kernel, bias, ... */
    size_t initializer; /* offset of its struct iso_initializer in the params */
    bool trainable;
    size_t regularizer; /* offset of its struct iso_regularizer; 0: it has none */
};

struct iso_shapes {     /* result of infer; unused entries have ndim 0 and count 0 */
    int ny, nw, nsaved; /* a weight among the nw with ndim 0 is one that these params do without */
    struct iso_shape y[ISO_OPERANDS], w[ISO_OPERANDS], saved[ISO_OPERANDS];
    enum iso_dtype y_dtype[ISO_OPERANDS], saved_dtype[ISO_OPERANDS];
    bool saved_whole[ISO_OPERANDS]; /* true: belongs to the whole batch, so dim[0] is not the batch
                                     */
};
struct iso_cost {
    double flops, bytes; /* per pass: 2 flops an fma; bytes read and written */
    int64_t chain;       /* length of the longest sum of products, 1 if there is none */
};
enum iso_pass { ISO_FORWARD, ISO_BACKWARD, ISO_UPDATE };
/* How sums of products are computed; each algorithm has its own bound (core/arithmetic/bounds.h).
 */
enum iso_algorithm { ISO_DIRECT, ISO_WINOGRAD };

/* Flags: tensors that the backward kernel reads besides dy, w and saved. The plan frees the others
 * early. */
enum { ISO_USES_X = 1, ISO_USES_Y = 2 };

/* The target that a loss takes. VALUES: as many numbers as the prediction has, one-hot for classes
 * (REAL [rows, columns]). CLASS: one class index (I32 [rows]). SIGNS: like VALUES, but each number
 * is one of two, so that a value between them has no meaning. */
enum iso_target { ISO_TARGET_VALUES, ISO_TARGET_CLASS, ISO_TARGET_SIGNS };

/* One sum that an op computes: its kind, defined in core/arithmetic/order.h, and the order of its
 * terms or, for a sum over rows, the meaning of a row. A CHAIN has few terms, added one after the
 * other. */
enum iso_sum { ISO_SUM_PRODUCTS, ISO_SUM_ROWS, ISO_SUM_AXIS, ISO_SUM_CHAIN, ISO_SUM_KINDS };
struct iso_sum_def { /* a table ends with what NULL */
    const char *what;
    enum iso_sum kind;
    const char *terms;
};

struct iso_op_def {    /* one op, independent of devices: iso_def_<name> in core/ops/<name>.c */
    const char *doc;   /* one line */
    const char *topic; /* topic of `isocl help`: layers, losses, optimizers, metrics, augmentations;
                          NULL: internal */
    size_t params_size;
    const struct iso_field *fields;       /* drives YAML, help, the reference page and saving */
    const struct iso_weight_def *weights; /* NULL: none */
    int nx, nx_max; /* smallest and largest number of inputs, the present ones first; nx_max 0:
                       exactly nx */
    enum iso_dtype resident; /* INPUT: type of the data set, x[0] */
    enum iso_target target;  /* LOSS */
    int absorbs; /* LOSS: the activation (indexed as by FIELD_ACTIVATION) that the last layer must
                    end in, unless the params say from_logits: x[0] is its input and y[0] its
                    output; linear: none */
    unsigned forward_changes; /* weights that forward updates in training (moving statistics), each
                                 1 << its index; they are not trainable */
    const char *const *saved; /* tensors that forward saves (mask, argmax); NULL-terminated */
    bool random;              /* draws random numbers in training */
    bool mixes; /* AUGMENTATION: mixes rows with each other, whatever a row is. The graph also runs
                   the op, with the same params, on the targets and on the weights of the rows; it
                   must draw the same numbers for them */
    bool of_images; /* AUGMENTATION that mixes: what it mixes must be images, though it takes the
                       targets and weights of their rows, too */
    bool product;   /* the results are sums of products: fast mode may add them in another order,
                       within the bound that follows from iso_cost.chain */
    unsigned backward_uses;
    unsigned (*uses)(const void *params); /* optional: replaces backward_uses if params decide it */
    const char *const *slots; /* optimizer state per weight, Keras names; NULL-terminated
                                 or NULL */
    int (*slot_count)(const void *params); /* optional: number of slots, counted from the first,
                                              that these params need */
    /* Optional: returns the slots that these params need, if they are not the first ones. */
    const char *const *(*slots_of)(const void *params);
    double (*slot_initial)(const void *params, int slot); /* optional: initial value of a slot */
    const struct iso_sum_def *sums;                       /* NULL: none */
    /* Computes shapes from params and input shapes. An op with several inputs is given
     * x[ISO_OPERANDS]; absent inputs have ndim 0, here and in an iso_call. Fails with ISO_ESHAPE
     * and a message that does not name the layer (the caller adds file, line and layer). The number
     * of rows may be any from 1. */
    iso_rc (*infer)(const void *params, const struct iso_shape *x, struct iso_shapes *out);
    void (*cost)(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out);
    /* Optional: the algorithm that defines the sums of products; NULL means ISO_DIRECT. */
    enum iso_algorithm (*algorithm)(const void *params, const struct iso_shape *x);
    /* Optional: computes, once for all backends, numbers that the kernels need (1/(1-rate), Adam's
     * step size). step counts from 0. Uses IEEE + - * / sqrt in double only, so that every machine
     * agrees. */
    void (*scalars)(const void *params, uint64_t step, double out[ISO_SCALARS]);
    /* OPTIMIZER, optional: returns the learning rate after the optimizer's own decay at this step.
     */
    double (*decayed)(const void *params, double rate, uint64_t step);
    /* Optional: checks fields against each other; on error returns iso_fail(ISO_EMODEL, ...). */
    iso_rc (*check)(const void *params);
    bool of_class; /* METRIC: compares the class of each row, which rows with targets do not have */
    /* METRIC. False: y is a single count, REAL [1], which forward overwrites; it is shown as a
     * share of the rows. True: y holds many counts, I32, to which forward adds from batch to batch;
     * a score reads them. */
    bool forward_adds;
    enum iso_op reads; /* SCORE: the metric whose counts it reads */
    /* SCORE: computes y, as many numbers as infer says, from the counts x. */
    void (*score)(const void *params, const struct iso_shape *x, const double *counts, double *y);
    /* METRIC and SCORE, optional: writes the name for tables if it depends on the params, such as
     * top_5; `name` is the op's own. */
    void (*label)(const char *name, const void *params, char *buf, size_t n);
};
struct iso_op_entry {
    const char *name;
    enum iso_kind kind;
    const struct iso_op_def *def;
};
extern const struct iso_op_entry iso_ops[ISO_OP_COUNT]; /* core/op_table.c */
/* Returns the op of this name, or -1. */
int iso_op_find(const char *name);
/* Returns true if the op works on one weight: then x in its cases, infer and cost is that weight's
 * shape, and the op reads no inputs. */
bool iso_op_of_weight(enum iso_op);
/* Gives the smallest and the largest number of inputs of an op's case or layer; 1 for an op that
 * works on a weight. */
void iso_op_inputs(enum iso_op, int *least, int *most);
/* Writes "1 input" or "2 to 8 inputs" into buf and returns buf. */
const char *iso_op_inputs_text(enum iso_op, char *buf, size_t n);
/* Writes the name of a metric or score for tables, headings and messages into buf and returns buf.
 */
const char *iso_op_label(enum iso_op, const void *params, char buf[ISO_NAME]);
/* Returns the flags ISO_USES_X and ISO_USES_Y of the backward kernel with these params. */
unsigned iso_op_backward_uses(enum iso_op, const void *params);
/* Returns the names of the slots that an optimizer with these params keeps, and their number in
 * *count. */
const char *const *iso_op_slots(enum iso_op, const void *params, int *count);
/* Returns the value of each element of that slot before the first step. */
double iso_op_slot_initial(enum iso_op, const void *params, int slot);
/* Returns true if a loss with these params computes its activation from the logits in which the
 * network ends. */
bool iso_op_from_logits(enum iso_op, const void *params);
/* Returns a pointer to the learning rate within an optimizer's params. */
double *iso_op_learning_rate(enum iso_op, void *params);

/* ---- Kernels ------------------------------------------------------------------------------- */

struct iso_activation;
struct iso_call {       /* everything that one kernel may touch */
    const void *params; /* the op's own struct (core/ops/<name>.h), checked by
                           core */
    const struct iso_activation
        *activation; /* fused: y holds this elementwise function of the result, and in backward dy
                        is the gradient of that y; NULL: none */
    const struct iso_activation
        *x_activation; /* fused: x[0] is the result of this elementwise function, and backward sets
                          dx[0] to the gradient of its input; NULL: none */
    bool adds; /* a fused add: x[1], which the op itself does not use, is added to the result before
                  the activation. Backward computes dx[1] before dx[0] */
    const struct iso_gather_labels *labels; /* fused labels: the targets y[1] of the same rows are
                                               gathered, too, from the labels x[2]; NULL: none */
    struct iso_tensor x[ISO_OPERANDS], y[ISO_OPERANDS], w[ISO_OPERANDS];
    struct iso_tensor dx[ISO_OPERANDS], dy[ISO_OPERANDS],
        dw[ISO_OPERANDS];                  /* mem NULL: not wanted */
    struct iso_tensor saved[ISO_OPERANDS]; /* written by forward, read by backward: argmax, mask */
    struct iso_tensor state[ISO_OPERANDS]; /* optimizer slots, laid out like w */
    bool add_dx[ISO_OPERANDS], add_dw[ISO_OPERANDS]; /* true: finish the sum, then add it once to
                                                        the tensor; false: overwrite the tensor */
    struct iso_tensor workspace; /* ISO_U8, as large as .workspace returned; content undefined */
    double scalars[ISO_SCALARS]; /* from iso_op_def.scalars; kernels round them to real */
    uint64_t seed;
    uint32_t step, layer; /* counter of the random numbers; layer: index among the layers or the
                             augmentations */
    int64_t step_rows, first_row; /* rows of the whole step, and the index in it of this call's
                                     first row: a shard of a step is a batch of its own */
    int64_t first;                /* ISO_INPUT: index of the first entry of `order` to take */
    bool training;
};

/* Computes the cost of a call from its params and the shapes of its inputs. */
void iso_call_cost(enum iso_op, const struct iso_call *, enum iso_pass, struct iso_cost *out);

struct iso_backend;
struct iso_kernel { /* one op on one backend: backends/<backend>/<op>.c */
    /* Optional. Returns false, with a reason in why (n bytes), if this device cannot run this call
     * of the op. May build what the answer needs, but measures nothing, writes no file and prints
     * nothing. */
    bool (*supports)(struct iso_backend *, enum iso_op, const struct iso_call *, char *why,
                     size_t n);
    /* Optional. Called once for each call that a plan will make, after supports. May build,
     * measure, and keep results in the user's cache. */
    iso_rc (*prepare)(struct iso_backend *, const struct iso_call *);
    /* Optional. Returns the bytes of workspace that the pass needs for the call's number of rows or
     * fewer. The tensors' mem is not yet set. */
    size_t (*workspace)(struct iso_backend *, const struct iso_call *, enum iso_pass);
    bool fuses_activation;   /* forward obeys iso_call.activation */
    bool fuses_add;          /* forward obeys iso_call.adds */
    bool fuses_labels;       /* gather_images: forward obeys iso_call.labels */
    bool fuses_x_activation; /* backward obeys iso_call.x_activation, and reads x[0] for it */
    /* Optional. Returns true if backward obeys both, activation and adds, for this activation or
     * none (NULL). It may read y. */
    bool (*fuses_gradient)(const struct iso_activation *);
    /* all kinds but OPTIMIZER */
    iso_rc (*forward)(struct iso_backend *, const struct iso_call *);
    /* LAYER, LOSS, PENALTY */
    iso_rc (*backward)(struct iso_backend *, const struct iso_call *);
    /* OPTIMIZER: w[0], dw[0], state[]; LAYER: w that forward_changes, from their sums in dw */
    iso_rc (*update)(struct iso_backend *, const struct iso_call *);
};

/* ---- Backends ------------------------------------------------------------------------------ */

enum iso_mode { ISO_MODE_DEFAULT, ISO_MODE_EXACT, ISO_MODE_FAST };
/* EXACT_NORMAL: exact except for subnormals */
enum iso_exactness { ISO_EXACT, ISO_EXACT_NORMAL, ISO_INEXACT };

struct iso_device { /* one line of `isocl devices` */
    char id[32];    /* as --device takes it: reference, opencl:0.0 */
    char name[128], platform[128], driver[128];
    enum iso_exactness exactness;
    bool usable, gpu;
    uint64_t memory, max_alloc; /* bytes; 0: limited by the machine only */
    int units;                  /* cores or compute units */
    char note[256];             /* why it is not usable, or a quirk worth knowing */
};

/* Measured peaks of a device, with which `isocl bench` compares its figures. */
enum iso_peak {
    ISO_PEAK_FMA, /* flop/s of fused multiply-adds, 2 each, in the widest vectors */
    ISO_PEAK_COPY,
    ISO_PEAK_TRIAD,  /* bytes/s read and written by a = b and by a = b + s c,
                        beyond the caches */
    ISO_PEAK_HANDOFF /* round trips/s of a word between two busy threads; 0 with one thread */
};

/* One command on a device, and the time at which it ran by the device's own clock. */
struct iso_profile_event {
    const char *name;  /* the kernel's name, a string literal */
    int call;          /* iso_profile.call when the command was queued */
    double flops;      /* flops of the sums of products, 2 an fma; 0: none */
    double begin, end; /* seconds */
};
struct iso_profile {
    struct iso_profile_event *events; /* free with free */
    int count, room;
    int call; /* set by the caller: its number for the commands that follow */
};

/* How much settle may measure to choose the fastest of several kernels. NEEDED: only what cannot be
 * chosen otherwise. OFF: nothing. AUTO: for some seconds, what the model needs and nobody has
 * measured yet. ALL: everything, anew. No choice changes a bit in exact mode. */
enum iso_tuning { ISO_TUNE_NEEDED, ISO_TUNE_OFF, ISO_TUNE_AUTO, ISO_TUNE_ALL };
struct iso_tuned { /* one way to compute one product */
    const char *product, *candidate;
    const char *verdict;   /* "right", or the fault */
    double seconds, flops; /* seconds of the fastest run, 0: never run; flops: 2 an fma */
    bool chosen;
};
typedef void iso_tuned_visit(void *self, const struct iso_tuned *);

/* A device: memory and a queue, nothing about models. Calls on one backend come from one thread.
 * Work may be queued; errors of queued work surface in read or sync at the latest. */
struct iso_backend_ops {
    const char *name, *doc;
    const char *fast; /* the effect of fast mode; NULL: none, fast mode is exact mode */
    /* [ISO_OP_COUNT]; NULL entry: none */
    const struct iso_kernel *const *kernels;
    /* Appends devices to out, which has room for max, and adds their number to *count. Finding none
     * is not an error. */
    iso_rc (*list)(struct iso_device *out, int max, int *count);
    /* device: the text after the backend's name in --device ("" or "0.1" or part of a name). */
    iso_rc (*open)(const char *device, enum iso_mode mode, int threads, struct iso_backend **out);
    void (*close)(struct iso_backend *);
    /* Optional. Called after supports and prepare of every call of a plan, and before workspace of
     * any: builds what the calls need, all together, which is faster than one after the other.
     * Fails with ISO_EUNSUP if the device turns out to be unable to run them. */
    iso_rc (*settle)(struct iso_backend *);
    iso_rc (*alloc)(struct iso_backend *, size_t bytes, struct iso_mem **out);
    void (*free)(struct iso_backend *, struct iso_mem *); /* NULL is fine */
    iso_rc (*write)(struct iso_backend *, struct iso_mem *dst, size_t offset, const void *src,
                    size_t bytes);
    iso_rc (*read)(struct iso_backend *, const struct iso_mem *src, size_t offset, void *dst,
                   size_t bytes);
    iso_rc (*fill)(struct iso_backend *, struct iso_mem *dst, size_t offset, uint8_t byte,
                   size_t bytes);
    iso_rc (*sync)(struct iso_backend *); /* waits for queued work; returns its errors */
    /* Optional. Visits each known way to compute each product of the plans so far, one product
     * after the other. */
    iso_rc (*tuned)(struct iso_backend *, iso_tuned_visit *, void *self);
    /* Optional. Measures a peak for about the given time, with all threads of this backend. */
    iso_rc (*peak)(struct iso_backend *, enum iso_peak, double seconds, double *out);
    /* Optional. Records every command that follows in the profile, which must stay valid until a
     * call with NULL ends the recording: that call waits for the device and fills in the times. */
    iso_rc (*profile)(struct iso_backend *, struct iso_profile *);
};
struct iso_backend { /* the first member of every backend's own struct */
    const struct iso_backend_ops *ops;
    const struct iso_kernel *const *kernels; /* this device's kernels; usually ops->kernels */
    enum iso_mode mode;                      /* EXACT or FAST once open */
    enum iso_tuning tuning;                  /* set by whoever opened it */
    size_t real_size; /* bytes of an ISO_REAL: 4, or 8 in the double reference */
    size_t max_alloc; /* size in bytes of the largest allocation; 0: no limit */
    struct iso_device device;
};
/* Returns true if the backend has a kernel of the op that can run the call; else false, with the
 * kernel's reason in why (n bytes), which stays as it is if there is no kernel. */
static inline bool iso_backend_supports(struct iso_backend *b, enum iso_op op,
                                        const struct iso_call *call, char *why, size_t n)
{
    const struct iso_kernel *k = b->kernels[op];
    return k != NULL && (k->supports == NULL || k->supports(b, op, call, why, n));
}

extern const struct iso_backend_ops *const iso_backends[]; /* backends/registry.c;
                                                              NULL-terminated */
/* Writes the id of the device that "auto" (the first usable GPU, else "cpu") or "gpu" stands for,
 * and a sentence with the reason. Any other text is copied to id, truncated to n bytes, and why is
 * "". If there is no GPU for "gpu", fails with a message that lists the devices. */
enum { ISO_CHOICE_WHY = 1200 };
iso_rc iso_backend_choose(const char *device, char *id, size_t n, char *why, size_t size);
/* Writes the id of the device that "auto" stands for where several processes of a machine share its
 * devices: of process number `local`, from 0, the usable GPU of that number, else "cpu". */
iso_rc iso_backend_choose_local(int local, char *id, size_t n);
/* Opens "auto", "gpu", "reference", "cpu", "opencl", "opencl:1", "opencl:0.1", "opencl:pocl",
 * "reference:double". threads 0: one for each processor. Sets *out on success only; close it with
 * iso_backend_close. */
iso_rc iso_backend_open(const char *device, enum iso_mode mode, int threads,
                        struct iso_backend **out);
void iso_backend_close(struct iso_backend *); /* NULL is fine */
size_t iso_dtype_size(const struct iso_backend *, enum iso_dtype);

/* Read and write all elements of a tensor, converting ISO_REAL to and from float or double. */
iso_rc iso_tensor_write(struct iso_backend *, const struct iso_tensor *, const double *values);
iso_rc iso_tensor_read(struct iso_backend *, const struct iso_tensor *, double *values);
iso_rc iso_tensor_write_f32(struct iso_backend *, const struct iso_tensor *, const float *values);
iso_rc iso_tensor_read_f32(struct iso_backend *, const struct iso_tensor *, float *values);

#endif
