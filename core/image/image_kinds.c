/* image_kinds.c: tells the kinds of image files apart by their first bytes. */
#include "image_kinds.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LITERAL(text) (const uint8_t *)(text), sizeof(text) - 1

static bool begins(const uint8_t *bytes, size_t n, size_t at, const uint8_t *with, size_t count)
{
    return n >= at + count && memcmp(bytes + at, with, count) == 0;
}

static bool is_png(const uint8_t *bytes, size_t n)
{
    return begins(bytes, n, 0, LITERAL("\x89PNG\r\n\x1a\n"));
}

static bool is_jpeg(const uint8_t *bytes, size_t n)
{
    return begins(bytes, n, 0, LITERAL("\xff\xd8\xff"));
}

static bool is_bmp(const uint8_t *bytes, size_t n)
{
    return begins(bytes, n, 0, LITERAL("BM")) && n >= 18 && bytes[15] + bytes[16] + bytes[17] == 0;
}

static bool is_gif(const uint8_t *bytes, size_t n)
{
    return begins(bytes, n, 0, LITERAL("GIF87a")) || begins(bytes, n, 0, LITERAL("GIF89a"));
}

static bool is_webp(const uint8_t *bytes, size_t n)
{
    return begins(bytes, n, 0, LITERAL("RIFF")) && begins(bytes, n, 8, LITERAL("WEBP"));
}

/* Also BigTIFF. */
static bool is_tiff(const uint8_t *bytes, size_t n)
{
    return begins(bytes, n, 0, LITERAL("II*\0")) || begins(bytes, n, 0, LITERAL("MM\0*")) ||
           begins(bytes, n, 0, LITERAL("II+\0")) || begins(bytes, n, 0, LITERAL("MM\0+"));
}

static bool is_heif(const uint8_t *bytes, size_t n)
{
    static const char brands[][5] = { "heic", "heix", "hevc", "hevx", "heim",
                                      "heis", "mif1", "msf1", "avif", "avis" };
    if (!begins(bytes, n, 4, LITERAL("ftyp")))
        return false;
    for (size_t i = 0; i < sizeof brands / sizeof brands[0]; i++)
        if (begins(bytes, n, 8, (const uint8_t *)brands[i], 4))
            return true;
    return false;
}

/* A decoder that is not built in is not named either: the linker would look for it. */
#define DECODER_0(file) NULL
#define DECODER_1(file) iso_image_decode_##file
#define DECODER_OF(built_in, file) DECODER_##built_in(file)
#define DECODER(built_in, file) DECODER_OF(built_in, file)
#define KIND(file, name, suffixes, library, package, built_in) \
    { name, suffixes, library, package, built_in, is_##file, DECODER(built_in, file) },
static const struct iso_image_kind kinds[] = {
#include "image_kinds.def"
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

const struct iso_image_kind *iso_image_kind_at(int i) { return i < KINDS ? &kinds[i] : NULL; }

const struct iso_image_kind *iso_image_kind_of(const uint8_t *bytes, size_t n)
{
    for (int i = 0; i < KINDS; i++)
        if (kinds[i].is(bytes, n))
            return &kinds[i];
    return NULL;
}

/* ---- Names --------------------------------------------------------------------------------- */

bool iso_image_named(const char *name)
{
    const char *dot = strrchr(name, '.');
    for (int i = 0; dot != NULL && i < KINDS; i++)
        for (const char *at = kinds[i].suffixes; *at; at += strspn(at, " ")) {
            const size_t n = strcspn(at, " ");
            if (strlen(dot) == n && strncasecmp(dot, at, n) == 0)
                return true;
            at += n;
        }
    return false;
}

const char *iso_image_suffixes(void)
{
#define KIND(file, name, suffixes, ...) " " suffixes
    static const char text[] =
#include "image_kinds.def"
        ;
    return text + 1;
}

bool iso_image_reads(const char *kind)
{
    for (int i = 0; i < KINDS; i++)
        if (strcmp(kinds[i].name, kind) == 0)
            return kinds[i].built_in;
    return false;
}

/* Lists the kinds that are built in, then the others with their libraries. */
const char *iso_image_support(void)
{
    static _Thread_local char text[256];
    size_t used = 0;
    for (int without = 0; without < 2; without++)
        for (int i = 0; i < KINDS && used < sizeof text; i++) {
            if (kinds[i].built_in == (without == 1))
                continue;
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s%s", i ? ", " : "",
                                     without ? "no " : "", kinds[i].name);
            if (without && used < sizeof text)
                used += (size_t)snprintf(text + used, sizeof text - used, " (built without %s)",
                                         kinds[i].library);
        }
    return text;
}

/* ---- Other files --------------------------------------------------------------------------- */

static const struct {
    size_t at;
    const char *bytes;
    size_t n;
    const char *text;
} others[] = {
#define OTHER(at, bytes, text)             \
    {                                      \
        at, bytes, sizeof(bytes) - 1, text \
    }
    OTHER(0, "8BPS", "a Photoshop file; save it as PNG"),
    OTHER(0, "\0\0\0\x0cjP  ", "a JPEG 2000 file; save it as PNG"),
    OTHER(0, "\xff\x4f\xff\x51", "a JPEG 2000 file; save it as PNG"),
    OTHER(0, "\0\0\0\x0cJXL ", "a JPEG XL file; save it as PNG or JPEG"),
    OTHER(0, "\xff\x0a", "a JPEG XL file; save it as PNG or JPEG"),
    OTHER(0, "P5", "a PGM file; save it as PNG"),
    OTHER(0, "P6", "a PPM file; save it as PNG"),
    OTHER(0, "\0\0\1\0", "an icon; save it as PNG"),
    OTHER(0, "%PDF", "a PDF file; save its pages as PNG"),
    OTHER(0, "PK\3\4", "a ZIP archive; unpack it"),
    OTHER(0, "\x1f\x8b", "a gzip file; unpack it"),
    OTHER(4, "ftyp", "a film, or of a kind like one; save a picture of it as PNG or JPEG"),
    OTHER(0, "\x93NUMPY", "a NumPy array; read it as npy:PATH"),
    OTHER(0, "version https://git-lfs",
          "a pointer of Git LFS; fetch the file itself: git lfs pull"),
#undef OTHER
};

/* Returns true for HTML and XML: a download that failed often leaves a page that says so. */
static bool is_page(const uint8_t *bytes, size_t n)
{
    size_t at = 0;
    while (at < n && strchr(" \t\r\n\xef\xbb\xbf", bytes[at]) != NULL && bytes[at] != 0)
        at++;
    return n - at >= 5 && (strncasecmp((const char *)bytes + at, "<!doc", 5) == 0 ||
                           strncasecmp((const char *)bytes + at, "<html", 5) == 0 ||
                           strncasecmp((const char *)bytes + at, "<?xml", 5) == 0 ||
                           strncasecmp((const char *)bytes + at, "<svg ", 5) == 0);
}

iso_rc iso_image_unknown(const struct iso_image_file *f)
{
    if (f->n == 0)
        return iso_fail(ISO_EDATA, "%s: is empty; get it again", f->path);
    if (is_page(f->bytes, f->n))
        return iso_fail(ISO_EDATA,
                        "%s: is a web page or a drawing in XML, not an image; get it again",
                        f->path);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (begins(f->bytes, f->n, others[i].at, (const uint8_t *)others[i].bytes, others[i].n))
            return iso_fail(ISO_EDATA, "%s: is %s", f->path, others[i].text);
    return iso_fail(ISO_EDATA, "%s: is no image of a kind that isocl knows (%s), whatever its name",
                    f->path, iso_image_support());
}
