/* A run is judged by what is there when nothing of it lives, and not by what was there when the
 * reconciler began to look. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "fixture.h"
#include "runs/record.h"
#include "runs/spec.h"

static struct fixture f;

static void setup(void) {
    fixture_open(&f);
}
static void teardown(void) {
    fixture_close(&f);
}
TestSuite(fresh, .init = setup, .fini = teardown, .timeout = 600);

static char *directory_of(const char *run) {
    return memory_format("%s/runs/%s", f.directory, run);
}

/* A run of two commands that no shim has taken; `at` orders it. */
static void insert(const char *run, int64_t at) {
    struct day_range range = {DAY1, DAY1};
    struct dayset dates = dayset_new(range);
    char *directory = directory_of(run);
    struct state_new_run new_run = {.run = run,
                                    .processor = "defense",
                                    .range = range,
                                    .dates = &dates,
                                    .steps = "[]",
                                    .step_count = 2,
                                    .command = "true",
                                    .directory = directory};
    struct state_launch launch = {.launch = run,
                                  .group = "",
                                  .plan_hash = "abc",
                                  .owner = "naji@ops",
                                  .runs = &new_run,
                                  .run_count = 1,
                                  .at = at,
                                  .boot_ns = clock_boot_ns(clock_system())};
    cr_assert(file_make_directory(directory, &f.error), "%s", f.error.text);
    cr_assert(state_launch(f.state, &fixture_person, &launch, &f.error), "%s", f.error.text);
    free(directory);
    dayset_free(&dates);
}

static void take(const char *run) {
    struct state_process gone = {.pid = 1, .start = 1};
    bool done = false;
    cr_assert(state_shim_take(f.state, run, &gone, 5, &done, &f.error) && done);
}

static void let_run(const char *run, size_t step) {
    struct state_process gone = {.pid = 1, .start = 1};
    bool done = false;
    cr_assert(state_shim_running(f.state, run, &gone, step, 5, &done, &f.error) && done);
}

static void leave_wait(const char *run, struct record record) {
    char *directory = directory_of(run);
    cr_assert(record_write(directory, SPEC_WAIT, run, &record, &f.error), "%s", f.error.text);
    free(directory);
}

/* What happens between the reading of the list and the look at r-old: a claimed run that was
 * launched later is looked at first, and asks the clock how old it is. */
static void (*meanwhile)(void);

static int64_t boot_ns_meanwhile(void *context) {
    void (*happens)(void) = meanwhile;
    (void)context;
    meanwhile = NULL;
    if (happens != NULL) {
        happens();
    }
    return clock_boot_ns(clock_system());
}
static int64_t wall_ms(void *context) {
    (void)context;
    return clock_wall_ms(clock_system());
}

static struct state_run *reconcile_while(void (*happens)(void), const char *run) {
    static const struct clock clock = {wall_ms, boot_ns_meanwhile, NULL};
    meanwhile = happens;
    struct runs_reconciled sums = fixture_reconcile(&f, &clock);
    cr_assert(meanwhile == NULL && sums.live == 1, "it looked at r-new, which is claimed");
    return fixture_load(&f, run);
}

/* As a shim does, by a connection of its own. */
static void let_second_run_and_exit(void) {
    struct state *before = f.state;
    f.state = state_open(f.directory, STATE_WRITE, NULL);
    let_run("r-old", 1);
    leave_wait("r-old", (struct record){.has_wait_status = true, .wait_status = 7 << 8, .step = 1});
    state_close(f.state);
    f.state = before;
}

static void let_first_run(void) {
    struct state *before = f.state;
    f.state = state_open(f.directory, STATE_WRITE, NULL);
    let_run("r-old", 0);
    state_close(f.state);
    f.state = before;
}

Test(fresh, a_status_of_a_later_command_is_not_lost)
{
    insert("r-old", 1);
    take("r-old");
    let_run("r-old", 0);
    insert("r-new", 2);
    struct state_run *run = reconcile_while(let_second_run_and_exit, "r-old");
    cr_assert(run->outcome == STATE_OUTCOME_FAILED && run->exit_code == 7, "%s",
              state_outcome_word(run->outcome));
    state_runs_free(run, 1);
}

Test(fresh, a_command_that_ran_is_never_said_not_to_have_started)
{
    insert("r-old", 1);
    take("r-old");
    insert("r-new", 2);
    struct state_run *run = reconcile_while(let_first_run, "r-old");
    cr_assert(run->outcome == STATE_OUTCOME_LOST, "%s: %s", state_outcome_word(run->outcome),
              run->spawn_error);
    state_runs_free(run, 1);
}

/* Killed between two commands, the second forked and not yet recorded. */
Test(fresh, a_second_command_that_was_never_let_go_is_no_lost_run)
{
    struct record record = {.outcome = STATE_OUTCOME_SPAWN_ERROR,
                            .spawn_error = memory_copy_string("never let go"),
                            .step = 1};
    insert("r-1", 1);
    take("r-1");
    let_run("r-1", 0);
    leave_wait("r-1", record);
    (void)fixture_reconcile(&f, clock_system());
    struct state_run *run = fixture_load(&f, "r-1");
    cr_assert(run->outcome == STATE_OUTCOME_SPAWN_ERROR && run->step == 1, "%s",
              state_outcome_word(run->outcome));
    cr_assert_str_eq(run->recorded_by, "replay");
    state_runs_free(run, 1);
    record_clear(&record);
}

Test(fresh, the_status_of_an_earlier_command_is_no_status_of_the_last)
{
    insert("r-1", 1);
    take("r-1");
    let_run("r-1", 0);
    let_run("r-1", 1);
    leave_wait("r-1", (struct record){.has_wait_status = true, .wait_status = 0, .step = 0});
    (void)fixture_reconcile(&f, clock_system());
    struct state_run *run = fixture_load(&f, "r-1");
    cr_assert(run->outcome == STATE_OUTCOME_LOST, "%s", state_outcome_word(run->outcome));
    state_runs_free(run, 1);
}
