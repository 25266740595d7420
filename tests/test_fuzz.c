/* test_fuzz.c: damaged files of the readers' corpus (tests/readers). Whatever is wrong, a file is
 * read or refused, with nothing worse (run with SAN=address,undefined), and takes little memory.
 * The damage is the same in every run; ISOCL_FUZZ_ROUNDS makes it more. Run from the root of the
 * repository. */
#include "core/data/dataset.h"
#include "core/data/image.h"
#include "core/file.h"
#include "core/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { ROUNDS = 400, MEMORY = 1 << 29 };

/* kind: of the data set, as in its name; place: what the path of the damaged file ends in. */
struct subject { const char *file, *kind, *place; };
static const struct subject subjects[] = {
    { "float64.npy", "npy:", "" }, { "float64-5.npy", "npy:", "" }, { "mixed.npy", "npy:", "" },
    { "arrays.npz", "npy:", ".npz" },
    { "numbers.csv", "csv:", ".csv" }, { "names.csv", "csv:", ".csv" },
    { "decode/colour.png", "folder:", "/a/1.png" }, { "decode/palette.png", "folder:", "/a/1.png" },
    { "decode/bits.png", "folder:", "/a/1.png" }, { "decode/grey.jpg", "folder:", "/a/1.png" },
    { "decode/colour.jpg", "folder:", "/a/1.png" },
    { "decode/progressive.JPEG", "folder:", "/a/1.png" },
};

static uint32_t counter;

static uint32_t draw(uint32_t below)
{
    return iso_philox(counter++, 0, 0, ISO_RANDOM_TEST, 77, 0).v[0] % below;
}

static const uint8_t interesting[] = { 0, 1, 0x7f, 0x80, 0xff, '.', '(', '-', '9', '\n', ',' };

/* Changes a few bytes, or cuts, repeats or moves a piece. Returns the new length, at most n. */
static size_t damage(uint8_t *bytes, size_t n)
{
    const int times = 1 + (int)draw(4);
    for (int i = 0; i < times && n > 0; i++) {
        const uint32_t size = (uint32_t)n, at = draw(size), to = draw(size);
        const uint32_t room = size - (at > to ? at : to);
        switch (draw(6)) {
        case 0: bytes[at] ^= (uint8_t)(1u << draw(8)); break;
        case 1: bytes[at] = interesting[draw(sizeof interesting)]; break;
        case 2: bytes[at] = (uint8_t)draw(256); break;
        case 3: memmove(bytes + at, bytes + to, draw(room + 1)); break;
        case 4: memset(bytes + at, (int)draw(256), draw(size - at < 9 ? size - at : 9)); break;
        default: n = draw(4) == 0 ? at : n; break;
        }
    }
    return n;
}

static void save(const char *path, const uint8_t *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static iso_rc load(const char *name, const struct iso_class_map *classes)
{
    const struct iso_dataset_request r = { .name = name, .split = "train", .threads = 1,
                                           .classes = classes };
    struct iso_dataset *set = NULL;
    iso_error_clear();
    const iso_rc rc = iso_dataset_load(&r, &set);
    assert_true((rc == ISO_OK) == (set != NULL));
    for (int64_t i = 0; set && i < set->rows; i++)
        assert_in_range(set->labels[i], 0, set->classes - 1);
    const int64_t last = set ? set->rows * set->height * set->width * set->channels - 1 : 0;
    assert_true(!set || set->images[last] < 256);  /* it is there */
    iso_dataset_free(set);
    return rc;
}

static void check(const struct subject *s, const char *folder, int rounds,
                  const struct iso_class_map *pets)
{
    const struct iso_class_map *classes = strcmp(s->file, "names.csv") == 0 ? pets : NULL;
    char path[300], name[300], *bytes = NULL;
    size_t n = 0;
    int refused = 0;
    snprintf(path, sizeof path, "tests/readers/%s", s->file);
    assert_int_equal(iso_file_read(path, &bytes, &n), ISO_OK);
    uint8_t *bad = malloc(n);
    assert_non_null(bad);
    const bool inside = strcmp(s->kind, "folder:") == 0;
    snprintf(path, sizeof path, "%s/damaged/a", folder);
    if (inside)
        assert_int_equal(iso_folder_make(path), ISO_OK);
    snprintf(path, sizeof path, "%s/damaged%s", folder, s->place);
    snprintf(name, sizeof name, "%s%s/damaged%s", s->kind, folder, inside ? "" : s->place);
    save(path, (const uint8_t *)bytes, n);
    if (load(name, classes) != ISO_OK)
        fail_msg("%s: %s", s->file, iso_error());
    for (int i = 0; i < rounds; i++) {
        memcpy(bad, bytes, n);
        save(path, bad, damage(bad, n));
        const iso_rc rc = load(name, classes);
        if (rc != ISO_OK && rc != ISO_EDATA)
            fail_msg("%s, round %d: %d, %s", s->file, i, rc, iso_error());
        refused += rc != ISO_OK;
    }
    assert_true(refused > rounds / 20);
    assert_int_equal(unlink(path), 0);
    for (int up = 0; inside && up < 2; up++) {
        *strrchr(path, '/') = '\0';
        assert_int_equal(rmdir(path), 0);
    }
    free(bad);
    free(bytes);
}

static void damaged_files_are_read_or_refused(void **state)
{
    char folder[] = "/tmp/isocl-test-fuzz-XXXXXX";
    const char *more = getenv("ISOCL_FUZZ_ROUNDS");
    const int rounds = more ? atoi(more) : ROUNDS;
    (void)state;
    struct iso_class_map *pets = calloc(1, sizeof *pets + 2 * sizeof pets->member[0]);
    assert_true(rounds > 0 && pets);
    *pets = (struct iso_class_map){ .classes = 2, .n = 2 };
    pets->member[0] = (struct iso_class_member){ "cat", 0 };
    pets->member[1] = (struct iso_class_member){ "a \"dog\"", 1 };
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++) {
        if (subjects[i].kind[0] == 'f' && strstr(iso_image_support(), "without"))
            continue;
        counter = (uint32_t)i << 26;
        check(&subjects[i], folder, rounds, pets);
    }
    assert_int_equal(rmdir(folder), 0);
    free(pets);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(damaged_files_are_read_or_refused) };
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    /* A reader that believes a size in a file runs out of memory, which is not ISO_EDATA. */
    const struct rlimit limit = { MEMORY, MEMORY };
    if (setrlimit(RLIMIT_AS, &limit) != 0)
        return 1;
#endif
    return cmocka_run_group_tests_name("fuzz", tests, NULL, NULL);
}
