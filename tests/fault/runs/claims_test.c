/* Sixteen processes claim random overlapping days of one table, and let some of them go again. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "fixture.h"

enum { PROCESSES = 16, DAYS = 400, LONGEST = 20, CLAIMS = 60, IN_ALL = 10000 };

static struct fixture f;

static bool claim(struct state *state, const char *run, day_number from, day_number to,
                  struct error *error) {
    struct day_range range = {from, to};
    struct dayset dates = dayset_new(range);
    struct state_claim held = {"nba.nba_analytics.team_defense", &range, 1, -1};
    struct state_new_run new_run = {.run = run,
                                    .processor = "defense",
                                    .range = range,
                                    .dates = &dates,
                                    .steps = "[]",
                                    .step_count = 1,
                                    .command = "true",
                                    .directory = "/nonexistent",
                                    .claims = &held,
                                    .claim_count = 1};
    struct state_launch launch = {.launch = run,
                                  .group = "",
                                  .plan_hash = "abc",
                                  .owner = "naji@ops",
                                  .runs = &new_run,
                                  .run_count = 1,
                                  .at = 1,
                                  .boot_ns = 1};
    bool done = state_launch(state, &fixture_person, &launch, error);
    dayset_free(&dates);
    return done;
}

static bool release(struct state *state, const char *run, struct error *error) {
    struct state_end end = {.outcome = STATE_OUTCOME_SPAWN_ERROR,
                            .never_taken = true,
                            .spawn_error = "given back",
                            .recorded_by = "reconciler",
                            .ended_at = 2,
                            .text = "given back"};
    bool done = false;
    return state_shim_end(state, &fixture_person, run, &end, &done, error) && done;
}

/* Exits 0 when every claim was taken or refused for another's. */
static _Noreturn void be_claimant(unsigned number, size_t claims) {
    struct error error = {0};
    char held[32] = "";
    unsigned seed = number + 1;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    struct state *state = state_open(f.directory, STATE_WRITE, &error);
    state_set_patience(state, 600000);
    for (size_t i = 0; i < claims; i++) {
        char run[32];
        day_number from = DAY1 + rand_r(&seed) % DAYS;
        (void)snprintf(run, sizeof run, "r-%u-%zu", number, i);
        if (claim(state, run, from, from + rand_r(&seed) % LONGEST, &error)) {
            /* At most one is held, so that there is always something to be had and to be refused.
             */
            if (held[0] != '\0' && !release(state, held, &error)) {
                (void)fprintf(stderr, "release: %s\n", error.text);
                _exit(1);
            }
            memcpy(held, run, sizeof held);
        } else if (error.code != EXIT_NO_GO) {
            (void)fprintf(stderr, "claim: %s\n", error.text);
            _exit(1);
        }
    }
    state_close(state);
    _exit(0);
}

static void open_in_memory(void) {
    fixture_open(&f);
    char *memory = memory_copy_string("/dev/shm/phasegate-claims-XXXXXX");
    if (mkdtemp(memory) != NULL) {
        state_close(f.state);
        cr_assert(file_remove_tree(f.directory, &f.error));
        (void)snprintf(f.directory, sizeof f.directory, "%s", memory);
        f.state = state_open(f.directory, STATE_WRITE, &f.error);
        cr_assert(f.state != NULL, "%s", f.error.text);
    }
    free(memory);
}

/* Each insertion of an overlapping claim is a constraint of the file; here is that none slipped
 * through, at any time: of two that overlap, one was given back before the other was taken. */
Test(claims, of_sixteen_processes_never_overlap, .timeout = 1200)
{
    const char *all = getenv("PHASEGATE_TRIALS");
    size_t claims = all == NULL ? CLAIMS : IN_ALL;
    open_in_memory();
    fixture_write_sql(&f, "CREATE TABLE overlaps(id INTEGER);"
                          "CREATE TRIGGER see_overlap AFTER INSERT ON claims WHEN EXISTS(SELECT 1"
                          " FROM claims c WHERE c.released_at IS NULL AND c.id<>NEW.id AND"
                          " c.resource=NEW.resource AND c.from_day<=NEW.to_day AND"
                          " NEW.from_day<=c.to_day) BEGIN INSERT INTO overlaps VALUES(NEW.id);"
                          " END");
    int64_t began = clock_boot_ns(clock_system());
    for (unsigned i = 0; i < PROCESSES; i++) {
        if (fork() == 0) {
            be_claimant(i, claims);
        }
    }
    int status;
    while (wait(&status) > 0) {
        cr_assert(status == 0);
    }
    double seconds = (double)(clock_boot_ns(clock_system()) - began) / 1e9;
    int64_t taken = fixture_count(&f, "SELECT count(*) FROM claims");
    (void)fprintf(stderr, "%zu claims in %.1f s (%.0f a second), %lld taken\n", claims * PROCESSES,
                  seconds, (double)(claims * PROCESSES) / seconds, (long long)taken);
    cr_assert(taken > 0 && taken < (int64_t)(claims * PROCESSES), "some are taken, some refused");
    cr_assert(fixture_count(&f, "SELECT count(*) FROM overlaps") == 0);
    cr_assert(fixture_count(&f, "SELECT count(*) FROM claims a JOIN claims b ON a.id<b.id"
                                " AND a.released_at IS NULL AND b.released_at IS NULL"
                                " AND a.resource=b.resource AND a.from_day<=b.to_day"
                                " AND b.from_day<=a.to_day") == 0);
    cr_assert(fixture_count(&f, FIXTURE_HELD) <= PROCESSES);
    cr_assert(fixture_count(&f, "SELECT count(*) FROM pragma_integrity_check WHERE"
                                " integrity_check<>'ok'") == 0);
    fixture_close(&f);
}
