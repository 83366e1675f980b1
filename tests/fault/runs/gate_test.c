/* The witness killed while the command waits at its gate: what was let go has a status, what was
 * not has none. */
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

static struct fixture f;

static void setup(void) {
    fixture_open(&f);
    cr_assert(setenv("PHASEGATE_TEST_FAULT", "witness-told", 1) == 0);
}
static void teardown(void) {
    cr_assert(unsetenv("PHASEGATE_TEST_FAULT") == 0);
    fixture_close(&f);
}
TestSuite(gate, .init = setup, .fini = teardown, .timeout = 600);

Test(gate, without_its_witness_a_command_runs_and_its_launcher_is_told)
{
    size_t count;
    fixture_script(&f, "echo up; while [ ! -e go ]; do sleep 0.01; done; exit 6");
    struct runs_request request = fixture_request(&f);
    struct runs_started *started = fixture_launch(&f, &request, &count);
    cr_assert(started[0].running && started[0].pid > 0, "%s", started[0].problem);
    fixture_wait_for(&f, started[0].run, "up");
    fixture_let_go(&f);
    fixture_wait();
    struct state_run *stored = fixture_load(&f, started[0].run);
    cr_assert(stored->outcome == STATE_OUTCOME_FAILED && stored->exit_code == 6);
    cr_assert_str_eq(stored->recorded_by, "shim");
    state_runs_free(stored, 1);
    runs_started_free(started, count);
}

/* The stop comes as soon as the shim has taken the run. */
Test(gate, a_command_that_a_stop_kept_behind_it_has_no_status)
{
    size_t count;
    fixture_write_sql(&f, "CREATE TRIGGER stop_at_once AFTER UPDATE OF state ON runs WHEN"
                          " NEW.state='starting' BEGIN UPDATE runs SET state='stopping',stop_at=1,"
                          "stop_by='naji@ops',stop_stage='requested' WHERE run=NEW.run; END");
    fixture_script(&f, "echo up");
    struct runs_request request = fixture_request(&f);
    struct runs_started *started = fixture_launch(&f, &request, &count);
    cr_assert_not(started[0].running);
    fixture_wait();
    struct state_run *stored = fixture_load(&f, started[0].run);
    cr_assert(stored->outcome == STATE_OUTCOME_STOPPED && !stored->has_wait_status, "%s, status %d",
              state_outcome_word(stored->outcome), stored->wait_status);
    state_runs_free(stored, 1);
    char *log = fixture_read(&f, started[0].run, "out.log");
    cr_assert_str_eq(log, "");
    free(log);
    runs_started_free(started, count);
}
