/* loading.h: what tests of model files share: a load, its faults, and a file that a test writes. */
#ifndef ISO_TEST_LOADING_H
#define ISO_TEST_LOADING_H
#include "core/model/model.h"

extern struct iso_faults loading_faults; /* faults of the last load */
extern char loading_scratch[64];         /* path of the file that a test writes */

/* A good file with merge keys and named layers, of at most LOADING_SMALL bytes with its NUL. */
enum { LOADING_SMALL = 512 };
extern const char loading_small[LOADING_SMALL];

int loading_setup(void **state);
int loading_teardown(void **state);
/* Loads a model file; *out is NULL when it fails. */
iso_rc loading_file(const char *path, struct iso_model **out);
/* The same of a file of these bytes. */
iso_rc loading_bytes(const char *bytes, size_t n, struct iso_model **out);
#endif
