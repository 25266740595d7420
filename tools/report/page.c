#include "page.h"
#include "core/system/file.h"

#include "script.h"
#include "style.h"

#include <stdarg.h>
#include <stdlib.h>

iso_rc iso_page_begin(struct iso_page *p, const char *title)
{
    p->out = open_memstream(&p->text, &p->size);
    if (p->out == NULL)
        return iso_fail(ISO_ENOMEM, "out of memory for the page");
    fputs(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
        "<meta name=\"generator\" content=\"isocl " ISO_VERSION "\"/>\n<title>",
        p->out);
    iso_put_escaped(p->out, title);
    fputs("</title>\n<style>\n", p->out);
    iso_style_put_page(p->out);
    fprintf(p->out, "</style>\n</head>\n<body data-again=\"%d\">\n", p->again);
    return ISO_OK;
}

iso_rc iso_page_end(struct iso_page *p)
{
    fprintf(p->out, "<script>/*<![CDATA[*/\n%s/*]]>*/</script>\n</body>\n</html>\n",
            iso_page_script);
    FILE *out = p->out;
    p->out = NULL;
    ISO_TRY(iso_text_end(out, &p->text));
    return !p->lost ? ISO_OK : iso_fail(ISO_ENOMEM, "out of memory for the page");
}

void iso_page_free(struct iso_page *p)
{
    if (p->out != NULL)
        fclose(p->out);
    for (int i = 0; i < p->npictures; i++)
        iso_svg_free(&p->picture[i]);
    free(p->picture);
    free(p->text);
}

static void put(struct iso_page *p, const char *fmt, va_list arguments)
{
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    if (out != NULL)
        vfprintf(out, fmt, arguments);
    p->lost |= iso_text_end(out, &text) != ISO_OK;
    iso_put_escaped(p->out, text != NULL ? text : "");
    free(text);
}

void iso_page_element(struct iso_page *p, const char *tag, const char *fmt, ...)
{
    va_list arguments;
    fprintf(p->out, "<%s>", tag);
    va_start(arguments, fmt);
    put(p, fmt, arguments);
    va_end(arguments);
    iso_page_close(p, tag);
}

/* Closes an element. Text after the tag's name in `tag`, as in "td class=...", is ignored. */
void iso_page_close(struct iso_page *p, const char *tag)
{
    fputs("</", p->out);
    for (; *tag && *tag != ' '; tag++)
        fputc(*tag, p->out);
    fputs(">\n", p->out);
}

void iso_page_chapter(struct iso_page *p, const char *id, const char *heading)
{
    fprintf(p->out, "<section id=\"%s\">\n", id);
    iso_page_element(p, "h2", "%s", heading);
}

void iso_page_pair(struct iso_page *p) { fputs("<div class=\"pair\">\n", p->out); }

void iso_page_chart_tools(struct iso_page *p)
{
    fputs(
        "<p class=\"tools\" hidden=\"hidden\"><label>Smoothing <input type=\"range\" "
        "name=\"smooth\" "
        "min=\"0\" max=\"0.98\" step=\"0.02\" value=\"0\"/></label>\n<label>Scale "
        "<select name=\"scale\"><option value=\"auto\">automatic</option>"
        "<option value=\"linear\">linear</option><option value=\"log\">logarithmic</option>"
        "</select></label>\n<span>A click on a name in a legend hides its line.</span></p>\n",
        p->out);
}

void iso_page_note(struct iso_page *p, const char *fmt, ...)
{
    va_list arguments;
    fputs("<p class=\"note\">", p->out);
    va_start(arguments, fmt);
    put(p, fmt, arguments);
    va_end(arguments);
    fputs("</p>\n", p->out);
}

void iso_page_fact(struct iso_page *p, const char *name, const char *fmt, ...)
{
    char first[2];
    va_list arguments;
    va_start(arguments, fmt);
    const int n = vsnprintf(first, sizeof first, fmt, arguments);
    va_end(arguments);
    if (n <= 0)
        return;
    fputs("<tr>", p->out);
    iso_page_element(p, "th scope=\"row\"", "%s", name);
    fputs("<td>", p->out);
    va_start(arguments, fmt);
    put(p, fmt, arguments);
    va_end(arguments);
    fputs("</td></tr>\n", p->out);
}

static iso_rc grow_pictures(struct iso_page *p)
{
    if (p->npictures < p->capacity)
        return ISO_OK;
    struct iso_svg *more = iso_alloc((size_t)p->capacity + 32, sizeof *more);
    if (more == NULL)
        return ISO_ENOMEM;
    for (int i = 0; i < p->npictures; i++)
        more[i] = p->picture[i];
    free(p->picture);
    p->picture = more;
    p->capacity += 32;
    return ISO_OK;
}

iso_rc iso_page_picture(struct iso_page *p, iso_rc drawn, struct iso_svg *s, const char *caption)
{
    const iso_rc rc = drawn == ISO_OK ? grow_pictures(p) : drawn;
    if (rc != ISO_OK) {
        iso_svg_free(s);
        return rc;
    }
    fputs("<figure>\n", p->out);
    iso_svg_put(s, p->out, false);
    if (caption != NULL)
        iso_page_element(p, "figcaption", "%s", caption);
    fputs("</figure>\n", p->out);
    p->picture[p->npictures++] = *s;
    return ISO_OK;
}
