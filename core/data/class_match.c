#include "class_match.h"
#include "core/text/number.h"
#include "core/text/suggest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES = 160 }; /* bytes of a list in a message */

typedef char class_name[ISO_CLASS_NAME];

/* Returns the number that a name is, or -1 if it is not a number. */
static int64_t number_of(const char *name)
{
    int64_t number;
    return iso_number_int(name, &number) == ISO_NUMBER_OK ? number : -1;
}

static bool all_are_numbers(class_name *names, int n)
{
    for (int i = 0; i < n; i++)
        if (number_of(names[i]) < 0)
            return false;
    return true;
}

/* Returns true if names, or names that are numbers, tell which classes are equal. */
static bool comparable(const struct iso_trained_classes *trained, const struct iso_dataset *set)
{
    if (trained->name != NULL && set->class_names != NULL)
        return true;
    if (trained->name != NULL)
        return all_are_numbers(trained->name, trained->n);
    return set->class_names != NULL && all_are_numbers(set->class_names, set->classes);
}

static const char *name_in_set(const struct iso_dataset *set, int class, class_name buf)
{
    if (set->class_names != NULL)
        return set->class_names[class];
    snprintf(buf, ISO_CLASS_NAME, "%d", class);
    return buf;
}

/* Returns the class of training with this name, or -1. */
static int32_t find_trained(const struct iso_trained_classes *trained, const char *name)
{
    for (int i = 0; trained->name != NULL && i < trained->n; i++)
        if (strcmp(trained->name[i], name) == 0)
            return i;
    const int64_t number = trained->name == NULL ? number_of(name) : -1;
    return number < trained->n ? (int32_t)number : -1;
}

static const char *trained_text(const struct iso_trained_classes *trained, char buf[NAMES])
{
    size_t used = 0;
    snprintf(buf, NAMES, "0 to %d", trained->n - 1);
    for (int i = 0; trained->name != NULL && i < trained->n && used < NAMES; i++)
        used += (size_t)snprintf(buf + used, NAMES - used, "%s%s", i ? ", " : "", trained->name[i]);
    if (used >= NAMES)
        strcpy(buf + NAMES - 4, "...");
    return buf;
}

static iso_rc unknown_class(const struct iso_trained_classes *trained,
                            const struct iso_dataset *set, const char *name)
{
    char list[NAMES], hint[ISO_CLASS_NAME + 32];
    struct iso_suggest near;
    iso_suggest_begin(&near, name);
    for (int i = 0; trained->name != NULL && i < trained->n && number_of(name) < 0; i++)
        iso_suggest_try(&near, trained->name[i]);
    return iso_fail(ISO_EDATA,
                    "data set '%s' has a class '%s', which the training data do not have%s; they "
                    "have %s: rename it, or leave it out with `classes:`",
                    set->name, name, iso_suggest_text(&near, hint, sizeof hint),
                    trained_text(trained, list));
}

/* class_of [set->classes]: -1 for a number that training does not have. */
static iso_rc renumber(const struct iso_trained_classes *trained, struct iso_dataset *set,
                       int32_t *class_of)
{
    class_name buf;
    for (int c = 0; c < set->classes; c++) {
        class_of[c] = find_trained(trained, name_in_set(set, c, buf));
        if (class_of[c] < 0 && set->class_names != NULL)
            return unknown_class(trained, set, set->class_names[c]);
    }
    for (int64_t i = 0; i < set->rows; i++) {
        const int32_t class = class_of[set->labels[i]];
        if (class < 0)
            return unknown_class(trained, set, name_in_set(set, set->labels[i], buf));
        set->labels[i] = class;
    }
    set->classes = trained->n;
    return ISO_OK;
}

/* Replaces the set's names by those of training, which may have none. */
static iso_rc take_names(const struct iso_trained_classes *trained, struct iso_dataset *set)
{
    free(set->class_names);
    set->class_names = NULL;
    if (trained->name == NULL)
        return ISO_OK;
    set->class_names = iso_alloc((size_t)trained->n, sizeof *set->class_names);
    if (set->class_names == NULL)
        return ISO_ENOMEM;
    memcpy(set->class_names, trained->name, (size_t)trained->n * sizeof *set->class_names);
    return ISO_OK;
}

static iso_rc match(const struct iso_trained_classes *trained, struct iso_dataset *set)
{
    int32_t *class_of = iso_alloc((size_t)set->classes + 1, sizeof *class_of);
    iso_rc rc = class_of != NULL ? renumber(trained, set, class_of) : ISO_ENOMEM;
    free(class_of);
    return rc == ISO_OK ? take_names(trained, set) : rc;
}

/* ---- Targets ------------------------------------------------------------------------------- */

/* Returns the number of targets of training: those that have names. */
static int trained_targets(const struct iso_trained_classes *trained)
{
    int n = 0;
    while (n < trained->n && *trained->name[n])
        n++;
    return n;
}

/* Fails unless the set has a target of each name; a label that no row lists is 0 everywhere. */
static iso_rc check_targets(const struct iso_trained_classes *trained, int n,
                            const struct iso_dataset *set)
{
    for (int i = 0; i < n && !set->listed; i++) {
        int k = 0;
        while (k < set->classes && strcmp(set->class_names[k], trained->name[i]) != 0)
            k++;
        if (k == set->classes)
            return iso_fail(ISO_EDATA,
                            "data set '%s' lacks the target '%s', which the training data have; "
                            "give both the same targets",
                            set->name, trained->name[i]);
    }
    return ISO_OK;
}

/* Gives the columns of targets the places of those of training that have the same names. */
static iso_rc match_targets(const struct iso_trained_classes *trained, struct iso_dataset *set)
{
    const int n = trained_targets(trained), own = set->classes;
    ISO_TRY(check_targets(trained, n, set));
    float *targets = iso_alloc((size_t)set->rows, (size_t)n * sizeof *targets);
    iso_rc rc = targets != NULL ? ISO_OK : ISO_ENOMEM;
    for (int k = 0; rc == ISO_OK && k < own; k++) {
        const int32_t to = find_trained(trained, set->class_names[k]);
        if (to < 0)
            rc = unknown_class(trained, set, set->class_names[k]);
        for (int64_t row = 0; rc == ISO_OK && row < set->rows; row++)
            targets[row * n + to] = set->targets[row * own + k];
    }
    if (rc != ISO_OK) {
        free(targets);
        return rc;
    }
    free(set->targets);
    set->targets = targets;
    set->classes = n;
    return take_names(trained, set);
}

iso_rc iso_class_match(const struct iso_trained_classes *trained, struct iso_dataset *set)
{
    if (set->targets != NULL && trained->n > 0 && trained->name != NULL)
        return match_targets(trained, set);
    if (set->labels == NULL || trained->n == 0)
        return ISO_OK;
    if (comparable(trained, set))
        return match(trained, set);
    if (trained->name == NULL || set->classes > trained->n)
        return ISO_OK; /* a set with too many is refused where the network is known */
    set->classes = trained->n;
    return take_names(trained, set);
}

iso_rc iso_trained_classes_take(struct iso_trained_classes *trained, const struct iso_dataset *set)
{
    class_name *names = NULL;
    if (set->class_names != NULL) {
        names = iso_alloc((size_t)set->classes, sizeof *names);
        if (names == NULL)
            return ISO_ENOMEM;
        memcpy(names, set->class_names, (size_t)set->classes * sizeof *names);
    }
    iso_trained_classes_free(trained);
    *trained = (struct iso_trained_classes){ .n = set->classes, .name = names };
    for (int64_t i = 0; i < set->columns.n; i++)
        ISO_TRY(iso_names_add(&trained->columns, set->columns.name[i]));
    return ISO_OK;
}

void iso_trained_classes_free(struct iso_trained_classes *trained)
{
    free(trained->name);
    iso_names_free(&trained->columns);
    *trained = (struct iso_trained_classes){ .name = NULL };
}
