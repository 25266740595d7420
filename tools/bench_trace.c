#include "bench_trace.h"

#include "core/system/file.h"
#include "core/text/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static iso_rc out_of_memory(void) { return iso_fail(ISO_ENOMEM, "out of memory for the trace"); }

/* The process's name. */
static json_t *process(int number, const char *model, const char *device)
{
    char name[256];
    snprintf(name, sizeof name, "%.120s on %.120s", model, device);
    return json_pack("{s:s, s:s, s:i, s:{s:o}}", "name", "process_name", "ph", "M", "pid", number,
                     "args", "name", iso_json_string(name));
}

/* A command from `begin` on, in microseconds, and for so long. */
static json_t *command(int number, const struct iso_profile_event *e,
                       const struct iso_bench_node *call, const char *layer, double start)
{
    json_t *o = json_pack("{s:s, s:s, s:s, s:i, s:i, s:f, s:f, s:{s:s, s:s}}", "name", e->name,
                          "cat", iso_ops[call->op].name, "ph", "X", "pid", number, "tid", 1, "ts",
                          (e->begin - start) * 1e6, "dur", (e->end - e->begin) * 1e6, "args",
                          "pass", iso_bench_passes[call->pass], "layer", layer);
    const double rate = e->flops / (e->end - e->begin) / 1e9;
    if (o != NULL && e->flops > 0 && isfinite(rate))
        iso_json_set(json_object_get(o, "args"), "gflops", json_real(rate));
    return o;
}

iso_rc iso_bench_trace_add(struct iso_bench_trace *t, const struct iso_model *model,
                           const char *device, const struct iso_bench_profile *p)
{
    const int number = ++t->profiles;
    if (t->events == NULL)
        t->events = json_array();
    if (json_array_append_new(t->events, process(number, model->name, device)) != 0)
        return out_of_memory();
    for (int i = 0; i < p->nevents; i++) {
        const struct iso_profile_event *e = &p->events[i];
        const struct iso_bench_node *call = &p->calls[e->call];
        const char *layer = call->layer < 0 ? "" : model->layers[call->layer].name;
        if (json_array_append_new(t->events, command(number, e, call, layer, p->events[0].begin)) !=
            0)
            return out_of_memory();
    }
    return ISO_OK;
}

iso_rc iso_bench_trace_write(struct iso_bench_trace *t, const char *path)
{
    json_t *events = t->events != NULL ? t->events : json_array();
    json_t *root = json_pack("{s:o, s:s}", "traceEvents", events, "displayTimeUnit", "ns");
    char *text;
    *t = (struct iso_bench_trace){ 0 };
    ISO_TRY(iso_json_text(root, JSON_COMPACT, &text));
    const iso_rc rc = iso_file_write(path, text, strlen(text));
    free(text);
    return rc;
}
