/* trainer.c: opening a training, and its beginning and end in the run's folder. trainer_phases.c
 * trains. */
#include "trainer.h"
#include "trainer_phases.h"

#include "core/data/class_names.h"
#include "core/data/name_lines.h"
#include "core/train/carry.h"
#include "core/train/run_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Opening ------------------------------------------------------------------------------- */

static iso_rc open_model(struct iso_trainer *t, const char *model)
{
    char path[ISO_PATH];
    if (!t->options.resume)
        return iso_job_model(&t->job, model, &t->options.job);
    ISO_TRY(iso_trainer_read_run(t, model, path));
    t->options.job.text = NULL; /* the run's own file has what was `auto` in it */
    ISO_TRY(iso_job_model(&t->job, path, &t->options.job));
    return iso_run_check_sum(t->options.run, t->job.model, t->settings.model_sha256);
}

/* Opens the nearest last. */
static iso_rc open_phases(struct iso_trainer *t)
{
    const struct iso_model *model = t->job.model;
    if (t->state.phase >= model->nphases)
        return iso_fail(ISO_EDATA,
                        "the run's state is in phase %lld and its model file has %d; "
                        "train anew",
                        (long long)t->state.phase + 1, model->nphases);
    for (int phase = model->nphases - 1; phase >= (int)t->state.phase; phase--)
        ISO_TRY(iso_trainer_open_phase(t, phase));
    return ISO_OK;
}

static iso_rc load_data(struct iso_trainer *t)
{
    struct iso_job *job = &t->job;
    if (t->options.resume)
        ISO_TRY(iso_job_classes(job, job->path)); /* the run's */
    ISO_TRY(iso_job_data(job, "train", &t->options.job, &job->data[0]));
    return iso_job_validates(job, &t->options.job)
               ? iso_job_data(job, "validation", &t->options.job, &job->data[1])
               : ISO_OK;
}

static iso_rc settle(struct iso_trainer *t)
{
    const struct iso_trainer_options *o = &t->options;
    const struct iso_model *model = t->job.model;
    struct iso_dataset *const *data = t->job.data;
    struct iso_run_settings settings = {
        .seed = model->seed,
        .batch = model->batch_size,
        .limit = o->job.limit,
        .rows = data[0]->rows,
        .validation_rows = data[1] != NULL ? data[1]->rows : 0,
        .epochs = o->epochs > 0 ? o->epochs : iso_model_phase_end(model, model->nphases - 1),
        .steps = o->steps > 0 ? o->steps : 0,
        .fast = t->job.backend->mode == ISO_MODE_FAST,
    };
    if (o->resume && settings.rows != t->settings.rows)
        return iso_fail(
            ISO_EDATA,
            "the run was begun on %lld training rows and there are %lld now; give the --data "
            "of then",
            (long long)t->settings.rows, (long long)settings.rows);
    strcpy(settings.model_sha256, t->settings.model_sha256); /* known of a resumed run */
    strcpy(settings.data_sha256, t->settings.data_sha256);
    t->settings = settings;
    return ISO_OK;
}

static void settle_origin(const struct iso_trainer *t, struct iso_data_origin *out)
{
    const struct iso_dataset_request r = { .folder = t->options.job.data,
                                           .origin = &t->job.origin };
    struct iso_data_folders model = { .n = 1 };
    strcpy(model.path[0], t->job.origin.model);
    iso_data_folders_settle(&model);
    snprintf(out->model, sizeof out->model, "%.*s", ISO_PATH - 1, model.n > 0 ? model.path[0] : "");
    iso_data_folders(&r, &out->folders);
    iso_data_folders_settle(&out->folders);
}

static iso_rc make_about(struct iso_trainer *t)
{
    struct iso_about *a = &t->about;
    struct iso_run_settings *s = &t->settings;
    *a = (struct iso_about){ .model = t->job.model->name,
                             .command = t->options.command,
                             .backend = t->job.backend,
                             .data = { t->job.data[0], t->job.data[1] },
                             .settings = t->settings,
                             .step = t->state.step };
    settle_origin(t, &a->origin);
    for (int i = 0; i < 2; i++)
        if (a->data[i] != NULL)
            ISO_TRY(iso_data_sums(a->data[i], &a->sums[i]));
    if (t->options.resume) /* the run's, which have been checked */
        return ISO_OK;
    ISO_TRY(iso_model_sha256(t->job.model, s->model_sha256));
    iso_data_sha256(a->sums, s->data_sha256);
    a->settings = t->settings;
    return ISO_OK;
}

static iso_rc open_verifier(struct iso_trainer *t)
{
    if (t->options.verify.kind == ISO_VERIFY_NONE || t->options.ranks != NULL)
        return ISO_OK; /* ranks compare what they compute: core/train/exec_compare.c */
    ISO_TRY(iso_verifier_known_answers(&t->job));
    return iso_verifier_new(&t->options.verify, &t->job, &t->verifier);
}

/* Two ranks compare hashes of what they compute. */
static iso_rc check_verify(const struct iso_trainer *t)
{
    const enum iso_verify_kind kind = t->options.verify.kind;
    if (kind == ISO_VERIFY_NONE)
        return ISO_OK;
    if (kind != ISO_VERIFY_ONE)
        return iso_fail(ISO_EUSAGE,
                        "with ranks, --verify is 1/N: two of them compute a shard of "
                        "one step in N, and compare");
    if (t->options.ranks->count == 1)
        return iso_fail(ISO_EUSAGE,
                        "--verify compares what two ranks compute, and there is one: "
                        "start more, or none (without mpirun)");
    return ISO_OK;
}

/* Ranks of one machine share its devices and processors. */
static iso_rc share_machine(struct iso_trainer *t)
{
    const struct iso_ranks *ranks = t->options.ranks;
    struct iso_job_options *job = &t->options.job;
    if (ranks == NULL && job->device != NULL && strchr(job->device, ',') != NULL)
        return iso_fail(ISO_EUSAGE,
                        "--device %s: a list is for several ranks, which mpirun starts "
                        "(mpirun -n 2 isocl train ...); name one device",
                        job->device);
    if (ranks == NULL)
        return ISO_OK;
    ISO_TRY(check_verify(t));
    return iso_job_share_machine(ranks, job, t->device, sizeof t->device);
}

iso_rc iso_trainer_open(struct iso_trainer *t, const struct iso_trainer_options *options,
                        const char *model)
{
    t->options = *options;
    ISO_TRY(share_machine(t));
    ISO_TRY(open_model(t, model));
    ISO_TRY(iso_job_backend(&t->job, &t->options.job));
    ISO_TRY(open_phases(t));
    ISO_TRY(load_data(t));
    ISO_TRY(settle(t));
    ISO_TRY(iso_trainer_put_data(t));
    ISO_TRY(iso_exec_initialize(t->job.exec));
    ISO_TRY(make_about(t));
    return open_verifier(t);
}

/* ---- The run's folder ---------------------------------------------------------------------- */

/* Writes the files of the folder that training itself does not need. */
static iso_rc describe_run(struct iso_trainer *t)
{
    const char *folder = iso_run_folder(t->run);
    const struct iso_dataset *train = t->job.data[0];
    ISO_TRY(iso_about_begin(folder, &t->about));
    ISO_TRY(iso_image_sums_open(folder, t->about.data, &t->sums));
    if (train->columns.n > 0)
        ISO_TRY(iso_name_lines_save(folder, ISO_COLUMNS_FILE, &train->columns));
    return iso_class_names_save(folder, train->class_names, train->classes);
}

static iso_rc whole_path(const char *given, char path[ISO_PATH])
{
    char *whole = realpath(given, NULL);
    const bool fits = whole != NULL && snprintf(path, ISO_PATH, "%s", whole) < ISO_PATH;
    const iso_rc rc = whole == NULL ? iso_file_fail("read", given)
                      : fits        ? ISO_OK
                                    : iso_path_too_long(given);
    free(whole);
    return rc;
}

static iso_rc start_run(struct iso_trainer *t)
{
    if (t->options.weights != NULL)
        ISO_TRY(iso_job_weights(&t->job, t->options.weights));
    if (t->options.weights != NULL)
        ISO_TRY(whole_path(t->options.weights, t->about.weights));
    ISO_TRY(iso_exec_hash(t->job.exec, t->about.initial));
    if (t->job.graph->training->shuffle_weights)
        ISO_TRY(iso_shuffle_weights(t->job.exec, 0));
    return iso_run_start(t->options.run, t->job.exec, &t->settings, &t->run);
}

static iso_rc begin_run(struct iso_trainer *t)
{
    const char *folder = t->options.run;
    if (t->options.resume)
        ISO_TRY(iso_about_check(folder, &t->about));
    ISO_TRY(t->options.resume ? iso_run_resume(folder, t->job.exec, &t->settings, &t->state,
                                               &t->job.faults, &t->run)
                              : start_run(t));
    return describe_run(t);
}

/* Compares what must be equal on all ranks, before the first of them writes. */
static iso_rc compare_settings(struct iso_trainer *t)
{
    struct iso_ranks *ranks = t->options.ranks;
    const struct iso_run_settings *s = &t->settings;
    char text[160];
    snprintf(text, sizeof text, "%s, arithmetic %d", ISO_VERSION, ISO_ARITH_VERSION);
    ISO_TRY(iso_ranks_same(ranks, "isocl", text));
    ISO_TRY(iso_ranks_same(ranks, "model", s->model_sha256));
    ISO_TRY(iso_ranks_same(ranks, "data set", s->data_sha256));
    snprintf(text, sizeof text,
             "seed %llu, batch %lld, rows %lld and %lld, epochs %lld, steps %lld",
             (unsigned long long)s->seed, (long long)s->batch, (long long)s->rows,
             (long long)s->validation_rows, (long long)s->epochs, (long long)s->steps);
    ISO_TRY(iso_ranks_same(ranks, "settings", text));
    snprintf(text, sizeof text, "phase %lld, epoch %lld, step %lld", (long long)t->state.phase,
             (long long)t->state.epoch, (long long)t->state.step);
    return iso_ranks_same(ranks, "state", text);
}

/* A rank without a run has the weights, and of a resumed run the optimizer's slots, that rank 0
 * has; counts are rank 0's. */
static iso_rc follow_run(struct iso_trainer *t)
{
    ISO_TRY(iso_image_sums_open(t->options.resume ? t->options.run : NULL,
                                (const struct iso_dataset *[]){ t->job.data[0], t->job.data[1] },
                                &t->sums));
    if (t->options.resume) {
        ISO_TRY(iso_run_follow(t->options.run, t->job.exec, &t->state, &t->job.faults));
        return iso_exec_clear_counts(t->job.exec);
    }
    if (t->options.weights != NULL)
        ISO_TRY(iso_job_weights(&t->job, t->options.weights));
    return t->job.graph->training->shuffle_weights ? iso_shuffle_weights(t->job.exec, 0) : ISO_OK;
}

static iso_rc begin_with_ranks(struct iso_trainer *t)
{
    struct iso_ranks *ranks = t->options.ranks;
    char hex[65];
    ISO_TRY(compare_settings(t));
    ISO_TRY(iso_exec_collect(t->job.exec, false)); /* rank 0 saves what is there */
    ISO_TRY(ranks->rank == 0 ? begin_run(t) : follow_run(t));
    iso_exec_release(t->job.exec);
    ISO_TRY(iso_exec_hash(t->job.exec, hex));
    return iso_ranks_same(ranks, "set of weights", hex);
}

iso_rc iso_trainer_begin(struct iso_trainer *t)
{
    return t->options.ranks != NULL ? begin_with_ranks(t) : begin_run(t);
}

/* Describes what ranks have compared; why: the failure that ended them. */
static struct iso_about_verified compared_by_ranks(const struct iso_trainer *t, iso_rc rc,
                                                   const char *why)
{
    const struct iso_exec_traffic m = iso_trainer_traffic(t);
    return (struct iso_about_verified){
        .device = "a second rank, one shard each",
        .compared = "bits",
        .strayed = rc == ISO_EPARITY ? why : "",
        .steps = m.compared,
        .spans = m.compared,
        .seconds = m.comparing,
    };
}

static struct iso_about_verified computed_again(const struct iso_trainer *t)
{
    const struct iso_verified v = iso_verifier_done(t->verifier);
    return (struct iso_about_verified){
        .device = v.device,
        .compared = t->settings.fast ? "bounds" : "bits",
        .strayed = v.strayed,
        .known_answers = true,
        .steps = v.steps,
        .spans = v.spans,
        .seconds = v.seconds,
    };
}

/* A failure to write has been told, or shows nothing that matters to the training. */
void iso_trainer_end(const struct iso_trainer *t, iso_rc rc)
{
    char result[1024] = "stopped", why[1000] = "", wanted[ISO_VERIFY_TEXT];
    const bool by_ranks = t->options.ranks != NULL && t->options.verify.kind != ISO_VERIFY_NONE;
    struct iso_about_verified verified = { .steps = 0 };
    if (t->run == NULL)
        return;
    if (rc != ISO_OK)
        snprintf(result, sizeof result, "failed: %s", iso_error_take(why, sizeof why));
    else if (iso_trainer_reached_goal(t))
        snprintf(result, sizeof result, "finished");
    if (by_ranks)
        verified = compared_by_ranks(t, rc, why);
    else if (t->verifier != NULL)
        verified = computed_again(t);
    verified.wanted = iso_verify_text(&t->options.verify, wanted);
    if (iso_about_end(iso_run_folder(t->run), t->state.step, result,
                      by_ranks || t->verifier != NULL ? &verified : NULL) != ISO_OK)
        iso_error_clear(); /* as said above */
}

void iso_trainer_close(struct iso_trainer *t)
{
    iso_verifier_free(t->verifier); /* it has an executor of the job's graph */
    iso_run_close(t->run);
    iso_job_free(&t->job);
}
