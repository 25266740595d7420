/* fuzz_models.c: the reader of model files. */
#include "core/system/file.h"
#include "core/model/graph.h"
#include "fuzz_readers.h"
#include "loading.h"

#include <setjmp.h>
#include <stdarg.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

iso_rc fuzz_read_model(const struct fuzz_subject *s, const char *path, const char *folder)
{
    struct iso_model *model;
    (void)s, (void)folder;
    iso_rc rc = loading_file(path, &model);
    assert_true((rc == ISO_OK) == (model != NULL));
    for (int phase = 0; rc == ISO_OK && phase < model->nphases; phase++) {
        struct iso_graph *graph = NULL;
        rc = iso_graph_build(model, phase, 3, &loading_faults, &graph);
        assert_true((rc == ISO_OK) == (graph != NULL));
        iso_graph_free(graph);
    }
    iso_model_free(model);
    return rc;
}

enum { MODELS = 400, MODEL_PATH = 128 };
static char model_paths[MODELS][MODEL_PATH];
static struct fuzz_subject model_subjects[MODELS];

/* The model files of a folder and of those in it, but for the parity cases. */
static int list_models(const char *folder, bool bad, int n)
{
    struct dirent **entries;
    const int count = scandir(folder, &entries, NULL, alphasort);
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name, *dot = strrchr(name, '.');
        char path[MODEL_PATH];
        snprintf(path, sizeof path, "%.60s/%.60s", folder, name);
        if (*name != '.' && strcmp(name, "ops") != 0 && iso_folder_exists(path))
            n = list_models(path, bad, n);
        if (dot != NULL && strcmp(dot, ".yaml") == 0) {
            assert_true(n < MODELS);
            strcpy(model_paths[n], path);
            model_subjects[n] = (struct fuzz_subject){
                .file = model_paths[n], .copy = "damaged.yaml", .read = fuzz_read_model, .bad = bad
            };
            n++;
        }
        free(entries[i]);
    }
    free(entries);
    return n;
}

struct fuzz_list fuzz_models(void)
{
    static const char *const words[] = { "&a ",
                                         "*a",
                                         "<<: ",
                                         "- ",
                                         ": ",
                                         "{",
                                         "}",
                                         "[",
                                         "]",
                                         "#",
                                         "\"",
                                         "'",
                                         "| ",
                                         "> ",
                                         "!!int ",
                                         "$",
                                         "\n",
                                         "\n  ",
                                         "\n- ",
                                         "%",
                                         "---\n",
                                         "~",
                                         "null",
                                         "true",
                                         "-1",
                                         "0",
                                         "1/0",
                                         "1e308",
                                         "1e-308",
                                         "9223372036854775807",
                                         "2147483648",
                                         "\xC3\xA4",
                                         "\t",
                                         "input",
                                         "flatten",
                                         "dense: 3",
                                         "trainable: false",
                                         "name: a",
                                         "inputs: [a, b]",
                                         "scale: 1/255",
                                         "mixup",
                                         NULL };
    int n = list_models("models", false, 0);
    n = list_models("tests/models", false, n);
    n = list_models("tests/bad", true, n);
    assert_true(n > 200);
    for (int i = 0; i < n; i++) {
        model_subjects[i].words = words;
        model_subjects[i].refusal = ISO_EMODEL;
    }
    return (struct fuzz_list){ model_subjects, n };
}
