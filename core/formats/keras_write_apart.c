/* keras_write_apart.c: writes Keras's files in a child process: where memory or the stack runs out,
 * the HDF5 library (1.10.8) crashes rather than says so. The parent sends layer after layer; the
 * child answers each with a code, and writes the file at the end. */
#include "keras_direct.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECONDS_TO_WAIT = 120, BYTES_A_SECOND = 1 << 20 };

struct iso_keras_writer {
    struct iso_child *child;
    char path[ISO_KERAS_PATH];
};

/* The record of a layer, before the values of its weights; the last one says `ends`, and the two
 * texts follow. */
struct sent {
    bool ends;
    int nweights;
    char name[ISO_KERAS_PATH], class[ISO_KERAS_PATH], names[ISO_KERAS_WEIGHTS][ISO_NAME];
    struct iso_shape shapes[ISO_KERAS_WEIGHTS];
    size_t config, metadata; /* bytes, with the NUL; 0: none */
};

static size_t bytes_of(const struct iso_shape *shape)
{
    return (size_t)iso_shape_count(shape) * sizeof(float);
}

/* ---- The child ----------------------------------------------------------------------------- */

/* Receives a record of n bytes; *out stays NULL if there is none of them. */
static iso_rc receive(const struct iso_task *t, size_t n, void *out)
{
    size_t got = 0;
    void *bytes = iso_alloc(n, 1);
    memcpy(out, &bytes, sizeof bytes);
    if (bytes == NULL)
        return ISO_ENOMEM;
    return n == 0 || (iso_task_receive(t, bytes, n, &got) && got == n)
               ? ISO_OK
               : iso_fail(ISO_EIO, "the layers do not come");
}

static iso_rc put(const struct iso_task *t, struct iso_keras_direct_writer *w,
                  const struct sent *sent)
{
    float *values[ISO_KERAS_WEIGHTS] = { NULL };
    const float *borrowed[ISO_KERAS_WEIGHTS];
    const char *names[ISO_KERAS_WEIGHTS];
    iso_rc rc = ISO_OK;
    for (int i = 0; rc == ISO_OK && i < sent->nweights; i++) {
        rc = receive(t, bytes_of(&sent->shapes[i]), &values[i]);
        borrowed[i] = values[i];
        names[i] = sent->names[i];
    }
    const struct iso_keras_put_layer layer = { .name = sent->name,
                                               .class = sent->class,
                                               .nweights = sent->nweights,
                                               .names = names,
                                               .shapes = sent->shapes,
                                               .values = borrowed };
    if (rc == ISO_OK)
        rc = iso_keras_direct_put(w, &layer);
    for (int i = 0; i < sent->nweights; i++)
        free(values[i]);
    return rc;
}

static iso_rc end(const struct iso_task *t, struct iso_keras_direct_writer *w,
                  const struct sent *sent)
{
    char *config = NULL, *metadata = NULL;
    iso_rc rc = receive(t, sent->config, &config);
    if (rc == ISO_OK)
        rc = receive(t, sent->metadata, &metadata);
    if (rc == ISO_OK)
        rc = iso_keras_direct_end(w, sent->config > 0 ? config : NULL,
                                  sent->metadata > 0 ? metadata : NULL);
    else
        iso_keras_direct_abort(w);
    free(config);
    free(metadata);
    return rc;
}

/* Nothing is written where the parent goes away before the end. */
iso_rc iso_keras_write_task(const struct iso_task *t)
{
    struct iso_keras_direct_writer *w = NULL;
    struct sent sent;
    size_t n;
    iso_rc rc = ISO_OK;
    ISO_TRY(iso_keras_direct_begin(t->argv[0], (enum iso_keras_form)atoi(t->argv[1]), &w));
    while (rc == ISO_OK && iso_task_receive(t, &sent, sizeof sent, &n) && n == sizeof sent) {
        if (sent.ends)
            return end(t, w, &sent);
        rc = put(t, w, &sent);
        if (rc == ISO_OK)
            iso_task_send(t, &rc, sizeof rc);
    }
    iso_keras_direct_abort(w);
    return rc;
}

/* ---- The parent ---------------------------------------------------------------------------- */

/* Says what became of a child that does not answer. */
static iso_rc child_failed(const struct iso_keras_writer *w)
{
    char text[128];
    const struct iso_child_verdict *v = iso_child_verdict(w->child);
    if (v->end == ISO_CHILD_DONE && v->rc != ISO_OK)
        return iso_error_put(v->rc, v->message);
    return iso_fail(ISO_EIO,
                    "%s cannot be written: the HDF5 library's process %s, which happens where "
                    "memory runs out; export as .onnx, or try again",
                    w->path, iso_child_text(v, text, sizeof text));
}

iso_rc iso_keras_begin(const char *path, enum iso_keras_form form, struct iso_keras_writer **out)
{
    char number[16];
    const char *const arguments[] = { path, number, NULL };
    const struct iso_child_job job = { .task = "keras-write",
                                       .arguments = arguments,
                                       .limits = { .seconds = SECONDS_TO_WAIT } };
    struct iso_keras_writer *w = iso_alloc(1, sizeof *w);
    if (w == NULL)
        return ISO_ENOMEM;
    snprintf(number, sizeof number, "%d", (int)form);
    snprintf(w->path, sizeof w->path, "%s", path);
    const iso_rc rc = iso_child_start(&job, &w->child);
    if (rc != ISO_OK) {
        free(w);
        return iso_fail_prefix(rc, "%s cannot be written: ", path);
    }
    *out = w;
    return ISO_OK;
}

iso_rc iso_keras_put(struct iso_keras_writer *w, const struct iso_keras_put_layer *l)
{
    struct sent *sent = iso_alloc(1, sizeof *sent);
    size_t bytes = 0;
    iso_rc rc = ISO_OK;
    if (sent == NULL)
        return ISO_ENOMEM;
    sent->nweights = l->nweights;
    snprintf(sent->name, sizeof sent->name, "%s", l->name);
    snprintf(sent->class, sizeof sent->class, "%s", l->class != NULL ? l->class : "");
    for (int i = 0; i < l->nweights; i++) {
        snprintf(sent->names[i], sizeof sent->names[i], "%s", l->names[i]);
        sent->shapes[i] = l->shapes[i];
        bytes += bytes_of(&l->shapes[i]);
    }
    iso_child_allow(w->child, SECONDS_TO_WAIT + (double)(bytes / BYTES_A_SECOND));
    iso_child_send(w->child, sent, sizeof *sent);
    for (int i = 0; i < l->nweights; i++)
        if (iso_shape_count(&l->shapes[i]) > 0)
            iso_child_send(w->child, l->values[i], bytes_of(&l->shapes[i]));
    free(sent);
    return iso_child_receive_all(w->child, &rc, sizeof rc) ? rc : child_failed(w);
}

iso_rc iso_keras_end(struct iso_keras_writer *w, const char *config, const char *metadata)
{
    struct sent *sent = iso_alloc(1, sizeof *sent);
    iso_rc rc = ISO_ENOMEM;
    if (sent != NULL) {
        sent->ends = true;
        sent->config = config != NULL ? strlen(config) + 1 : 0;
        sent->metadata = metadata != NULL ? strlen(metadata) + 1 : 0;
        iso_child_send(w->child, sent, sizeof *sent);
        if (config != NULL)
            iso_child_send(w->child, config, sent->config);
        if (metadata != NULL)
            iso_child_send(w->child, metadata, sent->metadata);
        free(sent);
        iso_child_finish(w->child);
        const struct iso_child_verdict *v = iso_child_verdict(w->child);
        rc = v->end == ISO_CHILD_DONE && v->rc == ISO_OK ? ISO_OK : child_failed(w);
    }
    iso_keras_abort(w);
    return rc;
}

void iso_keras_abort(struct iso_keras_writer *w)
{
    if (w == NULL)
        return;
    iso_child_free(w->child);
    free(w);
}
