#include "csv_reader.h"

#include <string.h>

iso_rc iso_csv_reader_fail(const struct iso_csv_reader *c, const char *what)
{
    return iso_fail(ISO_EDATA, "%s:%lld: field %lld (counted from 0): %s", c->path,
                    (long long)c->line, (long long)c->column, what);
}

/* ---- Lines --------------------------------------------------------------------------------- */

static bool is_blank(char byte, char separator)
{
    return byte == ' ' || byte == '\r' || (byte == '\t' && separator != '\t');
}

static const char *skip_blanks(const char *at, const char *end, char separator)
{
    while (at < end && is_blank(*at, separator))
        at++;
    return at;
}

static const char *next_line(const char *at, const char *end)
{
    const char *newline = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
    return newline != NULL ? newline + 1 : end;
}

/* Returns the beginning of the next line that is not empty, and with `comments` no comment, or the
 * end. lines: increased by the number of lines that are skipped. */
static const char *skip_lines(const char *at, const char *end, char separator, bool comments,
                              int64_t *lines)
{
    for (;;) {
        const char *p = skip_blanks(at, end, separator);
        if (p >= end)
            return end;
        if (*p != '\n' && !(comments && *p == '#'))
            return at;
        at = next_line(p, end);
        ++*lines;
    }
}

static char find_separator(const char *at, const char *end)
{
    bool blank = false;
    const char *p = skip_blanks(at, end, '\0');
    for (; p < end && *p != '\n'; p++) {
        if (*p == ',' || *p == ';' || *p == '\t')
            return *p;
        blank = blank || (*p != ' ' && *p != '\r' && p + 1 < end && p[1] == ' ');
    }
    return blank ? ' ' : ',';
}

static int64_t count_fields(const char *at, const char *end, char separator)
{
    int64_t n = 1;
    at = skip_blanks(at, end, separator);
    for (; at < end && *at != '\n'; at++) {
        const char *behind = skip_blanks(at, end, separator);
        const bool over = behind >= end || *behind == '\n';
        n += *at == separator && !(separator == ' ' && over);
        at = separator == ' ' && behind > at ? behind - 1 : at;
    }
    return n;
}

void iso_csv_reader_open(struct iso_csv_reader *c, const char *path, const char *text, size_t n)
{
    static const char mark[] = "\xef\xbb\xbf"; /* some editors put it before UTF-8 */
    const char *end = text + n;
    int64_t lines = 0;
    *c = (struct iso_csv_reader){ .path = path, .text = text, .end = end, .first = text };
    if (n >= 3 && memcmp(text, mark, 3) == 0)
        c->first += 3;
    for (;;) {
        c->first = skip_lines(c->first, end, '\0', false, &lines);
        const bool comment = c->first < end && *c->first == '#';
        const char *next = next_line(c->first, end);
        next = skip_lines(next, end, '\0', false, &lines);
        c->separator = find_separator(comment ? next : c->first, end);
        if (!comment)
            break;
        const char *names = c->first + strspn(c->first, "# ");
        c->first = next;
        if (next < end && *next != '#' &&
            count_fields(names, end, c->separator) == count_fields(next, end, c->separator)) {
            c->first = names;
            break;
        }
    }
    iso_csv_reader_rewind(c);
}

void iso_csv_reader_rewind(struct iso_csv_reader *c)
{
    c->at = c->first;
    c->line = 0;
    for (const char *p = c->text; p < c->first; p++)
        c->line += *p == '\n';
    c->last = true;
}

int64_t iso_csv_reader_lines(const struct iso_csv_reader *c)
{
    int64_t n = 0, lines = 0;
    for (const char *p = c->first; p < c->end; p = next_line(p, c->end)) {
        p = skip_lines(p, c->end, c->separator, true, &lines);
        n += p < c->end;
    }
    return n;
}

/* ---- Fields -------------------------------------------------------------------------------- */

/* Copies the bytes until the separator or the end of the line, without quotes around them. */
static iso_rc copy_field(struct iso_csv_reader *c)
{
    c->at = skip_blanks(c->at, c->end, c->separator);
    const bool quoted = c->at < c->end && *c->at == '"';
    size_t n = 0;
    c->at += quoted;
    for (;; c->at++) {
        const char byte = c->at < c->end ? *c->at : '\n';
        if (quoted && byte == '"' && (c->at + 1 >= c->end || c->at[1] != '"'))
            break;
        if (quoted && byte == '\n')
            return iso_csv_reader_fail(c, "has a quote that does not end on its line");
        if (!quoted && (byte == c->separator || byte == '\n'))
            break;
        if (byte == '\0' || n == ISO_CSV_FIELD - 1)
            return iso_csv_reader_fail(c, "is no text of at most 255 bytes");
        c->at += quoted && byte == '"'; /* two quotes stand for one */
        c->field[n++] = byte;
    }
    c->at += quoted;
    while (!quoted && n > 0 && is_blank(c->field[n - 1], c->separator))
        n--;
    c->field[n] = '\0';
    return ISO_OK;
}

/* Goes past what ends a field. */
static iso_rc end_field(struct iso_csv_reader *c)
{
    const char *behind = skip_blanks(c->at, c->end, c->separator);
    c->last = behind >= c->end || *behind == '\n';
    if (c->last || c->separator != ' ')
        c->at = behind;
    if (!c->last && *c->at != c->separator)
        return iso_csv_reader_fail(c, "has something behind its closing quote");
    c->at += c->at < c->end;
    return ISO_OK;
}

bool iso_csv_reader_next(struct iso_csv_reader *c, iso_rc *rc)
{
    c->column++;
    *rc = ISO_OK;
    if (c->last) {
        c->line++;
        c->at = skip_lines(c->at, c->end, c->separator, true, &c->line);
        c->column = 0;
        if (c->at >= c->end)
            return false;
    }
    *rc = copy_field(c);
    if (*rc == ISO_OK)
        *rc = end_field(c);
    return *rc == ISO_OK;
}

iso_rc iso_csv_reader_check(const struct iso_csv_reader *r, int64_t columns)
{
    if (r->column < columns && (!r->last || r->column + 1 == columns))
        return ISO_OK;
    return iso_fail(ISO_EDATA, "%s:%lld: has %s fields than the first line, which has %lld",
                    r->path, (long long)r->line, r->column < columns ? "fewer" : "more",
                    (long long)columns);
}
