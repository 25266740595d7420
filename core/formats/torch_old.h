/* torch_old.h (private): the files of torch.save before PyTorch 1.6, which many published weights
 * still are: no zip file, but pickles one after another, and then the numbers. For torch_file.c. */
#ifndef ISO_TORCH_OLD_H
#define ISO_TORCH_OLD_H
#include "pickle.h"

struct iso_torch_old_storage {
    char name[64];
    size_t at, bytes; /* its numbers in the file */
};
struct iso_torch_old {
    char *data; /* the file */
    size_t n;
    struct iso_pickle *pickle; /* the object that was saved; it borrows the data */
    struct iso_torch_old_storage *storages;
    int nstorages;
};
/* Sets *old to whether the file begins as such files do. Fails with ISO_EIO if it cannot be read.
 */
iso_rc iso_torch_old_is(const char *path, bool *old);
/* Reads the file. Fails with ISO_EDATA for a damaged one. Free *out, set only on success, with
 * iso_torch_old_close. */
iso_rc iso_torch_old_open(const char *path, struct iso_torch_old **out);
void iso_torch_old_close(struct iso_torch_old *); /* NULL is fine */
/* Returns the storage of a name, or NULL. */
const struct iso_torch_old_storage *iso_torch_old_find(const struct iso_torch_old *,
                                                       const char *name);
#endif
