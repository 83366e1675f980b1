/* What logging out does to runs: read from trees of files that look like machines. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "fixture.h"
#include "runs/runs_session.h"

static char root[64];

static void setup(void) {
    (void)strcpy(root, "/tmp/phasegate-session-XXXXXX");
    cr_assert(mkdtemp(root) != NULL);
}
static void teardown(void) {
    struct error error;
    cr_assert(file_remove_tree(root, &error), "%s", error.text);
}
TestSuite(session, .init = setup, .fini = teardown);

static void put(const char *path, const char *content) {
    struct error error;
    char *whole = memory_format("%s%s", root, path);
    char *directory = file_directory(whole);
    cr_assert(file_make_directory(directory, &error) && file_write(whole, text_of(content), &error),
              "%s", error.text);
    free(directory);
    free(whole);
}

#define SESSION "0::/user.slice/user-1000.slice/session-3.scope\n"
#define MANAGER "0::/user.slice/user-1000.slice/user@1000.service/app.slice/tmux.scope\n"
#define SYSTEM  "0::/system.slice/cron.service\n"
#define MIXED                                                                                      \
    "4:memory:/user.slice\n1:name=systemd:/user.slice/user-1000.slice/session-3.scope\n0::/\n"

static void machine(const char *cgroup, const char *logind, bool lingers) {
    put("/run/systemd/system/x", "");
    put("/proc/self/cgroup", cgroup);
    put("/etc/systemd/logind.conf", logind);
    if (lingers) {
        put("/var/lib/systemd/linger/naji", "");
    }
}

#define KILLS  "[Login]\n#NAutoVTs=6\nKillUserProcesses=yes\n"
#define SPARES "[Login]\n#KillUserProcesses=no\n"

Test(session, follows_from_cgroup_logind_and_lingering)
{
    static const struct {
        const char *cgroup, *logind;
        bool lingers, can_scope;
        bool scope, survives;
    } table[] = {
        {SESSION, SPARES, false, true, false, true}, /* abandoned, and left alone */
        {SESSION, SPARES, true, true, false, true},
        {SESSION, KILLS, false, true, true, false}, /* outlives this session, not the last one */
        {SESSION, KILLS, true, true, true, true},
        {SESSION, KILLS, true, false, false, false},
        {SESSION, KILLS, false, false, false, false},
        {MIXED, KILLS, true, true, true, true},
        {MANAGER, SPARES, false, true, false, false}, /* the manager ends with the last session */
        {MANAGER, SPARES, true, true, false, true},
        {MANAGER, KILLS, true, true, false, true},
        {SYSTEM, KILLS, false, true, false, true},
        {SESSION, "[Login]\n#KillUserProcesses=yes\n", true, true, true, true},
        {SESSION, "[Login]\nKillUserProcesses=On\n", true, true, true, true},
        {SESSION, KILLS "KillExcludeUsers=root naji\n", false, true, false, true},
        {SESSION, KILLS "KillOnlyUsers=guest\n", false, true, false, true},
        {SESSION, KILLS "KillOnlyUsers=guest naji\n", true, true, true, true},
        {SESSION, "[Other]\nKillUserProcesses=yes\n", false, true, false, true},
        {SESSION, "", false, true, false, true},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct runs_session session;
        teardown();
        setup();
        machine(table[i].cgroup, table[i].logind, table[i].lingers);
        runs_session_look(root, "naji", table[i].can_scope, &session);
        cr_expect(session.scope == table[i].scope && session.survives == table[i].survives,
                  "%zu: scope %d, survives %d", i, session.scope, session.survives);
    }
}

Test(session, a_machine_without_systemd_kills_nothing)
{
    struct runs_session session;
    put("/proc/self/cgroup", SESSION);
    put("/etc/systemd/logind.conf", KILLS);
    runs_session_look(root, "naji", true, &session);
    cr_assert(session.survives && !session.scope && !session.systemd);
}

Test(session, drop_ins_are_read_in_the_order_of_their_names_and_etc_hides)
{
    struct runs_session session;
    machine(SESSION, KILLS, false);
    put("/usr/lib/systemd/logind.conf.d/90-vendor.conf", "[Login]\nKillUserProcesses=no\n");
    put("/etc/systemd/logind.conf.d/10-site.conf", "[Login]\nKillUserProcesses=yes\n");
    runs_session_look(root, "naji", true, &session);
    cr_assert(!session.kills, "90 comes after 10, wherever it is");
    put("/etc/systemd/logind.conf.d/90-vendor.conf", "[Login]\n");
    runs_session_look(root, "naji", true, &session);
    cr_assert(session.kills, "the one in /etc hides the vendor's");
}

Test(session, says_the_remedy)
{
    struct runs_session session;
    machine(MANAGER, SPARES, false);
    runs_session_look(root, "naji", true, &session);
    char *text = runs_session_text(&session);
    cr_assert_str_eq(text, "logging out would kill runs: run `loginctl enable-linger naji`");
    free(text);
    put("/var/lib/systemd/linger/naji", "");
    runs_session_look(root, "naji", true, &session);
    text = runs_session_text(&session);
    cr_assert_str_eq(text, "runs survive logout");
    free(text);
}

/* ---- launching ---- */

static struct fixture f;

/* A machine that would kill, this user lingering, and a systemd-run that keeps what it was asked.
 */
static void make_machine(const char *program) {
    struct error error;
    char *manager = memory_format("/run/user/%ld/systemd/private", (long)getuid());
    put(manager, "");
    free(manager);
    machine(SESSION, "[Login]\nKillUserProcesses=yes\nKillExcludeUsers=\n", false);
    put("/bin/systemd-run", program);
    char *path = memory_format("%s/bin/systemd-run", root);
    cr_assert(chmod(path, 0700) == 0);
    free(path);
    path = memory_format("%s/bin:%s", root, getenv("PATH"));
    cr_assert(setenv("PATH", path, 1) == 0 && setenv("PHASEGATE_TEST_ROOT", root, 1) == 0);
    free(path);
    (void)error;
}

Test(session, where_it_matters_the_shim_gets_a_scope, .timeout = 600)
{
    char run[STATE_RUN_SIZE];
    struct text_buffer asked = {0};
    fixture_open(&f);
    make_machine("#!/bin/sh\necho \"$@\" > \"${0%/*}/asked\"\n"
                 "while [ \"$1\" != -- ]; do shift; done; shift; exec \"$@\"\n");
    fixture_start(&f, "exit 3", run);
    fixture_wait();
    struct state_run *stored = fixture_load(&f, run);
    char *path = memory_format("%s/bin/asked", root);
    char *expected =
        memory_format("--user --scope --quiet -p CollectMode=inactive-or-failed -p Delegate=yes "
                      "--unit=phasegate-%s -- %s/phasegate-shim %s/runs/%s\n",
                      run, PHASEGATE_BINARY_DIR, f.directory, run);
    cr_assert(stored->exit_code == 3);
    cr_assert(file_read(path, 4096, &asked, &f.error), "%s", f.error.text);
    cr_assert_str_eq(asked.data, expected);
    free(expected);
    free(path);
    text_buffer_free(&asked);
    state_runs_free(stored, 1);
    fixture_close(&f);
}

Test(session, when_systemd_run_fails_the_run_starts_all_the_same, .timeout = 600)
{
    char run[STATE_RUN_SIZE];
    fixture_open(&f);
    make_machine("#!/bin/sh\necho Failed to connect to bus >&2; exit 1\n");
    fixture_start(&f, "exit 3", run);
    fixture_wait();
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(stored->exit_code == 3 && fixture_events(&f, run, "run-start") == 1);
    state_runs_free(stored, 1);
    fixture_close(&f);
}
