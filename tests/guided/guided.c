/* guided.c: libFuzzer, which keeps the damage that takes a reader to code it has not seen, and goes
 * on from there.
 *
 *   make fuzz
 *   build/fuzz/guided tests/readers/mixed.npy -max_total_time=600 [FOLDER]
 *
 * The file says which reader: it, and what other files of the corpus the same reader takes, are
 * where the search begins. What it finds worth keeping goes into the folder, if there is one, for
 * another time. It ends with the first file that a reader does not survive, which is left as
 * crash-*, or as timeout-* after ten seconds: -timeout=SECONDS allows more on a busy machine.
 * -help=1 lists what else libFuzzer can be told. */
#include "core/system/child.h"
#include "core/system/file.h"
#include "tests/folder.h"
#include "tests/fuzz_readers.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { ARGUMENTS = 64 };

static const struct fuzz_subject *subject;
static struct fuzz_folder work;
static char given[FOLDER], seeds[FUZZ_PATH], words[FUZZ_PATH];

/* ---- What libFuzzer is given ---------------------------------------------------------------- */

static void give_up(const char *what, const char *name)
{
    fprintf(stderr, "guided: %s %s\n", what, name);
    exit(2);
}

static bool alike(const struct fuzz_subject *a, const struct fuzz_subject *b)
{
    return a->read == b->read && strcmp(a->copy, b->copy) == 0 &&
           (a->name == b->name ||
            (a->name != NULL && b->name != NULL && strcmp(a->name, b->name) == 0));
}

static void find(struct fuzz_list list, const char *file)
{
    for (int i = 0; i < list.n && subject == NULL; i++)
        if (strcmp(list.subjects[i].file, file) == 0)
            subject = &list.subjects[i];
}

static void copy_seeds(struct fuzz_list list)
{
    static int seed;
    for (int i = 0; i < list.n; i++) {
        char to[FUZZ_PATH], *bytes;
        size_t n;
        if (!alike(&list.subjects[i], subject))
            continue;
        snprintf(to, sizeof to, "%s/%d", seeds, seed++);
        if (iso_file_read(list.subjects[i].file, &bytes, &n) != ISO_OK ||
            iso_file_write(to, bytes, n) != ISO_OK)
            give_up("cannot copy", list.subjects[i].file);
        free(bytes);
    }
}

/* The subject's words, of which there are some, in libFuzzer's notation. */
static void write_words(void)
{
    FILE *file = fopen(words, "w");
    if (file == NULL)
        give_up("cannot write", words);
    for (int i = 0; subject->words[i] != NULL; i++) {
        fputc('"', file);
        for (const char *c = subject->words[i]; *c; c++)
            fprintf(file, "\\x%02x", (unsigned char)*c);
        fputs("\"\n", file);
    }
    fclose(file);
}

/* Only at a regular end: what a crash leaves may help to understand it. */
static void clean_up(void)
{
    if (folder_remove(given) != 0 || folder_remove(work.folder) != 0)
        fprintf(stderr, "guided: %s or %s is left\n", given, work.folder);
}

/* The first argument is ours. The others come after our limits, which they may change (no file of
 * the corpus needs 8 MiB at once), and before the seeds: libFuzzer keeps new files in the first
 * folder that it is given. */
static void rewrite(int *argc, char ***argv)
{
    static char *all[ARGUMENTS], dictionary[FUZZ_PATH];
    int n = 0;
    snprintf(dictionary, sizeof dictionary, "-dict=%s", words);
    all[n++] = (*argv)[0];
    if (subject->words != NULL)
        all[n++] = dictionary;
    all[n++] = "-timeout=10";
    all[n++] = "-malloc_limit_mb=64";
    for (int i = 2; i < *argc && n < ARGUMENTS - 2; i++)
        all[n++] = (*argv)[i];
    all[n++] = seeds;
    *argc = n;
    *argv = all;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
#define FIND(name, rounds) find(fuzz_##name(), (*argv)[1]);
#define COPY(name, rounds) copy_seeds(fuzz_##name());
    iso_child_main(*argc, *argv);
    if (*argc < 2 || (*argv)[1][0] == '-')
        give_up("name a file of the corpus, such as", "tests/readers/mixed.npy");
    FUZZ_SETS(FIND)
    FUZZ_FILES(FIND)
    if (subject == NULL)
        give_up("no reader's test begins with", (*argv)[1]);
    setenv("CMOCKA_TEST_ABORT", "1", 1); /* a failed assertion is a crash */
    if (folder_make(given, "guided") != 0)
        give_up("cannot make", given);
    snprintf(seeds, sizeof seeds, "%s/seeds", given);
    snprintf(words, sizeof words, "%s/words", given);
    if (iso_folder_make(seeds) != ISO_OK)
        give_up("cannot make", seeds);
    FUZZ_SETS(COPY)
    FUZZ_FILES(COPY)
    if (subject->words != NULL)
        write_words();
    fuzz_open(subject, &work);
    atexit(clean_up);
    rewrite(argc, argv);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    fuzz_read(subject, &work, bytes, n);
    return 0;
}
