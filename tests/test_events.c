/* test_events.c: what `isocl report` writes for other tools: TensorBoard's event files, a CSV file
 * of all numbers, and a page that follows a run while it trains. */
#define _XOPEN_SOURCE 700 /* kill */
#include "cli.h"
#include "tools/report/events.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

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
        TEST(event_files_hold_the_history),
        TEST(a_csv_file_holds_all_numbers),
        TEST(a_run_is_watched),
    };
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
