/* Answers of checks, and approvals. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "state/journal.h"
#include "state/sql.h"
#include "state/state_gates.h"
#include "state/state_runs.h"

static bool insert_answer(struct state *state, const struct state_actor *actor,
                          const struct state_answer *a, struct error *error) {
    /* NaN would be stored as NULL, which says "not measured" without saying why. */
    bool measured = a->measured && isfinite(a->value);
    const char *why = a->error != NULL ? a->error : "the value is not a number";
    if (!SQL_RUN(state, error,
                 "INSERT INTO answers(gate,chk,value,text,error,by_whom,at,term)"
                 " VALUES(?,?,?,?,?,?,?,?)",
                 sql_text(a->gate), sql_text(a->check),
                 measured ? sql_real(a->value) : sql_text(NULL), sql_text(a->text),
                 sql_text(measured ? NULL : why), sql_text(actor->name), sql_int(a->at),
                 sql_int_unless(actor->term, 0))) {
        return false;
    }
    if (actor->term != 0) {
        return true;
    }
    char *text = memory_format("%s: %s", a->check, a->text == NULL ? "answered" : a->text);
    bool done = journal_add(state, actor, a->at, STATE_EVENT_ANSWER, a->gate, text, NULL, error);
    free(text);
    return done;
}

bool state_answer_put(struct state *state, const struct state_actor *actor,
                      const struct state_answer *answer, struct error *error) {
    return sql_begin(state, error) &&
           sql_end(state, insert_answer(state, actor, answer, error), error);
}

struct state_answer *state_answers(struct state *state, int64_t at, size_t *count,
                                   struct error *error) {
    struct state_answer *answers = NULL;
    size_t capacity = 0;
    struct sql_rows rows = SQL_ROWS(
        state, error,
        "SELECT gate,chk,value,text,error,by_whom,at FROM answers WHERE id IN(SELECT"
        " (SELECT id FROM answers a WHERE a.gate=g.gate AND a.chk=g.chk AND (?1=0 OR a.at<=?1)"
        "  ORDER BY CASE ?1 WHEN 0 THEN 0 ELSE a.at END DESC,a.id DESC LIMIT 1)"
        " FROM (SELECT DISTINCT gate,chk FROM answers) g) ORDER BY gate,chk",
        sql_int(at));
    *count = 0;
    while (sql_next(&rows)) {
        answers = memory_grow(answers, *count, &capacity, sizeof *answers);
        struct state_answer *one = &answers[(*count)++];
        *one = (struct state_answer){
            .gate = sql_get_text(&rows, 0),
            .check = sql_get_text(&rows, 1),
            .value = sql_get_real(&rows, 2),
            .text = sql_get_text(&rows, 3),
            .error = sql_get_text(&rows, 4),
            .by = sql_get_text(&rows, 5),
            .at = sql_get_int(&rows, 6, 0),
        };
        one->measured = one->error == NULL;
    }
    if (rows.failed) {
        state_answers_free(answers, *count);
        *count = 0;
        return NULL;
    }
    return answers != NULL ? answers : memory_new(1, sizeof *answers);
}

void state_answers_free(struct state_answer *answers, size_t count) {
    for (size_t i = 0; i < count && answers != NULL; i++) {
        free(answers[i].gate);
        free(answers[i].check);
        free(answers[i].text);
        free(answers[i].error);
        free(answers[i].by);
    }
    free(answers);
}

static const char *const decisions[] = {[STATE_DECIDED_GO] = "go",
                                        [STATE_DECIDED_NO_GO] = "no-go",
                                        [STATE_DECIDED_OVERRIDE] = "override"};

static enum state_decision decision_of(const char *word) {
    unsigned decision = STATE_DECIDED_OVERRIDE;
    while (decision > STATE_DECIDED_GO && strcmp(decisions[decision], word) != 0) {
        decision--;
    }
    return (enum state_decision)decision;
}

bool state_approval_put(struct state *state, const struct state_actor *actor,
                        const struct state_approval *a, char id[24], struct error *error) {
    if (!sql_begin(state, error)) {
        return false;
    }
    if (!state_draw_id(state, 'a', a->at, id, error)) {
        return sql_end(state, false, error);
    }
    char *text = memory_format("%s for plan %.12s%s%s", decisions[a->decision], a->plan_hash,
                               a->reason == NULL ? "" : ": ", a->reason == NULL ? "" : a->reason);
    bool done = SQL_RUN(state, error,
                        "INSERT INTO approvals(approval,plan_hash,group_name,decision,by_whom,at,"
                        "expires_at,evidence,reason) VALUES(?,?,?,?,?,?,?,?,?)",
                        sql_text(id), sql_text(a->plan_hash), sql_text(a->group),
                        sql_text(decisions[a->decision]), sql_text(actor->name), sql_int(a->at),
                        sql_int(a->expires_at), sql_text(a->evidence), sql_text(a->reason)) &&
                journal_add(state, actor, a->at, STATE_EVENT_APPROVE, a->group, text, NULL, error);
    free(text);
    return sql_end(state, done, error);
}

static bool revoke(struct state *state, const struct state_actor *actor, const char *id, int64_t at,
                   struct error *error) {
    if (!SQL_RUN(state, error,
                 "UPDATE approvals SET revoked_at=? WHERE approval=? AND revoked_at IS NULL"
                 " AND consumed_by IS NULL",
                 sql_int(at), sql_text(id))) {
        return false;
    }
    if (sql_changes(state) != 1) {
        return error_set(error, EXIT_NO_GO, "there is no unused approval %s to revoke", id);
    }
    return journal_add(state, actor, at, STATE_EVENT_REVOKE, id, "the approval was revoked", NULL,
                       error);
}

bool state_approval_revoke(struct state *state, const struct state_actor *actor, const char *id,
                           int64_t at, struct error *error) {
    return sql_begin(state, error) && sql_end(state, revoke(state, actor, id, at, error), error);
}

struct state_approval *state_approvals(struct state *state, size_t *count, struct error *error) {
    struct state_approval *approvals = NULL;
    size_t capacity = 0;
    struct sql_rows rows =
        SQL_ALL(state, error,
                "SELECT approval,plan_hash,group_name,decision,by_whom,at,expires_at,evidence,"
                "reason,revoked_at,consumed_by FROM approvals ORDER BY rowid DESC");
    *count = 0;
    while (sql_next(&rows)) {
        approvals = memory_grow(approvals, *count, &capacity, sizeof *approvals);
        approvals[(*count)++] = (struct state_approval){
            .approval = sql_get_text(&rows, 0),
            .plan_hash = sql_get_text(&rows, 1),
            .group = sql_get_text(&rows, 2),
            .decision = decision_of(sql_peek_text(&rows, 3)),
            .by = sql_get_text(&rows, 4),
            .at = sql_get_int(&rows, 5, 0),
            .expires_at = sql_get_int(&rows, 6, 0),
            .evidence = sql_get_text(&rows, 7),
            .reason = sql_get_text(&rows, 8),
            .revoked_at = sql_get_int(&rows, 9, 0),
            .consumed_by = sql_get_text(&rows, 10),
        };
    }
    if (rows.failed) {
        state_approvals_free(approvals, *count);
        *count = 0;
        return NULL;
    }
    return approvals != NULL ? approvals : memory_new(1, sizeof *approvals);
}

void state_approvals_free(struct state_approval *approvals, size_t count) {
    for (size_t i = 0; i < count && approvals != NULL; i++) {
        free(approvals[i].approval);
        free(approvals[i].plan_hash);
        free(approvals[i].group);
        free(approvals[i].by);
        free(approvals[i].evidence);
        free(approvals[i].reason);
        free(approvals[i].consumed_by);
    }
    free(approvals);
}
