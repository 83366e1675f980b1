/* Criterion's names over a runner that ThreadSanitizer can start.
 *
 * Criterion starts its workers through an arena at a fixed address, which ThreadSanitizer's memory
 * layout has no room for ("Could not initialize inheritable arena"). A build whose
 * PHASEGATE_SANITIZE names "thread" therefore finds this header before Criterion's and links main.c
 * beside it: the same tests, from the same files. Only what phasegate's tests use is here; a test
 * that uses more does not compile, so none is left out unseen.
 *
 * What is the same: each test is a process of its own, fini functions run after a test that ended,
 * cr_assert ends the test, cr_expect goes on, .init .fini .signal .exit_code .timeout .disabled.
 * What is not: tests run one after the other, values of failed comparisons are not printed, and a
 * failed cr_assert ends the process at once, without its fini function.
 *
 * Arguments: --filter SUITE/NAME with * and ?; --jobs N is taken and ignored; --list. */
#ifndef PHASEGATE_TESTS_PLAIN_CRITERION_H
#define PHASEGATE_TESTS_PLAIN_CRITERION_H
#pragma GCC system_header

#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct plain_options {
    int reserved; /* so that a list of options may be empty */
    void (*init)(void);
    void (*fini)(void);
    int signal;     /* the test must end by it */
    int exit_code;  /* the test must exit with it */
    double timeout; /* seconds; 0 is 60 */
    bool disabled;
    const char *description;
};

struct plain_test {
    const char *suite;
    const char *name; /* NULL: the options of the suite */
    void (*run)(void);
    struct plain_options options;
    struct plain_test *next;
};

/* Puts a test, or a suite's options, on the list that main.c runs. Called before main. */
void plain_add(struct plain_test *test);

/* Reports a failed check of the running test; a fatal one ends the process. Any thread. */
void plain_fail(const char *file, int line, bool fatal, const char *check, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Ends the running test as skipped, with a reason that the list of results shows. */
void plain_skip(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#define Test(suite_name, test_name, ...)                                                           \
    static void plain_##suite_name##_##test_name##_run(void);                                      \
    __attribute__((constructor)) static void plain_##suite_name##_##test_name##_add(void) {        \
        static struct plain_test test = {#suite_name,                                              \
                                         #test_name,                                               \
                                         plain_##suite_name##_##test_name##_run,                   \
                                         {.reserved = 0, __VA_ARGS__},                             \
                                         NULL};                                                    \
        plain_add(&test);                                                                          \
    }                                                                                              \
    static void plain_##suite_name##_##test_name##_run(void)

#define TestSuite(suite_name, ...)                                                                 \
    __attribute__((constructor)) static void plain_##suite_name##_suite(void) {                    \
        static struct plain_test suite = {                                                         \
            #suite_name, NULL, NULL, {.reserved = 0, __VA_ARGS__}, NULL};                          \
        plain_add(&suite);                                                                         \
    }                                                                                              \
    _Static_assert(true, #suite_name)

#define PLAIN_CHECK(holds, fatal, text, ...)                                                       \
    do {                                                                                           \
        if (!(holds)) {                                                                            \
            plain_fail(__FILE__, __LINE__, fatal, text, "" __VA_ARGS__);                           \
        }                                                                                          \
    } while (0)
#define PLAIN_PAIR(a, order, b, fatal, ...)                                                        \
    PLAIN_CHECK((a)order(b), fatal, #a " " #order " " #b, __VA_ARGS__)

#define cr_skip(...) plain_skip("" __VA_ARGS__)

#define cr_assert(holds, ...)          PLAIN_CHECK(holds, true, #holds, __VA_ARGS__)
#define cr_assert_not(holds, ...)      PLAIN_CHECK(!(holds), true, "not " #holds, __VA_ARGS__)
#define cr_assert_null(it, ...)        PLAIN_CHECK((it) == NULL, true, #it " is null", __VA_ARGS__)
#define cr_assert_not_null(it, ...)    PLAIN_CHECK((it) != NULL, true, #it " is there", __VA_ARGS__)
#define cr_assert_eq(a, b, ...)        PLAIN_PAIR(a, ==, b, true, __VA_ARGS__)
#define cr_assert_neq(a, b, ...)       PLAIN_PAIR(a, !=, b, true, __VA_ARGS__)
#define cr_assert_lt(a, b, ...)        PLAIN_PAIR(a, <, b, true, __VA_ARGS__)
#define cr_assert_leq(a, b, ...)       PLAIN_PAIR(a, <=, b, true, __VA_ARGS__)
#define cr_assert_gt(a, b, ...)        PLAIN_PAIR(a, >, b, true, __VA_ARGS__)
#define cr_assert_geq(a, b, ...)       PLAIN_PAIR(a, >=, b, true, __VA_ARGS__)
#define cr_assert_str_eq(a, b, ...)    PLAIN_TEXT(a, ==, b, true, __VA_ARGS__)
#define cr_assert_str_neq(a, b, ...)   PLAIN_TEXT(a, !=, b, true, __VA_ARGS__)
#define cr_assert_str_empty(a, ...)    PLAIN_TEXT(a, ==, "", true, __VA_ARGS__)
#define cr_assert_arr_eq(a, b, n, ...) PLAIN_BYTES(a, b, n, true, __VA_ARGS__)
#define cr_assert_float_eq(a, b, e, ...)                                                           \
    PLAIN_CHECK(fabs((double)(a) - (double)(b)) <= (double)(e), true, #a " ≈ " #b, __VA_ARGS__)
#define cr_assert_fail(...) PLAIN_CHECK(false, true, "fail", __VA_ARGS__)

#define cr_expect(holds, ...)           PLAIN_CHECK(holds, false, #holds, __VA_ARGS__)
#define cr_expect_not(holds, ...)       PLAIN_CHECK(!(holds), false, "not " #holds, __VA_ARGS__)
#define cr_expect_null(it, ...)         PLAIN_CHECK((it) == NULL, false, #it " is null", __VA_ARGS__)
#define cr_expect_not_null(it, ...)     PLAIN_CHECK((it) != NULL, false, #it " is there", __VA_ARGS__)
#define cr_expect_eq(a, b, ...)         PLAIN_PAIR(a, ==, b, false, __VA_ARGS__)
#define cr_expect_neq(a, b, ...)        PLAIN_PAIR(a, !=, b, false, __VA_ARGS__)
#define cr_expect_lt(a, b, ...)         PLAIN_PAIR(a, <, b, false, __VA_ARGS__)
#define cr_expect_leq(a, b, ...)        PLAIN_PAIR(a, <=, b, false, __VA_ARGS__)
#define cr_expect_gt(a, b, ...)         PLAIN_PAIR(a, >, b, false, __VA_ARGS__)
#define cr_expect_geq(a, b, ...)        PLAIN_PAIR(a, >=, b, false, __VA_ARGS__)
#define cr_expect_str_eq(a, b, ...)     PLAIN_TEXT(a, ==, b, false, __VA_ARGS__)
#define cr_expect_str_neq(a, b, ...)    PLAIN_TEXT(a, !=, b, false, __VA_ARGS__)
#define cr_expect_str_empty(a, ...)     PLAIN_TEXT(a, ==, "", false, __VA_ARGS__)
#define cr_expect_str_not_empty(a, ...) PLAIN_TEXT(a, !=, "", false, __VA_ARGS__)
#define cr_assert_str_not_empty(a, ...) PLAIN_TEXT(a, !=, "", true, __VA_ARGS__)
#define cr_expect_arr_eq(a, b, n, ...)  PLAIN_BYTES(a, b, n, false, __VA_ARGS__)
#define cr_expect_float_eq(a, b, e, ...)                                                           \
    PLAIN_CHECK(fabs((double)(a) - (double)(b)) <= (double)(e), false, #a " ≈ " #b, __VA_ARGS__)
#define cr_log_warn(...)    ((void)fprintf(stderr, __VA_ARGS__), (void)fputc('\n', stderr))
#define cr_expect_fail(...) PLAIN_CHECK(false, false, "fail", __VA_ARGS__)

#define PLAIN_TEXT(a, order, b, fatal, ...)                                                        \
    PLAIN_CHECK(strcmp(a, b) order 0, fatal, #a " " #order " " #b, __VA_ARGS__)
#define PLAIN_BYTES(a, b, n, fatal, ...)                                                           \
    PLAIN_CHECK(memcmp(a, b, n) == 0, fatal, #a " as " #b, __VA_ARGS__)

#endif
