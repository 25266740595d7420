/* keras_apart.c: reads Keras's files in a child process.
 *
 * The HDF5 library believes what a file says: some damaged ones make it (1.10.8) read where there
 * is nothing, or go round in circles. So a child opens the file, and what becomes of it is a fault
 * of the file. Its memory, its processor time and its time for each answer are bounded by the
 * file's size. */
#include "keras_direct.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { TEXT_MAX = 64 << 20 };
enum { SECONDS = 2, BYTES_A_SECOND = 8 << 20, MEMORY = 256 << 20, SIZES = 8, LAYERS_MAX = 1 << 16 };
/* The disk, or the network it is at the end of, may be slow. */
enum { SECONDS_TO_WAIT = 60, BYTES_A_SECOND_TO_WAIT = 1 << 20 };

/* The child's first record; the layers and the texts follow. */
struct opened {
    int nlayers;
    int config, training; /* bytes of the texts; 0: none */
    char version[32];
};

/* ---- The child ----------------------------------------------------------------------------- */

static bool answer(const struct iso_task *t, const struct iso_keras_file *f,
                   const struct iso_keras_weight *w)
{
    const size_t n = (size_t)iso_shape_count(&w->shape);
    float *values = iso_alloc(n, sizeof *values);
    const iso_rc rc = values != NULL ? iso_keras_direct_read(f, w, values) : ISO_ENOMEM;
    const bool sent = iso_task_send(t, &rc, sizeof rc) &&
                      (rc != ISO_OK || iso_task_send(t, values, n * sizeof *values));
    free(values);
    return sent;
}

/* Returns the bytes of a text that are sent: none of one that is too long to be a network's. */
static int text_bytes(const char *text)
{
    const size_t n = text != NULL ? strlen(text) : 0;
    return n <= TEXT_MAX ? (int)n : 0;
}

iso_rc iso_keras_task(const struct iso_task *t)
{
    struct opened said = { 0 };
    struct iso_keras_file *f = NULL;
    struct iso_keras_weight wanted;
    size_t n;
    errno = 0;
    const iso_rc rc = iso_keras_direct_open(t->argv[0], &f);
    if (rc != ISO_OK && errno == ENOMEM) /* the library blames the file */
        return iso_fail(ISO_ENOMEM, "%s: out of memory", t->argv[0]);
    if (rc != ISO_OK)
        return rc;
    said.nlayers = f->nlayers;
    memcpy(said.version, f->version, sizeof said.version);
    said.config = text_bytes(f->config);
    said.training = text_bytes(f->training);
    if (iso_task_send(t, &said, sizeof said) &&
        iso_task_send(t, f->layers, (size_t)f->nlayers * sizeof *f->layers) &&
        (said.config == 0 || iso_task_send(t, f->config, (size_t)said.config)) &&
        (said.training == 0 || iso_task_send(t, f->training, (size_t)said.training)))
        while (iso_task_receive(t, &wanted, sizeof wanted, &n) && n == sizeof wanted &&
               answer(t, f, &wanted))
            continue;
    iso_keras_direct_close(f);
    return ISO_OK;
}

/* ---- The parent ---------------------------------------------------------------------------- */

static uint64_t file_size(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 ? (uint64_t)info.st_size : 0;
}

static double seconds_to_wait(uint64_t size)
{
    return SECONDS_TO_WAIT + (double)(size / BYTES_A_SECOND_TO_WAIT);
}

static iso_rc start(const char *path, struct iso_child **out)
{
    const uint64_t size = file_size(path);
    const char *const arguments[] = { path, NULL };
    const struct iso_child_job job = {
        .task = "keras",
        .arguments = arguments,
        .limits = { .seconds = seconds_to_wait(size),
                    .processor = SECONDS + (int64_t)(size / BYTES_A_SECOND),
                    .memory = MEMORY + SIZES * size },
    };
    const iso_rc rc = iso_child_start(&job, out);
    return rc == ISO_OK ? rc : iso_fail_prefix(rc, "%s cannot be read: ", path);
}

static bool text_ends(const char *text, size_t n) { return memchr(text, '\0', n) != NULL; }

/* A child that has lost its way may say anything. No pointer of its means anything here. */
static bool makes_sense(struct iso_keras_layer *l)
{
    bool fine = text_ends(l->name, sizeof l->name) && text_ends(l->class, sizeof l->class) &&
                text_ends(l->place, sizeof l->place) && l->nweights >= 0 &&
                l->nweights <= ISO_KERAS_WEIGHTS;
    for (int i = 0; fine && i < l->nweights; i++) {
        const struct iso_shape *s = &l->weights[i].shape;
        l->weights[i].values = NULL;
        fine = text_ends(l->weights[i].path, ISO_KERAS_PATH) && s->ndim >= -1 &&
               s->ndim <= ISO_DIMS && iso_shape_countable(s);
    }
    return fine;
}

/* Receives a text of `bytes` bytes; leaves *out NULL for none. */
static iso_rc receive_text(struct iso_keras_file *f, int bytes, char **out, bool *lost)
{
    *lost = *lost || bytes < 0 || bytes > TEXT_MAX;
    if (*lost || bytes == 0)
        return ISO_OK;
    *out = iso_alloc((size_t)bytes + 1, 1);
    if (*out == NULL)
        return ISO_ENOMEM;
    *lost = !iso_child_receive_all(f->child, *out, (size_t)bytes);
    return ISO_OK;
}

static iso_rc receive_layers(struct iso_keras_file *f, const struct opened *said, bool *lost)
{
    *lost = said->nlayers < 1 || said->nlayers > LAYERS_MAX;
    if (*lost)
        return ISO_OK;
    f->layers = iso_alloc((size_t)said->nlayers, sizeof *f->layers);
    if (f->layers == NULL)
        return ISO_ENOMEM;
    f->nlayers = said->nlayers;
    memcpy(f->version, said->version, sizeof f->version);
    *lost = !iso_child_receive_all(f->child, f->layers, (size_t)f->nlayers * sizeof *f->layers) ||
            !text_ends(f->version, sizeof f->version);
    for (int i = 0; i < f->nlayers && !*lost; i++)
        *lost = !makes_sense(&f->layers[i]);
    ISO_TRY(receive_text(f, said->config, &f->config, lost));
    return receive_text(f, said->training, &f->training, lost);
}

static iso_rc receive(const char *path, struct iso_keras_file *f)
{
    const struct iso_child_verdict *v = iso_child_verdict(f->child);
    struct opened said = { 0 };
    bool lost = !iso_child_receive_all(f->child, &said, sizeof said);
    if (lost && v->rc != ISO_OK)
        return iso_error_put(v->rc, v->message);
    if (!lost)
        ISO_TRY(receive_layers(f, &said, &lost));
    if (!lost)
        return ISO_OK;
    return iso_fail(
        ISO_EDATA, "%s: the HDF5 library %s over it; the file is damaged, unless memory ran out",
        path, v->end == ISO_CHILD_LATE || v->end == ISO_CHILD_LIMITED ? "lost its way" : "crashed");
}

iso_rc iso_keras_open(const char *path, struct iso_keras_file **out)
{
    struct iso_keras_file *f = iso_alloc(1, sizeof *f);
    if (f == NULL)
        return ISO_ENOMEM;
    iso_rc rc = start(path, &f->child);
    if (rc == ISO_OK)
        rc = receive(path, f);
    if (rc != ISO_OK) {
        iso_keras_close(f);
        return rc;
    }
    *out = f;
    return ISO_OK;
}

void iso_keras_close(struct iso_keras_file *f)
{
    if (f == NULL)
        return;
    iso_child_free(f->child);
    free(f->layers);
    free(f->config);
    free(f->training);
    free(f);
}

iso_rc iso_keras_read(const struct iso_keras_file *f, const struct iso_keras_weight *w,
                      float *values)
{
    const size_t bytes = (size_t)iso_shape_count(&w->shape) * sizeof *values;
    iso_rc rc = ISO_EDATA;
    iso_child_allow(f->child, seconds_to_wait(bytes));
    iso_child_send(f->child, w, sizeof *w);
    if (iso_child_receive_all(f->child, &rc, sizeof rc) &&
        (rc != ISO_OK || iso_child_receive_all(f->child, values, bytes)))
        return rc == ISO_OK ? rc : iso_fail(rc, "%s cannot be read; the file is damaged", w->path);
    return iso_fail(ISO_EDATA,
                    "%s cannot be read: the HDF5 library crashed over it; the file is "
                    "damaged, unless memory ran out",
                    w->path);
}
