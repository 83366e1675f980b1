#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "state/counts.h"

static struct fixture f;

static void setup(void) {
    fixture_open(&f);
}
static void teardown(void) {
    fixture_close(&f);
}
TestSuite(coverage, .init = setup, .fini = teardown);
TestSuite(gates, .init = setup, .fini = teardown);

static char key[] = "team_defense";

static struct state_measurement *load_one(void) {
    size_t count;
    struct state_measurement *loaded = state_coverage_load(f.state, &count, &f.error);
    cr_assert(loaded != NULL, "%s", f.error.text);
    cr_assert(count == 1);
    return loaded;
}

static void store(int64_t term, struct state_count *counts, size_t count, int64_t at) {
    char signal[] = "seen-1";
    struct state_measurement m = {.subject = STATE_SUBJECT_TABLE,
                                  .key = key,
                                  .range = {DAY1, DAY1 + 9},
                                  .measured_at = at,
                                  .confirmed_at = at,
                                  .counts = counts,
                                  .count = count,
                                  .bytes_billed = 10485760,
                                  .signal = signal};
    cr_assert(state_coverage_store(f.state, term, &m, &f.error), "%s", f.error.text);
}

Test(coverage, counts_are_read_back_with_the_time_each_day_changed)
{
    int64_t term = fixture_lead(&f);
    struct state_count counts[] = {{DAY1, 20, 10, 0, -1, 0}, {DAY1 + 2, 18, 9, 3, 2, 0}};
    store(term, counts, 2, NOON);
    counts[1].rows = 19;
    store(term, counts, 2, NOON + 60000);
    struct state_measurement *m = load_one();
    cr_assert(m->measured && m->count == 2 && m->measured_at == NOON + 60000 && m->error == NULL);
    cr_assert(m->counts[0].rows == 20 && m->counts[0].entities == 10 && m->counts[0].nulls == 0 &&
              m->counts[0].fallbacks == -1);
    cr_assert(m->counts[0].changed_at == NOON && m->counts[1].changed_at == NOON + 60000);
    cr_assert(m->bytes_billed == 10485760);
    cr_assert_str_eq(m->signal, "seen-1");
    state_measurements_free(m, 1);
}

Test(coverage, a_failed_poll_never_erases_counts)
{
    int64_t term = fixture_lead(&f);
    struct state_count counts[] = {{DAY1, 20, -1, -1, -1, 0}};
    store(term, counts, 1, NOON);
    cr_assert(state_coverage_fail(f.state, term, STATE_SUBJECT_TABLE, key, NOON + 9, "403 denied",
                                  &f.error));
    struct state_measurement *m = load_one();
    cr_assert(m->measured && m->count == 1 && m->measured_at == NOON && m->failed_at == NOON + 9);
    cr_assert_str_eq(m->error, "403 denied");
    state_measurements_free(m, 1);
    fixture_refuses(&f,
                    "UPDATE measurements SET counts=NULL,measured_at=NULL,confirmed_at=NULL,"
                    "from_day=NULL,to_day=NULL",
                    "never erases");
    cr_assert(state_coverage_confirm(f.state, term, STATE_SUBJECT_TABLE, key, "seen-1", NOON + 20,
                                     &f.error));
    m = load_one();
    cr_assert(m->error == NULL && m->confirmed_at == NOON + 20 && m->measured_at == NOON);
    state_measurements_free(m, 1);
}

Test(coverage, confirms_only_the_counts_that_its_signal_vouches_for)
{
    int64_t term = fixture_lead(&f);
    struct state_count counts[] = {{DAY1, 20, -1, -1, -1, 0}};
    const char *const others[] = {"seen-2", "", NULL};
    store(term, counts, 1, NOON);
    for (size_t i = 0; i < 3; i++) {
        cr_assert_not(state_coverage_confirm(f.state, term, STATE_SUBJECT_TABLE, key, others[i],
                                             NOON + 20, &f.error));
        cr_assert_eq(f.error.code, EXIT_UNAVAILABLE, "%s", f.error.text);
    }
    struct state_measurement *m = load_one();
    cr_assert_eq(m->confirmed_at, NOON);
    state_measurements_free(m, 1);
}

Test(coverage, what_was_never_measured_is_unknown_and_not_zero)
{
    int64_t term = fixture_lead(&f);
    cr_assert(state_coverage_fail(f.state, term, STATE_SUBJECT_EXPECTED, key, NOON, "timed out",
                                  &f.error));
    struct state_measurement *m = load_one();
    cr_assert(!m->measured && m->count == 0 && m->subject == STATE_SUBJECT_EXPECTED);
    state_measurements_free(m, 1);
    cr_assert_not(state_coverage_confirm(f.state, term, STATE_SUBJECT_EXPECTED, key, "seen-1", NOON,
                                         &f.error));
    fixture_takes(&f, "SELECT 1");
    store(term, NULL, 0, NOON);
    size_t count;
    m = state_coverage_load(f.state, &count, &f.error);
    cr_assert(count == 2);
    state_measurements_free(m, count);
}

Test(coverage, counts_out_of_order_are_refused)
{
    int64_t term = fixture_lead(&f);
    struct state_count counts[] = {{DAY1, 20, -1, -1, -1, 0}, {DAY1, 21, -1, -1, -1, 0}};
    struct state_measurement m = {.subject = STATE_SUBJECT_TABLE,
                                  .key = key,
                                  .range = {DAY1, DAY1},
                                  .measured_at = NOON,
                                  .confirmed_at = NOON,
                                  .counts = counts,
                                  .count = 2};
    cr_assert_not(state_coverage_store(f.state, term, &m, &f.error));
    cr_assert(f.error.code == EXIT_SOFTWARE);
}

Test(coverage, a_blob_round_trips_and_a_damaged_one_is_refused)
{
    enum { COUNT = 500 };
    struct state_count counts[COUNT];
    struct text_buffer blob = {0};
    for (int i = 0; i < COUNT; i++) {
        counts[i] = (struct state_count){DAY1 + i * 3,  (int64_t)i * i * i * 1000003, i - 1, -1,
                                         INT64_MAX / 2, NOON - (int64_t)i * 86400000};
    }
    cr_assert(counts_encode(counts, COUNT, &blob));
    size_t count;
    struct state_count *again = counts_decode((struct text){blob.data, blob.size}, &count);
    cr_assert(again != NULL && count == COUNT);
    for (int i = 0; i < COUNT; i++) {
        cr_assert(again[i].day == counts[i].day && again[i].rows == counts[i].rows &&
                  again[i].entities == counts[i].entities && again[i].nulls == -1 &&
                  again[i].fallbacks == counts[i].fallbacks &&
                  again[i].changed_at == counts[i].changed_at);
    }
    free(again);
    cr_assert(counts_decode((struct text){blob.data, blob.size - 1}, &count) == NULL);
    char endless[32];
    memset(endless, 0xFF, sizeof endless);
    cr_assert(counts_decode((struct text){endless, sizeof endless}, &count) == NULL);
    text_buffer_free(&blob);
}

Test(coverage, samples_give_any_past_moment)
{
    int64_t term = fixture_lead(&f);
    char season[] = "2021-22";
    char status[] = "fresh";
    struct state_sample sample = {.table = key,
                                  .season = season,
                                  .at = NOON,
                                  .status = status,
                                  .evidence = NOON,
                                  .complete = 5,
                                  .attainable = 10,
                                  .expected = -1};
    size_t count;
    cr_assert(state_samples_append(f.state, term, &sample, 1, 300000, &f.error), "%s",
              f.error.text);
    sample.at = NOON + 60000;
    cr_assert(state_samples_append(f.state, term, &sample, 1, 300000, &f.error));
    cr_assert(fixture_count(&f, "SELECT count(*) FROM samples") == 1);
    sample.at = NOON + 120000;
    sample.complete = 6;
    cr_assert(state_samples_append(f.state, term, &sample, 1, 300000, &f.error));
    sample.at = NOON + 420000;
    cr_assert(state_samples_append(f.state, term, &sample, 1, 300000, &f.error));
    struct state_sample *samples =
        state_samples(f.state, key, season, NOON, NOON + 999999, &count, &f.error);
    cr_assert(count == 3 && samples[0].complete == 5 && samples[1].complete == 6);
    cr_assert(samples[0].expected == -1);
    state_samples_free(samples, count);
    samples = state_samples_at(f.state, NOON + 119999, &count, &f.error);
    cr_assert(count == 1 && samples[0].complete == 5);
    state_samples_free(samples, count);
    samples = state_samples_at(f.state, NOON - 1, &count, &f.error);
    cr_assert(samples != NULL && count == 0);
    state_samples_free(samples, count);
    fixture_refuses(&f, "UPDATE samples SET complete=10", "append-only");
    fixture_refuses(&f, "DELETE FROM samples", "append-only");
}

/* Numbers that a server made up stop at a limit; they break no sum of the night. */
Test(coverage, spending_never_overflows)
{
    int64_t term = fixture_lead(&f);
    char other[] = "player_game_summary";
    struct state_spend spend = {
        .key = key, .queries = 1, .bytes_billed = INT64_MAX, .bytes_processed = INT64_MAX};
    struct state_spend total;
    for (int i = 0; i < 3; i++) {
        cr_assert(state_spend_add(f.state, term, DAY1, &spend, &f.error), "%s", f.error.text);
    }
    spend.key = other;
    cr_assert(state_spend_add(f.state, term, DAY1, &spend, &f.error), "%s", f.error.text);
    cr_assert(state_spend_total(f.state, DAY1, &total, &f.error), "%s", f.error.text);
    cr_expect_eq(total.queries, 4);
    cr_expect_eq(total.bytes_billed, INT64_C(1) << 62);
    cr_expect_eq(total.bytes_processed, INT64_C(1) << 62);
}

Test(coverage, spending_adds_up_over_a_night)
{
    int64_t term = fixture_lead(&f);
    char other[] = "player_game_summary";
    struct state_spend spend = {
        .key = key, .queries = 1, .bytes_billed = 100, .dollars = 0.5, .failed = 1, .unknown = 1};
    cr_assert(state_spend_add(f.state, term, DAY1, &spend, &f.error), "%s", f.error.text);
    cr_assert(state_spend_add(f.state, term, DAY1, &spend, &f.error));
    spend.key = other;
    spend.cached = 1;
    spend.bytes_billed = 900;
    cr_assert(state_spend_add(f.state, term, DAY1, &spend, &f.error));
    cr_assert(state_spend_add(f.state, term, DAY1 + 1, &spend, &f.error));
    struct state_spend total;
    size_t count;
    cr_assert(state_spend_total(f.state, DAY1, &total, &f.error));
    cr_assert(total.queries == 3 && total.cached == 1 && total.bytes_billed == 1100);
    cr_assert(total.failed == 3 && total.unknown == 3 && total.estimated == 0);
    struct state_spend *spends = state_spends(f.state, DAY1, &count, &f.error);
    cr_assert(count == 2);
    cr_assert_str_eq(spends[0].key, other);
    state_spends_free(spends, count);
    cr_assert(state_spend_total(f.state, DAY1 + 7, &total, &f.error) && total.queries == 0);
}

Test(gates, only_a_change_of_verdict_is_written)
{
    struct state_actor agent = {.name = "agent", .term = fixture_lead(&f)};
    size_t count;
    cr_assert(state_verdict_store(f.state, &agent, "g", "NO-GO", "3 of 5", NOON, &f.error), "%s",
              f.error.text);
    cr_assert(state_verdict_store(f.state, &agent, "g", "NO-GO", "2 of 5", NOON + 5, &f.error));
    cr_assert(state_verdict_store(f.state, &agent, "g", "GO", "5 of 5", NOON + 9, &f.error));
    cr_assert(fixture_count(&f, "SELECT count(*) FROM events WHERE kind='gate'") == 2);
    struct state_verdict *verdicts = state_verdicts(f.state, 0, &count, &f.error);
    cr_assert(count == 1 && verdicts[0].since == NOON + 9);
    cr_assert_str_eq(verdicts[0].verdict, "GO");
    state_verdicts_free(verdicts, count);
    verdicts = state_verdicts(f.state, NOON + 6, &count, &f.error);
    cr_assert(count == 1);
    cr_assert_str_eq(verdicts[0].verdict, "NO-GO");
    cr_assert(verdicts[0].since == NOON && verdicts[0].until == NOON + 9);
    state_verdicts_free(verdicts, count);
    verdicts = state_verdict_history(f.state, "g", &count, &f.error);
    cr_assert(count == 2);
    state_verdicts_free(verdicts, count);
    fixture_refuses(&f,
                    "INSERT INTO verdicts(gate,term,verdict,since,text)"
                    " VALUES('g',1,'MAYBE',1,'')",
                    "CHECK");
}

Test(gates, a_hold_stands_until_it_is_released)
{
    size_t count;
    cr_assert(state_mark_put(f.state, &person, "g", true, "", NOON, &f.error), "%s", f.error.text);
    cr_assert_not(state_mark_put(f.state, &person, "g", true, "", NOON, &f.error));
    cr_assert(f.error.code == EXIT_NO_GO);
    struct state_mark *marks = state_marks(f.state, 0, &count, &f.error);
    cr_assert(count == 1 && marks[0].hold);
    state_marks_free(marks, count);
    cr_assert(state_mark_end(f.state, &person, "g", true, "all clear", NOON + 5, &f.error));
    cr_assert_not(state_mark_end(f.state, &person, "g", true, "", NOON + 6, &f.error));
    marks = state_marks(f.state, 0, &count, &f.error);
    cr_assert(marks != NULL && count == 0);
    state_marks_free(marks, count);
    marks = state_marks(f.state, NOON + 4, &count, &f.error);
    cr_assert(count == 1);
    state_marks_free(marks, count);
}

Test(gates, an_override_needs_a_reason)
{
    cr_assert_not(state_mark_put(f.state, &person, "g", false, "because  ", NOON, &f.error));
    cr_assert(f.error.code == EXIT_USAGE);
    cr_assert(
        state_mark_put(f.state, &person, "g", false, "two dates are postponed", NOON, &f.error),
        "%s", f.error.text);
    cr_assert(fixture_count(&f, "SELECT count(*) FROM events WHERE kind='override'") == 1);
    fixture_refuses(&f,
                    "INSERT INTO marks(gate,kind,by_whom,reason,at)"
                    " VALUES('h','override','x','short',1)",
                    "CHECK");
}

Test(gates, the_newest_answer_counts_and_nan_is_none)
{
    char check[] = "null rate";
    char gate[] = "g";
    size_t count;
    struct state_answer answer = {
        .gate = gate, .check = check, .measured = true, .value = 4.5, .at = NOON};
    cr_assert(state_answer_put(f.state, &person, &answer, &f.error), "%s", f.error.text);
    answer.value = NAN;
    answer.at = NOON + 5;
    cr_assert(state_answer_put(f.state, &person, &answer, &f.error), "%s", f.error.text);
    struct state_answer *answers = state_answers(f.state, 0, &count, &f.error);
    cr_assert(count == 1 && !answers[0].measured && answers[0].error != NULL);
    state_answers_free(answers, count);
    answers = state_answers(f.state, NOON + 4, &count, &f.error);
    cr_assert(count == 1 && answers[0].measured && answers[0].value == 4.5);
    state_answers_free(answers, count);
}

Test(gates, waivers_expire_and_end)
{
    size_t count;
    int64_t id;
    struct day_range range = {DAY1, DAY1 + 1};
    cr_assert_not(state_waiver_put(f.state, &person, key, range, "no", NOON, 0, NULL, &f.error));
    cr_assert(
        state_waiver_put(f.state, &person, key, range, "arena flooded", NOON, 0, &id, &f.error),
        "%s", f.error.text);
    cr_assert(state_waiver_put(f.state, &person, key, range, "until the feed is back", NOON,
                               NOON + 100, NULL, &f.error));
    struct state_waiver *waivers = state_waivers(f.state, NOON + 50, true, &count, &f.error);
    cr_assert(count == 2);
    state_waivers_free(waivers, count);
    waivers = state_waivers(f.state, NOON + 100, true, &count, &f.error);
    cr_assert(count == 1 && waivers[0].id == id);
    state_waivers_free(waivers, count);
    cr_assert(state_waiver_end(f.state, &person, id, NOON + 200, &f.error));
    cr_assert_not(state_waiver_end(f.state, &person, id, NOON + 201, &f.error));
    waivers = state_waivers(f.state, NOON + 300, true, &count, &f.error);
    cr_assert(waivers != NULL && count == 0);
    state_waivers_free(waivers, count);
}

Test(gates, a_revoked_approval_stays_revoked)
{
    char hash[] = "abc";
    char group[] = "phase3";
    char evidence[] = "{}";
    char id[24];
    size_t count;
    struct state_approval approval = {.plan_hash = hash,
                                      .group = group,
                                      .at = NOON,
                                      .decision = STATE_DECIDED_NO_GO,
                                      .expires_at = NOON + 1,
                                      .evidence = evidence};
    cr_assert(state_approval_put(f.state, &person, &approval, id, &f.error), "%s", f.error.text);
    cr_assert(state_approval_revoke(f.state, &person, id, NOON, &f.error));
    cr_assert_not(state_approval_revoke(f.state, &person, id, NOON, &f.error));
    struct state_approval *approvals = state_approvals(f.state, &count, &f.error);
    cr_assert(count == 1 && approvals[0].decision == STATE_DECIDED_NO_GO &&
              approvals[0].revoked_at == NOON);
    state_approvals_free(approvals, count);
    fixture_refuses(&f, "UPDATE approvals SET decision='go'", "never changed");
    fixture_refuses(&f,
                    "INSERT INTO approvals VALUES('a','h','g','override','x',1,2,'{}',NULL,"
                    "NULL,NULL)",
                    "CHECK");
}
