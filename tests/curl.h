/* curl.h: what tests do that need curl. */
#ifndef ISO_TEST_CURL_H
#define ISO_TEST_CURL_H
#include <stdbool.h>

bool curl_is_there(void);
/* Is the only test where curl is missing: says so, and counts as skipped. */
void nothing_without_curl(void **state);
#endif
