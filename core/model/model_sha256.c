/* model_sha256.c: a name for what a model file says: comments, and how it is laid out, do not
 * count. */
#include "model.h"
#include "core/system/sha256.h"

#include <stdlib.h>

static void hash(const char *text, size_t size, char hex[65])
{
    struct iso_sha256 sum;
    iso_sha256_init(&sum);
    iso_sha256_add(&sum, text, size);
    iso_sha256_hex(&sum, hex);
}

iso_rc iso_model_sha256(const struct iso_model *m, char hex[65])
{
    struct iso_faults *faults = iso_alloc(1, sizeof *faults);
    struct iso_yaml_doc *doc = NULL;
    char *text = NULL;
    size_t size = 0;
    iso_rc rc = faults == NULL ? ISO_ENOMEM
                               : iso_yaml_parse(m->file, m->text, m->text_size, faults, &doc);
    if (rc == ISO_OK)
        rc = iso_yaml_write(doc->root, &text, &size);
    if (rc == ISO_OK)
        hash(text, size, hex);
    free(text);
    free(faults);
    iso_yaml_free(doc);
    return rc;
}
