/* fuzz_runs.c: the readers of what a run left: its state and its history.
 *
 * tests/readers has a state and histories of four epochs of a small network; history-training.csv
 * is without validation, so that the last cells are empty. */
#include "core/system/file.h"
#include "core/train/history.h"
#include "core/train/run.h"
#include "fuzz_readers.h"
#include "loading.h"
#include "core/train/history_csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static volatile double used; /* makes the compiler keep the reads of results */

static const char *const csv_words[] = {
    ",", ",,", "\n", "\r", "nan", "inf", "1e999", "-", "0x1p3", "epoch", "99999999999999999999",
    NULL
};

/* Every cell, as `isocl runs` and reports read them. Nothing is refused: what is no number is
 * NaN. */
static iso_rc read_history(const struct fuzz_subject *s, const char *path, const char *folder)
{
    char *csv;
    size_t n;
    (void)s, (void)folder;
    assert_int_equal(iso_file_read(path, &csv, &n), ISO_OK);
    const int loss = iso_csv_column(csv, "loss");
    for (const char *row = csv; row != NULL; row = iso_csv_next(row)) {
        used += iso_csv_number(row, loss);
        for (int column = 0; column < 40; column++) {
            const char *cell = iso_csv_cell(row, column);
            assert_true(*cell == '\0' || (cell >= row && cell <= row + strcspn(row, "\n")));
            assert_true(cell[strspn(cell, " \r")] != '\n' || isnan(iso_csv_number(row, column)));
            used += iso_csv_number(row, column);
        }
    }
    free(csv);
    return ISO_OK;
}

/* Checks that a resumed run keeps the header and whole rows up to the epoch. */
static iso_rc resume_history(const struct fuzz_subject *s, const char *path, const char *folder)
{
    struct iso_model *model = NULL;
    struct iso_graph *graph = NULL;
    struct iso_history *history = NULL;
    char warning[32];
    char *csv, batches[FUZZ_PATH], damaged[FUZZ_PATH];
    size_t n;
    (void)s;
    assert_int_equal(loading_file("models/demo.yaml", &model), ISO_OK);
    assert_int_equal(iso_graph_build(model, 0, 2, &loading_faults, &graph), ISO_OK);
    const iso_rc rc = iso_history_open(folder, graph, 2, 2, &history);
    assert_int_equal(rc, ISO_OK);
    snprintf(warning, sizeof warning, "%s", iso_history_warning(history));
    iso_history_close(history);
    assert_int_equal(iso_file_read(path, &csv, &n), ISO_OK);
    assert_int_equal(iso_csv_column(csv, "loss"), 4);
    for (const char *row = iso_csv_next(csv); row != NULL; row = iso_csv_next(row))
        assert_true(strtoll(row, NULL, 10) <= 2);
    assert_true(n > 0 && csv[n - 1] == '\n');
    free(csv);
    snprintf(batches, sizeof batches, "%s/batches.csv", folder);
    assert_int_equal(remove(batches), 0);
    snprintf(damaged, sizeof damaged, "%s.damaged", path);
    if (remove(damaged) == 0)
        assert_true(*warning);
    iso_graph_free(graph);
    iso_model_free(model);
    return rc;
}

struct fuzz_list fuzz_histories(void)
{
    static const struct fuzz_subject subjects[] = {
        { .file = "tests/readers/history.csv",
          .copy = "history.csv",
          .read = read_history,
          .words = csv_words,
          .lenient = true },
        { .file = "tests/readers/history-training.csv",
          .copy = "history.csv",
          .read = read_history,
          .words = csv_words,
          .lenient = true },
        { .file = "tests/readers/history.csv",
          .copy = "history.csv",
          .read = resume_history,
          .words = csv_words,
          .lenient = true },
    };
    return (struct fuzz_list){ subjects, sizeof subjects / sizeof *subjects };
}

static iso_rc read_state(const struct fuzz_subject *s, const char *path, const char *folder)
{
    struct iso_run_state state;
    (void)s, (void)path;
    return iso_state_read(folder, &state, NULL);
}

struct fuzz_list fuzz_states(void)
{
    static const char *const words[] = {
        "{", "}", "\"", "-1", "0", "nan", "inf", "1e999", "9223372036854775807", "0x1p-1074", NULL
    };
    static const struct fuzz_subject subjects[] = {
        { .file = "tests/readers/state", .copy = "state", .read = read_state, .words = words },
    };
    return (struct fuzz_list){ subjects, sizeof subjects / sizeof *subjects };
}
