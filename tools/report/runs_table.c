#include "runs_table.h"

#include "core/text/printable.h"

#include "core/text/suggest.h"
#include "made.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 16, HASH_SHOWN = 12, GAP = 2 };

double iso_runs_last(const struct iso_told *t, const char *column)
{
    const int c = iso_table_find(&t->epochs, column);
    return c < 0 || t->epochs.rows == 0 ? (double)NAN
                                        : iso_table_column(&t->epochs, c)[t->epochs.rows - 1];
}

int iso_runs_same_bits(const struct iso_told *t, int i)
{
    for (int k = 0; k < i; k++)
        if (*t[i].hash && strcmp(t[k].hash, t[i].hash) == 0)
            return k;
    return -1;
}

/* ---- Columns ------------------------------------------------------------------------------- */

static void put_number(double value, char text[ISO_RUN_CELL])
{
    snprintf(text, ISO_RUN_CELL, isnan(value) ? "-" : "%.4f", value);
}

static void tell_run(const struct iso_told *t, char text[ISO_RUN_CELL])
{
    snprintf(text, ISO_RUN_CELL, "%.190s", t->folder);
}

static void tell_model(const struct iso_told *t, char text[ISO_RUN_CELL])
{
    snprintf(text, ISO_RUN_CELL, "%s", t->model);
}

static void tell_mode(const struct iso_told *t, char text[ISO_RUN_CELL])
{
    snprintf(text, ISO_RUN_CELL, "%s", t->settings.fast ? "fast" : "exact");
}

static void tell_device(const struct iso_told *t, char text[ISO_RUN_CELL])
{
    snprintf(text, ISO_RUN_CELL, "%s", *t->device.id ? t->device.id : "-");
}

static double seed_of(const struct iso_told *t) { return (double)t->settings.seed; }
static void tell_seed(const struct iso_told *t, char text[ISO_RUN_CELL])
{
    snprintf(text, ISO_RUN_CELL, "%llu", (unsigned long long)t->settings.seed);
}

static double batch_of(const struct iso_told *t) { return (double)t->settings.batch; }
static void tell_batch(const struct iso_told *t, char text[ISO_RUN_CELL])
{
    snprintf(text, ISO_RUN_CELL, "%lld", (long long)t->settings.batch);
}

static double epochs_of(const struct iso_told *t) { return (double)t->state.epoch; }
static void tell_epochs(const struct iso_told *t, char text[ISO_RUN_CELL])
{
    if (t->settings.steps)
        snprintf(text, ISO_RUN_CELL, "step %lld", (long long)t->state.step);
    else
        snprintf(text, ISO_RUN_CELL, "%lld/%lld", (long long)t->state.epoch,
                 (long long)t->settings.epochs);
}

static void tell_seconds(const struct iso_told *t, char text[ISO_RUN_CELL])
{
    snprintf(text, ISO_RUN_CELL, "%.1f s", iso_told_seconds(t));
}

static double loss_of(const struct iso_told *t) { return iso_runs_last(t, "loss"); }
static void tell_loss(const struct iso_told *t, char text[ISO_RUN_CELL])
{
    put_number(loss_of(t), text);
}

static double accuracy_of(const struct iso_told *t) { return iso_runs_last(t, "accuracy"); }
static void tell_accuracy(const struct iso_told *t, char text[ISO_RUN_CELL])
{
    put_number(accuracy_of(t), text);
}

static double val_loss_of(const struct iso_told *t) { return iso_runs_last(t, "validation_loss"); }
static void tell_val_loss(const struct iso_told *t, char text[ISO_RUN_CELL])
{
    put_number(val_loss_of(t), text);
}

static double val_acc_of(const struct iso_told *t)
{
    return iso_runs_last(t, "validation_accuracy");
}
static void tell_val_acc(const struct iso_told *t, char text[ISO_RUN_CELL])
{
    put_number(val_acc_of(t), text);
}

static double best_of(const struct iso_told *t)
{
    return *t->best.monitor ? t->best.value : (double)NAN;
}
static void tell_best(const struct iso_told *t, char text[ISO_RUN_CELL])
{
    const bool usual = strcmp(t->best.monitor, "validation_accuracy") == 0;
    if (*t->best.monitor)
        snprintf(text, ISO_RUN_CELL, "%.4f @%lld%s%s", t->best.value, (long long)t->best.epoch,
                 usual ? "" : " ", usual ? "" : t->best.monitor);
    else
        strcpy(text, "-");
}

static void tell_weights(const struct iso_told *t, char text[ISO_RUN_CELL])
{
    snprintf(text, ISO_RUN_CELL, "%.*s", HASH_SHOWN, *t->hash ? t->hash : "-");
}

const struct iso_run_column iso_run_columns[] = {
    { "run", false, tell_run, NULL },
    { "model", false, tell_model, NULL },
    { "mode", false, tell_mode, NULL },
    { "device", false, tell_device, NULL },
    { "seed", true, tell_seed, seed_of },
    { "batch", true, tell_batch, batch_of },
    { "epochs", true, tell_epochs, epochs_of },
    { "time", true, tell_seconds, iso_told_seconds },
    { "loss", true, tell_loss, loss_of },
    { "accuracy", true, tell_accuracy, accuracy_of },
    { "val_loss", true, tell_val_loss, val_loss_of },
    { "val_acc", true, tell_val_acc, val_acc_of },
    { "best", false, tell_best, best_of },
    { "weights", false, tell_weights, NULL },
    { NULL, false, NULL, NULL },
};

/* ---- Sorting ------------------------------------------------------------------------------- */

struct key {
    double number;
    char text[ISO_RUN_CELL], folder[ISO_RUN_CELL];
    bool reverse;
    int run;
};

static int by_key(const void *left, const void *right)
{
    const struct key *a = left, *b = right;
    const int turn = a->reverse ? -1 : 1;
    if (isnan(a->number) != isnan(b->number))
        return isnan(a->number) ? 1 : -1;
    if (a->number < b->number || a->number > b->number)
        return a->number < b->number ? -turn : turn;
    const int texts = strcmp(a->text, b->text);
    if (texts != 0)
        return texts < 0 ? -turn : turn;
    return strcmp(a->folder, b->folder);
}

static void fill_keys(struct key *keys, const struct iso_told *t, int n,
                      const struct iso_run_column *c, bool reverse)
{
    for (int i = 0; i < n; i++) {
        keys[i] = (struct key){ .reverse = reverse, .run = i };
        tell_run(&t[i], keys[i].folder);
        if (c->number != NULL)
            keys[i].number = c->number(&t[i]);
        else
            c->text(&t[i], keys[i].text);
    }
}

static iso_rc find_column(const char *name, const struct iso_run_column **out)
{
    char names[256] = "", hint[128];
    struct iso_suggest suggest;
    size_t used = 0;
    iso_suggest_begin(&suggest, name);
    for (const struct iso_run_column *c = iso_run_columns; c->name != NULL; c++) {
        iso_suggest_try(&suggest, c->name);
        used +=
            (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", c->name);
        if (strcmp(c->name, name) == 0) {
            *out = c;
            return ISO_OK;
        }
    }
    return iso_fail(ISO_EUSAGE, "there is no column '%s'%s; --sort takes one of: %s", name,
                    iso_suggest_text(&suggest, hint, sizeof hint), names);
}

iso_rc iso_runs_sort(struct iso_told *t, int n, const char *column_name, bool reverse)
{
    const struct iso_run_column *column;
    ISO_TRY(find_column(column_name, &column));
    struct key *keys = iso_alloc((size_t)n + 1, sizeof *keys);
    struct iso_told *sorted = iso_alloc((size_t)n + 1, sizeof *sorted);
    if (keys != NULL && sorted != NULL) {
        fill_keys(keys, t, n, column, reverse);
        qsort(keys, (size_t)n, sizeof *keys, by_key);
        for (int i = 0; i < n; i++)
            sorted[i] = t[keys[i].run];
        memcpy(t, sorted, (size_t)n * sizeof *t);
    }
    const bool done = keys != NULL && sorted != NULL;
    free(keys);
    free(sorted);
    return done ? ISO_OK : ISO_ENOMEM;
}

/* ---- Printing ------------------------------------------------------------------------------ */

static void print_cell(const struct iso_run_column *c, const char *text, int width)
{
    const bool last = c[1].name == NULL;
    printf("%*s%s", c == iso_run_columns ? 0 : GAP, "", "");
    iso_print_cell(stdout, text, last ? 0 : c->right ? -width : width);
}

static void print_heading(const int *width)
{
    for (int k = 0; iso_run_columns[k].name != NULL; k++) {
        char heading[32];
        size_t n = 0;
        for (const char *c = iso_run_columns[k].name; *c; c++)
            heading[n++] = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
        heading[n] = '\0';
        print_cell(&iso_run_columns[k], heading, width[k]);
    }
    printf("\n");
}

/* Prints once what each device is that the runs name. */
static void print_devices(const struct iso_told *t, int n)
{
    for (int i = 0; i < n; i++) {
        bool told = *t[i].device.id == '\0';
        char driver[512], other[512];
        iso_made_driver(&t[i], driver, sizeof driver);
        for (int k = 0; k < i && !told; k++)
            told = strcmp(t[k].device.id, t[i].device.id) == 0 &&
                   strcmp(t[k].device.name, t[i].device.name) == 0 &&
                   strcmp(iso_made_driver(&t[k], other, sizeof other), driver) == 0;
        if (!told)
            printf("%s is %s%s%s\n", t[i].device.id, t[i].device.name, *driver ? "; " : "", driver);
    }
}

static void print_verified(const struct iso_told *t, int n)
{
    char text[1024];
    for (int i = 0; i < n; i++)
        if (*iso_made_verified(&t[i], text, sizeof text))
            printf("%s was verified: %s\n", t[i].folder, text);
}

void iso_runs_print(const struct iso_told *t, int n)
{
    char text[ISO_RUN_CELL];
    int width[COLUMNS];
    for (int k = 0; iso_run_columns[k].name != NULL; k++) {
        width[k] = (int)strlen(iso_run_columns[k].name);
        for (int i = 0; i < n; i++) {
            iso_run_columns[k].text(&t[i], text);
            width[k] = (int)strlen(text) > width[k] ? (int)strlen(text) : width[k];
        }
    }
    print_heading(width);
    for (int i = 0; i < n; i++) {
        for (int k = 0; iso_run_columns[k].name != NULL; k++) {
            iso_run_columns[k].text(&t[i], text);
            print_cell(&iso_run_columns[k], text, width[k]);
        }
        const int same = iso_runs_same_bits(t, i);
        if (same >= 0)
            printf("  same bits as %s", t[same].folder);
        printf("\n");
    }
    print_devices(t, n);
    print_verified(t, n);
}
