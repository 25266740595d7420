/* api_proof.c: a trace of training steps, and parity of devices. */
#include "api.h"

#include "core/parity/parity.h"
#include "core/train/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Trace --------------------------------------------------------------------------------- */

struct trace {
    struct isocl_options options;
    struct iso_job job;
    struct iso_batches *batches;
    char weights[ISO_PATH]; /* a path; faults borrow it */
};

static iso_rc trace(struct trace *t, const isocl_model *m, const char *weights, const char *path)
{
    const struct iso_job_options o = iso_api_job(&t->options, m->text);
    const int64_t steps = t->options.steps > 0 ? t->options.steps : 1;
    struct iso_job *job = &t->job;
    if (weights != NULL)
        ISO_TRY(iso_api_weights(weights, t->weights));
    ISO_TRY(iso_job_model(job, m->path, &o));
    ISO_TRY(iso_job_backend(job, &o));
    ISO_TRY(iso_job_exec(
        job, 0, 0,
        &(struct iso_exec_options){
            .training = true, .keep_all = true, .seed = job->model->seed, .log_steps = 1 }));
    ISO_TRY(iso_job_data(job, "train", &o, &job->data[0]));
    ISO_TRY(iso_batches_from_data(job->data[0], job->model->seed, job->exec, &t->batches));
    ISO_TRY(iso_exec_initialize(job->exec));
    if (weights != NULL)
        ISO_TRY(iso_job_weights(job, t->weights));
    return iso_trace(job->exec, t->batches, steps, path, NULL);
}

isocl_rc isocl_trace(const isocl_model *m, const char *weights, const isocl_options *options,
                     const char *path)
{
    struct trace *t = iso_alloc(1, sizeof *t);
    if (t == NULL)
        return iso_api_end(ISO_ENOMEM, NULL);
    iso_rc rc = iso_api_options(options, &t->options);
    if (rc == ISO_OK)
        rc = trace(t, m, weights, path);
    const isocl_rc end = iso_api_end(rc, &t->job.faults);
    iso_batches_free(t->batches);
    iso_job_free(&t->job);
    free(t);
    return end;
}

/* ---- Parity -------------------------------------------------------------------------------- */

struct teller {
    isocl_check_fn *told;
    void *self;
};

static bool tell(void *self, const struct iso_parity_check *c)
{
    const struct teller *t = self;
    const isocl_check check = { .device = c->device,
                                .subject = c->subject,
                                .rung = c->rung,
                                .result = c->result,
                                .message = c->message,
                                .repeat = c->repeat,
                                .values = c->values };
    return t->told(t->self, &check) == 0;
}

enum { MOST_DEVICES = 32 };

/* Cuts "a,b" at its commas, in place; list ends with NULL. */
static iso_rc split_names(char *text, const char *list[MOST_DEVICES + 1])
{
    int n = 0;
    for (char *rest = text, *word = strtok_r(text, ",", &rest); word != NULL;
         word = strtok_r(NULL, ",", &rest)) {
        if (n == MOST_DEVICES)
            return iso_fail(ISO_EUSAGE, "the option devices takes %d names at most", MOST_DEVICES);
        list[n++] = word;
    }
    list[n] = NULL;
    return ISO_OK;
}

static iso_rc run_parity(struct isocl_options *o, const isocl_model *m, struct teller *teller,
                         FILE *out)
{
    const char *devices[MOST_DEVICES + 1], *models[2] = { m != NULL ? m->path : NULL, NULL };
    ISO_TRY(split_names(o->devices, devices));
    const struct iso_parity_options p = {
        .models = m != NULL ? models : NULL,
        .text = m != NULL ? m->text : NULL,
        .devices = devices[0] != NULL ? devices : NULL,
        .mode = (enum iso_mode)o->mode,
        .ops = *o->ops ? o->ops : NULL,
        .cases = *o->cases ? o->cases : NULL,
        .steps = o->steps > 0 ? o->steps : 0,
        .quick = o->quick,
        .quiet = true,
        .out = out,
        .told = teller->told != NULL ? tell : NULL,
        .self = teller,
    };
    return iso_parity_run(&p, NULL);
}

isocl_rc isocl_parity(const isocl_model *m, const isocl_options *options, isocl_check_fn *told,
                      void *self)
{
    struct teller teller = { told, self };
    struct isocl_options own;
    FILE *out = fopen("/dev/null", "w"); /* the callback is told instead */
    iso_rc rc = out != NULL ? iso_api_options(options, &own)
                            : iso_fail(ISO_EIO, "/dev/null cannot be written");
    if (rc == ISO_OK)
        rc = run_parity(&own, m, &teller, out);
    if (out != NULL)
        fclose(out);
    return iso_api_end(rc, NULL);
}
