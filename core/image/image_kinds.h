/* image_kinds.h: the kinds of image files, and their decoders, which are private to image_*.c. */
#ifndef ISO_IMAGE_KINDS_H
#define ISO_IMAGE_KINDS_H
#include "core/iso.h"
#include "image_options.h"

/* True if a file whose name ends like this one's is an image by its name: iso_image_suffixes, in
 * any case. */
bool iso_image_named(const char *name);
/* ".png, .jpg, ...": what those names end in. */
const char *iso_image_suffixes(void);
/* "PNG, JPEG, ...; no WebP (built without libwebp)". */
const char *iso_image_support(void);
/* True if files of this kind, such as "PNG", can be read. */
bool iso_image_reads(const char *kind);

struct iso_image_file { /* in memory */
    const char *path;
    const uint8_t *bytes;
    size_t n;
    int64_t max_pixels;
    bool header;   /* only size, channels and orientation are wanted */
    bool oriented; /* the orientation is to be applied; for a decoder that does it itself */
};
/* Sets the pixels, unless only the header is wanted, and *orientation to what the file says, from 1
 * to 8 as EXIF numbers it; it is 1 before. On failure the pixels are the caller's to free. */
typedef iso_rc iso_image_decoder(const struct iso_image_file *, struct iso_image *out,
                                 int *orientation);
#define KIND(file, ...) iso_image_decoder iso_image_decode_##file;
#include "image_kinds.def"
struct iso_image_kind {
    const char *name;
    const char *suffixes; /* ".jpg .jpeg": of its files' names */
    const char *library;  /* the decoder */
    const char *package;  /* Debian's package of the library */
    bool built_in;        /* false: the library was not there when the program was built */
    bool (*is)(const uint8_t *bytes, size_t n);
    iso_image_decoder *decode;
};
/* Returns the i-th kind, from 0; NULL: there are no more. */
const struct iso_image_kind *iso_image_kind_at(int i);
/* Returns the kind of file that these bytes begin; NULL where it is none of them. */
const struct iso_image_kind *iso_image_kind_of(const uint8_t *bytes, size_t n);
/* Fails, and says what else it is, if that is known: a web page, a Photoshop file. */
iso_rc iso_image_unknown(const struct iso_image_file *);

/* Checks a size before a decoder allocates: it must not be 0, and not exceed the file's limit of
 * pixels. holds: nor what its bytes can hold (see image_decoder.c). */
iso_rc iso_image_check(const struct iso_image_file *, int64_t height, int64_t width, bool holds);
/* Fails with `what`, such as "is a damaged PNG file", and with what a decoder says of it:
 * ISO_EDATA; or with ISO_ENOMEM, if the decoder speaks of memory. */
iso_rc iso_image_damaged(const struct iso_image_file *, const char *what, const char *why);
/* Returns true if what a decoder says speaks of memory that it could not get. */
bool iso_image_says_memory(const char *why);
/* Fails with ISO_ENOMEM. */
iso_rc iso_image_no_memory(const struct iso_image_file *);
/* Gives the image pixels. */
iso_rc iso_image_allocate(struct iso_image *);
/* The orientation in a block of EXIF data, which begins with II or MM, or "Exif" and two zeros; 1
 * where it says none. */
int iso_exif_orientation(const uint8_t *exif, size_t n);
/* Turns and mirrors the image as one of this orientation must be to be seen upright. */
iso_rc iso_image_turn(struct iso_image *, int orientation);
#endif
