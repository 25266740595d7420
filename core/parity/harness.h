/* harness.h (private): the functions of the parity harness, for the files of core/parity and for
 * the tests. */
#ifndef ISO_HARNESS_H
#define ISO_HARNESS_H
#include "core/model/faults.h"
#include "parity.h"

#include <stdio.h>

/* ---- values.c: host copies of the tensors of one call -------------------------------------- */

enum iso_group { ISO_X, ISO_Y, ISO_W, ISO_DX, ISO_DY, ISO_DW, ISO_SAVED, ISO_STATE, ISO_GROUPS };
extern const char *const iso_group_names[ISO_GROUPS];

struct iso_array { /* every dtype as double, which holds it exactly */
    int64_t n;
    double *v;
};
struct iso_values {
    struct iso_array a[ISO_GROUPS][ISO_OPERANDS]; /* n 0: absent */
    unsigned changed; /* weights updated by the forward pass, each 1 << its index */
};

/* Return the call's tensors of a group, [ISO_OPERANDS]. */
struct iso_tensor *iso_call_group(struct iso_call *, enum iso_group);
const struct iso_tensor *iso_call_group_of(const struct iso_call *, enum iso_group);
/* Returns true if the op has this operand: its shape is set. */
bool iso_tensor_there(const struct iso_tensor *);
iso_rc iso_array_set(struct iso_array *, int64_t n); /* sets n zeros; frees the old array */
/* dst is overwritten, not freed. */
iso_rc iso_values_copy(struct iso_values *dst, const struct iso_values *src);
void iso_values_free(struct iso_values *);
/* Convert n values to the bytes with which the backend stores this dtype, and back. */
void iso_values_pack(const struct iso_backend *, enum iso_dtype, const double *v, int64_t n,
                     void *bytes);
void iso_values_unpack(const struct iso_backend *, enum iso_dtype, const void *bytes, int64_t n,
                       double *v);

/* ---- cases.c: the cases of models/ops/<op>.yaml -------------------------------------------- */

/* POSITIVE: sums grow with every term, as do their roundings, and use most of their bounds. */
enum iso_fill {
    ISO_FILL_REAL,
    ISO_FILL_INTEGER,
    ISO_FILL_SPECIAL,
    ISO_FILL_NAN,
    ISO_FILL_SPACED,
    ISO_FILL_POSITIVE
};
enum { ISO_FILLS = ISO_FILL_POSITIVE + 1 };
extern const char *const iso_fill_names[]; /* by enum iso_fill; NULL at the end */
/* Returns true if the data are finite and not whole: what bounds and gradients can be taken of. */
static inline bool iso_fill_finite(int fill)
{
    return fill == ISO_FILL_REAL || fill == ISO_FILL_SPACED || fill == ISO_FILL_POSITIVE;
}

struct iso_case {
    enum iso_op op;
    int line;     /* in models/ops/<op>.yaml */
    int number;   /* in its file, counted from 1 */
    void *params; /* owned */
    int nx;
    struct iso_shape x[ISO_OPERANDS]; /* x[0] is the weight's shape for an op on weights */
    int64_t rows, first;              /* INPUT: number of rows to take, and the first one */
    int64_t steps;                    /* OPTIMIZER: number of consecutive updates */
    int data;                         /* enum iso_fill */
    bool inference;                   /* outside training: dropout does nothing */
    bool mostly_zero;                 /* the op may have outputs that are nearly all zero */
    bool drawn; /* at random: zeros and NaN may have any reason, and are compared like all else */
    bool slow;
};
struct iso_cases {
    struct iso_case *list;
    int n;
    char folder[1024];
};

/* Reads the cases of the ops named in `ops` ("all", NULL or a list). folder NULL: the shipped ones.
 * Every requested op must have a file with at least one case. Free with iso_cases_free, also after
 * a failure. */
iso_rc iso_cases_load(const char *folder, const char *ops, struct iso_cases *out);
void iso_cases_free(struct iso_cases *);
/* Returns true if a list of names with commas between them, NULL or "all" names this op. */
bool iso_cases_named(const char *list, const char *name);
/* Fails with ISO_EUSAGE unless every name of such a list is an op's. */
iso_rc iso_cases_check_names(const char *list);
/* Parses one case from its text, "{input: [2, 9], units: 5}"; the caller frees out->params. */
iso_rc iso_case_parse(enum iso_op, const char *text, struct iso_case *out);
/* Returns the seed of a case's calls, whose upper half counts, too: that of a parity is often
 * small. */
uint64_t iso_case_seed(uint64_t seed);
/* Sets shapes, dtypes, params and constants of the case's calls at a step, but no memory. */
iso_rc iso_case_call(const struct iso_case *, uint64_t seed, uint64_t step, struct iso_call *out);
/* Writes "models/ops/conv2d.yaml:12: input 2x9x7x3, filters: 5, kernel_size: 3" into buf and
 * returns buf. */
const char *iso_case_text(const struct iso_case *, char *buf, size_t n);

/* ---- fill.c: data from counters ------------------------------------------------------------ */

/* Fills all tensors that the case's passes read: x, w, dy; for an optimizer w, dw of this step, and
 * the state before the first step. */
iso_rc iso_fill_case(const struct iso_case *, const struct iso_call *, enum iso_fill, uint64_t seed,
                     uint64_t step, struct iso_values *out);
/* Writes n uniform numbers in [-1, 1), without subnormals, drawn from (seed, stream). */
void iso_fill_uniform(uint64_t seed, uint32_t stream, double *v, int64_t n);
uint32_t iso_fill_word(uint64_t seed, uint32_t stream, uint64_t element);

/* ---- execute.c: one pass of one op on one backend ------------------------------------------ */

struct iso_report;
struct iso_how {
    uint8_t junk;                    /* byte with which outputs and workspace are filled before */
    const struct iso_report *report; /* is told of each pass before it runs; NULL: none */
    bool add;                        /* add gradients to those in v, */
    unsigned stores;                 /* but store these, each 1 << its index */
    bool joined;                     /* dw[1] follows dw[0] in memory, where a plan has it so */
    unsigned no_dx, no_dw;           /* inputs and weights whose gradient is not wanted, each
                                        1 << its index */
};
/* Gives each tensor of the pass its own memory between guard zones, but for joined ones, runs the
 * kernel and writes the results into v. Memory that the pass must not read is filled with NaN.
 * Fails with ISO_EPARITY if a guard zone or an input was changed, and with ISO_EUNSUP if this
 * device cannot run the pass. call has shapes and no memory. */
iso_rc iso_execute_pass(struct iso_backend *, enum iso_op, const struct iso_call *call,
                        enum iso_pass, const struct iso_how *, struct iso_values *v);
/* Runs all passes of a case: forward and backward, or its updates. v: results of every pass. */
iso_rc iso_execute_case(struct iso_backend *, const struct iso_case *, enum iso_fill, uint64_t seed,
                        const struct iso_how *, struct iso_values *v);
bool iso_op_has_pass(enum iso_op, enum iso_pass);
/* Returns true if the pass writes this group. */
bool iso_pass_writes(enum iso_pass, enum iso_group);
/* Returns true if this operand is a result of the pass and must be compared: one that it writes, or
 * a weight that it updates. */
bool iso_values_result(enum iso_pass, const struct iso_values *, enum iso_group, int operand);

/* ---- compare.c ----------------------------------------------------------------------------- */

struct iso_distance {
    int64_t values; /* number of values compared */
    double share;   /* largest |d| as a share of its bound */
    /* The first element that differs, or the one with that share. */
    bool named;
    enum iso_group group;
    int operand;
    int64_t at;
    double got, want;
};
/* Compares bits, except that any NaN equals any NaN; the sign of zero counts. Fails with
 * ISO_EPARITY and names the first difference. */
iso_rc iso_compare_exact(enum iso_pass, const struct iso_values *want, const struct iso_values *got,
                         struct iso_distance *);
/* Fails unless |got - want| <= allowed for each element; NaN fails. */
iso_rc iso_compare_bounded(enum iso_pass, const struct iso_values *want,
                           const struct iso_values *got, const struct iso_values *allowed,
                           struct iso_distance *);
/* Fails if a real output has a NaN, unless nan_fits, or if more than three quarters of it are zero,
 * which proves nothing, unless zeros_fit. */
iso_rc iso_compare_trust(const struct iso_call *, enum iso_pass, const struct iso_values *,
                         bool nan_fits, bool zeros_fit);

/* ---- allowed.c: core/arithmetic/bounds.h, element by element
 * ------------------------------------------- */

/* Returns the algorithm that defines the sums of products of this call. */
enum iso_algorithm iso_algorithm_of(enum iso_op, const struct iso_call *);
/* Returns c of Winograd's algorithm for kernels of ntaps taps per side. */
double iso_bound_winograd(int ntaps);
/* Computes S of each direct sum: the judge's results on absolute values. v: inputs of the pass. */
iso_rc iso_rung_sums(struct iso_backend *judge, enum iso_op, const struct iso_call *, enum iso_pass,
                     const struct iso_values *v, struct iso_values *sums);
/* The order in which sums run: that of core/arithmetic/order.h, or any, as in fast mode. */
enum iso_sum_order { ISO_OWN_ORDER, ISO_ANY_ORDER };
/* Computes the bound on the distance of each result of the pass from the judge's. v: inputs of the
 * pass. */
iso_rc iso_rung_allowed(struct iso_backend *judge, enum iso_op, const struct iso_call *,
                        enum iso_pass, const struct iso_values *v, enum iso_sum_order,
                        struct iso_values *allowed);
/* Fails unless the results in v are within their bounds of the judge's. v also has the inputs of
 * the pass. */
iso_rc iso_rung_bounded(struct iso_backend *judge, enum iso_op, const struct iso_call *,
                        enum iso_pass, const struct iso_values *v, enum iso_sum_order,
                        struct iso_distance *);

/* ---- ladder.c, gradient.c: the rungs for one case ------------------------------------------ */

struct iso_record;
struct iso_ladder {
    struct iso_backend *device, *reference, *judge; /* judge: the double reference */
    bool bounds; /* also check the reference's own results, which are the same for every device */
    uint64_t seed;
    struct iso_report *report;
    struct iso_record *record; /* NULL: none */
    struct iso_ranks *ranks;   /* borrowed; NULL: there is only this process */
};
/* Runs every rung that fits the device's mode and reports the results. Fails with ISO_ENOMEM only.
 */
iso_rc iso_ladder_case(const struct iso_ladder *, const struct iso_case *);
/* Compares central differences of sum(y dy), or of the mean loss, with the judge's own gradients.
 */
iso_rc iso_rung_gradient(struct iso_backend *judge, const struct iso_case *, uint64_t seed,
                         struct iso_distance *);

/* ---- report.c ------------------------------------------------------------------------------ */

enum iso_work { ISO_WORK_ENDS, ISO_WORK_PASS, ISO_WORK_MODEL };
struct iso_check;
/* Takes what a report would print: of a child, whose parent prints it. */
struct iso_report_hook {
    bool (*unit)(void *self, int unit); /* returns false to end the checks */
    iso_rc (*attempt)(void *self, const struct iso_check *);
    void (*work)(void *self, int pass, enum iso_work);
    void (*check)(void *self, const struct iso_check *, iso_rc);
    void (*opened)(void *self, const struct iso_backend *);
    void *self;
};
struct iso_report {
    const struct iso_parity_options *options;
    const struct iso_report_hook *hook; /* NULL: print */
    struct iso_parity_totals totals;
    bool headed;                        /* the table's heading has been printed */
    bool ended;                         /* the listener wants no more checks */
    bool lost;                          /* there was no memory for a line of JSON */
    char device[96], subject[ISO_NAME]; /* subject of the lines below, one per rung */
    struct iso_report_line {
        long checks, failed, skipped, died;
        struct iso_distance most;
        char reason[128]; /* reason of the first skipped check */
    } line[ISO_RUNGS];
};
struct iso_check { /* one result */
    enum iso_rung rung;
    const char *device, *subject; /* opencl:0.0, conv2d */
    /* The case that was run, described only when it is printed; NULL: detail describes it. */
    const struct iso_case *op_case;
    const char *detail;
    const char *worst;    /* as in struct iso_parity_check; NULL: not known */
    const char *repeat;   /* arguments that repeat it, without --devices */
    const char *skipped;  /* reason for not running it; NULL: it ran */
    enum iso_result died; /* CRASHED or LATE; 0: neither */
    int number;           /* number of the op's case; 0: none */
    int pass;             /* enum iso_pass, or -1: all */
    enum iso_mode mode;
    struct iso_distance distance;
};
void iso_report_begin(struct iso_report *, const struct iso_parity_options *);
/* Reports a check: passed if rc is ISO_OK; skipped if it is ISO_EUNSUP, because the device or the
 * record lacks it; otherwise failed. Clears the message. */
void iso_report_check(struct iso_report *, const struct iso_check *, iso_rc rc);
/* Writes "NAME=VALUE " for each variable that is set and chooses kernels or options of compilers,
 * quoted for a shell, for the commands that repeat a check. Returns buf. */
const char *iso_repeat_environment(char *buf, size_t n);
/* Says that a check is about to run, which may end this process. Fails with ISO_EDEVICE if it has
 * ended one before: then the check must be reported as failed without being run. */
iso_rc iso_report_attempt(const struct iso_report *, const struct iso_check *);
/* Says that the driver begins or ends to work, on a pass of the check or, with -1, on all of it:
 * the time limit is for that, not for the reference. */
void iso_report_work(const struct iso_report *, int pass, enum iso_work);
iso_rc iso_report_end(struct iso_report *);

/* ---- lockstep.c, record.c ------------------------------------------------------------------ */

/* Runs all rungs for one model file on one device. Prints faults of the file to stderr. */
iso_rc iso_parity_model(struct iso_report *, const char *path, const char *text,
                        const struct iso_ladder *);

struct iso_record;
/* Opens a record to write or to compare with. If both are NULL, *out is NULL, which the functions
 * below accept, except iso_record_put. */
iso_rc iso_record_open(const char *write, const char *check, uint64_t seed,
                       struct iso_record **out);
/* Makes a record that hands each call of iso_record_put to this function. */
iso_rc iso_record_relay(iso_rc (*put)(void *self, const char *device, const char *key,
                                      const char *hex, const char *elements),
                        void *self, struct iso_record **out);
void iso_record_free(struct iso_record *);
/* Adds a device to those that the file says were recorded. */
iso_rc iso_record_device(struct iso_record *, const struct iso_parity_device *);
/* Adds the hash of a pass's results under key, or compares it: fails with ISO_EPARITY if it
 * differs, and says which element is the first, and with ISO_EUNSUP if it is not in the file. */
iso_rc iso_record_put(struct iso_record *, const char *device, const char *key, const char *hex,
                      const char *elements);
void iso_record_hash(enum iso_pass, const struct iso_values *, char hex[65]);
/* Writes the file. Fails with ISO_EPARITY if results of this run are missing in the file that they
 * were to be compared with, and names their ops. */
iso_rc iso_record_end(struct iso_record *);

/* ---- elements.c: digests that tell the first element that differs --------------------------- */

/* Prints "y0:<values>:<step>:<4 hexadecimal digits after each step> ". */
void iso_elements_print(FILE *, const char *name, const struct iso_array *);
/* Returns digests of all results of the pass, as text for a record; NULL without memory. Free with
 * free(). */
char *iso_elements(enum iso_pass, const struct iso_values *);
/* Writes where two such texts part, "y0[17]" or "y0[64] to [127]", into buf and returns buf. */
const char *iso_elements_part(const char *a, const char *b, char *buf, size_t n);
#endif
