/* keras_without.c: replaces the files that use HDF5 if isocl is built without it. */
#include "keras_direct.h"

bool iso_keras_supported(void) { return false; }

static iso_rc without(const char *path)
{
    return iso_fail(ISO_EDATA,
                    "%s: this isocl was built without HDF5: install the library "
                    "(Debian: libhdf5-dev) and build it again",
                    path);
}

iso_rc iso_keras_open(const char *path, struct iso_keras_file **out)
{
    (void)out;
    return without(path);
}

void iso_keras_close(struct iso_keras_file *f) { (void)f; }

iso_rc iso_keras_read(const struct iso_keras_file *f, const struct iso_keras_weight *w,
                      float *values)
{
    (void)f, (void)values;
    return without(w->path);
}

iso_rc iso_keras_task(const struct iso_task *t) { return without(t->argv[0]); }

iso_rc iso_keras_write_task(const struct iso_task *t) { return without(t->argv[0]); }

iso_rc iso_keras_begin(const char *path, enum iso_keras_form form, struct iso_keras_writer **out)
{
    (void)form, (void)out;
    return without(path);
}

iso_rc iso_keras_put(struct iso_keras_writer *w, const struct iso_keras_put_layer *layer)
{
    (void)w;
    return without(layer->name);
}

iso_rc iso_keras_end(struct iso_keras_writer *w, const char *config, const char *metadata)
{
    (void)w, (void)config, (void)metadata;
    return ISO_EDATA;
}

void iso_keras_abort(struct iso_keras_writer *w) { (void)w; }
