/* Functions whose answer holds as long as their arguments do. */
#include <criterion/criterion.h>

#include "googlesql/reads.h"

Test(reads, a_function_is_steady_when_it_is_known_to_be)
{
    static const char *const steady[] = {"COUNT", "countif",  "Safe_Divide",     "SAFE.SUBSTR",
                                         "UPPER", "ABS",      "ZEROIFNULL",      "safe.net.host",
                                         "DATE",  "NET.HOST", "HLL_COUNT.MERGE", "WEEK"};
    static const char *const others[] = {
        "RAND",         "GENERATE_UUID",  "CURRENT_DATE", "SESSION_USER",
        "SAFE.RAND",    "NET.COUNT",      "my.count",     "",
        "AEAD.ENCRYPT", "EXTERNAL_QUERY", "ML.PREDICT",   "COUNT2"};
    for (size_t i = 0; i < sizeof steady / sizeof *steady; i++) {
        cr_expect(googlesql_is_steady(steady[i]), "%s", steady[i]);
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        cr_expect_not(googlesql_is_steady(others[i]), "%s", others[i]);
    }
}
