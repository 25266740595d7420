/* schedule.h: the learning-rate schedule and early stopping, as a model file describes them. */
#ifndef ISO_MODEL_SCHEDULE_H
#define ISO_MODEL_SCHEDULE_H
#include "field.h"

enum iso_schedule_kind {
    ISO_RATE_CONSTANT,
    ISO_RATE_INVERSE_TIME,
    ISO_RATE_STEPS,
    ISO_RATE_EXPONENTIAL,
    ISO_RATE_COSINE,
    ISO_RATE_RESTARTS,
    ISO_RATE_PLATEAU,
    ISO_RATE_POLYNOMIAL,
    ISO_RATE_ONE_CYCLE
};
enum { ISO_SCHEDULES = ISO_RATE_ONE_CYCLE + 1 };

struct iso_monitor {  /* a number of each epoch that should improve */
    char name[64];    /* a column of history.csv */
    double min_delta; /* smaller changes do not count as improvement */
    int64_t patience; /* epochs without improvement before acting */
};
struct iso_schedule { /* only members for which the kind has fields are used */
    struct iso_location location;
    bool given;
    enum iso_schedule_kind kind; /* zeroed memory is a constant rate */
    int64_t warmup_steps; /* steps in which the rate rises from warmup_from to the first rate */
    double warmup_from;
    double decay_rate, alpha;
    int64_t decay_steps, period; /* period: in epochs */
    bool staircase;
    double max, min, t_mul;
    double end, power;                         /* last rate and power of the polynomial */
    double rise, div_factor, final_div_factor; /* shape of one cycle */
    bool cycle;                                /* the polynomial starts anew */
    struct iso_monitor monitor;
    double factor, min_learning_rate;
    int64_t cooldown;
};
struct iso_early_stopping {
    struct iso_location location;
    bool given;
    struct iso_monitor monitor;
    int64_t start_from_epoch;
    bool restore_best_weights;
};
enum iso_monitor_mode { ISO_MONITOR_AUTO, ISO_MONITOR_MIN, ISO_MONITOR_MAX };
struct iso_checkpoint { /* selects the epoch whose weights best.safetensors keeps */
    struct iso_location location;
    bool given;                 /* false: by the first metric of the validation, see run.h */
    struct iso_monitor monitor; /* only its name is used */
    int mode;                   /* enum iso_monitor_mode */
};

/* By enum iso_schedule_kind; fields describe struct iso_schedule. */
extern const struct iso_named_doc iso_schedule_docs[ISO_SCHEDULES];
extern const struct iso_field iso_early_stopping_fields[]; /* for struct iso_early_stopping */
extern const struct iso_field iso_checkpoint_fields[];     /* for struct iso_checkpoint */
#endif
