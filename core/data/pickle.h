/* pickle.h: reads what Python's pickle wrote, as far as it is data: None, numbers, texts, bytes,
 * lists, tuples, dictionaries and NumPy arrays of real numbers. A pickle is a program for a small
 * machine that can call any function of Python; this machine calls none, and refuses a pickle that
 * names one other than those with which NumPy builds arrays. */
#ifndef ISO_PICKLE_H
#define ISO_PICKLE_H
#include "npy.h"

struct iso_pickle;
/* Reads the n bytes (protocols 2 to 5), which the result borrows. path: for faults. Free *out, set
 * only on success, with iso_pickle_free. */
iso_rc iso_pickle_read(const char *path, const uint8_t *bytes, size_t n, struct iso_pickle **out);
void iso_pickle_free(struct iso_pickle *); /* NULL is fine */
/* The array under a key of the dictionary that is the whole; it borrows the bytes. False where
 * there is none, or the whole is no dictionary. */
bool iso_pickle_array(const struct iso_pickle *, const char *key, struct iso_npy *out);
/* "'features', 'target'", cut off after n - 1 bytes, or what there is instead of a dictionary.
 * Returns buf. */
const char *iso_pickle_keys(const struct iso_pickle *, char *buf, size_t n);
#endif
