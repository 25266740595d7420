/* pickle.h: reads files of Python's pickle that contain only data: None, numbers, texts, bytes,
 * lists, tuples, dictionaries and NumPy arrays of real numbers. A pickle is a program for a small
 * machine that can call any function of Python; this machine calls none, and refuses a pickle that
 * names one other than those with which NumPy builds arrays. */
#ifndef ISO_PICKLE_H
#define ISO_PICKLE_H
#include "names.h"
#include "npy.h"

struct iso_pickle;
/* Reads the n bytes (protocols 2 to 5), which the result borrows. path: for faults. Free *out, set
 * only on success, with iso_pickle_free. */
iso_rc iso_pickle_read(const char *path, const uint8_t *bytes, size_t n, struct iso_pickle **out);
void iso_pickle_free(struct iso_pickle *); /* NULL is fine */
/* Finds the array under a key of the dictionary; it borrows the bytes. Returns false if there is
 * none, or if the pickle is not a dictionary. */
bool iso_pickle_array(const struct iso_pickle *, const char *key, struct iso_npy *out);
/* Adds the keys that are texts, shorter than 64 bytes. */
iso_rc iso_pickle_names(const struct iso_pickle *, struct iso_names *);
#endif
