/* device_json.h: device.json in a run's folder: the device on which the run was last trained. */
#ifndef ISO_DEVICE_JSON_H
#define ISO_DEVICE_JSON_H
#include "core/iso.h"

iso_rc iso_run_device_write(const char *folder, const struct iso_backend *);

/* version: isocl's. A text that the file lacks is "", a longer one is truncated. */
struct iso_run_device {
    char id[32], name[128], mode[16], version[32];
};
/* Reads the file. If it cannot be read, fails and sets all texts in *out to "". */
iso_rc iso_run_device_read(const char *folder, struct iso_run_device *out);
#endif
