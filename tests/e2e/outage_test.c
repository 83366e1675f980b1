/* BigQuery falls silent, dies and comes back in the middle of a night. What was measured stays with
 * its age, a gate goes from GO to STALE and to UNKNOWN and never back to GO on old evidence, and
 * all of it recovers by itself. */
#include <criterion/criterion.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/night.h"

/* 300 times as fast: evidence is stale after a second and unknown after seven. */
enum { SPEED = 300, ASKS = 400, STALE_AFTER_S = 5 * 60 };

static struct night night;

static void open_night(void) {
    night_open(&night, "jan09", "2026-01-09T17:00:00Z", SPEED);
    night_start_agent(&night);
}

static void close_night(void) {
    night_close(&night);
}

TestSuite(outage, .init = open_night, .fini = close_night, .timeout = 600);

struct seen {
    char verdict[16];
    int code;
    double age; /* of the oldest evidence, seconds; -1 when there is none */
    size_t numbers;
};

static struct seen look(void) {
    struct seen seen = {.age = -1};
    json_t *json = night_ask(&night, &seen.code, "check", "phase3-ready", NULL);
    const json_t *gate = night_find(json, "gates", "gate", "phase3-ready");
    cr_assert_not_null(gate);
    (void)snprintf(seen.verdict, sizeof seen.verdict, "%s", night_word(gate, "verdict"));
    size_t index;
    const json_t *check;
    json_array_foreach(json_object_get(gate, "checks"), index, check) {
        double age = night_number(check, "age_seconds");
        seen.age = age > seen.age ? age : seen.age;
        seen.numbers += night_number(check, "measured") == 100.0 ? 1 : 0;
    }
    json_decref(json);
    return seen;
}

/* Asks until the verdict is this one; a GO on the way must rest on evidence that is not old. */
static struct seen wait_for(const char *verdict) {
    struct seen seen = {0};
    for (int i = 0; i < ASKS; i++) {
        seen = look();
        if (strcmp(seen.verdict, "GO") == 0) {
            cr_assert_eq(seen.code, 0);
            cr_assert_leq(seen.age, STALE_AFTER_S, "GO on evidence that is %.0f s old", seen.age);
        } else {
            cr_assert_eq(seen.code, 2, "%s with exit %d", seen.verdict, seen.code);
        }
        if (strcmp(seen.verdict, verdict) == 0) {
            return seen;
        }
    }
    cr_assert_fail("never %s, but %s", verdict, seen.verdict);
    return seen;
}

Test(outage, turns_go_to_stale_and_unknown_while_bigquery_is_silent_and_recovers)
{
    (void)wait_for("GO");
    program_signal(night.emulator, SIGSTOP);
    struct seen stale = wait_for("STALE");
    cr_expect_gt(stale.age, STALE_AFTER_S);
    cr_expect_eq(stale.numbers, 5, "the numbers are still there");
    struct seen unknown = wait_for("UNKNOWN");
    cr_expect_gt(unknown.age, stale.age);
    cr_expect_eq(unknown.numbers, 5, "the numbers are still there");
    program_signal(night.emulator, SIGCONT);
    struct seen again = wait_for("GO");
    cr_expect_eq(again.numbers, 5);
}

Test(outage, recovers_when_bigquery_died_and_came_back_where_it_was)
{
    (void)wait_for("GO");
    night_kill_emulator(&night);
    struct seen stale = wait_for("STALE");
    cr_expect_eq(stale.numbers, 5);
    night_restart_emulator(&night);
    (void)wait_for("GO");
}
