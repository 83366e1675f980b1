#include "agent/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "agent/budget.h"
#include "agent/checks.h"
#include "agent/code_watch.h"
#include "agent/follower.h"
#include "agent/poller.h"
#include "agent/record.h"
#include "agent/run_watch.h"
#include "agent/server_watch.h"
#include "agent/trouble.h"
#include "agent/unattended.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/share.h"
#include "state/state_journal.h"
#include "state/state_lease.h"
#include "state/state_sessions.h"
#include "state/state_told.h"

enum { TICK_MS = 1000, PROGRESS_EVERY_MS = 500 };

/* Real time for which nothing must need the agent before it leaves. */
static const int64_t patience_ns = INT64_C(10) * 1000000000;

/* However long BigQuery asks for, a target is asked again after an hour. */
static const int64_t longest_wait_ms = INT64_C(3600) * 1000;

/* Wall time for which an estimate is good enough for an agent that starts. */
static const int64_t estimate_every_ms = INT64_C(3600000);

struct agent {
    const struct agent_options *options;
    struct state *state;
    char session[STATE_SESSION_SIZE];
    struct recorder recorder;
    struct agent_queue *queue;
    struct poller *poller;
    struct follower *follower;
    struct checks *checks;
    struct run_watch *runs;
    struct code_watch *code;
    struct trouble *trouble;
    struct server_watch *server;
    struct measure_target *targets;
    int64_t *due;                /* wall ms, of each target: when it is to be asked again */
    int64_t *asked;              /* when it was last */
    enum measure_manner *manner; /* of its next poll */
    size_t target_count;
    int64_t renewed_ns, pruned_ns, needed_ns;
    struct checks_access access; /* `problem` belongs to `facts` */
    struct connection_facts facts;
    bool judge; /* evidence is newer than the last judgement */
    int64_t judged_at;
    struct unattended unattended;
    bool estimated; /* what a night would cost was asked, or was known */
    int signals;
    bool quit;
};

static void say(const struct agent *agent, const char *text) {
    char time[CLOCK_UTC_SIZE];
    if (agent->options->out != NULL) {
        (void)fprintf(agent->options->out, "%s %s\n",
                      clock_format_utc(clock_wall_ms(agent->options->clock), time), text);
        (void)fflush(agent->options->out);
    }
}

static int64_t wall_of(const struct agent *agent) {
    return clock_wall_ms(agent->options->clock);
}

static int64_t boot_of(const struct agent *agent) {
    return clock_boot_ns(agent->options->clock);
}

/* Whether a write failed because the disk is full or busy: the agent goes on and tries again, for
 * what is measured can be measured again. A stale term ends it. */
static bool passing(const struct agent *agent, const struct error *error) {
    if (error->code == EXIT_IO || error->code == EXIT_TEMPORARY) {
        say(agent, error->text);
        return true;
    }
    return false;
}

static bool take_lease(struct agent *agent, struct error *error) {
    const struct agent_options *options = agent->options;
    int64_t term;
    if (!state_session_open(agent->state, STATE_AGENT, options->owner, wall_of(agent),
                            agent->session, error)) {
        return false;
    }
    if (!state_lease_take(agent->state, agent->session, wall_of(agent), boot_of(agent), &term,
                          error)) {
        error->code = error->code == EXIT_NO_GO ? EXIT_TEMPORARY : error->code;
        return false;
    }
    agent->renewed_ns = boot_of(agent);
    agent->recorder =
        (struct recorder){.pipeline = options->pipeline,
                          .state = agent->state,
                          .actor = {.name = "agent", .session = agent->session, .term = term}};
    char *text = memory_format("agent %d started, term %lld", (int)getpid(), (long long)term);
    bool good = state_journal_append(agent->state, &agent->recorder.actor, wall_of(agent),
                                     STATE_EVENT_AGENT_START, NULL, text, NULL, error);
    say(agent, text);
    free(text);
    return good;
}

static bool renew_lease(struct agent *agent, struct error *error) {
    int64_t now = boot_of(agent);
    if (now - agent->renewed_ns < STATE_LEASE_RENEW_NS) {
        return true;
    }
    if (!state_lease_renew(agent->state, agent->session, agent->recorder.actor.term, wall_of(agent),
                           now, error)) {
        return passing(agent, error);
    }
    agent->renewed_ns = now;
    return (state_session_beat(agent->state, agent->session, wall_of(agent), error) &&
            state_session_prune(agent->state, wall_of(agent), error)) ||
           passing(agent, error);
}

static bool start_due_polls(struct agent *agent, struct error *error) {
    int64_t now = wall_of(agent);
    int64_t every = agent->options->pipeline->poll.every_ms;
    bool over = false;
    bool asked = false;
    for (size_t i = 0; i < agent->target_count; i++) {
        if (now < agent->due[i] && now >= agent->asked[i]) { /* the clock may be put back */
            continue;
        }
        if (!asked && !budget_step(&agent->recorder, now, &over, error)) {
            return passing(agent, error);
        }
        asked = true;
        agent->asked[i] = now;
        agent->due[i] = now + every;
        poller_measure(agent->poller, agent->targets[i],
                       pipeline_range(agent->options->pipeline, now), agent->manner[i], over);
        agent->manner[i] = MEASURE_SPARING;
    }
    return true;
}

/* Makes the next poll of a target no later than `at`, and of this manner at least. */
static void poll_at(struct agent *agent, size_t target, int64_t at, enum measure_manner manner) {
    agent->due[target] = at < agent->due[target] ? at : agent->due[target];
    agent->manner[target] = manner > agent->manner[target] ? manner : agent->manner[target];
}

/* Makes every target due, or the one that measures a table; what changed is counted at once. */
static void poll_soon(struct agent *agent, const char *table) {
    for (size_t i = 0; i < agent->target_count; i++) {
        bool meant =
            table[0] == '\0' ||
            (agent->targets[i].kind == MEASURE_TABLE &&
             strcmp(agent->options->pipeline->tables[agent->targets[i].index].name, table) == 0);
        if (meant) {
            poll_at(agent, i, 0, MEASURE_PROMPT);
        }
    }
}

static void estimate_all(struct agent *agent) {
    struct day_range range = pipeline_range(agent->options->pipeline, wall_of(agent));
    for (size_t i = 0; i < agent->target_count; i++) {
        poller_estimate(agent->poller, agent->targets[i], range);
    }
}

static bool take_requests(struct agent *agent, struct error *error) {
    size_t count;
    struct state_request *requests = state_requests_take(agent->state, agent->recorder.actor.term,
                                                         wall_of(agent), &count, error);
    if (requests == NULL) {
        return passing(agent, error);
    }
    for (size_t i = 0; i < count; i++) {
        bool all = requests[i].subject[0] == '\0';
        if (requests[i].kind == STATE_REQUEST_POLL) {
            poll_soon(agent, requests[i].subject);
        }
        if (requests[i].kind == STATE_REQUEST_ESTIMATE ||
            (requests[i].kind == STATE_REQUEST_POLL && all)) {
            estimate_all(agent);
        }
    }
    state_requests_free(requests, count);
    return true;
}

static size_t target_index(const struct agent *agent, const struct measure_target *target) {
    size_t i = 0;
    while (agent->targets[i].kind != target->kind || agent->targets[i].index != target->index ||
           agent->targets[i].check != target->check) {
        i++;
    }
    return i;
}

/* When the target of an answer is asked again: no sooner than BigQuery wants after a failure. */
static int64_t next_try(struct agent *agent, const struct measure_answer *answer, size_t target) {
    int64_t after = answer->failure.retry_after_ms;
    int64_t sooner = wall_of(agent) + (after < longest_wait_ms ? after : longest_wait_ms);
    int64_t *due = &agent->due[target];
    if (answer->outcome == MEASURE_LEFT) {
        poll_at(agent, target, answer->again_at, MEASURE_SPARING);
    }
    *due = *due != 0 && sooner > *due ? sooner : *due;
    return *due;
}

static bool take_answer(struct agent *agent, const struct measure_answer *answer,
                        struct error *error) {
    size_t target = target_index(agent, &answer->target);
    if (answer->outcome != MEASURE_FAILED && answer->at > agent->access.accepted_at) {
        agent->access.accepted_at = answer->at;
    }
    trouble_answered(agent->trouble, answer, next_try(agent, answer, target));
    agent->judge = true;
    if (record_answer(&agent->recorder, answer, error)) {
        return true;
    }
    poll_at(agent, target, INT64_MAX, MEASURE_FORCED); /* the state holds other counts */
    return passing(agent, error);
}

/* Keeps what the credentials are now, and tells it to everybody. */
static bool take_access(struct agent *agent, struct connection_facts *facts, struct error *error) {
    const char *before = agent->facts.problem;
    if (facts->problem != NULL && (before == NULL || strcmp(before, facts->problem) != 0)) {
        say(agent, facts->problem);
    }
    connection_facts_free(&agent->facts);
    agent->facts = *facts;
    *facts = (struct connection_facts){0};
    agent->access.problem = agent->facts.problem;
    agent->access.ends_at = agent->facts.ends_at;
    return state_told_put(agent->state, agent->recorder.actor.term, CONNECTION_TOLD,
                          agent->facts.json, wall_of(agent), error) ||
           passing(agent, error);
}

static bool take_messages(struct agent *agent, struct error *error) {
    struct agent_message message;
    bool good = true;
    while (good && agent_queue_take(agent->queue, &message)) {
        switch (message.kind) {
        case AGENT_ANSWER:
            good = take_answer(agent, &message.answer, error);
            break;
        case AGENT_PROGRESS:
            good =
                run_watch_progress(agent->runs, &message.progress, error) || passing(agent, error);
            agent->judge = agent->judge || message.progress.drained;
            break;
        case AGENT_JOBS_ANSWER:
            good = server_watch_answer(agent->server, &message.jobs_answer, error) ||
                   passing(agent, error);
            break;
        case AGENT_TROUBLE:
            trouble_waits(agent->trouble, &message.trouble);
            break;
        case AGENT_ACCESS:
            good = take_access(agent, &message.access, error);
            break;
        case AGENT_START:
        case AGENT_FOLLOW:
        case AGENT_DRAIN:
        case AGENT_JOBS:
        case AGENT_QUIT:
            break;
        }
        agent_message_free(&message);
    }
    return good;
}

static bool tell_trouble(struct agent *agent, struct error *error) {
    char *news = NULL;
    bool good = trouble_store(agent->trouble, &agent->recorder, wall_of(agent), &news, error) ||
                passing(agent, error);
    if (news != NULL) {
        say(agent, news);
    }
    free(news);
    return good;
}

/* At the start: what a night would cost is known before anybody asks. */
static void estimate_once(struct agent *agent, const struct situation *situation) {
    bool old = false;
    for (size_t i = 0; i < situation->estimate_count && !agent->estimated; i++) {
        old = old || situation->as_of - situation->estimates[i].at > estimate_every_ms;
    }
    agent->estimated = true;
    if (old) {
        estimate_all(agent);
    }
}

static bool start_unattended(struct agent *agent, const struct situation *situation,
                             struct error *error) {
    char *said;
    bool good = unattended_step(&agent->unattended, &agent->recorder, agent->options->clock,
                                situation, &said, error);
    if (said != NULL) {
        say(agent, said);
    }
    free(said);
    return good;
}

/* Until when what moves now will take at its rate; 0 when nothing moves. */
static int64_t needed_until(const struct situation *situation) {
    int64_t longest = 0;
    for (size_t i = 0; i < situation->pipeline->table_count; i++) {
        const struct coverage_rate *rate = &situation->tables[i].rate;
        longest = rate->known && rate->left_ms > longest ? rate->left_ms : longest;
    }
    return longest == 0 ? 0 : situation->as_of + longest;
}

/* Judges when something new is known, when an arm or a retry is due, and once a poll period in any
 * case: evidence grows old by itself. */
static bool judge(struct agent *agent, struct error *error) {
    int64_t now = wall_of(agent);
    bool due = unattended_due(&agent->unattended, agent->options->clock);
    if (!agent->judge && !due && now - agent->judged_at < agent->options->pipeline->poll.every_ms) {
        return true;
    }
    struct situation *situation =
        situation_load(agent->options->pipeline, agent->state, now, error);
    if (situation == NULL) {
        return passing(agent, error);
    }
    bool good = (record_judgement(&agent->recorder, situation, error) &&
                 run_watch_judge(agent->runs, situation, error) &&
                 start_unattended(agent, situation, error)) ||
                passing(agent, error);
    estimate_once(agent, situation);
    agent->access.needed_until = needed_until(situation);
    agent->judge = false;
    agent->judged_at = now;
    situation_free(situation);
    return good;
}

static bool watch_runs(struct agent *agent, struct error *error) {
    bool ended = false;
    if (!run_watch_step(agent->runs, &ended, error)) {
        return passing(agent, error);
    }
    if (ended) {
        poll_soon(agent, ""); /* only coverage read after the end decides */
    }
    return (server_watch_step(agent->server, error) && code_watch_step(agent->code, error)) ||
           passing(agent, error);
}

static bool answer_checks(struct agent *agent, struct error *error) {
    bool stored = false;
    bool good = checks_step(agent->checks, &agent->recorder, wall_of(agent), boot_of(agent),
                            &agent->access, &stored, error);
    agent->judge = agent->judge || stored;
    return good || passing(agent, error);
}

/* Leaves when nothing has needed it for a while. */
static bool still_needed(struct agent *agent, struct error *error) {
    int64_t now = boot_of(agent);
    if (now - agent->pruned_ns < (int64_t)TICK_MS * 1000000) {
        return true;
    }
    agent->pruned_ns = now;
    size_t count;
    struct state_session *sessions = state_sessions(agent->state, &count, error);
    if (sessions == NULL) {
        return passing(agent, error);
    }
    bool needed = agent->options->stay || agent->unattended.waiting > 0 ||
                  run_watch_busy(agent->runs) || server_watch_busy(agent->server);
    for (size_t i = 0; i < count; i++) {
        needed = needed || sessions[i].role == STATE_CONSOLE;
    }
    state_sessions_free(sessions, count);
    if (needed) {
        agent->needed_ns = now;
    } else if (now - agent->needed_ns > patience_ns) {
        say(agent, "nothing needs the agent any more");
        agent->quit = true;
    }
    return true;
}

static int wait_of(const struct agent *agent) {
    int64_t now = wall_of(agent);
    int64_t wait = TICK_MS;
    for (size_t i = 0; i < agent->target_count; i++) {
        int64_t left = agent->due[i] <= now ? 0 : clock_real_ms(agent->due[i] - now);
        wait = left < wait ? left : wait;
    }
    int64_t due = unattended_wait_ms(&agent->unattended, agent->options->clock);
    wait = due < wait ? due : wait;
    return wait < 20 ? 20 : (int)wait;
}

static void wait_for_news(struct agent *agent) {
    struct pollfd events[] = {{agent_queue_descriptor(agent->queue), POLLIN, 0},
                              {agent->signals, POLLIN, 0}};
    (void)poll(events, 2, wait_of(agent));
    struct signalfd_siginfo signal;
    if (read(agent->signals, &signal, sizeof signal) == (ssize_t)sizeof signal) {
        agent->quit = true;
    }
}

static bool work(struct agent *agent, struct error *error) {
    while (!agent->quit) {
        bool good = renew_lease(agent, error) && take_requests(agent, error) &&
                    watch_runs(agent, error) && start_due_polls(agent, error) &&
                    answer_checks(agent, error) && take_messages(agent, error) &&
                    tell_trouble(agent, error) && judge(agent, error) && still_needed(agent, error);
        if (!good) {
            if (error->code == EXIT_NO_GO) {
                error->code = EXIT_TEMPORARY; /* another agent has taken over */
            }
            return false;
        }
        wait_for_news(agent);
    }
    return true;
}

static void ask_server(void *context, const char *run, int64_t created_after_ms, bool cancel) {
    const struct agent *agent = context;
    poller_jobs(agent->poller, run, created_after_ms, cancel);
}

static bool start_poller(struct agent *agent, struct error *error) {
    const struct agent_options *options = agent->options;
    struct measure *measure = measure_new(options->pipeline, NULL, options->clock, error);
    if (measure == NULL) {
        return false;
    }
    if (!record_recall(agent->state, options->pipeline, measure, error)) {
        measure_free(measure);
        return false;
    }
    agent->poller = poller_start(measure, agent->queue, error);
    return agent->poller != NULL;
}

static bool start_threads(struct agent *agent, struct error *error) {
    const struct agent_options *options = agent->options;
    sigset_t wanted;
    (void)sigemptyset(&wanted);
    (void)sigaddset(&wanted, SIGTERM);
    (void)sigaddset(&wanted, SIGINT);
    (void)sigaddset(&wanted, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &wanted, NULL);
    agent->signals = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
    if (agent->signals < 0) {
        return error_set_errno(error, EXIT_OS, errno, "cannot wait for signals");
    }
    agent->queue = agent_queue_new(error);
    if (agent->queue == NULL) {
        return false;
    }
    if (!start_poller(agent, error)) {
        return false;
    }
    agent->follower =
        follower_start(options->pipeline, options->clock, PROGRESS_EVERY_MS, agent->queue, error);
    if (agent->follower == NULL) {
        return false;
    }
    agent->checks = checks_new(options->pipeline);
    agent->runs = run_watch_new(&agent->recorder, options->clock, agent->follower);
    agent->code = code_watch_new(&agent->recorder, options->clock);
    agent->server = server_watch_new(&agent->recorder, options->clock,
                                     &(struct server_watch_ask){ask_server, agent});
    agent->targets = measure_targets(options->pipeline, &agent->target_count);
    agent->due = memory_new(agent->target_count, sizeof *agent->due);
    agent->asked = memory_new(agent->target_count, sizeof *agent->asked);
    agent->manner = memory_new(agent->target_count, sizeof *agent->manner);
    agent->trouble = trouble_new(options->pipeline);
    agent->needed_ns = boot_of(agent);
    return true;
}

static void clean_up(struct agent *agent) {
    poller_stop(agent->poller);
    follower_stop(agent->follower);
    checks_free(agent->checks);
    run_watch_free(agent->runs);
    code_watch_free(agent->code);
    server_watch_free(agent->server);
    agent_queue_free(agent->queue);
    connection_facts_free(&agent->facts);
    free(agent->targets);
    free(agent->due);
    free(agent->asked);
    free(agent->manner);
    if (agent->signals >= 0) {
        (void)close(agent->signals);
    }
    if (agent->recorder.actor.term != 0) {
        (void)budget_close(&agent->recorder, wall_of(agent), NULL);
        (void)trouble_end(agent->trouble, &agent->recorder, wall_of(agent), NULL);
        (void)state_journal_append(agent->state, &agent->recorder.actor, wall_of(agent),
                                   STATE_EVENT_AGENT_STOP, NULL, "agent left", NULL, NULL);
        (void)state_lease_resign(agent->state, agent->session, agent->recorder.actor.term, NULL);
    }
    if (agent->session[0] != '\0') {
        (void)state_session_close(agent->state, agent->session, wall_of(agent), NULL);
    }
    trouble_free(agent->trouble);
    state_close(agent->state);
}

bool agent_run(const struct agent_options *options, struct error *error) {
    struct agent agent = {.options = options, .signals = -1, .judge = true};
    char *directory = state_home(options->pipeline->name, error);
    if (directory == NULL) {
        return false;
    }
    agent.state = state_open(directory, STATE_WRITE, error);
    free(directory);
    if (agent.state == NULL) {
        return false;
    }
    bool good = take_lease(&agent, error) && start_threads(&agent, error) && work(&agent, error);
    clean_up(&agent);
    return good;
}

bool agent_start(const char *pipeline_file, const char *state_directory, struct error *error) {
    char *program = file_program_directory();
    char *path = file_join(program, "phasegate");
    char *log = file_join(state_directory, "agent.log");
    char name[] = "phasegate";
    char verb[] = "agent";
    char option[] = "--pipeline";
    char *file = memory_copy_string(pipeline_file);
    char *argv[] = {name, verb, option, file, NULL};
    int made = share_open(log, O_WRONLY | O_CREAT | O_APPEND, SHARE_WRITTEN);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    pid_t pid;
    if (made >= 0) {
        (void)close(made);
    }
    (void)sigemptyset(&none);
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawnattr_init(&attributes);
    (void)posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log,
                                           O_WRONLY | O_CREAT | O_APPEND, 0600);
    (void)posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK);
    int code = posix_spawn(&pid, path, &actions, &attributes, argv, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)posix_spawnattr_destroy(&attributes);
    bool good = code == 0 || error_set_errno(error, EXIT_OS, code, "cannot start %s agent", path);
    free(program);
    free(path);
    free(log);
    free(file);
    return good;
}
