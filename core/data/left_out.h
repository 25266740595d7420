/* left_out.h: what a reader of image files has left out, and why: for those who want to know where
 * their pictures are. */
#ifndef ISO_LEFT_OUT_H
#define ISO_LEFT_OUT_H
#include "names.h"

enum iso_left_reason {
    ISO_LEFT_NAME,   /* its name is not that of an image */
    ISO_LEFT_HIDDEN, /* its name begins with a dot, or is that of a folder for macOS only */
    ISO_LEFT_LOOSE,  /* it lies beside the folders of the classes */
    ISO_LEFT_LOOP,   /* it is a link to a folder that it lies in */
    ISO_LEFT_EMPTY,  /* a class without an image */
    ISO_LEFT_REASONS
};
struct iso_left_out {                         /* zeroed: nothing is left out */
    struct iso_names names[ISO_LEFT_REASONS]; /* paths below the folder of the data set */
};
iso_rc iso_left_out_add(struct iso_left_out *, enum iso_left_reason, const char *name);
/* Writes "2 files that are not called as images are: a/list.txt, b/list.txt" and returns true;
 * false where nothing is left out for this reason. Names beyond the first few are counted. */
bool iso_left_out_text(const struct iso_left_out *, enum iso_left_reason, char *buf, size_t n);
/* NULL is fine. */
void iso_left_out_free(struct iso_left_out *);
#endif
