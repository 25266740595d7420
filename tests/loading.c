#include "loading.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct iso_faults loading_faults;
char loading_scratch[64];

const char loading_small[LOADING_SMALL] =
    "input: {shape: [6]}\n"
    "layers:\n"
    "  - dense: &d {units: 4, activation: relu, use_bias: false}\n"
    "  - dense: {<<: *d, units: 5, name: second, inputs: dense_1}\n"
    "  - dense: {<<: [{units: 7, activation: tanh}, *d]}\n"
    "  - dense: {units: 3, activation: softmax, name: top}\n"
    "loss: {sparse_categorical_crossentropy: }\n"
    "optimizer: adam\n";

iso_rc loading_file(const char *path, struct iso_model **out)
{
    loading_faults.count = 0;
    iso_error_clear();
    *out = NULL;
    return iso_model_load(path, &loading_faults, out);
}

iso_rc loading_bytes(const char *bytes, size_t n, struct iso_model **out)
{
    FILE *file = fopen(loading_scratch, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
    return loading_file(loading_scratch, out);
}

int loading_setup(void **state)
{
    (void)state;
    strcpy(loading_scratch, "/tmp/isocl-test-XXXXXX");
    int fd = mkstemp(loading_scratch);
    return fd < 0 ? -1 : close(fd);
}

int loading_teardown(void **state)
{
    (void)state;
    return unlink(loading_scratch);
}
