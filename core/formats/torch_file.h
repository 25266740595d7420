/* torch_file.h: named tensors of PyTorch's state dicts, in a .pth or .pt file (a zip file with a
 * pickle, of which only data are taken: pickle.h; before PyTorch 1.6 pickles and numbers one after
 * another: torch_old.h) or a .safetensors file. */
#ifndef ISO_TORCH_FILE_H
#define ISO_TORCH_FILE_H
#include "core/iso.h"

struct iso_torch_tensor {
    char name[160]; /* without what a wrapper of the whole network adds, as "module." */
    int ndim;
    int64_t dim[8];
    float *values; /* row-major */
};
struct iso_torch_file {
    int n; /* tensors of real numbers; others are left out */
    struct iso_torch_tensor *tensors;
    bool ordered; /* as the network's layers, as far as PyTorch knows; otherwise by their names */
};
/* Returns true if a name's ending is one of those of such files. */
bool iso_torch_is(const char *path);
/* Reads a whole file. Fails with ISO_EIO or ISO_EDATA for one that cannot be read, is damaged or
 * wants something else than tensors built. Free *out, set only on success, with iso_torch_close. */
iso_rc iso_torch_open(const char *path, struct iso_torch_file **out);
void iso_torch_close(struct iso_torch_file *); /* NULL is fine */
#endif
