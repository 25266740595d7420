/* yaml_utf8.c: what bytes a YAML file may hold. */
#include "yaml_utf8.h"

/* Returns the length of the UTF-8 character at s (at most n bytes) and its code point; 0 if it is
 * invalid: a stray or missing continuation, an overlong form, a surrogate, or above U+10FFFF. */
static size_t decode(const unsigned char *s, size_t n, uint32_t *code)
{
    static const uint32_t smallest[5] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t length = s[0] < 0x80 ? 1 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
    if ((s[0] >= 0x80 && s[0] < 0xC0) || s[0] >= 0xF8 || length > n)
        return 0;
    *code = length == 1 ? s[0] : s[0] & (0xFFU >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 0;
        *code = *code << 6 | (s[i] & 0x3FU);
    }
    if (*code < smallest[length] || *code > 0x10FFFF || (*code >= 0xD800 && *code < 0xE000))
        return 0;
    return length;
}

static bool allowed(uint32_t code)
{
    if (code < 0x20)
        return code == '\t' || code == '\n' || code == '\r';
    return code != 0x7F && (code < 0x80 || code >= 0xA0 || code == 0x85) && code != 0xFEFF &&
           code != 0xFFFE && code != 0xFFFF;
}

bool iso_yaml_utf8_check(const char *text, size_t size, struct iso_utf8_stop *stop)
{
    const unsigned char *s = (const unsigned char *)text;
    *stop = (struct iso_utf8_stop){ .line = 1, .column = 1 };
    for (size_t i = 0; i < size;) {
        uint32_t code = 0;
        size_t length = decode(s + i, size - i, &code);
        if (length == 0 || !allowed(code)) {
            stop->utf8 = length > 0;
            stop->code = length > 0 ? code : s[i];
            return false;
        }
        bool crlf = code == '\r' && i + 1 < size && s[i + 1] == '\n';
        i += length;
        if (code == '\n' || (code == '\r' && !crlf)) {
            stop->line++;
            stop->column = 1;
        } else {
            stop->column++;
        }
    }
    return true;
}
