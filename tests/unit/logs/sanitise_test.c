/* Sanitise: no byte of a log reaches a terminal unexamined. */
#include <criterion/criterion.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/memory.h"
#include "base/unicode.h"
#include "logs/sanitise.h"

static struct sanitise_line line;

static const char *shown(struct text raw) {
    sanitise_line(raw, NULL, &line);
    return line.text.data;
}

static void forget(void) {
    sanitise_free(&line);
}

/* Whether text is UTF-8 of characters that take room, or combine with one that does. */
static bool is_safe(const struct sanitise_line *drawn) {
    for (size_t at = 0; at < drawn->text.size;) {
        uint32_t code_point = 0;
        at += text_decode(drawn->text.data + at, drawn->text.size - at, &code_point);
        if (unicode_width(code_point) < 0) {
            return false;
        }
    }
    size_t before = 0;
    for (size_t i = 0; i < drawn->run_count; i++) {
        if (drawn->runs[i].offset > drawn->text.size || drawn->runs[i].offset < before) {
            return false;
        }
        before = drawn->runs[i].offset;
    }
    return drawn->columns == unicode_columns((struct text){drawn->text.data, drawn->text.size});
}

Test(sanitise, shows_every_control_byte, .fini = forget)
{
    for (int byte = 0; byte < 0x20; byte++) {
        char raw[3] = {'a', (char)byte, 'b'};
        char expected[8];
        snprintf(expected, sizeof expected, "a^%cb", byte + '@');
        cr_expect_str_eq(shown((struct text){raw, 3}), byte == '\t' ? "a       b" : expected);
        cr_expect(is_safe(&line));
    }
    cr_expect_str_eq(shown(TEXT("a\x7f")), "a^?");
}

Test(sanitise, shows_every_byte_that_is_not_utf8, .fini = forget)
{
    for (int byte = 0x80; byte < 0x100; byte++) {
        char raw[2] = {(char)byte, '!'};
        char expected[8];
        snprintf(expected, sizeof expected, "<%02X>!", byte);
        cr_expect_str_eq(shown((struct text){raw, 2}), expected);
        cr_expect_eq(line.columns, 5);
    }
    cr_expect_str_eq(shown(TEXT("\xc2\x9b"
                                "2J")),
                     "<U+009B>2J", "C1 in UTF-8");
    cr_expect_str_eq(shown(TEXT("\xed\xa0\x80")), "<ED><A0><80>", "a surrogate");
    cr_expect_str_eq(shown(TEXT("\xc0\xaf")), "<C0><AF>", "an overlong slash");
}

Test(sanitise, shows_what_deceives, .fini = forget)
{
    static const struct {
        const char *raw, *expected;
    } cases[] = {
        {"a\u202Eb\u202C", "a<U+202E>b<U+202C>"},
        {"a\u2066b\u2069", "a<U+2066>b<U+2069>"},
        {"a\u200Bb", "a<U+200B>b"},
        {"a\u200Db", "a<U+200D>b"},
        {"\uFEFFx", "<U+FEFF>x"},
        {"a\u00ADb", "a<U+00AD>b"},
        {"a\U000E0041", "a<U+E0041>"},
        {"a\u2028b", "a<U+2028>b"},
        {"\u3164", "<U+3164>"},
        {"\u0301x", "<U+0301>x"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_expect_str_eq(shown(text_of(cases[i].raw)), cases[i].expected);
        cr_assert_eq(line.run_count > 0 && (line.runs[0].style & SANITISE_ESCAPED) != 0, true);
    }
}

Test(sanitise, keeps_what_is_honest, .fini = forget)
{
    cr_expect_str_eq(shown(TEXT("✓ Success: 207 Jokić 東京")), "✓ Success: 207 Jokić 東京");
    cr_expect_eq(line.columns, 25);
    cr_expect_eq(line.run_count, 0);
    cr_expect_str_eq(shown(TEXT("e\u0301")), "e\u0301");
    cr_expect_eq(line.columns, 1);
    cr_expect_str_eq(shown(TEXT("⚠\uFE0F  x")), "⚠  x", "terminals disagree about ⚠ + U+FE0F");
    cr_expect_str_eq(shown(TEXT("end\r")), "end");
    cr_expect_str_eq(shown(TEXT("50%\r60%")), "50%^M60%");
    cr_expect_str_eq(shown(TEXT("")), "");
}

Test(sanitise, bounds_combining_marks, .fini = forget)
{
    shown(TEXT("z\u0301\u0301\u0301\u0301\u0301"));
    cr_expect_str_eq(line.text.data, "z\u0301\u0301\u0301\u0301<U+0301>");
}

Test(sanitise, turns_colours_into_runs, .fini = forget)
{
    cr_expect_str_eq(shown(TEXT("a\x1b[1;31mb\x1b[0mc")), "abc");
    cr_assert_eq(line.run_count, 2);
    cr_expect_eq(line.runs[0].offset, 1);
    cr_expect_eq(line.runs[0].foreground, 1);
    cr_expect_eq(line.runs[0].style, SANITISE_BOLD);
    cr_expect_eq(line.runs[1].offset, 2);
    cr_expect_eq(line.runs[1].foreground, SANITISE_COLOUR_DEFAULT);
    shown(TEXT("\x1b[38;5;208;48;2;255;0;0mx"));
    cr_assert_eq(line.run_count, 1);
    cr_expect_eq(line.runs[0].foreground, 208);
    cr_expect_eq(line.runs[0].background, 196);
    shown(TEXT("\x1b[97m\x1b[4mx\x1b[my"));
    cr_assert_eq(line.run_count, 2);
    cr_expect_eq(line.runs[0].foreground, 15);
    cr_expect_eq(line.runs[0].style, SANITISE_UNDERLINE);
    cr_expect_eq(line.runs[1].style, 0);
}

Test(sanitise, shows_every_other_sequence, .fini = forget)
{
    cr_expect_str_eq(shown(TEXT("\x1b[2Jx")), "^[[2Jx");
    cr_expect_str_eq(shown(TEXT("\x1b]0;owned\x07x")), "^[]0;owned^Gx");
    cr_expect_str_eq(shown(TEXT("\x1b[31")), "^[[31", "unfinished");
    cr_expect_str_eq(shown(TEXT("\x1b[31;?25lx")), "^[[31;?25lx");
    cr_expect_str_eq(shown(TEXT("\x1b")), "^[");
}

Test(sanitise, expands_tabs_to_columns, .fini = forget)
{
    struct sanitise_options options = {.tab_width = 4};
    sanitise_line(TEXT("東\tx\t"), &options, &line);
    cr_expect_str_eq(line.text.data, "東  x   ");
    cr_expect_eq(line.columns, 8);
}

Test(sanitise, marks_the_cut_of_a_long_line, .fini = forget)
{
    struct sanitise_options options = {.max_bytes = 4};
    sanitise_line(TEXT("abcdef"), &options, &line);
    cr_expect_str_eq(line.text.data, "abcd…");
    cr_expect(line.cut);
    cr_expect_eq(line.examined, 4);
    sanitise_line(TEXT("abc東x"), &options, &line);
    cr_expect_str_eq(line.text.data, "abc東…", "a character is never split");
    sanitise_line(TEXT("abcd"), &options, &line);
    cr_expect_not(line.cut);
    size_t size = 64u << 20;
    char *huge = memory_new(size, 1);
    memset(huge, '\x1b', size);
    sanitise_line((struct text){huge, size}, NULL, &line);
    cr_expect_eq(line.examined, SANITISE_BYTES_DEFAULT);
    cr_expect_lt(line.text.capacity, (size_t)8 * SANITISE_BYTES_DEFAULT);
    free(huge);
}

Test(sanitise, speaks_ascii_when_it_must, .fini = forget)
{
    struct sanitise_options options = {.ascii = true, .max_bytes = 20};
    sanitise_line(TEXT("✓ a → ⚠\uFE0F é"), &options, &line);
    cr_expect_str_eq(line.text.data, "+ a -> ! <U+00E9>");
    sanitise_line(TEXT("aaaaaaaaaaaaaaaaaaaaaaaa"), &options, &line);
    cr_expect_str_eq(line.text.data, "aaaaaaaaaaaaaaaaaaaa~");
}

Test(sanitise, makes_short_strings)
{
    char out[12];
    cr_expect_str_eq(sanitise_string(TEXT("plain"), out, sizeof out), "plain");
    cr_expect_str_eq(sanitise_string(TEXT("a\x1b[31mb"), out, sizeof out), "ab");
    cr_expect_str_eq(sanitise_string(TEXT("abcdefghijklmn"), out, sizeof out), "abcdefgh…");
    cr_expect_str_eq(sanitise_string(TEXT("東東東東東"), out, sizeof out), "東東…");
}

Test(sanitise, strips_sequences_for_the_patterns)
{
    struct text_buffer scratch = {0};
    cr_expect(text_is(sanitise_strip(TEXT("\x1b[0;32m✓ done\x1b[0m\r"), &scratch), "✓ done"));
    cr_expect(text_is(sanitise_strip(TEXT("a\x1b]8;;http://x\x07link\x1b]8;;\x1b\\b"), &scratch),
                      "alinkb"));
    cr_expect(text_is(sanitise_strip(TEXT("a\x1b(Bb\x1b[3"), &scratch), "ab"));
    cr_expect(text_is(sanitise_strip(TEXT("plain"), &scratch), "plain"));
    cr_expect(text_is(sanitise_strip(TEXT("\x1b"), &scratch), ""));
    text_buffer_free(&scratch);
}

Test(sanitise, fits_text_to_columns)
{
    size_t used = 0;
    cr_expect_eq(unicode_fit(TEXT("a東b"), 2, &used), 1, "half of a wide character does not fit");
    cr_expect_eq(used, 1);
    cr_expect_eq(unicode_fit(TEXT("a東b"), 3, &used), 4);
    cr_expect_eq(unicode_fit(TEXT("e\u0301x"), 1, &used), 3, "marks go with their base");
}

Test(sanitise, measures_as_the_c_library_does)
{
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL) {
        cr_skip("no locale C.UTF-8 here");
    }
    for (uint32_t code_point = 0; code_point <= 0x10FFFF; code_point++) {
        int expected = code_point == 0 ? -1 : wcwidth((wchar_t)code_point);
        cr_assert_eq(unicode_width(code_point), expected, "U+%04X", code_point);
    }
}

static uint64_t next_random(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

Test(sanitise, is_safe_on_any_bytes, .fini = forget)
{
    static const char *const seeds[] = {"\x1b[",        "\x1b]",    "38;5;",  "m",
                                        "\u202E\u202C", "\xe2\x80", "✓",      "\u0301",
                                        "\t",           "\r",       "\uFE0F", "\xff"};
    uint64_t state = 42;
    for (int round = 0; round < 20000; round++) {
        char raw[64];
        size_t size = 0;
        while (size < 40) {
            uint64_t choice = next_random(&state);
            if (choice % 2 == 0) {
                const char *seed = seeds[choice / 2 % (sizeof seeds / sizeof seeds[0])];
                while (*seed != '\0') {
                    raw[size++] = *seed++;
                }
            } else {
                raw[size++] = (char)(choice >> 8);
            }
        }
        struct sanitise_options options = {.max_bytes = 1 + next_random(&state) % 50,
                                           .ascii = next_random(&state) % 4 == 0};
        sanitise_line((struct text){raw, size}, &options, &line);
        cr_assert(is_safe(&line), "round %d", round);
        char once[32];
        char twice[32];
        sanitise_string((struct text){raw, size}, once, sizeof once);
        sanitise_string(text_of(once), twice, sizeof twice);
        cr_assert_str_eq(once, twice, "what is safe stays as it is");
    }
}
