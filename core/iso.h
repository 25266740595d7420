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

#include "order.h"

#define ISO_VERSION "0.1.0"
/* Rises whenever the definition of any result in exact mode changes; kept in runs and records. */
#define ISO_ARITH_VERSION 2

/* ---- Errors -------------------------------------------------------------------------------- */

/* A fallible function returns ISO_OK or one of these. The message is set once, with iso_fail,
 * where the fault is found, and says what the user can do; callers pass the code on. One that does
 * not, because it deals with the failure itself, takes the message away. */
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

/* Makes this the thread's message, in place of an earlier one, and returns rc. */
iso_rc iso_fail(iso_rc rc, const char *fmt, ...) ISO_PRINTF(2, 3);
/* Puts text in front of the message that is there, and returns rc: for a caller that knows more
 * than the function that failed. Without a message, the text is the message. */
iso_rc iso_fail_prefix(iso_rc rc, const char *fmt, ...) ISO_PRINTF(2, 3);
/* Returns the message of this thread's last failure, or "" when there is none or somebody has taken
 * it. Borrowed until the next failure. */
const char *iso_error(void);
/* Takes the message away, into buf, cut off where it is longer, and returns buf. */
char *iso_error_take(char *buf, size_t n);
/* Takes it away where nobody wants it: the failure has been told, or does not matter. */
void iso_error_clear(void);
const char *iso_rc_text(iso_rc rc);
#define ISO_TRY(e)             \
    do {                       \
        iso_rc iso_rc_ = (e);  \
        if (iso_rc_ != ISO_OK) \
            return iso_rc_;    \
    } while (0)

/* Zeroed memory, or NULL with the message set (ISO_ENOMEM). Free with free(). count * size is
 * checked for overflow. Tests make the n-th call fail with iso_alloc_fail_after(n); -1: never. */
void *iso_alloc(size_t count, size_t size);
void iso_alloc_fail_after(long n);

/* ---- Shapes and tensors -------------------------------------------------------------------- */

enum { ISO_DIMS = 4, ISO_OPERANDS = 8, ISO_NAME = 96, ISO_SCALARS = 8 };

enum iso_dtype { ISO_REAL, ISO_I32, ISO_U8 }; /* REAL: float32; float64 in the double reference */

struct iso_shape {
    int ndim;
    int64_t dim[ISO_DIMS];
}; /* dim[0] is the batch for x and y */
/* Elements of a shape; 1 for ndim 0. */
int64_t iso_shape_count(const struct iso_shape *s);
/* *product times by; false, and it stays, where by is negative or 64 bits cannot hold it. */
bool iso_times(int64_t *product, int64_t by);
/* True if no size is negative, and the bytes of so many doubles can be counted. */
bool iso_shape_countable(const struct iso_shape *s);
bool iso_shape_equal(const struct iso_shape *a, const struct iso_shape *b);
/* Writes "28x28x1" (from = 1 leaves the batch out, 0 has it) into buf and returns buf. */
const char *iso_shape_text(const struct iso_shape *s, int from, char *buf, size_t n);

struct iso_mem;     /* device memory; its layout is known only to its backend */
struct iso_tensor { /* mem NULL: not wanted, not there */
    struct iso_mem *mem;
    size_t offset; /* in elements of dtype */
    enum iso_dtype dtype;
    struct iso_shape shape;
};

/* ---- Ops ----------------------------------------------------------------------------------- */

enum iso_kind {
    ISO_INPUT,        /* fills a batch from a resident data set: x = (data, order), y = batch */
    ISO_AUGMENTATION, /* x -> y, a batch of images changed at random; left as they are when not
                       training; no backward. One that mixes rows also takes a batch of targets, or
                       of weights, and does the same to them */
    ISO_LAYER,        /* x -> y with weights w; backward from dy */
    ISO_VIEW,         /* y is x under another shape; has no kernels */
    ISO_LOSS,         /* x = (prediction, target[, weight of each row]) -> y = (mean loss), or
                         (probabilities, mean loss) where it absorbs; backward starts here */
    ISO_METRIC,       /* x = (prediction, target) -> y = (counts over the rows); no backward */
    ISO_SCORE,        /* what follows from a metric's counts over all rows of an epoch: computed on
                         the host, x = (counts) -> y = (score); has no kernels */
    ISO_PENALTY,  /* w[0] -> y[0] = a number that the loss gains by it; backward adds to dw[0] */
    ISO_CLIPPING, /* x = (gradient[, squared norms]) -> y = that gradient, limited; may be done in
                     place; no backward */
    ISO_OPTIMIZER /* updates w from dw and state */
};

#define ISO_OP_ENUM(name, kind) ISO_OP_##name,
enum iso_op {
#define OP ISO_OP_ENUM
#include "ops.def"
#undef OP
    ISO_OP_COUNT
};

/* What the values of a field table's entry are. Storage type in the op's params struct: */
enum iso_field_type {
    ISO_FIELD_INT,         /* int64_t */
    ISO_FIELD_INT2,        /* int64_t[2]: 5 or [5, 3] (height, width) */
    ISO_FIELD_SIDES,       /* int64_t[4], above, below, left, right: 1, [2, 3] (height, width) or
                              [[1, 2], [3, 4]] */
    ISO_FIELD_REAL,        /* double; a number or a fraction such as 1/255 */
    ISO_FIELD_REAL2,       /* double[2]: [0, 0.8], from and to; both NaN: a word stands for them */
    ISO_FIELD_SPREAD,      /* double[2], from and to: [0.8, 1.2], or 0.2, which is as far from 1 */
    ISO_FIELD_REALS,       /* struct iso_reals: 0.5 or [0.5, 0.4, 0.3], one for each channel */
    ISO_FIELD_CHOICE,      /* struct iso_choice: 0.5, or numbers to choose from, [-3, 0, 3] */
    ISO_FIELD_BOOL,        /* bool */
    ISO_FIELD_ENUM,        /* int: index into choices */
    ISO_FIELD_INITIALIZER, /* struct iso_initializer */
    ISO_FIELD_REGULARIZER, /* struct iso_regularizer */
    ISO_FIELD_ACTIVATION,  /* int: index into the activation op's functions (linear = 0) */
    ISO_FIELD_TEXT,        /* char array of `max` bytes */
    ISO_FIELD_SHAPE,       /* struct iso_shape without its batch: [784] or [28, 28, 1]; dim[0] is
                              0 */
    ISO_FIELD_CLASSES      /* struct iso_class_map *, owned: [3, 5] or [[0, 1], [2, 3]] */
};
struct iso_field { /* a table ends with key NULL */
    const char *key;
    enum iso_field_type type;
    size_t offset;              /* in the params struct */
    const char *dflt;           /* YAML text of the default; NULL: the key is required;
                                   "": it may be missing, and then nothing is set */
    double min, max;            /* inclusive range of numbers; both 0: no limit */
    const char *const *choices; /* of ENUM; a word for REALS or REAL2; NULL-terminated */
    const char *doc;            /* one line, shown by `isocl help` and models/README.md */
};

enum { ISO_REALS = 4 };
struct iso_reals {
    int n;
    double v[ISO_REALS];
}; /* n from 1; 0: a word stands for them */
enum { ISO_CHOICES = 8 };
struct iso_choice {
    int n;
    double v[ISO_CHOICES];
}; /* n 0: the number v[0], no list */

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

/* The loss gains l1 sum |w| + l2 sum w^2; both 0: nothing. */
struct iso_regularizer {
    double l1, l2;
};

struct iso_weight_def { /* a table ends with name NULL */
    const char *name;   /* Keras's: kernel, bias, ... */
    size_t initializer; /* offset of its struct iso_initializer in the params */
    bool trainable;
    size_t regularizer; /* offset of its struct iso_regularizer; 0: it has none */
};

struct iso_shapes {     /* result of infer; unused entries have ndim 0 and count 0 */
    int ny, nw, nsaved; /* a weight with ndim 0 among the nw is left out by the
                           params */
    struct iso_shape y[ISO_OPERANDS], w[ISO_OPERANDS], saved[ISO_OPERANDS];
    enum iso_dtype y_dtype[ISO_OPERANDS], saved_dtype[ISO_OPERANDS];
    bool saved_whole[ISO_OPERANDS]; /* of the batch as a whole: dim[0] is not the batch */
};
struct iso_cost {
    double flops, bytes; /* of one pass: 2 flops an fma; bytes read and written */
    int64_t chain;       /* length of the longest sum of products, 1 when there is
                            none */
};
enum iso_pass { ISO_FORWARD, ISO_BACKWARD, ISO_UPDATE };
/* How sums of products are made; each class has its own bound (core/bounds.h). */
enum iso_algorithm { ISO_DIRECT, ISO_WINOGRAD };

/* What the backward kernel reads besides dy, w and saved; the plan frees the rest early. */
enum { ISO_USES_X = 1, ISO_USES_Y = 2 };

/* The target a loss takes: as many numbers as the prediction has, one-hot where they are classes
 * (REAL [rows, columns]), or one class (I32 [rows]). SIGNS: as VALUES, but each is one of two, so
 * that nothing between them has a meaning. */
enum iso_target { ISO_TARGET_VALUES, ISO_TARGET_CLASS, ISO_TARGET_SIGNS };

/* One sum that an op makes, as core/order.h has its kind, and the order of its terms; over rows:
 * what a row is. A chain has few terms, added one after the other. */
enum iso_sum { ISO_SUM_PRODUCTS, ISO_SUM_ROWS, ISO_SUM_AXIS, ISO_SUM_CHAIN, ISO_SUM_KINDS };
struct iso_sum_def { /* a table ends with what NULL */
    const char *what;
    enum iso_sum kind;
    const char *terms;
};

struct iso_op_def {    /* one op, no device in it: core/ops/<name>.c,
                          iso_def_<name> */
    const char *doc;   /* one line */
    const char *topic; /* of help: layers, losses, optimizers, metrics,
                          augmentations; NULL: internal */
    size_t params_size;
    const struct iso_field *fields;       /* drives YAML, help, the reference page and saving */
    const struct iso_weight_def *weights; /* NULL: none */
    int nx, nx_max;                       /* the least and the largest number of inputs, those there
                                             come first; nx_max 0: the same */
    enum iso_dtype resident;              /* of an input: what the data set, x[0], holds */
    enum iso_target target;               /* of a loss */
    int absorbs;              /* of a loss: the activation (indexed as by FIELD_ACTIVATION)
                                 that the last layer must end in: x[0] is what that one is
                                 given and y[0] what it gives; linear: none */
    unsigned forward_changes; /* weights that forward in training updates (moving
                                 statistics), each 1 << its index; they are not
                                 trainable */
    const char *const *saved; /* names of what forward saves: mask, argmax; NULL-terminated
                                 or NULL */
    bool random;              /* in training it draws random numbers */
    bool mixes;               /* of an augmentation: rows with each other, whatever a row
                                 is. The graph runs the op with the same params on the
                                 targets and on the weights of the rows, too, and it must
                                 draw the same for them */
    bool product;             /* its results are sums of products: fast mode may add them
                                 in another order, within the bound that follows from
                                 the cost's chain */
    unsigned backward_uses;
    unsigned (*uses)(const void *params); /* optional: backward_uses where params decide it */
    const char *const *slots; /* optimizer state per weight, Keras names; NULL-terminated
                                 or NULL */
    int (*slot_count)(const void *params); /* optional: these params need only the first so many
                                              slots */
    /* Optional: the slots that these params need, where those are not the first so many. */
    const char *const *(*slots_of)(const void *params);
    double (*slot_initial)(const void *params, int slot); /* optional: what a slot starts at */
    const struct iso_sum_def *sums;                       /* NULL: it makes none */
    /* Shapes from params and input shapes, x[ISO_OPERANDS] of an op with several inputs: those that
     * are not there have ndim 0, as have their tensors in an iso_call. Fails with ISO_ESHAPE and a
     * message that does not name the layer (the caller adds file, line and layer). Rows may be any
     * number from 1. */
    iso_rc (*infer)(const void *params, const struct iso_shape *x, struct iso_shapes *out);
    void (*cost)(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out);
    /* Optional: what defines the sums of products; ISO_DIRECT where it is missing. */
    enum iso_algorithm (*algorithm)(const void *params, const struct iso_shape *x);
    /* Optional: numbers the kernels need that are computed once, here (1/(1-rate), Adam's step
     * size). step counts from 0. IEEE + - * / sqrt in double only, so that every machine agrees. */
    void (*scalars)(const void *params, uint64_t step, double out[ISO_SCALARS]);
    /* Optional, of an optimizer: what its own decay leaves of a learning rate at this step. */
    double (*decayed)(const void *params, double rate, uint64_t step);
    /* Optional: checks between fields; sets a message with iso_fail(ISO_EMODEL, ...). */
    iso_rc (*check)(const void *params);
    /* METRIC. One of a single count (y is REAL [1]) overwrites it, and is shown as its share of the
     * rows. With forward_adds y holds many counts, I32, that are added to from batch to batch: what
     * a score reads. */
    bool forward_adds;
    enum iso_op reads; /* SCORE: the metric whose counts it reads */
    /* SCORE: y, as many numbers as infer says, from the counts x. */
    void (*score)(const void *params, const struct iso_shape *x, const double *counts, double *y);
    /* METRIC and SCORE, optional: the name in tables where it depends on the params, as top_5;
     * `name` is the op's own. */
    void (*label)(const char *name, const void *params, char *buf, size_t n);
};
struct iso_op_entry {
    const char *name;
    enum iso_kind kind;
    const struct iso_op_def *def;
};
extern const struct iso_op_entry iso_ops[ISO_OP_COUNT]; /* core/op_table.c */
/* The op of this name, or -1. */
int iso_op_find(const char *name);
/* True if the op works on one weight: then the x of its cases, infer and cost is that weight's
 * shape, and it reads no inputs. */
bool iso_op_of_weight(enum iso_op);
/* The least and the largest number of inputs of an op's case or layer: 1 of an op of a weight. */
void iso_op_inputs(enum iso_op, int *least, int *most);
/* Writes that number as text, "1 input" or "2 to 8 inputs", into buf, and returns buf. */
const char *iso_op_inputs_text(enum iso_op, char *buf, size_t n);
/* The name of a metric or score in tables, headings and messages. Returns buf. */
const char *iso_op_label(enum iso_op, const void *params, char buf[ISO_NAME]);
/* ISO_USES_X, ISO_USES_Y: what the backward kernel reads with these params. */
unsigned iso_op_backward_uses(enum iso_op, const void *params);
/* The names of the slots that an optimizer with these params keeps, and their number. */
const char *const *iso_op_slots(enum iso_op, const void *params, int *count);
/* What each element of such a slot is before the first step. */
double iso_op_slot_initial(enum iso_op, const void *params, int slot);
/* Where the params of an optimizer keep the learning rate. */
double *iso_op_learning_rate(enum iso_op, void *params);

/* ---- Kernels ------------------------------------------------------------------------------- */

struct iso_activation;
struct iso_call {                            /* all that one kernel may touch */
    const void *params;                      /* the op's own struct (core/ops/<name>.h), checked by
                                                core */
    const struct iso_activation *activation; /* of a kernel that fuses it: y holds this elementwise
                                                function of the result; NULL: none. In backward dy
                                                is then the gradient of that y */
    bool adds; /* of a kernel that fuses an add: before that, x[1], for which the op itself has no
                  use, is added to the result. Backward gives dx[1] its gradient before dx[0] */
    const struct iso_gather_labels *labels; /* of a kernel that fuses them: the targets y[1] of the
                                               same rows are gathered, too, from the labels x[2];
                                               NULL: not */
    struct iso_tensor x[ISO_OPERANDS], y[ISO_OPERANDS], w[ISO_OPERANDS];
    struct iso_tensor dx[ISO_OPERANDS], dy[ISO_OPERANDS],
        dw[ISO_OPERANDS];                            /* mem NULL: not wanted */
    struct iso_tensor saved[ISO_OPERANDS];           /* forward -> backward: argmax, mask */
    struct iso_tensor state[ISO_OPERANDS];           /* optimizer slots, laid out as w */
    bool add_dx[ISO_OPERANDS], add_dw[ISO_OPERANDS]; /* true: finish the sum, then add it once;
                                                  false: overwrite */
    struct iso_tensor workspace; /* ISO_U8, as large as .workspace asked; contents
                                    undefined */
    double scalars[ISO_SCALARS]; /* from op_def.scalars; kernels round them to their real
                                    type */
    uint64_t seed;
    uint32_t step, layer;         /* counter of the random numbers; layer: index of the
                                     layer, or among the augmentations */
    int64_t step_rows, first_row; /* rows of the whole step, and the number of this call's first row
                                     in it: a shard of a step is a batch of its own */
    int64_t first;                /* ISO_INPUT: first entry of `order` to take */
    bool training;
};

/* The cost of a call, from its params and the shapes of its inputs. */
void iso_call_cost(enum iso_op, const struct iso_call *, enum iso_pass, struct iso_cost *out);

struct iso_backend;
struct iso_kernel { /* one op on one backend: backends/<backend>/<op>.c */
    /* Optional. False with a reason in why (n bytes): this device cannot run this call of the op. A
     * predicate: it may build what the answer needs, but measures nothing, writes no file and
     * prints nothing. */
    bool (*supports)(struct iso_backend *, enum iso_op, const struct iso_call *, char *why,
                     size_t n);
    /* Optional. Called once for each call that a plan will make, after supports; may measure, build
     * and keep what it found in the user's cache. */
    iso_rc (*prepare)(struct iso_backend *, const struct iso_call *);
    /* Optional. Bytes of workspace the pass needs with this many rows or fewer; tensors' mem is not
     * yet set. */
    size_t (*workspace)(struct iso_backend *, const struct iso_call *, enum iso_pass);
    bool fuses_activation; /* forward obeys iso_call.activation */
    bool fuses_add;        /* forward obeys iso_call.adds */
    bool fuses_labels;     /* of gather_images: forward obeys iso_call.labels */
    /* Optional. True if backward obeys both with this activation, or none (NULL): it may read y. */
    bool (*fuses_gradient)(const struct iso_activation *);
    /* all kinds but OPTIMIZER */
    iso_rc (*forward)(struct iso_backend *, const struct iso_call *);
    /* LAYER, LOSS, PENALTY */
    iso_rc (*backward)(struct iso_backend *, const struct iso_call *);
    /* OPTIMIZER: w[0], dw[0], state[] */
    iso_rc (*update)(struct iso_backend *, const struct iso_call *);
};

/* ---- Backends ------------------------------------------------------------------------------ */

enum iso_mode { ISO_MODE_DEFAULT, ISO_MODE_EXACT, ISO_MODE_FAST };
/* NORMAL: exact without subnormals */
enum iso_exactness { ISO_EXACT, ISO_EXACT_NORMAL, ISO_INEXACT };

struct iso_device { /* one line of `isocl devices` */
    char id[32];    /* what --device takes: reference, opencl:0.0 */
    char name[128], platform[128], driver[128];
    enum iso_exactness exactness;
    bool usable, gpu;
    uint64_t memory, max_alloc; /* bytes; 0: as much as the machine has */
    int units;                  /* cores or compute units */
    char note[256];             /* why it is not usable, or a quirk worth knowing */
};

/* What a device itself reaches: the judge of the figures that `isocl bench` prints. */
enum iso_peak {
    ISO_PEAK_FMA, /* flop/s of fused multiply-adds, 2 each, in its widest
                     vectors */
    ISO_PEAK_COPY,
    ISO_PEAK_TRIAD,  /* bytes/s read and written by a = b and by a = b + s c,
                        beyond the caches */
    ISO_PEAK_HANDOFF /* round trips/s of a word between two busy threads; 0 when
                        there are not two */
};

/* A command that a device was given, and when it ran by the device's own clock. */
struct iso_profile_event {
    const char *name;  /* of the kernel, a literal */
    int call;          /* iso_profile.call as it was then */
    double flops;      /* of its sums of products, 2 an fma; 0: it has none */
    double begin, end; /* seconds */
};
struct iso_profile {
    struct iso_profile_event *events; /* free with free */
    int count, room;
    int call; /* set by the caller: its number for what it has the backend do next */
};

/* What settle may measure, to choose the fastest of several kernels: only what cannot be chosen
 * otherwise; nothing; what a model needs and nobody has measured yet, for some seconds; or all of
 * it anew. It never changes a bit in exact mode. */
enum iso_tuning { ISO_TUNE_NEEDED, ISO_TUNE_OFF, ISO_TUNE_AUTO, ISO_TUNE_ALL };
struct iso_tuned { /* one way to compute one product */
    const char *product, *candidate;
    const char *verdict;   /* "right", or what is wrong with it */
    double seconds, flops; /* of its fastest run, 0: it has none; 2 flops an fma */
    bool chosen;
};
typedef void iso_tuned_visit(void *self, const struct iso_tuned *);

/* A device: memory and a queue, nothing about models. Calls on one backend come from one thread.
 * Work may be queued; errors of queued work surface in read or sync at the latest. */
struct iso_backend_ops {
    const char *name, *doc;
    const char *fast; /* what fast mode changes there; NULL: nothing, it is exact mode */
    /* [ISO_OP_COUNT]; NULL entry: none */
    const struct iso_kernel *const *kernels;
    /* Appends up to max devices to out and their number to *count. Never fails for "none". */
    iso_rc (*list)(struct iso_device *out, int max, int *count);
    /* device: what follows the backend's name in --device ("" or "0.1" or part of a name). */
    iso_rc (*open)(const char *device, enum iso_mode mode, int threads, struct iso_backend **out);
    void (*close)(struct iso_backend *);
    /* Optional. Called when supports and prepare have been asked of every call of a plan, and
     * before its workspaces are: makes ready what they need, all of it together, where that is
     * faster than one after the other. ISO_EUNSUP where the device turns out to be unable. */
    iso_rc (*settle)(struct iso_backend *);
    iso_rc (*alloc)(struct iso_backend *, size_t bytes, struct iso_mem **out);
    void (*free)(struct iso_backend *, struct iso_mem *); /* NULL is fine */
    iso_rc (*write)(struct iso_backend *, struct iso_mem *dst, size_t offset, const void *src,
                    size_t bytes);
    iso_rc (*read)(struct iso_backend *, const struct iso_mem *src, size_t offset, void *dst,
                   size_t bytes);
    iso_rc (*fill)(struct iso_backend *, struct iso_mem *dst, size_t offset, uint8_t byte,
                   size_t bytes);
    iso_rc (*sync)(struct iso_backend *); /* waits; reports queued faults */
    /* Optional. What is known of the ways to compute the products of the plans so far, those of a
     * product together. */
    iso_rc (*tuned)(struct iso_backend *, iso_tuned_visit *, void *self);
    /* Optional: measures a peak now, with all the threads this backend has, for about so many
     * seconds. */
    iso_rc (*peak)(struct iso_backend *, enum iso_peak, double seconds, double *out);
    /* Optional. Notes every command from now on in the profile, which the caller keeps until it
     * ends that with NULL: then the device is waited for, and the times are filled in. */
    iso_rc (*profile)(struct iso_backend *, struct iso_profile *);
};
struct iso_backend { /* the first member of every backend's own struct */
    const struct iso_backend_ops *ops;
    const struct iso_kernel *const *kernels; /* of this device; usually ops->kernels */
    enum iso_mode mode;                      /* EXACT or FAST once open */
    enum iso_tuning tuning;                  /* set by whoever opened it */
    size_t real_size; /* bytes of an ISO_REAL: 4, or 8 in the double reference */
    size_t max_alloc; /* largest single allocation in bytes; 0: no limit */
    struct iso_device device;
};

extern const struct iso_backend_ops *const iso_backends[]; /* backends/registry.c;
                                                              NULL-terminated */
/* Writes the id of the device that "auto" (the first usable GPU, else "cpu") or "gpu" stands for,
 * and a sentence that says why. Any other text is its own id, cut off after n bytes, and why is "".
 * Fails if there is no GPU for "gpu", and says what there is. */
enum { ISO_CHOICE_WHY = 1200 };
iso_rc iso_backend_choose(const char *device, char *id, size_t n, char *why, size_t size);
/* Opens "auto", "gpu", "reference", "cpu", "opencl", "opencl:1", "opencl:0.1", "opencl:pocl",
 * "reference:double". threads 0: as many as the machine has. *out is set only on success; close
 * with iso_backend_close. */
iso_rc iso_backend_open(const char *device, enum iso_mode mode, int threads,
                        struct iso_backend **out);
void iso_backend_close(struct iso_backend *); /* NULL is fine */
size_t iso_dtype_size(const struct iso_backend *, enum iso_dtype);

/* Element-wise access that converts ISO_REAL to and from float or double. */
iso_rc iso_tensor_write(struct iso_backend *, const struct iso_tensor *, const double *values);
iso_rc iso_tensor_read(struct iso_backend *, const struct iso_tensor *, double *values);
iso_rc iso_tensor_write_f32(struct iso_backend *, const struct iso_tensor *, const float *values);
iso_rc iso_tensor_read_f32(struct iso_backend *, const struct iso_tensor *, float *values);

#endif
