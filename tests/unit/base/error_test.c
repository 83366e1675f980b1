#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

Test(error, says_what_and_with_which_code)
{
    struct error error = {0};
    cr_assert_not(error_set(&error, EXIT_CONFIG, "%s:%d: bad date", "p.yaml", 3));
    cr_assert_eq(error.code, EXIT_CONFIG);
    cr_assert_str_eq(error.text, "p.yaml:3: bad date");
}

Test(error, adds_what_the_system_said)
{
    struct error error = {0};
    cr_assert_not(error_set_errno(&error, EXIT_NO_INPUT, ENOENT, "cannot open %s", "x"));
    cr_assert_str_eq(error.text, "cannot open x: No such file or directory");
}

Test(error, can_be_told_where_it_happened)
{
    struct error error = {0};
    (void)error_set(&error, EXIT_IO, "disk full");
    cr_assert_not(error_prefix(&error, "run %s", "r-1"));
    cr_assert_str_eq(error.text, "run r-1: disk full");
    cr_assert_eq(error.code, EXIT_IO);
}

Test(error, may_be_of_no_interest)
{
    cr_assert_not(error_set(NULL, EXIT_IO, "x"));
    cr_assert_not(error_set_errno(NULL, EXIT_IO, ENOENT, "x"));
    cr_assert_not(error_prefix(NULL, "x"));
}

static void expect_whole_characters(const struct error *error) {
    size_t size = strlen(error->text);
    cr_assert_lt(size, ERROR_TEXT_SIZE);
    cr_assert_geq(size, ERROR_TEXT_SIZE - 8);
    cr_assert_str_eq(error->text + size - 3, "…");
    for (size_t at = 0; at < size;) {
        uint32_t code;
        at += text_decode(error->text + at, size - at, &code);
        cr_assert_neq(code, UINT32_MAX);
    }
}

Test(error, too_long_is_cut_at_a_character)
{
    for (size_t lead = 0; lead < 4; lead++) {
        char text[3 * ERROR_TEXT_SIZE + 8] = {0};
        memset(text, 'x', lead);
        for (size_t i = 0; i < ERROR_TEXT_SIZE; i++) {
            memcpy(text + lead + 3 * i, "→", 3);
        }
        struct error error = {0};
        (void)error_set(&error, EXIT_DATA, "%s", text);
        expect_whole_characters(&error);
        (void)error_prefix(&error, "%s", "where");
        expect_whole_characters(&error);
        (void)error_set_errno(&error, EXIT_DATA, ENOENT, "%s", text);
        expect_whole_characters(&error);
    }
}

Test(error, a_limit_of_the_machine_is_told_with_its_remedy)
{
    struct error error = {0};
    (void)error_set_errno(&error, EXIT_OS, EMFILE, "cannot open %s", "x");
    cr_assert_str_eq(error.text,
                     "cannot open x: Too many open files; raise the limit of open files "
                     "(ulimit -n) where it is started");
    (void)error_set_errno(&error, EXIT_OS, ENFILE, "cannot open %s", "x");
    cr_assert(strstr(error.text, "fs.file-max") != NULL && strstr(error.text, "ulimit") == NULL,
              "%s", error.text);
    (void)error_set_errno(&error, EXIT_OS, ENOENT, "cannot open %s", "x");
    cr_assert_str_eq(error.text, "cannot open x: No such file or directory");
    cr_assert_null(error_remedy("python3: No such file or directory"));
    cr_assert_null(error_remedy(NULL));
    cr_assert_not_null(error_remedy("cannot start a process: Resource temporarily unavailable"));
}
