/* Golden frames. UPDATE_GOLDEN=1 writes them anew; look at the difference before committing it. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "fixture.h"
#include "ui/snapshot.h"

static const struct {
    int width, height;
} sizes[] = {{20, 3}, {60, 16}, {80, 24}, {120, 36}, {200, 60}};

static void compare(const char *path, const struct text_buffer *frame, const char *what) {
    struct error error = {0};
    struct text_buffer golden = {0};
    const char *update = getenv("UPDATE_GOLDEN");
    if (update && strcmp(update, "1") == 0) {
        cr_assert(file_write(path, (struct text){frame->data, frame->size}, &error), "%s",
                  error.text);
        return;
    }
    cr_assert(file_read(path, 1 << 20, &golden, &error), "%s", error.text);
    cr_expect(strcmp(golden.data ? golden.data : "", frame->data) == 0, "%s differs from %s:\n%s",
              what, path, frame->data);
    text_buffer_free(&golden);
}

static void check(const struct fixture *fixture, const char *fixture_name, const char *view,
                  int width, int height, bool ascii) {
    struct error error = {0};
    struct text_buffer frame = {0};
    struct snapshot_options options = {.view = view,
                                       .width = width,
                                       .height = height,
                                       .format = SNAPSHOT_GOLDEN,
                                       .ascii = ascii,
                                       .now = FIXTURE_NOW,
                                       .user = "naji@ops"};
    char path[512], name[64];
    (void)snprintf(name, sizeof name, "%s", view);
    for (char *at = name; *at; at++)
        if (*at == ':')
            *at = '-';
    (void)snprintf(path, sizeof path,
                   PHASEGATE_SOURCE_DIR "/tests/screen/golden/%s-%s-%dx%d%s.frame", fixture_name,
                   name, width, height, ascii ? "-ascii" : "");
    cr_assert(snapshot_render(fixture->pipeline, fixture->situation, &options, &frame, &error),
              "%s", error.text);
    compare(path, &frame, view);
    text_buffer_free(&frame);
}

static void check_kind(enum fixture_kind kind) {
    struct fixture fixture = fixture_new(kind);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        check(&fixture, fixture_names[kind], "coverage", sizes[i].width, sizes[i].height, false);
        if (sizes[i].width == 80)
            check(&fixture, fixture_names[kind], "coverage", 80, 24, true);
    }
    fixture_free(&fixture);
}

Test(golden, coverage_green)
{ check_kind(FIXTURE_GREEN); }
Test(golden, coverage_red)
{ check_kind(FIXTURE_RED); }
Test(golden, coverage_stale)
{ check_kind(FIXTURE_STALE); }
Test(golden, coverage_no_data)
{ check_kind(FIXTURE_NO_DATA); }
Test(golden, coverage_many)
{ check_kind(FIXTURE_MANY); }

Test(golden, every_view_of_a_bad_night)
{
    static const char *const views[] = {"gates",
                                        "runs",
                                        "logs:r-20260105-0541-02",
                                        "review",
                                        "journal",
                                        "help",
                                        "strip:team_defense_game_summary:2021-22",
                                        "strip:upcoming_team_game_context"};
    struct fixture fixture = fixture_new(FIXTURE_RED);
    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        for (size_t k = 1; k < sizeof sizes / sizeof *sizes; k++)
            check(&fixture, "red", views[i], sizes[k].width, sizes[k].height, false);
    fixture_free(&fixture);
}

Test(golden, an_armed_group_and_its_countdown)
{
    static const char *const views[] = {"coverage", "gates", "runs"};
    struct fixture armed = fixture_new(FIXTURE_RED);
    struct fixture counting = fixture_new(FIXTURE_RED);
    fixture_arm(&armed, false);
    fixture_arm(&counting, true);
    for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
        check(&armed, "armed", views[i], 120, 36, false);
        check(&counting, "counting", views[i], 120, 36, false);
        check(&counting, "counting", views[i], 80, 24, false);
    }
    fixture_free(&armed);
    fixture_free(&counting);
}

Test(golden, a_run_that_left_jobs_on_the_server)
{
    struct fixture fixture = fixture_new(FIXTURE_RED);
    fixture_hold(&fixture);
    check(&fixture, "held", "runs", 80, 24, false);
    check(&fixture, "held", "runs", 120, 36, false);
    fixture_free(&fixture);
}

Test(golden, what_was_noticed_of_a_run_and_before_a_launch)
{
    struct fixture fixture = fixture_new(FIXTURE_RED);
    fixture_notice(&fixture);
    check(&fixture, "noticed", "runs", 200, 60, false);
    check(&fixture, "noticed", "runs", 80, 24, false);
    check(&fixture, "noticed", "review", 120, 60, false);
    fixture_free(&fixture);
}

Test(golden, the_logs_of_all_runs_merged)
{
    struct fixture fixture = fixture_new(FIXTURE_RED);
    fixture_write_logs(&fixture);
    for (size_t k = 1; k < sizeof sizes / sizeof *sizes; k++)
        check(&fixture, "merged", "logs", sizes[k].width, sizes[k].height, false);
    fixture_free(&fixture);
}

Test(golden, every_view_before_anything_was_measured)
{
    static const char *const views[] = {"gates", "runs", "logs", "review", "journal"};
    struct fixture fixture = fixture_new(FIXTURE_NO_DATA);
    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        check(&fixture, "no-data", views[i], 80, 24, true);
    fixture_free(&fixture);
}

Test(golden, no_size_crashes_or_is_drawn_outside)
{
    static const char *const views[] = {
        "coverage", "gates", "runs", "review",
        "journal",  "logs",  "help", "strip:team_defense_game_summary"};
    struct fixture fixture = fixture_new(FIXTURE_RED);
    struct text_buffer frame = {0};
    for (int width = 1; width <= 130; width += width < 58 ? 19 : 8)
        for (int height = 1; height <= 60; height += height < 14 ? 6 : 5)
            for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
                struct error error = {0};
                struct snapshot_options options = {
                    .view = views[i], .width = width, .height = height, .now = FIXTURE_NOW};
                cr_assert(
                    snapshot_render(fixture.pipeline, fixture.situation, &options, &frame, &error),
                    "%s", error.text);
            }
    text_buffer_free(&frame);
    fixture_free(&fixture);
}

Test(golden, a_view_that_is_not_there_is_said_so)
{
    struct fixture fixture = fixture_new(FIXTURE_GREEN);
    struct text_buffer frame = {0};
    struct error error = {0};
    struct snapshot_options options = {.view = "kitchen", .width = 80, .height = 24};
    cr_expect_not(snapshot_render(fixture.pipeline, NULL, &options, &frame, &error));
    cr_expect_eq(error.code, EXIT_USAGE);
    options.view = "strip:nothing";
    cr_expect_not(snapshot_render(fixture.pipeline, fixture.situation, &options, &frame, &error));
    text_buffer_free(&frame);
    fixture_free(&fixture);
}
