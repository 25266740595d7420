/* phases.c: the trainings that a model file describes. */
#include "field.h"
#include "section.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define AT(member) offsetof(struct iso_training, member)
const struct iso_field iso_phase_fields[] = {
    { "name", ISO_FIELD_TEXT, AT(name), "", 0, sizeof((struct iso_training *)0)->name, NULL,
      "name in history.csv and messages (default: phase_1, phase_2, ...)" },
    { "epochs", ISO_FIELD_INT, AT(epochs), "", 1, 1e6, NULL,
      "passes over the training data (default: those of train)" },
    { "shuffle_weights", ISO_FIELD_BOOL, AT(shuffle_weights), "false", 0, 0, NULL,
      "permute the elements of every weight at random before the phase" },
    { "keep_steps", ISO_FIELD_BOOL, AT(keep_steps), "false", 0, 0, NULL,
      "continue the optimizer's step count, so that its decay or schedule continues" },
    { "keep_slots", ISO_FIELD_BOOL, AT(keep_slots), "false", 0, 0, NULL,
      "continue with the optimizer's state, such as momentum; both phases need the same "
      "optimizer" },
    { "unfreeze", ISO_FIELD_TEXT, AT(unfreeze), "", 0, sizeof((struct iso_training *)0)->unfreeze,
      NULL,
      "train layers with trainable: false, too: the one of this name and those below it in the "
      "file, or all" },
    { 0 }
};
#undef AT

iso_rc iso_load_phases(struct iso_loader *l, const struct iso_yaml *node)
{
    char found[64];
    l->phases = node;
    if (node->kind == ISO_YAML_SEQUENCE && node->count > 0 && node->count <= ISO_PHASES)
        return ISO_OK;
    iso_faults_add(l->faults, node->location,
                   "phases: expected a list of 1 to %d trainings, found %s", ISO_PHASES,
                   node->kind != ISO_YAML_SEQUENCE ? iso_yaml_describe(node, found, sizeof found)
                   : node->count                   ? "more"
                                                   : "an empty one");
    l->phases = NULL;
    return ISO_OK;
}

/* ---- One phase ----------------------------------------------------------------------------- */

static iso_rc read_sections(struct iso_loader *l, const struct iso_yaml *node)
{
    for (const struct iso_section *s = iso_sections; s->key != NULL; s++) {
        const struct iso_yaml *value = s->in_phase ? iso_yaml_get(node, s->key) : NULL;
        if (value != NULL && iso_yaml_is_null(value))
            iso_faults_add(l->faults, value->location, "phase: '%s' is empty", s->key);
        else if (value != NULL)
            ISO_TRY(s->read(l, value));
    }
    return ISO_OK;
}

/* Begins a phase with the file's settings, which its own replace. The file's expected figures
 * belong to the last phase. */
static void begin_phase(struct iso_training *phase, const struct iso_training *common, int index,
                        bool last)
{
    phase->epochs = common->epochs;
    phase->expect = common->expect;
    snprintf(phase->name, sizeof phase->name, "phase_%d", index + 1);
    if (last)
        return;
    phase->expect.training_accuracy = phase->expect.training_loss = NAN;
    phase->expect.validation_accuracy = phase->expect.validation_loss = NAN;
    phase->expect.test_accuracy = phase->expect.test_loss = NAN;
}

static void take_over(struct iso_training *phase, const struct iso_training *common)
{
    if (phase->loss.params == NULL)
        phase->loss = common->loss;
    if (phase->optimizer.params == NULL) {
        phase->optimizer = common->optimizer;
        phase->clipping = common->clipping;
        phase->decay = common->decay;
        phase->average = common->average;
    }
    if (!phase->schedule.given)
        phase->schedule = common->schedule;
    if (!phase->augmentation_given) {
        memcpy(phase->augmentations, common->augmentations, sizeof phase->augmentations);
        phase->naugmentations = common->naugmentations;
    }
}

static iso_rc read_phase(struct iso_loader *l, const struct iso_yaml *node, int index)
{
    const char *also[16] = { NULL };
    char found[64];
    int n = 0;
    struct iso_training *phase = &l->model->phases[index];
    for (const struct iso_section *s = iso_sections; s->key != NULL && n < 15; s++)
        if (s->in_phase)
            also[n++] = s->key;
    phase->location = node->location;
    begin_phase(phase, &l->model->common, index, index + 1 == l->model->nphases);
    if (node->kind != ISO_YAML_MAPPING) {
        iso_faults_add(l->faults, node->location,
                       "phase: expected {optimizer: ..., epochs: ...}, "
                       "found %s",
                       iso_yaml_describe(node, found, sizeof found));
        return ISO_OK;
    }
    const int before = l->faults->count;
    ISO_TRY(
        iso_fields_read(iso_phase_fields, "phase", node->location, node, also, phase, l->faults));
    l->training = phase;
    const iso_rc rc = read_sections(l, node);
    l->training = &l->model->common;
    take_over(phase, &l->model->common);
    if (l->faults->count == before && !iso_name_valid(phase->name))
        iso_faults_add(l->faults, node->location,
                       "phase: name: use letters, digits, '_', '-' and '.'");
    return rc;
}

/* ---- Phases with each other ---------------------------------------------------------------- */

static bool same_slots(const struct iso_training *a, const struct iso_training *b)
{
    int na, nb;
    const char *const *sa = iso_op_slots(a->optimizer.op, a->optimizer.params, &na);
    const char *const *sb = iso_op_slots(b->optimizer.op, b->optimizer.params, &nb);
    if (a->optimizer.op != b->optimizer.op || na != nb || a->average.use_ema != b->average.use_ema)
        return false;
    for (int i = 0; i < na; i++)
        if (strcmp(sa[i], sb[i]) != 0)
            return false;
    return true;
}

/* Finds the first layer that the phase trains although it is frozen. */
static void find_unfrozen(struct iso_loader *l, struct iso_training *phase)
{
    const struct iso_model *m = l->model;
    const bool all = strcmp(phase->unfreeze, "all") == 0;
    int first = 0, frozen = 0;
    phase->unfreezes = phase->unfreeze[0] != '\0';
    if (!phase->unfreezes)
        return;
    while (!all && first < m->nlayers && strcmp(m->layers[first].name, phase->unfreeze) != 0)
        first++;
    for (int i = first; i < m->nlayers; i++)
        frozen += m->layers[i].frozen;
    phase->first_unfrozen = first;
    if (first == m->nlayers)
        iso_faults_add(l->faults, phase->location,
                       "phase '%s': unfreeze: there is no layer '%s'; name one, or write all",
                       phase->name, phase->unfreeze);
    else if (frozen == 0)
        iso_faults_add(l->faults, phase->location,
                       "phase '%s': unfreeze: no layer is frozen (trainable: false)%s%s",
                       phase->name, all ? "" : " from there on: ", all ? "" : phase->unfreeze);
}

static void check_phase(struct iso_loader *l, int index)
{
    struct iso_training *phase = &l->model->phases[index];
    find_unfrozen(l, phase);
    if (phase->loss.params == NULL || phase->optimizer.params == NULL)
        iso_faults_add(l->faults, phase->location,
                       "phase '%s': there is no %s, neither here nor in "
                       "a section of the file",
                       phase->name, phase->loss.params != NULL ? "optimizer" : "loss");
    for (int i = 0; i < index; i++)
        if (strcmp(l->model->phases[i].name, phase->name) == 0)
            iso_faults_add(l->faults, phase->location, "phase '%s': another one has this name",
                           phase->name);
    if (phase->early_stopping.given && index < l->model->nphases - 1)
        iso_faults_add(l->faults, phase->early_stopping.location,
                       "early_stopping: only the last "
                       "phase may end early");
    if (index == 0 && (phase->keep_steps || phase->keep_slots))
        iso_faults_add(l->faults, phase->location,
                       "phase '%s': it is the first, there is nothing to "
                       "keep",
                       phase->name);
    else if (phase->keep_slots && phase->optimizer.params != NULL &&
             phase[-1].optimizer.params != NULL && !same_slots(phase, phase - 1))
        iso_faults_add(l->faults, phase->location,
                       "phase '%s': keep_slots: the phase before has "
                       "another optimizer, %s",
                       phase->name, iso_ops[phase[-1].optimizer.op].name);
}

/* A section that no phase takes over says nothing. */
static void check_unused(struct iso_loader *l, const char *key, const struct iso_op_use *common,
                         size_t offset)
{
    for (int i = 0; i < l->model->nphases; i++) {
        const struct iso_op_use *use = (const void *)((const char *)&l->model->phases[i] + offset);
        if (use->params == common->params)
            return;
    }
    if (common->params != NULL)
        iso_faults_add(l->faults, common->location, "%s: every phase has its own; remove this one",
                       key);
}

iso_rc iso_make_phases(struct iso_loader *l)
{
    struct iso_model *m = l->model;
    const int n = l->phases != NULL ? l->phases->count : 1, before = l->faults->count;
    m->phases = iso_alloc((size_t)n, sizeof *m->phases);
    if (m->phases == NULL)
        return ISO_ENOMEM;
    m->nphases = n;
    if (l->phases == NULL) {
        m->phases[0] = m->common;
        return ISO_OK;
    }
    for (int i = 0; i < n; i++)
        ISO_TRY(read_phase(l, l->phases->items[i], i));
    for (int i = 0; i < n && l->faults->count == before; i++)
        check_phase(l, i);
    if (!m->phases[n - 1].early_stopping.given)
        m->phases[n - 1].early_stopping = m->common.early_stopping;
    if (l->faults->count > before)
        return ISO_OK;
    check_unused(l, "loss", &m->common.loss, offsetof(struct iso_training, loss));
    check_unused(l, "optimizer", &m->common.optimizer, offsetof(struct iso_training, optimizer));
    return ISO_OK;
}

/* ---- Epochs -------------------------------------------------------------------------------- */

int64_t iso_model_phase_end(const struct iso_model *m, int phase)
{
    int64_t end = 0;
    for (int i = 0; i <= phase; i++)
        end += m->phases[i].epochs;
    return end;
}

int iso_model_phase_at(const struct iso_model *m, int64_t epoch)
{
    int phase = 0;
    while (phase + 1 < m->nphases && epoch >= iso_model_phase_end(m, phase))
        phase++;
    return phase;
}
