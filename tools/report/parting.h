/* parting.h: where two trainings first part: the step, and the tensor. */
#ifndef ISO_REPORT_PARTING_H
#define ISO_REPORT_PARTING_H
#include "core/data/safetensors.h"
#include "core/model/model.h"

enum { ISO_PARTING_NAME = 2 * ISO_NAME + 24, ISO_PARTING_CELL = 32 };
struct iso_row_parting {
    int64_t rows;          /* compared: from the first one on, as many as both have */
    int64_t number;        /* the first step or epoch whose numbers differ; 0: none does */
    char column[ISO_NAME]; /* its first number that differs, and what both say */
    char a[ISO_PARTING_CELL], b[ISO_PARTING_CELL];
};
/* Compares history.csv or batches.csv of two runs, as text. Columns that only one has, and what was
 * measured by a clock, are left out. */
void iso_parting_of_rows(const char *a, const char *b, struct iso_row_parting *out);

struct iso_tensor_parting {
    int tensors;                      /* that both files have, with one shape */
    int differing;                    /* of them, in any bit */
    int alone;                        /* tensors that only one file has, or with another shape */
    char first[ISO_PARTING_NAME];     /* the first that differs, in the order of computation */
    int64_t elements, count, element; /* of it: how many differ, of how many, the first one */
    double a, b;                      /* which is */
};
/* Compares weights or traces (core/train/trace.h) of two runs. The model gives the order: what a
 * step reads, its layers' results from the first layer on, the loss, gradients from the last layer
 * on. */
void iso_parting_of_tensors(const struct iso_st_file *a, const struct iso_st_file *b,
                            const struct iso_model *, struct iso_tensor_parting *out);
#endif
