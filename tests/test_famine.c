/* test_famine.c: memory runs out once, anywhere in a command, also in a library's allocation: the
 * command says so and fails, or its results are right; no file is left that is not whole. A few
 * allocations of each command are tried; FAMINE_EVERY=1 tries every one, 10 every tenth. */
#include "cli.h"
#include "core/api/features.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TRIED = 5 }; /* attempts at each command, if not at all of its allocations */

/* A command in a folder that has tiny.yaml, its run r, table.csv, network.onnx and network.h5. None
 * asks for OpenCL, whose drivers abort without memory. */
static const struct command {
    const char *arguments;
    const char *output; /* file that it writes, the same each time; NULL: none */
    const char *run;    /* folder of a run that it writes; NULL: none */
    bool said;          /* it prints the same each time */
} commands[] = {
    { "summary tiny.yaml", NULL, NULL, true },
    { "summary tiny.yaml --svg s.svg", "s.svg", NULL, true },
    { "train tiny.yaml --device cpu --threads 1 --limit 20 --epochs 1 --out n", NULL, "n", false },
    { "train tiny.yaml --device reference --limit 20 --epochs 1 --json --out n", NULL, "n", false },
    { "train --resume --out r --device cpu --threads 1 --epochs 2", NULL, "r", false },
    { "eval r --device cpu --threads 1 --limit 20 --json", NULL, NULL, false },
    { "predict r --split test --device cpu --threads 1 --rows 0-3 --json", NULL, NULL, true },
    { "predict r table.csv --device cpu --threads 1 --csv p.csv", "p.csv", NULL, true },
    { "check table.csv", NULL, NULL, true },
    { "new table.csv --out n.yaml", "n.yaml", NULL, true },
    { "verify r", NULL, NULL, true },
    { "runs r --json", NULL, NULL, true },
    { "runs r", NULL, NULL, true },
    { "report r --history --out p.html", "p.html", NULL, true },
    { "trace tiny.yaml --device cpu --threads 1 --limit 20 --out t.safetensors", "t.safetensors",
      NULL, true },
    { "export r --out x.onnx", "x.onnx", NULL, true },
    { "export r --out x.keras", NULL, NULL, true },
    { "export r --out x.weights.h5", NULL, NULL, true },
    { "import network.onnx --out i.safetensors --model i.yaml", "i.safetensors", NULL, true },
    { "import network.h5 tiny.yaml --out i.safetensors", "i.safetensors", NULL, true },
    { "parity --ops add,flatten --devices cpu --quick --json", NULL, NULL, true },
    { "parity --ops add --devices cpu --quick --record c.json", NULL, NULL, true },
    { "sweep tiny.yaml --device cpu --threads 1 --limit 20 --epochs 1 --seeds 1", NULL, NULL,
      false },
    { "certify cpu --quick --ops add --json j.json --junit j.xml", NULL, NULL, false },
    { "help conv2d", NULL, NULL, true },
    { "completion bash", NULL, NULL, true },
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static char library[CLI_PATH]; /* libfamine.so */
static int faults;

/* Runs a command in a new copy of the folder, where the n-th allocation fails; 0: none. Returns its
 * exit code, 128 and more: it was killed. */
static int run(const struct command *c, long n)
{
    char line[5 * CLI_PATH];
    snprintf(line, sizeof line,
             "cd %s && rm -rf w && cp -r base w && cd w && LD_PRELOAD='%s' FAMINE=%ld "
             "FAMINE_COUNT=../count OCL_ICD_VENDORS=/nonexistent '%s' %s >../out.txt 2>../err.txt; "
             "code=$?; exit $code",
             cli_folder, library, n, cli_program, c->arguments);
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

static void attempt(const struct command *c, long n, const char *said)
{
    const int code = run(c, n);
    if (code >= 128)
        fault(c, n, code, "it was killed");
    else if (code != 0 && !says_memory())
        fault(c, n, code, "it does not say that memory ran out");
    else if (code == 0 && c->said && strcmp(cli_out, said) != 0)
        fault(c, n, code, "it prints something else");
    if (c->output != NULL)
        check_file(c, n, code);
    if (c->run != NULL)
        check_run(c, n, code);
}

static long every(void)
{
    const char *text = getenv("FAMINE_EVERY");
    return text != NULL ? atol(text) : 0;
}

static void try_command(const struct command *c)
{
    static char said[CLI_OUTPUT], number[CLI_OUTPUT];
    char name[64], line[3 * CLI_PATH];
    const int clean = run(c, 0);
    if (clean != 0) {
        fault(c, 0, clean, "it fails without a lack of memory");
        return;
    }
    strcpy(said, cli_out);
    cli_read("count", number);
    const long all = atol(number), step = every();
    assert_true(all > 0);
    if (c->output != NULL) {
        snprintf(name, sizeof name, "w/%s", c->output);
        snprintf(line, sizeof line, "cp %s/%s %s/right", cli_folder, name, cli_folder);
        assert_int_equal(system(line), 0);
    }
    if (step > 0)
        fprintf(stderr, "isocl %s: %ld allocations\n", c->arguments, all);
    for (long n = 1; step > 0 && n <= all; n += step)
        attempt(c, n, said);
    for (long i = 0; step == 0 && i < TRIED; i++)
        attempt(c, 1 + (all - 1) * i / TRIED + (i * 7919 + all) % (all / TRIED + 1), said);
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

static void make_base(void)
{
    char line[3 * CLI_PATH];
    write_table();
    assert_int_equal(cli_run("train tiny.yaml --device cpu --limit 20 --epochs 1 --quiet --out r"),
                     0);
    cli_run("export r --out network.onnx"); /* if it can */
    cli_run("export r --out network.h5");
    snprintf(line, sizeof line,
             "cd %s && mkdir base && mv tiny.yaml r table.csv base; mv network.* base "
             "2>/dev/null; true",
             cli_folder);
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
