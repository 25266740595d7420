#include "svg.h"

#include "png.h"
#include "style.h"

#include "core/system/file.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const double LETTER = 7.3; /* mean width of a letter of 12 units, in a wide font */

/* ---- Text ---------------------------------------------------------------------------------- */

/* Returns the bytes of the UTF-8 character at s, or 0 if it is invalid or XML does not allow it. */
static size_t character(const unsigned char *s)
{
    const size_t n = s[0] < 0x80 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    uint32_t code = n == 1 ? s[0] : s[0] & (0xffu >> (n + 1));
    static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
    if ((s[0] >= 0x80 && s[0] < 0xc0) || s[0] >= 0xf8)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0; /* the final 0 is no continuation either */
        code = code << 6 | (s[i] & 0x3fu);
    }
    if (code < least[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) || code == 0xfffe ||
        code == 0xffff || (code >= 0x7f && code < 0xa0))
        return 0;
    return code >= 0x20 || code == '\t' || code == '\n' ? n : 0;
}

void iso_put_escaped(FILE *out, const char *text)
{
    for (const unsigned char *s = (const unsigned char *)text; *s;) {
        const size_t n = character(s);
        switch (n ? *s : 0) {
        case 0: fputs("\xef\xbf\xbd", out); break;
        case '&': fputs("&amp;", out); break;
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '"': fputs("&quot;", out); break;
        case '\'': fputs("&#39;", out); break;
        default: fwrite(s, 1, n, out);
        }
        s += n ? n : 1;
    }
}

static bool continues(char byte) { return ((unsigned char)byte & 0xc0) == 0x80; }

double iso_text_width(const char *text)
{
    double width = 0;
    for (; *text; text++)
        width += continues(*text) ? 0 : LETTER;
    return width;
}

const char *iso_text_fit(const char *text, double width, char *buf, size_t n)
{
    size_t end = 0;
    if (iso_text_width(text) <= width && strlen(text) < n) {
        strcpy(buf, text);
        return buf;
    }
    for (double used = LETTER; text[end] && end + 5 < n; end++) {
        used += continues(text[end]) ? 0 : LETTER;
        if (used > width)
            break;
    }
    while (end > 0 && continues(text[end]))
        end--;
    snprintf(buf, n, "%.*s\xe2\x80\xa6", (int)end, text);
    return buf;
}

const char *iso_short_number(double value, char buf[ISO_NUMBER])
{
    if (isnan(value))
        strcpy(buf, "-");
    else
        snprintf(buf, ISO_NUMBER, fabs(value) >= 0.1 && fabs(value) < 1000 ? "%.4f" : "%.4g",
                 value);
    return buf;
}

/* ---- A picture ----------------------------------------------------------------------------- */

iso_rc iso_svg_begin(struct iso_svg *s, const char *name, double width, double height)
{
    *s = (struct iso_svg){ .width = width, .height = height };
    snprintf(s->name, sizeof s->name, "%s", name);
    s->out = open_memstream(&s->body, &s->size);
    return s->out != NULL ? ISO_OK : iso_fail(ISO_ENOMEM, "out of memory for the picture %s", name);
}

void iso_svg_title(struct iso_svg *s, const char *fmt, ...)
{
    va_list arguments;
    va_start(arguments, fmt);
    vsnprintf(s->title, sizeof s->title, fmt, arguments);
    va_end(arguments);
}

iso_rc iso_svg_end(struct iso_svg *s)
{
    FILE *out = s->out;
    s->out = NULL;
    return iso_text_end(out, &s->body);
}

void iso_svg_free(struct iso_svg *s)
{
    if (s->out != NULL)
        fclose(s->out);
    free(s->body);
    *s = (struct iso_svg){ .out = NULL };
}

void iso_svg_put(const struct iso_svg *s, FILE *out, bool alone)
{
    fprintf(out, "<svg %sclass=\"picture\" viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"",
            alone ? "xmlns=\"http://www.w3.org/2000/svg\" " : "", s->width, s->height);
    iso_put_escaped(out, s->title);
    if (alone)
        fprintf(out, "\" width=\"%.0f\" height=\"%.0f", s->width, s->height);
    else
        fprintf(out, "\" style=\"max-width:%.0fpx", s->width * ISO_STYLE_LARGEST);
    fputs("\">\n", out);
    if (alone) {
        fputs("<style>\n", out);
        iso_style_put_pictures(out);
        fprintf(out, "</style>\n<rect class=\"paper\" width=\"%.0f\" height=\"%.0f\"/>\n", s->width,
                s->height);
    }
    fwrite(s->body, 1, s->size, out);
    fputs("</svg>\n", out);
}

iso_rc iso_svg_text_of(const struct iso_svg *s, char **text, size_t *n)
{
    FILE *out = open_memstream(text, n);
    if (out != NULL)
        iso_svg_put(s, out, true);
    return iso_text_end(out, text);
}

/* ---- Elements ------------------------------------------------------------------------------ */

static void put_text(struct iso_svg *s, const char *fmt, va_list arguments)
{
    char text[1024];
    vsnprintf(text, sizeof text, fmt, arguments);
    iso_put_escaped(s->out, text);
}

void iso_svg_text(struct iso_svg *s, double x, double y, enum iso_anchor anchor,
                  const char *classes, const char *fmt, ...)
{
    static const char *const anchors[] = { "", " middle", " end" };
    va_list arguments;
    fprintf(s->out, "<text class=\"%s%s\" x=\"%.1f\" y=\"%.1f\">", classes, anchors[anchor], x, y);
    va_start(arguments, fmt);
    put_text(s, fmt, arguments);
    va_end(arguments);
    fputs("</text>\n", s->out);
}

void iso_svg_line(struct iso_svg *s, double x1, double y1, double x2, double y2,
                  const char *classes)
{
    fprintf(s->out, "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n",
            classes, x1, y1, x2, y2);
}

static void put_end(struct iso_svg *s, const char *element, const char *tip)
{
    if (tip == NULL) {
        fputs("/>\n", s->out);
        return;
    }
    fputs("><title>", s->out);
    iso_put_escaped(s->out, tip);
    fprintf(s->out, "</title></%s>\n", element);
}

void iso_svg_rect(struct iso_svg *s, double x, double y, double width, double height,
                  double opacity, const char *classes, const char *tip)
{
    fprintf(s->out, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"",
            classes, x, y, width, height);
    if (opacity < 1)
        fprintf(s->out, " fill-opacity=\"%.3f\"", opacity);
    put_end(s, "rect", tip);
}

void iso_svg_dot(struct iso_svg *s, double x, double y, double radius, const char *classes,
                 const char *tip)
{
    fprintf(s->out, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"", classes, x, y,
            radius);
    put_end(s, "circle", tip);
}

iso_rc iso_svg_image(struct iso_svg *s, double x, double y, double width, double height,
                     const uint8_t *pixels, const int size[3], const char *tip)
{
    char *base64;
    ISO_TRY(iso_png_base64(pixels, size, &base64));
    fprintf(s->out,
            "<image class=\"pixels\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
            "preserveAspectRatio=\"xMidYMid\" href=\"data:image/png;base64,%s\"",
            x, y, width, height, base64);
    put_end(s, "image", tip);
    free(base64);
    return ISO_OK;
}
