/* image_heif.c: decodes HEIC and AVIF files with libheif. */
#include "image_kinds.h"

#if ISO_HAVE_HEIF
#include <string.h>

#include <libheif/heif.h>

struct reader {
    const struct iso_image_file *file;
    struct heif_context *context;
    struct heif_image_handle *handle; /* the primary image */
    struct heif_decoding_options *options;
    struct heif_image *image;
};

/* Returns ISO_OK where libheif found nothing wrong. */
static iso_rc check(const struct reader *r, struct heif_error error)
{
    if (error.code == heif_error_Ok)
        return ISO_OK;
    if (error.code == heif_error_Memory_allocation_error &&
        error.subcode != heif_suberror_Security_limit_exceeded)
        return iso_image_no_memory(r->file);
    if (error.code == heif_error_Unsupported_filetype ||
        error.code == heif_error_Unsupported_feature)
        return iso_fail(ISO_EDATA,
                        "%s: is a HEIC or AVIF file that this libheif cannot decode (%s); save it "
                        "as PNG or JPEG",
                        r->file->path, error.message);
    return iso_fail(ISO_EDATA, "%s: is a damaged HEIC or AVIF file (%s)", r->file->path,
                    error.message);
}

static iso_rc open_file(struct reader *r)
{
    r->context = heif_context_alloc();
    r->options = heif_decoding_options_alloc();
    if (r->context == NULL || r->options == NULL)
        return iso_image_no_memory(r->file);
#if LIBHEIF_HAVE_VERSION(1, 13, 0)
    heif_context_set_max_decoding_threads(r->context, 0); /* files are decoded side by side */
#endif
    ISO_TRY(check(r, heif_context_read_from_memory_without_copy(r->context, r->file->bytes,
                                                                r->file->n, NULL)));
    return check(r, heif_context_get_primary_image_handle(r->context, &r->handle));
}

/* The library turns the image itself, unless it is told not to. */
static iso_rc measure(const struct reader *r, struct iso_image *out)
{
    const bool turned = r->file->oriented;
    r->options->ignore_transformations = !turned;
    out->height = turned ? heif_image_handle_get_height(r->handle)
                         : heif_image_handle_get_ispe_height(r->handle);
    out->width = turned ? heif_image_handle_get_width(r->handle)
                        : heif_image_handle_get_ispe_width(r->handle);
    out->channels = 3;
    return iso_image_check(r->file, out->height, out->width, false);
}

static iso_rc copy_pixels(const struct reader *r, struct iso_image *out)
{
    int stride = 0;
    const uint8_t *plane =
        heif_image_get_plane_readonly(r->image, heif_channel_interleaved, &stride);
    const size_t row = (size_t)out->width * 3;
    if (plane == NULL || heif_image_get_width(r->image, heif_channel_interleaved) != out->width ||
        heif_image_get_height(r->image, heif_channel_interleaved) != out->height)
        return iso_fail(ISO_EDATA, "%s: has another size than its header says; get it again",
                        r->file->path);
    ISO_TRY(iso_image_allocate(out));
    for (int y = 0; y < out->height; y++)
        memcpy(out->pixels + (size_t)y * row, plane + (size_t)y * (size_t)stride, row);
    return ISO_OK;
}

static iso_rc decode(struct reader *r, struct iso_image *out)
{
    ISO_TRY(open_file(r));
    ISO_TRY(measure(r, out));
    if (r->file->header)
        return ISO_OK;
    ISO_TRY(check(r, heif_decode_image(r->handle, &r->image, heif_colorspace_RGB,
                                       heif_chroma_interleaved_RGB, r->options)));
    return copy_pixels(r, out);
}

iso_rc iso_image_decode_heif(const struct iso_image_file *f, struct iso_image *out,
                             int *orientation)
{
    struct reader r = { .file = f };
    (void)orientation; /* measure: EXIF's says the same again, and does not count */
    const iso_rc rc = decode(&r, out);
    if (r.image != NULL)
        heif_image_release(r.image);
    if (r.handle != NULL)
        heif_image_handle_release(r.handle);
    heif_decoding_options_free(r.options);
    heif_context_free(r.context);
    return rc;
}
#endif
