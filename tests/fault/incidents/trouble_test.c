/* Incidents in which a run went wrong while it ran: what the operator is told, and what the agent
 * does. Numbers are those of tests/fault/incidents.md. */
#include "night_of.h"

static const int64_t none[DATES] = {0};
static const int64_t four[DATES] = {4, 4, 4, 4, 0, 0, 0, 0, 0, 0};

static void begin(void) {
    static const char *const changes[] = {
        "command: [/bin/true, \"{from}\", \"{to}\"], quiet_after: 30m}",
        "command: [/bin/true, \"{from}\", \"{to}\"], quiet_after: 30m, stop_after_failures: 5, "
        "timeout: 6h}",
        NULL};
    night_of(changes);
}

TestSuite(incident_trouble, .init = begin, .fini = night_over, .timeout = 600);

/* 2: it died after minutes, and was missed after hours. */
Test(incident_trouble, a_run_that_dies_early_is_an_alarm)
{
    night_run("r-dead", "defense", SCENE_NOW);
    night_end("r-dead", STATE_OUTCOME_FAILED, 1, SCENE_NOW + 12 * MINUTE);
    (void)night_look(SCENE_NOW + 12 * MINUTE);
    expect_contains(night_alarm("r-dead", "died-early"), "died within 12 min");
    expect_contains(night_alarm("r-dead", "died-early"), "exit 1");
    cr_expect_eq(night_events("r-dead", "alert"), 1);
}

Test(incident_trouble, a_run_that_fails_after_hours_did_not_die_early)
{
    night_run("r-late", "defense", SCENE_NOW);
    night_end("r-late", STATE_OUTCOME_FAILED, 1, SCENE_NOW + 3 * HOUR);
    (void)night_look(SCENE_NOW + 3 * HOUR);
    cr_expect_str_empty(night_alarm("r-late", "died-early"));
}

/* 6: 37 dates, one reason. */
Test(incident_trouble, identical_errors_are_one_line)
{
    static const char *const lines[] = {
        "INFO:__main__:Processing day 1/10: 2021-11-02",
        "ERROR:__main__:  ✗ Exception: 400 Invalid NUMERIC value: 1329.8 for NUMERIC(5,2)",
        "INFO:__main__:Processing day 2/10: 2021-11-03",
        "ERROR:__main__:  ✗ Exception: 400 Invalid NUMERIC value: 1412.1 for NUMERIC(5,2)",
        "INFO:__main__:Processing day 3/10: 2021-11-04",
        "ERROR:__main__:  ✗ Exception: 403 Quota exceeded: Your table exceeded quota",
        NULL};
    night_run("r-same", "defense", SCENE_NOW);
    night_log("r-same", lines, SCENE_NOW, 10 * SECOND);
    (void)night_look(SCENE_NOW + 2 * MINUTE);
    const struct situation_run *run = night_seen("r-same");
    cr_assert_eq(run->failure_count, 2);
    cr_expect_eq(run->failures[0].dates, 2);
    expect_contains(run->failures[0].reason, "Invalid NUMERIC value");
    cr_expect_eq(run->failures[0].first, SCENE_FROM);
}

/* 7: the machine was started again in the middle of it. */
Test(incident_trouble, a_lost_run_says_where_coverage_would_resume)
{
    night_run("r-lost", "defense", SCENE_NOW);
    night_end("r-lost", STATE_OUTCOME_LOST, -1, SCENE_NOW + 2 * HOUR);
    night_measure("defense", four, -1, SCENE_NOW + 2 * HOUR + MINUTE);
    (void)night_look(SCENE_NOW + 2 * HOUR + MINUTE);
    expect_contains(night_alarm("r-lost", "lost"), "4 of 10 dates are complete");
    expect_contains(night_alarm("r-lost", "lost"), "coverage says resume at 2021-11-06");
    cr_expect_str_eq(night_seen("r-lost")->verdict, "lost");
    cr_expect_eq(night_seen("r-lost")->phase, SITUATION_RUN_FAILED);
}

/* 9: it hung three times, and was found in the morning. */
Test(incident_trouble, no_output_is_a_stall)
{
    static const char *const lines[] = {
        "INFO:__main__:🚀 PARALLEL BACKFILL MODE - 8 CONCURRENT WORKERS", NULL};
    night_run("r-hung", "defense", SCENE_NOW);
    night_log("r-hung", lines, SCENE_NOW + SECOND, 0);
    (void)night_look(SCENE_NOW + 29 * MINUTE);
    cr_expect_eq(night_seen("r-hung")->phase, SITUATION_RUN_RUNNING);
    (void)night_look(SCENE_NOW + 31 * MINUTE);
    cr_expect_eq(night_seen("r-hung")->phase, SITUATION_RUN_STALLED);
    expect_contains(night_alarm("r-hung", "quiet"), "no output for 30 min");
    cr_expect_eq(night_events("r-hung", "stall"), 1);
}

/* 17: 1 December took 35 seconds, 2 December hung. */
Test(incident_trouble, a_date_that_takes_many_times_the_usual_is_a_stall)
{
    static const char *const lines[] = {"INFO:__main__:Processing game date 1/10: 2021-11-02",
                                        "INFO:__main__:  ✓ Success: 207 players",
                                        "INFO:__main__:Processing game date 2/10: 2021-11-03",
                                        "INFO:shared.utils.completeness_checker:Checking "
                                        "completeness for 100 players (games window: 5)",
                                        NULL};
    night_run("r-slow", "zones", SCENE_NOW);
    night_log("r-slow", lines, SCENE_NOW, 35 * SECOND);
    (void)night_look(SCENE_NOW + 10 * MINUTE);
    cr_expect_str_empty(night_alarm("r-slow", "slow-date"), "5 to 10 minutes are a slow date");
    (void)night_look(SCENE_NOW + 13 * MINUTE);
    expect_contains(night_alarm("r-slow", "slow-date"), "its dates take 35 s");
    cr_expect_eq(night_seen("r-slow")->phase, SITUATION_RUN_STALLED,
                 "long before the 30 minutes of the file");
}

/* 20: every date failed for one reason, hour after hour. */
Test(incident_trouble, dates_that_all_fail_alike_stop_the_run)
{
    static const char reason[] = "ERROR:__main__:  ✗ Failed: 404 Not found: Dataset nba:nba_raw "
                                 "was not found in location US";
    night_measure("defense", none, -1, SCENE_NOW - MINUTE);
    night_run("r-zone", "defense", SCENE_NOW);
    night_log_dates("r-zone", "game date", reason, 4, SCENE_NOW, 20 * SECOND);
    cr_expect_eq(night_stored("r-zone")->stop_at, 0, "four are not yet five");
    night_log(
        "r-zone",
        (const char *const[]){"INFO:__main__:Processing game date 5/10: 2021-11-06", reason, NULL},
        SCENE_NOW + 100 * SECOND, 0);
    const struct state_run *run = night_stored("r-zone");
    cr_expect_eq(run->state, STATE_RUN_STOPPING);
    cr_expect_str_eq(run->stop_by, "agent");
    expect_contains(run->stop_reason, "5 dates in a row failed: 404 Not found: Dataset");
    cr_expect_eq(night_events("r-zone", "alert"), 1);
    cr_expect_eq(night_events("r-zone", "stop"), 1);
    (void)night_look(SCENE_NOW + 2 * MINUTE);
    expect_contains(night_alarm("r-zone", "first-dates"), "the first 5 dates all failed");
    night_end("r-zone", STATE_OUTCOME_STOPPED, 143, SCENE_NOW + 3 * MINUTE);
    night_measure("defense", none, -1, SCENE_NOW + 4 * MINUTE);
    (void)night_look(SCENE_NOW + 4 * MINUTE);
    cr_expect_str_eq(night_seen("r-zone")->verdict, "failed", "nobody stopped it calmly");
    cr_expect_eq(night_seen("r-zone")->phase, SITUATION_RUN_FAILED);
    expect_contains(night_seen("r-zone")->verdict_text, "stopped by agent: 5 dates in a row");
}

/* 20, after the "fix": success, and no team. */
Test(incident_trouble, successes_without_rows_stop_the_run)
{
    night_run("r-zero", "defense", SCENE_NOW);
    night_log_dates("r-zero", "game date", "INFO:__main__:  ✓ Success: 0 teams processed", 5,
                    SCENE_NOW, 20 * SECOND);
    expect_contains(night_stored("r-zero")->stop_reason, "5 dates in a row without rows");
}

/* What a healthy run says in the first weeks of a season. */
Test(incident_trouble, failures_that_are_expected_stop_nothing)
{
    night_run("r-early", "defense", SCENE_NOW);
    night_log_dates("r-early", "game date",
                    "ERROR:__main__:  ✗ Failed: INSUFFICIENT_DATA: 30 teams", DATES, SCENE_NOW,
                    20 * SECOND);
    cr_expect_eq(night_stored("r-early")->stop_at, 0);
    (void)night_look(SCENE_NOW + 4 * MINUTE);
    cr_expect_str_empty(night_alarm("r-early", "first-dates"));
}

/* 22: 944 days at two and a half hours each. */
Test(incident_trouble, a_run_that_would_take_98_days_says_so_after_two_dates)
{
    static const char *const lines[] = {"INFO:__main__:Processing day 1/944: 2021-11-02",
                                        "INFO:__main__:  ✓ Success: 214 records from 9 games",
                                        "INFO:__main__:Processing day 2/944: 2021-11-03",
                                        "INFO:__main__:  ✓ Success: 210 records from 9 games",
                                        NULL};
    night_run("r-98", "defense", SCENE_NOW);
    night_log("r-98", lines, SCENE_NOW, 75 * MINUTE);
    (void)night_look(SCENE_NOW + 226 * MINUTE);
    expect_contains(night_alarm("r-98", "far-end"), "it needs 98 more days");
    expect_contains(night_alarm("r-98", "far-end"), "its timeout ends it after 6 h");
}

Test(incident_trouble, a_rate_that_collapses_is_an_alarm)
{
    night_run("r-rate", "defense", SCENE_NOW);
    static const char before[] = "INFO:__main__:Processing day 1/60: 2021-11-02";
    int64_t at = SCENE_NOW;
    night_log("r-rate", (const char *const[]){before, NULL}, at, 0);
    for (int i = 0; i < 24; i++) {
        char line[96];
        char day[DAY_TEXT_SIZE];
        (void)snprintf(line, sizeof line, "INFO:__main__:  ✓ %s: 214 records",
                       day_format(SCENE_FROM + i, day));
        at += i < 16 ? 28 * SECOND : 200 * SECOND;
        night_log("r-rate", (const char *const[]){line, NULL}, at, 0);
        if (i == 15) {
            (void)night_look(at);
            cr_expect_str_empty(night_alarm("r-rate", "slowing"));
        }
    }
    (void)night_look(at);
    expect_contains(night_alarm("r-rate", "slowing"), "its rate collapsed");
}

/* 25: MLFS failed every date; the restart cost ten hours. */
Test(incident_trouble, one_signature_date_after_date_stops_a_run_that_had_begun_well)
{
    static const char *const good[] = {"INFO:__main__:Processing game date 1/10: 2021-11-02",
                                       "INFO:__main__:  ✓ Success: 207 players, "
                                       "version=v2_60features",
                                       NULL};
    night_run("r-mlfs", "defense", SCENE_NOW);
    night_log("r-mlfs", good, SCENE_NOW, SECOND);
    for (int i = 1; i <= 5; i++) {
        char line[96];
        char day[DAY_TEXT_SIZE];
        (void)snprintf(line, sizeof line, "INFO:__main__:Processing game date %d/10: %s", i + 1,
                       day_format(SCENE_FROM + i, day));
        night_log("r-mlfs",
                  (const char *const[]){
                      line,
                      "ERROR:precompute_base:Hash field 'early_season_flag' not found in record",
                      "ERROR:__main__:  ✗ Failed: Unknown", NULL},
                  SCENE_NOW + i * MINUTE, SECOND);
    }
    expect_contains(night_stored("r-mlfs")->stop_reason, "5 dates in a row failed");
    expect_contains(night_stored("r-mlfs")->stop_reason, "early_season_flag");
}

/* 28: a history said "running" for weeks. */
Test(incident_trouble, what_a_log_says_of_running_makes_nothing_alive)
{
    static const char *const lines[] = {
        "INFO:shared.processors.mixins.run_history_mixin:Recorded run history: "
        "TeamDefenseZoneAnalysisProcessor_20260117_142901_af4641d2 - running (0.0s)",
        NULL};
    night_run("r-hist", "defense", SCENE_NOW);
    night_end("r-hist", STATE_OUTCOME_FAILED, 1, SCENE_NOW + HOUR);
    night_log("r-hist", lines, SCENE_NOW + HOUR, 0);
    const struct situation *seen = night_look(SCENE_NOW + HOUR);
    cr_expect_str_eq(night_seen("r-hist")->state, "ended");
    cr_expect_eq(seen->header.running, 0);
}
