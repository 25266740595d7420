/* wrap.c: breaks text into lines. */
#include "wrap.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { LEAST_COLUMNS = 20, LONGEST = ISO_LINE + 20, LEAST_ROOM = 16 };

int iso_columns(FILE *out)
{
    struct winsize size;
    if (ioctl(fileno(out), TIOCGWINSZ, &size) != 0 || size.ws_col < LEAST_COLUMNS)
        return ISO_LINE;
    return size.ws_col;
}

/* Returns the characters of a line of text that is indented. */
static int room_beside(FILE *out, int indent)
{
    const int columns = iso_columns(out), line = columns < LONGEST ? columns : LONGEST;
    return line - indent > LEAST_ROOM ? line - indent : LEAST_ROOM;
}

/* Returns the number of characters in n bytes of UTF-8. */
static int width(const char *text, size_t n)
{
    int count = 0;
    for (size_t i = 0; i < n; i++)
        count += ((unsigned char)text[i] & 0xC0) != 0x80;
    return count;
}

/* Returns the bytes of the first line of text: whole words that fit into `room` characters, or one
 * word. */
static size_t first_line(const char *text, int room)
{
    size_t n = strcspn(text, " \n");
    while (text[n] == ' ') {
        const size_t more = n + 1 + strcspn(text + n + 1, " \n");
        if (width(text, more) > room)
            break;
        n = more;
    }
    return n;
}

void iso_wrap(FILE *out, const char *left, int indent, const char *text)
{
    const int room = room_beside(out, indent);
    int column = width(left, strlen(left));
    fputs(left, out);
    if (column > indent) {
        fputs("\n", out);
        column = 0;
    }
    do {
        const size_t n = first_line(text, room);
        fprintf(out, "%*s%.*s\n", n > 0 ? indent - column : 0, "", (int)n, text);
        text += n + (text[n] != '\0');
        column = 0;
    } while (*text != '\0');
}
