/* records.h: what the tuner has found out about a device, kept in the user's cache as a text file,
 * tuner-HASH.txt: one line for each candidate that was tried on a product. The file is another one
 * for each device, driver, version of isocl and of its kernels, and set of build options. */
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
    char key[OPENCL_RECORD_KEY];        /* of the product */
    char candidate[OPENCL_RECORD_NAME]; /* a kernel variant, "own" or "clblast" */
    enum opencl_verdict verdict;
    double seconds; /* RIGHT: of the fastest run */
};
struct opencl_records {
    struct opencl_record *at;
    size_t n, room;
    char name[96]; /* of the file */
};

/* Reads the device's file; an empty list where there is none. Lines that make no sense are left
 * out. */
iso_rc opencl_records_open(struct opencl *, struct opencl_records **out);
void opencl_records_close(struct opencl_records *); /* NULL is fine */
/* NULL: the candidate was not tried. */
const struct opencl_record *opencl_records_find(const struct opencl_records *, const char *key,
                                                const char *candidate);
/* The fastest candidate that is right, here and on all products; NULL if there is none. */
const struct opencl_record *opencl_records_best(const struct opencl_records *, const char *key);
/* What the candidate did wrong on some product (WRONG, CRASHED, HUNG); RIGHT if nothing. */
enum opencl_verdict opencl_records_fault(const struct opencl_records *, const char *candidate);
/* Adds the record, in place of an older one, here and in the file, which may have got others from
 * another process since. That the file cannot be written is no failure. */
iso_rc opencl_records_put(struct opencl_records *, const struct opencl *,
                          const struct opencl_record *);
#endif
