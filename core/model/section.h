/* section.h (private): the sections of a model file, for its reader and for the reference page. */
#ifndef ISO_SECTION_H
#define ISO_SECTION_H
#include "model.h"
#include "yaml.h"

/* More layers than any network has; keeps a hostile file cheap. */
enum { ISO_LAYERS_MAX = 4096, ISO_LAYER_BLOCKS_MAX = 64 };
enum {
    ISO_LAYER_NAME = 48
}; /* with its NUL; leaves room for /kernel/velocity in
      ISO_NAME */

struct iso_loader { /* a model while it is read */
    struct iso_model *model;
    struct iso_faults *faults;
    struct iso_training *training; /* what the sections of a training are read into */
    const struct iso_yaml *phases; /* NULL: none */
    bool unknown_layer;            /* some layer has no op: its default name is not known */
    struct iso_yaml_doc *doc;
    const struct iso_yaml *winograd;     /* of all layers that do not say it; NULL: nothing */
    const struct iso_yaml *layer_blocks; /* their definitions, as they stand; NULL: none */
    bool layer_blocks_read, layer_block_used[ISO_LAYER_BLOCKS_MAX],
        layer_block_fault[ISO_LAYER_BLOCKS_MAX];
    int copied; /* nodes that the uses of layer blocks have made */
};

struct iso_section {
    const char *key, *doc;
    bool required;
    const struct iso_field *fields; /* what stands in it; NULL: doc says it */
    iso_rc (*read)(struct iso_loader *, const struct iso_yaml *value);
    bool in_phase; /* may stand in a phase, too */
};
extern const struct iso_section iso_sections[]; /* ends with key NULL */

/* The keys of every layer besides its op's own. */
struct iso_layer_key {
    const char *key, *doc;
};
extern const struct iso_layer_key iso_layer_keys[]; /* ends with key NULL */

/* layer_list.c: the network. This and the readers below fail with ISO_ENOMEM only. */
iso_rc iso_load_layers(struct iso_loader *, const struct iso_yaml *);
/* The value of `winograd`, which the loader holds: only whether it can be one. */
iso_rc iso_load_winograd(struct iso_loader *, const struct iso_yaml *);
/* layer_blocks.c: definitions of what the network uses. */
iso_rc iso_load_layer_blocks(struct iso_loader *, const struct iso_yaml *);
/* op_use.c: readers of what names an op. */
iso_rc iso_load_loss(struct iso_loader *, const struct iso_yaml *);
iso_rc iso_load_optimizer(struct iso_loader *, const struct iso_yaml *);
iso_rc iso_load_metrics(struct iso_loader *, const struct iso_yaml *);
iso_rc iso_load_augmentation(struct iso_loader *, const struct iso_yaml *);
/* The op of this name of a help topic such as "layers"; -1, with a fault, for none. */
int iso_load_op(struct iso_loader *, const struct iso_yaml *name, const char *topic,
                const char *kind);
struct iso_named;
/* Params of an op from its args; also: as for iso_fields_read. *params is set, and to be freed by
 * the caller, even when there are faults. */
iso_rc iso_load_params(struct iso_loader *, enum iso_op, const struct iso_named *,
                       const char *const *also, void **params);
/* class_weight.c */
iso_rc iso_load_class_weight(struct iso_loader *, const struct iso_yaml *);
/* schedule.c: schedule:, early_stopping: and checkpoint:; the last looks at what all of them
 * monitor. */
iso_rc iso_load_schedule(struct iso_loader *, const struct iso_yaml *);
iso_rc iso_load_early_stopping(struct iso_loader *, const struct iso_yaml *);
iso_rc iso_load_checkpoint(struct iso_loader *, const struct iso_yaml *);
void iso_check_monitors(struct iso_loader *);
/* Reads a section that is a mapping of these fields. */
iso_rc iso_load_fields(struct iso_loader *, const struct iso_yaml *, const char *what,
                       const struct iso_field *, void *params);
/* model_input.c: input: {shape: ..., scale: ...} */
iso_rc iso_load_input(struct iso_loader *, const struct iso_yaml *);
extern const struct iso_field iso_input_fields[]; /* of struct iso_model */
/* value_range.c: that of an augmentation is the input's. Where it is auto it becomes that: when the
 * file has been read, or, where mean or std of the input are to be measured first, by
 * iso_settle_value_ranges; until then it is [0, 1], and no data set can be used. */
void iso_check_value_ranges(struct iso_loader *);
void iso_settle_value_ranges(struct iso_model *);
/* measure_input.c: where `auto` stands as the value of a key of input:, whose value has been read;
 * a fault where it does not stand there itself. */
void iso_find_auto(struct iso_loader *, const struct iso_yaml *input, const char *key,
                   const struct iso_reals *value, size_t *at);
/* model_data.c: data: {train: ..., validation: ..., test: ...} */
iso_rc iso_load_data(struct iso_loader *, const struct iso_yaml *);
extern const struct iso_field iso_data_fields[]; /* of struct iso_data_spec */
/* phases.c: phases: [{...}, ...]. Keeps the node; the phases are made when the rest of the file has
 * been read, also where there are none. */
iso_rc iso_load_phases(struct iso_loader *, const struct iso_yaml *);
iso_rc iso_make_phases(struct iso_loader *);
extern const struct iso_field iso_phase_fields[]; /* of struct iso_training */

/* Letters, digits, _ . and -, beginning with a letter, a digit or _. */
bool iso_name_valid(const char *name);
#endif
