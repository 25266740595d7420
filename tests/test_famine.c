/* test_famine.c: memory runs out once, anywhere in a command, also in a library's allocation: the
 * command says so and fails, or its results are right; no file is left that is not whole. A few
 * allocations of each command are tried. FAMINE_STACKS=1 tries the first and the last allocation of
 * every different stack of calls, in the program's children, too. FAMINE_EVERY=1 tries every
 * allocation, 10 every tenth; FAMINE_OFFSET=3 begins with the fourth, so that ten runs may share
 * the work. FAMINE_ONLY=TEXT takes the commands that contain it. */
#include "cli.h"
#include "core/api/features.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TRIED = 4 }; /* attempts at each command, if not at all of its allocations */

/* A command in a folder that has what make_base writes. None asks for OpenCL, whose drivers abort
 * without memory. */
static const struct command {
    const char *arguments;
    const char *output; /* file that it writes, the same each time; NULL: none */
    const char *run;    /* folder of a run that it writes; NULL: none */
    bool said;          /* it prints the same each time */
    int code;           /* its exit code when memory does not run out */
} commands[] = {
#define CPU " --device cpu --threads 1 --limit 20"
    { "summary tiny.yaml", .said = true },
    { "summary tiny.yaml --svg s.svg", .output = "s.svg", .said = true },
    { "train tiny.yaml" CPU " --epochs 1 --out n", .run = "n" },
    { "train tiny.yaml --device reference --limit 20 --epochs 1 --json --out n", .run = "n" },
    { "train rich.yaml" CPU " --epochs 2 --out n", .run = "n" },
    { "train rich.yaml" CPU " --steps 2 --verify 1/1 --out n", .run = "n" },
    { "train table.yaml --device cpu --threads 1 --epochs 1 --out n", .run = "n" },
    { "train --resume --out r --device cpu --threads 1 --epochs 2", .run = "r" },
    { "eval r" CPU " --json", .said = false },
    { "predict r --split test --device cpu --threads 1 --rows 0-3 --json", .said = true },
    { "predict r table.csv --device cpu --threads 1 --csv p.csv", .output = "p.csv", .said = true },
    { "predict r table.csv --device cpu --threads 1 --npy p.npy --layer dense_1", .output = "p.npy",
      .said = true },
    { "check table.csv", .said = true },
    { "check pets", .said = true },
    { "new table.csv --out n.yaml", .output = "n.yaml", .said = true },
    { "new pets --out n.yaml", .output = "n.yaml", .said = true },
    { "new pets --from r --out n.yaml", .output = "n.yaml", .said = true },
    { "verify r", .said = true },
    { "verify r --replay --device cpu --threads 1", .said = true },
    { "runs r --json", .said = true },
    { "runs r", .said = true },
    { "report r --history --out p.html", .output = "p.html", .said = true },
    { "report r --history --csv c.csv --tensorboard t --out p.html", .output = "c.csv",
      .said = true },
    { "report r" CPU " --out p.html", .said = false },
    { "trace tiny.yaml" CPU " --out t.safetensors", .output = "t.safetensors", .said = true },
    { "export r --out x.onnx", .output = "x.onnx", .said = true },
    { "export r --out x.keras", .said = true },
    { "export r --out x.weights.h5", .said = true },
    { "export r --out x.safetensors", .output = "x.safetensors", .said = true },
    { "export r --c --out x.c", .output = "x.c", .said = true },
    { "import network.onnx --out i.safetensors --model i.yaml", .output = "i.safetensors",
      .said = true },
    { "import network.h5 tiny.yaml --out i.safetensors", .output = "i.safetensors", .said = true },
    { "import network.safetensors tiny.yaml --out i.safetensors", .output = "i.safetensors",
      .said = true },
    { "parity --ops add,flatten --devices cpu --quick --json", .said = true },
    { "parity --ops add --devices cpu --quick --record c.json", .said = true },
    { "parity tiny.yaml --devices cpu --steps 1", .said = true },
    { "parity --hunt --count 2 --ops add --devices cpu --seed 1", .said = false },
    { "sweep tiny.yaml" CPU " --epochs 1 --seeds 1", .said = false },
    { "reproduce published.yaml" CPU " --epochs 1 --out n --csv n.csv", .said = false },
    { "reproduce published.yaml --report --out published", .said = true },
    { "certify cpu --quick --ops add --json j.json --junit j.xml --html j.html", .said = false },
    { "bench tiny.yaml --devices cpu --threads 1 --seconds 0.01 --json", .said = false },
    { "bench tiny.yaml --devices cpu --threads 1 --seconds 0.01 --ops --profile --trace b.json",
      .said = false },
    { "tune tiny.yaml --device cpu", .said = true },
    { "scale tiny.yaml --ranks 1,8", .said = true },
    { "devices", .said = false }, /* the child that asks drivers may crash */
    { "devices --json", .said = false },
    { "doctor", .said = false },
    { "get mnist --dir g --mirror file:///nonexistent", .code = 1 },
    { "help conv2d", .said = true },
    { "help out of memory", .said = true },
    { "completion bash", .said = true },
#undef CPU
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

/* An allocation: its number, and that of its process's generation; EACH: of any. */
struct place {
    int generation;
    long number;
};
enum { EACH = -1, PLACES = 1 << 17 };

static char library[CLI_PATH]; /* libfamine.so */
static int faults, places_tried;

/* Runs a command in a new copy of the folder, where the n-th allocation fails; 0: none, and with
 * FAMINE_STACKS=1 their stacks are told. Returns its exit code, 128 and more: it was killed. */
static int run(const struct command *c, int generation, long n)
{
    char line[6 * CLI_PATH], more[CLI_PATH + 32] = "";
    if (generation != EACH)
        snprintf(more, sizeof more, "FAMINE_GENERATION=%d", generation);
    else if (n == 0 && getenv("FAMINE_STACKS") != NULL)
        snprintf(more, sizeof more, "FAMINE_STACKS=%s/stacks", cli_folder);
    snprintf(line, sizeof line,
             "cd %s && rm -rf w && cp -r base w && cd w && LD_PRELOAD='%s' FAMINE=%ld %s "
             "FAMINE_COUNT=%s/count XDG_CACHE_HOME=cache OCL_ICD_VENDORS=/nonexistent '%s' %s "
             ">../out.txt 2>../err.txt; "
             "code=$?; exit $code",
             cli_folder, library, n, more, cli_folder, cli_program, c->arguments);
    const int status = system(line);
    cli_read("out.txt", cli_out);
    cli_read("err.txt", cli_err);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static bool is_there(const char *name)
{
    char path[CLI_PATH];
    cli_path(path, name);
    return access(path, F_OK) == 0;
}

static void fault(const struct command *c, long n, int code, const char *what)
{
    faults++;
    fprintf(stderr, "allocation %ld of isocl %s: %s (exit code %d)\n%.600s\n", n, c->arguments,
            what, code, cli_err);
}

/* Looks at a file that the undisturbed command wrote as well. */
static void check_file(const struct command *c, long n, int code)
{
    static char right[CLI_OUTPUT], got[CLI_OUTPUT];
    char name[64];
    snprintf(name, sizeof name, "w/%s", c->output);
    if (!is_there(name)) {
        if (code == 0)
            fault(c, n, code, "the file is missing");
        return;
    }
    const size_t bytes = cli_read("right", right);
    if (cli_read(name, got) != bytes || memcmp(right, got, bytes) != 0)
        fault(c, n, code, "the file is another");
}

/* A run that was begun is whole. */
static void check_run(const struct command *c, long n, int code)
{
    char name[64], line[3 * CLI_PATH];
    snprintf(name, sizeof name, "w/%s/state", c->run);
    if (!is_there(name))
        return;
    snprintf(line, sizeof line, "cd %s/w && '%s' verify %s >../out.txt 2>../err.txt", cli_folder,
             cli_program, c->run);
    if (system(line) != 0) {
        cli_read("err.txt", cli_err);
        fault(c, n, code, "the run is damaged");
    }
}

/* Memory is what the message speaks of; a thread without memory gets EAGAIN of the system. */
static bool says_memory(void)
{
    return strstr(cli_err, "memory") != NULL || strstr(cli_out, "memory") != NULL ||
           strstr(cli_err, strerror(EAGAIN)) != NULL;
}

static void attempt(const struct command *c, int generation, long n, const char *said)
{
    const int code = run(c, generation, n);
    places_tried++;
    if (code >= 128)
        fault(c, n, code, "it was killed");
    else if (code != c->code && !says_memory())
        fault(c, n, code, "it does not say that memory ran out");
    else if (code == c->code && c->said && strcmp(cli_out, said) != 0)
        fault(c, n, code, "it prints something else");
    if (c->output != NULL)
        check_file(c, n, code);
    if (c->run != NULL)
        check_run(c, n, code);
}

/* Returns the number that a variable of the environment gives, or 0. */
static long number_of(const char *variable)
{
    const char *text = getenv(variable);
    return text != NULL ? atol(text) : 0;
}

static int by_place(const void *pa, const void *pb)
{
    const struct place *a = pa, *b = pb;
    if (a->generation != b->generation)
        return a->generation < b->generation ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

/* Reads the file of stacks into places, sorted. Returns their number, and that of the stacks. */
static int read_stacks(struct place places[PLACES], int *stacks)
{
    char name[CLI_PATH];
    int n = 0, generation;
    long first, last;
    cli_path(name, "stacks");
    FILE *f = fopen(name, "r");
    assert_non_null(f);
    for (*stacks = 0; fscanf(f, "%d %ld %ld", &generation, &first, &last) == 3; ++*stacks) {
        assert_true(n + 2 <= PLACES);
        places[n++] = (struct place){ generation, first };
        if (last != first)
            places[n++] = (struct place){ generation, last };
    }
    fclose(f);
    remove(name);
    qsort(places, (size_t)n, sizeof places[0], by_place);
    return n;
}

/* Tries the first and the last allocation of every stack; children of a generation often share
 * numbers, which are tried once. */
static void try_stacks(const struct command *c, long all, const char *said)
{
    static struct place places[PLACES];
    int stacks;
    const int n = read_stacks(places, &stacks), before = places_tried;
    for (int i = 0; i < n; i++)
        if (i == 0 || by_place(&places[i - 1], &places[i]) != 0)
            attempt(c, places[i].generation, places[i].number, said);
    fprintf(stderr, "isocl %s: %ld allocations, %d stacks, %d tried\n", c->arguments, all, stacks,
            places_tried - before);
}

static void try_numbers(const struct command *c, long all, const char *said)
{
    const long step = number_of("FAMINE_EVERY");
    if (step > 0)
        fprintf(stderr, "isocl %s: %ld allocations\n", c->arguments, all);
    for (long n = 1 + number_of("FAMINE_OFFSET"); step > 0 && n <= all; n += step)
        attempt(c, EACH, n, said);
    for (long i = 0; step == 0 && i < TRIED; i++)
        attempt(c, EACH, 1 + (all - 1) * i / TRIED + (i * 7919 + all) % (all / TRIED + 1), said);
}

static void try_command(const struct command *c)
{
    static char said[CLI_OUTPUT], number[CLI_OUTPUT];
    char name[64], line[3 * CLI_PATH];
    const int clean = run(c, EACH, 0);
    if (clean != c->code) {
        fault(c, 0, clean, "without a lack of memory it ends in another way");
        return;
    }
    strcpy(said, cli_out);
    cli_read("count", number);
    const long all = atol(number);
    assert_true(all > 0);
    if (c->output != NULL) {
        snprintf(name, sizeof name, "w/%s", c->output);
        snprintf(line, sizeof line, "cp %s/%s %s/right", cli_folder, name, cli_folder);
        assert_int_equal(system(line), 0);
    }
    if (getenv("FAMINE_STACKS") != NULL)
        try_stacks(c, all, said);
    else
        try_numbers(c, all, said);
}

static void write_table(void)
{
    static char text[1 << 16];
    size_t n = 0;
    for (int r = 0; r < 20; r++) {
        n += (size_t)snprintf(text + n, sizeof text - n, "%d", r % 10);
        for (int i = 0; i < 28 * 28; i++)
            n += (size_t)snprintf(text + n, sizeof text - n, ",%d", (r * i) % 256);
        n += (size_t)snprintf(text + n, sizeof text - n, "\n");
    }
    cli_write("table.csv", text);
}

/* A model with what tiny.yaml lacks, one that was published, and one of a table. */
static void write_models(void)
{
    static char text[CLI_OUTPUT];
    const size_t bytes = cli_read("tiny.yaml", text);
    snprintf(text + bytes, sizeof text - bytes,
             "expect: {source: nowhere, validation_accuracy: 0.5, last_epochs: 1}\n");
    cli_write("published.yaml", text);
    cli_write("rich.yaml",
              "model: rich\n"
              "data:\n"
              "  train: {dataset: 'builtin:digits', split: train}\n"
              "  validation: {dataset: 'builtin:digits', split: test}\n"
              "input: {shape: [28, 28, 1], scale: 1/255}\n"
              "augmentation:\n"
              "  - image_data_generator: {rotation_range: 10, width_shift_range: 0.1}\n"
              "layers:\n"
              "  - conv2d: {filters: 4, kernel_size: 3, strides: 2}\n"
              "  - batch_normalization\n"
              "  - activation: relu\n"
              "  - flatten\n"
              "  - dense: {units: 10, activation: softmax, kernel_regularizer: {l2: 0.001}}\n"
              "loss: categorical_crossentropy\n"
              "optimizer: adam\n"
              "schedule: {cosine_decay: {decay_steps: 4}}\n"
              "checkpoint: {monitor: val_loss}\n"
              "metrics: [accuracy, confusion_matrix, f1]\n"
              "train: {batch_size: 10, epochs: 2, seed: 1}\n"
              "phases: [{name: one, epochs: 1}, {name: two, epochs: 1, optimizer: sgd}]\n");
    cli_write("table.yaml",
              "model: table\n"
              "data:\n"
              "  train: {dataset: 'csv:table.csv', part: [0, 0.8]}\n"
              "  validation: {dataset: 'csv:table.csv', part: [0.8, 1]}\n"
              "input: {shape: [784], scale: 1/255}\n"
              "layers: [dense: {units: 10, activation: softmax}]\n"
              "loss: categorical_crossentropy\n"
              "optimizer: sgd\n"
              "train: {batch_size: 5, epochs: 1, seed: 1}\n");
}

static void make_base(void)
{
    char line[3 * CLI_PATH];
    write_table();
    write_models();
    assert_int_equal(cli_run("train tiny.yaml --device cpu --limit 20 --epochs 1 --quiet --out r"),
                     0);
    assert_int_equal(cli_run("export r --out network.safetensors"), 0);
    assert_int_equal(cli_run("reproduce published.yaml --device cpu --limit 20 --epochs 1 --quiet "
                             "--out published"),
                     0);
    cli_run("export r --out network.onnx"); /* if it can */
    cli_run("export r --out network.h5");
    snprintf(line, sizeof line,
             "cp -r tests/readers/pets %s && cd %s && mkdir base && mv *.yaml r table.csv pets "
             "published "
             "network.* base",
             cli_folder, cli_folder);
    assert_int_equal(system(line), 0);
}

/* Finds the library; it is built where the C library is GNU's, and without sanitizers. */
static bool has_famine(void)
{
    char name[CLI_PATH];
    const char *build = getenv("BUILD");
    snprintf(name, sizeof name, "%s/tests/libfamine.so", build != NULL ? build : "build");
    return realpath(name, library) != NULL;
}

static bool is_built_in(const struct command *c)
{
    const bool hdf5 = strstr(c->arguments, ".h5") != NULL;
    const bool onnx = strstr(c->arguments, ".onnx") != NULL;
    return !(hdf5 && strstr(iso_features_text(), "no HDF5") != NULL) &&
           !(onnx && strstr(iso_features_text(), "no ONNX") != NULL);
}

static void memory_may_run_out_anywhere(void **state)
{
    const char *only = getenv("FAMINE_ONLY");
    (void)state;
    if (!has_famine())
        skip();
    make_base();
    for (int i = 0; i < COMMANDS; i++)
        if (is_built_in(&commands[i]) &&
            (only == NULL || strstr(commands[i].arguments, only) != NULL))
            try_command(&commands[i]);
    assert_int_equal(faults, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { TEST(memory_may_run_out_anywhere) };
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
