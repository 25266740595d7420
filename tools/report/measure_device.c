/* measure_device.c: the time of each op of the model, and a comparison of the device with the
 * reference. */
#include "measured.h"
#include "core/system/file.h"

#include "core/parity/parity.h"

#include <stdio.h>
#include <stdlib.h>

static const double TIMES_SECONDS = 0.4;
/* The harness runs everything several times on the reference, too: beyond so many flops in its
 * batches of 2 and 3 it would take minutes. */
static const double PARITY_FLOPS = 40e9;
enum { PARITY_ROWS = 5, PARITY_PASSES = 6 };

static iso_rc time_nodes(struct iso_measured *m, const struct iso_job_options *o, int phase)
{
    struct iso_gate gate;
    const struct iso_exec_options options = { .training = true,
                                              .seed = m->job.model->seed,
                                              .log_steps = 1 };
    struct iso_model *whole = m->job.model;
    m->job.model = &m->trained;
    iso_rc rc = iso_job_exec(&m->job, phase, 0, &options);
    m->job.model = whole;
    ISO_TRY(rc);
    ISO_TRY(iso_exec_initialize(m->job.exec));
    ISO_TRY(iso_bench_feed(m->job.exec));
    ISO_TRY(iso_gate_open(&gate, m->job.backend, (int)o->threads));
    rc = iso_bench_nodes(m->job.exec, &gate, TIMES_SECONDS, &m->nodes, &m->nnodes);
    iso_gate_close(&gate);
    for (int i = 0; i < m->nnodes; i++)
        m->step_seconds += m->nodes[i].seconds;
    return rc;
}

iso_rc iso_measure_times(struct iso_measured *m, const struct iso_job_options *o, int phase)
{
    iso_measure_tell("timing each op");
    return iso_measure_note(m, time_nodes(m, o, phase), m->no_times, "");
}

static iso_rc run_parity(struct iso_measured *m)
{
    const char *const models[] = { m->model_path, NULL };
    struct iso_backend *const backends[] = { m->job.backend };
    size_t n;
    FILE *out = open_memstream(&m->parity, &n);
    if (out == NULL)
        return iso_fail(ISO_ENOMEM, "out of memory for the table of parity");
    const struct iso_parity_options options = {
        .models = models,
        .backends = backends,
        .nbackends = 1,
        .mode = m->job.backend->mode,
        .out = out,
    };
    const iso_rc rc = iso_parity_run(&options, NULL);
    m->parity_passed = rc == ISO_OK;
    ISO_TRY(iso_text_end(out, &m->parity));
    if (rc != ISO_EPARITY)
        return rc;
    iso_error_clear(); /* the table says it */
    return ISO_OK;
}

iso_rc iso_measure_parity(struct iso_measured *m)
{
    const double rows = m->job.graph != NULL ? (double)m->job.graph->batch : 1;
    const double flops = m->job.exec != NULL ? iso_bench_flops(m->job.exec, true) / rows : 0;
    if (flops * PARITY_ROWS * PARITY_PASSES * m->job.model->nphases > PARITY_FLOPS) {
        snprintf(m->no_parity, ISO_NOTE,
                 "This model is too large to be compared with the "
                 "reference in passing: isocl parity %s --devices %s",
                 m->model_path, m->job.backend->device.id);
        return ISO_OK;
    }
    iso_measure_tell("comparing the device with the reference");
    return iso_measure_note(m, run_parity(m), m->no_parity, "");
}
