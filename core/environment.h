/* environment.h (private): the variables of the environment that isocl reads. */
#ifndef ISO_ENVIRONMENT_H
#define ISO_ENVIRONMENT_H
#include <stdbool.h>

#define ISO_OPENCL_WORKSPACE_MIB 64

enum iso_variable {
#define VARIABLE(id, name, values, dflt, doc) ISO_ENV_##id,
#include "environment.def"
#undef VARIABLE
    ISO_ENV_COUNT
};
struct iso_variable_doc {
    const char *name;
    const char *values; /* what it may be */
    const char *dflt;   /* what holds when it is not set, in words */
    const char *doc;
};
extern const struct iso_variable_doc iso_variables[]; /* in the enum's order; ends with name NULL */

/* Returns the variable's value, or NULL if it is not set or empty. */
const char *iso_environment(enum iso_variable);
/* Returns the next variable that is set and begins with ISOCL_ and is none of these, as
 * "NAME=VALUE", or NULL if there is no other. at: 0 at first; it counts on. */
const char *iso_environment_unknown(int *at);
#endif
