/* environment.h (private): the environment variables that isocl reads. */
#ifndef ISO_ENVIRONMENT_H
#define ISO_ENVIRONMENT_H
#include <stdbool.h>

#define ISO_OPENCL_WORKSPACE_MIB 64
#define ISO_RANK_SECONDS 600

enum iso_variable {
#define VARIABLE(id, name, values, dflt, doc) ISO_ENV_##id,
#include "environment.def"
#undef VARIABLE
    ISO_ENV_COUNT
};
struct iso_variable_doc {
    const char *name;
    const char *values; /* permitted values, in words */
    const char *dflt;   /* behaviour if it is not set, in words */
    const char *doc;
};
extern const struct iso_variable_doc iso_variables[]; /* in the enum's order; ends with name NULL */

/* Returns the variable's value, or NULL if it is not set or empty. */
const char *iso_environment(enum iso_variable);
/* Returns, as "NAME=VALUE", the next variable in the environment that begins with ISOCL_ and is
 * none of these, or NULL after the last. Set *at to 0 before the first call. */
const char *iso_environment_unknown(int *at);
#endif
