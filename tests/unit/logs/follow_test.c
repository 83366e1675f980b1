/* Follow and watch: every byte once, whatever happens to the file. */
#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "logs/follow.h"
#include "logs/watch.h"
#include "support.h"

static char *directory;
static char *path;

static void set_up(void) {
    directory = support_directory();
    path = file_join(directory, "run.log");
}

static void tear_down(void) {
    struct error error = {0};
    cr_assert(file_remove_tree(directory, &error), "%s", error.text);
    free(directory);
    free(path);
}

TestSuite(follow, .init = set_up, .fini = tear_down);
TestSuite(watch, .init = set_up, .fini = tear_down);

static enum log_follow_status fill(struct log_follow *follow) {
    struct error error = {0};
    enum log_follow_status status = log_follow_fill(follow, 1 << 16, &error);
    cr_assert_neq(status, LOG_FOLLOW_FAILED, "%s", error.text);
    return status;
}

static void expect_line(struct log_follow *follow, const char *text, uint64_t offset) {
    struct log_line line;
    cr_assert(log_follow_line(follow, &line), "no line; expected %s", text);
    cr_expect(text_is(line.text, text), "%.*s instead of %s", (int)line.text.size, line.text.data,
              text);
    cr_expect_eq(line.offset, offset, "%s", text);
}

Test(follow, waits_for_a_file_and_for_its_newlines)
{
    struct log_line line;
    struct log_follow *follow = log_follow_new(path, NULL);
    cr_expect_eq(fill(follow), LOG_FOLLOW_MISSING);
    support_write(path, TEXT("one\ntw"), "w");
    cr_expect_eq(fill(follow), LOG_FOLLOW_NEW);
    expect_line(follow, "one", 0);
    cr_expect_not(log_follow_line(follow, &line));
    cr_expect_eq(log_follow_behind(follow), 2);
    cr_expect_eq(fill(follow), LOG_FOLLOW_IDLE);
    support_write(path, TEXT("o\n\n"), "a");
    cr_expect_eq(fill(follow), LOG_FOLLOW_NEW);
    expect_line(follow, "two", 4);
    expect_line(follow, "", 8);
    support_write(path, TEXT("end"), "a");
    cr_expect_eq(fill(follow), LOG_FOLLOW_NEW);
    cr_expect(log_follow_rest(follow, &line) && text_is(line.text, "end"));
    cr_expect_not(log_follow_rest(follow, &line));
    cr_expect_eq(log_follow_place(follow).offset, 12);
    log_follow_free(follow);
}

Test(follow, notices_truncation)
{
    struct log_follow *follow = log_follow_new(path, NULL);
    support_write(path, TEXT("one\ntwo\n"), "w");
    fill(follow);
    expect_line(follow, "one", 0);
    expect_line(follow, "two", 4);
    support_write(path, TEXT("new\n"), "w");
    cr_expect_eq(fill(follow), LOG_FOLLOW_TRUNCATED);
    cr_expect_eq(fill(follow), LOG_FOLLOW_NEW);
    expect_line(follow, "new", 0);
    log_follow_free(follow);
}

Test(follow, reads_a_replaced_file_to_its_end_first)
{
    char *old = file_join(directory, "old.log");
    struct log_follow *follow = log_follow_new(path, NULL);
    support_write(path, TEXT("one\n"), "w");
    fill(follow);
    expect_line(follow, "one", 0);
    support_write(path, TEXT("two\nunfinished"), "a");
    cr_assert_eq(rename(path, old), 0);
    cr_expect_eq(fill(follow), LOG_FOLLOW_NEW);
    cr_expect_eq(fill(follow), LOG_FOLLOW_IDLE, "nothing has the name yet");
    support_write(path, TEXT("new\n"), "w");
    expect_line(follow, "two", 4);
    cr_expect_eq(fill(follow), LOG_FOLLOW_NEW);
    expect_line(follow, "unfinished", 8);
    cr_expect_eq(fill(follow), LOG_FOLLOW_REPLACED);
    cr_expect_eq(fill(follow), LOG_FOLLOW_NEW);
    expect_line(follow, "new", 0);
    log_follow_free(follow);
    free(old);
}

Test(follow, goes_on_from_a_place)
{
    support_write(path, TEXT("one\ntwo\nthr"), "w");
    struct log_follow *follow = log_follow_new(path, NULL);
    fill(follow);
    expect_line(follow, "one", 0);
    struct log_place place = log_follow_place(follow);
    log_follow_free(follow);
    follow = log_follow_new(path, &place);
    cr_expect_eq(log_follow_place(follow).offset, 4);
    cr_expect_eq(fill(follow), LOG_FOLLOW_NEW);
    expect_line(follow, "two", 4);
    log_follow_free(follow);
    place.inode++;
    follow = log_follow_new(path, &place);
    cr_expect_eq(fill(follow), LOG_FOLLOW_REPLACED);
    cr_expect_eq(fill(follow), LOG_FOLLOW_NEW);
    expect_line(follow, "one", 0);
    log_follow_free(follow);
    place.inode--;
    place.offset = 1000;
    follow = log_follow_new(path, &place);
    cr_expect_eq(fill(follow), LOG_FOLLOW_TRUNCATED);
    log_follow_free(follow);
}

Test(follow, cuts_a_line_beyond_measure_and_passes_over_its_rest)
{
    struct text_buffer content = {0};
    char block[1024];
    memset(block, 'x', sizeof block);
    for (int i = 0; i < 3 * LOG_LINE_MAX / (int)sizeof block; i++) {
        text_buffer_put(&content, block, sizeof block);
    }
    text_buffer_add(&content, "\nnext\n");
    support_write(path, (struct text){content.data, content.size}, "w");
    struct log_follow *follow = log_follow_new(path, NULL);
    struct log_line line = {0};
    size_t lines = 0;
    while (fill(follow) == LOG_FOLLOW_NEW) {
        while (log_follow_line(follow, &line)) {
            cr_expect_eq(line.cut, lines == 0);
            cr_expect_eq(line.text.size, lines == 0 ? LOG_LINE_MAX : 4);
            if (lines++ == 0) { /* a restart in the middle of it */
                struct log_place place = log_follow_place(follow);
                log_follow_free(follow);
                follow = log_follow_new(path, &place);
            }
        }
    }
    cr_expect_eq(lines, 2);
    log_follow_free(follow);
    text_buffer_free(&content);
}

Test(follow, refuses_what_is_not_a_file)
{
    struct error error = {0};
    struct log_follow *follow = log_follow_new(directory, NULL);
    cr_expect_eq(log_follow_fill(follow, 100, &error), LOG_FOLLOW_FAILED);
    cr_expect_not_null(strstr(error.text, directory));
    log_follow_free(follow);
}

static uint64_t next_random(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Notes a line that was handed out: it stands in the file where it says, behind the one before. */
static void note_line(struct text_buffer *seen, const struct text_buffer *written, uint64_t *end,
                      const struct log_line *line) {
    cr_assert_geq(line->offset, *end);
    cr_assert_leq(line->offset + line->text.size, written->size);
    cr_assert(line->text.size == 0 ||
              memcmp(written->data + line->offset, line->text.data, line->text.size) == 0);
    text_buffer_put(seen, line->text.data, line->text.size);
    *end = line->offset + line->text.size;
}

/* Without what ends lines, and zeros, which may be passed over at the head of one. */
static struct text without_ends(struct text_buffer *bytes) {
    size_t kept = 0;
    for (size_t i = 0; i < bytes->size; i++) {
        if (bytes->data[i] != '\n' && bytes->data[i] != '\r' && bytes->data[i] != '\0') {
            bytes->data[kept++] = bytes->data[i];
        }
    }
    return (struct text){bytes->data, kept};
}

Test(follow, hands_out_every_byte_once_however_it_is_written)
{
    uint64_t state = 99;
    for (int round = 0; round < 40; round++) {
        struct text_buffer written = {0};
        struct text_buffer seen = {0};
        struct log_line line;
        uint64_t end = 0;
        struct log_follow *follow = log_follow_new(path, NULL);
        support_write(path, TEXT(""), "w");
        for (int step = 0; step < 60; step++) {
            char chunk[300];
            size_t size = next_random(&state) % sizeof chunk;
            for (size_t i = 0; i < size; i++) {
                uint64_t choice = next_random(&state);
                chunk[i] = (char)(choice % 9 == 0    ? '\n'
                                  : choice % 13 == 0 ? '\r'
                                                     : choice >> 8 & 0x7F);
            }
            support_write(path, (struct text){chunk, size}, "a");
            text_buffer_put(&written, chunk, size);
            (void)log_follow_fill(follow, next_random(&state) % 400, NULL);
            while (next_random(&state) % 8 != 0 && log_follow_line(follow, &line)) {
                note_line(&seen, &written, &end, &line);
            }
            if (next_random(&state) % 5 == 0) {
                struct log_place place = log_follow_place(follow);
                cr_assert_geq(place.offset, end);
                log_follow_free(follow);
                follow = log_follow_new(path, &place);
            }
        }
        while (log_follow_fill(follow, 1 << 16, NULL) == LOG_FOLLOW_NEW) {
        }
        while (log_follow_line(follow, &line)) {
            note_line(&seen, &written, &end, &line);
        }
        if (log_follow_rest(follow, &line)) {
            note_line(&seen, &written, &end, &line);
        }
        struct text all = without_ends(&written);
        struct text got = without_ends(&seen);
        cr_assert_eq(got.size, all.size);
        cr_assert(all.size == 0 || memcmp(got.data, all.data, all.size) == 0);
        log_follow_free(follow);
        text_buffer_free(&seen);
        text_buffer_free(&written);
    }
}

static bool took_line(struct log_follow *follow, const char *text, bool overwritten) {
    struct log_line line;
    return log_follow_line(follow, &line) && text_is(line.text, text) &&
           line.overwritten == overwritten;
}

Test(follow, ends_a_line_at_a_carriage_return_too)
{
    struct log_line line;
    struct log_follow *follow = log_follow_new(path, NULL);
    support_write(path, TEXT("dos\r\n\r 10%|#  | 1/10\r   \rERROR:a:b\n\r 20%|## | 2/10"), "w");
    fill(follow);
    cr_expect(took_line(follow, "dos", false), "a newline of two bytes is one");
    cr_expect(took_line(follow, "", true));
    cr_expect(took_line(follow, " 10%|#  | 1/10", true));
    cr_expect(took_line(follow, "   ", true));
    cr_expect(took_line(follow, "ERROR:a:b", false), "what stands behind a bar is a line");
    cr_expect(took_line(follow, "", true));
    cr_expect_not(log_follow_line(follow, &line));
    cr_assert(log_follow_peek(follow, &line), "the newest state can be looked at");
    cr_expect(text_is(line.text, " 20%|## | 2/10"));
    support_write(path, TEXT("\r"), "a");
    fill(follow);
    cr_expect_not(log_follow_line(follow, &line), "it may be half a newline");
    cr_expect(log_follow_peek(follow, &line) && text_is(line.text, " 20%|## | 2/10"));
    support_write(path, TEXT("\n"), "a");
    fill(follow);
    cr_expect(took_line(follow, " 20%|## | 2/10", false));
    cr_expect_not(log_follow_peek(follow, &line));
    log_follow_free(follow);
}

Test(follow, reads_on_in_a_file_that_lost_its_name)
{
    char *other = file_join(directory, "run.log.1");
    char name[LOG_FOLLOW_NAME];
    struct log_follow *follow = log_follow_new(path, NULL);
    support_write(path, TEXT("one\n"), "w");
    fill(follow);
    expect_line(follow, "one", 0);
    cr_expect_eq(fill(follow), LOG_FOLLOW_IDLE);
    cr_expect_not(log_follow_moved(follow, name));
    cr_assert_eq(rename(path, other), 0);
    cr_expect_eq(fill(follow), LOG_FOLLOW_IDLE);
    cr_assert(log_follow_moved(follow, name));
    cr_expect_str_eq(name, other);
    support_write(other, TEXT("two\n"), "a");
    cr_expect_eq(fill(follow), LOG_FOLLOW_NEW);
    expect_line(follow, "two", 4);
    cr_assert_eq(unlink(other), 0);
    cr_expect_eq(fill(follow), LOG_FOLLOW_IDLE);
    cr_assert(log_follow_moved(follow, name));
    cr_expect_str_empty(name, "it was removed");
    log_follow_free(follow);
    free(other);
}

/* This process has a file as its standard output, which another file then takes the name of. */
Test(follow, means_the_file_that_its_writer_has_open)
{
    char *other = file_join(directory, "run.log.1");
    cr_assert_not_null(freopen(path, "a", stdout));
    cr_assert(printf("one\n") == 4 && fflush(stdout) == 0);
    struct log_follow *follow = log_follow_new(path, NULL);
    log_follow_writer(follow, getpid());
    fill(follow);
    expect_line(follow, "one", 0);
    cr_assert_eq(rename(path, other), 0);
    support_write(path, TEXT("other\n"), "w");
    cr_expect_eq(fill(follow), LOG_FOLLOW_IDLE, "nobody writes the new file");
    cr_assert(printf("two\n") == 4 && fflush(stdout) == 0);
    fill(follow);
    expect_line(follow, "two", 4);
    log_follow_free(follow);
    cr_assert_eq(unlink(path), 0);
    follow = log_follow_new(path, NULL);
    cr_expect_eq(fill(follow), LOG_FOLLOW_MISSING);
    log_follow_writer(follow, getpid());
    cr_expect_eq(fill(follow), LOG_FOLLOW_NEW, "the name is gone, the writer has it open");
    expect_line(follow, "one", 0);
    log_follow_writer(follow, 0);
    log_follow_free(follow);
    free(other);
}

/* What a program that does not append leaves when its log is truncated below it. */
Test(follow, passes_over_what_was_never_written)
{
    struct log_line line;
    struct log_follow *follow = log_follow_new(path, NULL);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    cr_assert_eq(fseek(file, 3 * LOG_LINE_MAX + 17, SEEK_SET), 0);
    cr_assert_geq(fputs("ERROR:a:b\n", file), 0);
    cr_assert_eq(fclose(file), 0);
    cr_expect_eq(fill(follow), LOG_FOLLOW_NEW);
    cr_assert(log_follow_line(follow, &line));
    cr_expect(text_is(line.text, "ERROR:a:b"));
    cr_expect_not(line.cut);
    log_follow_free(follow);
}

Test(follow, and_progress_go_on_from_a_stored_offset)
{
    struct text_buffer content = support_fixture("pgs-sequential");
    struct log_classifier *classifier = support_classifier();
    struct log_progress *whole = log_progress_new();
    struct log_progress *parts = log_progress_new();
    struct log_place place = {0};
    struct log_line line;
    support_feed(whole, classifier, (struct text){content.data, content.size}, 0);
    support_write(path, TEXT(""), "w");
    for (size_t at = 0; at < content.size; at += 97) {
        size_t size = content.size - at < 97 ? content.size - at : 97;
        support_write(path, (struct text){content.data + at, size}, "a");
        struct log_follow *follow = log_follow_new(path, &place);
        fill(follow);
        while (log_follow_line(follow, &line)) {
            log_progress_feed(parts, classifier, line.text, 0);
        }
        place = log_follow_place(follow);
        log_follow_free(follow);
        json_t *stored = log_progress_to_json(parts);
        log_progress_free(parts);
        parts = log_progress_from_json(stored, NULL);
        json_decref(stored);
    }
    json_t *a = log_progress_to_json(whole);
    json_t *b = log_progress_to_json(parts);
    cr_expect(json_equal(a, b));
    json_decref(a);
    json_decref(b);
    log_progress_free(whole);
    log_progress_free(parts);
    log_classifier_free(classifier);
    text_buffer_free(&content);
}

static bool is_readable(const struct log_watch *watch, int wait_ms) {
    struct pollfd poll_for = {.fd = log_watch_descriptor(watch), .events = POLLIN};
    return poll(&poll_for, 1, wait_ms) == 1;
}

static bool took(struct log_watch *watch, uint64_t token) {
    uint64_t tokens[4];
    return log_watch_read(watch, tokens, 4) == 1 && tokens[0] == token;
}

Test(watch, wakes_for_growth_birth_and_replacement)
{
    struct error error = {0};
    char *other = file_join(directory, "other.log");
    uint64_t tokens[4];
    struct log_watch *watch = log_watch_new(1000, false, &error);
    cr_assert_not_null(watch, "%s", error.text);
    if (log_watch_is_timed(watch)) {
        log_watch_free(watch);
        free(other);
        cr_skip("no inotify here");
    }
    cr_assert(log_watch_add(watch, path, 7, &error), "%s", error.text);
    cr_assert(log_watch_add(watch, other, 8, &error), "%s", error.text);
    cr_expect_eq(log_watch_read(watch, tokens, 4), 2, "whatever is new has to be looked at");
    cr_expect_not(is_readable(watch, 0));
    support_write(path, TEXT("one\n"), "w");
    cr_expect(is_readable(watch, 5000));
    cr_expect(took(watch, 7));
    support_write(path, TEXT("two\n"), "a");
    cr_expect(is_readable(watch, 5000) && took(watch, 7));
    cr_assert_eq(rename(path, other), 0);
    cr_expect(is_readable(watch, 5000));
    cr_expect_eq(log_watch_read(watch, tokens, 1), 1);
    cr_expect_eq(log_watch_read(watch, tokens, 1), 1, "the rest is kept for the next call");
    log_watch_remove(watch, 7);
    support_write(path, TEXT("x"), "w");
    cr_expect_eq(log_watch_read(watch, tokens, 4), 0);
    support_write(other, TEXT("x"), "a");
    cr_expect(is_readable(watch, 5000) && took(watch, 8));
    log_watch_free(watch);
    free(other);
}

Test(watch, moves_a_token_to_a_new_path)
{
    struct log_watch *watch = log_watch_new(1000, false, NULL);
    char *other = file_join(directory, "other.log");
    uint64_t tokens[4];
    cr_assert(log_watch_add(watch, path, 7, NULL));
    cr_assert(log_watch_add(watch, other, 7, NULL));
    cr_expect(took(watch, 7));
    support_write(other, TEXT("x"), "w");
    cr_expect(is_readable(watch, 5000));
    cr_expect(took(watch, 7));
    cr_expect_eq(log_watch_read(watch, tokens, 4), 0);
    log_watch_free(watch);
    free(other);
}

Test(watch, falls_back_to_a_timer)
{
    struct log_watch *watch = log_watch_new(5, true, NULL);
    cr_assert(log_watch_is_timed(watch));
    cr_assert(log_watch_add(watch, path, 7, NULL));
    cr_expect(took(watch, 7));
    cr_expect(is_readable(watch, 5000));
    cr_expect(took(watch, 7));
    log_watch_free(watch);
}

Test(watch, needs_the_directory)
{
    struct error error = {0};
    struct log_watch *watch = log_watch_new(1000, false, &error);
    cr_expect_not(log_watch_add(watch, "/nowhere/at/all.log", 1, &error));
    cr_expect_eq(error.code, EXIT_NO_INPUT);
    log_watch_free(watch);
}

Test(watch, sees_growth_through_a_link_and_under_another_name)
{
    struct error error = {0};
    char *below = file_join(directory, "elsewhere");
    char *target = file_join(below, "nohup.out");
    char *moved = file_join(below, "nohup.out.1");
    cr_assert(file_make_directory(below, &error), "%s", error.text);
    support_write(target, TEXT("one\n"), "w");
    cr_assert_eq(symlink(target, path), 0);
    struct log_watch *watch = log_watch_new(1000, false, &error);
    cr_assert_not_null(watch, "%s", error.text);
    cr_assert(log_watch_add(watch, path, 7, &error), "%s", error.text);
    cr_expect(took(watch, 7));
    support_write(target, TEXT("two\n"), "a");
    cr_expect(is_readable(watch, 5000) && took(watch, 7), "of what the link leads to");
    cr_assert_eq(rename(target, moved), 0);
    cr_expect(is_readable(watch, 5000) && took(watch, 7));
    support_write(moved, TEXT("three\n"), "a");
    cr_expect(is_readable(watch, 5000) && took(watch, 7), "of the file, whatever its name");
    support_write(target, TEXT("new\n"), "w");
    cr_expect(is_readable(watch, 5000) && took(watch, 7));
    support_write(target, TEXT("newer\n"), "a");
    cr_expect(is_readable(watch, 5000) && took(watch, 7), "of the file that took its name");
    log_watch_free(watch);
    free(below);
    free(target);
    free(moved);
}
