/* Index and search: any line of a file of any size, at once and with little memory. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "logs/index.h"
#include "logs/search.h"
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

TestSuite(index, .init = set_up, .fini = tear_down);
TestSuite(search, .init = set_up, .fini = tear_down);

static struct log_index *open_index(void) {
    struct error error = {0};
    struct log_index *index = log_index_open(path, &error);
    cr_assert_not_null(index, "%s", error.text);
    return index;
}

static struct log_index *open_with(const char *content) {
    support_write(path, text_of(content), "w");
    return open_index();
}

static struct log_regex *regex(const char *pattern) {
    struct error error = {0};
    struct log_regex *compiled = log_regex_new(text_of(pattern), &error);
    cr_assert_not_null(compiled, "%s", error.text);
    return compiled;
}

/* Lines of random lengths, some longer than a block; the starts of all of them. */
static uint64_t *write_lines(size_t count, bool last_newline, uint64_t *size) {
    struct text_buffer content = {0};
    uint64_t *starts = memory_new(count, sizeof *starts);
    uint64_t state = 5;
    char filler[1000];
    memset(filler, '.', sizeof filler);
    for (size_t i = 0; i < count; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        size_t length = i % 500 == 250 ? 200000 : (state >> 33) % 300;
        starts[i] = content.size;
        text_buffer_format(&content, "%zu%s", i, i % 7 == 0 ? " Seven" : "");
        for (; length > 0; length -= length < 1000 ? length : 1000) {
            text_buffer_put(&content, filler, length < 1000 ? length : 1000);
        }
        text_buffer_add(&content, i + 1 < count || last_newline ? "\n" : "");
    }
    support_write(path, (struct text){content.data, content.size}, "w");
    *size = content.size;
    text_buffer_free(&content);
    return starts;
}

Test(index, opens_an_empty_file)
{
    struct log_index *index = open_with("");
    uint64_t at = 0;
    cr_expect_not(log_index_step(index, 1000));
    cr_expect_eq(log_index_lines(index), 0);
    cr_expect_eq(log_index_line_start(index, 10), 0);
    cr_expect_not(log_index_next(index, 0, &at));
    cr_expect_not(log_index_previous(index, 0, &at));
    cr_expect_not(log_index_line_at(index, 0, &at));
    struct text_buffer line = {0};
    cr_expect_not(log_index_read(index, 0, 10, &line, NULL));
    text_buffer_free(&line);
    log_index_free(index);
}

Test(index, walks_both_ways_over_the_same_lines)
{
    enum { LINES = 3000 };
    uint64_t size = 0;
    for (int last_newline = 0; last_newline < 2; last_newline++) {
        uint64_t *starts = write_lines(LINES, last_newline == 1, &size);
        struct log_index *index = open_index();
        uint64_t at = 0;
        for (size_t i = 0; i + 1 < LINES; i++) {
            cr_assert(log_index_next(index, at, &at));
            cr_assert_eq(at, starts[i + 1], "line %zu", i);
        }
        cr_expect_not(log_index_next(index, at, &at));
        cr_expect_eq(log_index_line_start(index, size), starts[LINES - 1]);
        cr_expect_eq(log_index_line_start(index, size - 1), starts[LINES - 1]);
        at = starts[LINES - 1];
        for (size_t i = LINES - 1; i > 0; i--) {
            cr_assert(log_index_previous(index, at, &at));
            cr_assert_eq(at, starts[i - 1]);
            cr_assert_eq(log_index_line_start(index, starts[i] - 1), starts[i - 1]);
            cr_assert_eq(log_index_line_start(index, starts[i]), starts[i]);
        }
        cr_expect_not(log_index_previous(index, at, &at));
        cr_expect_eq(log_index_tail(index, 25), starts[LINES - 25]);
        cr_expect_eq(log_index_tail(index, (uint64_t)LINES * 2), 0);
        int64_t moved = 0;
        cr_expect_eq(log_index_move(index, 0, LINES, &moved), starts[LINES - 1]);
        cr_expect_eq(moved, LINES - 1);
        log_index_free(index);
        free(starts);
    }
}

Test(index, numbers_lines_in_slices)
{
    enum { LINES = 3000 };
    uint64_t size = 0;
    uint64_t *starts = write_lines(LINES, false, &size);
    struct log_index *index = open_index();
    uint64_t at = 0;
    uint64_t number = 0;
    cr_expect_not(log_index_line_at(index, 10, &at), "not numbered yet");
    cr_expect_not(log_index_number_of(index, 10, &number));
    size_t slices = 1;
    while (log_index_step(index, 10000)) {
        slices++;
    }
    cr_expect_gt(slices, 10);
    cr_expect_eq(log_index_numbered(index), size);
    (void)log_index_line_start(index, 0); /* another block is at hand now */
    cr_expect_eq(log_index_lines(index), LINES);
    for (size_t i = 0; i < LINES; i += 13) {
        cr_assert(log_index_line_at(index, i, &at));
        cr_assert_eq(at, starts[i]);
        cr_assert(log_index_number_of(index, starts[i] + 1, &number));
        cr_assert_eq(number, i);
    }
    cr_expect_not(log_index_line_at(index, LINES, &at));
    log_index_free(index);
    free(starts);
}

Test(index, reads_lines_up_to_a_limit)
{
    struct log_index *index = open_with("one\ntwo");
    struct text_buffer line = {0};
    bool cut = true;
    cr_expect(log_index_read(index, 0, 10, &line, &cut));
    cr_expect_str_eq(line.data, "one");
    cr_expect_not(cut);
    cr_expect(log_index_read(index, 4, 2, &line, &cut));
    cr_expect_str_eq(line.data, "tw");
    cr_expect(cut);
    cr_expect(log_index_read(index, 4, 3, &line, &cut) && !cut);
    text_buffer_free(&line);
    log_index_free(index);
}

Test(index, follows_growth_truncation_and_replacement)
{
    struct log_index *index = open_with("one\ntw");
    struct text_buffer line = {0};
    cr_expect_not(log_index_step(index, 1000));
    cr_expect_eq(log_index_lines(index), 2);
    cr_expect(log_index_read(index, 4, 10, &line, NULL));
    cr_expect_eq(log_index_refresh(index), LOG_INDEX_SAME);
    support_write(path, TEXT("o\nthree\n"), "a");
    cr_expect_eq(log_index_refresh(index), LOG_INDEX_GREW);
    cr_expect(log_index_read(index, 4, 10, &line, NULL));
    cr_expect_str_eq(line.data, "two");
    cr_expect_not(log_index_step(index, 1000));
    cr_expect_eq(log_index_lines(index), 3);
    support_write(path, TEXT("x\n"), "w");
    cr_expect_eq(log_index_refresh(index), LOG_INDEX_RESTARTED);
    cr_expect(log_index_read(index, 0, 10, &line, NULL));
    cr_expect_str_eq(line.data, "x");
    cr_assert_eq(unlink(path), 0);
    cr_expect_eq(log_index_refresh(index), LOG_INDEX_GONE);
    support_write(path, TEXT("longer than before\n"), "w");
    cr_expect_eq(log_index_refresh(index), LOG_INDEX_RESTARTED);
    text_buffer_free(&line);
    log_index_free(index);
}

Test(index, opens_10_gigabytes_at_their_end)
{
    static const uint64_t size = UINT64_C(10) << 30;
    int descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    cr_assert_geq(descriptor, 0);
    if (ftruncate(descriptor, (off_t)size) != 0) {
        close(descriptor);
        cr_skip("no sparse files of 10 GB here");
    }
    static const char tail[] = "\nlast but one\nlast\n";
    cr_assert_eq(pwrite(descriptor, tail, sizeof tail - 1, (off_t)(size - (sizeof tail - 1))),
                 (ssize_t)sizeof tail - 1);
    close(descriptor);
    struct log_index *index = open_index();
    struct text_buffer line = {0};
    uint64_t at = log_index_tail(index, 2);
    cr_expect(log_index_read(index, at, 100, &line, NULL));
    cr_expect_str_eq(line.data, "last but one");
    /* What is before has no newline for 10 GB: it is met in pieces, each step bounded. */
    cr_expect(log_index_previous(index, at, &at));
    cr_expect_geq(at, size - sizeof tail - LOG_INDEX_LINE_MAX);
    text_buffer_free(&line);
    log_index_free(index);
}

static void expect_found(struct log_search *search, struct log_index *index, const char *lines) {
    struct text rest = text_of(lines);
    struct text_buffer line = {0};
    uint64_t at = 0;
    enum log_search_status status = LOG_SEARCH_MORE;
    while ((status = log_search_step(search, 1000, &at)) != LOG_SEARCH_END) {
        if (status == LOG_SEARCH_FOUND) {
            struct text expected = text_cut(&rest, ' ');
            cr_assert(log_index_read(index, at, 100, &line, NULL));
            cr_expect(text_equal(expected, (struct text){line.data, line.size}), "%s in %s",
                      line.data, lines);
        }
    }
    cr_expect_eq(rest.size, 0, "not found: %.*s", (int)rest.size, rest.data);
    text_buffer_free(&line);
    log_search_free(search);
}

Test(search, goes_forward_backward_and_by_what_does_not_match)
{
    struct log_index *index = open_with("Alpha\nbeta\nalpha2\n\ngamma\nxalpha");
    struct log_regex *small = regex("alpha");
    struct log_regex *capital = regex("Alpha");
    struct log_regex *anchored = regex("^a.*[0-9]?$");
    expect_found(log_search_new(index, small, 0, false, false), index, "Alpha alpha2 xalpha");
    expect_found(log_search_new(index, small, 7, false, false), index, "alpha2 xalpha");
    expect_found(log_search_new(index, capital, 0, false, false), index, "Alpha");
    expect_found(log_search_new(index, anchored, 0, false, false), index, "Alpha alpha2");
    expect_found(log_search_new(index, small, 1000, true, false), index, "xalpha alpha2 Alpha");
    expect_found(log_search_new(index, small, 13, true, false), index, "Alpha");
    expect_found(log_search_new(index, small, 0, false, true), index, "beta  gamma");
    expect_found(log_search_new(index, small, 1000, true, true), index, "gamma  beta");
    log_regex_free(small);
    log_regex_free(capital);
    log_regex_free(anchored);
    log_index_free(index);
}

Test(search, finds_the_same_lines_as_a_plain_walk)
{
    enum { LINES = 3000 };
    static const char *const patterns[] = {"seven", "Seven", "[13579]($| )", "[0-9] S", "199"};
    uint64_t size = 0;
    uint64_t *starts = write_lines(LINES, false, &size);
    struct log_index *index = open_index();
    struct text_buffer line = {0};
    for (size_t p = 0; p < sizeof patterns / sizeof patterns[0]; p++) {
        struct log_regex *compiled = regex(patterns[p]);
        uint64_t *expected = memory_new(LINES, sizeof *expected);
        size_t count = 0;
        for (size_t i = 0; i < LINES; i++) {
            log_index_read(index, starts[i], 1 << 20, &line, NULL);
            struct text text = {line.data, line.size};
            if (log_regex_find(compiled, text, 0, NULL, NULL)) {
                expected[count++] = starts[i];
            }
        }
        for (int backward = 0; backward < 2; backward++) {
            struct log_search *search =
                log_search_new(index, compiled, backward ? size : 0, backward == 1, false);
            enum log_search_status status = LOG_SEARCH_MORE;
            uint64_t at = 0;
            while ((status = log_search_step(search, 70000, &at)) != LOG_SEARCH_END) {
                if (status == LOG_SEARCH_FOUND) {
                    size_t found = (size_t)log_search_found(search);
                    cr_assert_leq(found, count);
                    cr_assert_eq(at, expected[backward ? count - found : found - 1]);
                }
            }
            cr_expect_eq(log_search_found(search), count, "%s", patterns[p]);
            cr_expect_eq(log_search_looked_at(search), size);
            log_search_free(search);
        }
        free(expected);
        log_regex_free(compiled);
    }
    text_buffer_free(&line);
    log_index_free(index);
    free(starts);
}

Test(search, counts_in_slices_and_can_be_cancelled)
{
    enum { LINES = 3000 };
    uint64_t size = 0;
    uint64_t *starts = write_lines(LINES, true, &size);
    struct log_index *index = open_index();
    struct log_regex *seven = regex("Seven");
    struct log_search *search = log_search_new(index, seven, 0, false, false);
    size_t slices = 1;
    enum log_search_status status = LOG_SEARCH_MORE;
    while ((status = log_search_count(search, 100000)) == LOG_SEARCH_MORE) {
        slices++;
    }
    cr_expect_eq(status, LOG_SEARCH_END);
    cr_expect_gt(slices, 5);
    cr_expect_eq(log_search_found(search), (LINES + 6) / 7);
    log_search_free(search);
    search = log_search_new(index, seven, 0, false, false);
    uint64_t at = 0;
    cr_expect_eq(log_search_step(search, 100, &at), LOG_SEARCH_FOUND);
    log_search_cancel(search);
    cr_expect_eq(log_search_step(search, 100, &at), LOG_SEARCH_CANCELLED);
    cr_expect_eq(log_search_count(search, 100), LOG_SEARCH_CANCELLED);
    log_search_free(search);
    log_regex_free(seven);
    log_index_free(index);
    free(starts);
}

Test(search, goes_on_when_the_file_has_grown)
{
    struct log_index *index = open_with("a1\n");
    struct log_regex *a = regex("a");
    struct log_search *search = log_search_new(index, a, 0, false, false);
    uint64_t at = 0;
    cr_expect_eq(log_search_step(search, 100, &at), LOG_SEARCH_FOUND);
    cr_expect_eq(log_search_step(search, 100, &at), LOG_SEARCH_END);
    support_write(path, TEXT("b\na2\n"), "a");
    log_index_refresh(index);
    cr_expect_eq(log_search_step(search, 100, &at), LOG_SEARCH_FOUND);
    cr_expect_eq(at, 5);
    log_search_free(search);
    log_regex_free(a);
    log_index_free(index);
}

Test(search, says_where_a_pattern_is_wrong)
{
    struct error error = {0};
    cr_expect_null(log_regex_new(TEXT("abc[def"), &error));
    cr_expect_eq(error.code, EXIT_USAGE);
    cr_expect_not_null(strstr(error.text, "offset 7"), "%s", error.text);
    cr_expect_null(log_regex_new(TEXT(""), &error));
}

Test(search, gives_the_spans_to_highlight)
{
    struct log_regex *compiled = regex("[é-ü]+|x*");
    size_t start = 0;
    size_t end = 0;
    cr_expect(log_regex_find(compiled, TEXT("aéb"), 1, &start, &end));
    cr_expect_eq(start, 1);
    cr_expect_eq(end, 3);
    cr_expect(log_regex_find(compiled, TEXT(""), 0, &start, &end), "an empty match counts");
    cr_expect_not(log_regex_find(compiled, TEXT("a"), 2, NULL, NULL));
    log_regex_free(compiled);
    compiled = regex("b");
    cr_expect(log_regex_find(compiled, TEXT("\xff\xfe b"), 0, &start, &end),
              "bytes that are not UTF-8");
    cr_expect_eq(start, 3);
    log_regex_free(compiled);
}

Test(search, is_not_stopped_by_a_pattern_that_explodes)
{
    struct log_regex *compiled = regex("(a+)+$");
    char line[3000];
    memset(line, 'a', sizeof line);
    line[sizeof line - 1] = 'b';
    cr_expect_not(log_regex_find(compiled, (struct text){line, sizeof line}, 0, NULL, NULL));
    log_regex_free(compiled);
}
