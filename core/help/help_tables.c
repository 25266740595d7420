/* help_tables.c: the topics of help, and texts of their tables. */
#include "help_tables.h"
#include "core/model/initializer.h"
#include "core/model/regularizer.h"
#include "core/model/schedule.h"
#include "core/text/wrap.h"

#include <string.h>

const struct iso_help_op_topic iso_help_op_topics[] = {
    { "augmentations", "Augmentations" }, { "layers", "Layers" },   { "losses", "Losses" },
    { "optimizers", "Optimizers" },       { "metrics", "Metrics" }, { NULL, NULL }
};

const struct iso_help_named_topic iso_help_named_topics[] = {
    { "initializers", "Initializers", "{constant: 0.1}", iso_initializer_docs, ISO_INITIALIZERS },
    { "regularizers", "Regularizers", "{l2: 0.01}", iso_regularizer_docs, ISO_REGULARIZERS },
    { "schedules", "Schedules", "{step_decay: {period: 10}}", iso_schedule_docs, ISO_SCHEDULES },
    { .topic = NULL }
};

const struct iso_dataset_doc *const iso_help_datasets[2] = { iso_dataset_docs,
                                                             iso_dataset_file_docs };

bool iso_help_has_topic(int op, const char *topic)
{
    return iso_ops[op].def->topic != NULL && strcmp(iso_ops[op].def->topic, topic) == 0;
}

const struct iso_field *iso_help_clipping_fields(void)
{
    return iso_ops[ISO_OP_gradient_clipping].def->fields;
}

void iso_help_weights(const struct iso_op_def *def, const char *names[ISO_OPERANDS + 1])
{
    int n = 0;
    for (const struct iso_weight_def *w = def->weights;
         w != NULL && w->name != NULL && n < ISO_OPERANDS; w++)
        names[n++] = w->name;
    names[n] = NULL;
}

void iso_help_append(char list[ISO_HELP_LIST], const char *separator, const char *name)
{
    const size_t used = strlen(list);
    snprintf(list + used, ISO_HELP_LIST - used, "%s%s", used > 0 ? separator : "", name);
}

const char *iso_help_lacking(const struct iso_backend_ops *backend, char list[ISO_HELP_LIST])
{
    *list = '\0';
    for (int op = 0; op < ISO_OP_COUNT; op++)
        if (iso_ops[op].kind != ISO_VIEW && iso_ops[op].kind != ISO_SCORE &&
            backend->kernels[op] == NULL)
            iso_help_append(list, ", ", iso_ops[op].name);
    return *list ? list : "nothing";
}

/* ---- Fields ---------------------------------------------------------------------------------- */

const char *iso_help_default(const struct iso_field *f)
{
    return f->dflt == NULL ? "required" : *f->dflt ? f->dflt : "none";
}

void iso_help_value(const struct iso_field *f, char *buf, size_t n)
{
    char range[100];
    iso_field_type_text(f, buf, n);
    iso_field_range_text(f, range, sizeof range);
    size_t used = strlen(buf);
    if (*range && used < n)
        snprintf(buf + used, n - used, ", %s", range);
}

void iso_help_entry(FILE *out, const char *name, const char *doc)
{
    char left[64];
    snprintf(left, sizeof left, "  %s ", name);
    iso_wrap(out, left, ISO_HELP_COLUMN, doc);
}

void iso_help_fields(FILE *out, const struct iso_field *fields)
{
    char value[2 * ISO_HELP_TEXT];
    for (const struct iso_field *f = fields; f != NULL && f->key != NULL; f++) {
        iso_help_value(f, value, sizeof value);
        iso_help_entry(out, f->key, f->doc);
        size_t used = strlen(value);
        snprintf(value + used, sizeof value - used, " (%s%s)",
                 f->dflt != NULL && *f->dflt ? "default " : "", iso_help_default(f));
        iso_wrap(out, "", ISO_HELP_COLUMN + 2, value);
    }
}
