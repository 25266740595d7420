/* image.c: reads an image file: finds its kind, has it decoded, turns and resizes it. */
#include "image.h"
#include "image_kinds.h"
#include "image_resize.h"
#include "core/system/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD = 1 << 16 }; /* bytes that have the header of nearly every file */

static iso_rc not_built_in(const struct iso_image_file *f, const struct iso_image_kind *kind)
{
    return iso_fail(ISO_EUNSUP,
                    "%s: is of the kind %s, and this isocl was built without %s: install it "
                    "(Debian: %s) and build isocl again, or save the image as PNG or JPEG",
                    f->path, kind->name, kind->library, kind->package);
}

static iso_rc decode(const struct iso_image_file *f, struct iso_image *out)
{
    const struct iso_image_kind *kind = iso_image_kind_of(f->bytes, f->n);
    int orientation = 1;
    if (kind == NULL)
        return iso_image_unknown(f);
    if (!kind->built_in)
        return not_built_in(f, kind);
    ISO_TRY(kind->decode(f, out, &orientation));
    out->orientation = orientation;
    return f->oriented ? iso_image_turn(out, orientation) : ISO_OK;
}

/* True if the first bytes of the file have the header: then the rest, which for many large files is
 * most of the time, need not be read. */
static bool read_head(const struct iso_image_file *file, struct iso_image *out)
{
    uint8_t bytes[HEAD];
    FILE *f = NULL;
    struct iso_image_file head = *file;
    if (iso_file_open(file->path, &f) != ISO_OK)
        iso_error_clear(); /* as below */
    head.bytes = bytes;
    head.n = f != NULL ? fread(bytes, 1, sizeof bytes, f) : 0;
    if (f != NULL)
        fclose(f);
    const bool found = head.n > 0 && decode(&head, out) == ISO_OK;
    if (!found)
        iso_error_clear(); /* reading the whole file reports the error */
    return found;
}

iso_rc iso_image_read(const char *path, const struct iso_image_options *o, bool header,
                      struct iso_image *out)
{
    struct iso_image_file f = { .path = path,
                                .header = header,
                                .max_pixels = o->max_pixels > 0 ? o->max_pixels : ISO_IMAGE_PIXELS,
                                .oriented = o->orientation == ISO_ORIENTATION_APPLY };
    char *bytes = NULL;
    *out = (struct iso_image){ .pixels = NULL };
    if (header && read_head(&f, out))
        return ISO_OK;
    *out = (struct iso_image){ .pixels = NULL };
    ISO_TRY(iso_file_read(path, &bytes, &f.n));
    f.bytes = (const uint8_t *)bytes;
    const iso_rc rc = decode(&f, out);
    free(bytes);
    if (rc != ISO_OK) {
        free(out->pixels);
        out->pixels = NULL;
    }
    return rc;
}

/* ---- Channels ------------------------------------------------------------------------------ */

/* (299 red + 587 green + 114 blue) / 1000 in 65536ths, rounded, as Pillow has it; in place. */
static void make_grey(struct iso_image *image)
{
    const int64_t n = (int64_t)image->height * image->width;
    for (int64_t i = 0; i < n; i++) {
        const uint8_t *p = image->pixels + 3 * i;
        const uint32_t sum = 19595u * p[0] + 38470u * p[1] + 7471u * p[2] + 32768u;
        image->pixels[i] = (uint8_t)(sum >> 16);
    }
    image->channels = 1;
}

/* From the end on, so that it can be done in place. */
static void repeat_grey(uint8_t *pixels, int64_t n)
{
    for (int64_t i = n - 1; i >= 0; i--)
        pixels[3 * i] = pixels[3 * i + 1] = pixels[3 * i + 2] = pixels[i];
}

iso_rc iso_image_fit(struct iso_image *from, const struct iso_image *to,
                     const struct iso_image_options *o)
{
    const int64_t n = (int64_t)to->height * to->width;
    if (from->channels > to->channels)
        make_grey(from);
    if (from->height == to->height && from->width == to->width)
        memcpy(to->pixels, from->pixels, (size_t)n * (size_t)from->channels);
    else
        ISO_TRY(iso_image_resize(from, to, o));
    if (from->channels < to->channels)
        repeat_grey(to->pixels, n);
    return ISO_OK;
}
