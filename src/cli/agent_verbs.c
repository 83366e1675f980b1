#include "cli/agent_verbs.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/start.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/moment.h"
#include "base/print.h"
#include "situation/situation.h"
#include "state/state_lease.h"
#include "state/state_sessions.h"
#include "state/state_told.h"

enum { LEAVE_MS = 15000, LOOK_MS = 50 };

/* What is known of the agent, and what keeps it from leaving. */
struct standing {
    struct state_lease lease;
    struct situation *situation;
    int64_t since;    /* wall ms; 0: not known */
    char *version;    /* NULL: not known */
    int64_t resident; /* bytes; -1: not known */
    int64_t next_poll;
    bool stays;
    size_t runs, arms, retries, server;
    int64_t doubts;   /* runs that ended without an effect or with gaps, and are read on */
    int64_t retry_at; /* of the first; 0: none waits */
};

static int64_t resident_of(int64_t pid) {
    char path[48];
    long long pages;
    (void)snprintf(path, sizeof path, "/proc/%lld/statm", (long long)pid);
    FILE *file = fopen(path, "re");
    bool read = file != NULL && fscanf(file, "%*d %lld", &pages) == 1;
    if (file != NULL) {
        (void)fclose(file);
    }
    return read ? pages * sysconf(_SC_PAGESIZE) : -1;
}

static bool load_session(struct standing *standing, struct state *state, struct error *error) {
    size_t count;
    struct state_session *sessions = state_sessions(state, &count, error);
    for (size_t i = 0; sessions != NULL && i < count; i++) {
        if (standing->lease.held && strcmp(sessions[i].session, standing->lease.holder) == 0) {
            standing->since = sessions[i].opened_at;
            standing->version = memory_copy_string(sessions[i].version);
        }
    }
    bool good = sessions != NULL;
    state_sessions_free(sessions, good ? count : 0);
    return good;
}

static bool load_told(struct standing *standing, struct state *state, struct error *error) {
    char *text;
    int64_t at;
    if (!state_told(state, AGENT_TOLD, &text, &at, error)) {
        return false;
    }
    json_t *told = text != NULL ? json_read(text_of(text), "what the agent told", NULL) : NULL;
    standing->next_poll = json_get_integer(told, "next_poll", 0);
    standing->stays = json_get_bool(told, "stays", false);
    standing->doubts = json_get_integer(told, "doubts", 0);
    json_decref(told);
    free(text);
    return true;
}

static void count_reasons(struct standing *standing) {
    const struct situation *situation = standing->situation;
    for (size_t i = 0; i < situation->run_count; i++) {
        const struct situation_run *run = &situation->runs[i];
        standing->runs += run->verdict == NULL ? 1 : 0;
        standing->server += run->server_held ? 1 : 0;
        if (run->retry_at != 0) {
            standing->retries++;
            if (standing->retry_at == 0 || run->retry_at < standing->retry_at) {
                standing->retry_at = run->retry_at;
            }
        }
    }
    for (size_t i = 0; i < situation->pipeline->group_count; i++) {
        standing->arms += situation->groups[i].arm != NULL ? 1 : 0;
    }
}

static bool load(struct cli *cli, struct standing *standing, struct error *error) {
    *standing = (struct standing){.resident = -1};
    if (!cli_attach_state(cli, error) ||
        !state_lease_load(cli->state, clock_boot_ns(clock_system()), &standing->lease, error) ||
        !load_session(standing, cli->state, error) || !load_told(standing, cli->state, error)) {
        return false;
    }
    standing->situation =
        situation_load(cli->pipeline, cli->state, clock_wall_ms(clock_system()), error);
    if (standing->situation == NULL) {
        return false;
    }
    standing->resident = standing->lease.held ? resident_of(standing->lease.pid) : -1;
    count_reasons(standing);
    return true;
}

static void clear(struct standing *standing) {
    state_lease_clear(&standing->lease);
    situation_free(standing->situation);
    free(standing->version);
}

static bool print_json(struct cli *cli, const struct standing *standing) {
    const struct situation *situation = standing->situation;
    const struct state_lease *lease = &standing->lease;
    char text[SITUATION_TROUBLE_SIZE];
    const struct situation_trouble *trouble = situation->header.bigquery;
    bool held = lease->held;
    const struct situation_plan *plan = &situation->header.plan;
    json_t *kept = json_make(
        "{s:I,s:I,s:I,s:I,s:I,s:I,s:b}", "consoles", (json_int_t)situation->header.consoles, "runs",
        (json_int_t)standing->runs, "arms", (json_int_t)standing->arms, "retries",
        (json_int_t)standing->retries, "server_jobs", (json_int_t)standing->server, "doubts",
        (json_int_t)(held ? standing->doubts : 0), "stays", (int)(held && standing->stays));
    json_t *json = json_make(
        "{s:i,s:b,s:o,s:o,s:I,s:o,s:o,s:o,s:o,s:o,s:o,s:{s:o,s:o},s:o,s:o,s:o,s:o,s:o}", "schema",
        1, "alive", (int)held, "pid", held ? json_integer(lease->pid) : json_null(), "host",
        json_string_or_null(lease->host), "term", (json_int_t)lease->term, "since",
        json_time(standing->since), "renewed_at", json_time(lease->renewed_at), "version",
        json_string_or_null(standing->version), "resident_bytes",
        standing->resident >= 0 ? json_integer(standing->resident) : json_null(), "kept_by", kept,
        "next_retry", json_time(standing->retry_at), "polls", "last",
        json_time(situation->header.polled_at), "next", json_time(held ? standing->next_poll : 0),
        "bigquery",
        json_string_or_null(
            trouble != NULL ? situation_trouble_report(trouble, situation->as_of, text) : NULL),
        "credentials", json_string_or_null(situation->credentials.problem), "plan",
        json_string_or_null(plan->agent[0] != '\0' ? plan->agent : NULL), "plan_on_disk",
        json_string_or_null(plan->disk[0] != '\0' ? plan->disk : NULL), "plan_notice",
        json_string_or_null(plan->notice));
    bool good = json != NULL && cli_json(cli, json);
    json_decref(json);
    return good;
}

static void print_reasons(struct cli *cli, const struct standing *standing) {
    char at[MOMENT_SIZE];
    const struct {
        size_t count;
        const char *one, *many;
    } reasons[] = {
        {standing->situation->header.consoles, "console", "consoles"},
        {standing->runs, "run", "runs"},
        {standing->arms, "arm", "arms"},
        {standing->retries, "retry", "retries"},
        {standing->server, "run held for jobs on the server", "runs held for jobs on the server"},
        {(size_t)standing->doubts, "run whose rows may still come (10 minutes from its end)",
         "runs whose rows may still come (10 minutes from their ends)"},
    };
    const char *between = "";
    (void)print(cli->out, "kept by   ");
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        if (reasons[i].count > 0) {
            (void)print(cli->out, "%s%zu %s", between, reasons[i].count,
                        reasons[i].count == 1 ? reasons[i].one : reasons[i].many);
            between = ", ";
        }
    }
    if (standing->stays) {
        (void)print(cli->out, "%s--stay", between);
        between = ", ";
    }
    (void)print(cli->out, "%s\n", between[0] == '\0' ? "nothing: it leaves soon" : "");
    if (standing->retry_at != 0) {
        (void)print(cli->out, "retry     %s\n",
                    moment_format(standing->retry_at, standing->situation->as_of, at));
    }
}

static bool print_text(struct cli *cli, const struct standing *standing) {
    const struct situation *situation = standing->situation;
    const struct state_lease *lease = &standing->lease;
    char at[MOMENT_SIZE];
    char next[MOMENT_SIZE];
    cli_say_zone(cli);
    (void)print(cli->out, "agent     pid %lld on %s, version %s, term %lld\n",
                (long long)lease->pid, lease->host,
                standing->version != NULL ? standing->version : "not known",
                (long long)lease->term);
    (void)print(cli->out, "since     %s\n",
                moment_format(standing->since, standing->situation->as_of, at));
    (void)print(cli->out, "lease     renewed %s\n",
                moment_format(lease->renewed_at, standing->situation->as_of, at));
    print_reasons(cli, standing);
    if (situation->header.plan.agent[0] != '\0') {
        (void)print(cli->out, "plan      %.12s%s%s\n", situation->header.plan.agent,
                    situation->header.plan.notice != NULL ? "; " : "",
                    situation->header.plan.notice != NULL ? situation->header.plan.notice : "");
    }
    (void)print(cli->out, "polls     last %s, next %s\n",
                moment_format(situation->header.polled_at, standing->situation->as_of, at),
                moment_format(standing->next_poll, standing->situation->as_of, next));
    if (standing->resident >= 0) {
        (void)print(cli->out, "memory    %.1f MiB\n", (double)standing->resident / 1048576);
    }
    if (situation->credentials.problem != NULL) {
        (void)print(cli->out, "access    %s\n", situation->credentials.problem);
    }
    return cli_write_bigquery(cli, situation);
}

/* Why there is none, and what follows. */
static bool say_none(struct cli *cli, const struct standing *standing) {
    const struct state_lease *lease = &standing->lease;
    char at[MOMENT_SIZE];
    if (lease->there && lease->abandoned) {
        return print(cli->out,
                     "No agent: pid %lld is there and has not renewed its lease since %s; it is "
                     "frozen, or nothing can be stored.\n",
                     (long long)lease->process.pid,
                     moment_format(lease->renewed_at, standing->situation->as_of, at));
    }
    bool waits = standing->runs + standing->arms + standing->retries + standing->server > 0;
    return print(cli->out, "No agent is at work%s%s.\n", waits ? ", and work waits for one" : "",
                 waits ? "; start it with: phasegate agent" : "");
}

/* Not even the lease can be read: the error names the process that keeps it from being. */
static int say_locked(struct cli *cli, const struct error *error) {
    bool good;
    if (cli->format == CLI_JSON) {
        json_t *json = json_make("{s:i,s:n,s:s}", "schema", 1, "alive", "problem", error->text);
        good = cli_json(cli, json);
        json_decref(json);
    } else {
        good = print(cli->out, "Whether an agent is at work cannot be read: %s.\n", error->text);
    }
    return good ? EXIT_UNKNOWN : EXIT_IO;
}

int agent_status(struct cli *cli) {
    struct error error = {0};
    struct standing standing;
    if (!load(cli, &standing, &error)) {
        clear(&standing);
        return error.code == EXIT_TEMPORARY ? say_locked(cli, &error) : cli_fail(cli, &error);
    }
    bool held = standing.lease.held;
    bool good = cli->format == CLI_JSON ? print_json(cli, &standing)
                : held                  ? print_text(cli, &standing)
                                        : say_none(cli, &standing);
    clear(&standing);
    return !good ? EXIT_IO : held ? EXIT_GO : EXIT_NO_GO;
}

/* Sends SIGTERM to exactly that process and waits for its end. CONT lets a frozen one hear it. */
static bool end_process(const struct state_process *process, struct error *error) {
    int descriptor = (int)syscall(SYS_pidfd_open, (pid_t)process->pid, 0);
    if (descriptor < 0 || !state_process_alive(process)) {
        int number = errno;
        if (descriptor >= 0) {
            (void)close(descriptor);
            return true; /* it left meanwhile, and its number is another's */
        }
        return number == ESRCH || error_set_errno(error, EXIT_OS, number, "cannot look at pid %lld",
                                                  (long long)process->pid);
    }
    struct pollfd end = {.fd = descriptor, .events = POLLIN};
    bool good = syscall(SYS_pidfd_send_signal, descriptor, SIGTERM, NULL, 0) == 0 ||
                error_set_errno(error, EXIT_PERMISSION, errno, "cannot ask pid %lld to leave",
                                (long long)process->pid);
    if (good) {
        (void)syscall(SYS_pidfd_send_signal, descriptor, SIGCONT, NULL, 0);
        good = poll(&end, 1, LEAVE_MS) == 1 ||
               error_set(error, EXIT_TEMPORARY,
                         "pid %lld was asked to leave and has not yet; look again with: phasegate "
                         "agent --status",
                         (long long)process->pid);
    }
    (void)close(descriptor);
    return good;
}

int agent_stop(struct cli *cli) {
    struct error error = {0};
    struct standing standing;
    if (!load(cli, &standing, &error)) {
        clear(&standing);
        return cli_fail(cli, &error);
    }
    bool good = true;
    if (!standing.lease.held && !(standing.lease.abandoned && standing.lease.there)) {
        good = error_set(&error, EXIT_NO_GO, "no agent is at work");
    } else if (standing.arms > 0 && cli_value(cli, "yes") == NULL) {
        good = error_set(&error, EXIT_NO_GO,
                         "%zu group%s armed and would not start without an agent; disarm first, or "
                         "add --yes",
                         standing.arms, standing.arms == 1 ? " is" : "s are");
    }
    good = good && end_process(&standing.lease.process, &error);
    if (good) {
        (void)print(cli->out, "The agent has left.%s\n",
                    standing.situation->header.consoles > 0 ? " An open console starts another."
                                                            : "");
    }
    clear(&standing);
    return good ? EXIT_GO : cli_fail(cli, &error);
}

/* The holder of the lease, once it is another than that of `term`; waits 15 s. */
static bool wait_for_agent(struct cli *cli, int64_t term, struct error *error) {
    struct state_lease lease = {0};
    for (int waited = 0; waited < LEAVE_MS; waited += LOOK_MS) {
        (void)poll(NULL, 0, LOOK_MS);
        if (!state_lease_load(cli->state, clock_boot_ns(clock_system()), &lease, error)) {
            return false;
        }
        bool there = lease.held && lease.term > term;
        int64_t pid = lease.pid;
        state_lease_clear(&lease);
        if (there) {
            (void)print(cli->out, "Agent %lld is at work by %s (plan %.12s).\n", (long long)pid,
                        cli->pipeline->file, cli->pipeline->hash);
            return true;
        }
    }
    return error_set(error, EXIT_TEMPORARY, "no agent is at work yet; why, says %s/agent.log",
                     state_directory(cli->state));
}

int agent_restart(struct cli *cli) {
    struct error error = {0};
    struct standing standing;
    bool good = load(cli, &standing, &error);
    const struct state_lease *lease = &standing.lease;
    int64_t term = lease->term;
    if (good && (lease->held || (lease->abandoned && lease->there))) {
        good = end_process(&lease->process, &error);
    }
    if (good) {
        struct start_options options = {.pipeline_file = cli->pipeline->file,
                                        .directory = state_directory(cli->state),
                                        .stay = standing.stays && lease->held,
                                        .input = -1};
        good = start_agent(&options, NULL, &error) && wait_for_agent(cli, term, &error);
    }
    clear(&standing);
    return good ? EXIT_GO : cli_fail(cli, &error);
}
