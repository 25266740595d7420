/* harness.h (private): the functions of the parity harness, for the files of core/parity and for
 * the tests. */
#ifndef ISO_HARNESS_H
#define ISO_HARNESS_H
#include "core/model/faults.h"
#include "parity.h"

/* ---- values.c: host copies of the tensors of one call -------------------------------------- */

enum iso_group { ISO_X, ISO_Y, ISO_W, ISO_DX, ISO_DY, ISO_DW, ISO_SAVED, ISO_STATE, ISO_GROUPS };
extern const char *const iso_group_names[ISO_GROUPS];

struct iso_array { /* every dtype as double, which holds it exactly */
    int64_t n;
    double *v;
};
struct iso_values {
    struct iso_array a[ISO_GROUPS][ISO_OPERANDS]; /* n 0: not there */
    unsigned changed; /* weights that the forward pass has updated, each 1 << its
                         index */
};

/* The call's tensors of a group, [ISO_OPERANDS]. */
struct iso_tensor *iso_call_group(struct iso_call *, enum iso_group);
const struct iso_tensor *iso_call_group_of(const struct iso_call *, enum iso_group);
/* True if the op has this operand (its shape is set). */
bool iso_tensor_there(const struct iso_tensor *);
iso_rc iso_array_set(struct iso_array *, int64_t n); /* zeroed; frees what was there */
/* dst is overwritten, not freed. */
iso_rc iso_values_copy(struct iso_values *dst, const struct iso_values *src);
void iso_values_free(struct iso_values *);
/* Host bytes of n values as the backend keeps this dtype, and back. */
void iso_values_pack(const struct iso_backend *, enum iso_dtype, const double *v, int64_t n,
                     void *bytes);
void iso_values_unpack(const struct iso_backend *, enum iso_dtype, const void *bytes, int64_t n,
                       double *v);

/* ---- cases.c: the cases of models/ops/<op>.yaml -------------------------------------------- */

enum iso_fill { ISO_FILL_REAL, ISO_FILL_INTEGER, ISO_FILL_SPECIAL, ISO_FILL_NAN, ISO_FILL_SPACED };
extern const char *const iso_fill_names[]; /* real, integer, special, nan, spaced, NULL */

struct iso_case {
    enum iso_op op;
    int line;     /* in models/ops/<op>.yaml */
    int number;   /* in its file, counted from 1 */
    void *params; /* owned */
    int nx;
    struct iso_shape x[ISO_OPERANDS]; /* of an op of a weight: x[0] is its shape */
    int64_t rows, first;              /* of an input op: how many rows it takes, from where */
    int64_t steps;                    /* of an optimizer: updates in a row */
    int data;                         /* enum iso_fill */
    bool inference;                   /* not training: dropout does nothing */
    bool mostly_zero;                 /* the op explains outputs that are nearly all zero */
    bool slow;
};
struct iso_cases {
    struct iso_case *list;
    int n;
    char folder[1024];
};

/* Reads the cases of the ops named in `ops` ("all", NULL or a list). folder NULL: searched for.
 * Every op asked for must have a file with at least one case. Free with iso_cases_free, also
 * after a failure. */
iso_rc iso_cases_load(const char *folder, const char *ops, struct iso_cases *out);
void iso_cases_free(struct iso_cases *);
/* One case from its text, "{input: [2, 9], units: 5}"; the caller frees out->params. */
iso_rc iso_case_parse(enum iso_op, const char *text, struct iso_case *out);
/* Shapes, dtypes, params and constants of the case's calls at a step; no memory. */
iso_rc iso_case_call(const struct iso_case *, uint64_t seed, uint64_t step, struct iso_call *out);
/* "models/ops/conv2d.yaml:12: input 2x9x7x3, filters: 5, kernel_size: 3": what this case is.
 * Returns buf. */
const char *iso_case_text(const struct iso_case *, char *buf, size_t n);

/* ---- fill.c: data from counters ------------------------------------------------------------ */

/* Everything the case's passes read: x, w, dy; of an optimizer w, dw of this step, and
 * the state before the first. */
iso_rc iso_fill_case(const struct iso_case *, const struct iso_call *, enum iso_fill, uint64_t seed,
                     uint64_t step, struct iso_values *out);
/* n uniform numbers in [-1, 1) without subnormals, from (seed, stream). */
void iso_fill_uniform(uint64_t seed, uint32_t stream, double *v, int64_t n);
uint32_t iso_fill_word(uint64_t seed, uint32_t stream, uint64_t element);

/* ---- execute.c: one pass of one op on one backend ------------------------------------------ */

struct iso_how {
    uint8_t junk;          /* byte that outputs and workspace are filled with before */
    bool add;              /* gradients are added to what v holds */
    unsigned no_dx, no_dw; /* inputs and weights whose gradient is not wanted, each
                              1 << its index */
};
/* Gives each tensor of the pass its own memory between guard zones, runs the kernel and writes
 * the results into v. What the pass must not read is filled with NaN. ISO_EPARITY when a guard
 * zone or an input was changed, ISO_EUNSUP when this device cannot run the pass. call has shapes
 * and no memory. */
iso_rc iso_execute_pass(struct iso_backend *, enum iso_op, const struct iso_call *call,
                        enum iso_pass, const struct iso_how *, struct iso_values *v);
/* All passes of a case: forward and backward, or its updates. v: results of every pass. */
iso_rc iso_execute_case(struct iso_backend *, const struct iso_case *, enum iso_fill, uint64_t seed,
                        const struct iso_how *, struct iso_values *v);
bool iso_op_has_pass(enum iso_op, enum iso_pass);
/* True if the pass writes this group. */
bool iso_pass_writes(enum iso_pass, enum iso_group);
/* True if this operand is a result of the pass, to be compared: one that it writes, or a weight
 * that it updates. */
bool iso_values_result(enum iso_pass, const struct iso_values *, enum iso_group, int operand);

/* ---- compare.c ----------------------------------------------------------------------------- */

struct iso_distance {
    int64_t values; /* compared */
    double share;   /* largest |d| as a share of what is allowed */
};
/* Any NaN equals any NaN; signs of zero count. ISO_EPARITY names the first difference. */
iso_rc iso_compare_exact(enum iso_pass, const struct iso_values *want, const struct iso_values *got,
                         struct iso_distance *);
/* |got - want| <= allowed, element by element; NaN fails. */
iso_rc iso_compare_bounded(enum iso_pass, const struct iso_values *want,
                           const struct iso_values *got, const struct iso_values *allowed,
                           struct iso_distance *);
/* Fails on NaN in a real output, unless nan_fits, and when more than three quarters of one are
 * zero, which proves nothing, unless zeros_fit. */
iso_rc iso_compare_trust(const struct iso_call *, enum iso_pass, const struct iso_values *,
                         bool nan_fits, bool zeros_fit);

/* ---- allowed.c: core/bounds.h, element by element ------------------------------------------- */

/* What defines the sums of products of this call. */
enum iso_algorithm iso_algorithm_of(enum iso_op, const struct iso_call *);
/* c of Winograd's algorithm where kernels have so many taps a side. */
double iso_bound_winograd(int ntaps);
/* The results of the judge on absolute values: S of each direct sum. v: inputs of the pass. */
iso_rc iso_rung_sums(struct iso_backend *judge, enum iso_op, const struct iso_call *, enum iso_pass,
                     const struct iso_values *v, struct iso_values *sums);
/* How far each result of the pass on v may be from the judge's. */
iso_rc iso_rung_allowed(struct iso_backend *judge, enum iso_op, const struct iso_call *,
                        enum iso_pass, const struct iso_values *v, struct iso_values *allowed);
/* v holds inputs of the pass and results: they are within the bound of the judge's. */
iso_rc iso_rung_bounded(struct iso_backend *judge, enum iso_op, const struct iso_call *,
                        enum iso_pass, const struct iso_values *v, struct iso_distance *);

/* ---- ladder.c, gradient.c: the rungs for one case ------------------------------------------ */

struct iso_report;
struct iso_record;
struct iso_ladder {
    struct iso_backend *device, *reference, *judge; /* judge: the double reference */
    bool bounds; /* judges the reference's own results, too, which are the same for every device */
    uint64_t seed;
    struct iso_report *report;
    struct iso_record *record; /* NULL: none */
};
/* Climbs every rung that fits the device's mode; results go to the report. Fails only for lack
 * of memory. */
iso_rc iso_ladder_case(const struct iso_ladder *, const struct iso_case *);
/* Central differences of sum(y dy), or of the mean loss, against the judge's own gradients. */
iso_rc iso_rung_gradient(struct iso_backend *judge, const struct iso_case *, uint64_t seed,
                         struct iso_distance *);

/* ---- report.c ------------------------------------------------------------------------------ */

struct iso_report {
    const struct iso_parity_options *options;
    struct iso_parity_totals totals;
    bool headed;                        /* the heading is printed, before the first line */
    bool ended;                         /* whoever is told of checks wants no more */
    char device[32], subject[ISO_NAME]; /* of the lines being summed up, one a rung */
    struct iso_report_line {
        long checks, failed, skipped;
        struct iso_distance most;
        char reason[128]; /* of the first that was skipped */
    } line[ISO_RUNGS];
};
struct iso_check { /* one result */
    enum iso_rung rung;
    const char *device, *subject; /* opencl:0.0, conv2d */
    /* The case that was run, put into words when it is printed; or NULL, and detail says it. */
    const struct iso_case *op_case;
    const char *detail;
    const char *repeat;  /* what repeats it, as arguments, less --devices */
    const char *skipped; /* why nothing was run; NULL: it was */
    int number;          /* case of the op; 0: none */
    int pass;            /* enum iso_pass, or -1: all */
    enum iso_mode mode;
    struct iso_distance distance;
};
void iso_report_begin(struct iso_report *, const struct iso_parity_options *);
/* rc ISO_OK: passed; ISO_EUNSUP: skipped, because the device or the record lacks it; else failed.
 * Takes the message. */
void iso_report_check(struct iso_report *, const struct iso_check *, iso_rc rc);
iso_rc iso_report_end(struct iso_report *);

/* ---- lockstep.c, record.c ------------------------------------------------------------------ */

/* All rungs of one model file on one device. Faults of the file are printed to stderr. */
iso_rc iso_parity_model(struct iso_report *, const char *path, const char *text,
                        const struct iso_ladder *);

struct iso_record;
/* Opens a record to write or to compare with; both NULL: *out is NULL, which the others take. */
iso_rc iso_record_open(const char *write, const char *check, uint64_t seed,
                       struct iso_record **out);
void iso_record_free(struct iso_record *);
/* Adds the hash of the pass's results under key, or compares it (ISO_EPARITY; ISO_EUNSUP: not in
 * the file). */
iso_rc iso_record_put(struct iso_record *, const char *device, const char *key, const char *hex);
void iso_record_hash(enum iso_pass, const struct iso_values *, char hex[65]);
iso_rc iso_record_end(struct iso_record *);
#endif
