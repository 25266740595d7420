/* events.h: the numbers of a run as event files, which TensorBoard reads: DIR/NAME/train and
 * DIR/NAME/validation, with the tags that Keras uses (epoch_loss, batch_loss, ...). The step of an
 * epoch is its number, from 1. */
#ifndef ISO_REPORT_EVENTS_H
#define ISO_REPORT_EVENTS_H
#include "run_folder.h"

struct iso_events { /* files of one run; zeroed at first */
    bool begun;
    char path[2][ISO_PATH];  /* training and validation */
    int64_t epochs, batches; /* rows that they hold */
};
/* Begins the files the first time, in place of what is there, and adds the rows that are new since:
 * TensorBoard goes on reading a file that grows. */
iso_rc iso_events_write(struct iso_events *, const char *folder, const struct iso_told *);
/* CRC-32C (Castagnoli) of n bytes, as each record has it. */
uint32_t iso_crc32c(const void *data, size_t n);
#endif
