/* yaml_utf8.h: finds the first byte or character that YAML does not allow. */
#ifndef ISO_YAML_UTF8_H
#define ISO_YAML_UTF8_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct iso_utf8_stop {
    int line, column; /* columns count characters */
    bool utf8;        /* true: the forbidden character `code`; false: the byte `code` */
    uint32_t code;
};
bool iso_yaml_utf8_check(const char *text, size_t size, struct iso_utf8_stop *stop);
#endif
