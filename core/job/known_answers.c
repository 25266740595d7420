/* known_answers.c: a device is asked for results that are known, before a training believes it. */
#include "verifier.h"

#include "core/system/cache.h"
#include "core/system/sha256.h"
#include "core/parity/parity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CASES = 2, LIST = 4096 };

struct answers {
    char wrong[512]; /* the first check that did not pass */
};

static void add_op(bool used[ISO_OP_COUNT], enum iso_op op)
{
    if (iso_ops[op].kind != ISO_VIEW && iso_ops[op].kind != ISO_SCORE)
        used[op] = true;
}

/* Writes the names of the ops that the job's network uses, with commas between them. */
static void list_ops(const struct iso_graph *g, char list[LIST])
{
    bool used[ISO_OP_COUNT] = { false };
    size_t n = 0;
    add_op(used, ISO_OP_gather_images);
    add_op(used, ISO_OP_gather_labels);
    add_op(used, g->training->optimizer.op);
    for (int i = 0; i < g->nnodes; i++)
        add_op(used, g->nodes[i].op);
    *list = '\0';
    for (int op = 0; op < ISO_OP_COUNT && n < LIST; op++)
        if (used[op])
            n += (size_t)snprintf(list + n, LIST - n, "%s%s", n > 0 ? "," : "", iso_ops[op].name);
}

/* The file in the user's cache that says that these answers were right. */
static void file_name(const struct iso_backend *b, const char *ops, char *name, size_t n)
{
    const char *const words[] = { ISO_VERSION,      b->device.id,
                                  b->device.name,   b->device.platform,
                                  b->device.driver, b->device.note,
                                  b->ops->name,     ops };
    const char mark[] = { (char)('0' + b->mode), (char)('0' + ISO_ARITH_VERSION) };
    struct iso_sha256 h;
    char hex[65];
    iso_sha256_init(&h);
    iso_sha256_add(&h, mark, sizeof mark);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        iso_sha256_add(&h, words[i], strlen(words[i]) + 1);
    iso_sha256_hex(&h, hex);
    snprintf(name, n, "answers-%.16s.txt", hex);
}

static bool told(void *self, const struct iso_parity_check *c)
{
    struct answers *a = self;
    const bool fine = strcmp(c->result, iso_result_names[ISO_PASSED]) == 0 ||
                      strcmp(c->result, iso_result_names[ISO_SKIPPED]) == 0;
    if (!fine && *a->wrong == '\0')
        snprintf(a->wrong, sizeof a->wrong, "%s, case %d, %s: %s: %.200s", c->subject, c->number,
                 c->pass, c->result, c->message != NULL ? c->message : "");
    return *a->wrong == '\0';
}

static iso_rc ask(const struct iso_backend *b, const char *ops)
{
    struct answers a = { "" };
    const char *const devices[] = { b->device.id, NULL };
    const struct iso_parity_options o = { .devices = devices,
                                          .mode = b->mode,
                                          .ops = ops,
                                          .most = CASES,
                                          .quick = true,
                                          .silent = true,
                                          .told = told,
                                          .self = &a };
    const iso_rc rc = iso_parity_run(&o, NULL);
    if (rc == ISO_OK || *a.wrong == '\0')
        return rc;
    return iso_fail(rc,
                    "%s (%s, driver %s) does not know the right answers: %s; `isocl certify %s` "
                    "tells all that is wrong with it",
                    b->device.id, b->device.name, b->device.driver, a.wrong, b->device.id);
}

iso_rc iso_verifier_known_answers(const struct iso_job *job)
{
    static const char text[] = "This device's answers to some parity cases were right.\n";
    char ops[LIST], name[64], path[1200];
    list_ops(job->graph, ops);
    file_name(job->backend, ops, name, sizeof name);
    if (iso_cache_path(name, path, sizeof path) && access(path, R_OK) == 0)
        return ISO_OK;
    ISO_TRY(ask(job->backend, ops));
    iso_cache_put(name, text, sizeof text - 1);
    return ISO_OK;
}
