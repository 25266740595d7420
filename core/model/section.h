/* section.h (private): the sections of a model file, for its reader and for the reference page. */
#ifndef ISO_SECTION_H
#define ISO_SECTION_H
#include "model.h"
#include "yaml.h"

/* Limits above any real network; they bound the cost of a hostile file. */
enum { ISO_LAYERS_MAX = 4096, ISO_LAYER_BLOCKS_MAX = 64 };
enum {
    ISO_LAYER_NAME = 48
}; /* with its NUL; leaves room for /kernel/velocity in
      ISO_NAME */

struct iso_loader { /* state while a model is read */
    struct iso_model *model;
    struct iso_faults *faults;
    struct iso_training *training; /* target of the sections that belong to a training */
    const struct iso_yaml *phases; /* NULL: none */
    bool unknown_layer;            /* some layer has no known op, and so no default name */
    struct iso_yaml_doc *doc;
    const struct iso_yaml *winograd;     /* default for layers without this key; NULL: none */
    const struct iso_yaml *layer_blocks; /* the definitions in the file; NULL: none */
    bool layer_blocks_read, layer_block_used[ISO_LAYER_BLOCKS_MAX],
        layer_block_fault[ISO_LAYER_BLOCKS_MAX];
    struct iso_yaml_doc *written; /* tree of the text that changes have made; NULL: no changes */
    int copied;                   /* nodes made by uses of layer blocks */
};

struct iso_section {
    const char *key, *doc;
    bool required;
    const struct iso_field *fields; /* the section's keys; NULL: doc describes its content */
    iso_rc (*read)(struct iso_loader *, const struct iso_yaml *value);
    bool in_phase; /* may also be part of a phase */
};
extern const struct iso_section iso_sections[]; /* ends with key NULL */

/* The keys that every layer accepts besides its op's own. */
struct iso_layer_key {
    const char *key, *doc;
};
enum { ISO_LAYER_KEYS = 7 };
extern const struct iso_layer_key iso_layer_keys[ISO_LAYER_KEYS + 1]; /* ends with key NULL */

/* layer_list.c: reads the network. This and the readers below fail with ISO_ENOMEM only. */
iso_rc iso_load_layers(struct iso_loader *, const struct iso_yaml *);
/* Checks the value of `winograd`, which the loader keeps for the layers. */
iso_rc iso_load_winograd(struct iso_loader *, const struct iso_yaml *);
/* layer_blocks.c: reads the definitions of layer blocks. */
iso_rc iso_load_layer_blocks(struct iso_loader *, const struct iso_yaml *);
/* op_use.c: readers of sections that name an op. */
iso_rc iso_load_loss(struct iso_loader *, const struct iso_yaml *);
iso_rc iso_load_optimizer(struct iso_loader *, const struct iso_yaml *);
iso_rc iso_load_metrics(struct iso_loader *, const struct iso_yaml *);
iso_rc iso_load_augmentation(struct iso_loader *, const struct iso_yaml *);
/* Returns the op of this name within a help topic such as "layers"; -1, with a fault, if there is
 * none. */
int iso_load_op(struct iso_loader *, const struct iso_yaml *name, const char *topic,
                const char *kind);
struct iso_named;
/* Reads the params of an op from its args; also: as for iso_fields_read. *params is set, even if
 * there are faults; the caller frees it. */
iso_rc iso_load_params(struct iso_loader *, enum iso_op, const struct iso_named *,
                       const char *const *also, void **params);
/* class_weight.c */
iso_rc iso_load_class_weight(struct iso_loader *, const struct iso_yaml *);
/* schedule.c: schedule:, early_stopping: and checkpoint:; iso_check_monitors checks the numbers
 * that they monitor. */
iso_rc iso_load_schedule(struct iso_loader *, const struct iso_yaml *);
iso_rc iso_load_early_stopping(struct iso_loader *, const struct iso_yaml *);
iso_rc iso_load_checkpoint(struct iso_loader *, const struct iso_yaml *);
void iso_check_monitors(struct iso_loader *);
/* section.c: reads a section that is a mapping of these fields. */
iso_rc iso_load_fields(struct iso_loader *, const struct iso_yaml *, const char *what,
                       const struct iso_field *, void *params);
/* model_input.c: input: {shape: ..., scale: ...} */
iso_rc iso_load_input(struct iso_loader *, const struct iso_yaml *);
extern const struct iso_field iso_input_fields[]; /* for struct iso_model */
/* value_range.c: sets an augmentation's value_range that is auto to the range of the input, once
 * the file has been read; or, if mean or std of the input must be measured first, in
 * iso_settle_value_ranges. Until then it is [0, 1], and no data set can be used. */
void iso_check_value_ranges(struct iso_loader *);
void iso_settle_value_ranges(struct iso_model *);
/* measure_input.c: finds the offset in the text of `auto`, the value of a key of input: that has
 * been read. Adds a fault if `auto` is not written there itself. */
void iso_find_auto(struct iso_loader *, const struct iso_yaml *input, const char *key,
                   const struct iso_reals *value, size_t *at);
/* model_data.c: data: {train: ..., validation: ..., test: ...} */
iso_rc iso_load_data(struct iso_loader *, const struct iso_yaml *);
extern const struct iso_field iso_data_fields[]; /* for struct iso_data_spec */
/* phases.c: phases: [{...}, ...]. iso_load_phases keeps the node; iso_make_phases makes the phases
 * once the rest of the file has been read, even if `phases:` is missing. */
iso_rc iso_load_phases(struct iso_loader *, const struct iso_yaml *);
iso_rc iso_make_phases(struct iso_loader *);
extern const struct iso_field iso_phase_fields[]; /* for struct iso_training */

/* Returns true if the name consists of letters, digits, _ . and -, and begins with a letter, a
 * digit or _. */
bool iso_name_valid(const char *name);
#endif
