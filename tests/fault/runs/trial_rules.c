#include "trial_rules.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "runs/record.h"
#include "runs/spec.h"
#include "state/state_unread.h"

void trial_rules_note_kill(struct trial_rules *rules, const struct kin *kin) {
    rules->kills++;
    rules->commands_killed += kin->role == KIN_COMMAND ? 1 : 0;
    if (!kin_supervises(kin)) {
        return;
    }
    size_t i = 0;
    while (i < rules->supervisor_count && strcmp(rules->supervisors[i].run, kin->run) != 0) {
        i++;
    }
    if (i == rules->supervisor_count && i < TRIAL_RUNS) {
        memcpy(rules->supervisors[i].run, kin->run, sizeof kin->run);
        rules->supervisor_count++;
    }
    rules->supervisors[i].count++;
    /* Before it is renamed, a command that waits at its gate looks like what forked it. */
    rules->commands_killed++;
}

void trial_rules_break(struct trial_rules *rules, const char *format, ...) {
    va_list arguments;
    (void)fprintf(stderr, "trial %zu of seed %llu%s%s in %s: ", rules->number,
                  (unsigned long long)rules->seed, rules->fault == NULL ? "" : ", killed at ",
                  rules->fault == NULL ? "" : rules->fault, rules->directory);
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    (void)fputc('\n', stderr);
    rules->broken = true;
}

/* Shims and witnesses of the run that were killed. */
static size_t killed_of(const struct trial_rules *rules, const char *run) {
    size_t count = rules->fault == NULL ? 0 : 1;
    for (size_t i = 0; i < rules->supervisor_count; i++) {
        bool any = rules->supervisors[i].run[0] == '\0';
        count +=
            any || strcmp(rules->supervisors[i].run, run) == 0 ? rules->supervisors[i].count : 0;
    }
    return count;
}

/* ---- what the commands wrote ---- */

enum { MARKS = 64 };

struct mark {
    char run[STATE_RUN_SIZE];
    char from[16];
    int pid, code; /* -1: it began */
};

struct marks {
    struct mark list[MARKS];
    size_t count;
};

static void read_marks(const struct trial_rules *rules, struct marks *marks) {
    FILE *file = fopen(rules->marks, "re");
    marks->count = 0;
    while (file != NULL && marks->count < MARKS) {
        struct mark *mark = &marks->list[marks->count];
        if (fscanf(file, "%31s %15s %d %d", mark->run, mark->from, &mark->pid, &mark->code) != 4) {
            break;
        }
        marks->count++;
    }
    if (file != NULL) {
        (void)fclose(file);
    }
}

/* What one run's commands did. */
struct deeds {
    size_t began, ended;
    const struct mark *last_began, *last_ended;
};

static struct deeds deeds_of(struct trial_rules *rules, const struct marks *marks,
                             const char *run) {
    struct deeds deeds = {0};
    for (size_t i = 0; i < marks->count; i++) {
        const struct mark *mark = &marks->list[i];
        if (strcmp(mark->run, run) != 0) {
            continue;
        }
        for (size_t j = 0; j < i; j++) {
            const struct mark *other = &marks->list[j];
            if (strcmp(other->run, run) == 0 && strcmp(other->from, mark->from) == 0 &&
                (other->code == -1) == (mark->code == -1)) {
                trial_rules_break(rules, "%s: the command of %s was started twice", run,
                                  mark->from);
            }
        }
        if (mark->code == -1) {
            deeds.began++;
            deeds.last_began = mark;
        } else {
            deeds.ended++;
            deeds.last_ended = mark;
        }
    }
    return deeds;
}

static void find_unrecorded(struct trial_rules *rules, const struct marks *marks,
                            const struct state_run *runs, size_t count) {
    for (size_t i = 0; i < marks->count; i++) {
        bool found = false;
        for (size_t j = 0; j < count; j++) {
            found = found || strcmp(runs[j].run, marks->list[i].run) == 0;
        }
        if (!found) {
            trial_rules_break(rules, "%s ran and is not in the state file", marks->list[i].run);
        }
    }
}

/* ---- the file ---- */

/* What a query about one text counts; -1 after breaking the rules when it cannot be asked. */
static int64_t count_of(struct trial_rules *rules, const char *sql, const char *text) {
    sqlite3 *database = NULL;
    sqlite3_stmt *statement = NULL;
    char *path = file_join(rules->directory, "state.db");
    bool read = sqlite3_open(path, &database) == SQLITE_OK &&
                sqlite3_prepare_v2(database, sql, -1, &statement, NULL) == SQLITE_OK &&
                sqlite3_bind_text(statement, 1, text, -1, SQLITE_STATIC) == SQLITE_OK &&
                sqlite3_step(statement) == SQLITE_ROW;
    int64_t count = read ? sqlite3_column_int64(statement, 0) : -1;
    if (!read) {
        trial_rules_break(rules, "%s: %s", sql, sqlite3_errmsg(database));
    }
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(database);
    free(path);
    return count;
}

static void expect_none(struct trial_rules *rules, const char *what, const char *sql) {
    int64_t count = count_of(rules, sql, rules->group);
    if (count > 0) {
        trial_rules_break(rules, "%s: %lld", what, (long long)count);
    }
}

/* ---- the outcome of a run ---- */

/* The wait status is one that its last command really had. */
static bool status_is_true(const struct trial_rules *rules, const struct state_run *run,
                           const struct deeds *deeds) {
    if (WIFSIGNALED(run->wait_status)) {
        return rules->stop_asked || (rules->commands_killed > 0 && run->signal == SIGKILL);
    }
    return deeds->last_ended != NULL && run->exit_code == deeds->last_ended->code;
}

static void judge_lost(struct trial_rules *rules, const struct state_run *run) {
    struct record record;
    size_t killed = killed_of(rules, run->run);
    if (killed < 2) {
        trial_rules_break(rules, "%s is lost, and %zu of its shim and witness was killed", run->run,
                          killed);
    }
    bool told = record_read(run->directory, SPEC_WAIT, run->run, &record, NULL) &&
                record.step == run->step && record.has_wait_status;
    record_clear(&record);
    if (told || record_read(run->directory, SPEC_EXIT, run->run, &record, NULL)) {
        trial_rules_break(rules, "%s is lost, and a file says how it ended", run->run);
    }
    record_clear(&record);
}

static void judge_outcome(struct trial_rules *rules, const struct state_run *run,
                          const struct deeds *deeds) {
    switch (run->outcome) {
    case STATE_OUTCOME_OK:
        if (deeds->ended != run->step_count || run->wait_status != 0 ||
            strcmp(run->recorded_by, "reconciler") == 0) {
            trial_rules_break(rules, "%s is ok, and %zu of %zu commands ended, status %d, by %s",
                              run->run, deeds->ended, run->step_count, run->wait_status,
                              run->recorded_by);
        }
        break;
    case STATE_OUTCOME_FAILED:
        if (!run->has_wait_status || !status_is_true(rules, run, deeds)) {
            trial_rules_break(rules, "%s failed with status %d that its command did not have",
                              run->run, run->wait_status);
        }
        break;
    case STATE_OUTCOME_STOPPED:
        if (!rules->stop_asked || (run->has_wait_status && !status_is_true(rules, run, deeds))) {
            trial_rules_break(rules, "%s was stopped with status %d", run->run, run->wait_status);
        }
        break;
    case STATE_OUTCOME_SPAWN_ERROR:
        if (deeds->began > run->step) {
            trial_rules_break(rules, "%s did not start (%s), and it did", run->run,
                              run->spawn_error);
        }
        break;
    case STATE_OUTCOME_LOST:
        judge_lost(rules, run);
        break;
    case STATE_OUTCOME_NONE:
        break;
    }
}

/* The dates of a run stay claimed while a command of it may have written and nobody has read what;
 * and not longer. */
static void judge_dates(struct trial_rules *rules, const struct state_run *run,
                        const struct deeds *deeds) {
    static const char forgotten[] =
        "SELECT count(*) FROM runs WHERE run=?1 AND coverage_forget_by IS NOT NULL";
    static const char held[] = "SELECT count(*) FROM claims WHERE run=?1 AND released_at IS NULL";
    bool read = count_of(rules, forgotten, run->run) > 0;
    bool holds = count_of(rules, held, run->run) > 0;
    if (deeds->began > 0 && !read && !(holds && run->unread)) {
        trial_rules_break(rules, "%s wrote, and its dates are free before anybody read them",
                          run->run);
    }
    if (holds && (read || run->child.pid == 0)) {
        trial_rules_break(rules, "%s has ended and keeps its dates for nothing", run->run);
    }
}

static void judge_run(struct trial_rules *rules, const struct state_run *run,
                      const struct deeds *deeds, struct trial_sums *sums) {
    int64_t *const by_outcome[] = {[STATE_OUTCOME_OK] = &sums->ok,
                                   [STATE_OUTCOME_FAILED] = &sums->failed,
                                   [STATE_OUTCOME_STOPPED] = &sums->stopped,
                                   [STATE_OUTCOME_SPAWN_ERROR] = &sums->unstarted,
                                   [STATE_OUTCOME_LOST] = &sums->lost};
    if (run->state != STATE_RUN_ENDED) {
        trial_rules_break(rules, "%s has not ended", run->run);
        return;
    }
    const struct mark *began = deeds->last_began;
    if (began != NULL && (run->child.pid == 0 || deeds->began > run->step + 1)) {
        trial_rules_break(rules, "%s: a command ran that is not recorded", run->run);
    }
    if (began != NULL && deeds->began == run->step + 1 && began->pid != (int)run->child.pid) {
        trial_rules_break(rules, "%s ran as pid %d, recorded is %d", run->run, began->pid,
                          (int)run->child.pid);
    }
    judge_outcome(rules, run, deeds);
    judge_dates(rules, run, deeds);
    sums->runs++;
    *by_outcome[run->outcome] += 1;
    sums->replayed += strcmp(run->recorded_by, "replay") == 0 ? 1 : 0;
}

/* ---- all of it ---- */

void trial_rules_watch_claims(const char *directory) {
    static const char sql[] =
        "CREATE TABLE IF NOT EXISTS overlaps(id INTEGER);"
        "CREATE TRIGGER IF NOT EXISTS see_overlap AFTER INSERT ON claims WHEN EXISTS(SELECT 1 FROM"
        " claims c WHERE c.released_at IS NULL AND c.id<>NEW.id AND c.resource=NEW.resource AND"
        " c.from_day<=NEW.to_day AND NEW.from_day<=c.to_day)"
        " BEGIN INSERT INTO overlaps VALUES(NEW.id); END";
    sqlite3 *database = NULL;
    char *path = file_join(directory, "state.db");
    if (sqlite3_open(path, &database) != SQLITE_OK ||
        sqlite3_exec(database, sql, NULL, NULL, NULL) != SQLITE_OK) {
        (void)fprintf(stderr, "%s: %s\n", path, sqlite3_errmsg(database));
    }
    (void)sqlite3_close(database);
    free(path);
}

static void judge_file(struct trial_rules *rules) {
    static const struct {
        const char *what, *sql;
    } table[] = {
        {"claims taken over others that were held", "SELECT count(*) FROM overlaps WHERE ?1<>''"},
        {"runs whose end is not in the journal exactly once",
         "SELECT count(*) FROM runs r WHERE r.group_name=?1 AND (SELECT count(*) FROM events e"
         " WHERE e.subject=r.run AND e.kind IN('run-end','replay','lost'))<>1"},
        {"damage in the file",
         "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check<>'ok' AND ?1<>''"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        expect_none(rules, table[i].what, table[i].sql);
    }
}

void trial_rules_read_all(struct trial_rules *rules, struct state *state) {
    struct error error;
    if (!trial_read_coverage(state, &error)) {
        trial_rules_break(rules, "%s", error.text);
    }
    expect_none(rules, "claims left of runs that have ended and were read",
                "SELECT count(*) FROM claims c JOIN runs r ON r.run=c.run WHERE r.group_name=?1"
                " AND c.released_at IS NULL");
}

bool trial_read_coverage(struct state *state, struct error *error) {
    static const struct state_actor reader = {.name = "reader@ops"};
    struct state_run_filter unread = {.unread = true};
    size_t count;
    struct state_run *runs = state_runs(state, &unread, &count, error);
    bool done = runs != NULL;
    for (size_t i = 0; done && i < count; i++) {
        done = state_unread_forget(state, &reader, runs[i].run, "the trial knows what it wrote",
                                   clock_wall_ms(clock_system()), error);
    }
    state_runs_free(runs, count);
    return done;
}

void trial_rules_judge(struct trial_rules *rules, struct state *state, struct trial_sums *sums) {
    struct error error;
    struct marks marks;
    size_t count;
    struct state_run_filter filter = {.group = rules->group};
    struct state_run *runs = state_runs(state, &filter, &count, &error);
    if (runs == NULL) {
        trial_rules_break(rules, "%s", error.text);
        return;
    }
    read_marks(rules, &marks);
    find_unrecorded(rules, &marks, runs, count);
    for (size_t i = 0; i < count; i++) {
        struct deeds deeds = deeds_of(rules, &marks, runs[i].run);
        judge_run(rules, &runs[i], &deeds, sums);
    }
    judge_file(rules);
    static struct kin kin[KIN_MOST];
    if (kin_list(kin) > 0) {
        trial_rules_break(rules, "process %d is left", (int)kin[0].pid);
    }
    state_runs_free(runs, count);
}
