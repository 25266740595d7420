/* parting.h: finds where two trainings first diverge: the step, and the tensor. */
#ifndef ISO_REPORT_PARTING_H
#define ISO_REPORT_PARTING_H
#include "core/formats/safetensors.h"
#include "core/model/model.h"

enum { ISO_PARTING_NAME = 2 * ISO_NAME + 24, ISO_PARTING_CELL = 32 };
struct iso_row_parting {
    int64_t rows;          /* number of rows compared, from the first on */
    int64_t number;        /* first step or epoch whose numbers differ; 0: none */
    char column[ISO_NAME]; /* its first number that differs, in both runs */
    char a[ISO_PARTING_CELL], b[ISO_PARTING_CELL];
};
/* Compares history.csv or batches.csv of two runs, as text. Ignores columns that only one has, and
 * times. */
void iso_parting_of_rows(const char *a, const char *b, struct iso_row_parting *out);

struct iso_tensor_parting {
    int tensors;                      /* tensors in both files, with equal shapes */
    int differing;                    /* number of them that differ in any bit */
    int alone;                        /* tensors that only one file has, or with another shape */
    char first[ISO_PARTING_NAME];     /* the first that differs, in the order of computation */
    int64_t elements, count, element; /* its elements, the number that differ, and the first one */
    double a, b;                      /* values of that element in both files */
};
/* Compares weights or traces (core/train/trace.h) of two runs. The model gives the order: the
 * inputs of a step, the results from the first layer on, the loss, the gradients from the last
 * layer on. */
void iso_parting_of_tensors(const struct iso_st_file *a, const struct iso_st_file *b,
                            const struct iso_model *, struct iso_tensor_parting *out);
#endif
