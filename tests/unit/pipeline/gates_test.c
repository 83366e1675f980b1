/* Groups and gates that could not be judged, and the rest of the file. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "fixture.h"

Test(gates, tells_what_is_wrong_with_groups_and_gates)
{
    static const struct fixture_mistake mistakes[] = {
        {"an unknown processor in a group", "runs: [players]", "runs: [player]",
         "29:41: there is no processor \"player\"; did you mean \"players\"?"},
        {"a group that runs nothing", "runs: [players]", "runs: []",
         "29:40: group \"night\" runs nothing"},
        {"an unknown gate", "behind: ready", "behind: raedy",
         "29:27: there is no gate \"raedy\"; did you mean \"ready\"?"},
        {"a gate without checks", "checks:\n      - {runs: {group: night}}", "checks: []",
         "35:13: gate \"done\" checks nothing, so that it could never be judged"},
        {"an unknown table in a gate", "coverage: {phase: first,", "coverage: {table: gmaes,",
         "33:28: there is no table \"gmaes\"; did you mean \"games\"?"},
        {"a phase without tables", "coverage: {phase: first,", "coverage: {phase: frist,",
         "33:28: there is no phase \"frist\"; did you mean \"first\"?"},
        {"a check of nothing", "{runs: {group: night}}", "{name: night}",
         "36:9: a check must say what it checks, such as \"coverage\""},
        {"a check of two things", "{runs: {group: night}}",
         "{runs: {group: night}, credentials: true}",
         "36:9: an item checks one thing; write one item for each"},
        {"coverage of nothing", "{phase: first, at_least", "{at_least",
         "33:20: coverage of what? give either \"table\" or \"phase\""},
        {"coverage of two things", "{phase: first, at_least",
         "{phase: first, table: games, at_least",
         "33:20: coverage of what? give either \"table\" or \"phase\""},
        {"coverage without a limit", ", at_least: 95%}", "}",
         "33:20: coverage of how much? add \"at_least\" or \"missing_at_most\""},
        {"a target below the minimum", "at_least: 95%", "at_least: 95%, target: 90%",
         "33:58: the target is easier than at_least"},
        {"optimal below the target", "at_least: 95%", "at_least: 95%, target: 99%, optimal: 98%",
         "33:72: optimal is easier than the step before"},
        {"an unknown season", "at_least: 95%", "at_least: 95%, season: \"2O24\"",
         "33:58: there is no season \"2O24\"; did you mean \"2024\"?"},
        {"an unknown segment", "at_least: 95%", "at_least: 95%, segment: final",
         "33:59: \"final\" is not regular or playoffs"},
        {"playoffs of a season without", "at_least: 95%",
         "at_least: 95%, segment: playoffs, season: \"2025\"",
         "33:59: no season asked for has playoffs; add \"playoffs_from\""},
        {"each season and one season", "at_least: 95%",
         "at_least: 95%, each_season: true, season: \"2025\"",
         "33:63: one season or each season? leave \"season\" or this out"},
        {"coverage of something else", "at_least: 95%", "at_least: 95%, of: rows",
         "33:54: \"rows\" is not dates or games"},
        {"the same check twice", "{runs: {group: night}}",
         "{runs: {group: night}}\n      - {runs: {group: night}}",
         "37:9: gate \"done\" has two checks \"night runs\"; give one of them a \"name\""},
        {"a NULL rate of a table without a column", "{coverage: {phase: first, at_least: 95%}}",
         "{null_rate: {table: games}}", "33:29: table \"games\" has no quality.null_of"},
        {"a fallback rate of a phase without", "{coverage: {phase: first, at_least: 95%}}",
         "{fallback_rate: {phase: first, at_most: 5%}}",
         "33:33: no table of phase \"first\" has quality.fallback or quality.fallback_of"},
        {"duplicates of a table without a rule", "{coverage: {phase: first, at_least: 95%}}",
         "{duplicates: {table: games}}", "33:30: table \"games\" has no duplicates_above"},
        {"an unknown group", "group: night", "group: nihgt",
         "36:24: there is no group \"nihgt\"; did you mean \"night\"?"},
        {"a circle of gates and groups", "- {coverage: {phase: first, at_least: 95%}}",
         "- {runs: {group: night}}",
         "33:9: gate \"ready\" can never be GO, it waits for itself: it checks the runs of group "
         "\"night\", which is behind gate \"ready\""},
    };
    FIXTURE_CHECK(mistakes);
}

Test(gates, tells_what_is_wrong_with_checks_of_other_kinds)
{
    static const struct fixture_mistake mistakes[] = {
        {"a query compared with nothing", "{runs: {group: night}}", "{query: {sql: SELECT 1}}",
         "36:17: a query is compared with one of at_least, at_most, equals"},
        {"a query of two sources", "{runs: {group: night}}",
         "{query: {sql: SELECT 1, file: a.sql, equals: 1}}",
         "36:17: a query is given either as a file or as sql"},
        {"a query that is not there", "{runs: {group: night}}",
         "{query: {file: late.sql, equals: 1}}",
         "36:24: there is no file \"late.sql\" beside the pipeline file, in the directory above "
         "it, or among the queries that ship with the program"},
        {"a query that deletes", "{runs: {group: night}}",
         "{query: {sql: DELETE FROM a WHERE TRUE, equals: 1}}",
         "36:23: sql:1:1: it begins with \"DELETE\"; write one query, which begins with SELECT, "
         "WITH or FROM"},
        {"two queries in one", "{runs: {group: night}}",
         "{query: {sql: SELECT 1; DROP TABLE a, equals: 1}}",
         "36:23: sql:1:11: a second statement begins here; write one query, which begins with "
         "SELECT, WITH or FROM"},
        {"a query with an open string", "{runs: {group: night}}",
         "{query: {sql: \"SELECT 'a;\", equals: 1}}",
         "36:23: sql:1:8: this is no SQL: Unclosed string literal"},
        {"a query with a parameter of its own", "{runs: {group: night}}",
         "{query: {sql: \"SELECT @from_day\", equals: 1}}",
         "36:23: sql:1:8: @from_day is not a parameter that phasegate gives; it gives @from and "
         "@to"},
        {"a query with a positional parameter", "{runs: {group: night}}",
         "{query: {sql: \"SELECT '?', ?\", equals: 1}}",
         "36:23: sql:1:13: ? is not a parameter that phasegate gives; it gives @from and @to"},
        {"a query with an unknown placeholder", "{runs: {group: night}}",
         "{query: {sql: \"SELECT {table}\", equals: 1}}",
         "36:23: sql holds the unknown placeholder {table}; it can use {project}"},
        {"a command of no words", "{runs: {group: night}}", "{command: {run: []}}",
         "36:25: the command is empty"},
        {"a disk without a unit", "{runs: {group: night}}", "{disk: {path: /srv, at_least: 10}}",
         "36:39: \"10\" has no unit; write 10MiB or 10GiB, for example"},
        {"credentials switched off", "{runs: {group: night}}", "{credentials: false}",
         "36:23: a check that is off passes nothing; leave it out"},
    };
    FIXTURE_CHECK(mistakes);
}

Test(gates, tells_what_is_wrong_with_alerts_and_patterns)
{
    static const struct fixture_mistake mistakes[] = {
        {"a URL in the open",
         "gates:", "alerts: {slack: {url_file: \"https://hooks.example/x\"}}\ngates:",
         "30:28: a URL is a secret; write it into a file of its own (mode 0600) and name that file "
         "here"},
        {"an unknown channel", "gates:", "alerts: {slak: {url_file: x}}\ngates:",
         "30:10: unknown key \"slak\"; did you mean \"slack\"?"},
        {"a pattern without a kind", "gates:", "patterns: {mine: [{regex: x}]}\ngates:",
         "30:19: a pattern has the keys kind and regex"},
        {"a set without patterns",
         "gates:", "patterns: {mine: []}\ngates:", "30:18: \"mine\" holds no pattern"},
        {"a set that is built in",
         "gates:", "patterns: {python-backfill: [{kind: ok-dated, regex: x}]}\ngates:",
         "30:12: \"python-backfill\" is built in; choose another name"},
        {"a set that is no list",
         "gates:", "patterns: {mine: x}\ngates:", "30:18: \"mine\" must be a list"},
    };
    FIXTURE_CHECK(mistakes);
}

#define NIGHT "groups:\n  - {name: night, behind: ready, runs: [players]}\n"
#define READY "gates:\n  - name: ready\n    checks:\n      - "
#define GAMES "  - {name: games, fills: [games], command: [run, \"{from}\", \"{to}\"]}\n"

Test(gates, tells_which_gate_can_never_be_go_and_which_group_never_launched)
{
    static const struct fixture_mistake mistakes[] = {
        {"a gate of its own group's table", "{phase: first, at_least", "{table: players, at_least",
         "33:9: gate \"ready\" can never be GO, it waits for itself: it checks table \"players\", "
         "filled by group \"night\", which is behind gate \"ready\""},
        {"the rows of its own group's table", "{coverage: {phase: first, at_least: 95%}}",
         "{rows: {table: players, at_least: 95%}}",
         "33:9: gate \"ready\" can never be GO, it waits for itself: it checks table \"players\", "
         "filled by group \"night\", which is behind gate \"ready\""},
        {"a phase that holds its own group's table",
         NIGHT READY "{coverage: {phase: first, at_least: 95%}}\n",
         NIGHT READY "{coverage: {phase: second, at_least: 95%}}\n      - {credentials: true}\n",
         "33:9: gate \"ready\" can never be GO, it waits for itself: it checks table \"players\", "
         "filled by group \"night\", which is behind gate \"ready\""},
        {"a circle of two gates", NIGHT,
         GAMES NIGHT "  - {name: early, behind: done, runs: [games]}\n",
         "35:9: gate \"ready\" can never be GO, it waits for itself: it checks table \"games\", "
         "filled by group \"early\", which is behind gate \"done\", which checks the runs of group "
         "\"night\", which is behind gate \"ready\""},
        {"a table that needs what the gate holds", NIGHT READY "{coverage: {phase: first,",
         GAMES "groups:\n  - {name: night, runs: [players]}\n"
               "  - {name: early, behind: ready, runs: [games]}\n" READY
               "{coverage: {phase: second,",
         "35:9: gate \"ready\" can never be GO, it waits for itself: it checks table \"players\", "
         "which needs table \"games\", filled by group \"early\", which is behind gate \"ready\""},
        {"two processors of one group that fill one table", NIGHT,
         "  - {name: again, fills: [players], command: [run, \"{from}\", \"{to}\"]}\n"
         "groups:\n  - {name: night, behind: ready, runs: [players, again]}\n",
         "30:40: group \"night\" can never be launched: \"players\" and \"again\" both fill "
         "\"players\", on the same dates; put one of them into a group of its own"},
        {"a table's coverage of its own dates", "    rows: {at_least: 2, per: game}\n",
         "    expected: {table: games}\n",
         "33:9: the coverage of \"games\" is measured by its own dates, so that it is always 100 "
         "%; "
         "give the table another \"expected\", or \"rows\""},
    };
    FIXTURE_CHECK(mistakes);
}

Test(gates, takes_a_gate_of_its_groups_table_that_can_be_go)
{
    static const struct {
        const char *what, *find, *replace;
    } files[] = {
        {"another group fills it as well", NIGHT, NIGHT "  - {name: day, runs: [players]}\n"},
        {"so does a processor by itself", NIGHT,
         "  - {name: again, fills: [players], command: [run, \"{from}\", \"{to}\"]}\n" NIGHT},
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct error error = {0};
        char *own =
            fixture_edit(fixture_text, "{phase: first, at_least", "{table: players, at_least");
        char *text = fixture_edit(own, files[i].find, files[i].replace);
        struct pipeline *pipeline = fixture_load(text, &error);
        cr_expect_not_null(pipeline, "%s: %s", files[i].what, error.text);
        pipeline_free(pipeline);
        free(text);
        free(own);
    }
    static const char *const checks[] = {
        "{coverage: {table: players, at_least: 95%, season: \"2024\"}}", /* before 2025 begins */
        "{coverage: {table: players, at_least: 95%, segment: regular}}",
        "{manual: {question: \"Is it dark?\"}}",
    };
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        pipeline_free(fixture_load_edited("{coverage: {phase: first, at_least: 95%}}", checks[i]));
    }
    char *ruled = fixture_edit(fixture_text, "    needs: [games]\n",
                               "    duplicates_above: {rows: 500, per: day}\n");
    char *text = fixture_edit(ruled, "{coverage: {phase: first, at_least: 95%}}",
                              "{duplicates: {table: players}}");
    struct error error = {0};
    struct pipeline *pipeline = fixture_load(text, &error);
    cr_expect_not_null(pipeline, "a table without rows has no duplicates: %s", error.text);
    pipeline_free(pipeline);
    free(text);
    free(ruled);
}
