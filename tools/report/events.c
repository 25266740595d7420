#include "events.h"

#include "made.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Records ------------------------------------------------------------------------------- */

uint32_t iso_crc32c(const void *data, size_t n)
{
    const uint8_t *bytes = data;
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < n; i++) {
        crc ^= bytes[i];
        for (int k = 0; k < 8; k++)
            crc = crc >> 1 ^ (0x82f63b78u & (0u - (crc & 1)));
    }
    return ~crc;
}

struct bytes {
    uint8_t data[512];
    size_t n;
};

static void put_little(struct bytes *b, uint64_t value, int count)
{
    for (int i = 0; i < count; i++)
        b->data[b->n++] = (uint8_t)(value >> 8 * i);
}

static void put_sum(struct bytes *b, const void *data, size_t n)
{
    const uint32_t crc = iso_crc32c(data, n);
    put_little(b, (uint32_t)((crc >> 15 | crc << 17) + 0xa282ead8u), 4);
}

/* A record: length, its sum, the message, its sum. */
static void put_record(FILE *out, const struct bytes *message)
{
    struct bytes head = { .n = 0 }, tail = { .n = 0 };
    put_little(&head, message->n, 8);
    put_sum(&head, head.data, head.n);
    put_sum(&tail, message->data, message->n);
    fwrite(head.data, 1, head.n, out);
    fwrite(message->data, 1, message->n, out);
    fwrite(tail.data, 1, tail.n, out);
}

/* ---- Messages ------------------------------------------------------------------------------ */

enum wire { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 }; /* protobuf's */

static void put_varint(struct bytes *b, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        b->data[b->n++] = (uint8_t)(value | 0x80);
    b->data[b->n++] = (uint8_t)value;
}

static void put_key(struct bytes *b, int field, enum wire wire)
{
    put_varint(b, (uint64_t)field << 3 | (uint64_t)wire);
}

static void put_bytes(struct bytes *b, int field, const void *data, size_t n)
{
    put_key(b, field, BYTES);
    put_varint(b, n);
    memcpy(b->data + b->n, data, n);
    b->n += n;
}

static void put_real(struct bytes *b, int field, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_key(b, field, FIXED64);
    put_little(b, bits, 8);
}

static void put_float(struct bytes *b, int field, double value)
{
    const float narrow = (float)value;
    uint32_t bits;
    memcpy(&bits, &narrow, sizeof bits);
    put_key(b, field, FIXED32);
    put_little(b, bits, 4);
}

/* tensorflow.Event: wall_time 1, step 2, file_version 3, summary 5. */
static void put_version(FILE *out, double wall)
{
    static const char version[] = "brain.Event:2";
    struct bytes event = { .n = 0 };
    put_real(&event, 1, wall);
    put_bytes(&event, 3, version, sizeof version - 1);
    put_record(out, &event);
}

/* Its summary has values, 1, of tag 1 and simple_value 2. */
static void put_scalar(FILE *out, double wall, int64_t step, const char *tag, double number)
{
    struct bytes value = { .n = 0 }, summary = { .n = 0 }, event = { .n = 0 };
    if (!isfinite(number))
        return;
    put_bytes(&value, 1, tag, strlen(tag));
    put_float(&value, 2, number);
    put_bytes(&summary, 1, value.data, value.n);
    put_real(&event, 1, wall);
    put_key(&event, 2, VARINT);
    put_varint(&event, (uint64_t)step);
    put_bytes(&event, 5, summary.data, summary.n);
    put_record(out, &event);
}

/* ---- Time ---------------------------------------------------------------------------------- */

/* Days from 1970-01-01, in the Gregorian calendar: years begin in March, so that leap days end one.
 */
static int64_t days_of(int64_t year, int month, int day)
{
    const int64_t y = month > 2 ? year : year - 1;
    const int64_t months = (month + 9) % 12;
    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * months + 2) / 5 + day - 1 - 719468;
}

/* When the first command began, in seconds since 1970; 0: not known. */
static double start_of(const struct iso_told *t)
{
    char buf[ISO_MADE_NUMBER];
    const json_t *commands = json_object_get(t->made, "commands");
    int year, month, day, hour, minute, second;
    if (sscanf(iso_made_text(json_array_get(commands, 0), "started", buf), "%d-%d-%dT%d:%d:%d",
               &year, &month, &day, &hour, &minute, &second) != 6)
        return 0;
    return 86400.0 * (double)days_of(year, month, day) + 3600.0 * hour + 60.0 * minute + second;
}

/* Returns when each epoch had ended, if nothing but epochs took time, behind when the first began:
 * [rows + 1], to be freed; NULL without memory. */
static double *walls_of(const struct iso_told *t)
{
    const double *seconds = iso_table_column(&t->epochs, iso_table_find(&t->epochs, "seconds"));
    double *walls = iso_alloc((size_t)t->epochs.rows + 1, sizeof *walls);
    if (walls != NULL)
        walls[0] = start_of(t);
    for (int64_t i = 0; walls != NULL && i < t->epochs.rows; i++)
        walls[i + 1] = walls[i] + (seconds != NULL && isfinite(seconds[i]) ? seconds[i] : 0);
    return walls;
}

/* ---- Files --------------------------------------------------------------------------------- */

static iso_rc begin(struct iso_events *e, const char *folder, const struct iso_told *t)
{
    static const char *const splits[2] = { "train", "validation" };
    for (int i = 0; i < 2; i++) {
        char at[ISO_PATH];
        FILE *file;
        snprintf(at, sizeof at, "%.700s/%s/%s", folder, t->name, splits[i]);
        ISO_TRY(iso_folder_make(at));
        ISO_TRY(iso_path(e->path[i], at, "events.out.tfevents.1.isocl"));
        ISO_TRY(iso_file_may_replace(e->path[i]));
        file = fopen(e->path[i], "wb");
        if (file == NULL)
            return iso_file_fail("write", e->path[i]);
        put_version(file, start_of(t));
        if (fclose(file) != 0)
            return iso_file_fail("write", e->path[i]);
    }
    e->begun = true;
    return ISO_OK;
}

static bool is_number(const char *name)
{
    return *name && strcmp(name, "epoch") != 0 && strcmp(name, "phase") != 0 &&
           strcmp(name, "step") != 0 && strcmp(name, "rows") != 0;
}

/* validation: of the two files, the one that is written. */
static void add_epochs(const struct iso_events *e, const struct iso_told *t, const double *walls,
                       bool validation, FILE *out)
{
    static const char prefix[] = "validation_";
    const size_t n = sizeof prefix - 1;
    for (int64_t r = e->epochs; r < t->epochs.rows; r++)
        for (int c = 0; c < t->epochs.columns; c++) {
            const char *name = t->epochs.name[c];
            char tag[ISO_NAME + 8];
            if (!is_number(name) || (strncmp(name, prefix, n) == 0) != validation)
                continue;
            snprintf(tag, sizeof tag, "epoch_%s", validation ? name + n : name);
            put_scalar(out, walls[r + 1], (int64_t)iso_table_column(&t->epochs, 0)[r], tag,
                       iso_table_column(&t->epochs, c)[r]);
        }
}

static void add_batches(const struct iso_events *e, const struct iso_told *t, const double *walls,
                        FILE *out)
{
    const double *epoch = iso_table_column(&t->batches, iso_table_find(&t->batches, "epoch"));
    for (int64_t r = e->batches; r < t->batches.rows; r++) {
        const bool known = epoch != NULL && epoch[r] >= 1 && epoch[r] <= (double)t->epochs.rows;
        const double wall = walls[known ? (int64_t)epoch[r] - 1 : t->epochs.rows];
        for (int c = 0; c < t->batches.columns; c++) {
            char tag[ISO_NAME + 8];
            if (!is_number(t->batches.name[c]))
                continue;
            snprintf(tag, sizeof tag, "batch_%s", t->batches.name[c]);
            put_scalar(out, wall, (int64_t)iso_table_column(&t->batches, 0)[r], tag,
                       iso_table_column(&t->batches, c)[r]);
        }
    }
}

static iso_rc add_rows(const struct iso_events *e, const struct iso_told *t, const double *walls)
{
    for (int i = 0; i < 2; i++) {
        FILE *file = fopen(e->path[i], "ab");
        if (file == NULL)
            return iso_file_fail("write", e->path[i]);
        add_epochs(e, t, walls, i == 1, file);
        if (i == 0)
            add_batches(e, t, walls, file);
        const bool failed = ferror(file) != 0;
        if (fclose(file) != 0 || failed)
            return iso_file_fail("write", e->path[i]);
    }
    return ISO_OK;
}

iso_rc iso_events_write(struct iso_events *e, const char *folder, const struct iso_told *t)
{
    if (!e->begun)
        ISO_TRY(begin(e, folder, t));
    double *walls = walls_of(t);
    const iso_rc rc = walls != NULL ? add_rows(e, t, walls) : ISO_ENOMEM;
    free(walls);
    e->epochs = t->epochs.rows;
    e->batches = t->batches.rows;
    return rc;
}
