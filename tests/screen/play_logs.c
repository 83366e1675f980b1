/* The log view played key by key: one log, all of them, their times and dates. */
#include "play.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "ui/view.h"

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

/* A log of its own, shown as that of the fixture's first run. */
static void show_log(struct play *play, const char *content, size_t filler, const char *end_of_it) {
    char *path = memory_copy_string("/tmp/phasegate-play-XXXXXX");
    int descriptor = mkstemp(path);
    FILE *file = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
    cr_assert_not_null(file);
    cr_assert_geq(fputs(content, file), 0);
    for (size_t i = 0; i < filler; i++)
        cr_assert_gt(fprintf(file, "INFO:__main__:row %zu without any remark\n", i), 0);
    cr_assert_geq(fputs(end_of_it, file), 0);
    cr_assert_eq(fclose(file), 0);
    free(play->fixture.situation->runs[0].log_path);
    play->fixture.situation->runs[0].log_path = path;
    view_logs_open(&play->screen, &play->fixture.situation->runs[0]);
}

static void hide_log(struct play *play) {
    (void)unlink(play->fixture.situation->runs[0].log_path);
}

Test(play, the_first_log_that_is_opened_fills_the_screen)
{
    struct play play;
    begin(&play, FIXTURE_RED);
    show_log(&play, "", 200, "");
    cr_expect_eq(play.screen.log.request.rows, 29, "before Logs was ever drawn");
    read_page(&play);
    cr_expect_eq(play.screen.log.page->count, 29);
    expect_shown(&play, "row 199 without");
    expect_shown(&play, "row 171 without");
    hide_log(&play);
    end(&play);
}

Test(play, an_error_is_found_however_far_away_it_is)
{
    enum { FAR = 210000 };
    struct play play;
    begin(&play, FIXTURE_RED);
    show_log(&play, "INFO:a:begin\nERROR:a:FAR-AWAY\n", FAR, "INFO:a:end\n");
    read_page(&play);
    press(&play, 'E');
    read_page(&play);
    cr_expect_str_eq(line_under_cursor(&play)->text, "ERROR:a:FAR-AWAY");
    type(&play, "Gii");
    read_page(&play);
    cr_assert_eq(play.screen.log.page->count, 1, "errors only");
    cr_expect_str_eq(play.screen.log.page->lines[0].text, "ERROR:a:FAR-AWAY");
    type(&play, "if");
    type(&play, "FAR-AWAY");
    press(&play, KEYCODE_ENTER);
    read_page(&play);
    cr_assert_eq(play.screen.log.page->count, 1, "behind a filter");
    hide_log(&play);
    end(&play);
}

Test(play, a_traceback_is_one_error)
{
    static const char traceback[] =
        "INFO:a:begin\nERROR:a:it failed\nTraceback (most recent call last):\n"
        "  File \"run.py\", line 3, in <module>\n    main()\nValueError: boom\nINFO:a:between\n"
        "Traceback (most recent call last):\n  File \"run.py\", line 4, in <module>\n    main()\n"
        "KeyError: bang\nINFO:a:end\n";
    struct play play;
    begin(&play, FIXTURE_RED);
    show_log(&play, traceback, 0, "");
    read_page(&play);
    type(&play, "g");
    read_page(&play);
    press(&play, 'e');
    read_page(&play);
    cr_expect_str_eq(line_under_cursor(&play)->text, "ERROR:a:it failed");
    press(&play, 'e');
    read_page(&play);
    cr_expect_str_eq(line_under_cursor(&play)->text, "Traceback (most recent call last):");
    cr_expect_eq(play.screen.log.cursor, 7);
    press(&play, 'e');
    read_page(&play);
    expect_shown(&play, "no further error");
    press(&play, 'E');
    read_page(&play);
    cr_expect_str_eq(line_under_cursor(&play)->text, "ERROR:a:it failed");
    type(&play, "ii");
    read_page(&play);
    cr_expect_eq(play.screen.log.page->count, 9, "all of both");
    hide_log(&play);
    end(&play);
}

Test(play, a_line_that_was_drawn_over_is_shown_as_it_stands)
{
    struct play play;
    begin(&play, FIXTURE_RED);
    show_log(&play, "\r 50%|##  | 1/2 [00:01]\r      \rERROR:a:no rows\n", 0,
             "\r 50%|##  | 1/2 [00:01]\r100%|####| 2/2 [00:02]\r");
    read_page(&play);
    cr_assert_eq(play.screen.log.page->count, 2);
    cr_expect_str_eq(play.screen.log.page->lines[0].text, "ERROR:a:no rows");
    cr_expect_eq(play.screen.log.page->lines[0].level, 4);
    cr_expect_str_eq(play.screen.log.page->lines[1].text, "100%|####| 2/2 [00:02]");
    type(&play, "/50%");
    read_page(&play);
    press(&play, KEYCODE_ENTER);
    read_page(&play);
    expect_shown(&play, "0 lines match");
    hide_log(&play);
    end(&play);
}
