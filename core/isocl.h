/* isocl.h: isocl as a library, for programs in C and C++. This is the only header of isocl that is
 * installed. A model file says what to train; the library trains it and uses what was trained. It
 * prints nothing, but for warnings about a device on standard error (ISOCL_QUIET=1: none).
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
 * Errors: a function that can fail returns ISOCL_OK or another isocl_rc. When it fails,
 * isocl_error() says what is wrong, where, and what to do; no file is half written, and nothing is
 * stored through the last argument, `out`.
 *
 * Ownership: what is stored through `out` is the caller's, who frees it with the function of its
 * type that ends in _free, which takes NULL, too. Arguments are borrowed during the call, unless a
 * function says that it keeps them. What a function returns, or hands to a callback, is borrowed
 * from the library: until the object is freed, or the callback returns.
 *
 * Threads: any thread may use an object, one at a time. Different objects do not touch each other.
 *
 * Versions: from one 0.x to the next this header may gain functions, constants, and members at the
 * end of the structs that the library hands out; a program that was built with an older header goes
 * on working. A function that goes or changes raises the number in the shared library's name. */
#ifndef ISOCL_H
#define ISOCL_H

#include <stddef.h>
#include <stdint.h>

#define ISOCL_VERSION_MAJOR 0
#define ISOCL_VERSION_MINOR 1
#define ISOCL_VERSION_PATCH 0
#define ISOCL_VERSION "0.1.0"
/* The number of a version, which can be compared: 100 is 0.1.0. */
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
/* Returns which optional libraries were built in: "OpenCL, CLBlast, no HDF5, ...". */
ISOCL_API const char *isocl_features(void);
/* Returns the message of this thread's last failure: a line, or for a bad model file a line for
 * each fault, "FILE:LINE:COLUMN: ...". "" if nothing has failed. Borrowed until the thread's next
 * call. */
ISOCL_API const char *isocl_error(void);

/* One device. */
typedef struct isocl_device {
    const char *id;       /* a value of the option `device`: cpu, opencl:0.0 */
    const char *name;     /* the processor's */
    const char *platform; /* the name of what drives it */
    const char *driver;   /* version */
    const char *note;     /* why it is not usable, or a peculiarity; "": nothing */
    int usable, gpu;      /* 1 or 0 */
    int exact;            /* 1: it computes the same bits as the reference */
    uint64_t memory;      /* bytes; 0: as much as the machine has */
} isocl_device;
/* A callback returns 0 to go on; another value ends what runs with ISOCL_EUSAGE. */
typedef int isocl_device_fn(void *self, const isocl_device *device);
/* Tells of each device of this machine. */
ISOCL_API isocl_rc isocl_devices(isocl_device_fn *told, void *self);

/* ---- Options ------------------------------------------------------------------------------- */

/* The settings that `isocl train`, `eval` and `predict` have on the command line. */
typedef struct isocl_options isocl_options;
typedef struct isocl_rows isocl_rows;

/* Makes options with their defaults. */
ISOCL_API isocl_rc isocl_options_new(isocl_options **out);
/* Sets an option by name, as text: ("device", "opencl"), ("epochs", "3"), ("resume", "true").
 * Copies the value. Fails with ISOCL_EUSAGE where there is no such option or value. */
ISOCL_API isocl_rc isocl_options_set(isocl_options *options, const char *name, const char *value);
/* Trains or validates on these rows, not on the data that the model file names. split: train,
 * validation or test. With rows to train on, a training has no validation unless it is given rows
 * for that, too. Keeps rows, which must outlive the options; NULL takes them away. */
ISOCL_API isocl_rc isocl_options_rows(isocl_options *options, const char *split,
                                      const isocl_rows *rows);
ISOCL_API void isocl_options_free(isocl_options *options);
/* A callback of isocl_options_list: an option, its default ("": none), and what it is for. */
typedef int isocl_option_fn(void *self, const char *name, const char *dflt, const char *doc);
/* Tells of each option that there is. */
ISOCL_API isocl_rc isocl_options_list(isocl_option_fn *told, void *self);

/* ---- Rows: images and their classes -------------------------------------------------------- */

/* An array of numbers in the caller's memory, row-major. */
typedef struct isocl_array {
    const void *data;
    const char *type; /* NumPy's name: u1, u2, i4, i8, f4, f8, b1; "<f4" and "|u1" are fine, too */
    int ndim;         /* from 1 to 4 */
    int64_t dim[4];
} isocl_array;
/* Makes rows of arrays, which are copied. images: whole numbers from 0 to 255, not scaled, [rows,
 * height, width], [rows, height, width, channels] or [rows, pixels]. labels: classes from 0, [rows]
 * or [rows, 1]; NULL: not known, for prediction only. classes: how many there are; 0: one more than
 * the largest label. Fails with ISOCL_EDATA, naming the element. */
ISOCL_API isocl_rc isocl_rows_new(const isocl_array *images, const isocl_array *labels, int classes,
                                  isocl_rows **out);
/* Reads a data set by the name that a model file has for it, such as mnist, builtin:digits or
 * folder:PATH. split: train or test. folder: where data sets lie; NULL: the usual folders. */
ISOCL_API isocl_rc isocl_rows_load(const char *dataset, const char *split, const char *folder,
                                   isocl_rows **out);
/* Number, size and classes of rows. */
typedef struct isocl_rows_shape {
    int64_t rows;
    int height, width, channels;
    int classes;           /* 0: labels are not known */
    const int32_t *labels; /* [rows]; NULL: not known */
} isocl_rows_shape;
ISOCL_API const isocl_rows_shape *isocl_rows_about(const isocl_rows *rows);
/* Copies the images of rows first to first + count - 1 to out: uint8, [count, height, width,
 * channels]. */
ISOCL_API isocl_rc isocl_rows_images(const isocl_rows *rows, int64_t first, int64_t count,
                                     uint8_t *out);
/* Returns the name of a class, or NULL where the data set has none for it. */
ISOCL_API const char *isocl_rows_class(const isocl_rows *rows, int class_number);
ISOCL_API void isocl_rows_free(isocl_rows *rows);

/* ---- Models -------------------------------------------------------------------------------- */

/* A model file that was read and checked. It never changes. */
typedef struct isocl_model isocl_model;

/* Reads a model file, or that of a run's folder. Fails with ISOCL_EMODEL where it has faults. */
ISOCL_API isocl_rc isocl_model_read(const char *path, isocl_model **out);
/* The same for a model file's text. name: the file that messages name, such as "demo.yaml". */
ISOCL_API isocl_rc isocl_model_parse(const char *text, const char *name, isocl_model **out);
/* Makes a model of an ONNX file's network; isocl_network_import reads its weights. */
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
/* Tells of each layer, the input first, whose op is "". Fails with ISOCL_EMODEL where shapes do not
 * fit. */
ISOCL_API isocl_rc isocl_model_layers(const isocl_model *model, isocl_layer_fn *told, void *self);
ISOCL_API void isocl_model_free(isocl_model *model);

/* ---- Training ------------------------------------------------------------------------------ */

/* The numbers that a training or an evaluation has measured. Names are those of Keras: loss,
 * accuracy, val_loss, val_accuracy, learning_rate. Of several numbers of a metric each has a name.
 */
typedef struct isocl_log {
    const char *phase;     /* "" in a model file without phases */
    int64_t epoch, epochs; /* the one that runs or has ended, from 1, and all of them */
    int64_t step;          /* optimizer steps done */
    double seconds;        /* spent on the epoch so far */
    int count;
    const char *const *names; /* [count] */
    const double *values;     /* [count]; NaN: not known */
} isocl_log;
typedef int isocl_log_fn(void *self, const isocl_log *log);

/* A training, phase after phase, that a run's folder keeps as `isocl train` does. */
typedef struct isocl_training isocl_training;

/* Opens device, data and network, and makes or takes up the run's folder (the option `run`;
 * runs/MODEL-NNN if it is not set). options NULL: the defaults. With the option `resume` it goes on
 * with the run there, and model may be NULL: the run's own. Keeps the rows of the options, but
 * neither model nor options. */
ISOCL_API isocl_rc isocl_training_open(const isocl_model *model, const isocl_options *options,
                                       isocl_training **out);
/* Has a function called when a phase begins (no numbers), */
ISOCL_API void isocl_training_on_phase(isocl_training *training, isocl_log_fn *told, void *self);
/* after each step, in order, though some steps later (loss, metrics, learning_rate), */
ISOCL_API void isocl_training_on_step(isocl_training *training, isocl_log_fn *told, void *self);
/* and after each epoch, and where training stops within one; NULL: none any more. */
ISOCL_API void isocl_training_on_epoch(isocl_training *training, isocl_log_fn *told, void *self);
/* Trains until all epochs are done, or it is stopped; both are ISOCL_OK. Can be called once. */
ISOCL_API isocl_rc isocl_training_run(isocl_training *training);
/* Has the training save and end after the step that runs. May be called from a callback, another
 * thread or a signal handler. */
ISOCL_API void isocl_training_stop(isocl_training *training);
/* Returns 1 if all is trained; 0 if it was stopped, or has not run. */
ISOCL_API int isocl_training_finished(const isocl_training *training);
/* Returns the path of the run's folder: weights.safetensors, best.safetensors, history.csv, ... */
ISOCL_API const char *isocl_training_folder(const isocl_training *training);
/* Writes the SHA-256 of the weights as they are: what `isocl train` prints. */
ISOCL_API isocl_rc isocl_training_hash(isocl_training *training, char hex[65]);
ISOCL_API void isocl_training_free(isocl_training *training);

/* ---- Networks: trained weights in use ------------------------------------------------------ */

/* A model with weights on a device. */
typedef struct isocl_network isocl_network;

/* weights: a safetensors file, or a run's folder, whose last weights they are; NULL: as the model
 * file initializes them. Opens the model's last phase. Keeps the options' rows, but neither model
 * nor options. */
ISOCL_API isocl_rc isocl_network_open(const isocl_model *model, const char *weights,
                                      const isocl_options *options, isocl_network **out);
/* Puts rows on the device, for the functions below: these, or if NULL those that the model file
 * names for the split (train, validation, test). *count, unless NULL, becomes their number. */
ISOCL_API isocl_rc isocl_network_rows(isocl_network *network, const char *split,
                                      const isocl_rows *rows, int64_t *count);
/* Tells loss and metrics over these rows, once. */
ISOCL_API isocl_rc isocl_network_evaluate(isocl_network *network, isocl_log_fn *told, void *self);
/* Writes how many numbers a row of the output has along each dimension to dim, and returns their
 * number. The output is that of the last layer, or of the one that the option `layer` names. */
ISOCL_API int isocl_network_output(const isocl_network *network, int64_t dim[4]);
/* Writes the output for each of the rows to out: float32, [rows, ...output]. A row's numbers do not
 * depend on the others. */
ISOCL_API isocl_rc isocl_network_predict(isocl_network *network, float *out);
/* One weight, and its values. */
typedef struct isocl_weight {
    const char *name; /* LAYER/kernel */
    int ndim;
    int64_t dim[4];
    const float *values;
} isocl_weight;
typedef int isocl_weight_fn(void *self, const isocl_weight *weight);
/* Tells of each weight, in the order of their names. */
ISOCL_API isocl_rc isocl_network_weights(isocl_network *network, isocl_weight_fn *told, void *self);
/* Sets a weight by its name from `count` numbers, which must be as many as it has. */
ISOCL_API isocl_rc isocl_network_set_weight(isocl_network *network, const char *name,
                                            const float *values, int64_t count);
/* Sets the weights of the layers that a file of Keras (.h5) or ONNX (.onnx) has; others stay.
 * by_order: 1: the first layer is the first, and so on; 0: layers of the same name. */
ISOCL_API isocl_rc isocl_network_import(isocl_network *network, const char *path, int by_order);
/* Writes the weights (.safetensors; .h5 for Keras) or network and weights (.onnx). The option
 * with_preprocessing is for the last. */
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
    const char *rung;             /* how it was checked: exact, bounded, ... */
    const char *result;           /* passed, failed or skipped */
    const char *message;          /* reason of a failure or a skip; "": it passed */
    const char *repeat;           /* the command that repeats it */
    int64_t values;               /* how many numbers were compared */
} isocl_check;
typedef int isocl_check_fn(void *self, const isocl_check *check);
/* Compares devices with the reference: every op's cases or, unless it is NULL, this model. Options:
 * devices, mode, ops, cases, quick, steps. told may be NULL. Fails with ISOCL_EPARITY when a check
 * fails, or none was made. */
ISOCL_API isocl_rc isocl_parity(const isocl_model *model, const isocl_options *options,
                                isocl_check_fn *told, void *self);

#ifdef __cplusplus
}
#endif
#endif
