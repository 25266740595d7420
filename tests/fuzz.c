#include "fuzz.h"
#include "core/system/file.h"
#include "core/arithmetic/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#ifdef __SANITIZE_ADDRESS__
/* Returns the libraries whose leaks are theirs: dav1d loses some bytes of damaged AVIF images. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:libdav1d\n"; }
#endif

enum { GROWTH = 64 }; /* bytes that damage may add */

static uint32_t counter, stream, seed;

static uint32_t draw(uint32_t below)
{
    return iso_philox(counter++, stream, seed, ISO_RANDOM_TEST, 77, 0).v[0] % below;
}

/* ---- Damage -------------------------------------------------------------------------------- */

static const uint8_t interesting[] = { 0, 1, 0x7f, 0x80, 0xff, '.', '(', '-', '9', '\n', ',' };

static size_t put_in(uint8_t *bytes, size_t n, size_t capacity, const char *const *words)
{
    uint32_t count = 0;
    while (words != NULL && words[count] != NULL)
        count++;
    const char *word = count ? words[draw(count)] : "";
    const size_t length = strlen(word), at = draw((uint32_t)n + 1);
    if (n + length > capacity)
        return n;
    memmove(bytes + at + length, bytes + at, n - at);
    memcpy(bytes + at, word, length);
    return n + length;
}

/* Changes a few bytes, or cuts, repeats, moves or puts in a piece. Returns the new length, at most
 * the capacity. */
static size_t damage(uint8_t *bytes, size_t n, size_t capacity, const char *const *words)
{
    const int times = 1 + (int)draw(4);
    for (int i = 0; i < times && n > 0; i++) {
        const uint32_t size = (uint32_t)n, at = draw(size), to = draw(size);
        const uint32_t rest = size - (at > to ? at : to);
        switch (draw(words != NULL ? 9 : 6)) {
        case 0: bytes[at] ^= (uint8_t)(1u << draw(8)); break;
        case 1: bytes[at] = interesting[draw(sizeof interesting)]; break;
        case 2: bytes[at] = (uint8_t)draw(256); break;
        case 3: memmove(bytes + at, bytes + to, draw(rest + 1)); break;
        case 4: memset(bytes + at, (int)draw(256), draw(size - at < 9 ? size - at : 9)); break;
        case 5: n = draw(4) == 0 ? at : n; break;
        default: n = put_in(bytes, n, capacity, words); break;
        }
    }
    return n;
}

/* ---- Files --------------------------------------------------------------------------------- */

/* A file that is there is not emptied before: some file systems then wait for the disk. */
static void save(const char *path, const uint8_t *bytes, size_t n)
{
    FILE *file = fopen(path, access(path, F_OK) == 0 ? "r+b" : "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fflush(file), 0);
    assert_int_equal(ftruncate(fileno(file), (off_t)n), 0);
    assert_int_equal(fclose(file), 0);
}

/* Fills in the path of a file in the folder, and makes the folders on the way to it. */
static void make_path(char path[FUZZ_PATH], const char *folder, const char *file)
{
    snprintf(path, FUZZ_PATH, "%s/%s", folder, file);
    char *slash = strrchr(path, '/');
    *slash = '\0';
    assert_int_equal(iso_folder_make(path), ISO_OK);
    *slash = '/';
}

/* Removes the file, and the folders on the way to it that are empty then. */
static void remove_file(char path[FUZZ_PATH], const char *folder)
{
    assert_int_equal(unlink(path), 0);
    for (char *slash; (slash = strrchr(path, '/')) != NULL && slash > path + strlen(folder);) {
        *slash = '\0';
        rmdir(path);
    }
}

static void copy(const char *from, const char *to)
{
    char *bytes;
    size_t n;
    assert_int_equal(iso_file_read(from, &bytes, &n), ISO_OK);
    save(to, (const uint8_t *)bytes, n);
    free(bytes);
}

static void put_beside(const struct fuzz_subject *s, const char *folder, bool there)
{
    char path[FUZZ_PATH];
    for (int i = 0; i < FUZZ_BESIDE && s->beside[i].file != NULL; i++) {
        make_path(path, folder, s->beside[i].copy);
        if (there)
            copy(s->beside[i].file, path);
        else
            remove_file(path, folder);
    }
}

/* In memory, where there is such a folder: a disk would be busy with nothing that is kept. */
static const char *root(void) { return access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"; }

void fuzz_open(const struct fuzz_subject *s, struct fuzz_folder *p)
{
    snprintf(p->folder, sizeof p->folder, "%s/isocl-fuzz-XXXXXX", root());
    assert_non_null(mkdtemp(p->folder));
    put_beside(s, p->folder, true);
    make_path(p->path, p->folder, s->copy);
}

void fuzz_close(const struct fuzz_subject *s, struct fuzz_folder *p)
{
    remove_file(p->path, p->folder);
    put_beside(s, p->folder, false);
    assert_true(rmdir(p->folder) == 0 || !iso_folder_exists(p->folder));
}

/* ---- Rounds -------------------------------------------------------------------------------- */

iso_rc fuzz_read(const struct fuzz_subject *s, const struct fuzz_folder *p, const void *bytes,
                 size_t n)
{
    const iso_rc refusal = s->refusal ? s->refusal : ISO_EDATA;
    save(p->path, bytes, n);
    iso_error_clear();
    const iso_rc rc = s->read(s, p->path, p->folder);
    if (rc != ISO_OK && rc != refusal)
        fail_msg("%s, damaged in %s: %d, %s", s->file, p->path, rc, iso_error());
    return rc;
}

/* The undamaged file, then damaged ones. Returns how many were refused. */
static int read_rounds(const struct fuzz_subject *s, const struct fuzz_folder *p, int rounds)
{
    char *whole;
    size_t n;
    int refused = 0;
    assert_int_equal(iso_file_read(s->file, &whole, &n), ISO_OK);
    uint8_t *bad = malloc(n + GROWTH);
    assert_non_null(bad);
    if ((fuzz_read(s, p, whole, n) == ISO_OK) == s->bad)
        fail_msg("%s: %s", s->file, iso_error());
    for (int i = 0; i < rounds; i++) {
        memcpy(bad, whole, n);
        refused += fuzz_read(s, p, bad, damage(bad, n, n + GROWTH, s->words)) != ISO_OK;
    }
    free(bad);
    free(whole);
    return refused;
}

static void fuzz_one(const struct fuzz_subject *s, int rounds)
{
    struct fuzz_folder work;
    fuzz_open(s, &work);
    const int refused = read_rounds(s, &work, rounds);
    if (rounds >= 100 && refused <= rounds / 20 && !s->lenient)
        fail_msg("%s: only %d of %d damaged files were refused", s->file, refused, rounds);
    fuzz_close(s, &work);
}

void fuzz(struct fuzz_list list, int rounds)
{
    const char *more = getenv("ISOCL_FUZZ_ROUNDS"), *only = getenv("ISOCL_FUZZ_ONLY");
    const char *other = getenv("ISOCL_FUZZ_SEED");
    long long done = 0;
    if (list.n == 0)
        skip();
    rounds = more != NULL ? atoi(more) : rounds;
    seed = other != NULL ? (uint32_t)atol(other) : 0;
    assert_true(rounds > 0);
    for (int i = 0; i < list.n; i++) {
        if (only != NULL && strstr(list.subjects[i].file, only) == NULL)
            continue;
        counter = 0;
        stream = (uint32_t)i;
        fuzz_one(&list.subjects[i], rounds);
        done += rounds;
    }
    print_message("  %lld damaged files\n", done);
}

#if defined(__has_feature) /* clang's way of saying so */
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

/* Sanitizers reserve more addresses than any limit allows, but bound each allocation. */
#if defined(__SANITIZE_ADDRESS__)
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "max_allocation_size_mb=512:allocator_may_return_null=1:quarantine_size_mb=32";
}
#endif

bool fuzz_limit_memory(void)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    const struct rlimit limit = { FUZZ_MEMORY, FUZZ_MEMORY };
    return setrlimit(RLIMIT_AS, &limit) == 0;
#else
    return true;
#endif
}
