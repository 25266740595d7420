/* fuzz.h: damaged files, for readers that must read or refuse each of them.
 *
 * test_fuzz.c and test_fuzz_files.c damage whole files of a corpus a few hundred times, always in
 * the same way. ISOCL_FUZZ_ROUNDS: how often each file instead; ISOCL_FUZZ_ONLY: only the files
 * whose path has this text in it; ISOCL_FUZZ_SEED: another sequence. A file that a reader fell over
 * stays where the message says, or after a crash in isocl-fuzz-* of /dev/shm or /tmp.
 *
 * guided/guided.c lets libFuzzer look for damage that takes a reader to code not yet seen, for as
 * long as one has time. */
#ifndef ISO_TEST_FUZZ_H
#define ISO_TEST_FUZZ_H
#include "core/iso.h"

enum { FUZZ_MEMORY = 1 << 29, FUZZ_BESIDE = 2, FUZZ_FOLDER = 64, FUZZ_PATH = 512 };
struct fuzz_subject {
    const char *file; /* file of the corpus; undamaged it must be readable, unless bad */
    const char *copy; /* path of its damaged copy in the test's folder */
    /* Reads the copy. Returns ISO_OK or the code with which the reader refused it. */
    iso_rc (*read)(const struct fuzz_subject *, const char *path, const char *folder);
    const char *name;         /* for the reader */
    const char *const *words; /* words to insert, NULL-terminated; NULL: none */
    struct {
        const char *file, *copy;
    } beside[FUZZ_BESIDE]; /* undamaged; file NULL: none */
    iso_rc refusal;        /* the code for a damaged file; ISO_OK: ISO_EDATA */
    bool bad;              /* the file is one that is refused as it is */
    bool lenient;          /* damage need not be noticed */
};
/* The subjects of one kind of reader; none when this build cannot read such files. */
struct fuzz_list {
    const struct fuzz_subject *subjects;
    int n;
};

/* Damages each subject so often, in turn; skips the test when there are none. A reader that neither
 * reads nor refuses fails the test, as does damage that is hardly ever noticed. */
void fuzz(struct fuzz_list, int rounds);
/* Bounds the memory of the process, so that a reader that believes a size in a file runs out of it,
 * which is no refusal. To be called by main; false when it cannot. */
bool fuzz_limit_memory(void);

/* A folder in which a subject's damaged copies are read, one after the other. */
struct fuzz_folder {
    char folder[FUZZ_FOLDER], path[FUZZ_PATH];
};
void fuzz_open(const struct fuzz_subject *, struct fuzz_folder *);
/* Reads these bytes; a code that is neither ISO_OK nor the refusal fails the test. */
iso_rc fuzz_read(const struct fuzz_subject *, const struct fuzz_folder *, const void *bytes,
                 size_t n);
void fuzz_close(const struct fuzz_subject *, struct fuzz_folder *);
#endif
