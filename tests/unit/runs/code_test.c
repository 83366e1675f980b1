/* The commit a run is launched from: git itself, and a git that misbehaves. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "fixture.h"
#include "runs/runs_code.h"
#include "state/state_notice.h"

static struct fixture f;

static void setup(void) {
    fixture_open(&f);
}
static void teardown(void) {
    fixture_close(&f);
}
TestSuite(code, .init = setup, .fini = teardown, .timeout = 600);

/* A program called git that comes before the real one. */
static void fake_git(const char *program) {
    char *bin = file_join(f.directory, "bin");
    char *path = file_join(bin, "git");
    char *search = memory_format("%s:%s", bin, getenv("PATH"));
    cr_assert(file_make_directory(bin, &f.error) && file_write(path, text_of(program), &f.error));
    cr_assert(chmod(path, 0700) == 0 && setenv("PATH", search, 1) == 0);
    free(search);
    free(path);
    free(bin);
}

#define COMMIT "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d"

static void expect(const char *commit, int64_t changed) {
    struct runs_code code;
    runs_code_look(f.directory, &code);
    cr_assert((code.commit == NULL) == (commit == NULL) &&
                  (commit == NULL || strcmp(code.commit, commit) == 0),
              "%s", code.commit == NULL ? "none" : code.commit);
    cr_assert(code.changed == changed, "%lld", (long long)code.changed);
    runs_code_clear(&code);
}

Test(code, is_asked_of_git_without_a_shell)
{
    fake_git("#!/bin/sh\necho \"$@\" >> \"${0%/*}/asked\"\n"
             "case \"$*\" in *rev-parse*) echo " COMMIT ";; *) echo ' M a'; echo ' M b';; esac\n");
    expect(COMMIT, 2);
    char *path = file_join(f.directory, "bin/asked");
    struct text_buffer asked = {0};
    cr_assert(file_read(path, 4096, &asked, &f.error), "%s", f.error.text);
    char *expected = memory_format("--no-optional-locks -C %s rev-parse HEAD\n"
                                   "--no-optional-locks -C %s status --porcelain "
                                   "--untracked-files=no\n",
                                   f.directory, f.directory);
    cr_assert_str_eq(asked.data, expected);
    free(expected);
    free(path);
    text_buffer_free(&asked);
}

Test(code, that_is_not_known_is_not_clean)
{
    fake_git("#!/bin/sh\nexit 128\n");
    expect(NULL, -1);
    fake_git("#!/bin/sh\necho fatal: not a commit\n");
    expect(NULL, -1);
    fake_git("#!/bin/sh\ncase \"$*\" in *rev-parse*) echo " COMMIT ";; *) exit 1;; esac\n");
    expect(COMMIT, -1);
    fake_git("#!/bin/sh\ncase \"$*\" in *rev-parse*) echo " COMMIT ";; esac\n");
    expect(COMMIT, 0);
    cr_assert(setenv("PATH", "/nonexistent", 1) == 0);
    expect(NULL, -1);
}

Test(code, a_git_that_hangs_is_not_waited_for)
{
    fake_git("#!/bin/sh\nexec sleep 300\n");
    expect(NULL, -1);
}

Test(code, says_what_is_known)
{
    static const struct {
        const char *commit;
        int64_t changed;
        const char *text;
    } table[] = {
        {NULL, -1, "not known: no git repository, or git does not answer"},
        {COMMIT, -1, "1a2b3c4, whether files changed is not known"},
        {COMMIT, 0, "1a2b3c4, nothing changed"},
        {COMMIT, 1, "1a2b3c4, 1 file changed"},
        {COMMIT, 3, "1a2b3c4, 3 files changed"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char *text = runs_code_text(table[i].commit, table[i].changed);
        cr_expect_str_eq(text, table[i].text);
        free(text);
    }
}

Test(code, of_a_run_is_kept_and_its_moving_is_noticed_once)
{
    char run[STATE_RUN_SIZE];
    struct state_actor agent = {.name = "agent"};
    fake_git("#!/bin/sh\ncase \"$*\" in *rev-parse*) echo " COMMIT ";; *) echo ' M a';; esac\n");
    fixture_start(&f, "echo up; while [ ! -e go ]; do sleep 0.01; done", run);
    fixture_wait_for(&f, run, "up");
    const char *moved = "ffffffffffffffffffffffffffffffffffffffff";
    const char *const seen[] = {COMMIT, moved, moved};
    for (size_t i = 0; i < 3; i++) {
        cr_assert(state_notice_code(f.state, &agent, run, seen[i], 5, &f.error), "%s",
                  f.error.text);
    }
    cr_assert(fixture_events(&f, run, "code-moved") == 1);
    struct state_run *stored = fixture_load(&f, run);
    cr_assert_str_eq(stored->notices.code_commit, COMMIT);
    cr_assert(stored->notices.code_changed == 1);
    char *text = state_notices_text(&stored->notices);
    cr_assert_str_eq(text, "code moved to fffffff since it was launched");
    free(text);
    state_runs_free(stored, 1);
    char *go = file_join(f.directory, "go");
    cr_assert(file_write(go, TEXT("x"), &f.error));
    free(go);
    fixture_wait();
}
