/* records.h: the tuner's results for a device, kept in the user's cache as a text file,
 * tuner-HASH.txt, with one line for each candidate tried on a product. Each device, driver, version
 * of isocl and of its kernels, and set of build options has its own file. */
#ifndef ISO_OPENCL_RECORDS_H
#define ISO_OPENCL_RECORDS_H
#include "opencl.h"

enum { OPENCL_RECORD_KEY = 80, OPENCL_RECORD_NAME = 32 };
/* clang-format off */
#define OPENCL_VERDICTS(X)           \
    X(RIGHT,      "right")           \
    X(WRONG,      "wrong")           \
    X(UNUSABLE,   "not usable")      \
    X(CRASHED,    "crashed")         \
    X(HUNG,       "hung")            \
    X(UNMEASURED, "not measured")
/* clang-format on */
#define OPENCL_VERDICT_ENUM(name, text) OPENCL_##name,
enum opencl_verdict { OPENCL_VERDICTS(OPENCL_VERDICT_ENUM) OPENCL_VERDICT_COUNT };
extern const char *const opencl_verdict_texts[OPENCL_VERDICT_COUNT];

struct opencl_record {
    char key[OPENCL_RECORD_KEY];        /* key of the product */
    char candidate[OPENCL_RECORD_NAME]; /* a kernel variant, "own" or "clblast" */
    enum opencl_verdict verdict;
    double seconds; /* RIGHT: time of the fastest run */
};
struct opencl_records {
    struct opencl_record *at;
    size_t n, room;
    char name[96]; /* the file's name */
};

/* Reads the device's file; the list is empty if there is none. Ignores lines that it cannot read.
 */
iso_rc opencl_records_open(struct opencl *, struct opencl_records **out);
void opencl_records_close(struct opencl_records *); /* NULL is fine */
/* Returns the record of a candidate, or NULL if it was not tried. */
const struct opencl_record *opencl_records_find(const struct opencl_records *, const char *key,
                                                const char *candidate);
/* Returns the fastest candidate that is right, here and on all products; NULL if there is none. */
const struct opencl_record *opencl_records_best(const struct opencl_records *, const char *key);
/* Returns the candidate's fault on any product (WRONG, CRASHED, HUNG), or RIGHT if it has none. */
enum opencl_verdict opencl_records_fault(const struct opencl_records *, const char *candidate);
/* Adds the record, or replaces an older one, here and in the file, to which another process may
 * have added others since. Failing to write the file is not an error. */
iso_rc opencl_records_put(struct opencl_records *, const struct opencl *,
                          const struct opencl_record *);
#endif
