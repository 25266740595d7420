/* image_webp.c: decodes WebP files, of animations the first frame, with libwebp and libwebpdemux.
 */
#include "image_kinds.h"

#if ISO_HAVE_WEBP
#include <string.h>

#include <webp/decode.h>
#include <webp/demux.h>

static iso_rc damaged(const struct iso_image_file *f)
{
    return iso_fail(ISO_EDATA, "%s: is a damaged WebP file; get it again", f->path);
}

/* Alpha is left out, not blended. */
static iso_rc read_frame(const struct iso_image_file *f, const WebPData *data,
                         struct iso_image *out)
{
    WebPAnimDecoder *decoder = WebPAnimDecoderNew(data, NULL);
    uint8_t *frame;
    int at;
    const bool read = decoder != NULL && WebPAnimDecoderGetNext(decoder, &frame, &at);
    const int64_t n = (int64_t)out->height * out->width;
    for (int64_t i = 0; i < n && read; i++)
        memcpy(out->pixels + 3 * i, frame + 4 * i, 3);
    WebPAnimDecoderDelete(decoder);
    return read ? ISO_OK : damaged(f);
}

static iso_rc read_still(const struct iso_image_file *f, struct iso_image *out)
{
    const size_t row = (size_t)out->width * 3;
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config))
        return iso_fail(ISO_EUNSUP, "%s: libwebp is of another version than its headers", f->path);
    config.output.colorspace = MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA = (WebPRGBABuffer){ out->pixels, (int)row, row * (size_t)out->height };
    const VP8StatusCode status = WebPDecode(f->bytes, f->n, &config);
    if (status == VP8_STATUS_OUT_OF_MEMORY)
        return iso_image_no_memory(f);
    return status == VP8_STATUS_OK ? ISO_OK : damaged(f);
}

static int find_orientation(const WebPData *data)
{
    WebPDemuxer *demuxer = WebPDemux(data);
    WebPChunkIterator chunk;
    int orientation = 1;
    if (demuxer != NULL && WebPDemuxGetChunk(demuxer, "EXIF", 1, &chunk)) {
        orientation = iso_exif_orientation(chunk.chunk.bytes, chunk.chunk.size);
        WebPDemuxReleaseChunkIterator(&chunk);
    }
    WebPDemuxDelete(demuxer);
    return orientation;
}

/* The orientation stands behind the pixels: the whole file is needed for it. */
static bool is_whole(const struct iso_image_file *f)
{
    const uint8_t *size = f->bytes + 4;
    return f->n >= 12 && f->n - 8 >= (size[0] | (size_t)size[1] << 8 | (size_t)size[2] << 16 |
                                      (size_t)size[3] << 24);
}

iso_rc iso_image_decode_webp(const struct iso_image_file *f, struct iso_image *out,
                             int *orientation)
{
    const WebPData data = { f->bytes, f->n };
    WebPBitstreamFeatures features;
    if (!is_whole(f) || WebPGetFeatures(f->bytes, f->n, &features) != VP8_STATUS_OK)
        return damaged(f);
    out->height = features.height;
    out->width = features.width;
    out->channels = 3;
    *orientation = find_orientation(&data);
    ISO_TRY(iso_image_check(f, out->height, out->width, false));
    if (f->header)
        return ISO_OK;
    ISO_TRY(iso_image_allocate(out));
    if (features.has_animation)
        return read_frame(f, &data, out);
    return read_still(f, out);
}
#endif
