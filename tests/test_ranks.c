/* test_ranks.c: a step that ranks share has the bits of a step of one, whatever their number and
 * devices. The ranks are threads, and their messages copies in memory. */
#include "core/train/carry.h"
#include "network.h"
#include "thread_ranks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BATCH = 22, ROWS = 75, EPOCHS = 2, MOST = THREAD_RANKS_MOST };

/* Batches of 22, 22, 22 and 9 rows. */
static const char model_text[] =
    "input: {shape: [28, 28, 1], scale: 1/255}\n"
    "augmentation: [{random_brightness: {factor: [-0.2, 0.2]}}%s]\n"
    "layers:\n"
    "  - conv2d: {filters: 3, kernel_size: 5, strides: 4, trainable: %s}\n"
    "  - batch_normalization: {synchronized: %s}\n"
    "  - activation: relu\n"
    "  - flatten\n"
    "  - dense: {units: 9, activation: tanh, kernel_regularizer: {l2: 0.01}}\n"
    "  - batch_normalization: {momentum: 0.9, synchronized: %s}\n"
    "  - dropout: 0.4\n"
    "  - dense: {units: 10, activation: softmax}\n"
    "loss: categorical_crossentropy\n"
    "metrics: [accuracy, confusion_matrix]\n"
    "optimizer: {%s: {%s}}\n"
    "train: {shards: %d}\n";

/* ---- A training ------------------------------------------------------------------------------ */

struct training {
    const char *optimizer, *clipping, *augmentation;
    const char *devices[2]; /* devices of even and of odd ranks */
    int shards, ranks;
    size_t bucket_bytes;
    bool synchronized;
    bool stream, keep; /* rows are read ahead; features of the first layer are kept */
    int64_t compare;   /* two ranks compute a shard of one step in this number */
    bool strays;       /* the device of rank 1 computes wrongly */
    bool recompute;    /* but for one process: all layers but the last run forward again */
    int lost;          /* rank that takes no part; -1: none */
    bool wrong;        /* messages are changed on their way */
};
struct result {
    char hex[65];
    double log[64], counts[128], slots[4096]; /* slots: a number of each */
    uint64_t slot_bytes, slot_bytes_of_all;
    struct iso_exec_traffic traffic;
    iso_rc rc;
    char said[256];
};
struct worker {
    const struct training *training;
    struct result result;
};

static const struct training plain = { .optimizer = "adam",
                                       .clipping = "",
                                       .augmentation = "",
                                       .bucket_bytes = 400,
                                       .devices = { "reference", "reference" },
                                       .lost = -1 };

/* Takes every slot of every weight, as the sum of its numbers, each times its place. */
static iso_rc take_slots(struct iso_exec *e, struct result *r)
{
    struct iso_carried *c = NULL;
    struct iso_memory memory[32];
    ISO_TRY(iso_exec_collect(e, true));
    ISO_TRY(iso_carry_take(e, true, &c));
    for (int i = 0; i < iso_carried_count(c); i++) {
        const struct iso_carried_tensor t = iso_carried_tensor(c, i);
        for (int64_t k = 0; k < t.n; k++)
            r->slots[i] += t.values[k] * (double)(k + 1);
    }
    iso_carry_free(c);
    iso_exec_release(e);
    for (int i = iso_exec_memory(e, memory, 32) - 1; i >= 0; i--)
        if (iso_exec_nslots(e) > 0 && strcmp(memory[i].arena, iso_exec_slot(e, 0)) == 0) {
            r->slot_bytes = memory[i].bytes;
            r->slot_bytes_of_all = memory[i].without_reuse;
        }
    return ISO_OK;
}

static iso_rc train_epochs(struct iso_exec *e, struct result *r)
{
    const double *counts = NULL;
    uint64_t step = 0;
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
        ISO_TRY(iso_exec_order(e, 0, NULL));
        for (int64_t first = 0; first < ROWS; first += BATCH, step++) {
            ISO_TRY(iso_exec_gather(e, 0, first, ROWS - first < BATCH ? ROWS - first : BATCH));
            ISO_TRY(iso_exec_train(e, step, 0));
            ISO_TRY(iso_exec_update(e, step, 0.01));
        }
    }
    ISO_TRY(iso_exec_log(e, 1, r->log));
    ISO_TRY(iso_exec_counts(e, 0, &counts));
    memcpy(r->counts, counts, (size_t)iso_exec_graph(e)->ncounts * sizeof *counts);
    r->traffic = iso_exec_traffic(e);
    ISO_TRY(take_slots(e, r));
    return iso_exec_hash(e, r->hex);
}

/* A device whose dense layers give one wrong number. */
static const struct iso_kernel *right_dense, *straying[ISO_OP_COUNT];
static struct iso_kernel wrong_dense;
static iso_rc stray(struct iso_backend *b, const struct iso_call *c)
{
    static double numbers[BATCH * 10];
    ISO_TRY(right_dense->forward(b, c));
    ISO_TRY(iso_tensor_read(b, &c->y[0], numbers));
    numbers[0] += 1;
    return iso_tensor_write(b, &c->y[0], numbers);
}

static void make_stray(struct iso_backend *b)
{
    memcpy(straying, b->kernels, sizeof straying);
    right_dense = straying[ISO_OP_dense];
    wrong_dense = *right_dense;
    wrong_dense.forward = stray;
    straying[ISO_OP_dense] = &wrong_dense;
    b->kernels = straying;
}

static void train(const struct training *t, struct iso_ranks *ranks, struct result *r)
{
    const struct iso_exec_options o = {
        .training = true,
        .seed = 7,
        .log_steps = 1,
        .ranks = ranks,
        .compare_every = t->compare,
        .bucket_bytes = t->bucket_bytes,
    };
    const struct iso_dataset_request request = {
        .name = "builtin:digits", .split = "train", .limit = ROWS, .stream = t->stream
    };
    struct iso_dataset *d = NULL;
    struct network n = { .model = NULL };
    char text[2048];
    snprintf(text, sizeof text, model_text, t->augmentation, t->keep ? "false" : "true",
             t->synchronized ? "true" : "false", t->synchronized ? "true" : "false", t->optimizer,
             t->clipping, t->shards);
    if (t->keep)
        memcpy(strstr(text, "augmentation"), "#ugmentation", 12);
    must(iso_dataset_load(&request, &d));
    must(iso_model_parse("ranks.yaml", text, &n.faults, &n.model));
    n.model->keep_features = t->keep;
    for (int i = 0; t->recompute && i < n.model->nlayers - 1; i++)
        n.model->layers[i].part = 1 + i / 3;
    must(iso_graph_build(n.model, 0, BATCH, &n.faults, &n.graph));
    must(iso_backend_open(t->devices[ranks != NULL ? ranks->rank % 2 : 0], ISO_MODE_EXACT, 1,
                          &n.backend));
    if (t->strays && ranks != NULL && ranks->rank == 1)
        make_stray(n.backend);
    network_begin(&n, &o);
    must(iso_exec_data(n.exec, 0, d));
    if (t->keep)
        must(iso_exec_keep(n.exec, NULL));
    r->rc = train_epochs(n.exec, r);
    iso_error_take(r->said, sizeof r->said);
    if (r->rc != ISO_OK)
        iso_ranks_fail(ranks, r->said);
    network_close(&n);
    iso_dataset_free(d);
}

static void work(void *workers, struct iso_ranks *ranks)
{
    struct worker *w = (struct worker *)workers + ranks->rank;
    train(w->training, ranks, &w->result);
}

static void run_ranks(const struct training *t, struct worker w[MOST])
{
    const struct thread_ranks r = { t->ranks, t->lost, t->wrong };
    memset(w, 0, MOST * sizeof *w);
    for (int i = 0; i < t->ranks; i++)
        w[i].training = t;
    thread_ranks_run(&r, work, w);
}

/* ---- The same bits --------------------------------------------------------------------------- */

static void check_worker(const struct worker *w, const struct result *want)
{
    const struct training *t = w->training;
    const struct iso_exec_traffic *m = &w->result.traffic;
    if (w->result.rc != ISO_OK)
        fail_msg("%s", w->result.said);
    if (strcmp(w->result.hex, want->hex) != 0)
        fail_msg("%s, %d shards, %d ranks on %s and %s: %.12s... instead of %.12s...", t->optimizer,
                 t->shards, t->ranks, t->devices[0], t->devices[1], w->result.hex, want->hex);
    assert_memory_equal(w->result.log, want->log, sizeof want->log);
    assert_memory_equal(w->result.counts, want->counts, sizeof want->counts);
    assert_memory_equal(w->result.slots, want->slots, sizeof want->slots);
    assert_int_equal(m->compared, t->compare > 0 ? EPOCHS * 4 / t->compare : 0);
    assert_int_equal(m->steps, EPOCHS * 4);
    assert_true(m->planned.sent > 0 && m->planned.sent == m->counted.sent);
    assert_int_equal(m->planned.received, m->counted.received);
}

static void check(struct training t, int most)
{
    static struct worker w[MOST];
    struct result want = { .rc = ISO_OK };
    struct training alone = t;
    alone.devices[0] = "reference";
    alone.recompute = false;
    train(&alone, NULL, &want);
    assert_int_equal(want.rc, ISO_OK);
    for (t.ranks = 2; t.ranks <= most && t.ranks <= t.shards; t.ranks++) {
        uint64_t bytes = 0;
        run_ranks(&t, w);
        for (int i = 0; i < t.ranks; i++) {
            check_worker(&w[i], &want);
            bytes += w[i].result.slot_bytes;
        }
        assert_int_equal(bytes, w[0].result.slot_bytes_of_all); /* divided, and nothing twice */
    }
}

static void any_number_of_ranks_gives_the_same_bits(void **state)
{
    (void)state;
    for (int shards = 2; shards <= 32; shards *= 2) {
        struct training t = plain;
        t.shards = shards;
        t.clipping = shards % 4 ? "global_clipnorm: 1" : "";
        t.bucket_bytes = shards < 16 ? 400 : 1;
        t.augmentation = ", {mixup: {alpha: 0.4}}";
        check(t, MOST);
    }
}

static void devices_and_optimizers_can_be_mixed(void **state)
{
    (void)state;
    for (int op = 0; op < ISO_OP_COUNT; op++) {
        struct training t = plain;
        if (iso_ops[op].kind != ISO_OPTIMIZER)
            continue;
        t.optimizer = iso_ops[op].name;
        t.devices[0] = "cpu";
        t.shards = 4;
        check(t, 3);
    }
}

static void statistics_of_all_shards_are_exchanged(void **state)
{
    (void)state;
    for (int shards = 2; shards <= 32; shards *= 4) {
        struct training t = plain;
        t.shards = shards;
        t.synchronized = true;
        t.devices[1] = "cpu";
        check(t, MOST);
    }
}

static void layers_may_run_forward_again(void **state)
{
    (void)state;
    for (int synchronized = 0; synchronized < 2; synchronized++) {
        struct training t = plain;
        t.shards = 4;
        t.recompute = true;
        t.synchronized = synchronized;
        t.devices[1] = "cpu";
        check(t, 3);
    }
}

static void streamed_and_kept_rows_are_shared_out(void **state)
{
    (void)state;
    for (int i = 1; i < 4; i++) {
        struct training t = plain;
        t.stream = i & 1;
        t.keep = i & 2;
        for (t.shards = 4; t.shards <= 16; t.shards *= 4)
            check(t, 4);
    }
}

static void two_ranks_may_compute_a_shard(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct training t = plain;
        t.shards = 4;
        t.compare = i < 2 ? 1 : 2;
        t.stream = i == 1;
        t.keep = i == 2;
        t.devices[1] = "cpu";
        t.augmentation = ", {mixup: {alpha: 0.4}}";
        check(t, 3);
    }
}

/* ---- What goes wrong ------------------------------------------------------------------------- */

static void a_changed_message_is_seen_in_the_hash(void **state)
{
    static struct worker w[MOST];
    struct result want;
    struct training t = plain;
    (void)state;
    t.shards = t.ranks = 4;
    train(&t, NULL, &want);
    t.wrong = true;
    run_ranks(&t, w);
    assert_int_equal(w[0].result.rc, ISO_OK);
    assert_string_not_equal(w[0].result.hex, want.hex);
}

static void a_device_that_strays_is_named(void **state)
{
    static struct worker w[MOST];
    (void)state;
    for (int ranks = 2; ranks <= 4; ranks++) {
        struct training t = plain;
        t.shards = 4;
        t.ranks = ranks;
        t.compare = 1;
        t.strays = true;
        run_ranks(&t, w);
        for (int i = 0; i < ranks; i++) {
            assert_int_equal(w[i].result.rc, ISO_EPARITY);
            if (strstr(w[i].result.said, "of rank 1 has strayed, says the cpu of rank") == NULL)
                fail_msg("%s", w[i].result.said);
        }
    }
}

static void a_lost_rank_ends_the_others(void **state)
{
    static struct worker w[MOST];
    struct training t = plain;
    (void)state;
    t.shards = t.ranks = 4;
    t.lost = 2;
    run_ranks(&t, w);
    for (int i = 0; i < t.ranks; i++)
        assert_true(i == t.lost || w[i].result.rc == ISO_EDEVICE);
    assert_non_null(strstr(w[0].result.said, "rank 2 is lost"));
}

static void more_ranks_than_shards_are_refused(void **state)
{
    struct iso_ranks ranks = { .count = 6 };
    const struct iso_exec_options o = { .training = true, .log_steps = 1, .ranks = &ranks };
    struct network n;
    (void)state;
    network_open(&n, "models/demo.yaml", BATCH, "reference", 1);
    assert_int_equal(iso_exec_new(n.graph, n.backend, &o, &n.exec), ISO_EUSAGE);
    assert_non_null(strstr(iso_error(), "try --set train.shards=8"));
    iso_error_clear();
    network_close(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_number_of_ranks_gives_the_same_bits),
        cmocka_unit_test(devices_and_optimizers_can_be_mixed),
        cmocka_unit_test(statistics_of_all_shards_are_exchanged),
        cmocka_unit_test(layers_may_run_forward_again),
        cmocka_unit_test(two_ranks_may_compute_a_shard),
        cmocka_unit_test(streamed_and_kept_rows_are_shared_out),
        cmocka_unit_test(a_changed_message_is_seen_in_the_hash),
        cmocka_unit_test(a_device_that_strays_is_named),
        cmocka_unit_test(a_lost_rank_ends_the_others),
        cmocka_unit_test(more_ranks_than_shards_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
