/* api_library.c: the library itself, its failures, and the devices it finds. */
#include "api.h"
#include "core/system/file.h"
#include "features.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *isocl_version(void) { return ISO_VERSION; }

int isocl_arithmetic(void) { return ISO_ARITH_VERSION; }

const char *isocl_features(void) { return iso_features_text(); }

/* ---- Failures ------------------------------------------------------------------------------ */

const char *isocl_error(void) { return iso_error(); }

/* Makes the faults the message. */
static void fail_with(iso_rc rc, const struct iso_faults *faults)
{
    char *text = NULL;
    size_t n = 0;
    FILE *stream = open_memstream(&text, &n);
    if (stream == NULL)
        return; /* no memory: the message that is there stays */
    iso_faults_print(faults, stream);
    if (iso_text_end(stream, &text) == ISO_OK && n > 0) {
        text[n - 1] = '\0'; /* the last line's end */
        iso_error_put(rc, text);
    }
    free(text);
}

isocl_rc iso_api_end(iso_rc rc, struct iso_faults *faults)
{
    if (rc != ISO_OK && faults != NULL && faults->count > 0)
        fail_with(rc, faults);
    if (rc != ISO_OK && !*iso_error())
        iso_fail(rc, "%s", iso_rc_text(rc));
    if (faults != NULL)
        faults->count = 0;
    return (isocl_rc)rc;
}

iso_rc iso_api_told(int value, const char *whose)
{
    return value == 0 ? ISO_OK
                      : iso_fail(ISO_EUSAGE, "the function that is told of %s has ended it", whose);
}

/* ---- Devices ------------------------------------------------------------------------------- */

static iso_rc tell_device(const struct iso_device *d, isocl_device_fn *told, void *self)
{
    const isocl_device device = { .id = d->id,
                                  .name = d->name,
                                  .platform = d->platform,
                                  .driver = d->driver,
                                  .note = d->note,
                                  .usable = d->usable,
                                  .gpu = d->gpu,
                                  .exact = d->usable && d->exactness == ISO_EXACT,
                                  .memory = d->memory };
    return iso_api_told(told(self, &device), "devices");
}

isocl_rc isocl_devices(isocl_device_fn *told, void *self)
{
    enum { MOST = 64 };
    int n = 0;
    struct iso_device *list = iso_alloc(MOST, sizeof *list);
    iso_rc rc = list != NULL ? ISO_OK : ISO_ENOMEM;
    for (int i = 0; iso_backends[i] != NULL && rc == ISO_OK; i++)
        rc = iso_backends[i]->list(list, MOST, &n);
    for (int i = 0; i < n && rc == ISO_OK; i++)
        rc = tell_device(&list[i], told, self);
    free(list);
    return iso_api_end(rc, NULL);
}
