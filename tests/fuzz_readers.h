/* fuzz_readers.h: every reader of files that come from elsewhere. X(name, rounds of a short test):
 * fuzz_<name>() lists the subjects. */
#ifndef ISO_TEST_FUZZ_READERS_H
#define ISO_TEST_FUZZ_READERS_H
#include "fuzz.h"

#define FUZZ_SETS(X) X(arrays, 400) X(tables, 400) X(pictures, 400) X(idx, 400) X(cifar, 400)
#define FUZZ_FILES(X)   \
    X(safetensors, 600) \
    X(torch, 400)       \
    X(hdf5, 20) X(onnx, 1000) X(network, 400) X(models, 6) X(histories, 150) X(states, 600)

#define FUZZ_DECLARE(name, rounds) struct fuzz_list fuzz_##name(void);
FUZZ_SETS(FUZZ_DECLARE)
FUZZ_FILES(FUZZ_DECLARE)

/* The model in a file, and a graph of each of its phases. */
iso_rc fuzz_read_model(const struct fuzz_subject *, const char *path, const char *folder);

/* A test of each reader in a list, and its entry. */
#define FUZZ_TEST(name, rounds)              \
    static void damaged_##name(void **state) \
    {                                        \
        (void)state;                         \
        fuzz(fuzz_##name(), rounds);         \
    }
#define FUZZ_ENTRY(name, rounds) cmocka_unit_test(damaged_##name),
#endif
