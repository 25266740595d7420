/* schedule_section.c: the sections `schedule`, `early_stopping` and `checkpoint`. */
#include "schedule.h"
#include "section.h"
#include "core/text/suggest.h"

#include <stdio.h>
#include <string.h>

#define AT(member) offsetof(struct iso_schedule, member)
#define WARMUP                                                                                    \
    { "warmup_steps",                                                                             \
      ISO_FIELD_INT,                                                                              \
      AT(warmup_steps),                                                                           \
      "0",                                                                                        \
      0,                                                                                          \
      1e12,                                                                                       \
      NULL,                                                                                       \
      "number of steps in which the rate first rises linearly; the schedule begins after them" }, \
        { "warmup_from",                                                                          \
          ISO_FIELD_REAL,                                                                         \
          AT(warmup_from),                                                                        \
          "0",                                                                                    \
          0,                                                                                      \
          1e6,                                                                                    \
          NULL,                                                                                   \
          "rate at the beginning of the warm-up" },                                               \
    {                                                                                             \
        0                                                                                         \
    }
#define DECAY_STEPS(dflt)                                                   \
    {                                                                       \
        "decay_steps", ISO_FIELD_INT, AT(decay_steps), dflt, 1, 1e12, NULL, \
            "number of steps of a decay"                                    \
    }
#define STAIRCASE                                                        \
    {                                                                    \
        "staircase", ISO_FIELD_BOOL, AT(staircase), "false", 0, 0, NULL, \
            "decay only once every decay_steps, by the whole amount"     \
    }
#define MONITOR(doc)                                                       \
    {                                                                      \
        "monitor", ISO_FIELD_TEXT, AT(monitor.name), "validation_loss", 0, \
            sizeof((struct iso_monitor *)0)->name, NULL, doc               \
    }

static const struct iso_field constant[] = { WARMUP };
static const struct iso_field inverse_time[] = {
    { "decay_rate", ISO_FIELD_REAL, AT(decay_rate), NULL, 0, 1e6, NULL,
      "the rate is divided by 1 + decay_rate step / decay_steps: `decay` of Keras before 2.11" },
    DECAY_STEPS("1"),
    STAIRCASE,
    WARMUP
};
static const struct iso_field steps[] = { { "decay_rate", ISO_FIELD_REAL, AT(decay_rate), "0.5", 0,
                                            1e6, NULL, "factor after every `period`" },
                                          { "period", ISO_FIELD_INT, AT(period), NULL, 1, 1e6, NULL,
                                            "number of epochs between two decays" },
                                          WARMUP };
static const struct iso_field exponential[] = {
    { "decay_rate", ISO_FIELD_REAL, AT(decay_rate), NULL, 0, 1e6, NULL,
      "factor after decay_steps: the rate is multiplied by decay_rate ^ (step / decay_steps)" },
    DECAY_STEPS(NULL),
    STAIRCASE,
    WARMUP
};
static const struct iso_field cosine[] = { DECAY_STEPS(NULL),
                                           { "alpha", ISO_FIELD_REAL, AT(alpha), "0", 0, 1, NULL,
                                             "share of the first rate that remains at the end" },
                                           WARMUP };
static const struct iso_field restarts[] = {
    { "period", ISO_FIELD_INT, AT(period), NULL, 1, 1e6, NULL,
      "number of epochs from one restart to the next" },
    { "max", ISO_FIELD_REAL, AT(max), "", 0, 1e6, NULL,
      "rate of the step after a restart (default: the optimizer's learning_rate)" },
    { "min", ISO_FIELD_REAL, AT(min), "0", 0, 1e6, NULL, "rate towards which the cosine falls" },
    { "t_mul", ISO_FIELD_REAL, AT(t_mul), "1", 1, 1000, NULL,
      "factor by which the period grows at every restart, rounded up to whole epochs" },
    WARMUP
};
static const struct iso_field plateau[] = {
    { "factor", ISO_FIELD_REAL, AT(factor), "0.1", 1e-6, 1, NULL,
      "factor of the rate, once the monitored number has not improved for `patience` epochs" },
    MONITOR("column of history.csv; a loss should fall, any other number rise"),
    { "patience", ISO_FIELD_INT, AT(monitor.patience), "10", 0, 1e6, NULL,
      "number of epochs without improvement" },
    { "min_delta", ISO_FIELD_REAL, AT(monitor.min_delta), "0.0001", 0, 1e6, NULL,
      "smallest change that counts as improvement" },
    { "cooldown", ISO_FIELD_INT, AT(cooldown), "0", 0, 1e6, NULL,
      "number of epochs after a reduction that do not count" },
    { "min_learning_rate", ISO_FIELD_REAL, AT(min_learning_rate), "0", 0, 1e6, NULL,
      "lower limit of the rate" },
    WARMUP
};
static const struct iso_field polynomial[] = {
    DECAY_STEPS(NULL),
    { "end_learning_rate", ISO_FIELD_REAL, AT(end), "0.0001", 0, 1e6, NULL, "the last rate" },
    { "power", ISO_FIELD_REAL, AT(power), "1.0", 0, 100, NULL,
      "1: a line; 2: falls fast first, slowly towards the end" },
    { "cycle", ISO_FIELD_BOOL, AT(cycle), "false", 0, 0, NULL,
      "start anew after decay_steps, from the line to a later end" },
    WARMUP
};
static const struct iso_field one_cycle[] = {
    { "total_steps", ISO_FIELD_INT, AT(decay_steps), NULL, 2, 1e12, NULL, "steps of the cycle" },
    { "pct_start", ISO_FIELD_REAL, AT(rise), "0.3", 0, 1, NULL,
      "share of the steps in which the rate rises" },
    { "div_factor", ISO_FIELD_REAL, AT(div_factor), "25", 1, 1e12, NULL,
      "the first rate is learning_rate / div_factor" },
    { "final_div_factor", ISO_FIELD_REAL, AT(final_div_factor), "10000", 1, 1e12, NULL,
      "the last rate is the first one / final_div_factor" },
    WARMUP
};
#undef AT

const struct iso_named_doc iso_schedule_docs[ISO_SCHEDULES] = {
    { "constant", "the optimizer's learning_rate, after the warm-up if there is one", constant },
    { "inverse_time_decay", "falls with the steps like 1 / (1 + decay_rate step)", inverse_time },
    { "step_decay", "multiplied by a factor every `period` epochs", steps },
    { "exponential_decay", "falls by the same share with each step", exponential },
    { "cosine_decay", "falls along half a cosine wave, then stays constant", cosine },
    { "cosine_annealing", "falls along half a cosine wave in each period, with warm restarts",
      restarts },
    { "reduce_lr_on_plateau", "reduced when a monitored number stops improving", plateau },
    { "polynomial_decay", "falls to end_learning_rate as a power of the steps that are left",
      polynomial },
    { "one_cycle",
      "rises to learning_rate and falls far below where it began, by cosines, as PyTorch's "
      "OneCycleLR does",
      one_cycle },
};

#define AT(member) offsetof(struct iso_early_stopping, member)
const struct iso_field iso_early_stopping_fields[] = {
    MONITOR("column of history.csv; a loss should fall, any other number rise"),
    { "patience", ISO_FIELD_INT, AT(monitor.patience), "0", 0, 1e6, NULL,
      "epochs without improvement before training ends" },
    { "min_delta", ISO_FIELD_REAL, AT(monitor.min_delta), "0", 0, 1e6, NULL,
      "smallest change that counts as improvement" },
    { "start_from_epoch", ISO_FIELD_INT, AT(start_from_epoch), "0", 0, 1e6, NULL,
      "number of first epochs that do not count" },
    { "restore_best_weights", ISO_FIELD_BOOL, AT(restore_best_weights), "false", 0, 0, NULL,
      "end with the weights of the best epoch instead of the last" },
    { 0 }
};
#undef AT

#define AT(member) offsetof(struct iso_checkpoint, member)
static const char *const modes[] = { "auto", "min", "max", NULL };
const struct iso_field iso_checkpoint_fields[] = {
    { "monitor", ISO_FIELD_TEXT, AT(monitor.name), NULL, 0, sizeof((struct iso_monitor *)0)->name,
      NULL, "column of history.csv" },
    { "mode", ISO_FIELD_ENUM, AT(mode), "auto", 0, 0, modes,
      "min: smaller is better; max: larger is better; auto: min for a loss, max for all others" },
    { 0 }
};
#undef AT

iso_rc iso_load_schedule(struct iso_loader *l, const struct iso_yaml *node)
{
    struct iso_schedule *s = &l->training->schedule;
    struct iso_suggest near;
    struct iso_named named;
    char hint[80];
    s->location = node->location;
    s->given = true;
    if (!iso_named_read(node, "a schedule", l->faults, &named))
        return ISO_OK;
    iso_suggest_begin(&near, named.name->text);
    for (int kind = 0; kind < ISO_SCHEDULES; kind++) {
        iso_suggest_try(&near, iso_schedule_docs[kind].name);
        if (strcmp(iso_schedule_docs[kind].name, named.name->text) != 0)
            continue;
        s->kind = (enum iso_schedule_kind)kind;
        return iso_fields_read(iso_schedule_docs[kind].fields, named.name->text,
                               named.name->location, named.args, NULL, s, l->faults);
    }
    iso_faults_add(l->faults, named.name->location, "unknown schedule '%.40s'%s", named.name->text,
                   near.best != NULL ? iso_suggest_text(&near, hint, sizeof hint)
                                     : "; `isocl help schedules` lists those there are");
    return ISO_OK;
}

iso_rc iso_load_early_stopping(struct iso_loader *l, const struct iso_yaml *node)
{
    struct iso_early_stopping *s = &l->training->early_stopping;
    s->location = node->location;
    s->given = true;
    return iso_fields_read(iso_early_stopping_fields, "early_stopping", node->location, node, NULL,
                           s, l->faults);
}

iso_rc iso_load_checkpoint(struct iso_loader *l, const struct iso_yaml *node)
{
    struct iso_checkpoint *c = &l->model->checkpoint;
    c->location = node->location;
    c->given = true;
    return iso_fields_read(iso_checkpoint_fields, "checkpoint", node->location, node, NULL, c,
                           l->faults);
}

/* Gives a monitored number the name that it has in history.csv: val_loss, as Keras and the terminal
 * call it, is validation_loss. */
static void complete_monitor(struct iso_monitor *monitor)
{
    char rest[sizeof monitor->name];
    if (strncmp(monitor->name, "val_", 4) != 0)
        return;
    snprintf(rest, sizeof rest, "%s", monitor->name + 4);
    snprintf(monitor->name, sizeof monitor->name, "validation_%.40s", rest);
}

/* Adds a fault where no epoch has a number of this name. */
static void check_monitor(struct iso_loader *l, const char *what, struct iso_location location,
                          const struct iso_monitor *monitor)
{
    static const char prefix[] = "validation_";
    const struct iso_model *m = l->model;
    const bool validation = strncmp(monitor->name, prefix, sizeof prefix - 1) == 0;
    const char *name = monitor->name + (validation ? sizeof prefix - 1 : 0);
    char label[ISO_NAME];
    bool found = strcmp(name, "loss") == 0;
    for (int i = 0; i < m->nmetrics && !found; i++)
        found = m->metrics[i].params != NULL &&
                strcmp(iso_op_label(m->metrics[i].op, m->metrics[i].params, label), name) == 0;
    if (!found)
        iso_faults_add(l->faults, location,
                       "%s: monitor: there is no '%s'; it is loss or one of "
                       "metrics, or one of these after validation_",
                       what, monitor->name);
    else if (validation && !m->validation.given)
        iso_faults_add(l->faults, location, "%s: monitor: '%s' needs validation data in `data:`",
                       what, monitor->name);
}

void iso_check_monitors(struct iso_loader *l)
{
    struct iso_checkpoint *checkpoint = &l->model->checkpoint;
    complete_monitor(&checkpoint->monitor);
    if (checkpoint->given && checkpoint->monitor.name[0])
        check_monitor(l, "checkpoint", checkpoint->location, &checkpoint->monitor);
    for (int i = 0; i < l->model->nphases; i++) {
        struct iso_schedule *s = &l->model->phases[i].schedule;
        struct iso_early_stopping *stop = &l->model->phases[i].early_stopping;
        complete_monitor(&s->monitor);
        complete_monitor(&stop->monitor);
        if (s->kind == ISO_RATE_PLATEAU && s->monitor.name[0])
            check_monitor(l, iso_schedule_docs[s->kind].name, s->location, &s->monitor);
        if (stop->given && stop->monitor.name[0])
            check_monitor(l, "early_stopping", stop->location, &stop->monitor);
    }
}
