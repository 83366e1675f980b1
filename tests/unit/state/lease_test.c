#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

static struct fixture f;

static void setup(void) {
    fixture_open(&f);
}
static void teardown(void) {
    fixture_close(&f);
}
TestSuite(lease, .init = setup, .fini = teardown);

static int64_t now(void) {
    return clock_boot_ns(clock_system());
}

Test(lease, one_holder_at_a_time_and_every_take_over_raises_the_term)
{
    int64_t term = 0;
    int64_t other = 0;
    cr_assert(state_lease_take(f.state, "s-a", NOON, now(), &term, &f.error), "%s", f.error.text);
    cr_assert(term == 1);
    cr_assert_not(state_lease_take(f.state, "s-b", NOON, now(), &other, &f.error));
    cr_assert(f.error.code == EXIT_NO_GO);
    cr_assert(state_lease_renew(f.state, "s-a", term, NOON, now(), &f.error), "%s", f.error.text);
    cr_assert(state_lease_resign(f.state, "s-a", term, &f.error));
    cr_assert(state_lease_take(f.state, "s-b", NOON, now(), &other, &f.error), "%s", f.error.text);
    cr_assert(other == 2);
    cr_assert_not(state_lease_renew(f.state, "s-a", term, NOON, now(), &f.error));
    struct state_lease lease;
    cr_assert(state_lease_load(f.state, now(), &lease, &f.error));
    cr_assert(lease.held && lease.term == 2 && lease.pid == getpid());
    cr_assert_str_eq(lease.holder, "s-b");
    state_lease_clear(&lease);
}

Test(lease, expires)
{
    int64_t term = 0;
    cr_assert(state_lease_take(f.state, "s-a", NOON, now(), &term, &f.error));
    int64_t later = now() + STATE_LEASE_TTL_NS + 1000000000;
    cr_assert_not(state_lease_renew(f.state, "s-a", term, NOON, later, &f.error));
    struct state_lease lease;
    cr_assert(state_lease_load(f.state, later, &lease, &f.error) && !lease.held);
    cr_assert(state_lease_take(f.state, "s-b", NOON, later, &term, &f.error), "%s", f.error.text);
    cr_assert(term == 2);
}

Test(lease, of_another_boot_or_of_a_dead_process_is_free)
{
    int64_t term = 0;
    cr_assert(state_lease_take(f.state, "s-a", NOON, now(), &term, &f.error));
    fixture_takes(&f, "UPDATE lease SET boot_id='another'");
    cr_assert(state_lease_take(f.state, "s-b", NOON, now(), &term, &f.error), "%s", f.error.text);
    fixture_takes(&f, "UPDATE lease SET pid_start=1");
    cr_assert(state_lease_take(f.state, "s-c", NOON, now(), &term, &f.error), "%s", f.error.text);
    cr_assert(term == 3);
}

Test(lease, its_row_cannot_be_forged)
{
    int64_t term = fixture_lead(&f);
    cr_assert(term == 1);
    fixture_refuses(&f, "UPDATE lease SET term=0", "needs a new term");
    fixture_refuses(&f, "UPDATE lease SET holder='s-forged'", "needs a new term");
    fixture_refuses(&f, "DELETE FROM lease", "never deleted");
    fixture_refuses(&f, "INSERT INTO lease VALUES('second',1,'x','h','b',1,1,1,1)", "CHECK");
}

/* What a frozen agent would still write after another took over. */
Test(lease, a_stale_term_writes_nothing)
{
    int64_t stale = fixture_lead(&f);
    int64_t term;
    char key[] = "team_defense";
    char season[] = "";
    char status[] = "fresh";
    char ok[] = "ok";
    char signal[] = "seen";
    struct state_count counts[] = {
        {.day = DAY1, .rows = 5, .entities = -1, .nulls = -1, .fallbacks = -1}};
    struct state_measurement m = {.subject = STATE_SUBJECT_TABLE,
                                  .key = key,
                                  .range = {DAY1, DAY1},
                                  .measured_at = NOON,
                                  .confirmed_at = NOON,
                                  .counts = counts,
                                  .count = 1,
                                  .signal = signal};
    struct state_sample sample = {.table = key, .season = season, .at = NOON, .status = status};
    struct state_spend spend = {.key = key, .queries = 1};
    struct state_progress progress = {.done = 1};
    struct state_run_date date = {DAY1, ok, 1, NULL};
    struct state_actor agent = {.name = "agent", .term = stale};
    struct state_answer answer = {.gate = key, .check = key, .measured = true, .at = NOON};
    size_t count;
    cr_assert(fixture_launch(&f, "r-1", "t", DAY1, DAY1));
    fixture_run(&f, "r-1");
    cr_assert(fixture_end(&f, "r-1", STATE_OUTCOME_OK, 0));
    cr_assert(state_request_put(f.state, STATE_REQUEST_POLL, "", "naji@ops", NOON, &f.error));
    cr_assert(state_coverage_store(f.state, stale, &m, &f.error), "%s", f.error.text);
    cr_assert(state_lease_resign(f.state, "s-test", stale, &f.error));
    cr_assert_not(state_coverage_store(f.state, stale, &m, &f.error), "nobody holds the lease");
    cr_assert(state_lease_take(f.state, "s-new", NOON, now(), &term, &f.error));

#define REFUSED(call)                                                                              \
    cr_assert_not(call, #call);                                                                    \
    cr_assert(f.error.code == EXIT_NO_GO, "%s: %s", #call, f.error.text)
    REFUSED(state_coverage_store(f.state, stale, &m, &f.error));
    REFUSED(state_coverage_confirm(f.state, stale, STATE_SUBJECT_TABLE, key, "seen", NOON + 1,
                                   &f.error));
    REFUSED(state_coverage_fail(f.state, stale, STATE_SUBJECT_TABLE, key, NOON, "x", &f.error));
    REFUSED(state_samples_append(f.state, stale, &sample, 1, 0, &f.error));
    REFUSED(state_spend_add(f.state, stale, DAY1, &spend, &f.error));
    REFUSED(state_verdict_store(f.state, &agent, "g", "GO", "x", NOON, &f.error));
    REFUSED(state_progress_store(f.state, stale, "r-1", &progress, &f.error));
    REFUSED(state_run_dates_store(f.state, stale, "r-1", &date, 1, &f.error));
    REFUSED(state_run_verdict(f.state, &agent, "r-1", "verified", "x", NOON, &f.error));
    REFUSED(state_answer_put(f.state, &agent, &answer, &f.error));
    REFUSED(state_requests_take(f.state, stale, NOON, &count, &f.error));
#undef REFUSED
    cr_assert(fixture_count(&f, "SELECT count(*) FROM samples") == 0);
    struct state_request *requests = state_requests_take(f.state, term, NOON, &count, &f.error);
    cr_assert(count == 1 && requests[0].kind == STATE_REQUEST_POLL);
    state_requests_free(requests, count);
    requests = state_requests_take(f.state, term, NOON, &count, &f.error);
    cr_assert(requests != NULL && count == 0);
    state_requests_free(requests, count);
}

enum { RACERS = 8, RACES = 15 };

/* Where the racers meet, and the terms that were won: 0 where nobody won, -1 where two did. */
struct race {
    pthread_barrier_t barrier;
    _Atomic int64_t terms[RACES];
};

/* All try at once, and whoever won gives the lease back when all have tried. */
static bool run_race(struct race *race, int racer) {
    char session[16];
    struct state *state = state_open(f.directory, STATE_WRITE, NULL);
    bool good = state != NULL;
    (void)snprintf(session, sizeof session, "s-%d", racer);
    if (good) {
        (void)state_set_patience(state, 60000);
    }
    for (int round = 0; round < RACES; round++) {
        int64_t term = 0;
        int64_t nobody = 0;
        (void)pthread_barrier_wait(&race->barrier);
        bool won = good && state_lease_take(state, session, NOON, now(), &term, NULL);
        if (won && !atomic_compare_exchange_strong(&race->terms[round], &nobody, term)) {
            atomic_store(&race->terms[round], -1);
        }
        (void)pthread_barrier_wait(&race->barrier);
        good = good && (!won || state_lease_resign(state, session, term, NULL));
    }
    state_close(state);
    return good;
}

Test(lease, a_race_has_one_winner_a_round, .timeout = 600)
{
    pthread_barrierattr_t shared;
    struct race *race =
        mmap(NULL, sizeof *race, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert(race != MAP_FAILED);
    cr_assert(pthread_barrierattr_init(&shared) == 0 &&
              pthread_barrierattr_setpshared(&shared, PTHREAD_PROCESS_SHARED) == 0 &&
              pthread_barrier_init(&race->barrier, &shared, RACERS) == 0);
    for (int racer = 0; racer < RACERS; racer++) {
        if (fork() == 0) {
            _exit(run_race(race, racer) ? 0 : 1);
        }
    }
    int status;
    while (wait(&status) > 0) {
        cr_assert(status == 0);
    }
    for (int round = 0; round < RACES; round++) {
        cr_assert(race->terms[round] == round + 1, "round %d: term %lld", round,
                  (long long)race->terms[round]);
    }
    cr_assert(fixture_count(&f, "SELECT max(term) FROM lease") == RACES);
    (void)munmap(race, sizeof *race);
}

/* Sixteen processes claim and release random overlapping ranges of one table. */
Test(claims, sixteen_processes_never_overlap, .init = setup, .fini = teardown, .timeout = 600)
{
    enum { PROCESSES = 16, ROUNDS = 12 };
    for (int process = 0; process < PROCESSES; process++) {
        if (fork() == 0) {
            struct fixture own = f;
            own.state = state_open(f.directory, STATE_WRITE, NULL);
            state_set_patience(own.state, 60000);
            unsigned seed = (unsigned)process + 1;
            for (int round = 0; round < ROUNDS; round++) {
                char id[32];
                (void)snprintf(id, sizeof id, "r-%d-%d", process, round);
                day_number from = DAY1 + rand_r(&seed) % 60;
                if (fixture_launch(&own, id, "t", from, from + rand_r(&seed) % 20)) {
                    fixture_run(&own, id);
                    if (round % 3 != 2 && !fixture_end(&own, id, STATE_OUTCOME_OK, 0)) {
                        _exit(1);
                    }
                } else if (own.error.code != EXIT_NO_GO) {
                    _exit(2);
                }
            }
            state_close(own.state);
            _exit(0);
        }
    }
    int status;
    while (wait(&status) > 0) {
        cr_assert(status == 0, "%d", status);
    }
    cr_assert(fixture_count(&f, "SELECT count(*) FROM claims a JOIN claims b ON a.id<b.id"
                                " AND a.released_at IS NULL AND b.released_at IS NULL"
                                " AND a.resource=b.resource AND a.from_day<=b.to_day"
                                " AND b.from_day<=a.to_day") == 0);
    cr_assert(fixture_count(&f, "SELECT count(*) FROM claims WHERE released_at IS NULL") > 0);
    cr_assert(fixture_count(&f, "SELECT count(*) FROM runs r WHERE state='ended' AND NOT EXISTS("
                                "SELECT 1 FROM events e WHERE e.subject=r.run AND"
                                " e.kind='run-end')") == 0);
}

Test(sessions, those_whose_process_is_gone_are_pruned, .init = setup, .fini = teardown)
{
    char mine[STATE_SESSION_SIZE];
    size_t count;
    cr_assert(state_session_open(f.state, STATE_CONSOLE, "naji@ops", NOON, mine, &f.error), "%s",
              f.error.text);
    pid_t child = fork();
    if (child == 0) {
        char session[STATE_SESSION_SIZE];
        struct state *state = state_open(f.directory, STATE_WRITE, NULL);
        _exit(state_session_open(state, STATE_AGENT, "agent", NOON, session, NULL) ? 0 : 1);
    }
    int status;
    cr_assert(waitpid(child, &status, 0) == child && status == 0);
    cr_assert(fixture_count(&f, "SELECT count(*) FROM sessions WHERE closed_at IS NULL") == 2);
    struct state_session *sessions = state_sessions(f.state, &count, &f.error);
    cr_assert(count == 1 && sessions[0].role == STATE_CONSOLE && sessions[0].pid == getpid());
    state_sessions_free(sessions, count);
    cr_assert(state_session_prune(f.state, NOON + 1, &f.error));
    cr_assert(fixture_count(&f, "SELECT count(*) FROM sessions WHERE closed_at IS NULL") == 1);
    cr_assert(state_session_beat(f.state, mine, NOON + 2, &f.error));
    cr_assert(state_session_close(f.state, mine, NOON + 3, &f.error));
    sessions = state_sessions(f.state, &count, &f.error);
    cr_assert(count == 0);
    state_sessions_free(sessions, count);
}
