/* device_json.h: device.json in a run's folder: the device that the run was last trained on. */
#ifndef ISO_DEVICE_JSON_H
#define ISO_DEVICE_JSON_H
#include "core/iso.h"

iso_rc iso_run_device_write(const char *folder, const struct iso_backend *);

/* version: isocl's. "" is what the file does not say, cut off what is longer. */
struct iso_run_device {
    char id[32], name[128], mode[16], version[32];
};
/* Fails, with nothing but "" in *out, when the file cannot be read. */
iso_rc iso_run_device_read(const char *folder, struct iso_run_device *out);
#endif
