#include "agent/agent.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "agent/backlog.h"
#include "agent/budget.h"
#include "agent/checks.h"
#include "agent/code_watch.h"
#include "agent/follower.h"
#include "agent/guard.h"
#include "agent/patterns.h"
#include "agent/poller.h"
#include "agent/record.h"
#include "agent/run_watch.h"
#include "agent/schedule.h"
#include "agent/server_watch.h"
#include "agent/tenure.h"
#include "agent/trouble.h"
#include "agent/unattended.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/moment.h"
#include "pipeline/watch.h"
#include "state/state_copy.h"
#include "state/state_emergency.h"
#include "state/state_journal.h"
#include "state/state_sessions.h"
#include "state/state_told.h"

enum { TICK_MS = 1000, PROGRESS_EVERY_MS = 500 };

/* Real time for which nothing must need the agent before it leaves. */
static const int64_t patience_ns = INT64_C(10) * 1000000000;

/* Wall time for which an estimate is good enough for an agent that starts. */
static const int64_t estimate_every_ms = INT64_C(3600000);

struct agent {
    const struct agent_options *options;
    struct state *state;
    struct recorder recorder;
    struct tenure tenure;
    struct guard *guard; /* NULL: none is wanted */
    struct agent_queue *queue;
    struct poller *poller;
    struct follower *follower;
    struct checks *checks;
    struct run_watch *runs;
    struct code_watch *code;
    struct trouble *trouble;
    struct server_watch *server;
    struct schedule schedule;
    struct backlog backlog;
    int64_t pruned_ns, needed_ns, told_ns;
    int64_t stuck_at; /* wall ms since when nothing can be stored; 0: it can */
    bool access_told;
    struct checks_access access; /* `problem` belongs to `facts` */
    struct connection_facts facts;
    bool judge; /* evidence is newer than the last judgement */
    int64_t judged_ns;
    struct unattended unattended;
    struct pipeline_watch *plan;
    struct pipeline_disk disk; /* as it was told last */
    int64_t disk_since, looked_ns;
    bool plan_told;
    bool estimated; /* what a night would cost was asked, or was known */
    int signals;
    bool quit;
};

/* A terminal that was stopped (Ctrl-S) takes nothing: the agent does not wait for it. */
static bool takes_text(FILE *out) {
    struct pollfd event = {.fd = fileno(out), .events = POLLOUT};
    return !isatty(event.fd) || poll(&event, 1, 0) == 1;
}

static void say(const struct agent *agent, const char *text) {
    char time[MOMENT_SIZE];
    if (agent->options->out != NULL && takes_text(agent->options->out)) {
        (void)fprintf(agent->options->out, "%s %s\n",
                      moment_format_full(clock_wall_ms(agent->options->clock), time), text);
        (void)fflush(agent->options->out);
    }
}

static int64_t wall_of(const struct agent *agent) {
    return clock_wall_ms(agent->options->clock);
}

static int64_t boot_of(const struct agent *agent) {
    return clock_boot_ns(agent->options->clock);
}

/* Whether a write failed because the disk is full or busy: the agent goes on and tries again, and
 * says so once. A stale term ends it. */
static bool passing(struct agent *agent, const struct error *error) {
    if (agent->tenure.lost || (error->code != EXIT_IO && error->code != EXIT_TEMPORARY)) {
        return false;
    }
    if (agent->stuck_at == 0) {
        agent->stuck_at = wall_of(agent);
        char *text = memory_format("nothing can be stored: %s", error->text);
        say(agent, text);
        free(text);
    }
    return true;
}

/* What was not stored is told when it can be: the journal of the night has no silent gap. */
static bool tell_recovery(struct agent *agent, struct error *error) {
    char since[MOMENT_SIZE];
    char *text = memory_format("nothing could be stored since %s; it can again",
                               moment_format(agent->stuck_at, wall_of(agent), since));
    bool good = state_journal_append(agent->state, &agent->recorder.actor, wall_of(agent),
                                     STATE_EVENT_NOTE, NULL, text, NULL, error);
    if (good) {
        say(agent, text);
        agent->stuck_at = 0;
        agent->access_told = false;
    }
    free(text);
    return good || passing(agent, error);
}

static bool take_lease(struct agent *agent, struct error *error) {
    const struct agent_options *options = agent->options;
    agent->recorder = (struct recorder){.pipeline = options->pipeline, .state = agent->state};
    agent->tenure = (struct tenure){.clock = options->clock, .recorder = &agent->recorder};
    if (!tenure_begin(&agent->tenure, options->owner, error)) {
        return false;
    }
    char *text = memory_format("agent %d started, term %lld; times: %s", (int)getpid(),
                               (long long)agent->recorder.actor.term, clock_zone());
    say(agent, text);
    free(text);
    return true;
}

static bool keep_lease(struct agent *agent, struct error *error) {
    enum tenure_news news;
    guard_beat(agent->guard);
    bool good = tenure_keep(&agent->tenure, &news, error);
    if (news == TENURE_AGAIN) {
        say(agent, "the lease had run out and was taken again");
        agent->access_told = false;
        agent->plan_told = false;
        agent->judge = true;
    }
    return good || passing(agent, error);
}

/* Tells when the next poll is, once a second at most. */
static bool tell_schedule(struct agent *agent, struct error *error) {
    int64_t now = boot_of(agent);
    if (now - agent->told_ns < (int64_t)TICK_MS * 1000000) {
        return true;
    }
    agent->told_ns = now;
    char *json =
        memory_format("{\"next_poll\":%lld,\"stays\":%s,\"doubts\":%zu}",
                      (long long)schedule_next_at(&agent->schedule),
                      agent->options->stay ? "true" : "false", run_watch_doubts(agent->runs));
    bool good = state_told_put(agent->state, agent->recorder.actor.term, AGENT_TOLD, json,
                               wall_of(agent), error) ||
                passing(agent, error);
    free(json);
    return good;
}

/* The plan the agent works by, and whether the file still is it: for everybody who looks. */
static bool tell_plan(struct agent *agent, struct error *error) {
    const struct pipeline *pipeline = agent->options->pipeline;
    const struct pipeline_disk *disk = &agent->disk;
    char *file = pipeline_path(pipeline);
    json_t *told = json_make("{s:I,s:s,s:s,s:s,s:s,s:I,s:s}", "term",
                             (json_int_t)agent->recorder.actor.term, "plan", pipeline->hash, "file",
                             file, "disk", pipeline_disk_word(disk->kind), "disk_plan", disk->hash,
                             "disk_since", (json_int_t)agent->disk_since, "disk_why", disk->why);
    char *json = told == NULL ? memory_copy_string("{}") : json_text(told);
    agent->plan_told = state_told_put(agent->state, agent->recorder.actor.term, SITUATION_TOLD_PLAN,
                                      json, wall_of(agent), error);
    free(json);
    json_decref(told);
    free(file);
    return agent->plan_told || passing(agent, error);
}

static char *plan_news(const struct agent *agent, const struct pipeline_disk *disk) {
    const struct pipeline *pipeline = agent->options->pipeline;
    switch (disk->kind) {
    case PIPELINE_DISK_SAME:
        return memory_format("%s is the plan again that the agent works by (%.12s)", pipeline->file,
                             pipeline->hash);
    case PIPELINE_DISK_CHANGED:
        return memory_format("%s changed: it is plan %.12s, the agent works by plan %.12s; arms, "
                             "approvals and retries of that are void. Next: phasegate agent "
                             "--restart",
                             pipeline->file, disk->hash, pipeline->hash);
    case PIPELINE_DISK_INVALID:
        return memory_format("%s is not valid any more, the agent works by plan %.12s and starts "
                             "nothing by itself: %s",
                             pipeline->file, pipeline->hash, disk->why);
    case PIPELINE_DISK_GONE:
        break;
    }
    return memory_format("%s is gone, the agent works by plan %.12s and starts nothing by itself",
                         pipeline->file, pipeline->hash);
}

/* Looks at the file once a second, and again before a decision; what it has become is told, and is
 * an event. */
static bool look_at_plan(struct agent *agent, bool thorough, struct error *error) {
    int64_t now = boot_of(agent);
    if (!thorough && agent->plan_told && now - agent->looked_ns < (int64_t)TICK_MS * 1000000) {
        return true;
    }
    agent->looked_ns = now;
    const struct pipeline_disk *disk = pipeline_watch_look(agent->plan, thorough);
    bool news = disk->kind != agent->disk.kind ||
                (disk->kind == PIPELINE_DISK_CHANGED && strcmp(disk->hash, agent->disk.hash) != 0);
    if (!news && agent->plan_told) {
        return true;
    }
    char *text = news ? plan_news(agent, disk) : NULL;
    if (text != NULL && !state_journal_append(agent->state, &agent->recorder.actor, wall_of(agent),
                                              STATE_EVENT_NOTE, NULL, text, NULL, error)) {
        free(text);
        return passing(agent, error);
    }
    if (text != NULL) {
        say(agent, text);
    }
    free(text);
    agent->disk_since = disk->kind == PIPELINE_DISK_SAME ? 0
                        : news                           ? wall_of(agent)
                                                         : agent->disk_since;
    agent->disk = *disk;
    agent->judge = agent->judge || news;
    return tell_plan(agent, error);
}

/* While nothing can be stored nothing is asked, and nothing paid. */
static bool start_due_polls(struct agent *agent, struct error *error) {
    int64_t now = wall_of(agent);
    bool over = false;
    if (agent->backlog.count > 0 || !schedule_due(&agent->schedule)) {
        return true;
    }
    if (!budget_step(&agent->recorder, now, &over, error)) {
        return passing(agent, error);
    }
    size_t place = 0;
    enum measure_manner manner;
    const struct measure_target *target;
    while ((target = schedule_take(&agent->schedule, &place, &manner)) != NULL) {
        poller_measure(agent->poller, *target, pipeline_range(agent->options->pipeline, now),
                       manner, over);
    }
    return tell_schedule(agent, error);
}

static void estimate_all(struct agent *agent) {
    struct day_range range = pipeline_range(agent->options->pipeline, wall_of(agent));
    for (size_t i = 0; i < agent->schedule.count; i++) {
        poller_estimate(agent->poller, agent->schedule.targets[i], range);
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
            schedule_hurry(&agent->schedule, requests[i].subject);
        }
        if (requests[i].kind == STATE_REQUEST_ESTIMATE ||
            (requests[i].kind == STATE_REQUEST_POLL && all)) {
            estimate_all(agent);
        }
    }
    state_requests_free(requests, count);
    return true;
}

static void look_at_answer(struct agent *agent, const struct measure_answer *answer) {
    if (answer->outcome != MEASURE_FAILED && answer->at > agent->access.accepted_at) {
        agent->access.accepted_at = answer->at;
    }
    if (answer->outcome == MEASURE_LEFT) {
        schedule_bring_forward(&agent->schedule, answer->target, answer->again_at);
    }
    int64_t next =
        schedule_put_off(&agent->schedule, answer->target, answer->failure.retry_after_ms);
    trouble_answered(agent->trouble, answer, next);
    agent->judge = true;
}

/* Keeps what the credentials are now. */
static void take_access(struct agent *agent, struct connection_facts *facts) {
    const char *before = agent->facts.problem;
    if (facts->problem != NULL && (before == NULL || strcmp(before, facts->problem) != 0)) {
        say(agent, facts->problem);
    }
    connection_facts_free(&agent->facts);
    agent->facts = *facts;
    *facts = (struct connection_facts){0};
    agent->access.problem = agent->facts.problem;
    agent->access.ends_at = agent->facts.ends_at;
    agent->access_told = false;
}

/* Tells them to everybody. */
static bool tell_access(struct agent *agent, struct error *error) {
    if (agent->access_told || agent->facts.json == NULL) {
        return true;
    }
    agent->access_told = state_told_put(agent->state, agent->recorder.actor.term, CONNECTION_TOLD,
                                        agent->facts.json, wall_of(agent), error);
    return agent->access_told || passing(agent, error);
}

static bool take_messages(struct agent *agent, struct error *error) {
    struct agent_message message;
    bool waited = agent->backlog.count > 0;
    bool good = backlog_store(&agent->backlog, error) || passing(agent, error);
    agent->judge = agent->judge || waited;
    while (good && agent_queue_take(agent->queue, &message)) {
        if (message.kind == AGENT_ANSWER) {
            look_at_answer(agent, &message.answer);
        } else if (message.kind == AGENT_TROUBLE) {
            trouble_waits(agent->trouble, &message.trouble);
        } else if (message.kind == AGENT_ACCESS) {
            take_access(agent, &message.access);
        } else if (message.kind == AGENT_PROGRESS) {
            agent->judge = agent->judge || message.progress.drained;
        }
        good = backlog_take(&agent->backlog, &message, error) || passing(agent, error);
    }
    return good && tell_access(agent, error);
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
    bool due = unattended_due(&agent->unattended, agent->options->clock);
    if (!look_at_plan(agent, due, error)) {
        return false;
    }
    bool good = unattended_step(&agent->unattended, &agent->recorder, agent->options->clock,
                                situation, &agent->disk, &said, error);
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
    int64_t every_ns = clock_real_ms(agent->options->pipeline->poll.every_ms) * 1000000;
    bool due = unattended_due(&agent->unattended, agent->options->clock);
    if ((!agent->judge && !due && boot_of(agent) - agent->judged_ns < every_ns) ||
        agent->backlog.count > 0 || !tenure_sure(&agent->tenure)) {
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
    agent->judged_ns = boot_of(agent);
    situation_free(situation);
    return good;
}

static bool watch_runs(struct agent *agent, struct error *error) {
    bool ended = false;
    if (!run_watch_step(agent->runs, &ended, error)) {
        return passing(agent, error);
    }
    if (ended) {
        schedule_hurry(&agent->schedule, ""); /* only coverage read after the end decides */
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
    int64_t wait = schedule_wait_ms(&agent->schedule);
    wait = wait < TICK_MS && agent->stuck_at == 0 ? wait : TICK_MS;
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

/* For those who watch; a copy that fails is made again, and meanwhile the last one shows its age.
 */
static bool publish(struct agent *agent) {
    (void)state_copy_keep_up(agent->state, NULL);
    return true;
}

/* What was asked for while the state could not be written comes before all else. */
static bool take_emergencies(struct agent *agent, struct error *error) {
    size_t found;
    bool good = state_emergency_fold(agent->state, wall_of(agent), &found, error);
    agent->judge = agent->judge || found > 0;
    return good || passing(agent, error);
}

static bool look_around(struct agent *agent, struct error *error) {
    return take_emergencies(agent, error) && look_at_plan(agent, false, error) &&
           take_requests(agent, error) && watch_runs(agent, error) &&
           start_due_polls(agent, error) && answer_checks(agent, error) &&
           take_messages(agent, error) && tell_trouble(agent, error) && judge(agent, error) &&
           still_needed(agent, error) && publish(agent);
}

/* While nothing can be stored, nothing else is tried: what waits to be stored waits. */
static bool work(struct agent *agent, struct error *error) {
    while (!agent->quit) {
        bool good = keep_lease(agent, error) &&
                    (agent->stuck_at == 0 || tell_recovery(agent, error)) &&
                    (agent->stuck_at != 0 || look_around(agent, error));
        if (!good) {
            if (error->code == EXIT_NO_GO) {
                error->code = EXIT_TEMPORARY; /* another agent has taken over */
                agent->tenure.lost = true;
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
    agent->plan = pipeline_watch_new(options->pipeline, patterns_check);
    agent->checks = checks_new(options->pipeline);
    agent->runs = run_watch_new(&agent->recorder, options->clock, agent->follower);
    agent->code = code_watch_new(&agent->recorder, options->clock);
    agent->server = server_watch_new(&agent->recorder, options->clock,
                                     &(struct server_watch_ask){ask_server, agent});
    agent->backlog = (struct backlog){.recorder = &agent->recorder,
                                      .runs = agent->runs,
                                      .server = agent->server,
                                      .schedule = &agent->schedule};
    schedule_open(&agent->schedule, options->pipeline, options->clock);
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
    backlog_close(&agent->backlog);
    schedule_close(&agent->schedule);
    if (agent->signals >= 0) {
        (void)close(agent->signals);
    }
    if (agent->recorder.actor.term != 0 && !agent->tenure.lost) {
        (void)budget_close(&agent->recorder, wall_of(agent), NULL);
        (void)trouble_end(agent->trouble, &agent->recorder, wall_of(agent), NULL);
    }
    if (agent->tenure.recorder != NULL) {
        tenure_end(&agent->tenure);
    }
    trouble_free(agent->trouble);
    pipeline_watch_free(agent->plan);
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
    bool good = take_lease(&agent, error);
    if (options->guard != NULL && (good || (agent.tenure.lost && options->guard->socket >= 0))) {
        agent.guard = guard_open(options->guard);
    }
    good = good && start_threads(&agent, error) && work(&agent, error);
    bool crash = !good && (error->code == EXIT_OS || error->code == EXIT_SOFTWARE);
    clean_up(&agent);
    guard_leave(agent.guard, !crash);
    return good;
}
