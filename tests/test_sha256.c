/* test_sha256.c: SHA-256 against its standard. */
#include "core/system/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void check_sha256(const char *text, size_t n, size_t piece, const char *wanted)
{
    struct iso_sha256 hash;
    char hex[65];
    iso_sha256_init(&hash);
    for (size_t i = 0; i < n; i += piece)
        iso_sha256_add(&hash, text + i, n - i < piece ? n - i : piece);
    iso_sha256_hex(&hash, hex);
    assert_string_equal(hex, wanted);
}

/* The examples of FIPS 180-4 and of NIST's file of them, whole and in pieces of awkward sizes. */
static void test_sha256(void **state)
{
    static const char two[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    static char million[1000000];
    static const size_t pieces[] = { 1, 3, 55, 63, 64, 65, 1000, 1000000 };
    (void)state;
    memset(million, 'a', sizeof million);
    check_sha256("", 0, 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        check_sha256("abc", 3, pieces[i],
                     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        check_sha256(two, 56, pieces[i],
                     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
        check_sha256(million, sizeof million, pieces[i],
                     "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
