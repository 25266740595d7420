/* test_storage.c: what a training meets on its disk: no room, no right to write, a folder that goes
 * away, a state that is damaged or another model's. Each is told, and the last checkpoint stays. */
#define _GNU_SOURCE /* prlimit */
#include "cli.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WAIT_MS = 60000, NO_ROOM = 2000 };
#define LONG "train tiny.yaml --device reference --limit 120 --epochs 100000 --quiet --out "

static void wait_for(const char *name)
{
    char path[CLI_PATH];
    cli_path(path, name);
    for (int ms = 0; ms < WAIT_MS && access(path, F_OK) != 0; ms += 5)
        cli_sleep(0.005);
    assert_int_equal(access(path, F_OK), 0);
}

static void assert_failed(int status)
{
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), ISO_EXIT_FILE);
}

/* Epochs that the checkpoint in the run's folder has. */
static int epochs_of(const char *run)
{
    int epoch = -1;
    assert_int_equal(cli_run("runs %s --json", run), 0);
    const char *at = strstr(cli_out, "\"epoch\":");
    assert_non_null(at);
    assert_int_equal(sscanf(at, "\"epoch\":%d", &epoch), 1);
    return epoch;
}

/* Goes on with the run for two epochs; it ends as one that nothing happened to. */
static void goes_on_as_the_whole(const char *run)
{
    static char history[CLI_OUTPUT], other[CLI_OUTPUT];
    char hash[65], whole[65];
    const int epochs = epochs_of(run) + 2;
    assert_int_equal(
        cli_run("train --resume --out %s --device reference --epochs %d --quiet", run, epochs), 0);
    cli_hash(hash);
    cli_history(run, history);
    assert_int_equal(cli_run(TRAIN "--quiet --epochs %d --out whole", epochs), 0);
    cli_hash(whole);
    cli_history("whole", other);
    assert_string_equal(hash, whole);
    assert_string_equal(history, other);
}

/* From one moment on no file of the program may be larger than a little. */
static void test_no_room_for_a_file(void **state)
{
    const struct rlimit limit = { NO_ROOM, NO_ROOM };
    (void)state;
    const pid_t pid = cli_start(LONG "full");
    wait_for("full/weights.safetensors");
    assert_int_equal(prlimit(pid, RLIMIT_FSIZE, &limit, NULL), 0);
    assert_failed(cli_wait(pid));
    cli_says(cli_err, "cannot write full/");
    cli_says(cli_err, "File too large; make room");
    cli_says(cli_err, "is whole; then go on with: isocl train --resume --out full --device");
    goes_on_as_the_whole("full");
}

/* Runs a script in which $isocl trains in a small file system of its own, named small, which goes
 * when the script ends. Skips where users may not make one. */
static void run_in_small(const char *script)
{
    static const char name[] = "script.sh";
    char command[3 * CLI_PATH];
    cli_write(name, script);
    snprintf(command, sizeof command,
             "unshare -Urm true >/dev/null 2>&1 || exit 77; cd %s && mkdir -p small && "
             "isocl='%s' unshare -Urm sh -c 'mount -t tmpfs -o size=1m none small || exit 77; "
             "cd small; . ../%s' >/dev/null 2>&1",
             cli_folder, cli_program, name);
    const int status = system(command);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77 || WEXITSTATUS(status) == 127) {
        printf("SKIP: no file system can be made by unshare and mount here\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* The disk is filled while it trains. Going on needs room too, and says so. */
static void test_full_disk(void **state)
{
    (void)state;
    run_in_small(
        "$isocl train ../tiny.yaml --device reference --limit 120 --epochs 100000 \\\n"
        "    --quiet --out run 2>../err.txt &\n"
        "while [ ! -e run/best.safetensors ]; do sleep 0.02; done\n"
        "cat /dev/zero >ballast\n"
        "wait $! && exit 1\n"
        "cat /dev/zero >>ballast\n"
        "$isocl train --resume --out run --device reference 2>../out.txt && exit 2\n"
        "cp -r run ../kept\n");
    cli_read("err.txt", cli_err);
    cli_says(cli_err, "No space left on device; make room, or use another folder");
    cli_says(cli_err, "is whole; then go on with: isocl train --resume --out run");
    cli_read("out.txt", cli_err);
    cli_says(cli_err, "No space left on device; make room, or use another folder");
    goes_on_as_the_whole("kept");
}

static void test_read_only(void **state)
{
    (void)state;
    run_in_small(
        "$isocl train ../tiny.yaml --device reference --limit 120 --quiet --out run\n"
        "mount -o remount,ro small . || exit 77\n"
        "$isocl train ../tiny.yaml --device reference --limit 120 --out new 2>../err.txt\n"
        "[ $? -eq 4 ] || exit 1\n"
        "$isocl train --resume --epochs 9 --out run --device reference 2>../out.txt\n"
        "[ $? -eq 4 ] || exit 2\n"
        "cp -r run ../kept\n");
    cli_read("err.txt", cli_err);
    cli_says(cli_err, "cannot make the folder new: Read-only file system; use a folder you may");
    cli_read("out.txt", cli_err);
    cli_says(cli_err, "cannot write run/log.txt: Read-only file system; use a folder you may");
    goes_on_as_the_whole("kept");
}

/* It is moved away while it is trained in, and gone on with where it is. */
static void test_folder_goes_away(void **state)
{
    char from[CLI_PATH], to[CLI_PATH];
    (void)state;
    cli_path(from, "here");
    cli_path(to, "there");
    const pid_t pid = cli_start(LONG "here");
    wait_for("here/best.safetensors");
    assert_int_equal(rename(from, to), 0);
    assert_failed(cli_wait(pid));
    cli_says(cli_err, "here");
    goes_on_as_the_whole("there");
}

static void test_damaged_states(void **state)
{
    static char text[CLI_OUTPUT];
    char path[CLI_PATH];
    (void)state;
    assert_int_equal(cli_run(TRAIN "--quiet --epochs 1 --out run"), 0);
    cli_path(path, "run/state");
    assert_int_equal(truncate(path, 40000), 0);
    assert_int_equal(cli_run("train --resume --epochs 2 --out run --device reference"),
                     ISO_EXIT_FILE);
    cli_says(cli_err, "run/state");
    assert_int_equal(cli_lines(cli_err), 1);
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(cli_run("train --resume --epochs 2 --out run --device reference"),
                     ISO_EXIT_FILE);
    cli_says(cli_err, "run/state");
    cli_read("tiny.yaml", text);
    strstr(text, "units: 8")[7] = '9';
    cli_write("wide.yaml", text);
    assert_int_equal(cli_run("train wide.yaml --device reference --limit 120 --quiet --epochs 1 "
                             "--out wide"),
                     0);
    cli_path(text, "wide/state");
    assert_int_equal(rename(text, path), 0);
    assert_int_equal(cli_run("train --resume --epochs 2 --out run --device reference"),
                     ISO_EXIT_FILE);
    cli_says(cli_err, "state and the model of run.json do not belong together");
}

/* A run's tables damaged by an editor or a full disk: the run reports and keeps them, and begins
 * new tables or continues the old ones. */
static void test_damaged_histories(void **state)
{
    static const char *const damages[][3] = {
        { "epoch,loss\n1,0.5\n",
          "was damaged: its first line is not that of this run, and it "
          "begins anew; what was there is history.csv.damaged",
          "" },
        { "", "was damaged: its first line is not", "-2" },
        { NULL,
          "was damaged: lines are missing or changed, and it goes on with those that are "
          "left; what was there is history.csv.damaged-3",
          "-3" },
    };
    static char text[CLI_OUTPUT], whole[CLI_OUTPUT], log[CLI_OUTPUT];
    char path[CLI_PATH], name[64];
    (void)state;
    assert_int_equal(cli_run(TRAIN "--quiet --epochs 2 --out run"), 0);
    for (int i = 0; i < 3; i++) {
        cli_read("run/history.csv", whole);
        *strrchr(strcpy(text, whole), '\n') = '\0';
        strrchr(text, '\n')[1] = '\0'; /* all but its last row */
        cli_write("run/history.csv", damages[i][0] != NULL ? damages[i][0] : text);
        assert_int_equal(cli_run("train --resume --epochs %d --out run --device reference", i + 3),
                         0);
        cli_says(cli_out, "\nwarning    history.csv ");
        cli_says(cli_out, damages[i][1]);
        cli_read("run/log.txt", log);
        cli_says(log, damages[i][1]);
        snprintf(name, sizeof name, "run/history.csv.damaged%s", damages[i][2]);
        cli_read(name, log);
        assert_string_equal(log, damages[i][0] ? damages[i][0] : text);
    }
    cli_path(path, "run/batches.csv");
    assert_int_equal(remove(path), 0);
    assert_int_equal(cli_run("train --resume --epochs 6 --out run --device reference --json"), 0);
    cli_says(cli_out, "\"kind\":\"history_damaged\"");
    cli_says(cli_out, "\"batches.csv is gone, and begins anew\"");
    assert_int_equal(cli_run("train --resume --epochs 7 --out run --device reference"), 0);
    assert_null(strstr(cli_out, "warning")); /* each damage is told once */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_no_room_for_a_file), TEST(test_full_disk),      TEST(test_read_only),
        TEST(test_folder_goes_away),   TEST(test_damaged_states), TEST(test_damaged_histories),
    };
    return cli_main(tests, sizeof tests / sizeof *tests);
}
