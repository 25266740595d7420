/* import_faults.c: all faults of a file in one list. A node that cannot be taken leaves values that
 * are not known; nodes that read those are looked at for their operator only. */
#include "import_build.h"
#include "core/system/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES = 16 }; /* more are counted, not said */

static bool reads_unknown(const struct iso_onnx_importer *im, const struct iso_onnx_node *node)
{
    for (int i = 0; i < node->nx; i++) {
        const struct iso_onnx_known *v = iso_onnx_find(im, node->x[i]);
        if (v != NULL && v->unknown)
            return true;
    }
    return false;
}

static iso_rc forget(struct iso_onnx_importer *im, const struct iso_onnx_node *node)
{
    for (int i = 0; i < node->ny; i++) {
        const struct iso_onnx_known v = { .name = node->y[i], .layer = -1, .unknown = true };
        if (iso_onnx_find(im, v.name) == NULL)
            ISO_TRY(iso_onnx_know(im, &v));
    }
    return ISO_OK;
}

/* Returns true if a node before this one has its operator. */
static bool said(const struct iso_onnx_importer *im, int node)
{
    for (int i = 0; i < node; i++)
        if (strcmp(im->m->nodes[i].op, im->m->nodes[node].op) == 0)
            return true;
    return false;
}

static void add(FILE *out, int *count)
{
    char text[400];
    iso_error_take(text, sizeof text);
    if (++*count <= LINES)
        fprintf(out, "%s%s", *count > 1 ? "\n" : "", text);
}

static iso_rc take_all(struct iso_onnx_importer *im, FILE *out, int *count)
{
    for (int i = 0; i < im->m->nnodes; i++) {
        const struct iso_onnx_node *node = &im->m->nodes[i];
        const int role = im->roles[i];
        const bool unknown = role == ISO_ONNX_INSIDE ||
                             (role == ISO_ONNX_ALONE && reads_unknown(im, node));
        const iso_rc rc = role == ISO_ONNX_INSIDE  ? ISO_OK
                          : role != ISO_ONNX_ALONE ? iso_onnx_take_pattern(im, node)
                          : !unknown               ? iso_onnx_take_node(im, node)
                          : said(im, i)            ? ISO_OK
                                                   : iso_onnx_check_operator(im, node);
        if (rc != ISO_OK && rc != ISO_EDATA && rc != ISO_ESHAPE)
            return rc;
        if (rc != ISO_OK)
            add(out, count);
        if (rc != ISO_OK || unknown)
            ISO_TRY(forget(im, node));
    }
    return ISO_OK;
}

iso_rc iso_onnx_take_nodes(struct iso_onnx_importer *im)
{
    size_t n;
    char *text = NULL;
    int count = 0;
    FILE *out = open_memstream(&text, &n);
    if (out == NULL)
        return iso_fail(ISO_ENOMEM, "out of memory");
    iso_rc rc = iso_onnx_find_patterns(im);
    if (rc == ISO_OK)
        rc = take_all(im, out, &count);
    if (count > LINES)
        fprintf(out, "\n%d more faults", count - LINES);
    if (rc == ISO_OK)
        rc = iso_text_end(out, &text);
    else
        fclose(out);
    if (rc == ISO_OK && count > 0)
        rc = iso_error_put(ISO_EDATA, text);
    free(text);
    return rc;
}
