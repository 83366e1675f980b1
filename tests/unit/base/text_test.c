#include <criterion/criterion.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

Test(text, slices_compare_by_their_bytes)
{
    cr_assert(text_is(TEXT("abc"), "abc"));
    cr_assert_not(text_is(TEXT("abc"), "abcd"));
    cr_assert(text_equal(text_of(NULL), TEXT("")));
    cr_assert(text_starts(TEXT("nba_raw.x"), TEXT("nba_raw.")));
    cr_assert(text_starts(TEXT("x"), TEXT("")));
    cr_assert_not(text_starts(TEXT("nb"), TEXT("nba")));
}

Test(text, trim_takes_white_space_from_both_ends_only)
{
    cr_assert(text_is(text_trim(TEXT(" \t a b \r\n")), "a b"));
    cr_assert_eq(text_trim(TEXT(" \n ")).size, 0);
}

Test(text, cut_walks_through_the_parts)
{
    struct text rest = TEXT("a,,b");
    cr_assert(text_is(text_cut(&rest, ','), "a"));
    cr_assert(text_is(text_cut(&rest, ','), ""));
    cr_assert(text_is(rest, "b"));
    cr_assert(text_is(text_cut(&rest, ','), "b"));
    cr_assert_eq(rest.size, 0);
    cr_assert_eq(text_cut(&rest, ',').size, 0);
}

Test(text, cut_of_nothing_is_nothing)
{
    struct text rest = text_of(NULL);
    cr_assert_eq(text_cut(&rest, ',').size, 0);
    cr_assert_eq(rest.size, 0);
}

Test(text, numbers_are_digits_with_a_sign_and_within_64_bits)
{
    static const struct {
        const char *text;
        bool good;
        int64_t value;
    } cases[] = {{"0", true, 0},
                 {"-17", true, -17},
                 {"+17", true, 17},
                 {"9223372036854775807", true, INT64_MAX},
                 {"-9223372036854775808", true, INT64_MIN},
                 {"9223372036854775808", false, 0},
                 {"-9223372036854775809", false, 0},
                 {"99999999999999999999999", false, 0},
                 {"", false, 0},
                 {"-", false, 0},
                 {"1 ", false, 0},
                 {"0x1", false, 0},
                 {"1e3", false, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t value = 0;
        cr_assert_eq(text_to_int64(text_of(cases[i].text), &value), cases[i].good, "%s",
                     cases[i].text);
        cr_assert_eq(value, cases[i].value);
    }
}

Test(text, distance_counts_single_edits_and_folds_case)
{
    cr_assert_eq(text_distance("", ""), 0);
    cr_assert_eq(text_distance("", "abc"), 3);
    cr_assert_eq(text_distance("Kitten", "sitting"), 3);
    cr_assert_eq(text_distance("GROUP", "group"), 0);
}

Test(text, the_nearest_name_is_offered_only_when_it_can_be_meant)
{
    static const char *const names[] = {"phase3-ready", "phase4-final", "group1"};
    cr_assert_str_eq(text_nearest("phase3-redy", names, 3), "phase3-ready");
    cr_assert_str_eq(text_nearest("group2", names, 3), "group1");
    cr_assert_null(text_nearest("zebra", names, 3));
    cr_assert_null(text_nearest("x", names, 0));
}

Test(text, every_code_point_survives_encoding_and_decoding)
{
    for (uint32_t code = 0; code <= 0x10FFFF; code++) {
        if (code >= 0xD800 && code <= 0xDFFF) {
            continue;
        }
        char bytes[4];
        uint32_t again;
        size_t size = text_encode(code, bytes);
        cr_assert_eq(text_decode(bytes, size, &again), size);
        cr_assert_eq(again, code);
    }
}

Test(text, bytes_that_are_no_utf8_are_taken_one_at_a_time)
{
    static const char *const wrong[] = {
        "\x80",     "\xC0\xAF", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80",    "\xF4\x90\x80\x80",
        "\xF8\x88", "\xFF",     "\xE2\x82", "\xC3(",        "\xF0\x80\x80\x80"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        uint32_t code = 0;
        cr_assert_eq(text_decode(wrong[i], strlen(wrong[i]), &code), 1, "case %zu", i);
        cr_assert_eq(code, UINT32_MAX, "case %zu", i);
    }
}

Test(text, a_buffer_grows_and_is_always_terminated)
{
    struct text_buffer buffer = {0};
    for (int i = 0; i < 1000; i++) {
        text_buffer_format(&buffer, "%d,", i % 10);
        cr_assert_eq(buffer.data[buffer.size], '\0');
    }
    cr_assert_eq(buffer.size, 2000);
    text_buffer_put(&buffer, "a\0b", 3);
    cr_assert_eq(buffer.size, 2003);
    text_buffer_clear(&buffer);
    cr_assert_str_eq(buffer.data, "");
    text_buffer_add(&buffer, "again");
    cr_assert_str_eq(buffer.data, "again");
    text_buffer_free(&buffer);
}

Test(text, taking_from_an_empty_buffer_gives_an_empty_string)
{
    struct text_buffer buffer = {0};
    char *string = text_buffer_take(&buffer);
    cr_assert_str_eq(string, "");
    cr_assert_null(buffer.data);
    free(string);
}
