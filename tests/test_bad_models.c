/* test_bad_models.c: model files that are wrong, and hostile ones. Run from the root of the
 * repository.
 *
 * tests/bad/NAME.yaml begins with the faults it must give, all of them:
 *   # stage: graph                          (where the file is well-formed, the shapes are not)
 *   # expect: LINE:COLUMN: beginning of the message */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/model/graph.h"
#include "core/model/yaml.h"
#include "loading.h"

enum { BAD_FILES = 100, EXPECTED = 32 };

/* ---- Bad files ----------------------------------------------------------------------------- */

struct expected {
    int line, column;
    char text[300];
    bool seen;
};

/* The comment lines at the top; returns the number of faults, and whether the graph finds them. */
static int read_expected(const char *path, struct expected *list, bool *graph)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char line[400];
    int n = 0;
    *graph = false;
    while (fgets(line, sizeof line, file) != NULL && line[0] == '#') {
        struct expected *e = &list[n];
        line[strcspn(line, "\n")] = '\0';
        if (strcmp(line, "# stage: graph") == 0) {
            *graph = true;
            continue;
        }
        int at = 0;
        assert_true(n < EXPECTED);
        assert_int_equal(sscanf(line, "# expect: %d:%d: %n", &e->line, &e->column, &at), 2);
        assert_true(at > 0 && line[at]);
        strcpy(e->text, line + at);
        e->seen = false;
        n++;
    }
    fclose(file);
    return n;
}

static bool is_expected(const char *path, const struct iso_fault *fault, struct expected *list,
                        int n)
{
    for (int i = 0; i < n; i++) {
        struct expected *e = &list[i];
        if (!e->seen && e->line == fault->location.line && e->column == fault->location.column &&
            strncmp(fault->text, e->text, strlen(e->text)) == 0) {
            e->seen = true;
            return strcmp(fault->location.file, path) == 0;
        }
    }
    return false;
}

static bool check_bad(const char *path)
{
    static struct expected list[EXPECTED];
    bool graph_stage, good = true;
    int n = read_expected(path, list, &graph_stage);
    struct iso_model *m;
    struct iso_graph *graph = NULL;
    iso_rc rc = loading_file(path, &m);
    good = (rc == ISO_OK) == graph_stage;
    if (rc == ISO_OK)
        rc = iso_graph_build(m, 0, 4, &loading_faults, &graph);
    good = good && rc == ISO_EMODEL && graph == NULL && *iso_error() && n > 0 &&
           loading_faults.count == n;
    for (int i = 0; i < loading_faults.count; i++)
        good = is_expected(path, &loading_faults.list[i], list, n) && good;
    if (!good) {
        fprintf(stderr, "%s: expected %d faults, found (rc %d, %s):\n", path, n, rc, iso_error());
        iso_faults_print(&loading_faults, stderr);
    }
    iso_graph_free(graph);
    iso_model_free(m);
    return good;
}

static void test_bad_files(void **state)
{
    (void)state;
    DIR *folder = opendir("tests/bad");
    assert_non_null(folder);
    int files = 0, wrong = 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char path[300];
        const char *dot = strrchr(entry->d_name, '.');
        if (dot == NULL || strcmp(dot, ".yaml") != 0)
            continue;
        snprintf(path, sizeof path, "tests/bad/%s", entry->d_name);
        files++;
        wrong += !check_bad(path);
    }
    closedir(folder);
    assert_int_equal(wrong, 0);
    assert_true(files >= BAD_FILES);
}

/* ---- Hostile files ------------------------------------------------------------------------- */

static void assert_fault(const char *bytes, size_t n, int line, int column, const char *text)
{
    struct iso_model *m;
    assert_int_equal(loading_bytes(bytes, n, &m), ISO_EMODEL);
    assert_null(m);
    assert_true(loading_faults.count > 0);
    const struct iso_fault *f = &loading_faults.list[0];
    if (f->location.line != line || f->location.column != column || strstr(f->text, text) == NULL)
        fail_msg("expected %d:%d: %s, found %d:%d: %s", line, column, text, f->location.line,
                 f->location.column, f->text);
}

static void assert_text_fault(const char *text, int line, int column, const char *expected)
{
    assert_fault(text, strlen(text), line, column, expected);
}

/* count copies of piece, in one text; free with free(). */
static char *repeat(const char *piece, size_t count)
{
    size_t n = strlen(piece);
    char *text = malloc(n * count + 1);
    assert_non_null(text);
    for (size_t i = 0; i < count; i++)
        memcpy(text + i * n, piece, n);
    text[n * count] = '\0';
    return text;
}

static void test_nesting(void **state)
{
    (void)state;
    enum { LEVELS = 10 << 20 };
    char *open = repeat("[", LEVELS);
    assert_fault(open, LEVELS, 1, ISO_YAML_DEPTH + 1, "nested more than 64 levels");
    free(open);
    open = repeat("- ", LEVELS / 2);
    assert_fault(open, LEVELS, 1, 2 * ISO_YAML_DEPTH + 1, "nested more than 64 levels");
    free(open);
    open = repeat("{a: ", LEVELS / 4);
    assert_fault(open, LEVELS, 1, 4 * (ISO_YAML_DEPTH - 1) + 2, "nested more than 64 levels");
    free(open);
    open = repeat("? ", LEVELS / 2);
    assert_fault(open, LEVELS, 1, 2 * ISO_YAML_DEPTH + 1, "nested more than 64 levels");
    free(open);
}

static void test_alias_bomb(void **state)
{
    (void)state;
    char text[4096] = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 40; i++)
        sprintf(text + strlen(text), "a%d: &a%d [*a%d, *a%d, *a%d]\n", i, i, i - 1, i - 1, i - 1);
    struct iso_model *m;
    assert_int_equal(loading_bytes(text, strlen(text), &m), ISO_EMODEL);
    assert_non_null(strstr(loading_faults.list[0].text, "more than 100000 nodes"));
    /* Depth hidden in aliases: each anchor nests the one before. */
    strcpy(text, "a0: &a0 [x]\n");
    for (int i = 1; i < 80; i++)
        sprintf(text + strlen(text), "a%d: &a%d [*a%d]\n", i, i, i - 1);
    assert_int_equal(loading_bytes(text, strlen(text), &m), ISO_EMODEL);
    assert_non_null(strstr(loading_faults.list[0].text, "nested more than 64 levels"));
}

static void test_large_files(void **state)
{
    (void)state;
    char *text = repeat("- x\n", 2 * ISO_YAML_NODES);
    assert_text_fault(text, ISO_YAML_NODES, 3, "more than 100000 nodes");
    free(text);
    text = repeat("# a comment\n", (ISO_YAML_BYTES / 12) + 1);
    assert_text_fault(text, 1, 1, "larger than 16 MiB");
    free(text);
    text = malloc(64 * 1024);
    text[0] = '\0';
    size_t used = 0;
    for (int i = 0; i <= ISO_YAML_KEYS; i++)
        used += (size_t)sprintf(text + used, "k%d: 1\n", i);
    assert_text_fault(text, ISO_YAML_KEYS + 1, 1, "more than 1000 keys");
    used = 0;
    for (int i = 0; i <= ISO_YAML_ANCHORS; i++)
        used += (size_t)sprintf(text + used, "- &a%d 1\n", i);
    assert_text_fault(text, ISO_YAML_ANCHORS + 1, 3, "more than 1000 anchors");
    free(text);
    text = repeat("x", 10 << 20);
    assert_text_fault(text, 1, 1, "a model file is a mapping");
    free(text);
}

static void test_bytes(void **state)
{
    (void)state;
    assert_text_fault("", 1, 1, "the file is empty");
    assert_text_fault("# only a comment\n", 1, 1, "the file is empty");
    assert_text_fault("model: a\nlayers: \xC3\x28\n", 2, 9, "byte 0xC3 is not UTF-8");
    assert_text_fault("model: \xC0\xAF\n", 1, 8, "byte 0xC0 is not UTF-8");
    assert_text_fault("model: \xED\xA0\x80\n", 1, 8, "byte 0xED is not UTF-8");
    assert_text_fault("\xFF\xFEm\n", 1, 1, "byte 0xFF is not UTF-8");
    assert_text_fault("model: \xC3\xA4\xC3\xA4\x1B[2J\n", 1, 10, "character U+001B");
    assert_fault("a: 1\nb\0: 2", 11, 2, 2, "character U+0000");
    assert_text_fault("model: a\n\tinput: 3\n", 2, 1, "a tab cannot indent");
    assert_text_fault("model: a\xC3", 1, 9, "byte 0xC3 is not UTF-8");
}

static void test_unreadable(void **state)
{
    (void)state;
    struct iso_model *m;
    assert_int_equal(loading_file("tests/bad/there-is-no-such-file.yaml", &m), ISO_EIO);
    assert_non_null(strstr(iso_error(), "tests/bad/there-is-no-such-file.yaml: "));
    assert_int_equal(loading_file("tests/bad", &m), ISO_EIO);
    assert_non_null(strstr(iso_error(), "is a directory"));
    assert_null(m);
}

/* A good file, spoilt with any bytes at all: a fault or a model, never a crash. */
static void test_rubbish(void **state)
{
    (void)state;
    enum { ROUNDS = 1500 };
    static const char alphabet[] = "{}[]:,-&*<>?|!%@#'\"\n\t ax01.~/\xC3\xA4\x01";
    uint32_t random = 1;
    int refused = 0;
    for (int round = 0; round < ROUNDS; round++) {
        char text[LOADING_SMALL];
        const size_t n = strlen(loading_small);
        memcpy(text, loading_small, n);
        for (int edit = 0; edit <= round % 6; edit++) {
            random = random * 1664525 + 1013904223;
            size_t at = (random >> 8) % n;
            random = random * 1664525 + 1013904223;
            text[at] = round % 3 ? alphabet[(random >> 8) % (sizeof alphabet - 1)]
                                 : (char)(random >> 24);
        }
        struct iso_model *m;
        struct iso_graph *graph = NULL;
        iso_rc rc = loading_bytes(text, n, &m);
        assert_true(rc == ISO_OK ? loading_faults.count == 0
                                 : rc == ISO_EMODEL && loading_faults.count > 0);
        if (rc == ISO_OK)
            rc = iso_graph_build(m, 0, 2, &loading_faults, &graph);
        refused += rc != ISO_OK;
        iso_graph_free(graph);
        iso_model_free(m);
    }
    assert_true(refused > ROUNDS / 2 && refused < ROUNDS);
}

/* Each allocation of a load fails once: ENOMEM every time, and (under ASan) no leak. */
static void test_no_memory(void **state)
{
    (void)state;
    struct iso_model *m;
    long n = 0;
    for (;; n++) {
        iso_alloc_fail_after(n);
        iso_rc rc = loading_file("models/mnist/mlp.yaml", &m);
        iso_alloc_fail_after(-1);
        if (rc == ISO_OK)
            break;
        assert_int_equal(rc, ISO_ENOMEM);
        assert_int_equal(loading_faults.count, 0);
        assert_null(m);
        assert_true(*iso_error());
    }
    assert_true(n > 50);
    iso_model_free(m);
}

static void test_many_faults(void **state)
{
    (void)state;
    char *text = repeat("x: 1\n", 3);
    size_t used = 0;
    text = realloc(text, 8192);
    for (int i = 0; i < ISO_FAULTS_MAX + 50; i++)
        used += (size_t)sprintf(text + used, "unknown%d: 1\n", i);
    struct iso_model *m;
    assert_int_equal(loading_bytes(text, used, &m), ISO_EMODEL);
    /* And four missing sections. */
    assert_int_equal(loading_faults.count, ISO_FAULTS_MAX + 50 + 4);
    free(text);
    char *printed = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&printed, &size);
    iso_faults_print(&loading_faults, out);
    fclose(out);
    assert_non_null(strstr(printed, "... and 54 more faults\n"));
    free(printed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_files),   cmocka_unit_test(test_nesting),
        cmocka_unit_test(test_alias_bomb),  cmocka_unit_test(test_large_files),
        cmocka_unit_test(test_bytes),       cmocka_unit_test(test_unreadable),
        cmocka_unit_test(test_rubbish),     cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_many_faults),
    };
    return cmocka_run_group_tests(tests, loading_setup, loading_teardown);
}
