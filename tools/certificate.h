/* certificate.h: the results of `isocl certify`, and the forms in which they are written. */
#ifndef ISO_CERTIFICATE_H
#define ISO_CERTIFICATE_H
#include "core/parity/parity.h"

#include <stdio.h>

/* One check; its texts are owned. */
struct iso_certified {
    char *subject, *rung, *result, *pass, *detail, *message, *repeat, *worst;
    int number; /* case of the op; 0: a model */
    int64_t values;
    double share, seconds; /* seconds since the check before it */
};
/* Sums of the checks of one op or model on one rung. */
struct iso_certified_line {
    const char *subject, *rung, *worst; /* worst: the element that used most of its bound */
    long count[ISO_RESULTS];
    int64_t values;
    double share;
};
struct iso_certificate {
    char id[32], name[128], platform[128], driver[128], note[256]; /* names of the device */
    const char *mode;
    char host[256], machine[256], begun[32];
    uint64_t seed;
    bool quick, whole; /* whole: all checks were run */
    double began, last, seconds;
    struct iso_certified *check; /* owned, like line */
    int n, room;
    struct iso_certified_line *line; /* in the order of the first check of each */
    int nlines;
    long total[ISO_RESULTS];
    bool no_memory;
    char why[1024]; /* the reason for an end before the first check */
};

/* Runs the checks of one device; with options.quick only some cases of each op. The return code is
 * that of iso_parity_run. Free the certificate with iso_certificate_free, also after a failure. */
iso_rc iso_certificate_make(struct iso_certificate *, const struct iso_parity_options *);
void iso_certificate_free(struct iso_certificate *);
/* Returns true if all checks ran, and none of them failed, crashed or timed out. */
bool iso_certificate_good(const struct iso_certificate *);
/* Writes the verdict in a sentence into buf and returns buf. */
const char *iso_certificate_verdict(const struct iso_certificate *, char *buf, size_t n);
/* Writes the command that repeats a line into buf and returns buf. */
const char *iso_certificate_repeat(const struct iso_certificate *,
                                   const struct iso_certified_line *, char *buf, size_t n);

/* certificate_text.c: the table on the terminal. */
void iso_certificate_print(const struct iso_certificate *, FILE *, bool quiet);
/* certificate_files.c, certificate_page.c: each makes a file complete or not at all. */
iso_rc iso_certificate_json(const struct iso_certificate *, const char *path);
iso_rc iso_certificate_junit(const struct iso_certificate *, const char *path);
iso_rc iso_certificate_page(const struct iso_certificate *, const char *path);
#endif
