/* The tokens of GoogleSQL: what is a word, a literal or a comment, and where it stands. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "googlesql/token.h"

static const char letters[] = {
    [GOOGLESQL_END] = 'E',     [GOOGLESQL_NAME] = 'n',      [GOOGLESQL_KEYWORD] = 'k',
    [GOOGLESQL_INTEGER] = 'i', [GOOGLESQL_FLOAT] = 'f',     [GOOGLESQL_STRING] = 's',
    [GOOGLESQL_BYTES] = 'b',   [GOOGLESQL_PARAMETER] = 'p', [GOOGLESQL_SIGN] = '.',
};

/* "k:SELECT i:1", a quoted name as "q:…"; or "!message at line:column". */
static char *tokens_of(struct text text) {
    struct text_buffer out = {0};
    struct googlesql_tokens tokens;
    struct googlesql_error error;
    if (!googlesql_tokenise(text, &tokens, &error)) {
        text_buffer_format(&out, "!%s at %d:%d", error.text, error.place.line, error.place.column);
        return text_buffer_take(&out);
    }
    for (size_t i = 0; i + 1 < tokens.count; i++) {
        const struct googlesql_token *token = &tokens.items[i];
        text_buffer_format(&out, "%s%c:%s", i > 0 ? " " : "",
                           token->quoted ? 'q' : letters[token->kind], token->text);
    }
    cr_expect_eq(tokens.items[tokens.count - 1].kind, GOOGLESQL_END);
    googlesql_tokens_free(&tokens);
    return text_buffer_take(&out);
}

static void expect(const char *sql, const char *expected) {
    char *given = tokens_of(text_of(sql));
    cr_expect_str_eq(given, expected, "%s\n  gave     %s\n  expected %s", sql, given, expected);
    free(given);
}

Test(token, words_are_reserved_or_names)
{
    expect("Select a_1 frOm _b", "k:SELECT n:a_1 k:FROM n:_b");
    expect("`from` `a b-ä`", "q:from q:a b-ä");
    expect("date pivot offset", "n:date n:pivot n:offset");
    expect("`a\\`b`", "q:a`b");
    expect("``", "!Invalid empty identifier at 1:1");
    expect("`a\nb`", "!Unclosed identifier literal at 1:1");
}

Test(token, behind_a_dot_every_word_is_a_name)
{
    expect("t.group t . 2024_x", "n:t .:. n:group n:t .:. n:2024_x");
    expect("f().select x[0].5", "n:f .:( .:) .:. n:select n:x .:[ i:0 .:] .:. n:5");
    expect("@p.from", "p:p .:. n:from");
    expect("SELECT .5", "k:SELECT f:.5");
}

Test(token, numbers_do_not_touch_names)
{
    expect("1 1.5 .5e3 2e-1 0xFf 7.", "i:1 f:1.5 f:.5e3 f:2e-1 i:0xFf f:7.");
    expect("SELECT 12ab", "!Missing whitespace between literal and alias at 1:10");
    expect("my-project-1.x", "n:my .:- n:project .:- f:1. n:x");
}

Test(token, comments_have_three_forms_and_end_with_their_line_or_sign)
{
    expect("# a ; 'b\nSELECT 1 -- c /*\n/* d -- ' */ + 2", "k:SELECT i:1 .:+ i:2");
    expect("-- a\rSELECT /**/ 1 #", "k:SELECT i:1");
    expect("/***/1/* * / **/", "i:1");
    expect("/* open */ /* x", "!Unclosed comment at 1:12");
    expect("/*/", "!Unclosed comment at 1:1");
}

Test(token, literals_hide_what_they_hold)
{
    expect("'a;--b' \"/*\" '''x\n-- y'''", "s:a;--b s:/* s:x\n-- y");
    expect("'it\\'s' \"\\x41\\101\\u00e4\\n\"", "s:it's s:AAä\n");
    expect("r'\\d' R\"\\'\" rb'\\x' Br\"a\"", "s:\\d s:\\' b:\\x b:a");
    expect("\"\"\"a\"b\"\"c\"\"\"", "s:a\"b\"\"c");
    expect("'abc", "!Unclosed string literal at 1:1");
    expect("b'abc\n'", "!Unclosed bytes literal at 1:1");
    expect("r'a\\\n'", "!Unclosed string literal at 1:1");
    expect("'\\q'", "!Illegal escape sequence in a literal at 1:3");
    expect("b'\\u0041'", "!Illegal escape sequence in a literal at 1:4");
    expect("'\\ud800'", "!Illegal escape sequence in a literal at 1:3");
}

Test(token, a_nul_in_a_literal_is_kept_by_its_size)
{
    struct googlesql_tokens tokens;
    struct googlesql_error error;
    cr_assert(googlesql_tokenise(TEXT("b'a\\000b'"), &tokens, &error));
    cr_expect_eq(tokens.items[0].size, 3);
    cr_expect_arr_eq(tokens.items[0].text, "a\0b", 4);
    googlesql_tokens_free(&tokens);
}

Test(token, parameters_hints_and_system_variables_differ)
{
    expect("@from @ to @`a b` @from_day", "p:from p:to p:a b p:from_day");
    expect("@@error.message @{x=1} @1",
           ".:@@ n:error .:. n:message .:@ .:{ n:x .:= i:1 .:} .:@ i:1");
    expect("@ /* open", "!Unclosed comment at 1:3");
}

Test(token, signs_are_the_longest_there_are)
{
    expect("a<=b<>c||d|>e=>f", "n:a .:<= n:b .:<> n:c .:|| n:d .:|> n:e .:=> n:f");
    expect("SELECT $1", "!Illegal input character \"$\" at 1:8");
    expect("SELECT ä", "!Illegal input character \"ä\" at 1:8");
    expect("\xff", "!Illegal input character \"\\xff\" at 1:1");
}

Test(token, white_space_is_that_of_unicode_but_no_byte_order_mark)
{
    expect("SELECT\xc2\xa0"
           "1\xe3\x80\x80+\f\v2",
           "k:SELECT i:1 .:+ i:2");
    expect("\xef\xbb\xbfSELECT 1", "!Illegal input character \"\xef\xbb\xbf\" at 1:1");
}

Test(token, places_count_lines_characters_and_tabs_of_eight)
{
    static const struct {
        const char *sql;
        int line, column;
        size_t offset;
    } cases[] = {
        {"x", 1, 1, 0},   {"'ä' x", 1, 5, 5}, {"\r\n\r\n x", 3, 2, 5}, {"\r\rx", 3, 1, 2},
        {"\tx", 1, 9, 1}, {"ab\tx", 1, 9, 3}, {"1234567\tx", 1, 9, 8}, {"/*\n*/ x", 2, 4, 6},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct googlesql_tokens tokens;
        struct googlesql_error error;
        cr_assert(googlesql_tokenise(text_of(cases[i].sql), &tokens, &error));
        const struct googlesql_token *x = &tokens.items[tokens.count - 2];
        cr_expect_str_eq(x->text, "x");
        cr_expect_eq(x->place.line, cases[i].line, "%zu: line %d", i, x->place.line);
        cr_expect_eq(x->place.column, cases[i].column, "%zu: column %d", i, x->place.column);
        cr_expect_eq(x->start, cases[i].offset, "%zu: at %zu", i, x->start);
        cr_expect_eq(googlesql_offset(text_of(cases[i].sql), x->place), cases[i].offset, "%zu", i);
        googlesql_tokens_free(&tokens);
    }
}

Test(token, an_offset_beyond_the_text_is_its_end)
{
    cr_expect_eq(googlesql_offset(TEXT("ab\ncd"), (struct googlesql_place){1, 9}), 2);
    cr_expect_eq(googlesql_offset(TEXT("ab\ncd"), (struct googlesql_place){7, 1}), 5);
}

Test(token, reserved_words_and_other_names_need_backticks)
{
    cr_expect_str_eq(googlesql_reserved(TEXT("tAbLeSaMpLe")), "TABLESAMPLE");
    cr_expect_str_eq(googlesql_reserved(TEXT("all")), "ALL");
    cr_expect_str_eq(googlesql_reserved(TEXT("within")), "WITHIN");
    cr_expect_null(googlesql_reserved(TEXT("date")));
    cr_expect_null(googlesql_reserved(TEXT("sele")));
    cr_expect_null(googlesql_reserved(TEXT("selects")));
    cr_expect_null(googlesql_reserved(TEXT("")));
    cr_expect(googlesql_is_bare(TEXT("_a9")));
    cr_expect_not(googlesql_is_bare(TEXT("9a")));
    cr_expect_not(googlesql_is_bare(TEXT("a-b")));
    cr_expect_not(googlesql_is_bare(TEXT("täglich")));
    cr_expect_not(googlesql_is_bare(TEXT("order")));
    cr_expect_not(googlesql_is_bare(TEXT("")));
}

Test(token, a_quoted_name_or_a_literal_is_no_word)
{
    struct googlesql_tokens tokens;
    struct googlesql_error error;
    cr_assert(googlesql_tokenise(TEXT("from `from` 'from' Date ("), &tokens, &error));
    cr_expect(googlesql_is(&tokens.items[0], "FROM"));
    cr_expect_not(googlesql_is(&tokens.items[1], "FROM"));
    cr_expect_not(googlesql_is(&tokens.items[2], "FROM"));
    cr_expect(googlesql_is(&tokens.items[3], "DATE"));
    cr_expect(googlesql_is(&tokens.items[4], "("));
    cr_expect_not(googlesql_is(&tokens.items[5], "FROM"));
    googlesql_tokens_free(&tokens);
}

/* Whatever the bytes: an answer, within the text, in order. */
Test(token, any_bytes_give_tokens_in_order_or_an_error)
{
    static const char alphabet[] = "aB9_.`'\"\\@#-/*\n\r\t \xc3\xa4(){};|><rbx0u\x00\xff";
    unsigned state = 12345;
    for (int round = 0; round < 20000; round++) {
        char text[40];
        size_t size = (size_t)(round % 40);
        for (size_t i = 0; i < size; i++) {
            state = state * 1103515245u + 12345u;
            text[i] = alphabet[(state >> 16) % (sizeof alphabet - 1)];
        }
        char *exact = malloc(size + 1); /* so that a read behind the text is seen */
        cr_assert_not_null(exact);
        memcpy(exact, text, size);
        char *fitting = realloc(exact, size > 0 ? size : 1);
        cr_assert_not_null(fitting);
        struct googlesql_tokens tokens;
        struct googlesql_error error;
        if (googlesql_tokenise((struct text){fitting, size}, &tokens, &error)) {
            size_t at = 0;
            for (size_t i = 0; i < tokens.count; i++) {
                cr_assert_geq(tokens.items[i].start, at);
                at = tokens.items[i].end;
                cr_assert_leq(at, size);
            }
            cr_assert_eq(tokens.items[tokens.count - 1].kind, GOOGLESQL_END);
            googlesql_tokens_free(&tokens);
        } else {
            cr_assert_gt(error.place.line, 0);
        }
        free(fitting);
    }
}
