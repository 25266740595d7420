#include "ranks.h"
#include "core/system/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Messages -------------------------------------------------------------------------------- */

static iso_rc note(struct iso_ranks *r, iso_rc rc)
{
    if (rc != ISO_OK)
        r->failed = true;
    return rc;
}

iso_rc iso_ranks_begin(struct iso_ranks *r, const struct iso_message *sent, int nsent,
                       const struct iso_message *received, int nreceived,
                       struct iso_transfers **out)
{
    return note(r, r->begin(r, sent, nsent, received, nreceived, out));
}

iso_rc iso_ranks_ask(struct iso_ranks *r, struct iso_transfers *t, bool *done)
{
    return note(r, r->ask(r, t, false, done));
}

iso_rc iso_ranks_wait(struct iso_ranks *r, struct iso_transfers *t)
{
    bool done;
    const double began = iso_clock();
    const iso_rc rc = r->ask(r, t, true, &done);
    r->waited += iso_clock() - began;
    return note(r, rc);
}

iso_rc iso_ranks_swap(struct iso_ranks *r, const struct iso_message *sent, int nsent,
                      const struct iso_message *received, int nreceived)
{
    struct iso_transfers *t = NULL;
    iso_rc rc = iso_ranks_begin(r, sent, nsent, received, nreceived, &t);
    if (rc == ISO_OK)
        rc = iso_ranks_wait(r, t);
    r->drop(r, t);
    return rc;
}

void iso_ranks_fail(struct iso_ranks *r, const char *why)
{
    if (r->failed)
        return;
    r->failed = true;
    r->tell(r, why);
}

int64_t iso_ranks_first(const struct iso_ranks *r, int64_t n, int rank)
{
    return n / r->count * rank + n % r->count * rank / r->count;
}

/* ---- What all know --------------------------------------------------------------------------- */

iso_rc iso_ranks_begin_completing(struct iso_ranks *r, void *all, const size_t *at,
                                  struct iso_transfers **out)
{
    const int n = r->count;
    char *bytes = all;
    struct iso_message *m = iso_alloc(2 * (size_t)n, sizeof *m);
    if (m == NULL)
        return ISO_ENOMEM;
    const struct iso_message mine = { 0, bytes + at[r->rank], at[r->rank + 1] - at[r->rank] };
    int nsent = 0, nreceived = 0;
    for (int i = 0; i < n; i++) {
        if (i == r->rank)
            continue;
        if (mine.bytes > 0)
            m[nsent++] = (struct iso_message){ i, mine.data, mine.bytes };
        if (at[i + 1] > at[i])
            m[n + nreceived++] = (struct iso_message){ i, bytes + at[i], at[i + 1] - at[i] };
    }
    const iso_rc rc = iso_ranks_begin(r, m, nsent, m + n, nreceived, out);
    free(m);
    return rc;
}

iso_rc iso_ranks_complete(struct iso_ranks *r, void *all, const size_t *at)
{
    struct iso_transfers *t = NULL;
    iso_rc rc = iso_ranks_begin_completing(r, all, at, &t);
    if (rc == ISO_OK)
        rc = iso_ranks_wait(r, t);
    r->drop(r, t);
    return rc;
}

iso_rc iso_ranks_gather(struct iso_ranks *r, const void *mine, size_t bytes, void *all)
{
    size_t *at = iso_alloc((size_t)r->count + 1, sizeof *at);
    if (at == NULL)
        return ISO_ENOMEM;
    for (int i = 0; i <= r->count; i++)
        at[i] = (size_t)i * bytes;
    memcpy((char *)all + at[r->rank], mine, bytes);
    const iso_rc rc = iso_ranks_complete(r, all, at);
    free(at);
    return rc;
}

iso_rc iso_ranks_agree(struct iso_ranks *r)
{
    uint32_t *all = iso_alloc((size_t)r->count, sizeof *all);
    const iso_rc rc = all != NULL ? iso_ranks_gather(r, &r->say, sizeof r->say, all) : ISO_ENOMEM;
    r->heard = 0;
    for (int i = 0; rc == ISO_OK && i < r->count; i++)
        r->heard |= all[i];
    free(all);
    return rc;
}

enum { TEXT = 160 };
iso_rc iso_ranks_same(struct iso_ranks *r, const char *what, const char *text)
{
    char mine[TEXT] = "";
    char(*all)[TEXT] = iso_alloc((size_t)r->count, sizeof *all);
    snprintf(mine, sizeof mine, "%s", text);
    iso_rc rc = all != NULL ? iso_ranks_gather(r, mine, sizeof mine, all) : ISO_ENOMEM;
    for (int i = 1; i < r->count && rc == ISO_OK; i++)
        if (memcmp(all[i], all[0], TEXT) != 0)
            rc = iso_fail(ISO_EUSAGE,
                          "rank %d has another %s than rank 0: %.60s instead of %.60s; start all "
                          "ranks with the same isocl, files and options",
                          i, what, all[i], all[0]);
    free(all);
    return rc;
}

/* ---- Devices --------------------------------------------------------------------------------- */

/* Returns the length of the entry number `at` of a list, and where it begins. */
static size_t entry(const char *list, int at, const char **begin)
{
    for (*begin = list; at > 0; at--)
        *begin += strcspn(*begin, ",") + 1;
    return strcspn(*begin, ",");
}

static int entries(const char *list)
{
    int n = 1;
    for (; *list; list++)
        n += *list == ',';
    return n;
}

iso_rc iso_ranks_device(const struct iso_ranks *r, const char *list, char *device, size_t n)
{
    const char *begin;
    if (list == NULL || strcmp(list, "auto") == 0)
        return iso_backend_choose_local(r->local, device, n);
    const size_t length = entry(list, r->local % entries(list), &begin);
    if (length == 0 || length >= n)
        return iso_fail(ISO_EUSAGE,
                        "--device %s: a list has a device between two commas, such as cpu,opencl:0",
                        list);
    snprintf(device, n, "%.*s", (int)length, begin);
    return ISO_OK;
}

int iso_ranks_threads(const struct iso_ranks *r)
{
    const int mine = iso_machine_processors();
    const long all = sysconf(_SC_NPROCESSORS_ONLN);
    if (r->locals < 2 || mine < all) /* mpirun has shared the processors out */
        return 0;
    return mine / r->locals > 0 ? mine / r->locals : 1;
}
