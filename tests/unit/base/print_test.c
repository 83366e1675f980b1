/* How foreign values leave the program: shown, never obeyed; counted in columns. */
#include <criterion/criterion.h>

#include <stdlib.h>

#include "base/json.h"
#include "base/print.h"

static void expect(const char *shown, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void expect(const char *shown, const char *format, ...) {
    struct text_buffer buffer = {0};
    va_list arguments;
    va_start(arguments, format);
    print_to_list(&buffer, format, arguments);
    va_end(arguments);
    cr_expect_str_eq(buffer.data, shown);
    text_buffer_free(&buffer);
}

static void expect_value(enum print_form form, const char *raw, const char *shown) {
    struct text_buffer buffer = {0};
    print_value(&buffer, form, text_of(raw));
    cr_expect_str_eq(buffer.data, shown);
    text_buffer_free(&buffer);
}

Test(print, shows_in_a_value_what_a_terminal_would_obey_or_hide)
{
    static const struct {
        const char *raw, *shown;
    } cases[] = {
        {"\033[2Jx", "^[[2Jx"},
        {"\033]0;title\a", "^[]0;title^G"},
        {"a\nb\tc\rd", "a^Jb^Ic^Md"},
        {"\177\001", "^?^A"},
        {"\xC2\x9B"
         "2J",
         "<U+009B>2J"},
        {"\x9B"
         "2J",
         "<9B>2J"},
        {"ok \xFF\xFE", "ok <FF><FE>"},
        {"cut \xE6\x97", "cut <E6><97>"},
        {"\xE2\x80\xAEtxt", "<U+202E>txt"},
        {"a\xE2\x80\x8B"
         "b\xEF\xBB\xBF",
         "a<U+200B>b<U+FEFF>"},
        {"\xE2\x80\xA8", "<U+2028>"},
        {"\xCC\x81x", "<U+0301>x"},
        {"e\xCC\x81 日本 …", "e\xCC\x81 日本 …"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        expect(cases[i].shown, "%s", cases[i].raw);
        expect(cases[i].shown, "%s", cases[i].shown); /* what is shown stays */
    }
}

Test(print, leaves_the_format_and_numbers_as_they_are)
{
    expect("a\tb 5 % x\n", "a\tb %d %% %c\n", 5, 'x');
    expect("-7 18446744073709551615 ff 007 +3", "%d %zu %x %03d %+d", -7, SIZE_MAX, 255, 7, 3);
    expect("  7|7  |-9223372036854775808", "%3d|%-3d|%lld", 7, 7, (long long)INT64_MIN);
    expect("1.50 % 1e+06  2.0", "%.2f %% %g %4.1f", 1.5, 1e6, 2.0);
    const char *volatile none = NULL;
    expect("(none)", "%s", none);
    expect("ab", "%.*s", 2, "abc");
}

Test(print, counts_columns_and_marks_every_cut)
{
    expect("日本  |", "%-6s|", "日本");
    expect("  é|", "%3s|", "é");
    expect("abcd…|", "%.5s|", "abcdefgh");
    expect("日本…|", "%.5s|", "日本語です");
    expect("abc   |", "%-*s|", 6, "abc");
    char out[12];
    cr_expect_str_eq(print_into(out, sizeof out, "%s", "日本語です"), "日本…");
    cr_expect_str_eq(print_into(out, sizeof out, "%s", "short"), "short");
}

Test(print, keeps_our_own_lines_apart_from_what_is_in_them)
{ expect_value(PRINT_LINES, "one\n\ttwo\033\n", "one\n\ttwo^[\n"); }

Test(print, quotes_a_csv_field_and_disarms_a_formula)
{
    expect_value(PRINT_CSV, "plain", "plain");
    expect_value(PRINT_CSV, "a,b", "\"a,b\"");
    expect_value(PRINT_CSV, "say \"x\"\n", "\"say \"\"x\"\"^J\"");
    expect_value(PRINT_CSV, "=cmd()", "\"'=cmd()\"");
}

Test(print, lets_nothing_be_markup_in_markdown)
{
    expect_value(PRINT_MARKDOWN, "| a `b` *c* [d](e) <f>",
                 "\\| a \\`b\\` \\*c\\* \\[d\\](e) \\<f\\>");
    expect_value(PRINT_MARKDOWN, "team_defense x", "team_defense x");
    expect_value(PRINT_MARKDOWN, "# x\n- y", "\\# x^J- y");
    expect_value(PRINT_CODE, "a b", "`a b`");
    expect_value(PRINT_CODE, "x ``` y", "````x ``` y````");
    expect_value(PRINT_CODE, "`x`", "`` `x` ``");
}

Test(json, loses_no_member_to_bytes_that_are_not_utf8)
{
    json_t *value = json_make("{s:s,s:s?,s:[s,i],s:{s:b}}", "a", "x\xFFy", "b", NULL, "c", "\xC3",
                              7, "d", "e", 1);
    char *text = json_text(value);
    cr_expect_str_eq(text, "{\"a\":\"x<FF>y\",\"b\":null,\"c\":[\"<C3>\",7],\"d\":{\"e\":true}}");
    free(text);
    json_decref(value);
}

Test(json, writes_as_escapes_what_a_terminal_would_obey)
{
    json_t *value = json_words("\033[2J\177\xC2\x9B\xE2\x80\xAE\xF3\xA0\x80\x81 日 …");
    char *text = json_text(value);
    cr_expect_str_eq(text, "\"\\u001B[2J\\u007F\\u009B\\u202E\\uDB40\\uDC01 日 …\"");
    free(text);
    json_t *back = json_loads(text = json_text(value), JSON_DECODE_ANY, NULL);
    cr_expect(json_equal(back, value), "a reader gets what was given");
    free(text);
    json_decref(back);
    json_decref(value);
}
