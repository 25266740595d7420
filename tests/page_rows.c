#include "page_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static char cells[4096];

/* Collects the texts of all elements of a kind before `end`, with | between them. */
static const char *collect(const char *at, const char *end, const char *element)
{
    size_t used = 0;
    cells[0] = '\0';
    for (; (at = strstr(at, element)) != NULL && at < end; at++) {
        const char *from = strchr(at, '>') + 1;
        const int n = (int)strcspn(from, "<");
        used +=
            (size_t)snprintf(cells + used, sizeof cells - used, "%s%.*s", used ? "|" : "", n, from);
        assert_true(used < sizeof cells);
    }
    return cells;
}

const char *page_text(const struct iso_page *p)
{
    assert_non_null(p->text);
    return p->text;
}

static const char *find_row(const char *page, const char *chapter, const char *heading, int nth)
{
    char id[64], want[256];
    snprintf(id, sizeof id, "<section id=\"%s\">", chapter);
    snprintf(want, sizeof want, "<th scope=\"row\">%s</th>", heading);
    const char *at = strstr(page, id), *end = at != NULL ? strstr(at, "</section>") : NULL;
    for (int i = 0; at != NULL && i <= nth; i++)
        at = strstr(at + (i > 0), want);
    return at != NULL && at < end ? at : NULL;
}

bool page_has_row(const char *page, const char *chapter, const char *heading)
{
    return find_row(page, chapter, heading, 0) != NULL;
}

const char *page_row(const char *page, const char *chapter, const char *heading, int nth)
{
    const char *at = find_row(page, chapter, heading, nth);
    if (at == NULL)
        fail_msg("no row %d of \"%s\" in %s", nth, heading, chapter);
    return at != NULL ? collect(at, strstr(at, "</tr>"), "<td") : "";
}

const char *page_tile(const char *page, const char *name)
{
    char want[128];
    snprintf(want, sizeof want, "<dt>%s</dt>", name);
    const char *at = strstr(page, want);
    return at != NULL ? collect(at, strstr(at, "</div>"), "<dd") : "";
}
