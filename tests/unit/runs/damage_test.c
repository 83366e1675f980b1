/* A run's files as somebody else, a full disk or a fallen bit may leave them: one bad run is set
 * aside with a word, and keeps nobody from the others. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "fixture.h"
#include "runs/cgroup.h"
#include "runs/lock.h"
#include "runs/place.h"
#include "runs/record.h"
#include "runs/spec.h"

static struct fixture f;

static void setup(void) {
    fixture_open(&f);
}
static void teardown(void) {
    fixture_close(&f);
}
TestSuite(damaged_run, .init = setup, .fini = teardown, .timeout = 600);

static char *path_in(const char *run, const char *name) {
    return memory_format("%s/runs/%s/%s", f.directory, run, name);
}

/* A run whose shim was killed when exit.json was written and the state file did not know yet. */
static void leave_to_replay_from(day_number from, char run[STATE_RUN_SIZE]) {
    size_t count;
    struct runs_request request = fixture_request(&f);
    request.range = (struct day_range){from, from + 9};
    cr_assert(setenv("PHASEGATE_TEST_FAULT", "written", 1) == 0);
    fixture_script(&f, "exit 7");
    struct runs_started *started = fixture_launch(&f, &request, &count);
    memcpy(run, started[0].run, STATE_RUN_SIZE);
    runs_started_free(started, count);
    fixture_wait();
    cr_assert(unsetenv("PHASEGATE_TEST_FAULT") == 0);
    char *wait = path_in(run, SPEC_WAIT);
    cr_assert(unlink(wait) == 0);
    free(wait);
}

static void leave_to_replay(char run[STATE_RUN_SIZE]) {
    leave_to_replay_from(DAY1, run);
}

static void put(const char *run, const char *name, const char *content) {
    char *path = path_in(run, name);
    (void)unlink(path);
    cr_assert(file_write(path, text_of(content), &f.error), "%s", f.error.text);
    free(path);
}

/* What comes of the run when that stands in its exit.json. */
static void expect_lost(const char *run, const char *what) {
    struct runs_reconciled sums = fixture_reconcile(&f, clock_system());
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(sums.lost == 1 && sums.replayed == 0 && sums.aside == 0, "%s", what);
    cr_assert(stored->outcome == STATE_OUTCOME_LOST && !stored->has_wait_status, "%s", what);
    state_runs_free(stored, 1);
    char *sql = memory_format("SELECT count(*) FROM events WHERE subject='%s' AND"
                              " text LIKE '%%exit.json%%coverage says what is there'",
                              run);
    cr_assert(fixture_count(&f, sql) == 1, "%s: its end says why", what);
    free(sql);
}

Test(damaged_run, a_record_that_cannot_be_counts_as_none_and_says_so)
{
    static const char *const contents[] = {
        "",
        "{",
        "[]",
        "{\"run\":\"r-other\",\"outcome\":\"ok\",\"wait_status\":0}",
        "{\"run\":\"RUN\",\"outcome\":\"splendid\",\"wait_status\":0}",
        "{\"run\":\"RUN\",\"outcome\":\"ok\",\"wait_status\":256}",
        "{\"run\":\"RUN\",\"outcome\":\"failed\"}",
        "{\"run\":\"RUN\",\"outcome\":\"failed\",\"wait_status\":9223372036854775807}",
        "{\"run\":\"RUN\",\"outcome\":\"failed\",\"wait_status\":-1}",
        "{\"run\":\"RUN\",\"outcome\":\"failed\",\"wait_status\":256,\"step\":-1}",
        "{\"run\":\"RUN\",\"outcome\":\"failed\",\"wait_status\":256,\"stragglers\":-4}",
        "{\"run\":\"RUN\",\"outcome\":\"failed\",\"wait_status\":256,\"ended_ms\":-9}",
        "{\"run\":\"RUN\",\"outcome\":\"lost\",\"wait_status\":0}",
    };
    char run[STATE_RUN_SIZE];
    for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
        leave_to_replay(run);
        const char *mark = strstr(contents[i], "RUN");
        char *content = mark == NULL ? memory_copy_string(contents[i])
                                     : memory_format("%.*s%s%s", (int)(mark - contents[i]),
                                                     contents[i], run, mark + 3);
        put(run, SPEC_EXIT, content);
        expect_lost(run, content);
        free(content);
    }
}

Test(damaged_run, a_reason_without_end_is_cut)
{
    char run[STATE_RUN_SIZE];
    char *reason = memory_new(50001, 1);
    memset(reason, 'x', 50000);
    leave_to_replay(run);
    char *content = memory_format("{\"run\":\"%s\",\"outcome\":\"spawn_error\",\"spawn_error\":"
                                  "\"%s\",\"ended_ms\":5}",
                                  run, reason);
    put(run, SPEC_EXIT, content);
    struct runs_reconciled sums = fixture_reconcile(&f, clock_system());
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(sums.replayed == 1 && stored->outcome == STATE_OUTCOME_SPAWN_ERROR);
    cr_assert(strlen(stored->spawn_error) == 4000);
    state_runs_free(stored, 1);
    free(content);
    free(reason);
}

Test(damaged_run, what_stands_in_place_of_a_record_is_not_waited_for_and_not_followed)
{
    char run[STATE_RUN_SIZE];
    char *victim = file_join(f.root, "elsewhere");
    for (int kind = 0; kind < 4; kind++) {
        leave_to_replay(run);
        char *path = path_in(run, SPEC_EXIT);
        cr_assert(kind != 1 || rename(path, victim) == 0);
        cr_assert(kind == 1 || kind == 3 || unlink(path) == 0);
        cr_assert(kind != 0 || mkfifo(path, 0600) == 0);
        cr_assert(kind != 1 || symlink(victim, path) == 0);
        cr_assert(kind != 2 || mkdir(path, 0700) == 0);
        cr_assert(kind != 3 || chmod(path, 0666) == 0);
        expect_lost(run, path);
        free(path);
    }
    free(victim);
}

Test(damaged_run, one_keeps_nobody_from_the_others)
{
    char bad[STATE_RUN_SIZE];
    char good[STATE_RUN_SIZE];
    leave_to_replay(bad);
    leave_to_replay_from(DAY1 + 20, good);
    put(bad, SPEC_EXIT, "{\"run\":17}");
    struct runs_reconciled sums = fixture_reconcile(&f, clock_system());
    cr_assert(sums.lost == 1 && sums.replayed == 1, "%zu %zu", sums.lost, sums.replayed);
    struct state_run *stored = fixture_load(&f, good);
    cr_assert(stored->outcome == STATE_OUTCOME_FAILED && stored->exit_code == 7);
    state_runs_free(stored, 1);
}

static uint64_t draw(uint64_t *seed) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void read_damaged(const char *run, const char *name, const char *data, size_t size) {
    struct record record;
    struct error error = {0};
    char *directory = path_in(run, "");
    char *path = path_in(run, name);
    directory[strlen(directory) - 1] = '\0';
    cr_assert(file_write(path, (struct text){data, size}, &f.error), "%s", f.error.text);
    if (strcmp(name, SPEC_FILE) == 0) {
        struct spec *spec = spec_read(directory, &error);
        cr_assert(spec != NULL || strstr(error.text, path) != NULL, "%s", error.text);
        spec_free(spec);
    } else {
        bool good = record_read(directory, name, run, &record, &error);
        cr_assert(good || strstr(error.text, path) != NULL, "%s", error.text);
        record_clear(&record);
    }
    free(path);
    free(directory);
}

Test(damaged_run, flipped_and_cut_files_are_read_or_refused_by_name)
{
    static const char *const names[] = {SPEC_FILE, SPEC_EXIT, SPEC_WAIT};
    char run[STATE_RUN_SIZE];
    uint64_t seed = 0x2545F4914F6CDD1D;
    fixture_start(&f, "exit 7", run);
    fixture_wait();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *sound = fixture_read(&f, run, names[i]);
        size_t size = strlen(sound);
        cr_assert(size > 20, "%s", names[i]);
        for (int k = 0; k < 300; k++) {
            char *data = memory_copy_part(sound, size);
            for (uint64_t flips = draw(&seed) % 4; flips > 0; flips--) {
                data[draw(&seed) % size] ^= (char)(1U << (draw(&seed) % 8));
            }
            read_damaged(run, names[i], data, k % 3 == 0 ? draw(&seed) % size : size);
            free(data);
        }
        free(sound);
    }
}

/* ---- what a run's directory may name ---- */

Test(damaged_run, a_cgroup_that_the_run_cannot_have_is_not_killed)
{
    char run[STATE_RUN_SIZE];
    struct text_buffer said = {0};
    char *slice = file_join(f.root, "other.slice");
    char *kill_file = file_join(slice, "cgroup.kill");
    fixture_start(&f, "true", run);
    fixture_wait();
    cr_assert(file_make_directory(slice, &f.error));
    cr_assert(file_write(kill_file, TEXT("0"), &f.error));
    char *directory = path_in(run, "x");
    *strrchr(directory, '/') = '\0';
    char *named = memory_format("%s/phasegate-%s", slice, run);
    const char *const paths[] = {slice, "/sys/fs/cgroup", "/", "", named};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        put(run, SPEC_CGROUP, paths[i]);
        cgroup_kill_of(run, directory);
        cr_assert(file_read(kill_file, 16, &said, &f.error) && said.data[0] == '0', "%s", paths[i]);
    }
    text_buffer_free(&said);
    free(named);
    free(directory);
    free(kill_file);
    free(slice);
}

Test(damaged_run, what_is_no_lock_of_ours_is_not_held_and_not_waited_for)
{
    char run[STATE_RUN_SIZE];
    fixture_start(&f, "true", run);
    fixture_wait();
    char *directory = path_in(run, "x");
    char *lock = path_in(run, SPEC_CHILD_LOCK);
    *strrchr(directory, '/') = '\0';
    cr_assert(unlink(lock) == 0 && mkfifo(lock, 0600) == 0);
    cr_assert(!lock_is_held(directory, SPEC_CHILD_LOCK));
    cr_assert(unlink(lock) == 0 && symlink("shim.lock", lock) == 0);
    cr_assert(!lock_is_held(directory, SPEC_CHILD_LOCK));
    free(lock);
    free(directory);
}

Test(damaged_run, a_directory_that_is_there_already_is_not_launched_into)
{
    char run[STATE_RUN_SIZE];
    struct spec *spec;
    fixture_start(&f, "true", run);
    fixture_wait();
    char *directory = path_in(run, "x");
    *strrchr(directory, '/') = '\0';
    cr_assert((spec = spec_read(directory, &f.error)) != NULL, "%s", f.error.text);

    cr_assert_not(place_make(directory, spec, &f.error));
    cr_assert(f.error.code == EXIT_CANT_CREATE &&
                  strstr(f.error.text, "is there already, and not made by this launch") != NULL,
              "%s", f.error.text);
    spec_free(spec);
    free(directory);
}

/* ---- limits of the machine ---- */

Test(damaged_run, a_shim_that_lacks_descriptors_ends_its_run_at_once_with_that_reason)
{
    struct runs_request request = fixture_request(&f);
    char *shim = file_join(f.root, "shim");
    size_t count;
    cr_assert(file_write(
        shim, TEXT("#!/bin/sh\necho 'error cannot prepare it: Too many open files' >&3\n"),
        &f.error));
    cr_assert(chmod(shim, 0700) == 0 && setenv("PHASEGATE_SHIM", shim, 1) == 0);
    fixture_script(&f, "true");
    struct runs_started *started = fixture_launch(&f, &request, &count);
    cr_assert(!started[0].running);
    cr_assert_str_eq(started[0].problem, "cannot prepare it: Too many open files");
    struct state_run *stored = fixture_load(&f, started[0].run);
    cr_assert(stored->state == STATE_RUN_ENDED && stored->outcome == STATE_OUTCOME_SPAWN_ERROR);
    cr_assert_str_eq(stored->spawn_error, started[0].problem);
    cr_assert(fixture_count(&f, "SELECT count(*) FROM claims WHERE released_at IS NULL") == 0);
    state_runs_free(stored, 1);
    runs_started_free(started, count);
    free(shim);
}
