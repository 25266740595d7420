/* test_events.c: what `isocl report` writes for other tools: TensorBoard's event files, a CSV file
 * of all numbers, and a page that follows a run while it trains. */
#define _XOPEN_SOURCE 700 /* kill */
#include "cli.h"
#include "tools/report/events.h"
#include "tools/report/numbers_csv.h"

#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static char text[CLI_OUTPUT];

/* The values that RFC 3720 gives. */
static void sums_are_those_of_the_standard(void **state)
{
    uint8_t bytes[32] = { 0 };
    (void)state;
    assert_int_equal(iso_crc32c("123456789", 9), 0xe3069283);
    assert_int_equal(iso_crc32c(bytes, sizeof bytes), 0x8a9136aa);
    memset(bytes, 0xff, sizeof bytes);
    assert_int_equal(iso_crc32c(bytes, sizeof bytes), 0x62a8ab43);
}

static uint64_t little(const char *at, int bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++)
        value |= (uint64_t)(uint8_t)at[i] << 8 * i;
    return value;
}

static void sum_is_right(const char *at, const char *data, size_t n)
{
    const uint32_t crc = iso_crc32c(data, n);
    assert_int_equal(little(at, 4), (uint32_t)((crc >> 15 | crc << 17) + 0xa282ead8u));
}

/* Checks all records of a file and counts those with the tag; *last: the number of the last one. */
static int count_scalars(const char *name, const char *tag, float *last)
{
    const size_t size = cli_read(name, text), length = strlen(tag);
    int found = 0;
    for (size_t at = 0; at < size;) {
        const size_t n = (size_t)little(text + at, 8);
        const char *message = text + at + 12;
        assert_true(at + 16 + n <= size);
        sum_is_right(text + at + 8, text + at, 8);
        sum_is_right(message + n, message, n);
        for (size_t i = 0; i + length + 6 <= n; i++)
            if (message[i] == (char)length && memcmp(message + i + 1, tag, length) == 0) {
                memcpy(last, message + i + length + 2, sizeof *last);
                found++;
            }
        at += 16 + n;
    }
    return found;
}

/* ---- What an event says -------------------------------------------------------------------- */

struct event {
    double wall, value;
    int64_t step;
    char tag[64];
};

static uint64_t varint(const char **at)
{
    uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
        const uint8_t byte = (uint8_t) * (*at)++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
}

/* Reads the fields of a message of protobuf, and those of the messages in it: field 5 of an event,
 * field 1 of a summary. inside: how deep it is in. */
static void read_message(const char *at, const char *end, int inside, struct event *e)
{
    while (at < end) {
        const int key = (int)varint(&at);
        uint64_t bits = 0;
        if ((key & 7) == 1 || (key & 7) == 5) {
            bits = little(at, (key & 7) == 1 ? 8 : 4);
            at += (key & 7) == 1 ? 8 : 4;
        } else if ((key & 7) == 0) {
            bits = varint(&at);
        }
        if (key == (1 << 3 | 1) && inside == 0) {
            memcpy(&e->wall, &bits, 8);
        } else if (key == (2 << 3 | 0) && inside == 0) {
            e->step = (int64_t)bits;
        } else if (key == (2 << 3 | 5) && inside == 2) {
            const uint32_t narrow = (uint32_t)bits;
            float value;
            memcpy(&value, &narrow, 4);
            e->value = (double)value;
        } else if ((key & 7) == 2) {
            const size_t n = (size_t)varint(&at);
            if (inside == 2)
                snprintf(e->tag, sizeof e->tag, "%.*s", (int)n, at);
            else if (key >> 3 == (inside == 0 ? 5 : 1))
                read_message(at, at + n, inside + 1, e);
            at += n;
        }
    }
}

/* Reads the events of a file, behind the one that says the version; returns how many. */
static int read_events(const char *name, struct event *events, int most)
{
    const size_t size = cli_read(name, text);
    int n = 0;
    for (size_t at = 0; at < size;) {
        const size_t length = (size_t)little(text + at, 8);
        struct event e = { .step = 0 };
        read_message(text + at + 12, text + at + 12 + length, 0, &e);
        if (at > 0) {
            assert_true(n < most);
            events[n++] = e;
        }
        at += 16 + length;
    }
    return n;
}

static void is_event(const struct event *e, const char *tag, int64_t step, double value,
                     double wall)
{
    assert_string_equal(e->tag, tag);
    assert_int_equal(e->step, step);
    assert_true(e->value == (double)(float)value);
    assert_true(fabs(e->wall - wall) < 1e-6);
}

/* ---- A run made by hand -------------------------------------------------------------------- */

static struct iso_told told;

static void read_told(const char *epochs, const char *batches, const char *started)
{
    iso_told_free(&told);
    told = (struct iso_told){ .made = json_pack("{s:[{s:s}]}", "commands", "started", started) };
    strcpy(told.name, "run");
    cli_write("history.csv", epochs);
    cli_write("batches.csv", batches);
    assert_int_equal(iso_table_read(cli_folder, "history.csv", &told.epochs), ISO_OK);
    assert_int_equal(iso_table_read(cli_folder, "batches.csv", &told.batches), ISO_OK);
}

#define EPOCHS "epoch,phase,seconds,loss,validation_loss\n3,a,10,0.75,0.5\n"
#define BATCHES "step,epoch,rows,loss\n7,3,50,1.25\n8,3,40,1.5\n"

/* Each number is one event: of the epoch or step that its row names, when the epoch had ended or,
 * of a step, had begun. A file that grows gets what is new alone. */
static void every_number_is_one_event(void **state)
{
    static const char train[] = "tb/run/train/events.out.tfevents.1.isocl",
                      validation[] = "tb/run/validation/events.out.tfevents.1.isocl";
    struct iso_events files = { .begun = false };
    struct event e[16];
    char folder[CLI_PATH];
    struct tm start = { .tm_year = 124, .tm_mon = 1, .tm_mday = 29, .tm_hour = 23, .tm_sec = 58 };
    const double begun = (double)timegm(&start);
    (void)state;
    cli_path(folder, "tb");
    read_told(EPOCHS, BATCHES, "2024-02-29T23:00:58Z");
    assert_int_equal(iso_events_write(&files, folder, &told), ISO_OK);
    read_told(EPOCHS "4,a,30,0.25,0.125\n", BATCHES "9,4,50,nan\n10,4,50,2\n",
              "2024-02-29T23:00:58Z");
    assert_int_equal(iso_events_write(&files, folder, &told), ISO_OK);
    assert_int_equal(read_events(train, e, 16), 2 + 2 + 2 + 1);
    is_event(&e[0], "epoch_seconds", 3, 10, begun + 10);
    is_event(&e[1], "epoch_loss", 3, 0.75, begun + 10);
    assert_string_equal(e[2].tag, "batch_loss");
    assert_true(e[2].step == 7 && e[2].value == 1.25);
    is_event(&e[4], "epoch_seconds", 4, 30, begun + 40);
    is_event(&e[5], "epoch_loss", 4, 0.25, begun + 40);
    is_event(&e[6], "batch_loss", 10, 2, begun + 40); /* epoch 4 is not one of two */
    assert_int_equal(read_events(validation, e, 16), 2);
    is_event(&e[0], "epoch_loss", 3, 0.5, begun + 10);
    is_event(&e[1], "epoch_loss", 4, 0.125, begun + 40);
    read_told("epoch,seconds,loss\n1,10,3\n2,30,4\n", "step,epoch,rows,loss\n1,1,5,6\n2,2,5,7\n",
              "2024-02-29T23:00:58Z");
    files = (struct iso_events){ .begun = false };
    assert_int_equal(iso_events_write(&files, folder, &told), ISO_OK);
    assert_int_equal(read_events(train, e, 16), 4 + 2);
    is_event(&e[4], "batch_loss", 1, 6, begun);
    is_event(&e[5], "batch_loss", 2, 7, begun + 10);
    iso_told_free(&told);
    told = (struct iso_told){ .made = NULL };
}

/* Days are counted as the C library counts them. */
static void events_know_the_calendar(void **state)
{
    static const char train[] = "tb/run/train/events.out.tfevents.1.isocl";
    char folder[CLI_PATH], started[32];
    struct event e[1];
    (void)state;
    cli_path(folder, "tb");
    for (time_t day = 0; day < 90000;
         day += day < 900 || (day > 10900 && day < 11100) ? 13 : 1009) {
        const time_t second = day * 86400 + 3723;
        struct tm date;
        struct iso_events files = { .begun = false };
        gmtime_r(&second, &date);
        strftime(started, sizeof started, "%Y-%m-%dT%H:%M:%SZ", &date);
        read_told("epoch,loss\n1,3\n", "step\n", started);
        assert_int_equal(iso_events_write(&files, folder, &told), ISO_OK);
        assert_int_equal(read_events(train, e, 1), 1);
        is_event(&e[0], "epoch_loss", 1, 3, (double)second);
    }
    iso_told_free(&told);
    told = (struct iso_told){ .made = NULL };
}

static void a_csv_file_has_each_number_in_a_line(void **state)
{
    char path[CLI_PATH];
    (void)state;
    read_told(EPOCHS "4,b,30,0.123456789,\n", BATCHES "9,4,50,2\n", "");
    cli_path(path, "numbers.csv");
    assert_int_equal(iso_numbers_csv(&told, 1, path), ISO_OK);
    cli_read("numbers.csv", text);
    assert_string_equal(text,
                        "run,step,epoch,split,metric,value\n"
                        "run,,3,train,seconds,10\nrun,,3,train,loss,0.75\n"
                        "run,,3,validation,loss,0.5\n"
                        "run,,4,train,seconds,30\nrun,,4,train,loss,0.123456789\n"
                        "run,7,3,batch,rows,50\nrun,7,3,batch,loss,1.25\n"
                        "run,8,3,batch,rows,40\nrun,8,3,batch,loss,1.5\n"
                        "run,9,4,batch,rows,50\nrun,9,4,batch,loss,2\n");
    iso_told_free(&told);
    told = (struct iso_told){ .made = NULL };
}

/* ---- The command --------------------------------------------------------------------------- */

static void event_files_hold_the_history(void **state)
{
    /* How every event file begins: the length of "brain.Event:2" with its time, and its sum. */
    static const char head[] = "\x18\0\0\0\0\0\0\0\xa3\x7f\x4b\x22\x09";
    float loss;
    double want;
    (void)state;
    assert_int_equal(cli_run(TRAIN "--out a --quiet"), 0);
    assert_int_equal(cli_run("report a --history --tensorboard tb"), 0);
    cli_says(cli_out, "events tb\n");
    cli_read("tb/a/train/events.out.tfevents.1.isocl", text);
    assert_memory_equal(text, head, sizeof head - 1);
    cli_says(text + 21, "brain.Event:2");
    assert_int_equal(count_scalars("tb/a/train/events.out.tfevents.1.isocl", "batch_loss", &loss),
                     6);
    assert_int_equal(
        count_scalars("tb/a/train/events.out.tfevents.1.isocl", "epoch_accuracy", &loss), 2);
    assert_int_equal(
        count_scalars("tb/a/validation/events.out.tfevents.1.isocl", "epoch_loss", &loss), 2);
    assert_int_equal(cli_run("runs a --json"), 0);
    assert_int_equal(
        sscanf(strstr(cli_out, "\"validation_loss\":"), "\"validation_loss\":%lf", &want), 1);
    assert_true(fabs((double)loss - want) < 1e-6 * want);
    cli_write("file", "");
    assert_int_equal(cli_run("report a --history --tensorboard file"), 4);
    cli_says(cli_err, "file");
}

static void a_csv_file_holds_all_numbers(void **state)
{
    (void)state;
    assert_int_equal(cli_run(TRAIN "--out a --quiet"), 0);
    assert_int_equal(cli_run(TRAIN "--out 'b,c' --quiet --epochs 1"), 0);
    assert_int_equal(cli_run("report a 'b,c' --out x.html --csv all.csv"), 0);
    cli_read("all.csv", text);
    cli_says(text, "run,step,epoch,split,metric,value\na,,1,train,seconds,");
    cli_says(text, "\na,,2,validation,accuracy,0.15\n");
    cli_says(text, "\na,6,2,batch,loss,2.");
    cli_says(text, "\n\"b,c\",,1,train,loss,2.");
    /* 2 epochs of 4 and 2 numbers, 6 steps of 4 numbers; 1 epoch and 3 steps */
    assert_int_equal(cli_lines(text), 1 + 2 * (5 + 2) + 6 * 4 + (5 + 2) + 3 * 4);
}

/* While a run trains, its page says so and reads itself anew; what a line lacks is left out. */
static void a_run_is_watched(void **state)
{
    (void)state;
    const pid_t training = cli_start("train tiny.yaml --device reference --epochs 100000 --out a");
    for (int i = 0; i < 600 && cli_run("report a --history") != 0; i++)
        cli_sleep(0.1);
    const pid_t watching = cli_start("report a --watch --every 1 --history");
    for (int i = 0; i < 600; i++, cli_sleep(0.1)) {
        cli_read("a/report.html", text);
        if (strstr(text, "data-again=\"1\"") != NULL)
            break;
    }
    cli_says(text, "data-again=\"1\"");
    cli_says(text, "The run is being trained. This page reads itself anew every 1 seconds.");
    cli_says(text, "the run is still being trained; they come when it ends");
    assert_int_equal(kill(training, SIGINT), 0);
    cli_wait(training);
    assert_int_equal(cli_wait(watching), 0);
    cli_says(cli_out, "page a/report.html");
    cli_read("a/report.html", text);
    cli_says(text, "data-again=\"0\"");
    assert_null(strstr(text, "The run is being trained."));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_those_of_the_standard),
        TEST(every_number_is_one_event),
        TEST(events_know_the_calendar),
        TEST(a_csv_file_has_each_number_in_a_line),
        TEST(event_files_hold_the_history),
        TEST(a_csv_file_holds_all_numbers),
        TEST(a_run_is_watched),
    };
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
