/* left_out.h: the files that a reader of images did not use, with the reason for each. */
#ifndef ISO_LEFT_OUT_H
#define ISO_LEFT_OUT_H
#include "core/text/names.h"

enum iso_left_reason {
    ISO_LEFT_NAME,    /* the name is not that of an image */
    ISO_LEFT_HIDDEN,  /* the name begins with a dot, or is that of a folder for macOS only */
    ISO_LEFT_LOOSE,   /* the file is beside the folders of the classes */
    ISO_LEFT_LOOP,    /* a link to a folder that contains it */
    ISO_LEFT_EMPTY,   /* a class without an image */
    ISO_LEFT_DAMAGED, /* it cannot be read or decoded; the name is the message, with the path */
    ISO_LEFT_REASONS
};
struct iso_left_out {                         /* zeroed: none */
    struct iso_names names[ISO_LEFT_REASONS]; /* paths below the folder of the data set */
};
iso_rc iso_left_out_add(struct iso_left_out *, enum iso_left_reason, const char *name);
/* Writes a count and the first few names, such as "2 files that are not called as images are:
 * a/list.txt, b/list.txt", and returns true. Returns false if no file was left out for this reason.
 */
bool iso_left_out_text(const struct iso_left_out *, enum iso_left_reason, char *buf, size_t n);
/* NULL is fine. */
void iso_left_out_free(struct iso_left_out *);
#endif
