/* A log that is truncated and grows past the old place between two looks. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "logs/follow.h"
#include "support.h"

static char *directory;
static char *path;
static struct log_follow *follow;

static void set_up(void) {
    directory = support_directory();
    path = file_join(directory, "run.log");
    follow = log_follow_new(path, NULL);
}

static void tear_down(void) {
    struct error error = {0};
    log_follow_free(follow);
    cr_assert(file_remove_tree(directory, &error), "%s", error.text);
    free(directory);
    free(path);
}

TestSuite(regrown, .init = set_up, .fini = tear_down);

static void expect_fill(enum log_follow_status expected) {
    struct error error = {0};
    enum log_follow_status status = log_follow_fill(follow, 1 << 16, &error);
    cr_expect_eq(status, expected, "%d: %s", (int)status, error.text);
}

static void expect_line(const char *text) {
    struct log_line line;
    cr_assert(log_follow_line(follow, &line), "no line; expected %s", text);
    cr_expect(text_is(line.text, text), "%.*s instead of %s", (int)line.text.size, line.text.data,
              text);
}

Test(regrown, is_noticed_and_read_from_its_new_start)
{
    support_write(path, TEXT("one\ntwo\n"), "w");
    expect_fill(LOG_FOLLOW_NEW);
    expect_line("one");
    expect_line("two");
    support_write(path, TEXT("a longer line than both\nmore\n"), "w"); /* the same file */
    expect_fill(LOG_FOLLOW_TRUNCATED);
    expect_fill(LOG_FOLLOW_NEW);
    expect_line("a longer line than both");
    expect_line("more");
    expect_fill(LOG_FOLLOW_IDLE);
}

Test(regrown, is_noticed_where_a_hole_takes_the_place_of_what_was_read)
{
    support_write(path, TEXT("one\ntwo\n"), "w");
    expect_fill(LOG_FOLLOW_NEW);
    expect_line("one");
    expect_line("two");
    cr_assert_eq(truncate(path, 0), 0);
    cr_assert_eq(truncate(path, 8), 0);
    support_write(path, TEXT("three\n"), "a");
    expect_fill(LOG_FOLLOW_TRUNCATED);
    expect_fill(LOG_FOLLOW_NEW);
    expect_line("three");
}

Test(regrown, is_not_taken_for_what_only_grows)
{
    support_write(path, TEXT("one\ntw"), "w");
    expect_fill(LOG_FOLLOW_NEW);
    expect_line("one");
    support_write(path, TEXT("o\nthree\n"), "a");
    expect_fill(LOG_FOLLOW_NEW);
    expect_line("two");
    expect_line("three");
}
