/* Launching real commands through the real shim. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "fixture.h"
#include "runs/record.h"
#include "runs/runs_verdict.h"
#include "state/state_notice.h"

static struct fixture f;

static void setup(void) {
    fixture_open(&f);
}
static void teardown(void) {
    fixture_close(&f);
}
TestSuite(launch, .init = setup, .fini = teardown, .timeout = 600);

Test(launch, runs_a_command_and_records_its_end)
{
    char run[STATE_RUN_SIZE];
    fixture_start(&f, "echo hello; echo trouble >&2", run);
    fixture_wait();
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(stored->state == STATE_RUN_ENDED && stored->outcome == STATE_OUTCOME_OK);
    cr_assert(stored->has_wait_status && stored->wait_status == 0 && stored->exit_code == 0);
    cr_assert_str_eq(stored->recorded_by, "shim");
    cr_assert(stored->child.pid > 0 && stored->started_at > 0 && stored->ended_at > 0);
    state_runs_free(stored, 1);
    char *log = fixture_read(&f, run, "out.log");
    cr_assert_str_eq(log, "hello\ntrouble\n");
    free(log);
    char *record = fixture_read(&f, run, "exit.json");
    cr_assert(strstr(record, "\"exit_code\":0") != NULL, "%s", record);
    free(record);
    cr_assert(fixture_events(&f, run, "run-start") == 1);
    cr_assert(fixture_events(&f, run, "run-end") == 1);
    cr_assert(fixture_count(&f, FIXTURE_HELD) == 0);
}

Test(launch, files_of_a_run_are_the_owners_only)
{
    static const struct {
        const char *name;
        mode_t mode;
    } table[] = {{"", 0700},        {"spec.json", 0600}, {"exit.json", 0600},
                 {"out.log", 0600}, {"shim.log", 0600},  {"shim.lock", 0600}};
    char run[STATE_RUN_SIZE];
    fixture_start(&f, "true", run);
    fixture_wait();
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct stat status;
        char *path = memory_format("%s/runs/%s/%s", f.directory, run, table[i].name);
        cr_assert(stat(path, &status) == 0 && (status.st_mode & 0777 & ~table[i].mode) == 0, "%s",
                  path);
        free(path);
    }
}

Test(launch, every_exit_is_recorded_as_it_was)
{
    static const struct {
        const char *script;
        int exit_code, signal;
    } table[] = {
        {"exit 0", 0, -1},
        {"exit 1", 1, -1},
        {"exit 2", 2, -1},
        {"exit 125", 125, -1},
        {"exit 126", 126, -1},
        {"exit 127", 127, -1},
        {"exit 255", 255, -1},
        {"kill -TERM $$", -1, SIGTERM},
        {"kill -KILL $$", -1, SIGKILL},
        {"kill -SEGV $$", -1, SIGSEGV},
        {"kill -HUP $$", -1, SIGHUP},
        {"kill -INT $$", -1, SIGINT},
        {"kill -ABRT $$", -1, SIGABRT},
        {"sh -c 'kill -TERM $$'; exit $?", 143, -1}, /* what a shell makes of it is an exit code */
        {"false | true", 0, -1}, /* a pipeline hides the failure: we see what the shell returns */
        {"/nonexistent | cat", 0, -1},
        {"nohup PYTHONPATH=. python3 x.py 2>&1", 127, -1},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char run[STATE_RUN_SIZE];
        fixture_start(&f, table[i].script, run);
        fixture_wait();
        struct state_run *stored = fixture_load(&f, run);
        cr_assert(stored->exit_code == table[i].exit_code && stored->signal == table[i].signal,
                  "%s: exit %d, signal %d", table[i].script, stored->exit_code, stored->signal);
        cr_assert(stored->outcome ==
                  (table[i].exit_code == 0 ? STATE_OUTCOME_OK : STATE_OUTCOME_FAILED));
        state_runs_free(stored, 1);
    }
}

/* Whether a process of this system leaves a core when it may. */
static bool leaves_a_core(void) {
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
        bool could = setrlimit(RLIMIT_CORE, &all) == 0 && chdir(f.directory) == 0 &&
                     signal(SIGSEGV, SIG_DFL) != SIG_ERR && raise(SIGSEGV) == 0;
        _exit(could ? 0 : 1);
    }
    cr_assert(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
    return WCOREDUMP(status);
}

Test(launch, a_core_is_told_from_a_mere_signal)
{
    char run[STATE_RUN_SIZE];
    fixture_start(&f, "ulimit -c unlimited; kill -SEGV $$", run);
    fixture_wait();
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(stored->signal == SIGSEGV && stored->outcome == STATE_OUTCOME_FAILED);
    cr_assert(stored->core_dumped == leaves_a_core());
    state_runs_free(stored, 1);
    struct record record = {.has_wait_status = true, .wait_status = SIGSEGV | WCOREFLAG};
    char *text = record_describe(&record);
    cr_assert_str_eq(text, "killed by SIGSEGV, core dumped");
    free(text);
}

Test(launch, a_command_that_cannot_start_says_why)
{
    static const char *const missing[] = {"/nonexistent/python3", NULL};
    static const char *const unknown[] = {"PYTHONPATH=.", "python3", NULL};
    char *script = file_join(f.directory, "no-interpreter");
    const char *const no_shell[] = {script, NULL};
    cr_assert(file_write(script, TEXT("echo hidden shell\n"), &f.error));
    cr_assert(chmod(script, 0700) == 0);
    const char *const *const commands[] = {missing, unknown, no_shell};
    for (size_t i = 0; i < 3; i++) {
        size_t count;
        fixture_command(&f, 0, commands[i]);
        struct runs_request request = fixture_request(&f);
        struct runs_started *started = fixture_launch(&f, &request, &count);
        cr_assert(!started[0].running && started[0].problem != NULL);
        cr_assert(strstr(started[0].problem, commands[i][0]) != NULL, "%s", started[0].problem);
        fixture_wait();
        struct state_run *stored = fixture_load(&f, started[0].run);
        cr_assert(stored->outcome == STATE_OUTCOME_SPAWN_ERROR && !stored->has_wait_status);
        cr_assert(stored->spawn_error != NULL);
        state_runs_free(stored, 1);
        runs_started_free(started, count);
    }
    free(script);
}

Test(launch, a_working_directory_that_is_not_there_is_a_spawn_error)
{
    char nowhere[] = "/nonexistent";
    char run[STATE_RUN_SIZE];
    f.processors[0].directory = nowhere;
    fixture_start(&f, "true", run);
    fixture_wait();
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(stored->outcome == STATE_OUTCOME_SPAWN_ERROR);
    cr_expect_str_eq(stored->spawn_error, "the working directory /nonexistent is not there");
    state_runs_free(stored, 1);
}

Test(launch, a_script_whose_interpreter_is_missing_is_not_said_to_be_missing)
{
    size_t count;
    char *script = file_join(f.directory, "job");
    const char *const argv[] = {script, NULL};
    cr_assert(file_write(script, TEXT("#!/nonexistent/python4\n"), &f.error));
    cr_assert(chmod(script, 0700) == 0);
    fixture_command(&f, 0, argv);
    struct runs_request request = fixture_request(&f);
    struct runs_started *started = fixture_launch(&f, &request, &count);
    char *why = memory_format(
        "%s is a script, and its interpreter /nonexistent/python4 is not there", script);
    cr_expect_not_null(strstr(started[0].problem, why), "%s", started[0].problem);
    fixture_wait();
    struct state_run *stored = fixture_load(&f, started[0].run);
    cr_expect_str_eq(stored->spawn_error, why);
    state_runs_free(stored, 1);
    runs_started_free(started, count);
    free(why);
    free(script);
}

Test(launch, without_its_shim_a_run_ends_at_once)
{
    size_t count;
    cr_assert(setenv("PHASEGATE_SHIM", "/nonexistent/phasegate-shim", 1) == 0);
    fixture_script(&f, "true");
    struct runs_request request = fixture_request(&f);
    struct runs_started *started = fixture_launch(&f, &request, &count);
    cr_assert(started[0].problem != NULL);
    struct state_run *stored = fixture_load(&f, started[0].run);
    cr_assert(stored->outcome == STATE_OUTCOME_SPAWN_ERROR);
    state_runs_free(stored, 1);
    runs_started_free(started, count);
}

Test(launch, the_command_gets_a_clean_process)
{
    char name[] = "PYTHONPATH";
    char value[] = "/srv/nba";
    struct pipeline_variable variable = {name, value};
    sigset_t blocked;
    char run[STATE_RUN_SIZE];
    f.processors[0].environment = &variable;
    f.processors[0].environment_count = 1;
    (void)sigfillset(&blocked);
    (void)sigprocmask(SIG_BLOCK, &blocked, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    fixture_start(
        &f,
        /* Signals 1 to 28: glibc keeps two above for itself. */
        "sed -nE 's/^(SigBlk|SigIgn):.*(.......)$/\\1 \\2/p' /proc/self/status;"
        " echo id=$PHASEGATE_RUN_ID;"
        " echo path=$PYTHONPATH unbuffered=$PYTHONUNBUFFERED; pwd; readlink /proc/$$/fd/0;"
        " cat /proc/$$/oom_score_adj",
        run);
    (void)sigprocmask(SIG_UNBLOCK, &blocked, NULL);
    fixture_wait();
    char *log = fixture_read(&f, run, "out.log");
    char *expected = memory_format("SigBlk 0000000\nSigIgn 0000000\nid=%s\n"
                                   "path=/srv/nba unbuffered=1\n%s\n/dev/null\n300\n",
                                   run, f.directory);
    cr_assert_str_eq(log, expected);
    free(expected);
    free(log);
}

Test(launch, the_command_gets_the_zone_of_who_launched_it)
{
    char run[STATE_RUN_SIZE];
    cr_assert_eq(setenv("TZ", "America/New_York", 1), 0);
    cr_assert(clock_setup("Asia/Tokyo", &f.error), "%s", f.error.text);
    fixture_start(&f, "echo zone=$TZ", run);
    fixture_wait();
    char *log = fixture_read(&f, run, "out.log");
    cr_assert_str_eq(log, "zone=America/New_York\n");
    free(log);
}

Test(launch, the_command_inherits_its_lock_and_nothing_else)
{
    static const char *const argv[] = {"/bin/ls", "/proc/self/fd", NULL};
    size_t count;
    fixture_command(&f, 0, argv);
    struct runs_request request = fixture_request(&f);
    struct runs_started *started = fixture_launch(&f, &request, &count);
    fixture_wait();
    char *log = fixture_read(&f, started[0].run, "out.log");
    cr_assert_str_eq(log, "0\n1\n2\n200\n3\n", "3 is the directory that ls reads");
    free(log);
    runs_started_free(started, count);
}

Test(launch, a_group_starts_together)
{
    size_t count;
    f.pipeline.processor_count = 3;
    f.group.runs.count = 3;
    struct pipeline_table tables[3];
    size_t indices[3] = {0, 1, 2};
    char names[3][16];
    for (size_t i = 0; i < 3; i++) {
        static const char *const argv[] = {"/bin/true", NULL};
        (void)snprintf(names[i], sizeof names[i], "t%zu", i);
        tables[i] = f.table;
        tables[i].table = names[i];
        f.processors[i].fills = (struct pipeline_indices){&indices[i], 1};
        fixture_command(&f, i, argv);
    }
    f.pipeline.tables = tables;
    f.pipeline.table_count = 3;
    struct runs_request request = fixture_request(&f);
    request.group = 0;
    request.processor = PIPELINE_NONE;
    struct runs_started *started = fixture_launch(&f, &request, &count);
    cr_assert(count == 3);
    fixture_wait();
    cr_assert(fixture_count(&f, "SELECT count(*) FROM runs WHERE outcome='ok' AND"
                                " group_name='phase3'") == 3);
    cr_assert(fixture_count(&f, "SELECT count(DISTINCT launch) FROM runs") == 1);
    cr_assert(fixture_count(&f, "SELECT count(*) FROM events WHERE kind='launch'") == 1);
    runs_started_free(started, count);
}

Test(launch, a_hundred_commands_of_no_duration_are_all_seen)
{
    static const char *const argv[] = {"/bin/true", NULL};
    static struct pipeline_table tables[FIXTURE_PROCESSORS];
    static size_t indices[FIXTURE_PROCESSORS];
    static char names[FIXTURE_PROCESSORS][16];
    size_t count;
    for (size_t i = 0; i < FIXTURE_PROCESSORS; i++) {
        indices[i] = i;
        (void)snprintf(names[i], sizeof names[i], "t%zu", i);
        tables[i] = f.table;
        tables[i].table = names[i];
        f.processors[i].fills = (struct pipeline_indices){&indices[i], 1};
        fixture_command(&f, i, argv);
    }
    f.pipeline.tables = tables;
    f.pipeline.table_count = f.pipeline.processor_count = f.group.runs.count = FIXTURE_PROCESSORS;
    struct runs_request request = fixture_request(&f);
    request.group = 0;
    request.processor = PIPELINE_NONE;
    struct runs_started *started = fixture_launch(&f, &request, &count);
    cr_assert(count == FIXTURE_PROCESSORS);
    fixture_wait();
    cr_assert(fixture_count(&f, "SELECT count(*) FROM runs WHERE outcome='ok' AND wait_status=0") ==
              FIXTURE_PROCESSORS);
    runs_started_free(started, count);
}

Test(launch, an_overlap_is_refused_and_nothing_starts)
{
    char run[STATE_RUN_SIZE];
    fixture_start(&f, "echo up; while [ ! -e go ]; do :; done", run);
    fixture_wait_for(&f, run, "up");
    struct runs_request request = fixture_request(&f);
    struct runs_plan *plan = runs_plan_new(&request, &f.error);
    cr_assert_not(runs_plan_check(plan, f.state, &f.error));
    cr_assert(f.error.code == EXIT_NO_GO && strstr(f.error.text, run) != NULL, "%s", f.error.text);
    struct runs_launcher launcher = {
        .actor = fixture_person, .owner = "naji@ops", .clock = clock_system()};
    struct runs_started *started;
    cr_assert_not(runs_launch(plan, f.state, &launcher, &started, &f.error));
    cr_assert(started == NULL && f.error.code == EXIT_NO_GO);
    runs_plan_free(plan);
    char *go = file_join(f.directory, "go");
    cr_assert(file_write(go, TEXT("x"), &f.error));
    free(go);
    fixture_wait();
    cr_assert(fixture_count(&f, "SELECT count(*) FROM runs") == 1);
}

Test(launch, gaps_of_a_processor_without_a_list_are_steps_of_one_run)
{
    static const char *const argv[] = {"/bin/echo", "{from}", "{to}", NULL};
    struct dayset missing = dayset_new((struct day_range){DAY1, DAY1 + 9});
    size_t count;
    dayset_add_range(&missing, (struct day_range){DAY1, DAY1 + 1});
    dayset_add(&missing, DAY1 + 5);
    fixture_command(&f, 0, argv);
    struct runs_request request = fixture_request(&f);
    request.gaps = true;
    request.missing = &missing;
    struct runs_started *started = fixture_launch(&f, &request, &count);
    fixture_wait();
    char *log = fixture_read(&f, started[0].run, "out.log");
    cr_assert_str_eq(log, "2021-10-19 2021-10-20\n2021-10-24 2021-10-24\n");
    free(log);
    struct state_run *stored = fixture_load(&f, started[0].run);
    cr_assert(stored->outcome == STATE_OUTCOME_OK && stored->step == 1 && stored->step_count == 2);
    cr_assert(stored->date_count == 3);
    state_runs_free(stored, 1);
    cr_assert(fixture_events(&f, started[0].run, "run-start") == 1, "one run, one start");
    runs_started_free(started, count);
    dayset_free(&missing);
}

/* Launches the gaps DAY1, DAY1 + 5 and DAY1 + 8 as three steps of one run, and waits for its end.
 */
static struct state_run *run_three(const char *const *argv) {
    struct dayset missing = dayset_new((struct day_range){DAY1, DAY1 + 9});
    size_t count;
    dayset_add(&missing, DAY1);
    dayset_add(&missing, DAY1 + 5);
    dayset_add(&missing, DAY1 + 8);
    fixture_command(&f, 0, argv);
    struct runs_request request = fixture_request(&f);
    request.gaps = true;
    request.missing = &missing;
    struct runs_started *started = fixture_launch(&f, &request, &count);
    fixture_wait();
    struct state_run *stored = fixture_load(&f, started[0].run);
    runs_started_free(started, count);
    dayset_free(&missing);
    return stored;
}

Test(launch, a_step_that_fails_leaves_no_other_step_out_and_is_said)
{
    static const char *const argv[] = {"/bin/sh", "-c",
                                       "echo {from}; [ {from} != 2021-10-19 ] || exit 3", NULL};
    struct state_run *stored = run_three(argv);
    char *log = fixture_read(&f, stored->run, "out.log");
    cr_expect_str_eq(log, "2021-10-19\n2021-10-24\n2021-10-27\n");
    free(log);
    cr_expect_eq(stored->outcome, STATE_OUTCOME_FAILED);
    cr_expect_eq(stored->exit_code, 3);
    cr_expect_eq(stored->step, 2);
    char *notices = state_notices_text(&stored->notices);
    cr_expect_str_eq(notices, "1 of its 3 commands failed");
    free(notices);
    struct runs_witnesses witnesses = runs_witnesses_of(stored);
    struct runs_judgement judgement;
    runs_judge(&witnesses, &judgement);
    cr_expect_eq(judgement.verdict, RUNS_FAILED);
    cr_expect_str_eq(judgement.text, "exit 3, waiting for coverage; 1 of its 3 commands failed");
    runs_judgement_clear(&judgement);
    state_runs_free(stored, 1);
}

Test(launch, a_step_that_is_killed_ends_the_run_and_the_others_are_said_to_have_never_run)
{
    static const char *const argv[] = {"/bin/sh", "-c", "kill -9 $$; echo {from}", NULL};
    struct state_run *stored = run_three(argv);
    cr_expect_eq(stored->outcome, STATE_OUTCOME_FAILED);
    cr_expect_eq(stored->signal, 9);
    cr_expect_eq(stored->step, 0);
    char *notices = state_notices_text(&stored->notices);
    cr_expect_str_eq(notices, "1 of its 3 commands failed, 2 never ran");
    free(notices);
    state_runs_free(stored, 1);
}

Test(launch, a_locked_state_file_at_the_end_loses_nothing)
{
    char run[STATE_RUN_SIZE];
    fixture_start(&f, "echo up; while [ ! -e go ]; do :; done; exit 7", run);
    fixture_wait_for(&f, run, "up");
    struct state *other = state_open(f.directory, STATE_WRITE, &f.error);
    cr_assert(state_read_begin(other, &f.error), "a reader keeps the shim from committing");
    char *go = file_join(f.directory, "go");
    cr_assert(file_write(go, TEXT("x"), &f.error));
    free(go);
    fixture_wait_for_file(&f, run, "exit.json");
    state_read_end(other);
    state_close(other);
    fixture_wait();
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(stored->exit_code == 7);
    cr_assert_str_eq(stored->recorded_by, "shim");
    state_runs_free(stored, 1);
}
