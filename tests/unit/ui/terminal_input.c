/* What a terminal sends, taken apart: keys are keys, and what is not understood is nothing. */
#include <criterion/criterion.h>

#include <string.h>

#include "ui/key.h"
#include "ui/terminal_input.h"

enum { EVENTS = 64, GAP_NONE = 0 };

struct seen {
    struct terminal_event events[EVENTS];
    int count;
};

static struct terminal_input input;
static int64_t now;

static void set_up(void) {
    memset(&input, 0, sizeof input);
    now = 1000;
}

/* Sends bytes with a gap behind each, in which time passes and whatever is due comes. */
static void send(struct seen *seen, const char *bytes, int64_t gap) {
    for (size_t i = 0; bytes[i] != '\0'; i++) {
        struct terminal_event *next;
        do {
            next = &seen->events[seen->count];
            seen->count += terminal_input_take(&input, (unsigned char)bytes[i], now, next);
        } while (input.again);
        for (int64_t end = now + gap; now < end; now++) {
            next = &seen->events[seen->count];
            seen->count += terminal_input_expire(&input, now, next);
        }
    }
}

static void expect_keys(const char *bytes, int64_t gap, const uint32_t *keys, int count) {
    struct seen seen = {0};
    send(&seen, bytes, gap);
    cr_expect_eq(seen.count, count, "\"%s\" gave %d events", bytes + 1, seen.count);
    for (int i = 0; i < seen.count && i < count; i++) {
        cr_expect_eq(seen.events[i].kind, TERMINAL_KEY);
        cr_expect_eq(seen.events[i].key, keys[i], "\"%s\": %x", bytes + 1, seen.events[i].key);
    }
}

static void expect_nothing(const char *bytes, int64_t gap) {
    expect_keys(bytes, gap, NULL, 0);
    expect_keys("q", GAP_NONE, (uint32_t[]){'q'}, 1); /* and what follows is itself again */
}

TestSuite(terminal_input, .init = set_up);

Test(terminal_input, knows_the_keys_in_both_of_their_forms)
{
    static const struct {
        const char *bytes;
        uint32_t key;
    } cases[] = {
        {"\033[A", KEYCODE_UP},
        {"\033OA", KEYCODE_UP},
        {"\033[B", KEYCODE_DOWN},
        {"\033OD", KEYCODE_LEFT},
        {"\033[C", KEYCODE_RIGHT},
        {"\033[H", KEYCODE_HOME},
        {"\033[1~", KEYCODE_HOME},
        {"\033[7~", KEYCODE_HOME},
        {"\033[4~", KEYCODE_END},
        {"\033[8~", KEYCODE_END},
        {"\033OF", KEYCODE_END},
        {"\033[5~", KEYCODE_PAGE_UP},
        {"\033[6~", KEYCODE_PAGE_DOWN},
        {"\033[3~", KEYCODE_DELETE},
        {"\033[Z", KEYCODE_BACK_TAB},
        {"\033OM", KEYCODE_ENTER},
        {"\033[1;1B", KEYCODE_DOWN},
        {"\233A", KEYCODE_UP},
        {"\r", KEYCODE_ENTER},
        {"\t", KEYCODE_TAB},
        {"\177", KEYCODE_BACKSPACE},
        {"x", 'x'},
        {"\xC3\xA9", 0xE9},
        {"\xE6\x97\xA5", 0x65E5},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_keys(cases[i].bytes, GAP_NONE, &cases[i].key, 1);
}

/* Reports, function keys, modifiers, other protocols: known by their form alone. */
static const char *const unknown[] = {
    "\033[I",
    "\033[O",
    "\033[51;1u",
    "\033[3;5~",
    "\033[1;5C",
    "\033[15~",
    "\033OP",
    "\033OR",
    "\033O5A",
    "\033[[A",
    "\033[24;80R",
    "\033[?64;1;2c",
    "\033[>0;276;0c",
    "\033[?2026;2$y",
    "\033[<0;5;8m",
    "\033[<35;5;8M",
    "\033[M!!!",
    "\033[<0;-5;-5M",
    "\033[200;5u",
    "\033]0;title\033q",
    "\033(B",
    "\033#8",
    "\033]11;rgb:0000/0000/0000\033\\",
    "\033]52;c;cQ==\a",
    "\033P1$r0m\033\\",
    "\033_Gi=1;OK\033\\",
    "\033^m\033\\",
    "\033Xm\033\\",
    "\23351;1u",
    "\2354;q\234",
    "\xC2\x9B",
    "\xFF\xFE",
    "\xC3",
    "\xE6\x97",
    "\033[99999999999999999999~",
    "\033[1;2;3;4;5;6;7;8;9~",
};

Test(terminal_input, swallows_what_it_does_not_know_whole)
{
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        expect_nothing(unknown[i], GAP_NONE);
}

/* The gap is not behind the ESC itself: alone it is a key. */
Test(terminal_input, waits_for_the_rest_of_a_sequence_as_long_as_it_takes)
{
    struct seen seen = {0};
    send(&seen, "\033", GAP_NONE);
    send(&seen, "[<0;12;2", 800);
    cr_expect_eq(seen.count, 0);
    send(&seen, "M", GAP_NONE);
    cr_assert_eq(seen.count, 1);
    cr_expect_eq(seen.events[0].kind, TERMINAL_CLICK);
    cr_expect_eq(seen.events[0].x, 11);
    cr_expect_eq(seen.events[0].y, 1);
}

Test(terminal_input, takes_a_lone_esc_for_the_key_after_a_short_wait)
{
    struct seen seen = {0};
    send(&seen, "\033", GAP_NONE);
    cr_expect_eq(seen.count, 0);
    cr_expect_eq(terminal_input_wait(&input, now), TERMINAL_INPUT_ESCAPE_MS);
    cr_expect_not(
        terminal_input_expire(&input, now + TERMINAL_INPUT_ESCAPE_MS - 1, &seen.events[0]));
    cr_expect(terminal_input_expire(&input, now + TERMINAL_INPUT_ESCAPE_MS, &seen.events[0]));
    cr_expect_eq(seen.events[0].key, KEYCODE_ESCAPE);
    cr_expect_eq(terminal_input_wait(&input, now), -1);
}

Test(terminal_input, gives_an_esc_that_another_follows_at_once)
{ expect_keys("\033\033[A", GAP_NONE, (uint32_t[]){KEYCODE_ESCAPE, KEYCODE_UP}, 2); }

/* So they come when the line, or the console, was slow: nothing that was typed is lost, and Alt
 * with a key cancels before it acts. */
Test(terminal_input, takes_an_esc_and_a_key_that_come_at_once_for_two_keys)
{
    static const struct {
        const char *bytes;
        uint32_t key;
    } cases[] = {{"\0331", '1'},
                 {"\033q", 'q'},
                 {"\033?", '?'},
                 {"\033\r", KEYCODE_ENTER},
                 {"\033\177", KEYCODE_BACKSPACE},
                 {"\033\xC3\xA9", 0xE9}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static const int64_t gaps[] = {GAP_NONE, TERMINAL_INPUT_ESCAPE_MS - 1, 200};
        for (size_t j = 0; j < sizeof gaps / sizeof *gaps; j++)
            expect_keys(cases[i].bytes, gaps[j], (uint32_t[]){KEYCODE_ESCAPE, cases[i].key}, 2);
    }
}

Test(terminal_input, holds_the_late_rest_of_a_sequence_together)
{
    static const char *const late[] = {"\033[I", "\033[51;1u", "\033[3;5~", "\033[<0;12;2m",
                                       "\033OR"};
    for (size_t i = 0; i < sizeof late / sizeof *late; i++) {
        static const int64_t gaps[] = {60, 300, 900};
        for (size_t j = 0; j < sizeof gaps / sizeof *gaps; j++)
            expect_keys(late[i], gaps[j], (uint32_t[]){KEYCODE_ESCAPE}, 1);
    }
    expect_keys("\033[B", 300, (uint32_t[]){KEYCODE_ESCAPE, KEYCODE_DOWN}, 2);
}

Test(terminal_input, gives_a_bracket_that_a_person_types_after_escape)
{
    struct seen seen = {0};
    send(&seen, "\033", 200);
    send(&seen, "[", TERMINAL_INPUT_HOLD_MS + 1);
    cr_assert_eq(seen.count, 2);
    cr_expect_eq(seen.events[1].key, '[');
    expect_keys("[", GAP_NONE, (uint32_t[]){'['}, 1);
}

Test(terminal_input, never_takes_what_is_pasted_for_keys)
{
    struct seen seen = {0};
    send(&seen, "\033[200~", GAP_NONE);
    send(&seen, "q\ns\033[A\033m\x03\xC3\xA9\033[<0;1;1M\033[201~", 300);
    cr_assert_eq(seen.count, 4, "%d events", seen.count);
    static const uint32_t characters[] = {'q', ' ', 's', 0xE9};
    for (int i = 0; i < seen.count; i++) {
        cr_expect_eq(seen.events[i].kind, TERMINAL_PASTE);
        cr_expect_eq(seen.events[i].key, characters[i]);
    }
    expect_keys("q", GAP_NONE, (uint32_t[]){'q'}, 1);
}

Test(terminal_input, gives_up_a_paste_and_a_string_that_nobody_ends)
{
    struct seen seen = {0};
    send(&seen, "\033[200~x", TERMINAL_INPUT_PASTE_MS + 1);
    expect_keys("q", GAP_NONE, (uint32_t[]){'q'}, 1);
    send(&seen, "\033]", TERMINAL_INPUT_STRING_MS + 1);
    expect_keys("q", GAP_NONE, (uint32_t[]){'q'}, 1);
}

Test(terminal_input, reads_mouse_reports_of_both_forms)
{
    static const struct {
        const char *bytes;
        enum terminal_event_kind kind;
    } cases[] = {
        {"\033[<0;5;8M", TERMINAL_CLICK},       {"\033[M %(", TERMINAL_CLICK},
        {"\033[<64;5;8M", TERMINAL_WHEEL_UP},   {"\033[M`%(", TERMINAL_WHEEL_UP},
        {"\033[<65;5;8M", TERMINAL_WHEEL_DOWN}, {"\033[Ma%(", TERMINAL_WHEEL_DOWN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct seen seen = {0};
        send(&seen, cases[i].bytes, GAP_NONE);
        cr_assert_eq(seen.count, 1, "%s", cases[i].bytes + 1);
        cr_expect_eq(seen.events[0].kind, cases[i].kind);
        cr_expect_eq(seen.events[0].x, 4);
        cr_expect_eq(seen.events[0].y, 7);
    }
}
