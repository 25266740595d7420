/* test_kill.c: a training that is killed at random moments, and resumed each time, ends with the
 * weights, the history and the batches of one that was left alone; and so does one that goes from
 * device to device. ISOCL_KILLS: how many runs are killed, once or several times (default 4). */
#define _XOPEN_SOURCE 700 /* kill */
#include "cli.h"
#include "core/formats/safetensors.h"
#include "core/arithmetic/random.h"
#include "core/iso.h"
#include "core/system/machine.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KILLS = 4, MOST_KILLS = 100000, EPOCHS = 4 };
static const char yaml[] =
    "model: kill\n"
    "data: {train: {dataset: builtin:digits, split: train},\n"
    "       validation: {dataset: builtin:digits, split: test}}\n"
    "input: {shape: [28, 28, 1], scale: 1/255}\n"
    "augmentation: [{image_data_generator: {rotation_range: 20, width_shift_range: 2}}]\n"
    "layers:\n"
    "  - flatten\n"
    "  - dense: {units: 8, activation: relu}\n"
    "  - batch_normalization\n"
    "  - dropout: 0.2\n"
    "  - dense: {units: 10, activation: softmax}\n"
    "loss: categorical_crossentropy\n"
    "optimizer: adam\n"
    "metrics: [accuracy, f1]\n"
    "train: {batch_size: 10, epochs: 4, seed: 5, checkpoint_minutes: 0.0002}\n";
#define RUN "train kill.yaml --limit 400 --quiet --threads 1 --out "
#define RESUME "train --resume --quiet --threads 1 --out "

static struct {
    char hash[65], history[CLI_OUTPUT], batches[CLI_OUTPUT];
    double seconds;
} whole;

static void train_whole(void)
{
    const double began = iso_clock();
    cli_write("kill.yaml", yaml);
    assert_int_equal(cli_run(RUN "whole --device cpu"), 0);
    whole.seconds = iso_clock() - began;
    cli_hash(whole.hash);
    cli_history("whole", whole.history);
    cli_read("whole/batches.csv", whole.batches);
    assert_int_equal(cli_lines(whole.history), 1 + EPOCHS);
    assert_int_equal(cli_lines(whole.batches), 1 + EPOCHS * 40);
}

/* Checks that the last run, in this folder, printed and left the same as the undisturbed one. */
static void ends_as_the_whole(const char *run)
{
    static char text[CLI_OUTPUT];
    char hash[65], name[64];
    cli_hash(hash);
    assert_string_equal(hash, whole.hash);
    cli_history(run, text);
    assert_string_equal(text, whole.history);
    snprintf(name, sizeof name, "%s/batches.csv", run);
    cli_read(name, text);
    assert_string_equal(text, whole.batches);
}

static bool is_there(const char *run, const char *name, char path[CLI_PATH])
{
    char relative[128];
    snprintf(relative, sizeof relative, "%s/%s", run, name);
    cli_path(path, relative);
    return access(path, F_OK) == 0;
}

/* Every file of tensors that is there can be read; returns whether the run can be resumed. */
static bool is_whole(const char *run)
{
    static const char *const files[] = { "weights.safetensors", "best.safetensors", "state" };
    char path[CLI_PATH];
    bool there = false;
    for (int i = 0; i < 3; i++) {
        struct iso_st_file *file = NULL;
        there = is_there(run, files[i], path);
        if (there && iso_st_open(path, &file) != ISO_OK)
            fail_msg("%s", iso_error());
        iso_st_close(file);
    }
    return there;
}

/* Kills the program after a random time of up to that of a whole run and a bit; returns whether it
 * had not ended by itself. */
static bool kill_soon(pid_t pid, int draw)
{
    const iso_u32x4 random = iso_philox((iso_u32)draw, 0, 0, ISO_RANDOM_TEST, 1, 0);
    cli_sleep((double)iso_unit(random.v[0]) * 1.1 * whole.seconds);
    kill(pid, SIGKILL);
    const int status = cli_wait(pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        fail_msg("draw %d: %s%s", draw, cli_out, cli_err);
    return WIFSIGNALED(status);
}

static int kills_wanted(void)
{
    const char *text = getenv("ISOCL_KILLS");
    const long n = text != NULL ? strtol(text, NULL, 10) : 0;
    return n > 0 && n < MOST_KILLS ? (int)n : KILLS;
}

/* One killed within its start, before there was a state, is begun anew. */
static void test_killed_runs_end_the_same(void **state)
{
    static const char *const devices[] = { "cpu", "reference" };
    const int wanted = kills_wanted();
    int runs = 0, draws = 0, kills = 0, hit = 0, anew = 0;
    (void)state;
    train_whole();
    while (hit < wanted) {
        char run[32], path[CLI_PATH];
        bool begun = false, killed = true;
        const int before = kills;
        snprintf(run, sizeof run, "killed-%d", runs++);
        for (int i = runs; killed; i++) {
            killed = kill_soon(
                cli_start("%s%s --device %s", begun ? RESUME : RUN, run, devices[i % 2]), draws++);
            kills += killed;
            begun = is_whole(run);
            if (!begun && is_there(run, "", path)) {
                folder_remove(path);
                anew++;
            }
        }
        ends_as_the_whole(run);
        hit += kills > before;
    }
    printf("%d of %d runs killed, %d times (%d within their start), end as one that was not\n", hit,
           runs, kills, anew);
}

/* In exact mode another device goes on, also within an epoch. */
static void test_devices_take_over(void **state)
{
    static const char opencl[] = "opencl:pocl";
    struct iso_backend *backend = NULL;
    (void)state;
    if (iso_backend_open(opencl, ISO_MODE_EXACT, 0, &backend) != ISO_OK) {
        printf("SKIP: %s\n", iso_error());
        iso_error_clear();
        skip();
    }
    iso_backend_close(backend);
    train_whole();
    assert_int_equal(cli_run(RUN "taken --device cpu --epochs 1"), 0);
    assert_int_equal(cli_run(RESUME "taken --device reference --steps 60"), 0);
    assert_int_equal(cli_run(RESUME "taken --device %s --steps 70 --mode exact", opencl), 0);
    assert_int_equal(cli_run(RESUME "taken --device reference --epochs 2"), 0);
    assert_int_equal(cli_run(RESUME "taken --device %s --epochs 4", opencl), 0);
    ends_as_the_whole("taken");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_killed_runs_end_the_same),
        TEST(test_devices_take_over),
    };
    return cli_main(tests, sizeof tests / sizeof *tests);
}
