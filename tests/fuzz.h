/* fuzz.h: whole files of a corpus, damaged in thousands of ways, for readers that must read or
 * refuse each of them.
 *
 * The damage is the same in every run. ISOCL_FUZZ_ROUNDS: how often each file is damaged, in place
 * of the few times of a short run; ISOCL_FUZZ_ONLY: only the files whose path has this text in it;
 * ISOCL_FUZZ_SEED: another sequence. A file that a reader fell over stays where the message says,
 * or after a crash in /tmp/isocl-fuzz-*. */
#ifndef ISO_TEST_FUZZ_H
#define ISO_TEST_FUZZ_H
#include "core/iso.h"

enum { FUZZ_MEMORY = 1 << 29, FUZZ_BESIDE = 2 };
struct fuzz_subject {
    const char *file;                  /* of the corpus; undamaged it must be read, unless bad */
    const char *place;                 /* of its damaged copy, in the test's folder */
    /* Reads the copy. ISO_OK, or the code of the reader that refused it. */
    iso_rc (*read)(const struct fuzz_subject *, const char *path, const char *folder);
    const char *name;                  /* for the reader */
    const char *const *words;          /* what may be put in, NULL-terminated; NULL: nothing */
    struct { const char *file, *place; } beside[FUZZ_BESIDE];  /* undamaged; file NULL: none */
    iso_rc refusal;                    /* the code for a damaged file; ISO_OK: ISO_EDATA */
    bool bad;                          /* the file is one that is refused as it is */
    bool lenient;                      /* damage need not be noticed */
};
/* Damages each subject so often, in turn. A reader that neither reads nor refuses fails the
 * test, as does damage that is hardly ever noticed. */
void fuzz(const struct fuzz_subject *, int n, int rounds);
/* Bounds the memory of the process, so that a reader that believes a size in a file runs out of it,
 * which is no refusal. To be called by main; false when it cannot. */
bool fuzz_limit_memory(void);
#endif
