/* The logs thread: what appears in a log is posted, up to its end, and again after a restart. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/follower.h"
#include "base/json.h"
#include "base/memory.h"
#include "fixture.h"
#include "logs/progress.h"

static struct agent_queue *queue;
static struct follower *follower;
static char *path;

static void start(void) {
    struct error error = {0};
    follower = follower_start(scene.pipeline, &fixture_clock, 1, queue, &error);
    cr_assert_not_null(follower, "%s", error.text);
}

static void open_with(const char *const *changes) {
    struct error error = {0};
    fixture_wall_ms = SCENE_NOW;
    scene_open(&scene, changes);
    path = scene_path(&scene, "out.log");
    queue = agent_queue_new(&error);
    start();
}

static void open_follower(void) {
    open_with(NULL);
}

static void close_follower(void) {
    follower_stop(follower);
    agent_queue_free(queue);
    free(path);
    scene_close(&scene);
}

TestSuite(follower, .init = open_follower, .fini = close_follower);

static void append(const char *text) {
    FILE *file = fopen(path, "a");
    cr_assert_not_null(file, "%s", path);
    cr_assert_geq(fputs(text, file), 0);
    cr_assert_eq(fclose(file), 0);
}

/* The next progress that has `ok` dates, or is drained; the caller frees the message. */
static struct agent_message progress(uint64_t ok, bool drained) {
    for (;;) {
        struct agent_message message = fixture_message(queue, AGENT_PROGRESS);
        if (message.progress.ok == ok && message.progress.drained == drained) {
            return message;
        }
        cr_assert_leq(message.progress.ok, ok);
        agent_message_free(&message);
    }
}

static void follow(const char *run, const struct log_place *place, const char *json) {
    follower_follow(follower, run, path, "python-backfill", place, json);
}

Test(follower, posts_what_appears_in_a_log)
{
    append("INFO:__main__:  ✓ 2021-11-02: 14 records\n");
    follow("r-1", NULL, NULL);
    struct agent_message message = progress(1, false);
    cr_expect_str_eq(message.progress.run, "r-1");
    cr_expect_null(message.progress.trouble);
    cr_expect_eq(message.progress.last_output_at, SCENE_NOW);
    agent_message_free(&message);
    append("INFO:__main__:  ✓ 2021-11-03: 12 records\nERROR:__main__:  ✗ 2021-11-04: Processing "
           "failed\n");
    message = progress(2, false);
    cr_expect_eq(message.progress.failed, 1);
    cr_expect_eq(message.progress.errors, 1);
    cr_expect_eq(message.progress.streak, 1);
    cr_expect_not_null(strstr(message.progress.last_line, "Processing failed"), "%s",
                       message.progress.last_line);
    agent_message_free(&message);
}

Test(follower, waits_for_a_log_that_is_not_there_yet)
{
    follow("r-1", NULL, NULL);
    struct agent_message message = progress(0, false);
    agent_message_free(&message);
    append("INFO:__main__:  ✓ 2021-11-02: 14 records\n");
    message = progress(1, false);
    agent_message_free(&message);
}

Test(follower, reads_a_log_that_was_written_before_its_directory_could_be_watched)
{
    free(path);
    char *directory = scene_path(&scene, "run");
    path = scene_path(&scene, "run/out.log");
    follow("r-1", NULL, NULL);
    struct agent_message message = progress(0, false);
    agent_message_free(&message);
    cr_assert_eq(mkdir(directory, 0700), 0);
    append("INFO:__main__:  ✓ 2021-11-02: 14 records\n");
    message = progress(1, false);
    agent_message_free(&message);
    free(directory);
}

Test(follower, reads_to_the_end_when_it_is_told_to_drain_and_leaves_the_log)
{
    append("INFO:__main__:  ✓ 2021-11-02: 14 records\nINFO:__main__:  ✓ 2021-11-03: 2 records");
    follow("r-1", NULL, NULL);
    follower_drain(follower, "r-1");
    struct agent_message message = progress(2, true);
    agent_message_free(&message);
    append("\nINFO:__main__:  ✓ 2021-11-04: 14 records\n");
    follow("r-2", NULL, NULL);
    message = progress(3, false);
    cr_expect_str_eq(message.progress.run, "r-2", "r-1 is no longer followed");
    agent_message_free(&message);
}

Test(follower, drains_a_log_that_never_was)
{
    follow("r-1", NULL, NULL);
    follower_drain(follower, "r-1");
    struct agent_message message = progress(0, true);
    cr_expect_not(message.progress.finished);
    agent_message_free(&message);
}

Test(follower, goes_on_from_stored_progress_with_the_same_numbers)
{
    append("INFO:__main__:  ✓ 2021-11-02: 14 records\nERROR:__main__:  ✗ 2021-11-03: Processing "
           "failed\n");
    follow("r-1", NULL, NULL);
    struct agent_message before = progress(1, false);
    follower_stop(follower);
    start();
    append("INFO:__main__:  ✓ 2021-11-04: 14 records\n");
    follow("r-1", &before.progress.place, before.progress.json);
    follower_drain(follower, "r-1");
    struct agent_message restarted = progress(2, true);
    follow("r-2", NULL, NULL);
    follower_drain(follower, "r-2");
    struct agent_message whole = progress(2, true);
    cr_expect_eq(restarted.progress.failed, 1);
    cr_expect_eq(restarted.progress.place.offset, whole.progress.place.offset);
    cr_expect_str_eq(restarted.progress.json, whole.progress.json);
    agent_message_free(&before);
    agent_message_free(&restarted);
    agent_message_free(&whole);
}

Test(follower, reads_from_the_start_when_stored_progress_makes_no_sense)
{
    append("INFO:__main__:  ✓ 2021-11-02: 14 records\n");
    struct log_place place = {1, 2, 1000, false};
    follow("r-1", &place, "{\"version\":99}");
    struct agent_message message = progress(1, false);
    agent_message_free(&message);
}

Test(follower, says_when_a_log_was_truncated)
{
    append("INFO:__main__:  ✓ 2021-11-02: 14 records\n");
    follow("r-1", NULL, NULL);
    struct agent_message message = progress(1, false);
    agent_message_free(&message);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    cr_assert_eq(fclose(file), 0);
    do {
        message = fixture_message(queue, AGENT_PROGRESS);
        bool told = message.progress.trouble != NULL;
        if (told) {
            cr_expect_not_null(strstr(message.progress.trouble, "truncated"));
        }
        agent_message_free(&message);
        if (told) {
            break;
        }
    } while (true);
}

/* The next progress whose newest line is `line`; the caller frees the message. */
static struct agent_message progress_at(const char *line) {
    for (;;) {
        struct agent_message message = fixture_message(queue, AGENT_PROGRESS);
        if (strcmp(message.progress.last_line, line) == 0) {
            return message;
        }
        agent_message_free(&message);
    }
}

Test(follower, takes_a_bar_that_is_drawn_over_for_output)
{
    follow("r-1", NULL, NULL);
    append("\r  0%|          | 0/60 [00:00<?, ?it/s]");
    struct agent_message message = progress_at("0%|          | 0/60 [00:00<?, ?it/s]");
    cr_expect_eq(message.progress.last_output_at, SCENE_NOW);
    cr_expect_not(message.progress.understood, "a bar may count anything");
    agent_message_free(&message);
    fixture_wall_ms = SCENE_NOW + 60000;
    append("\r 25%|##5       | 15/60 [00:15<00:45,  1.00it/s]");
    message = progress_at("25%|##5       | 15/60 [00:15<00:45,  1.00it/s]");
    cr_expect_eq(message.progress.last_output_at, SCENE_NOW + 60000);
    cr_expect_not_null(strstr(message.progress.json, "\"bar_position\":15"));
    agent_message_free(&message);
}

Test(follower, reads_the_lines_behind_a_bar)
{
    follow("r-1", NULL, NULL);
    append("INFO:__main__:Processing game date 1/2: 2024-01-01\n"
           "\r 50%|##  | 1/2 [00:00<00:00]\r      \rERROR:__main__:  ✗ Failed: no rows\n"
           "\r 50%|##  | 1/2 [00:00<00:00]INFO:__main__:Processing game date 2/2: 2024-01-02\n"
           "\r100%|####| 2/2 [00:01<00:00]     ERROR:__main__:  ✗ Failed: no rows\n");
    follower_drain(follower, "r-1");
    struct agent_message message = progress(0, true);
    cr_expect_eq(message.progress.failed, 2);
    cr_expect_eq(message.progress.streak, 2);
    cr_expect_eq(message.progress.errors, 2);
    cr_expect(message.progress.understood);
    agent_message_free(&message);
}

Test(follower, follows_a_log_through_a_link)
{
    char *target = scene_path(&scene, "nohup.out");
    FILE *file = fopen(target, "w");
    cr_assert_not_null(file);
    cr_assert_eq(fclose(file), 0);
    cr_assert_eq(symlink(target, path), 0);
    follow("r-1", NULL, NULL);
    struct agent_message message = progress(0, false);
    agent_message_free(&message);
    append("INFO:__main__:  ✓ 2021-11-02: 14 records\n");
    message = progress(1, false);
    agent_message_free(&message);
    free(target);
}

/* The next progress that tells of the file; the caller frees the message. */
static struct agent_message trouble(void) {
    for (;;) {
        struct agent_message message = fixture_message(queue, AGENT_PROGRESS);
        if (message.progress.trouble != NULL) {
            return message;
        }
        agent_message_free(&message);
    }
}

Test(follower, says_when_a_log_was_renamed_and_reads_on)
{
    char *other = scene_path(&scene, "out.log.1");
    append("INFO:__main__:  ✓ 2021-11-02: 14 records\n");
    follow("r-1", NULL, NULL);
    struct agent_message message = progress(1, false);
    agent_message_free(&message);
    cr_assert_eq(rename(path, other), 0);
    message = trouble();
    cr_expect_not_null(strstr(message.progress.trouble, "renamed to"), "%s",
                       message.progress.trouble);
    cr_expect_not_null(strstr(message.progress.trouble, "out.log.1"));
    cr_expect_str_eq(message.progress.rule, "log-moved");
    agent_message_free(&message);
    free(path);
    path = other;
    append("INFO:__main__:  ✓ 2021-11-03: 12 records\n");
    message = progress(2, false);
    cr_expect_not_null(message.progress.trouble, "it is still true");
    agent_message_free(&message);
}

Test(follower, says_that_a_log_is_not_there_when_its_run_has_ended)
{
    follow("r-1", NULL, NULL);
    follower_drain(follower, "r-1");
    struct agent_message message = progress(0, true);
    cr_assert_not_null(message.progress.trouble);
    cr_expect_str_eq(message.progress.rule, "log-missing");
    agent_message_free(&message);
}

/* What an earlier follower noted is when the old lines came; what nobody noted came before. */
Test(follower, does_not_take_old_lines_for_new_output)
{
    append("INFO:__main__:  ✓ 2021-11-02: 14 records\n");
    follow("r-1", NULL, NULL);
    struct agent_message message = progress(1, false);
    agent_message_free(&message);
    follower_stop(follower);
    fixture_wall_ms = SCENE_NOW + 3600000;
    start();
    follow("r-1", NULL, NULL);
    message = progress(1, false);
    cr_expect_eq(message.progress.last_output_at, SCENE_NOW);
    agent_message_free(&message);
    append("INFO:__main__:  ✓ 2021-11-03: 12 records\n");
    message = progress(2, false);
    cr_expect_eq(message.progress.last_output_at, SCENE_NOW + 3600000);
    agent_message_free(&message);
}

Test(follower, does_not_know_when_an_adopted_log_was_written)
{
    append("INFO:__main__:  ✓ 2021-11-02: 14 records\n");
    follow("r-1", NULL, NULL);
    follower_facts(follower, "r-1", 0, true, "its log was replaced by another file");
    follower_drain(follower, "r-1");
    struct agent_message message = progress(1, true);
    cr_expect_eq(message.progress.last_output_at, 0);
    cr_expect_str_eq(message.progress.trouble, "its log was replaced by another file");
    cr_expect_null(message.progress.rule, "that was told before");
    agent_message_free(&message);
}

TestSuite(follower_patterns, .fini = close_follower);

Test(follower_patterns, are_the_pipelines_own)
{
    const char *changes[] = {"gates:\n",
                             "patterns: {mine: [{kind: ok-dated, regex: \"^did "
                             "(?<day>[0-9-]+)$\"}]}\ngates:\n",
                             NULL};
    open_with(changes);
    append("did 2021-11-02\n");
    follower_follow(follower, "r-1", path, "mine", NULL, NULL);
    struct agent_message message = progress(1, false);
    agent_message_free(&message);
}

Test(follower, says_when_there_are_no_such_patterns)
{
    append("INFO:__main__:  ✓ 2021-11-02: 14 records\n");
    follower_follow(follower, "r-1", path, "no-such-set", NULL, NULL);
    struct agent_message message = progress(0, false);
    cr_assert_not_null(message.progress.trouble);
    cr_expect_not_null(strstr(message.progress.trouble, "no-such-set"), "%s",
                       message.progress.trouble);
    agent_message_free(&message);
}

Test(follower, follows_many_logs_at_once)
{
    char name[16];
    append("INFO:__main__:  ✓ 2021-11-02: 14 records\n");
    for (int i = 0; i < 20; i++) {
        (void)snprintf(name, sizeof name, "r-%02d", i);
        follow(name, NULL, NULL);
        follower_drain(follower, name);
    }
    bool seen[20] = {false};
    for (int i = 0; i < 20; i++) {
        struct agent_message message = progress(1, true);
        int number = atoi(message.progress.run + 2);
        cr_expect_not(seen[number]);
        seen[number] = true;
        agent_message_free(&message);
    }
}
