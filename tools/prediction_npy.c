/* prediction_npy.c: writes the output of the network, or of one of its layers, for each row as an
 * array. */
#include "prediction.h"

#include "core/formats/npy.h"
#include "core/train/predict.h"

#include <stdio.h>

struct array {
    const struct prediction *p;
    struct iso_file file;
    size_t row; /* bytes of one */
};

static iso_rc put_row(void *self, int64_t row, const float *numbers)
{
    struct array *a = self;
    ISO_TRY(iso_prediction_stopped(a->p, row));
    return iso_file_put(&a->file, numbers, a->row);
}

static iso_rc put_array(struct array *a, int value, const struct iso_shape *shape)
{
    const struct prediction *p = a->p;
    uint8_t header[ISO_NPY_HEADER];
    iso_npy_header(shape->ndim, shape->dim, header);
    ISO_TRY(iso_file_put(&a->file, header, sizeof header));
    return iso_predict_value(p->opened.job.exec, 1, p->opened.job.data[1]->rows, value, put_row, a);
}

iso_rc iso_prediction_npy(struct prediction *p)
{
    const struct iso_graph *g = p->opened.job.graph;
    const int value = p->opened.value;
    struct iso_shape shape = g->values[value].shape;
    struct array a = { .p = p, .row = (size_t)iso_predict_size(g, value) * sizeof(float) };
    char source[320], text[64];
    shape.dim[0] = p->opened.job.data[1]->rows;
    ISO_TRY(iso_file_begin(p->options->npy, &a.file));
    iso_rc rc = put_array(&a, value, &shape);
    if (rc == ISO_OK)
        rc = iso_file_end(&a.file);
    else
        iso_file_abort(&a.file);
    if (rc == ISO_OK && !p->options->json)
        printf("%s: float32 %s, %s of %s\n", p->options->npy,
               iso_shape_text(&shape, 0, text, sizeof text), g->values[value].name,
               iso_prediction_source(p, source, sizeof source));
    return rc;
}
