/* isocl.h: isocl as a library, for programs in C and C++. This is the only header of isocl that is
 * installed. The library trains the network that a model file describes, and uses the trained
 * weights. It prints nothing except warnings about a device on standard error (ISOCL_QUIET=1:
 * none).
 *
 *   isocl_model *model = NULL;
 *   isocl_training *training = NULL;
 *   if (isocl_model_read("models/demo.yaml", &model) != ISOCL_OK ||
 *       isocl_training_open(model, NULL, &training) != ISOCL_OK ||
 *       isocl_training_run(training) != ISOCL_OK)
 *       fprintf(stderr, "%s\n", isocl_error());
 *   isocl_training_free(training);
 *   isocl_model_free(model);
 *
 * Errors: a function that can fail returns ISOCL_OK or another isocl_rc. If it fails, isocl_error()
 * returns what is wrong, where, and what to do; no file is half written, and nothing is stored
 * through the last argument, `out`.
 *
 * Ownership: the caller owns the object stored through `out` and frees it with its type's function
 * that ends in _free, which accepts NULL, too. Arguments are borrowed during the call, unless a
 * function's comment says that it keeps them. The library owns the memory that a function returns
 * or passes to a callback; it is valid until the object is freed, or until the callback returns.
 *
 * Threads: any thread may use an object, but only one thread at a time. Different objects are
 * independent of each other.
 *
 * Versions: from one 0.x to the next this header may gain functions, constants, and members at the
 * end of the structs that the library hands out; a program that was built with an older header
 * still works. Removing or changing a function raises the number in the shared library's name. */
#ifndef ISOCL_H
#define ISOCL_H

#include <stddef.h>
#include <stdint.h>

#define ISOCL_VERSION_MAJOR 0
#define ISOCL_VERSION_MINOR 1
#define ISOCL_VERSION_PATCH 0
#define ISOCL_VERSION "0.1.0"
/* The version as one number, for comparisons: 100 is 0.1.0. */
#define ISOCL_VERSION_NUMBER \
    (ISOCL_VERSION_MAJOR * 10000 + ISOCL_VERSION_MINOR * 100 + ISOCL_VERSION_PATCH)

#if defined(__GNUC__)
#define ISOCL_API __attribute__((visibility("default")))
#else
#define ISOCL_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- The library --------------------------------------------------------------------------- */

typedef enum isocl_rc {
    ISOCL_OK = 0,
    ISOCL_ENOMEM = -1,  /* out of memory */
    ISOCL_EMODEL = -2,  /* bad model file */
    ISOCL_ESHAPE = -3,  /* shapes do not fit */
    ISOCL_EUNSUP = -4,  /* not supported by this device or this build */
    ISOCL_EDEVICE = -5, /* device error */
    ISOCL_EIO = -6,     /* file error */
    ISOCL_EDATA = -7,   /* bad data */
    ISOCL_EUSAGE = -8,  /* wrong usage */
    ISOCL_EPARITY = -9  /* numbers differ */
} isocl_rc;

/* Returns the version of the library that runs, which may be newer than ISOCL_VERSION. */
ISOCL_API const char *isocl_version(void);
/* Returns the version of the arithmetic. Results of two arithmetics are not comparable. */
ISOCL_API int isocl_arithmetic(void);
/* Returns a list of the optional libraries, built in or not: "OpenCL, CLBlast, no HDF5, ...". */
ISOCL_API const char *isocl_features(void);
/* Returns the message of this thread's last failure: a line, or for a bad model file a line for
 * each fault, "FILE:LINE:COLUMN: ...". "" if nothing has failed. Valid until the thread's next
 * call. */
ISOCL_API const char *isocl_error(void);

/* One device. */
typedef struct isocl_device {
    const char *id;       /* a value of the option `device`: cpu, opencl:0.0 */
    const char *name;     /* name of the processor */
    const char *platform; /* name of the OpenCL platform or backend */
    const char *driver;   /* version */
    const char *note;     /* reason if it is not usable, or a peculiarity; "": none */
    int usable, gpu;      /* 1 or 0 */
    int exact;            /* 1: computes the same bits as the reference */
    uint64_t memory;      /* bytes; 0: limited by the machine only */
} isocl_device;
/* A callback returns 0 to continue; any other value ends the function that calls it with
 * ISOCL_EUSAGE. */
typedef int isocl_device_fn(void *self, const isocl_device *device);
/* Calls told for each device of this machine. */
ISOCL_API isocl_rc isocl_devices(isocl_device_fn *told, void *self);

/* ---- Options ------------------------------------------------------------------------------- */

/* The options of `isocl train`, `eval` and `predict`. */
typedef struct isocl_options isocl_options;
typedef struct isocl_rows isocl_rows;

/* Makes options with their defaults. */
ISOCL_API isocl_rc isocl_options_new(isocl_options **out);
/* Sets an option by name, as text: ("device", "opencl"), ("epochs", "3"), ("resume", "true").
 * Copies the value. Fails with ISOCL_EUSAGE if there is no such option or the value is not valid.
 */
ISOCL_API isocl_rc isocl_options_set(isocl_options *options, const char *name, const char *value);
/* Uses these rows instead of the data that the model file names. split: train, validation or test.
 * With rows for training, a training has no validation unless it is given rows for that, too. Keeps
 * rows, which must outlive the options; NULL removes them. */
ISOCL_API isocl_rc isocl_options_rows(isocl_options *options, const char *split,
                                      const isocl_rows *rows);
ISOCL_API void isocl_options_free(isocl_options *options);
/* A callback of isocl_options_list: an option, its default ("": none), and its documentation. */
typedef int isocl_option_fn(void *self, const char *name, const char *dflt, const char *doc);
/* Calls told for each option. */
ISOCL_API isocl_rc isocl_options_list(isocl_option_fn *told, void *self);

/* ---- Rows: images and their classes -------------------------------------------------------- */

/* An array of numbers in the caller's memory, row-major. */
typedef struct isocl_array {
    const void *data;
    const char *type; /* NumPy's name: u1, u2, i4, i8, f4, f8, b1; "<f4" and "|u1" are fine, too */
    int ndim;         /* from 1 to 4 */
    int64_t dim[4];
} isocl_array;
/* Makes rows from arrays, which are copied. images: whole numbers from 0 to 255, not scaled, [rows,
 * height, width], [rows, height, width, channels] or [rows, pixels]. labels: classes from 0, [rows]
 * or [rows, 1]; NULL: not known, for prediction only. classes: number of classes; 0: one more than
 * the largest label. On bad values fails with ISOCL_EDATA and names the element. */
ISOCL_API isocl_rc isocl_rows_new(const isocl_array *images, const isocl_array *labels, int classes,
                                  isocl_rows **out);
/* Makes rows that have targets in place of a class, as `target_array:` in model files gives them:
 * numbers [rows, targets] or [rows], for a regression's loss, or 0 and 1 for labels, of which a row
 * has any number, for binary_crossentropy. A network's last layer has a unit for each. names: of
 * the targets, or NULL: target_0, target_1, ... On bad values fails with ISOCL_EDATA and names the
 * element. */
ISOCL_API isocl_rc isocl_rows_new_targets(const isocl_array *images, const isocl_array *targets,
                                          const char *const *names, isocl_rows **out);
/* Reads a data set by its name in model files, such as mnist, builtin:digits or folder:PATH. split:
 * train or test. folder: the folder of data sets; NULL: the usual ones. */
ISOCL_API isocl_rc isocl_rows_load(const char *dataset, const char *split, const char *folder,
                                   isocl_rows **out);
/* Number, size and classes of rows. */
typedef struct isocl_rows_shape {
    int64_t rows;
    int height, width, channels;
    int classes;           /* or number of targets; 0: labels are not known */
    const int32_t *labels; /* [rows]; NULL: not known, or rows have targets */
    const float *targets;  /* [rows, classes]; NULL: rows have none */
} isocl_rows_shape;
ISOCL_API const isocl_rows_shape *isocl_rows_about(const isocl_rows *rows);
/* Copies the images of rows first to first + count - 1 to out: uint8, [count, height, width,
 * channels]. */
ISOCL_API isocl_rc isocl_rows_images(const isocl_rows *rows, int64_t first, int64_t count,
                                     uint8_t *out);
/* Returns the name of a class or target, or NULL if the data set has none for it. */
ISOCL_API const char *isocl_rows_class(const isocl_rows *rows, int class_number);
ISOCL_API void isocl_rows_free(isocl_rows *rows);

/* ---- Models -------------------------------------------------------------------------------- */

/* A model file, read and checked. It never changes. */
typedef struct isocl_model isocl_model;

/* Reads a model file, or that of a run's folder. If nothing is at a path that begins with models/,
 * the model of that name that isocl came with is read. Fails with ISOCL_EMODEL if the file has
 * faults. */
ISOCL_API isocl_rc isocl_model_read(const char *path, isocl_model **out);
/* Does the same for a model file's text. name: file name for messages, such as "demo.yaml". */
ISOCL_API isocl_rc isocl_model_parse(const char *text, const char *name, isocl_model **out);
/* Makes a model from an ONNX file's network; isocl_network_import reads its weights. */
ISOCL_API isocl_rc isocl_model_import(const char *path, isocl_model **out);
ISOCL_API const char *isocl_model_name(const isocl_model *model);
/* Returns the text of the model file. */
ISOCL_API const char *isocl_model_text(const isocl_model *model);
/* One layer. */
typedef struct isocl_layer {
    const char *name, *op;
    int ndim; /* dimensions of its output for one row */
    int64_t dim[4];
    int64_t parameters, trainable; /* elements of its weights, and of those that are trained */
} isocl_layer;
typedef int isocl_layer_fn(void *self, const isocl_layer *layer);
/* Calls told for each layer, beginning with the input, whose op is "". Fails with ISOCL_EMODEL if
 * shapes do not fit. */
ISOCL_API isocl_rc isocl_model_layers(const isocl_model *model, isocl_layer_fn *told, void *self);
ISOCL_API void isocl_model_free(isocl_model *model);

/* ---- Training ------------------------------------------------------------------------------ */

/* The numbers measured by a training or an evaluation. Names are Keras's: loss, accuracy, val_loss,
 * val_accuracy, learning_rate. If a metric has several numbers, each has a name. */
typedef struct isocl_log {
    const char *phase;     /* "" in a model file without phases */
    int64_t epoch, epochs; /* current or last epoch, from 1, and the total */
    int64_t step;          /* optimizer steps done */
    double seconds;        /* spent on the epoch so far */
    int count;
    const char *const *names; /* [count] */
    const double *values;     /* [count]; NaN: not known */
} isocl_log;
typedef int isocl_log_fn(void *self, const isocl_log *log);

/* A training, phase after phase, kept in a run's folder like that of `isocl train`. */
typedef struct isocl_training isocl_training;

/* Opens device, data and network, and makes the run's folder (the option `run`; runs/MODEL-NNN if
 * it is not set). options NULL: the defaults. With the option `resume`, continues the run in that
 * folder, and model may be NULL: the run's own. Keeps the rows of the options, but neither model
 * nor options. */
ISOCL_API isocl_rc isocl_training_open(const isocl_model *model, const isocl_options *options,
                                       isocl_training **out);
/* Sets the function that is called when a phase begins (no numbers). NULL: none. */
ISOCL_API void isocl_training_on_phase(isocl_training *training, isocl_log_fn *told, void *self);
/* Sets the function that is called for each step (loss, metrics, learning_rate), in order, but
 * several steps later. NULL: none. */
ISOCL_API void isocl_training_on_step(isocl_training *training, isocl_log_fn *told, void *self);
/* Sets the function that is called after each epoch, and when training stops within one. NULL:
 * none. */
ISOCL_API void isocl_training_on_epoch(isocl_training *training, isocl_log_fn *told, void *self);
/* Trains until all epochs are done or the training is stopped; returns ISOCL_OK in both cases. Can
 * be called once. */
ISOCL_API isocl_rc isocl_training_run(isocl_training *training);
/* Makes the training save and end after the current step. May be called from a callback, another
 * thread or a signal handler. */
ISOCL_API void isocl_training_stop(isocl_training *training);
/* Returns 1 if the training is complete; 0 if it was stopped or has not run. */
ISOCL_API int isocl_training_finished(const isocl_training *training);
/* Returns the path of the run's folder: weights.safetensors, best.safetensors, history.csv, ... */
ISOCL_API const char *isocl_training_folder(const isocl_training *training);
/* Steps that the option `verify` has had computed again on another device, and compared. */
typedef struct isocl_verified {
    const char *device;   /* the other device: cpu, or for cpu the reference */
    const char *compared; /* "bits" in exact mode; in fast mode "bounds": those of each op */
    const char *strayed;  /* the step, layer, op and pass that were wrong; "": none */
    int64_t steps;        /* number of them; all but the one that was wrong were right */
    double seconds;       /* spent on that */
} isocl_verified;
/* Returns what has been verified so far, also in the callbacks; NULL: the option was not set. If
 * the device strays, isocl_training_run fails with ISOCL_EPARITY and the run stands before that
 * step. */
ISOCL_API const isocl_verified *isocl_training_verified(isocl_training *training);
/* Writes the SHA-256 of the current weights, as printed by `isocl train`. */
ISOCL_API isocl_rc isocl_training_hash(isocl_training *training, char hex[65]);
ISOCL_API void isocl_training_free(isocl_training *training);

/* ---- Networks: trained weights in use ------------------------------------------------------ */

/* A model with weights on a device. */
typedef struct isocl_network isocl_network;

/* Opens the model's last phase with weights from a safetensors file, or the last weights of a run's
 * folder; NULL: initialized as the model file says. Keeps the options' rows, but neither model nor
 * options. If a program gives rows with targets to the network later, and the model file names no
 * such data, the options must have rows with targets, too, of any split. */
ISOCL_API isocl_rc isocl_network_open(const isocl_model *model, const char *weights,
                                      const isocl_options *options, isocl_network **out);
/* Puts rows on the device for the functions below: the given ones, or if NULL those that the model
 * file names for the split (train, validation, test). Sets *count, unless count is NULL, to their
 * number. */
ISOCL_API isocl_rc isocl_network_rows(isocl_network *network, const char *split,
                                      const isocl_rows *rows, int64_t *count);
/* Calls told once, with loss and metrics over these rows. */
ISOCL_API isocl_rc isocl_network_evaluate(isocl_network *network, isocl_log_fn *told, void *self);
/* Writes the shape of the output for one row to dim, and returns the number of dimensions. The
 * output is that of the last layer, or of the one that the option `layer` names. */
ISOCL_API int isocl_network_output(const isocl_network *network, int64_t dim[4]);
/* Writes the output for each of the rows to out: float32, [rows, ...output]. The output for a row
 * does not depend on the other rows. */
ISOCL_API isocl_rc isocl_network_predict(isocl_network *network, float *out);
/* One weight and its values. */
typedef struct isocl_weight {
    const char *name; /* LAYER/kernel */
    int ndim;
    int64_t dim[4];
    const float *values;
} isocl_weight;
typedef int isocl_weight_fn(void *self, const isocl_weight *weight);
/* Calls told for each weight, in the order of their names. */
ISOCL_API isocl_rc isocl_network_weights(isocl_network *network, isocl_weight_fn *told, void *self);
/* Sets a weight by its name from `count` numbers; count must be its number of elements. */
ISOCL_API isocl_rc isocl_network_set_weight(isocl_network *network, const char *name,
                                            const float *values, int64_t count);
/* Sets the weights of the layers in a file of Keras (.h5) or ONNX (.onnx); other layers keep
 * theirs. by_order 1: pairs layers by their order; 0: by their names. */
ISOCL_API isocl_rc isocl_network_import(isocl_network *network, const char *path, int by_order);
/* Writes the weights (.safetensors; .h5 or .weights.h5 for Keras) or network and weights (.keras;
 * .onnx, with the option with_preprocessing; .c, as C that needs no library: NAME_predict, whose
 * comment says more, and where the weights are more than 8 MiB a second file NAME_weights.c). */
ISOCL_API isocl_rc isocl_network_export(isocl_network *network, const char *path);
/* Writes the SHA-256 of the weights. */
ISOCL_API isocl_rc isocl_network_hash(isocl_network *network, char hex[65]);
ISOCL_API void isocl_network_free(isocl_network *network);

/* ---- Proof --------------------------------------------------------------------------------- */

/* Runs training steps (the option `steps`; 1 if it is not set) and writes every tensor of them to a
 * safetensors file. weights: as for isocl_network_open. */
ISOCL_API isocl_rc isocl_trace(const isocl_model *model, const char *weights,
                               const isocl_options *options, const char *path);

/* One check of parity. */
typedef struct isocl_check {
    const char *device, *subject; /* subject: an op, or the name of a model */
    const char *rung;             /* kind of check: exact, bounded, ... */
    const char *result;           /* passed, failed or skipped */
    const char *message;          /* reason of a failure or a skip; "": passed */
    const char *repeat;           /* the command that repeats it */
    int64_t values;               /* number of values compared */
} isocl_check;
typedef int isocl_check_fn(void *self, const isocl_check *check);
/* Compares devices with the reference: every op's cases or, unless it is NULL, this model. Options:
 * devices, mode, ops, cases, quick, steps. told may be NULL. Fails with ISOCL_EPARITY if a check
 * fails or none was made. */
ISOCL_API isocl_rc isocl_parity(const isocl_model *model, const isocl_options *options,
                                isocl_check_fn *told, void *self);

#ifdef __cplusplus
}
#endif
#endif
