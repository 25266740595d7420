#include "split.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

const char *const iso_split_names[ISO_SPLITS + 1] = { "train", "validation", "test", NULL };
static const char *const spellings[ISO_SPLITS][5] = { { "train", "training" },
                                                      { "validation", "val", "valid", "dev" },
                                                      { "test", "testing", "t10k" } };

int iso_split_find(const char *text)
{
    for (int split = 0; split < ISO_SPLITS; split++)
        for (int i = 0; spellings[split][i] != NULL; i++)
            if (strcasecmp(spellings[split][i], text) == 0)
                return split;
    return -1;
}

void iso_splits_take(const struct iso_names *names, const char *begin, const char *end,
                     struct iso_splits *out)
{
    const size_t nbegin = strlen(begin), nend = strlen(end);
    for (int64_t i = 0; i < names->n; i++) {
        const char *name = names->name[i];
        const size_t n = strlen(name);
        char middle[ISO_SPLIT_NAME];
        if (n <= nbegin + nend || n - nbegin - nend >= sizeof middle ||
            strncasecmp(name, begin, nbegin) != 0 || strcasecmp(name + n - nend, end) != 0)
            continue;
        snprintf(middle, sizeof middle, "%.*s", (int)(n - nbegin - nend), name + nbegin);
        const int split = iso_split_find(middle);
        if (split >= 0 && !*out->name[split])
            strcpy(out->name[split], middle);
    }
}

const char *iso_splits_member(const struct iso_names *names, const char *begin, const char *split,
                              const char *end)
{
    char wanted[3 * ISO_SPLIT_NAME];
    snprintf(wanted, sizeof wanted, "%s%s%s", begin, split, end);
    for (int64_t i = 0; i < names->n; i++)
        if (strcasecmp(names->name[i], wanted) == 0)
            return names->name[i];
    return NULL;
}

/* "train and test" */
static const char *list(const struct iso_splits *s, char *buf, size_t n)
{
    size_t used = 0;
    int left = 0;
    for (int i = 0; i < ISO_SPLITS; i++)
        left += *s->name[i] != '\0';
    buf[0] = '\0';
    for (int i = 0; i < ISO_SPLITS && used < n; i++)
        if (*s->name[i])
            used += (size_t)snprintf(buf + used, n - used, "%s%s", s->name[i],
                                     --left > 1  ? ", "
                                     : left == 1 ? " and "
                                                 : "");
    return buf;
}

iso_rc iso_splits_choose(const struct iso_splits *s, const char *what, int wanted, int *out)
{
    char text[3 * ISO_SPLIT_NAME];
    int only = -1, n = 0;
    for (int i = 0; i < ISO_SPLITS; i++)
        if (*s->name[i]) {
            only = i;
            n++;
        }
    *out = wanted >= 0 ? wanted : only;
    if (wanted < 0 && n > 1)
        return iso_fail(ISO_EDATA, "%s has the splits %s; say which one is meant: `split: %s`",
                        what, list(s, text, sizeof text), s->name[only]);
    if (s->one && wanted > ISO_SPLIT_TRAIN)
        return iso_fail(ISO_EDATA,
                        "%s has one split only, and no '%s'; leave `split` out, and take a part of "
                        "it for each use, such as `part: [0.8, 1]`",
                        what, iso_split_names[wanted]);
    if (!s->one && wanted >= 0 && !*s->name[wanted])
        return iso_fail(ISO_EDATA,
                        "%s has no split '%s'; it has %s, of which a part can be taken, such as "
                        "`part: [0.8, 1]`",
                        what, iso_split_names[wanted], list(s, text, sizeof text));
    return ISO_OK;
}
