/* isocl runs: what the runs in a folder were and reached, and how some of them differ. */
#include "commands.h"
#include "core/file.h"
#include "core/model/model.h"
#include "core/train/run.h"
#include "core/train/device_json.h"
#include "core/train/history_csv.h"
#include "tools/report/lines.h"
#include "setup.h"

#include <dirent.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS = 1024, NUMBERS = 4, VALIDATION_ACCURACY = 3, DIFFERENCES = 40 };
struct runs_options {
    bool json;
};
static const struct iso_option options[] = { { "json", NULL, ISO_OPTION_FLAG,
                                               offsetof(struct runs_options, json),
                                               "one JSON object a run", 0 },
                                             { NULL, NULL, ISO_OPTION_FLAG, 0, NULL, 0 } };

static const char *const columns[NUMBERS] = { "loss", "accuracy", "validation_loss",
                                              "validation_accuracy" };
struct run {
    char folder[ISO_PATH], model[64], device[32];
    struct iso_run_settings settings;
    struct iso_fit_state state;
    double last[NUMBERS];     /* of the last epoch; NaN: not there */
    double best_accuracy;     /* of validation; NaN: not there */
    struct iso_run_best best; /* what best.safetensors is */
    char *text;               /* the model file */
    json_t *about;            /* run.json; NULL: not there */
};
struct runs {
    struct run *list;
    int n;
};

/* ---- Reading ------------------------------------------------------------------------------- */

static iso_rc read_file(const char *folder, const char *name, char **text)
{
    char path[ISO_PATH];
    size_t n;
    ISO_TRY(iso_path(path, folder, name));
    return iso_file_read(path, text, &n);
}

static void read_device(struct run *r)
{
    struct iso_run_device device;
    if (iso_run_device_read(r->folder, &device) != ISO_OK)
        iso_error_clear(); /* "-" says it */
    snprintf(r->device, sizeof r->device, "%s", *device.id ? device.id : "-");
}

static void read_about(struct run *r)
{
    char *text = NULL;
    if (read_file(r->folder, "run.json", &text) != ISO_OK)
        iso_error_clear(); /* runs of older isocls have none */
    r->about = text != NULL ? json_loads(text, 0, NULL) : NULL;
    free(text);
}

/* "cnn" of the line "model: cnn"; the folder's name where there is none. */
static void read_name(struct run *r)
{
    const char *line = strncmp(r->text, "model:", 6) == 0 ? r->text : strstr(r->text, "\nmodel:");
    const char *own = iso_path_base(r->folder);
    line = line != NULL ? strchr(line, ':') + 1 : NULL;
    if (line != NULL)
        line += strspn(line, " ");
    snprintf(r->model, sizeof r->model, "%.*s",
             (int)(line != NULL ? strcspn(line, " \n#") : strlen(own)), line != NULL ? line : own);
}

static iso_rc read_history(struct run *r)
{
    char *csv = NULL;
    ISO_TRY(read_file(r->folder, "history.csv", &csv));
    int column[NUMBERS];
    for (int i = 0; i < NUMBERS; i++) {
        column[i] = iso_csv_column(csv, columns[i]);
        r->last[i] = (double)NAN;
    }
    r->best_accuracy = (double)NAN;
    for (const char *row = iso_csv_next(csv); row != NULL; row = iso_csv_next(row)) {
        for (int i = 0; i < NUMBERS; i++)
            r->last[i] = iso_csv_number(row, column[i]);
        const double a = r->last[VALIDATION_ACCURACY];
        if (!isnan(a) && !(a <= r->best_accuracy))
            r->best_accuracy = a;
    }
    free(csv);
    return ISO_OK;
}

static bool is_run(const char *folder)
{
    char path[ISO_PATH];
    FILE *file = iso_path(path, folder, "state") == ISO_OK ? fopen(path, "rb") : NULL;
    iso_error_clear(); /* where the path is too long, no run can be */
    return file != NULL && fclose(file) == 0;
}

static iso_rc read_run(struct run *r, const char *folder)
{
    snprintf(r->folder, sizeof r->folder, "%s", folder);
    struct iso_run_state state;
    ISO_TRY(iso_state_read(folder, &state, NULL));
    r->settings = state.settings;
    r->state = state.fit;
    r->best = state.best;
    ISO_TRY(read_file(folder, "model.yaml", &r->text));
    read_device(r);
    read_about(r);
    read_name(r);
    return read_history(r);
}

/* A run that cannot be read, as one of an older isocl, is told of and left out. */
static iso_rc add_run(struct runs *runs, const char *folder)
{
    char why[1024];
    if (runs->n == RUNS)
        return iso_fail(ISO_EUSAGE, "more than %d runs; name those wanted", RUNS);
    struct run *r = &runs->list[runs->n];
    *r = (struct run){ .text = NULL };
    const iso_rc rc = read_run(r, folder);
    if (rc == ISO_OK) {
        runs->n++;
        return ISO_OK;
    }
    free(r->text);
    json_decref(r->about);
    if (rc == ISO_ENOMEM)
        return rc;
    fprintf(stderr, "isocl runs: left out: %s\n", iso_error_take(why, sizeof why));
    return ISO_OK;
}

static int by_folder(const void *a, const void *b)
{
    return strcmp(((const struct run *)a)->folder, ((const struct run *)b)->folder);
}

static iso_rc scan(struct runs *runs, const char *folder)
{
    const int first = runs->n;
    DIR *dir = opendir(folder);
    iso_rc rc = ISO_OK;
    if (dir == NULL)
        return iso_file_fail("read the folder", folder);
    for (struct dirent *d; rc == ISO_OK && (d = readdir(dir)) != NULL;) {
        char path[ISO_PATH];
        if (d->d_name[0] == '.')
            continue;
        if (iso_path(path, folder, d->d_name) != ISO_OK)
            iso_error_clear(); /* as in is_run */
        else if (is_run(path))
            rc = add_run(runs, path);
    }
    closedir(dir);
    qsort(runs->list + first, (size_t)(runs->n - first), sizeof *runs->list, by_folder);
    return rc;
}

static iso_rc find(struct runs *runs, int argc, char **argv)
{
    if (argc == 0 && !iso_folder_exists("runs"))
        return iso_fail(ISO_EUSAGE, "there is no folder runs here; name a folder of runs, or runs");
    if (argc == 0)
        return scan(runs, "runs");
    for (int i = 0; i < argc; i++)
        ISO_TRY(is_run(argv[i]) ? add_run(runs, argv[i]) : scan(runs, argv[i]));
    return ISO_OK;
}

/* ---- Telling ------------------------------------------------------------------------------- */

static const char *number(double value, char buf[16])
{
    snprintf(buf, 16, isnan(value) ? "-" : "%.4f", value);
    return buf;
}

static void print_run(const struct run *r, int width)
{
    const char *monitor = r->best.monitor;
    const bool usual = strcmp(monitor, columns[VALIDATION_ACCURACY]) == 0;
    char text[NUMBERS + 1][16], epochs[32], best[128] = "-";
    for (int i = 0; i < NUMBERS; i++)
        number(r->last[i], text[i]);
    if (r->settings.steps)
        snprintf(epochs, sizeof epochs, "step %lld", (long long)r->state.step);
    else
        snprintf(epochs, sizeof epochs, "%lld/%lld", (long long)r->state.epoch,
                 (long long)r->settings.epochs);
    if (*monitor)
        snprintf(best, sizeof best, "%s @%lld%s%s", number(r->best.value, text[NUMBERS]),
                 (long long)r->best.epoch, usual ? "" : " ", usual ? "" : monitor);
    printf("%-*s  %-20s %-5s %-12s %6llu %6lld %9s %8s %8s %8s %8s  %s\n", width, r->folder,
           r->model, r->settings.fast ? "fast" : "exact", r->device,
           (unsigned long long)r->settings.seed, (long long)r->settings.batch, epochs, text[0],
           text[1], text[2], text[3], best);
}

static void print_table(const struct runs *runs)
{
    int width = 3;
    for (int i = 0; i < runs->n; i++)
        width = (int)strlen(runs->list[i].folder) > width ? (int)strlen(runs->list[i].folder)
                                                          : width;
    printf("%-*s  %-20s %-5s %-12s %6s %6s %9s %8s %8s %8s %8s  %s\n", width, "RUN", "MODEL",
           "MODE", "DEVICE", "SEED", "BATCH", "EPOCHS", "LOSS", "ACCURACY", "VAL_LOSS", "VAL_ACC",
           "BEST");
    for (int i = 0; i < runs->n; i++)
        print_run(&runs->list[i], width);
}

/* Lines of a's model file that b's has not; comments say nothing. */
static void print_lines(const struct run *a, const struct run *b)
{
    int printed = 0;
    for (const char *line = a->text; *line;) {
        const size_t n = strcspn(line, "\n"), from = strspn(line, " ");
        if (n > from && line[from] != '#' && !iso_has_line(b->text, line, n) &&
            printed++ < DIFFERENCES)
            printf("%s %s: %.*s\n", printed == 1 ? "\nonly in" : "       ", a->folder, (int)n,
                   line);
        line += n + (line[n] == '\n');
    }
    if (printed > DIFFERENCES)
        printf("        ... and %d more lines\n", printed - DIFFERENCES);
}

/* Prints what is known of both runs, and differs; "": not known. */
static void print_pair(const char *what, const struct run *a, const char *text_a,
                       const struct run *b, const char *text_b)
{
    if (*text_a && *text_b && strcmp(text_a, text_b) != 0)
        printf("\n%s: %s in %s\n        %s in %s\n", what, text_a, a->folder, text_b, b->folder);
}

/* Returns a text or a whole number of an object of run.json; "" where it has none. */
static const char *text_in(const json_t *object, const char *key, char buf[24])
{
    const json_t *value = json_object_get(object, key);
    if (json_is_string(value))
        return json_string_value(value);
    snprintf(buf, 24, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    return json_is_integer(value) ? buf : "";
}

static void print_data(const struct run *a, const struct run *b, const char *split)
{
    static const char *const keys[] = { "source", "rows", "images_sha256", "images_crc32",
                                        "labels_sha256" };
    const json_t *data_a = json_object_get(json_object_get(a->about, "data"), split);
    const json_t *data_b = json_object_get(json_object_get(b->about, "data"), split);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char what[64], buf_a[24], buf_b[24];
        snprintf(what, sizeof what, "%s data, %s", split, keys[i]);
        print_pair(what, a, text_in(data_a, keys[i], buf_a), b, text_in(data_b, keys[i], buf_b));
    }
}

/* Lists what the commands of a run were made with, one after another where it changed: "cpu, then
 * reference". in: a member of the command, or NULL for the command itself. */
static void list_commands(const struct run *r, const char *in, const char *key, char *buf, size_t n)
{
    const json_t *commands = json_object_get(r->about, "commands"), *command;
    const char *last = "";
    size_t i, used = 0;
    *buf = '\0';
    json_array_foreach(commands, i, command)
    {
        char number[24];
        const char *text =
            text_in(in != NULL ? json_object_get(command, in) : command, key, number);
        if (!*text || strcmp(text, last) == 0 || used >= n)
            continue;
        used += (size_t)snprintf(buf + used, n - used, "%s%s", used ? ", then " : "", text);
        last = text;
    }
}

static void print_made(const struct run *a, const struct run *b)
{
    static const struct {
        const char *in, *key, *what;
    } members[] = {
        { NULL, "isocl", "isocl's version" }, { NULL, "machine", "machine" },
        { "device", "id", "device" },         { "device", "name", "the device's name" },
        { "device", "platform", "platform" }, { "device", "driver", "driver" },
    };
    char arithmetic_a[24], arithmetic_b[24];
    print_pair("arithmetic", a, text_in(a->about, "arithmetic", arithmetic_a), b,
               text_in(b->about, "arithmetic", arithmetic_b));
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        char text_a[512], text_b[512];
        list_commands(a, members[i].in, members[i].key, text_a, sizeof text_a);
        list_commands(b, members[i].in, members[i].key, text_b, sizeof text_b);
        print_pair(members[i].what, a, text_a, b, text_b);
    }
}

/* The others beside the first. */
static void print_differences(const struct runs *runs)
{
    for (int i = 1; i < runs->n; i++) {
        const struct run *a = &runs->list[0], *b = &runs->list[i];
        print_lines(a, b);
        print_lines(b, a);
        print_data(a, b, "train");
        print_data(a, b, "validation");
        print_made(a, b);
        if (strcmp(a->text, b->text) == 0)
            printf("\n%s and %s have the same model file\n", a->folder, b->folder);
    }
}

static json_t *json_or_null(double value) { return isnan(value) ? json_null() : json_real(value); }

static void print_json(const struct run *r)
{
    json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I}", "run", r->folder, "model",
                          r->model, "mode", r->settings.fast ? "fast" : "exact", "device",
                          r->device, "seed", (json_int_t)r->settings.seed, "batch",
                          (json_int_t)r->settings.batch, "epoch", (json_int_t)r->state.epoch,
                          "step", (json_int_t)r->state.step);
    for (int i = 0; o != NULL && i < NUMBERS; i++)
        json_object_set_new(o, columns[i], json_or_null(r->last[i]));
    if (o != NULL)
        json_object_set_new(o, "best_validation_accuracy", json_or_null(r->best_accuracy));
    if (o != NULL && *r->best.monitor)
        json_object_set_new(o, "best",
                            json_pack("{s:s, s:o, s:I}", "monitor", r->best.monitor, "value",
                                      json_or_null(r->best.value), "epoch",
                                      (json_int_t)r->best.epoch));
    json_dumpf(o, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
    printf("\n");
    json_decref(o);
}

/* argc: of the arguments; runs that were named one by one are compared. */
static iso_rc tell(const struct runs *runs, const struct runs_options *o, int argc)
{
    if (runs->n == 0)
        return iso_fail(ISO_EUSAGE, "there are no runs to show; `isocl train` makes them");
    for (int i = 0; o->json && i < runs->n; i++)
        print_json(&runs->list[i]);
    if (o->json)
        return ISO_OK;
    print_table(runs);
    if (argc > 1 && runs->n == argc)
        print_differences(runs);
    return ISO_OK;
}

static int run(const struct iso_command *command, int argc, char **argv)
{
    struct runs_options o = { 0 };
    struct runs runs = { 0 };
    int count, code;
    if (!iso_options_parse(command, argc, argv, &o, &count, &code))
        return code;
    runs.list = iso_alloc(RUNS, sizeof *runs.list);
    iso_rc rc = runs.list != NULL ? find(&runs, count, argv) : ISO_ENOMEM;
    if (rc == ISO_OK)
        rc = tell(&runs, &o, count);
    for (int i = 0; i < runs.n; i++) {
        free(runs.list[i].text);
        json_decref(runs.list[i].about);
    }
    free(runs.list);
    return iso_report(command, rc, NULL);
}

const struct iso_command iso_command_runs = {
    .name = "runs",
    .arguments = "[DIR|RUN...]",
    .doc = "what runs were and reached, and how some of them differ",
    .more =
        "Loss and accuracy are those of the last epoch. BEST is the number that\n"
        "best.safetensors is the best of, validation accuracy where no other name stands\n"
        "there, and its epoch. Without arguments, the runs in the folder runs. Of runs that\n"
        "are named one by one, the lines of their model files that differ are shown, too, and\n"
        "differences of their data, of isocl's version, machine, device and driver.",
    .examples =
        "  isocl runs\n"
        "  isocl runs runs/cnn-001 runs/cnn-002\n",
    .options = options,
    .min_arguments = 0,
    .max_arguments = 1000,
    .run = run,
};
