/* train_tell.c: what `isocl train` says before, between and after its epochs; console.c prints the
 * epochs' own lines. */
#include "train.h"
#include "core/data/left_out.h"
#include "core/model/field.h"
#include "core/train/warnings.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Prints which files are no rows, a line for each reason. */
static void tell_left_out(const struct training *t, const struct iso_dataset *data)
{
    char text[1024];
    for (int reason = 0; data->left != NULL && reason < ISO_LEFT_REASONS; reason++)
        if (iso_left_out_text(data->left, (enum iso_left_reason)reason, text, sizeof text))
            iso_console_line(&t->console, "left out   %s", text);
}

/* Prints how many photos lay on their side, and whether they were turned. */
static void tell_orientation(const struct training *t, const struct iso_dataset *data)
{
    if (data->turned > 0)
        iso_console_line(&t->console, "photos     %lld of the files do not lie upright: %s",
                         (long long)data->turned,
                         data->upright ? "turned, as their EXIF data say (orientation: apply)"
                                       : "left as they lie (orientation: ignore)");
}

/* Prints the line of an executor's data set; `which` is its index. */
static void tell_data(const struct training *t, int which, const struct iso_dataset *data)
{
    static const char *const names[] = { "train", "validation" };
    const char *how = !iso_exec_streams(t->trainer.job.exec, which) ? ""
                      : data->disk != NULL                          ? "; read in every epoch"
                                                                    : "; sent in every epoch";
    iso_console_line(&t->console, "%-10s %lld images of %dx%dx%d %s %d %s: %s, %s%s%s (%s)%s",
                     names[which], (long long)data->rows, data->height, data->width, data->channels,
                     data->targets != NULL ? "with" : "in", data->classes,
                     data->targets != NULL ? "targets" : "classes", data->name, data->split,
                     *data->part ? ", " : "", data->part, data->source, how);
    tell_left_out(t, data);
    tell_orientation(t, data);
}

/* Prints the numbers computed from the data. */
static void tell_input(const struct training *t)
{
    char mean[160], std[160];
    const struct iso_model *m = t->trainer.job.model;
    if (m->mean_at > 0 || m->std_at > 0)
        iso_console_line(&t->console, "input      mean %s and std %s, computed where they are auto",
                         iso_reals_text(&m->images.mean, mean, sizeof mean),
                         iso_reals_text(&m->images.std, std, sizeof std));
}

static void tell_damage(const struct training *t)
{
    struct iso_warning w = { .kind = "history_damaged",
                             .epoch = t->trainer.state.epoch + 1,
                             .step = t->trainer.state.step };
    snprintf(w.text, sizeof w.text, "%s", iso_run_warning(t->trainer.run));
    if (*w.text)
        iso_console_warning(&t->console, &w);
}

void iso_train_tell_start(const struct training *t)
{
    char where[256];
    const struct iso_model *model = t->trainer.job.model;
    iso_job_where(t->trainer.job.backend, where, sizeof where);
    iso_console_line(&t->console, "%s: %d layers, %lld parameters; batches of %lld, seed %llu",
                     model->name, model->nlayers,
                     (long long)iso_graph_parameters(t->trainer.job.graph, false),
                     (long long)model->batch_size, (unsigned long long)model->seed);
    tell_data(t, 0, t->trainer.job.data[0]);
    if (t->trainer.job.data[1] != NULL && t->trainer.settings.steps == 0)
        tell_data(t, 1, t->trainer.job.data[1]);
    tell_input(t);
    iso_console_line(&t->console, "device     %s", where);
    if (t->trainer.options.weights != NULL)
        iso_console_line(&t->console, "weights    begin as in %s", t->trainer.options.weights);
    tell_damage(t);
    if (t->trainer.options.resume && !iso_trainer_reached_goal(&t->trainer))
        iso_console_line(&t->console, "resuming   after step %lld, in epoch %lld",
                         (long long)t->trainer.state.step, (long long)t->trainer.state.epoch + 1);
    if (t->console.style == ISO_CONSOLE_JSON)
        iso_console_json(json_pack(
            "{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:b}", "event", "start", "model", model->name,
            "run", iso_run_folder(t->trainer.run), "device", t->trainer.job.backend->device.id,
            "mode", t->trainer.settings.fast ? "fast" : "exact", "rows",
            (json_int_t)t->trainer.settings.rows, "batch", (json_int_t)t->trainer.settings.batch,
            "step", (json_int_t)t->trainer.state.step, "resumed", t->trainer.options.resume));
}

/* Prints what rank 0 has of the optimizer's slots. */
static void print_slots(const struct training *t)
{
    struct iso_memory m[32];
    const struct iso_exec *e = t->trainer.job.exec;
    uint64_t own = 0, all = 0;
    for (int i = iso_exec_memory(e, m, 32) - 1; i >= 0; i--)
        for (int s = 0; s < iso_exec_nslots(e); s++)
            if (strcmp(m[i].arena, iso_exec_slot(e, s)) == 0) {
                own += m[i].bytes;
                all += m[i].without_reuse;
            }
    if (all > 0)
        iso_console_line(&t->console,
                         "slots      rank 0 has %.1f KiB of the %.1f KiB that the optimizer keeps",
                         (double)own / 1024, (double)all / 1024);
}

enum { DEVICE = 64 };
static void print_ranks(const struct training *t, const char (*devices)[DEVICE])
{
    const struct iso_exec *e = t->trainer.job.exec;
    const struct iso_graph *g = t->trainer.job.graph;
    const int count = t->trainer.options.ranks->count;
    const int shards = (int)((g->batch + g->shard_rows - 1) / g->shard_rows);
    const struct iso_exec_bytes bytes = iso_exec_step_bytes(e, shards);
    char list[512] = "";
    for (int i = 0; i < count; i++) {
        const size_t n = strlen(list);
        snprintf(list + n, sizeof list - n, "%s%s", i ? ", " : "", devices[i]);
    }
    iso_console_line(&t->console, "ranks      %d for %lld shards: %s", count, (long long)g->shards,
                     list);
    iso_console_line(&t->console, "messages   rank 0 sends %llu bytes a step and receives %llu",
                     (unsigned long long)bytes.sent, (unsigned long long)bytes.received);
    print_slots(t);
}

iso_rc iso_train_tell_ranks(const struct training *t)
{
    struct iso_ranks *ranks = t->trainer.options.ranks;
    char mine[DEVICE] = "";
    if (ranks == NULL)
        return ISO_OK;
    char(*all)[DEVICE] = iso_alloc((size_t)ranks->count, sizeof *all);
    if (all == NULL)
        return ISO_ENOMEM;
    snprintf(mine, sizeof mine, "%s", t->trainer.job.backend->device.id);
    const iso_rc rc = iso_ranks_gather(ranks, mine, sizeof mine, all);
    if (rc == ISO_OK && ranks->rank == 0)
        print_ranks(t, (const char(*)[DEVICE])all);
    free(all);
    return rc;
}

/* Returns the share of a rank's steps in which it waited for messages. */
static double waiting(const struct iso_exec_traffic *m)
{
    return m->seconds > 0 ? m->waited / m->seconds : 0;
}

/* Prints the slowest rank: the one for which the others wait, and which waits least itself. */
static void print_slowest(const struct training *t, const struct iso_exec_traffic *all, int count)
{
    int slowest = 0, next = -1;
    for (int i = 1; i < count; i++)
        if (waiting(&all[i]) < waiting(&all[slowest]))
            slowest = i;
    for (int i = 0; i < count; i++)
        if (i != slowest && (next < 0 || waiting(&all[i]) < waiting(&all[next])))
            next = i;
    iso_console_line(&t->console,
                     "slowest    rank %d: it waited for messages in %.0f%% of its time, the others "
                     "in %.0f%% or more",
                     slowest, 100 * waiting(&all[slowest]), 100 * waiting(&all[next]));
}

static void print_messages(const struct training *t, const struct iso_exec_traffic *m)
{
    const bool planned = m->planned.sent == m->counted.sent &&
                         m->planned.received == m->counted.received;
    iso_console_line(
        &t->console,
        "messages   in %lld steps rank 0 has sent %llu bytes and received %llu, %s; it "
        "waited %.1f s for them, %.0f%% of the steps",
        (long long)m->steps, (unsigned long long)m->counted.sent,
        (unsigned long long)m->counted.received,
        planned ? "as planned" : "other numbers than planned", m->waited, 100 * waiting(m));
    if (m->compared > 0)
        iso_console_line(&t->console,
                         "verified   %lld shards, each computed by two ranks with the same bits",
                         (long long)m->compared);
}

iso_rc iso_train_tell_messages(const struct training *t)
{
    struct iso_ranks *ranks = t->trainer.options.ranks;
    const struct iso_exec_traffic m = iso_trainer_traffic(&t->trainer);
    if (ranks == NULL || m.steps == 0)
        return ISO_OK;
    struct iso_exec_traffic *all = iso_alloc((size_t)ranks->count, sizeof *all);
    const iso_rc rc = all != NULL ? iso_ranks_gather(ranks, &m, sizeof m, all) : ISO_ENOMEM;
    if (rc == ISO_OK && ranks->rank == 0) {
        print_messages(t, &m);
        if (ranks->count > 1)
            print_slowest(t, all, ranks->count);
    }
    free(all);
    return rc;
}

static void print_resume_on(const struct training *t, const char *device)
{
    const struct iso_job_options *o = &t->trainer.options.job;
    fprintf(stderr, "isocl train --resume --out %s%s%s%s%s\n", iso_run_folder(t->trainer.run),
            device != NULL ? " --device " : "", device != NULL ? device : "",
            o->data != NULL ? " --data " : "", o->data != NULL ? o->data : "");
}

static void print_resume(const struct training *t)
{
    print_resume_on(t, t->trainer.options.job.device);
}

void iso_train_tell_strayed(const struct training *t)
{
    fprintf(stderr, "isocl train: to go on from there on the other device: ");
    print_resume_on(t, iso_verifier_done(t->trainer.verifier).device);
}

void iso_train_tell_resume(const struct training *t)
{
    fprintf(stderr,
            "isocl train: stopped after step %lld; go on with: ", (long long)t->trainer.state.step);
    print_resume(t);
}

void iso_train_tell_checkpoint(const struct training *t)
{
    struct iso_run_settings settings;
    struct iso_fit_state state;
    if (iso_run_read(iso_run_folder(t->trainer.run), &settings, &state) != ISO_OK) {
        iso_error_clear(); /* the failure has said it */
        return;
    }
    fprintf(stderr, "isocl train: the checkpoint of step %lld is whole; then go on with: ",
            (long long)state.step);
    print_resume(t);
}

/* Prints how much of the training was verified. */
static void tell_verified(const struct training *t)
{
    if (t->trainer.verifier == NULL)
        return;
    const struct iso_verified v = iso_verifier_done(t->trainer.verifier);
    iso_console_line(&t->console, "verified   %lld step%s computed again on %s, in %.2f s: %s",
                     (long long)v.steps, v.steps == 1 ? "" : "s", v.device, v.seconds,
                     t->trainer.settings.fast ? "every op within its bound" : "0 bits differ");
    if (t->console.style == ISO_CONSOLE_JSON)
        iso_console_json(json_pack("{s:s, s:I, s:s, s:f}", "event", "verified", "steps",
                                   (json_int_t)v.steps, "device", v.device, "seconds", v.seconds));
}

iso_rc iso_train_tell_end(const struct training *t)
{
    char hex[65], where[256];
    iso_job_where(t->trainer.job.backend, where, sizeof where);
    ISO_TRY(iso_exec_hash(t->trainer.job.exec, hex));
    tell_verified(t);
    iso_console_result(&t->console, "run %s", iso_run_folder(t->trainer.run));
    iso_console_result(&t->console, "weights sha256 %s  %s", hex, where);
    if (t->console.style == ISO_CONSOLE_JSON)
        iso_console_json(json_pack(
            "{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:b}", "event", "end", "run",
            iso_run_folder(t->trainer.run), "weights_sha256", hex, "device",
            t->trainer.job.backend->device.id, "mode", t->trainer.settings.fast ? "fast" : "exact",
            "step", (json_int_t)t->trainer.state.step, "epoch", (json_int_t)t->trainer.state.epoch,
            "finished", iso_trainer_reached_goal(&t->trainer)));
    return ISO_OK;
}

void iso_train_tell_phase(const struct training *t)
{
    const struct iso_model *model = t->trainer.job.model;
    const struct iso_training *training = t->trainer.job.graph->training;
    const int phase = (int)t->trainer.state.phase;
    if (*training->name)
        iso_console_line(&t->console, "phase      %s, from epoch %lld: loss %s, optimizer %s%s",
                         training->name,
                         (long long)(phase ? iso_model_phase_end(model, phase - 1) : 0) + 1,
                         iso_ops[training->loss.op].name, iso_ops[training->optimizer.op].name,
                         training->shuffle_weights ? ", weights shuffled before it" : "");
}

void iso_train_tell_features(const struct training *t, const struct iso_kept *kept)
{
    const struct iso_job *job = &t->trainer.job;
    if (kept == NULL) {
        iso_console_line(&t->console,
                         "features   computing what is not trained, once for each image");
        return;
    }
    iso_console_line(&t->console, "features   %lld rows of %lld numbers kept (%.1f MiB), %s on%s",
                     (long long)kept->rows, (long long)kept->size,
                     (double)(kept->rows * kept->size) * (double)job->backend->real_size / 1048576,
                     job->graph->values[kept->value].name,
                     iso_exec_streams(job->exec, 0) ? "; in a file, read in every epoch" : "");
}
