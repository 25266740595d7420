#include "run_check.h"

#include "run_json.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char iso_run_model_key[] = "isocl.model_sha256", iso_run_data_key[] = "isocl.data_sha256";

static bool has(const char *folder, const char *name)
{
    char path[ISO_PATH];
    const bool there = iso_path(path, folder, name) == ISO_OK && access(path, F_OK) == 0;
    if (!there)
        iso_error_clear(); /* a path that is too long is none of a run's files */
    return there;
}

bool iso_run_is(const char *folder) { return has(folder, "run.json") || has(folder, "state"); }

/* ---- The model file ------------------------------------------------------------------------ */

static iso_rc model_differs(const char *folder, const struct iso_model *m, const char *want)
{
    return iso_fail(ISO_EDATA,
                    "%s has other values than the run was trained with (%s has another SHA-256 of "
                    "them): put them back. To change one on purpose, train a new run: isocl train "
                    "%s/model.yaml --set KEY=VALUE",
                    m->file, want, folder);
}

static iso_rc older(const char *folder, const char *what)
{
    return iso_fail(ISO_EDATA,
                    "%s was trained by an older isocl, and has no SHA-256 of %s, so that nobody "
                    "knows if it was changed. To use it all the same, copy model.yaml and "
                    "weights.safetensors into a folder of their own, and give both: MODEL.yaml "
                    "--weights FILE",
                    folder, what);
}

iso_rc iso_run_check_model(const char *folder, const struct iso_model *m)
{
    struct iso_about_sums sums;
    char hex[65];
    ISO_TRY(iso_about_sums(folder, &sums));
    if (!sums.there)
        return ISO_OK; /* killed before it was written, or removed: the state knows the model, too
                        */
    if (!*sums.model)
        return older(folder, "its model file");
    ISO_TRY(iso_model_sha256(m, hex));
    return strcmp(hex, sums.model) == 0 ? ISO_OK : model_differs(folder, m, "run.json");
}

iso_rc iso_run_check_sum(const char *folder, const struct iso_model *m, const char *sha256)
{
    char hex[65];
    ISO_TRY(iso_model_sha256(m, hex));
    return !*sha256 || strcmp(hex, sha256) == 0 ? ISO_OK : model_differs(folder, m, "state");
}

/* ---- Weights and state --------------------------------------------------------------------- */

static iso_rc check_sum(const struct iso_st_file *file, const char *path, const char *key,
                        const char *want, const char *what)
{
    const char *have = iso_st_metadata(file, key);
    if (have != NULL && strcmp(have, want) == 0)
        return ISO_OK;
    return iso_fail(
        ISO_EDATA,
        "%s and %s do not belong together: the file's SHA-256 of it is %.12s... and not "
        "%.12s...; one of the two was changed or is of another run",
        path, what, have != NULL ? have : "missing", want);
}

iso_rc iso_run_check_tensors(const char *folder, const char *path, const struct iso_st_file *file,
                             const struct iso_model *m)
{
    struct iso_about_sums sums;
    char hex[65];
    const char *model = iso_st_metadata(file, iso_run_model_key);
    if (!*file->sha256)
        return older(folder, iso_path_base(path));
    if (m != NULL) {
        ISO_TRY(iso_model_sha256(m, hex));
        if (model != NULL && *model && strcmp(model, hex) != 0)
            return model_differs(folder, m, iso_path_base(path));
    }
    ISO_TRY(iso_about_sums(folder, &sums));
    if (!sums.there)
        return ISO_OK;
    if (!*sums.model)
        return older(folder, "its model file");
    ISO_TRY(check_sum(file, path, iso_run_model_key, sums.model, "the model of run.json"));
    return check_sum(file, path, iso_run_data_key, sums.data, "the data of run.json");
}

/* ---- All of it ----------------------------------------------------------------------------- */

struct check {
    const char *folder;
    const struct iso_model *model;
    iso_run_part *tell;
    void *self;
};

static iso_rc check_file(const struct check *c, const char *name)
{
    char path[ISO_PATH];
    struct iso_st_file *file = NULL;
    if (!has(c->folder, name))
        return ISO_OK;
    ISO_TRY(iso_path(path, c->folder, name));
    ISO_TRY(iso_st_open(path, &file));
    const iso_rc rc = iso_run_check_tensors(c->folder, path, file, c->model);
    if (rc == ISO_OK && c->tell != NULL)
        c->tell(c->self, name, file->sha256);
    iso_st_close(file);
    return rc;
}

static iso_rc check_files(const struct check *c)
{
    static const char *const names[] = { "state", "weights.safetensors", "best.safetensors",
                                         "restore.safetensors" };
    char hex[65];
    ISO_TRY(iso_run_check_model(c->folder, c->model));
    ISO_TRY(iso_model_sha256(c->model, hex));
    if (c->tell != NULL)
        c->tell(c->self, "model.yaml", hex);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        ISO_TRY(check_file(c, names[i]));
    return ISO_OK;
}

iso_rc iso_run_check(const char *folder, char path[ISO_PATH], struct iso_faults *faults,
                     iso_run_part *tell, void *self)
{
    struct iso_model *model = NULL;
    if (!iso_run_is(folder))
        return iso_fail(ISO_EIO, "there is no run %s: it lacks run.json and state", folder);
    ISO_TRY(iso_path(path, folder, "model.yaml"));
    iso_rc rc = iso_model_load(path, faults, &model);
    const struct check c = { folder, model, tell, self };
    if (rc == ISO_OK)
        rc = check_files(&c);
    iso_model_free(model);
    return rc;
}
