/* The log view played key by key: one log, all of them, their times and dates. */
#include "play.h"

static void read_page(struct play *play) {
    cr_assert(play->screen.log.wanted);
    log_view_page_free(play->screen.log.page);
    play->screen.log.page = log_reader_read_once(&play->screen.log.request);
    play->screen.log.cursor = play->screen.log.page->cursor;
    play->screen.log.wanted = false;
    screen_settle(&play->screen, 120, 36);
}

Test(play, a_log_is_searched_filtered_and_leads_to_its_dates)
{
    struct play play;
    begin(&play, FIXTURE_RED);
    type(&play, "4]"); /* all runs, then the first one */
    read_page(&play);
    expect_shown(&play, "override <U+202E>evil");
    type(&play, "/serialize");
    read_page(&play);
    press(&play, KEYCODE_ENTER);
    read_page(&play);
    expect_shown(&play, "1 lines match");
    cr_expect_not_null(
        strstr(play.screen.log.page->lines[play.screen.log.cursor].text, "serialize"));
    type(&play, "i");
    read_page(&play);
    cr_expect_eq(play.screen.log.page->count, 2, "a warning and an error");
    type(&play, "iif2021-11-04");
    press(&play, KEYCODE_ENTER);
    read_page(&play);
    cr_expect_eq(play.screen.log.page->count, 1);
    press(&play, KEYCODE_ENTER);
    cr_expect(play.screen.strip_open);
    cr_expect_eq(play.screen.strip.cursor, day_from_civil(2021, 11, 4));
    end(&play);
}

static const struct log_view_line *line_under_cursor(const struct play *play) {
    const struct log_view *log = &play->screen.log;
    cr_assert(log->page && log->cursor < log->page->count);
    return &log->page->lines[log->cursor];
}

static void expect_line(struct play *play, const char *run, const char *text) {
    const struct log_view_line *line = line_under_cursor(play);
    cr_expect_str_eq(play->screen.log.page->runs[line->source], run);
    cr_expect_not_null(strstr(line->text, text), "%s is not in %s", text, line->text);
}

Test(play, all_logs_are_one_in_the_order_of_arrival)
{
    struct play play;
    begin(&play, FIXTURE_RED);
    fixture_write_logs(&play.fixture);
    press(&play, '4');
    read_page(&play);
    expect_shown(&play, "All runs  4 logs by arrival");
    press(&play, 'g');
    read_page(&play);
    expect_line(&play, "r-20260105-0541-02", "game date 1/848");
    cr_expect(play.screen.log.page->at_start);
    type(&play, "/date 9/");
    read_page(&play);
    press(&play, KEYCODE_ENTER);
    read_page(&play);
    expect_shown(&play, "1 lines match");
    expect_line(&play, "r-20260105-0541-02", "Processing game date 9/848");
    type(&play, "[");
    read_page(&play);
    cr_expect_null(play.screen.log.page->runs, "the last one");
    type(&play, "]");
    read_page(&play);
    cr_expect_not_null(play.screen.log.page->runs, "all of them stand before the first");
    end(&play);
}

Test(play, a_time_of_the_night_is_gone_to)
{
    struct play play;
    begin(&play, FIXTURE_RED); /* 06:42:17; the lines came from 06:37:17 on */
    fixture_write_logs(&play.fixture);
    press(&play, '4');
    read_page(&play);
    type(&play, "t06:38:02");
    press(&play, KEYCODE_ENTER);
    read_page(&play);
    expect_line(&play, "r-20260105-0541-02", "10");
    type(&play, "]t6:38");
    press(&play, KEYCODE_ENTER);
    read_page(&play);
    cr_expect_not_null(strstr(line_under_cursor(&play)->text, "10"));
    type(&play, "t25:99");
    press(&play, KEYCODE_ENTER);
    read_page(&play);
    expect_shown(&play, "no line holds that");
    end(&play);
}

Test(play, a_log_whose_arrivals_nobody_noted_says_so)
{
    struct play play;
    begin(&play, FIXTURE_RED);
    type(&play, "4]t06:38");
    press(&play, KEYCODE_ENTER);
    read_page(&play);
    expect_shown(&play, "nobody noted when these lines arrived");
    end(&play);
}

Test(play, an_outcome_leads_to_the_date_announced_before_it_in_its_own_run)
{
    struct play play;
    begin(&play, FIXTURE_RED);
    fixture_write_logs(&play.fixture);
    press(&play, '4');
    read_page(&play);
    type(&play, "/Success: 10 ");
    read_page(&play);
    press(&play, KEYCODE_ENTER);
    read_page(&play);
    expect_line(&play, "r-20260105-0541-02", "Success: 10 records");
    press(&play, KEYCODE_ENTER);
    cr_assert(play.screen.strip_open);
    cr_expect_eq(play.screen.strip.cursor, day_from_civil(2021, 11, 4));
    cr_expect_str_eq(play.fixture.pipeline->tables[play.screen.strip.table].name,
                     "upcoming_team_game_context");
    end(&play);
}

Test(play, a_line_without_a_date_leads_nowhere)
{
    struct play play;
    begin(&play, FIXTURE_RED);
    fixture_write_logs(&play.fixture);
    type(&play, "4]");
    read_page(&play);
    type(&play, "/green");
    read_page(&play);
    press(&play, KEYCODE_ENTER);
    read_page(&play);
    press(&play, KEYCODE_ENTER);
    cr_expect_not(play.screen.strip_open);
    expect_shown(&play, "this line names no date");
    end(&play);
}

Test(play, a_log_that_is_not_there_is_said_so)
{
    struct log_view_request request = {.path = "/nonexistent/out.log", .rows = 10};
    struct log_view_page *page = log_reader_read_once(&request);
    cr_expect_eq(page->count, 0);
    cr_expect_not_null(strstr(page->note, "/nonexistent/out.log"));
    log_view_page_free(page);
}
