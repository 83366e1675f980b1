#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "fixture.h"
#include "state/filesystem.h"

static struct fixture f;

static void setup(void) {
    fixture_open(&f);
}
static void teardown(void) {
    fixture_close(&f);
}
TestSuite(state, .init = setup, .fini = teardown);

static bool reopen(enum state_access access) {
    state_close(f.state);
    f.state = state_open(f.directory, access, &f.error);
    return f.state != NULL;
}

Test(state, lives_under_the_state_home_of_the_user)
{
    cr_assert(setenv("HOME", "/home/naji", 1) == 0 && unsetenv("XDG_STATE_HOME") == 0 &&
              unsetenv("PHASEGATE_STATE") == 0);
    char *home = state_home("nba-backfill", &f.error);
    cr_assert_str_eq(home, "/home/naji/.local/state/phasegate/nba-backfill");
    free(home);
    cr_assert(setenv("XDG_STATE_HOME", "/xdg", 1) == 0);
    home = state_home("nba-backfill", &f.error);
    cr_assert_str_eq(home, "/xdg/phasegate/nba-backfill");
    free(home);
    cr_assert(setenv("PHASEGATE_STATE", "/mine", 1) == 0);
    home = state_home("nba-backfill", &f.error);
    cr_assert_str_eq(home, "/mine/nba-backfill");
    free(home);
}

Test(state, refuses_a_pipeline_name_that_leads_elsewhere)
{
    const char *const names[] = {"", "..", ".hidden", "a/b", "a b", "a\nb"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        cr_assert(state_home(names[i], &f.error) == NULL, "%s", names[i]);
        cr_assert(f.error.code == EXIT_CONFIG);
    }
}

Test(state, is_private_and_truncates_its_journal)
{
    struct stat status;
    char *path = file_join(f.directory, "state.db");
    cr_assert(stat(path, &status) == 0 && (status.st_mode & 0777) == 0600);
    free(path);
    cr_assert(fixture_count(&f, "SELECT journal_mode='truncate' FROM pragma_journal_mode") == 1);
    cr_assert(fixture_count(&f, "PRAGMA synchronous") == 2);
    cr_assert(fixture_count(&f, "PRAGMA foreign_keys") == 1);
    cr_assert(fixture_count(&f, "PRAGMA trusted_schema") == 0);
    cr_assert(fixture_count(&f, "PRAGMA application_id") == 0x50474154);
    cr_assert(fixture_count(&f, "PRAGMA user_version") == STATE_SCHEMA);
}

Test(state, makes_its_directory_for_the_owner_only)
{
    char *deep = file_join(f.directory, "a/b");
    struct state *other = state_open(deep, STATE_WRITE, &f.error);
    cr_assert(other != NULL, "%s", f.error.text);
    struct stat status;
    cr_assert(stat(deep, &status) == 0 && (status.st_mode & 0777) == 0700);
    state_close(other);
    free(deep);
}

Test(state, names_its_directory_absolutely)
{
    cr_assert(chdir(f.directory) == 0);
    struct state *other = state_open("here", STATE_WRITE, &f.error);
    cr_assert(other != NULL, "%s", f.error.text);
    char *expected = file_join(f.directory, "here");
    cr_assert_str_eq(state_directory(other), expected);
    free(expected);
    state_close(other);
}

Test(state, a_reader_creates_nothing_and_writes_nothing)
{
    char *nowhere = file_join(f.directory, "nowhere");
    cr_assert(state_open(nowhere, STATE_READ, &f.error) == NULL);
    cr_assert(f.error.code == EXIT_NO_INPUT);
    cr_assert(access(nowhere, F_OK) != 0);
    free(nowhere);
    cr_assert(reopen(STATE_READ), "%s", f.error.text);
    cr_assert_not(
        state_journal_append(f.state, &person, NOON, STATE_EVENT_NOTE, NULL, "x", NULL, &f.error));
    fixture_takes(&f, "SELECT 1");
    cr_assert(sqlite3_exec(f.state->database, "DELETE FROM lease", NULL, NULL, NULL) != SQLITE_OK);
}

Test(state, refuses_a_file_of_somebody_else)
{
    fixture_takes(&f, "PRAGMA application_id=7");
    cr_assert_not(reopen(STATE_WRITE));
    cr_assert(f.error.code == EXIT_CONFIG);
    cr_assert(strstr(f.error.text, "not a state file") != NULL, "%s", f.error.text);
}

Test(state, refuses_to_write_a_newer_schema_and_reads_it)
{
    fixture_takes(&f, "PRAGMA user_version=99");
    cr_assert_not(reopen(STATE_WRITE));
    cr_assert(f.error.code == EXIT_CONFIG);
    cr_assert(strstr(f.error.text, "newer program") != NULL, "%s", f.error.text);
    cr_assert(reopen(STATE_READ), "%s", f.error.text);
    cr_assert(state_schema(f.state) == 99);
}

Test(state, refuses_a_file_that_is_damaged)
{
    state_close(f.state);
    f.state = NULL;
    char *path = file_join(f.directory, "state.db");
    cr_assert(file_write(
        path, TEXT("this is no database at all, and long enough to be read as one"), &f.error));
    free(path);
    cr_assert_not(reopen(STATE_WRITE));
    cr_assert(f.error.code == EXIT_DATA, "%d %s", (int)f.error.code, f.error.text);
}

Test(state, a_schema_that_nobody_wrote_is_damage_and_no_step_of_ours)
{
    static const char *const headers[] = {
        "PRAGMA user_version=-1", "PRAGMA user_version=-2147483648", "PRAGMA user_version=0"};
    static const enum state_access accesses[] = {STATE_WRITE, STATE_READ};
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        fixture_takes(&f, headers[i]);
        for (size_t k = 0; k < 2; k++) {
            struct state *other = state_open(f.directory, accesses[k], &f.error);
            cr_assert(other == NULL && f.error.code == EXIT_DATA, "%s: %s", headers[i],
                      f.error.text);
            cr_assert(strstr(f.error.text, "state.db is damaged") != NULL &&
                          strstr(f.error.text, "move this file") != NULL,
                      "%s", f.error.text);
        }
    }
}

Test(state, what_has_gone_from_the_file_is_damage_too)
{
    fixture_takes(&f, "DROP TABLE lease");
    cr_assert_not(state_read_begin(f.state, &f.error));
    cr_assert(f.error.code == EXIT_DATA && strstr(f.error.text, "no such table: lease") != NULL,
              "%s", f.error.text);
}

Test(state, every_text_that_a_person_gives_has_an_end)
{
    static const char *const columns[] = {"%reason%", "%by_whom", "%\\_by", "owner"};
    cr_assert(fixture_count(&f, "SELECT count(*) FROM sqlite_schema t, pragma_table_info(t.name) c"
                                " WHERE t.type='table' AND c.name LIKE '%reason%'") > 5);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        char *sql = memory_format(
            "SELECT count(*) FROM sqlite_schema t, pragma_table_info(t.name) c"
            " WHERE t.type='table' AND t.name NOT LIKE 'sqlite%%' AND c.name LIKE '%s' ESCAPE '\\'"
            /* said by a log, and by which of our processes */
            " AND t.name||'.'||c.name NOT "
            "IN('run_dates.reason','runs.recorded_by','approvals.consumed_by')"
            " AND (SELECT count(*) FROM sqlite_schema g WHERE g.type='trigger' AND "
            "g.tbl_name=t.name"
            "  AND g.name IN(t.name||'_'||c.name||'_bounded_insert',"
            "   t.name||'_'||c.name||'_bounded_update'))<>2",
            columns[i]);
        cr_assert(fixture_count(&f, sql) == 0, "a column like %s is without bounds", columns[i]);
        free(sql);
    }
}

Test(state, a_text_that_is_too_long_is_refused_with_how_long_it_may_be)
{
    char *text = memory_new(120001, 1);
    memset(text, 'x', 120000);
    struct state_actor nobody = {.name = text};
    cr_assert_not(state_mark_put(f.state, &person, "g", true, text, NOON, &f.error));
    cr_assert(f.error.code == EXIT_NO_GO);
    cr_assert_str_eq(f.error.text, "a reason may have at most 2000 characters");
    cr_assert_not(
        state_journal_append(f.state, &person, NOON, STATE_EVENT_NOTE, NULL, text, NULL, &f.error));
    cr_assert(strstr(f.error.text, "at most 16384 characters") != NULL, "%s", f.error.text);
    cr_assert_not(
        state_journal_append(f.state, &nobody, NOON, STATE_EVENT_NOTE, NULL, "x", NULL, &f.error));
    cr_assert(strstr(f.error.text, "the name of who acts") != NULL, "%s", f.error.text);
    free(text);
}

Test(state, migrates_an_empty_file_once_when_many_open_it)
{
    char *place = file_join(f.directory, "many");
    cr_assert(file_make_directory(place, &f.error));
    enum { MANY = 8 };
    pid_t children[MANY];
    for (int i = 0; i < MANY; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            struct error error = {0};
            struct state *state = state_open(place, STATE_WRITE, &error);
            if (state == NULL) {
                (void)fprintf(stderr, "%s\n", error.text);
            }
            _exit(state != NULL && state_schema(state) == STATE_SCHEMA ? 0 : 1);
        }
    }
    for (int i = 0; i < MANY; i++) {
        int status;
        cr_assert(waitpid(children[i], &status, 0) == children[i] && status == 0);
    }
    free(place);
}

Test(state, knows_network_file_systems)
{
    cr_assert(filesystem_network_name(0x6969) != NULL);
    cr_assert(filesystem_network_name(0xFF534D42) != NULL);
    cr_assert(filesystem_network_name(0xEF53) == NULL);
    cr_assert(filesystem_network_name(0x01021994) == NULL);
    cr_assert(filesystem_is_local(f.directory, &f.error), "%s", f.error.text);
}

Test(state, notices_what_it_and_others_wrote)
{
    cr_assert(state_changed(f.state));
    cr_assert_not(state_changed(f.state));
    cr_assert(
        state_journal_append(f.state, &person, NOON, STATE_EVENT_NOTE, NULL, "x", NULL, &f.error));
    cr_assert(state_changed(f.state));
    cr_assert_not(state_changed(f.state));
    struct state *other = state_open(f.directory, STATE_WRITE, &f.error);
    cr_assert_not(state_changed(f.state));
    cr_assert(
        state_journal_append(other, &person, NOON, STATE_EVENT_NOTE, NULL, "y", NULL, &f.error));
    cr_assert(state_changed(f.state));
    state_close(other);
}

Test(state, shows_one_moment_between_begin_and_end)
{
    struct state *writer = state_open(f.directory, STATE_WRITE, &f.error);
    state_set_patience(writer, 0);
    cr_assert(state_read_begin(f.state, &f.error));
    cr_assert_not(
        state_journal_append(writer, &person, NOON, STATE_EVENT_NOTE, NULL, "x", NULL, &f.error));
    cr_assert(f.error.code == EXIT_TEMPORARY);
    cr_assert(fixture_count(&f, "SELECT count(*) FROM events") == 0);
    state_read_end(f.state);
    cr_assert(
        state_journal_append(writer, &person, NOON, STATE_EVENT_NOTE, NULL, "x", NULL, &f.error));
    state_close(writer);
    cr_assert(fixture_count(&f, "SELECT count(*) FROM events") == 1);
}

Test(state, says_that_another_writes_for_too_long)
{
    struct state *other = state_open(f.directory, STATE_WRITE, &f.error);
    state_set_patience(f.state, 0);
    cr_assert(sql_begin(other, &f.error));
    cr_assert_not(
        state_journal_append(f.state, &person, NOON, STATE_EVENT_NOTE, NULL, "x", NULL, &f.error));
    cr_assert(f.error.code == EXIT_TEMPORARY, "%s", f.error.text);
    cr_assert_not(sql_end(other, false, &f.error));
    state_close(other);
}

Test(state, copies_itself)
{
    cr_assert(state_journal_append(f.state, &person, NOON, STATE_EVENT_NOTE, "x", "kept", NULL,
                                   &f.error));
    char *path = file_join(f.directory, "copy.db");
    cr_assert(state_backup(f.state, path, &f.error), "%s", f.error.text);
    cr_assert_not(state_backup(f.state, path, &f.error));
    free(path);
}

Test(journal, lists_what_was_written_oldest_first, .init = setup, .fini = teardown)
{
    struct state_actor other = {.name = "ana@ops"};
    size_t count;
    cr_assert(
        state_journal_append(f.state, &person, NOON, STATE_EVENT_NOTE, "a", "one", NULL, &f.error));
    cr_assert(state_journal_append(f.state, &other, NOON + 5, STATE_EVENT_HOLD, "b", "two",
                                   "{\"x\":1}", &f.error));
    cr_assert(state_journal_append(f.state, &person, NOON + 9, STATE_EVENT_NOTE, "a", "three", NULL,
                                   &f.error));
    struct state_journal_filter filter = {.newest = 2};
    struct state_event *events = state_journal(f.state, &filter, &count, &f.error);
    cr_assert(count == 2);
    cr_assert_str_eq(events[0].text, "two");
    cr_assert_str_eq(events[0].data, "{\"x\":1}");
    cr_assert_str_eq(events[1].text, "three");
    state_events_free(events, count);
    filter = (struct state_journal_filter){.subject = "a", .to = NOON + 8, .kind = "note"};
    events = state_journal(f.state, &filter, &count, &f.error);
    cr_assert(count == 1);
    cr_assert_str_eq(events[0].actor, "naji@ops");
    state_events_free(events, count);
}

Test(journal, is_append_only, .init = setup, .fini = teardown)
{
    cr_assert(
        state_journal_append(f.state, &person, NOON, STATE_EVENT_NOTE, "a", "one", NULL, &f.error));
    fixture_refuses(&f, "UPDATE events SET text='other'", "append-only");
    fixture_refuses(&f, "DELETE FROM events", "append-only");
    fixture_refuses(&f,
                    "INSERT INTO events(at,boot_id,boot_ns,actor,term,kind,subject,text,data)"
                    " VALUES(1,'b',1,'agent',9,'note','','x','{}')",
                    "never held");
    fixture_refuses(&f,
                    "INSERT INTO events(at,boot_id,boot_ns,actor,term,kind,subject,text,data)"
                    " VALUES(1,'b',1,'agent',0,'note','','x','no json')",
                    "CHECK");
}

Test(journal, every_kind_has_its_own_word)
{
    for (unsigned i = 0; i < STATE_EVENT_KIND_COUNT; i++) {
        cr_assert(state_event_kind_of(state_event_word((enum state_event_kind)i)) == i);
    }
    cr_assert(state_event_kind_of("what a newer program writes") == STATE_EVENT_KIND_COUNT);
}
