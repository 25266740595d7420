#include "finite.h"

#include "exec_private.h"

#include <math.h>
#include <stdlib.h>

enum { PIECE = 65536 }; /* numbers that are read at once */

/* values [PIECE] */
static iso_rc look(struct iso_backend *b, const struct iso_tensor *t, float *values, bool *finite)
{
    const int64_t n = iso_shape_count(&t->shape);
    *finite = true;
    for (int64_t first = 0; first < n && *finite; first += PIECE) {
        const int64_t count = n - first < PIECE ? n - first : PIECE;
        const struct iso_tensor piece = {
            t->mem, t->offset + (size_t)first, t->dtype, { 1, { count } }
        };
        ISO_TRY(iso_tensor_read_f32(b, &piece, values));
        for (int64_t i = 0; i < count && *finite; i++)
            *finite = isfinite(values[i]);
    }
    return ISO_OK;
}

iso_rc iso_tensor_finite(struct iso_backend *b, const struct iso_tensor *t, bool *finite)
{
    float *values = iso_alloc(PIECE, sizeof *values);
    const iso_rc rc = values != NULL ? look(b, t, values, finite) : ISO_ENOMEM;
    free(values);
    return rc;
}

iso_rc iso_not_finite_weight(struct iso_exec *e, const char **out)
{
    *out = NULL;
    for (int i = 0; *out == NULL && i < e->nsorted; i++) {
        const struct iso_tensor t = iso_exec_value(e, e->sorted[i]);
        bool finite;
        ISO_TRY(iso_tensor_finite(e->backend, &t, &finite));
        if (!finite)
            *out = iso_exec_weight(e, i);
    }
    return ISO_OK;
}
