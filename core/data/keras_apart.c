/* keras_apart.c: Keras's files are read in a process of its own.
 *
 * The HDF5 library believes what a file says: some damaged ones make it (1.10.8) read where there
 * is nothing, or go round in circles. So a child opens the file and answers through a socket; what
 * becomes of it is a fault of the file. Its memory and its processor time are bounded by the file's
 * size. It ends with the parent's end of the socket, and never returns. */
#include "keras_direct.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS = 2, BYTES_A_SECOND = 8 << 20, MEMORY = 256 << 20, SIZES = 8, LAYERS_MAX = 1 << 16 };

/* What a child says first; the layers follow. */
struct opened {
    iso_rc rc;
    int nlayers;
    char version[32], message[1024];
};

/* ---- The socket ---------------------------------------------------------------------------- */

/* False when the other side is no more. */
static bool put(int socket, const void *data, size_t bytes)
{
    for (size_t done = 0; done < bytes;) {
        const ssize_t n = send(socket, (const char *)data + done, bytes - done, MSG_NOSIGNAL);
        if (n <= 0 && !(n < 0 && errno == EINTR))
            return false;
        done += n > 0 ? (size_t)n : 0;
    }
    return true;
}

static bool take(int socket, void *data, size_t bytes)
{
    for (size_t done = 0; done < bytes;) {
        const ssize_t n = recv(socket, (char *)data + done, bytes - done, 0);
        if (n <= 0 && !(n < 0 && errno == EINTR))
            return false;
        done += n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* ---- The child ----------------------------------------------------------------------------- */

/* The addresses that the process has already, in bytes; 0 where the system does not say. */
static rlim_t addresses(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file != NULL && fscanf(file, "%lu", &pages) != 1)
        pages = 0;
    if (file != NULL)
        fclose(file);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

static void bound(const char *path)
{
    struct stat info;
    const rlim_t size = stat(path, &info) == 0 ? (rlim_t)info.st_size : 0, has = addresses();
    const rlim_t seconds = SECONDS + size / BYTES_A_SECOND, bytes = has + MEMORY + SIZES * size;
    setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
    setrlimit(RLIMIT_CPU, &(struct rlimit){ seconds, seconds + 1 });
    if (has > 0)
        setrlimit(RLIMIT_AS, &(struct rlimit){ bytes, bytes });
}

static void answer(const struct iso_keras_file *f, const struct iso_keras_weight *w, int socket)
{
    const size_t n = (size_t)iso_shape_count(&w->shape);
    float *values = iso_alloc(n, sizeof *values);
    const iso_rc rc = values != NULL ? iso_keras_direct_read(f, w, values) : ISO_ENOMEM;
    if (!put(socket, &rc, sizeof rc) || (rc == ISO_OK && !put(socket, values, n * sizeof *values)))
        _exit(1);
    free(values);
}

static void serve(const char *path, int socket)
{
    static const int deadly[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGXCPU };
    struct opened said = { 0 };
    struct iso_keras_file *f = NULL;
    struct iso_keras_weight wanted;
    for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++)
        signal(deadly[i], SIG_DFL); /* no handler of the parent's here */
    signal(SIGINT, SIG_IGN);        /* the parent decides */
    bound(path);
    iso_error_clear();
    said.rc = iso_keras_direct_open(path, &f);
    snprintf(said.message, sizeof said.message, "%s", iso_error());
    if (f != NULL) {
        said.nlayers = f->nlayers;
        memcpy(said.version, f->version, sizeof said.version);
    }
    if (put(socket, &said, sizeof said) && f != NULL &&
        put(socket, f->layers, (size_t)f->nlayers * sizeof *f->layers))
        while (take(socket, &wanted, sizeof wanted))
            answer(f, &wanted, socket);
    _exit(0);
}

/* ---- The parent ---------------------------------------------------------------------------- */

/* Ends the child and says how it ended. The socket is shut down, not only closed, because another
 * child may have it too. */
static int end(struct iso_keras_file *f)
{
    int status = 0;
    shutdown((int)f->handle, SHUT_RDWR);
    close((int)f->handle);
    while (waitpid((pid_t)f->process, &status, 0) < 0 && errno == EINTR)
        continue;
    f->process = 0;
    return status;
}

static iso_rc start(const char *path, struct iso_keras_file *f)
{
    int socket[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, socket) != 0)
        return iso_fail(ISO_EIO, "%s: cannot make a socket: %s", path, strerror(errno));
    const pid_t child = fork();
    if (child == 0) {
        close(socket[0]);
        serve(path, socket[1]);
    }
    const int fault = errno;
    close(socket[1]);
    if (child < 0) {
        close(socket[0]);
        return iso_fail(ISO_EIO, "%s: cannot start a process to read it: %s", path,
                        strerror(fault));
    }
    f->handle = socket[0];
    f->process = child;
    return ISO_OK;
}

static bool text_ends(const char *text, size_t n) { return memchr(text, '\0', n) != NULL; }

/* A child that has lost its way may say anything. No pointer of its means anything here. */
static bool makes_sense(struct iso_keras_layer *l)
{
    bool fine = text_ends(l->name, sizeof l->name) && text_ends(l->class, sizeof l->class) &&
                l->nweights >= 0 && l->nweights <= ISO_KERAS_WEIGHTS;
    for (int i = 0; fine && i < l->nweights; i++) {
        const struct iso_shape *s = &l->weights[i].shape;
        l->weights[i].values = NULL;
        fine = text_ends(l->weights[i].path, ISO_KERAS_PATH) && s->ndim >= -1 &&
               s->ndim <= ISO_DIMS && iso_shape_countable(s);
    }
    return fine;
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
    *lost = !take((int)f->handle, f->layers, (size_t)f->nlayers * sizeof *f->layers) ||
            !text_ends(f->version, sizeof f->version);
    for (int i = 0; i < f->nlayers && !*lost; i++)
        *lost = !makes_sense(&f->layers[i]);
    return ISO_OK;
}

static iso_rc receive(const char *path, struct iso_keras_file *f)
{
    struct opened said = { 0 };
    bool lost = !take((int)f->handle, &said, sizeof said);
    if (!lost && said.rc != ISO_OK && text_ends(said.message, sizeof said.message))
        return iso_fail(said.rc, "%s", said.message);
    if (!lost)
        ISO_TRY(receive_layers(f, &said, &lost));
    if (!lost)
        return ISO_OK;
    const int status = end(f);
    return iso_fail(ISO_EDATA, "%s: the HDF5 library %s over it; the file is damaged", path,
                    WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU ? "lost its way"
                                                                       : "crashed");
}

iso_rc iso_keras_open(const char *path, struct iso_keras_file **out)
{
    struct iso_keras_file *f = iso_alloc(1, sizeof *f);
    if (f == NULL)
        return ISO_ENOMEM;
    iso_rc rc = start(path, f);
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
    if (f->process > 0)
        end(f);
    free(f->layers);
    free(f);
}

iso_rc iso_keras_read(const struct iso_keras_file *f, const struct iso_keras_weight *w,
                      float *values)
{
    const size_t bytes = (size_t)iso_shape_count(&w->shape) * sizeof *values;
    const int socket = (int)f->handle;
    iso_rc rc = ISO_EDATA;
    if (put(socket, w, sizeof *w) && take(socket, &rc, sizeof rc) &&
        (rc != ISO_OK || take(socket, values, bytes)))
        return rc == ISO_OK ? rc : iso_fail(rc, "%s cannot be read; the file is damaged", w->path);
    return iso_fail(ISO_EDATA,
                    "%s cannot be read: the HDF5 library crashed over it; the file is "
                    "damaged",
                    w->path);
}
