/* Commands on another host: an ssh of our own in PATH runs them here, refuses, or drops the line.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "fixture.h"
#include "runs/ssh.h"

static struct fixture f;
static char host[] = "etl@far-1";
static struct pipeline_variable secret = {"SECRET", "a'b $HOME `id` \"c\"\n\\"};

/* sh -c "$last" is what sshd does with what ssh was given behind "--". */
static const char works[] = "#!/bin/sh\nfor last; do :; done\necho \"$@\" >\"$0.asked\"\n"
                            "exec sh -c \"$last\"\n";
static const char refuses[] = "#!/bin/sh\necho 'ssh: connect to host far-1 port 22: Connection "
                              "refused' >&2\nexit 255\n";
static const char drops[] =
    "#!/bin/sh\nfor last; do :; done\nexec 5<&0\nsh -c \"$last\" <&5 &\nexec 5<&-\n"
    "while ! [ -e \"$0.drop\" ]; do sleep 0.01; done\nexit 255\n";

static char *beside(const char *name) {
    return memory_format("%s/%s", f.directory, name);
}

static void use_ssh(const char *script) {
    char *path = beside("ssh");
    char *search = memory_format("%s:%s", f.directory, getenv("PATH"));
    cr_assert(file_write(path, text_of(script), &f.error) && chmod(path, 0700) == 0);
    cr_assert(setenv("PATH", search, 1) == 0);
    free(search);
    free(path);
}

static void setup(void) {
    fixture_open(&f);
    f.processors[0].ssh = host;
    f.processors[0].stop_grace_ms = 30000;
    f.processors[0].environment = &secret;
    f.processors[0].environment_count = 1;
}
static void teardown(void) {
    fixture_close(&f);
}
TestSuite(ssh, .init = setup, .fini = teardown, .timeout = 600);

Test(ssh, every_word_and_variable_arrives_as_it_is_and_shows_in_no_list_of_processes)
{
    char run[STATE_RUN_SIZE];
    use_ssh(works);
    fixture_start(
        &f, "printf '[%s]' \"$SECRET\" \"$PHASEGATE_RUN_ID\" \"$PWD\" 'it''s \\ $x'; echo", run);
    fixture_wait();
    struct state_run *stored = fixture_load(&f, run);
    char *log = fixture_read(&f, run, "out.log");
    char *wanted = memory_format("[%s][%s][%s][its \\ $x]\n", secret.value, run, f.directory);
    char *path = beside("ssh.asked");
    struct text_buffer asked = {0};
    cr_assert_str_eq(log, wanted);
    cr_assert(stored->outcome == STATE_OUTCOME_OK && stored->exit_code == 0);
    cr_assert_str_eq(stored->recorded_by, "shim");
    cr_assert(file_read(path, 1 << 16, &asked, &f.error));
    char *line = text_buffer_take(&asked);
    cr_assert(strstr(line, "-o BatchMode=yes") && strstr(line, "etl@far-1 -- exec sh -c"));
    cr_assert(strstr(line, "SECRET") == NULL && strstr(line, "printf '[") == NULL, "%s", line);
    free(line);
    free(path);
    free(wanted);
    free(log);
    state_runs_free(stored, 1);
}

Test(ssh, the_exit_code_of_the_command_there_is_the_runs_also_255)
{
    static const int codes[] = {3, 255};
    use_ssh(works);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        char run[STATE_RUN_SIZE];
        char script[32];
        (void)snprintf(script, sizeof script, "exit %d", codes[i]);
        fixture_start(&f, script, run);
        fixture_wait();
        struct state_run *stored = fixture_load(&f, run);
        cr_assert(stored->outcome == STATE_OUTCOME_FAILED && stored->exit_code == codes[i]);
        state_runs_free(stored, 1);
    }
}

Test(ssh, a_host_that_is_not_reached_is_a_command_that_never_began_and_not_one_that_failed)
{
    char run[STATE_RUN_SIZE];
    use_ssh(refuses);
    fixture_start(&f, "true", run);
    fixture_wait();
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(stored->outcome == STATE_OUTCOME_SPAWN_ERROR && !stored->has_wait_status);
    cr_assert(strstr(stored->spawn_error, "Connection refused") != NULL, "%s", stored->spawn_error);
    state_runs_free(stored, 1);
}

Test(ssh, a_dropped_line_is_a_lost_run_and_the_command_there_is_ended)
{
    char run[STATE_RUN_SIZE];
    char *drop = beside("ssh.drop");
    use_ssh(drops);
    fixture_start(&f, "trap 'echo ended there; exit 0' TERM; echo up; while :; do sleep 0.01; done",
                  run);
    fixture_wait_for(&f, run, "up");
    cr_assert(file_write(drop, text_of(""), &f.error));
    fixture_wait_for(&f, run, "ended there");
    fixture_wait();
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(stored->outcome == STATE_OUTCOME_LOST && !stored->has_wait_status);
    state_runs_free(stored, 1);
    free(drop);
}

Test(ssh, a_stop_is_carried_over_and_waited_for)
{
    char run[STATE_RUN_SIZE];
    size_t asked;
    use_ssh(works);
    fixture_start(&f, "trap 'echo ended there; exit 7' TERM; echo up; while :; do sleep 0.01; done",
                  run);
    fixture_wait_for(&f, run, "up");
    struct runs_stop_selector selector = {.run = run};
    cr_assert(
        runs_stop(f.state, &fixture_person, clock_system(), &selector, "enough", &asked, &f.error));
    fixture_wait();
    struct state_run *stored = fixture_load(&f, run);
    char *log = fixture_read(&f, run, "out.log");
    cr_assert(strstr(log, "ended there") != NULL);
    cr_assert(stored->outcome == STATE_OUTCOME_STOPPED && stored->exit_code == 7);
    free(log);
    state_runs_free(stored, 1);
}
