#include "run_folder.h"

#include "core/system/sha256.h"
#include "core/text/json.h"
#include "core/train/history_csv.h"
#include "core/train/run_json.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* ---- Reading ------------------------------------------------------------------------------- */

static void add_fault(struct iso_told *t)
{
    const size_t n = strlen(t->faults);
    char fault[sizeof t->faults];
    snprintf(t->faults + n, sizeof t->faults - n, "%s%s", n ? "; " : "",
             iso_error_take(fault, sizeof fault));
}

/* Notes a fault of one of the files, without which the others are shown; fails for want of memory.
 */
static iso_rc tell_fault(struct iso_told *t, iso_rc rc)
{
    if (rc == ISO_ENOMEM)
        return rc;
    if (rc != ISO_OK)
        add_fault(t);
    return ISO_OK;
}

/* Leaves NULL, and a fault, when it cannot be read. */
static iso_rc read_text(struct iso_told *t, const char *name, char **text)
{
    char path[ISO_PATH];
    size_t n;
    iso_rc rc = iso_path(path, t->folder, name);
    *text = NULL;
    if (rc == ISO_OK)
        rc = iso_file_read(path, text, &n);
    return tell_fault(t, rc);
}

/* Reads the model's name, "cnn" from the line "model: cnn"; or the one that run.json has, or the
 * folder's name. */
static iso_rc read_model_name(struct iso_told *t)
{
    const char *line = t->yaml == NULL                      ? NULL
                       : strncmp(t->yaml, "model:", 6) == 0 ? t->yaml
                                                            : strstr(t->yaml, "\nmodel:");
    char name[64] = "";
    const iso_rc rc = line == NULL ? iso_about_model(t->folder, name, sizeof name) : ISO_OK;
    if (rc == ISO_ENOMEM)
        return rc;
    if (rc == ISO_OK && *name) {
        snprintf(t->model, sizeof t->model, "%s", name);
        return ISO_OK;
    }
    line = line != NULL ? strchr(line, ':') + 1 : NULL;
    if (line != NULL)
        line += strspn(line, " \"'");
    snprintf(t->model, sizeof t->model, "%.*s", (int)(line != NULL ? strcspn(line, "\"'\n#") : 63),
             line != NULL ? line : t->name);
    for (size_t n = strlen(t->model); n > 0 && t->model[n - 1] == ' '; n--)
        t->model[n - 1] = '\0';
    return ISO_OK;
}

static void read_phases(struct iso_told *t)
{
    const int column = iso_table_find(&t->epochs, "phase");
    const char *row = column < 0 ? NULL : iso_csv_next(t->epochs.text);
    for (int64_t r = 0; row != NULL && t->nphases < ISO_PHASES; row = iso_csv_next(row), r++) {
        struct iso_told_phase *p = &t->phase[t->nphases];
        const char *name = iso_csv_cell(row, column);
        snprintf(p->name, sizeof p->name, "%.*s", (int)strcspn(name, ",\n"), name);
        p->epoch = iso_csv_number(row, 0);
        p->row = r;
        if (t->nphases == 0 || strcmp(p[-1].name, p->name) != 0)
            t->nphases++;
    }
}

/* Fills in the last name of a path, without slashes at its end. */
static void name_of_path(const char *path, char *buf, size_t n)
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/')
        end--;
    size_t begin = end;
    while (begin > 0 && path[begin - 1] != '/')
        begin--;
    snprintf(buf, n, "%.*s", (int)(end - begin), path + begin);
}

static iso_rc read_state(struct iso_told *t)
{
    struct iso_run_state state;
    const iso_rc rc = iso_state_read(t->folder, &state, NULL);
    t->has_state = rc == ISO_OK;
    if (rc != ISO_OK)
        return tell_fault(t, rc);
    t->settings = state.settings;
    t->state = state.fit;
    t->best = state.best;
    return ISO_OK;
}

iso_rc iso_told_read(const char *folder, struct iso_told *t)
{
    char about[ISO_PATH];
    json_t *made = NULL;
    json_error_t fault;
    *t = (struct iso_told){ .yaml = NULL };
    if (snprintf(t->folder, sizeof t->folder, "%s", folder) >= (int)sizeof t->folder)
        return iso_path_too_long(folder);
    name_of_path(folder, t->name, sizeof t->name);
    iso_rc rc = iso_table_read(folder, "history.csv", &t->epochs);
    if (rc == ISO_OK && t->epochs.text == NULL)
        return iso_fail(ISO_EDATA,
                        "%s is not a run's folder: it has no history.csv; `isocl runs` "
                        "lists runs, `isocl train` makes them",
                        folder);
    if (rc != ISO_OK)
        return rc;
    ISO_TRY(read_text(t, "model.yaml", &t->yaml));
    ISO_TRY(read_text(t, "log.txt", &t->log));
    if (iso_path(about, folder, "run.json") == ISO_OK && access(about, F_OK) == 0)
        ISO_TRY(read_text(t, "run.json", &t->about)); /* older runs have none */
    if (t->about != NULL &&
        iso_json_read(t->about, strlen(t->about), 0, &made, &fault) == ISO_ENOMEM)
        return ISO_ENOMEM;
    t->made = made;
    ISO_TRY(read_state(t));
    ISO_TRY(tell_fault(t, iso_run_device_read(folder, &t->device)));
    ISO_TRY(read_model_name(t));
    read_phases(t);
    return ISO_OK;
}

iso_rc iso_told_batches(struct iso_told *t)
{
    return tell_fault(t, iso_table_read(t->folder, "batches.csv", &t->batches));
}

iso_rc iso_told_hash(struct iso_told *t)
{
    struct iso_sha256 sum;
    struct iso_st_file *file = NULL;
    char path[ISO_PATH];
    iso_rc rc = iso_path(path, t->folder, "weights.safetensors");
    if (rc == ISO_OK)
        rc = iso_st_open(path, &file);
    if (rc == ISO_ENOMEM)
        return rc;
    if (rc != ISO_OK) {
        iso_error_clear(); /* "" says it */
        return ISO_OK;
    }
    iso_sha256_init(&sum);
    for (int i = 0; i < file->n; i++)
        iso_sha256_add(&sum, file->tensors[i].data, (size_t)iso_st_bytes(&file->tensors[i]));
    iso_sha256_hex(&sum, t->hash);
    iso_st_close(file);
    return ISO_OK;
}

void iso_told_free(struct iso_told *t)
{
    iso_table_free(&t->epochs);
    iso_table_free(&t->batches);
    free(t->yaml);
    free(t->log);
    free(t->about);
    json_decref(t->made);
}

void iso_told_distinguish(struct iso_told *t, int n)
{
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++) {
            char name[64];
            name_of_path(t[k].folder, name, sizeof name);
            if (k != i && strcmp(t[i].name, name) == 0)
                snprintf(t[i].name, sizeof t[i].name, "%s", t[i].folder);
        }
}

/* The log is locked while it is written. */
bool iso_told_running(const char *folder)
{
    char path[ISO_PATH];
    const int file = iso_path(path, folder, "log.txt") == ISO_OK ? open(path, O_RDONLY) : -1;
    const bool running = file >= 0 && flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    iso_error_clear(); /* nothing runs in a folder whose path is too long */
    if (file >= 0)
        close(file);
    return running;
}

/* ---- What it says -------------------------------------------------------------------------- */

const char *iso_told_line(const struct iso_told *t, const char *word, char *buf, size_t n)
{
    const size_t length = strlen(word);
    buf[0] = '\0';
    for (const char *line = t->log; line != NULL && *line;) {
        const size_t end = strcspn(line, "\n");
        if (strncmp(line, word, length) == 0 && line[length] == ' ')
            snprintf(buf, n, "%.*s", (int)(end - length), line + length);
        line += end + (line[end] == '\n');
    }
    memmove(buf, buf + strspn(buf, " "), strlen(buf + strspn(buf, " ")) + 1);
    return buf;
}

const char *iso_told_status(const struct iso_told *t, char *buf, size_t n)
{
    const struct iso_run_settings *s = &t->settings;
    const struct iso_fit_state *f = &t->state;
    if (!t->has_state)
        snprintf(buf, n, "%lld epochs are in its history", (long long)t->epochs.rows);
    else if (s->steps)
        snprintf(buf, n, "%s after step %lld of %lld", f->step < s->steps ? "stopped" : "finished",
                 (long long)f->step, (long long)s->steps);
    else if (f->stopping.stopped)
        snprintf(buf, n, "ended early, after epoch %lld of %lld", (long long)f->epoch,
                 (long long)s->epochs);
    else if (f->epoch >= s->epochs)
        snprintf(buf, n, "finished, %lld epoch%s", (long long)f->epoch, f->epoch == 1 ? "" : "s");
    else if (f->epoch_step > 0)
        snprintf(buf, n, "not finished: in epoch %lld of %lld, after its step %lld",
                 (long long)f->epoch + 1, (long long)s->epochs, (long long)f->epoch_step);
    else
        snprintf(buf, n, "not finished: %lld of %lld epochs", (long long)f->epoch,
                 (long long)s->epochs);
    return buf;
}

double iso_told_seconds(const struct iso_told *t)
{
    const double *v = iso_table_column(&t->epochs, iso_table_find(&t->epochs, "seconds"));
    double sum = 0;
    for (int64_t i = 0; v != NULL && i < t->epochs.rows; i++)
        sum += isfinite(v[i]) ? v[i] : 0;
    return sum;
}

/* ---- Metrics ------------------------------------------------------------------------------- */

static const char prefix[] = "validation_";

static bool is_metric(const char *name)
{
    static const char *const others[] = { "epoch", "phase", "seconds", "images_per_second",
                                          "learning_rate" };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcmp(name, others[i]) == 0)
            return false;
    return *name && strncmp(name, prefix, sizeof prefix - 1) != 0;
}

/* Columns from here on that are called STEM_0, STEM_1, ...; 0 when it does not end so. */
static int count_classes(const struct iso_table *t, int column, size_t *stem)
{
    const char *first = t->name[column];
    const size_t n = strlen(first);
    int classes = 0;
    if (n < 3 || strcmp(first + n - 2, "_0") != 0)
        return 0;
    *stem = n - 2;
    for (char want[ISO_NAME + 16]; column + classes < t->columns; classes++) {
        snprintf(want, sizeof want, "%.*s_%d", (int)*stem, first, classes);
        if (strcmp(t->name[column + classes], want) != 0)
            break;
    }
    return classes > 1 ? classes : 0;
}

int iso_told_column(const struct iso_told *t, const char *metric, bool validation)
{
    char name[ISO_NAME + sizeof prefix];
    snprintf(name, sizeof name, "%s%.*s", validation ? prefix : "", ISO_NAME - 1, metric);
    return iso_table_find(&t->epochs, name);
}

int iso_told_metrics(const struct iso_told *t, struct iso_metric_columns *out, int most)
{
    int n = 0;
    for (int c = 0; c < t->epochs.columns && n < most; c++) {
        const char *name = t->epochs.name[c];
        size_t stem = strlen(name);
        if (!is_metric(name))
            continue;
        struct iso_metric_columns *m = &out[n++];
        m->classes = count_classes(&t->epochs, c, &stem);
        m->train = c;
        snprintf(m->name, sizeof m->name, "%.*s", (int)stem, name);
        m->validation = iso_told_column(t, name, true);
        c += m->classes > 0 ? m->classes - 1 : 0;
    }
    return n;
}

bool iso_metric_is_error(const char *name)
{
    return strstr(name, "loss") != NULL || strstr(name, "error") != NULL ||
           strstr(name, "crossentropy") != NULL;
}

int iso_told_main_metric(const struct iso_metric_columns *m, int n)
{
    int first = -1;
    for (int i = n - 1; i >= 0; i--)
        if (!m[i].classes && !iso_metric_is_error(m[i].name))
            first = i;
    for (int i = 0; i < n; i++)
        if (strcmp(m[i].name, "accuracy") == 0)
            first = i;
    return first;
}
