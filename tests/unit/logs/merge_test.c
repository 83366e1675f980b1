/* Several logs as one: compared with all their lines sorted by arrival, log and place. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/memory.h"
#include "logs/merge.h"
#include "logs/times.h"
#include "support.h"

#define NOON INT64_C(1767600000000)

enum { LOGS = 4, LINES = 900 };

struct line {
    size_t part;
    uint64_t offset;
    int64_t arrival;
};

struct world {
    char *directory, *paths[LOGS];
    struct text_buffer logs[LOGS];
    struct line lines[LINES];
    size_t count;
};

static uint64_t roll(uint64_t *random, uint64_t below) {
    *random = *random * 6364136223846793005U + 1442695040888963407U;
    return (*random >> 33) % below;
}

static int by_arrival(const void *left, const void *right) {
    const struct line *a = left, *b = right;
    if (a->arrival != b->arrival)
        return a->arrival < b->arrival ? -1 : 1;
    if (a->part != b->part)
        return a->part < b->part ? -1 : 1;
    return (a->offset > b->offset) - (a->offset < b->offset);
}

/* Lines that arrive in gusts: several logs in the same millisecond, several lines at once. */
static void fill(struct world *world, uint64_t random) {
    struct log_times_writer *writers[LOGS];
    *world = (struct world){.directory = support_directory()};
    for (size_t i = 0; i < LOGS; i++) {
        char *name = memory_format("%zu.log", i);
        world->paths[i] = file_join(world->directory, name);
        free(name);
        writers[i] = log_times_writer_new(world->paths[i]);
    }
    for (int64_t second = 1; world->count < LINES; second++) {
        size_t part = (size_t)roll(&random, LOGS);
        int64_t at = second / 3 * 2;
        for (uint64_t i = roll(&random, 9) + 1; i > 0 && world->count < LINES; i--) {
            world->lines[world->count++] =
                (struct line){part, world->logs[part].size, NOON + at * 1000};
            text_buffer_format(&world->logs[part], "line %zu of %zu%*s\n", world->count, part,
                               (int)roll(&random, 40), "");
        }
        log_times_note(writers[part], world->logs[part].size, NOON + at * 1000,
                       second * INT64_C(1000000000));
    }
    for (size_t i = 0; i < LOGS; i++) {
        log_times_writer_free(writers[i]);
        support_write(world->paths[i], (struct text){world->logs[i].data, world->logs[i].size},
                      "wb");
    }
    qsort(world->lines, world->count, sizeof *world->lines, by_arrival);
}

static void clear(struct world *world) {
    cr_expect(file_remove_tree(world->directory, NULL));
    free(world->directory);
    for (size_t i = 0; i < LOGS; i++) {
        free(world->paths[i]);
        text_buffer_free(&world->logs[i]);
    }
}

static struct log_merge *open_all(const struct world *world) {
    struct error error = {0};
    struct log_merge *merge = log_merge_open((const char *const *)world->paths, LOGS, &error);
    cr_assert_not_null(merge, "%s", error.text);
    return merge;
}

static bool is(struct log_merge_place place, const struct line *line) {
    return place.part == line->part && place.offset == line->offset;
}

Test(merge, lines_come_in_the_order_of_their_arrival_both_ways)
{
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct world world;
        fill(&world, seed);
        struct log_merge *merge = open_all(&world);
        struct log_merge_place place = {0};
        cr_assert(log_merge_first(merge, &place));
        for (size_t i = 0; i < LINES; i++) {
            cr_assert(is(place, &world.lines[i]), "line %zu", i);
            cr_assert_eq(log_merge_arrival(merge, place), world.lines[i].arrival);
            cr_assert_eq(log_merge_next(merge, &place), i + 1 < LINES);
        }
        cr_assert(log_merge_last(merge, &place));
        for (size_t i = LINES; i-- > 0;) {
            cr_assert(is(place, &world.lines[i]), "line %zu", i);
            cr_assert_eq(log_merge_previous(merge, &place), i > 0);
        }
        log_merge_free(merge);
        clear(&world);
    }
}

Test(merge, any_line_leads_to_its_neighbours)
{
    struct world world;
    fill(&world, 5);
    struct log_merge *merge = open_all(&world);
    uint64_t random = 11;
    for (int i = 0; i < 500; i++) {
        size_t at = (size_t)roll(&random, LINES - 2) + 1;
        struct log_merge_place place = {world.lines[at].part, world.lines[at].offset};
        struct log_merge_place other = place;
        cr_assert(log_merge_next(merge, &other) && is(other, &world.lines[at + 1]));
        cr_assert(log_merge_compare(merge, place, other) < 0);
        cr_assert(log_merge_previous(merge, &place) && is(place, &world.lines[at - 1]));
    }
    log_merge_free(merge);
    clear(&world);
}

Test(merge, a_time_leads_to_the_first_line_of_then_or_after)
{
    struct world world;
    fill(&world, 7);
    struct log_merge *merge = open_all(&world);
    int64_t last = world.lines[LINES - 1].arrival;
    for (int64_t at = NOON - 1000; at <= last + 1000; at += 700) {
        size_t expected = 0;
        while (expected < LINES - 1 && world.lines[expected].arrival < at)
            expected++;
        struct log_merge_place place;
        cr_assert(log_merge_at(merge, at, &place));
        cr_assert(is(place, &world.lines[expected]), "%lld", (long long)(at - NOON));
    }
    log_merge_free(merge);
    clear(&world);
}

Test(merge, what_nobody_noted_came_at_the_latest_when_the_file_was_written)
{
    struct world world;
    fill(&world, 9);
    support_write(world.paths[2], TEXT("not noted yet\n"), "ab");
    struct log_merge *merge = open_all(&world);
    struct log_merge_place place = {0};
    cr_assert(log_merge_last(merge, &place));
    cr_expect(place.part == 2 && place.offset == world.logs[2].size);
    cr_assert(log_merge_previous(merge, &place));
    cr_expect(is(place, &world.lines[LINES - 1]));
    log_merge_free(merge);
    clear(&world);
}

Test(merge, garbled_notes_lose_the_order_but_no_line)
{
    struct world world;
    fill(&world, 13);
    char *notes = log_times_path(world.paths[1]);
    struct text_buffer bytes = {0};
    cr_assert(file_read(notes, 1 << 20, &bytes, NULL));
    for (size_t i = bytes.size / 2 / LOG_TIMES_RECORD * LOG_TIMES_RECORD; i < bytes.size / 2 + 64;
         i++)
        bytes.data[i] = (char)(bytes.data[i] ^ 0x5A);
    support_write(notes, (struct text){bytes.data, bytes.size}, "wb");
    struct log_merge *merge = open_all(&world);
    struct log_merge_place place = {0};
    size_t seen = 0;
    bool more = log_merge_first(merge, &place);
    for (; more && seen <= 2 * LINES; more = log_merge_next(merge, &place))
        seen++;
    cr_expect_geq(seen, LINES * 3 / 4);
    cr_expect_leq(seen, 2 * LINES, "it comes to an end");
    log_merge_free(merge);
    text_buffer_free(&bytes);
    free(notes);
    clear(&world);
}

Test(merge, a_log_that_comes_later_is_found)
{
    char *directory = support_directory();
    char *paths[] = {file_join(directory, "a.log"), file_join(directory, "b.log")};
    struct error error = {0};
    struct log_merge *merge = log_merge_open((const char *const *)paths, 2, &error);
    struct log_merge_place place = {0};
    cr_expect_not(log_merge_last(merge, &place));
    cr_expect_null(log_merge_index(merge, 1));
    support_write(paths[1], TEXT("here\n"), "wb");
    cr_expect_eq(log_merge_refresh(merge), LOG_INDEX_GREW);
    cr_expect(log_merge_last(merge, &place) && place.part == 1);
    cr_expect_eq(log_merge_size(merge), 5);
    cr_expect_null(log_merge_open((const char *const *)paths, 1, &error));
    cr_expect_eq(error.code, EXIT_NO_INPUT);
    log_merge_free(merge);
    cr_expect(file_remove_tree(directory, NULL));
    free(paths[0]);
    free(paths[1]);
    free(directory);
}
