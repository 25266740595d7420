#include "printable.h"

#include <string.h>

/* Decodes one character of at most four bytes; 0: not UTF-8. */
static size_t decode(const unsigned char *s, uint32_t *code)
{
    const size_t n = s[0] < 0x80 ? 1 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
    static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
    *code = n == 1 ? s[0] : s[0] & (0xFFu >> (n + 1));
    if ((s[0] >= 0x80 && s[0] < 0xC2) || s[0] > 0xF4)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 0;
        *code = *code << 6 | (s[i] & 0x3Fu);
    }
    const bool surrogate = *code >= 0xD800 && *code < 0xE000;
    return *code < least[n] || *code > 0x10FFFF || surrogate ? 0 : n;
}

/* True for controls, line and paragraph separators, and marks of direction or no width. */
static bool commands(uint32_t c, bool lines)
{
    if (c == '\n')
        return !lines;
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x61C || (c >= 0x200B && c <= 0x200F) ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF;
}

char *iso_printable(char *text, bool lines)
{
    const unsigned char *from = (const unsigned char *)text;
    char *to = text;
    while (*from) {
        uint32_t code;
        const size_t n = decode(from, &code);
        if (n == 0 || commands(code, lines)) {
            *to++ = '?';
            from += n > 0 ? n : 1;
            continue;
        }
        memmove(to, from, n);
        to += n;
        from += n;
    }
    *to = '\0';
    return text;
}

char *iso_shown(const char *text, char *buf, size_t n)
{
    snprintf(buf, n, "%s", text);
    return iso_printable(buf, false);
}

int iso_shown_width(const char *text)
{
    int n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

void iso_print_cell(FILE *out, const char *text, int width)
{
    char buf[4096];
    iso_shown(text, buf, sizeof buf);
    const int wide = width < 0 ? -width : width, n = iso_shown_width(buf);
    const int spaces = wide > n ? wide - n : 0;
    fprintf(out, "%*s%s%*s", width < 0 ? spaces : 0, "", buf, width < 0 ? 0 : spaces, "");
}
