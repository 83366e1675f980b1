#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/moment.h"
#include "state/journal.h"
#include "state/sql.h"
#include "state/state_arms.h"

static const char *const words[] = {
    [STATE_ARM_ARMED] = "armed",
    [STATE_ARM_FIRED] = "fired",
    [STATE_ARM_DISARMED] = "disarmed",
    [STATE_ARM_EXPIRED] = "expired",
};

const char *state_arm_word(enum state_arm_state state) {
    return words[state];
}

static bool is_armed(struct state *state, const char *group, bool *armed, struct error *error) {
    int64_t count;
    bool done =
        SQL_ONE(state, error, 0, &count,
                "SELECT count(*) FROM arms WHERE group_name=? AND state='armed'", sql_text(group));
    *armed = count > 0;
    return done;
}

/* Whether the approval is a yes to this plan and group that nobody has used or counts on. */
static bool check_approval(struct state *state, const struct state_arm *arm, struct error *error) {
    int64_t live;
    if (!SQL_ONE(state, error, 0, &live,
                 "SELECT count(*) FROM approvals a WHERE a.approval=?1 AND a.plan_hash=?2"
                 " AND a.group_name IN('',?3) AND a.decision IN('go','override')"
                 " AND a.revoked_at IS NULL AND a.consumed_by IS NULL AND a.expires_at>?4"
                 " AND NOT EXISTS(SELECT 1 FROM arms m WHERE m.approval=a.approval"
                 "  AND m.state='armed')",
                 sql_text(arm->approval), sql_text(arm->plan_hash), sql_text(arm->group),
                 sql_int(arm->at))) {
        return false;
    }
    return live == 1 ||
           error_set(error, EXIT_NO_GO,
                     "approval %s is not a live, unused yes to this plan for %s; have the plan "
                     "approved again",
                     arm->approval, arm->group);
}

static bool insert(struct state *state, const struct state_actor *actor,
                   const struct state_arm *arm, const char *id, struct error *error) {
    char until[MOMENT_SIZE];
    bool armed;
    if (!is_armed(state, arm->group, &armed, error)) {
        return false;
    }
    if (armed) {
        return error_set(error, EXIT_NO_GO, "%s is armed already; disarm it first", arm->group);
    }
    if (!check_approval(state, arm, error) ||
        !SQL_RUN(state, error,
                 "INSERT INTO arms(arm,group_name,plan_hash,approval,by_whom,at,expires_at,"
                 "boot_id,need,state,request) VALUES(?,?,?,?,?,?,?,?,?,'armed',?)",
                 sql_text(id), sql_text(arm->group), sql_text(arm->plan_hash),
                 sql_text(arm->approval), sql_text(actor->name), sql_int(arm->at),
                 sql_int(arm->expires_at), sql_text(state->boot_id), sql_int(STATE_ARM_NEED),
                 sql_text(arm->request))) {
        return false;
    }
    char *text = memory_format("armed until %s on approval %s",
                               moment_format(arm->expires_at, arm->at, until), arm->approval);
    bool done = journal_add(state, actor, arm->at, STATE_EVENT_ARM, arm->group, text, NULL, error);
    free(text);
    return done;
}

bool state_arm_put(struct state *state, const struct state_actor *actor,
                   const struct state_arm *arm, char id[STATE_RUN_SIZE], struct error *error) {
    return sql_begin(state, error) && sql_end(state,
                                              state_draw_id(state, 'm', arm->at, id, error) &&
                                                  insert(state, actor, arm, id, error),
                                              error);
}

/* The group of an arm that is armed; NULL for one that has ended. */
static bool group_of(struct state *state, const char *arm, char **group, struct error *error) {
    struct sql_rows rows = SQL_ROWS(
        state, error, "SELECT group_name FROM arms WHERE arm=? AND state='armed'", sql_text(arm));
    *group = NULL;
    if (sql_next(&rows)) {
        *group = sql_get_text(&rows, 0);
    }
    sql_finish(&rows);
    return !rows.failed;
}

bool state_arm_end(struct state *state, const struct state_actor *actor, const char *arm,
                   enum state_arm_state end, const char *why, int64_t at, bool *done,
                   struct error *error) {
    char *group = NULL;
    *done = false;
    if (!sql_begin(state, error)) {
        return false;
    }
    bool good = (actor->term == 0 || sql_fence(state, actor->term, error)) &&
                group_of(state, arm, &group, error);
    if (good && group != NULL) {
        char *text = memory_format("%s: %s", words[end], why);
        good = SQL_RUN(state, error, "UPDATE arms SET state=?,why=?,ended_at=? WHERE arm=?",
                       sql_text(words[end]), sql_text(why), sql_int(at), sql_text(arm)) &&
               journal_add(state, actor, at, STATE_EVENT_DISARM, group, text, NULL, error);
        free(text);
        *done = good;
    }
    free(group);
    return sql_end(state, good, error);
}

/* What is stored of an arm's count. */
struct tally {
    bool found;
    int64_t at, need, streak, last_sample;
    bool counting; /* down */
    char *group;
};

static bool load_tally(struct state *state, const char *arm, struct tally *tally,
                       struct error *error) {
    struct sql_rows rows = SQL_ROWS(state, error,
                                    "SELECT at,need,streak,last_sample,fire_ns,group_name"
                                    " FROM arms WHERE arm=? AND state='armed'",
                                    sql_text(arm));
    *tally = (struct tally){0};
    if (sql_next(&rows)) {
        *tally = (struct tally){
            .found = true,
            .at = sql_get_int(&rows, 0, 0),
            .need = sql_get_int(&rows, 1, 0),
            .streak = sql_get_int(&rows, 2, 0),
            .last_sample = sql_get_int(&rows, 3, 0),
            .counting = sql_get_int(&rows, 4, 0) != 0,
            .group = sql_get_text(&rows, 5),
        };
    }
    sql_finish(&rows);
    return !rows.failed;
}

static bool lose_streak(struct state *state, const struct state_actor *actor, const char *arm,
                        const struct tally *tally, int64_t now, struct error *error) {
    if (tally->streak == 0 && !tally->counting) {
        return true;
    }
    return SQL_RUN(state, error, "UPDATE arms SET streak=0,fire_at=NULL,fire_ns=NULL WHERE arm=?",
                   sql_text(arm)) &&
           journal_add(state, actor, now, STATE_EVENT_ARM, tally->group,
                       tally->counting ? "the gate is no longer GO: countdown ended"
                                       : "the gate is no longer GO: counting from the start",
                       NULL, error);
}

static bool add_sample(struct state *state, const struct state_actor *actor, const char *arm,
                       const struct tally *tally, const struct state_arm *next, int64_t now,
                       struct error *error) {
    bool begins = !tally->counting && tally->streak + 1 >= tally->need;
    char at[MOMENT_SIZE];
    char *text = begins ? memory_format("%lld GO in a row: starts at %s unless disarmed",
                                        (long long)(tally->streak + 1),
                                        moment_format_full(next->fire_at, at))
                        : memory_format("GO %lld of %lld", (long long)(tally->streak + 1),
                                        (long long)tally->need);
    bool done =
        begins ? SQL_RUN(state, error,
                         "UPDATE arms SET streak=streak+1,last_sample=?,fire_at=?,"
                         "fire_ns=? WHERE arm=?",
                         sql_int(next->last_sample), sql_int(next->fire_at), sql_int(next->fire_ns),
                         sql_text(arm))
               : SQL_RUN(state, error, "UPDATE arms SET streak=streak+1,last_sample=? WHERE arm=?",
                         sql_int(next->last_sample), sql_text(arm));
    done = done && (tally->counting || journal_add(state, actor, now, STATE_EVENT_ARM, tally->group,
                                                   text, NULL, error));
    free(text);
    return done;
}

bool state_arm_sample(struct state *state, const struct state_actor *actor, const char *arm,
                      bool go, int64_t evidence_at, int64_t fire_at, int64_t fire_ns, int64_t now,
                      struct error *error) {
    struct tally tally = {0};
    const struct state_arm next = {
        .last_sample = evidence_at, .fire_at = fire_at, .fire_ns = fire_ns};
    if (!sql_begin(state, error)) {
        return false;
    }
    bool done = sql_fence(state, actor->term, error) && load_tally(state, arm, &tally, error);
    if (done && tally.found && !go) {
        done = lose_streak(state, actor, arm, &tally, now, error);
    } else if (done && tally.found && evidence_at > tally.at && evidence_at > tally.last_sample) {
        done = add_sample(state, actor, arm, &tally, &next, now, error);
    }
    free(tally.group);
    return sql_end(state, done, error);
}

static struct state_arm read_arm(const struct sql_rows *rows) {
    struct state_arm arm = {
        .arm = sql_get_text(rows, 0),
        .group = sql_get_text(rows, 1),
        .plan_hash = sql_get_text(rows, 2),
        .approval = sql_get_text(rows, 3),
        .by = sql_get_text(rows, 4),
        .at = sql_get_int(rows, 5, 0),
        .expires_at = sql_get_int(rows, 6, 0),
        .need = sql_get_int(rows, 8, 0),
        .streak = sql_get_int(rows, 9, 0),
        .last_sample = sql_get_int(rows, 10, 0),
        .why = sql_get_text(rows, 12),
        .ended_at = sql_get_int(rows, 13, 0),
        .launch = sql_get_text(rows, 14),
        .request = sql_get_text(rows, 15),
        .fire_at = sql_get_int(rows, 16, 0),
        .fire_ns = sql_get_int(rows, 17, 0),
    };
    const char *boot = sql_peek_text(rows, 7);
    size_t size = strlen(boot);
    memcpy(arm.boot_id, boot, size < sizeof arm.boot_id ? size : sizeof arm.boot_id - 1);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        arm.state =
            strcmp(sql_peek_text(rows, 11), words[i]) == 0 ? (enum state_arm_state)i : arm.state;
    }
    return arm;
}

struct state_arm *state_arms(struct state *state, bool live, size_t *count, struct error *error) {
    struct state_arm *arms = NULL;
    size_t capacity = 0;
    struct sql_rows rows =
        SQL_ROWS(state, error,
                 "SELECT arm,group_name,plan_hash,approval,by_whom,at,expires_at,boot_id,need,"
                 "streak,last_sample,state,why,ended_at,launch,request,fire_at,fire_ns FROM arms"
                 " WHERE state='armed' OR NOT ? ORDER BY rowid DESC",
                 sql_int(live ? 1 : 0));
    *count = 0;
    while (sql_next(&rows)) {
        arms = memory_grow(arms, *count, &capacity, sizeof *arms);
        arms[(*count)++] = read_arm(&rows);
    }
    if (rows.failed) {
        state_arms_free(arms, *count);
        *count = 0;
        return NULL;
    }
    return arms != NULL ? arms : memory_new(1, sizeof *arms);
}

void state_arms_free(struct state_arm *arms, size_t count) {
    for (size_t i = 0; i < count && arms != NULL; i++) {
        free(arms[i].arm);
        free(arms[i].group);
        free(arms[i].plan_hash);
        free(arms[i].approval);
        free(arms[i].by);
        free(arms[i].request);
        free(arms[i].why);
        free(arms[i].launch);
    }
    free(arms);
}
