/* Arrival times: what was noted is found again, and what was not is never made up. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"
#include "logs/times.h"
#include "support.h"

#define SECOND INT64_C(1000000000)
#define NOON   INT64_C(1767600000000)

struct place {
    char *directory, *log, *notes;
};

static struct place place_new(void) {
    struct place place = {.directory = support_directory()};
    place.log = file_join(place.directory, "out.log");
    place.notes = file_join(place.directory, "out.times");
    return place;
}

static void place_free(struct place *place) {
    cr_expect(file_remove_tree(place->directory, NULL));
    free(place->directory);
    free(place->log);
    free(place->notes);
}

/* 100 bytes a minute, ten times. */
static void note_ten(const struct place *place) {
    struct log_times_writer *writer = log_times_writer_new(place->log);
    for (int64_t i = 1; i <= 10; i++)
        log_times_note(writer, (uint64_t)i * 100, NOON + i * 60000, i * 60 * SECOND);
    log_times_writer_free(writer);
}

static off_t size_of(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 ? status.st_size : -1;
}

Test(times, every_byte_is_found_with_those_that_came_with_it)
{
    struct place place = place_new();
    note_ten(&place);
    struct log_times *times = log_times_open(place.log);
    for (uint64_t offset = 0; offset < 1000; offset++) {
        struct log_times_span span;
        cr_assert(log_times_find(times, offset, &span));
        cr_assert_eq(span.wall_ms, NOON + (int64_t)(offset / 100 + 1) * 60000);
        cr_assert_eq(span.from, offset / 100 * 100);
        cr_assert_eq(span.to, span.from + 100);
    }
    struct log_times_span span;
    cr_expect_not(log_times_find(times, 1000, &span), "it had not arrived");
    cr_expect(log_times_last(times, &span) && span.to == 1000);
    log_times_free(times);
    place_free(&place);
}

Test(times, a_time_leads_to_the_bytes_that_came_then_or_after)
{
    struct place place = place_new();
    note_ten(&place);
    struct log_times *times = log_times_open(place.log);
    static const struct {
        int64_t after_noon;
        uint64_t offset;
    } cases[] = {{-1, 0},       {0, 0},        {60000, 0},    {60001, 100},
                 {120000, 100}, {599000, 900}, {600000, 900}, {600001, 1000}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t offset = 1;
        cr_assert(log_times_offset(times, NOON + cases[i].after_noon, &offset));
        cr_expect_eq(offset, cases[i].offset, "%lld", (long long)cases[i].after_noon);
    }
    log_times_free(times);
    place_free(&place);
}

Test(times, at_most_one_record_a_second_and_none_without_bytes)
{
    struct place place = place_new();
    struct log_times_writer *writer = log_times_writer_new(place.log);
    cr_expect_eq(size_of(place.notes), -1, "there is nothing to say yet");
    for (int64_t i = 1; i <= 100; i++) /* ten a second, for ten seconds */
        log_times_note(writer, (uint64_t)i, NOON + i * 100, SECOND + i * SECOND / 10);
    cr_expect_leq(size_of(place.notes), 11 * LOG_TIMES_RECORD);
    cr_expect_geq(size_of(place.notes), 9 * LOG_TIMES_RECORD);
    off_t before = size_of(place.notes);
    for (int64_t i = 0; i < 100; i++)
        log_times_note(writer, 100, NOON + 60000 + i * 1000, (60 + i) * SECOND);
    log_times_flush(writer, 200 * SECOND);
    cr_expect_leq(size_of(place.notes), before + LOG_TIMES_RECORD);
    cr_expect_not(log_times_pending(writer));
    log_times_writer_free(writer);
    struct log_times *times = log_times_open(place.log);
    struct log_times_span span;
    cr_assert(log_times_find(times, 99, &span));
    cr_expect_eq(span.wall_ms, NOON + 10000, "when it came, not when it was written down");
    log_times_free(times);
    struct stat status;
    cr_expect(stat(place.notes, &status) == 0 && (status.st_mode & 0777) == 0600);
    place_free(&place);
}

Test(times, another_follower_goes_on_behind_the_last_whole_record)
{
    struct place place = place_new();
    note_ten(&place);
    support_write(place.notes, TEXT("torn"), "ab");
    struct log_times_writer *writer = log_times_writer_new(place.log);
    log_times_note(writer, 1000, NOON + 900000, SECOND);
    log_times_note(writer, 1100, NOON - 5000, 2 * SECOND); /* the clock was set back */
    log_times_writer_free(writer);
    cr_expect_eq(size_of(place.notes), 11 * LOG_TIMES_RECORD);
    struct log_times *times = log_times_open(place.log);
    struct log_times_span span;
    cr_expect(log_times_find(times, 1050, &span) && span.wall_ms == NOON + 600000);
    log_times_free(times);
    place_free(&place);
}

Test(times, a_log_that_began_anew_has_its_times_anew)
{
    struct place place = place_new();
    note_ten(&place);
    struct log_times_writer *writer = log_times_writer_new(place.log);
    log_times_note(writer, 40, NOON + 900000, SECOND);
    log_times_writer_free(writer);
    struct log_times *times = log_times_open(place.log);
    struct log_times_span span;
    cr_expect(log_times_find(times, 0, &span) && span.to == 40 && span.wall_ms == NOON + 900000);
    cr_expect_not(log_times_find(times, 40, &span));
    log_times_free(times);
    place_free(&place);
}

Test(times, nothing_is_known_where_nothing_was_noted)
{
    struct place place = place_new();
    struct log_times *times = log_times_open(place.log);
    struct log_times_span span;
    uint64_t offset;
    cr_expect_not(log_times_find(times, 0, &span));
    cr_expect_not(log_times_last(times, &span));
    cr_expect_not(log_times_offset(times, NOON, &offset));
    note_ten(&place); /* they are found once they are there */
    log_times_refresh(times);
    cr_expect(log_times_find(times, 0, &span));
    log_times_free(times);
    place_free(&place);
}

Test(times, a_garbled_file_says_nothing_false)
{
    struct place place = place_new();
    struct text_buffer bytes = {0};
    uint64_t random = 7;
    for (int i = 0; i < 4000; i++) {
        random = random * 6364136223846793005U + 1442695040888963407U;
        char byte = (char)(random >> 40);
        text_buffer_put(&bytes, &byte, 1);
    }
    support_write(place.notes, (struct text){bytes.data, bytes.size}, "wb");
    struct log_times *times = log_times_open(place.log);
    size_t answers = 0;
    for (uint64_t offset = 0; offset < 1000; offset++) {
        struct log_times_span span;
        uint64_t at;
        if (log_times_find(times, offset, &span)) {
            cr_assert(span.from <= offset && offset < span.to && span.wall_ms > 0);
            answers++;
        }
        (void)log_times_offset(times, NOON + (int64_t)offset, &at);
    }
    cr_expect_eq(answers, 0);
    log_times_free(times);
    text_buffer_free(&bytes);
    place_free(&place);
}

Test(times, a_log_where_nothing_can_be_written_is_followed_all_the_same)
{
    struct log_times_writer *writer = log_times_writer_new("/nonexistent/out.log");
    log_times_note(writer, 10, NOON, SECOND);
    log_times_note(writer, 20, NOON, 3 * SECOND);
    cr_expect_not(log_times_pending(writer));
    log_times_writer_free(writer);
    char *path = log_times_path("/runs/r-1/other");
    cr_expect_str_eq(path, "/runs/r-1/other.times");
    free(path);
}
