/* Tables that cannot be, and processors that could not run. */
#include <criterion/criterion.h>

#include "fixture.h"

Test(tables, tells_what_is_wrong_with_tables)
{
    static const struct fixture_mistake mistakes[] = {
        {"no tables",
         "tables:\n  - name: games\n    phase: first\n    table: stats.games\n    date: "
         "game_date\n    entity: game_id\n    rows: {at_least: 2, per: game}\n  - name: players\n  "
         "  phase: second\n    table: stats.players\n    date: day\n    needs: [games]\n",
         "tables: []\n",
         "9:9: a pipeline needs at least one table\n12:13: there is no table \"players\"\n22:28: "
         "there is no phase \"first\""},
        {"nothing expected", "expected: {query: expected_dates.sql}\n", "",
         "9:5: nothing says on which dates rows of \"games\" are due; add \"expected\" here or to "
         "the pipeline\n15:5: nothing says on which dates rows of \"players\" are due; add "
         "\"expected\" here or to the pipeline"},
        {"an expected query that is not there", "expected_dates.sql", "expected_date.sql",
         "8:19: there is no file \"expected_date.sql\" beside the pipeline file; did you mean "
         "\"expected_dates.sql\"?"},
        {"an expected query that is nowhere near", "expected_dates.sql", "schedule.sql",
         "8:19: there is no file \"schedule.sql\" beside the pipeline file, in the directory above "
         "it, or among the queries that ship with the program"},
        {"expected from two sources", "{query: expected_dates.sql}",
         "{query: expected_dates.sql, table: games}",
         "8:11: expected dates come either from a query or from a table"},
        {"expected from an unknown table", "{query: expected_dates.sql}", "{table: gamess}",
         "8:19: there is no table \"gamess\"; did you mean \"games\"?"},
        {"expected from a table without entities", "{query: expected_dates.sql}",
         "{table: players}",
         "8:19: \"players\" has no entity column, so that its games cannot be counted"},
        {"an exception that is no date", "{query: expected_dates.sql}",
         "{query: expected_dates.sql, except: [2024-01-32]}",
         "8:48: \"2024-01-32\" is not a day of the calendar"},
        {"an exception that ends before it begins", "{query: expected_dates.sql}",
         "{query: expected_dates.sql, except: [2024-02-02..2024-02-01]}",
         "8:48: \"2024-02-02..2024-02-01\" ends before it begins"},
        {"rows without per", "rows: {at_least: 2, per: game}", "rows: {at_least: 2}",
         "15:11: rows a day or a game? add \"per: day\" or \"per: game\""},
        {"rows per something else", "per: game}", "per: week}",
         "15:30: \"week\" is not day or game"},
        {"rows of its own", "rows: {at_least: 2, per: game}",
         "rows: {ratio_of: {table: games, at_least: 0.9}}",
         "15:30: a table's rows cannot be measured by its own"},
        {"rows and a ratio", "rows: {at_least: 2, per: game}",
         "rows: {at_least: 2, ratio_of: {table: players, at_least: 0.9}}",
         "15:11: rows are either at_least … per …, or ratio_of"},
        {"duplicates per entity without one", "    needs: [games]",
         "    duplicates_above: {rows: 1, per: entity}",
         "20:38: rows per entity need the table's entity column; add \"entity\""},
        {"a NULL rate of no column", "    needs: [games]", "    quality: {null_rate_at_most: 5%}",
         "20:34: NULLs of which column? add \"null_of\""},
        {"two kinds of fallback", "    needs: [games]",
         "    quality: {fallback: a, fallback_of: b}",
         "20:41: give either a condition (fallback) or a column (fallback_of)"},
        {"a condition with a second statement", "    needs: [games]",
         "    quality: {fallback: a; DROP TABLE b}",
         "20:25: the condition holds a comment or a second statement"},
        {"a condition with a comment", "    needs: [games]", "    quality: {fallback: a -- b}",
         "20:25: the condition holds a comment or a second statement"},
        {"a condition with an open quote", "    needs: [games]", "    quality: {fallback: a = 'b}",
         "20:25: the condition is no SQL: Unclosed string literal at its character 5"},
        {"a condition that closes too much", "    needs: [games]",
         "    quality: {fallback: a) FROM b GROUP BY (c}",
         "20:25: the condition closes a parenthesis that is not open"},
        {"a condition with a parameter", "    needs: [games]",
         "    quality: {fallback: \"a > @from\"}",
         "20:25: the condition holds a parameter or a placeholder"},
        {"a condition of white space", "    needs: [games]", "    quality: {fallback: \" \"}",
         "20:25: the condition is empty"},
        {"an unknown table in needs", "needs: [games]", "needs: [game]",
         "20:13: there is no table \"game\"; did you mean \"games\"?"},
        {"a table needed twice", "needs: [games]", "needs: [games, games]",
         "20:20: table \"games\" stands twice in this list"},
        {"needed and wanted", "needs: [games]", "needs: [games]\n    wants: [games]",
         "21:12: \"games\" is both needed and wanted; needs is enough"},
        {"a table that needs itself", "needs: [games]", "needs: [players]",
         "20:12: tables wait for each other: players → players"},
        {"a circle of tables", "    rows: {at_least: 2, per: game}", "    wants: [players]",
         "20:12: tables wait for each other: games → players → games"},
    };
    FIXTURE_CHECK(mistakes);
}

Test(processors, tells_what_is_wrong_with_processors)
{
    static const struct fixture_mistake mistakes[] = {
        {"an unknown table in fills", "fills: [players]", "fills: [player]",
         "23:13: there is no table \"player\"; did you mean \"players\"?"},
        {"a processor that fills nothing", "fills: [players]", "fills: []",
         "23:12: a processor fills at least one table"},
        {"an empty command",
         "[run, --start, \"{from}\", --end, \"{to}\", --workers, \"{workers}\"]", "[]",
         "24:14: the command of \"players\" is empty"},
        {"an unknown placeholder", "--workers, \"{workers}\"]", "--workers, \"{worker}\"]",
         "24:65: unknown placeholder {worker}; did you mean {workers}?"},
        {"an unknown placeholder with nothing near", "--workers, \"{workers}\"]",
         "--home, \"{galaxy}\"]",
         "24:62: unknown placeholder {galaxy}; known are {from}, {to}, {workers}, {dates} and "
         "{season}"},
        {"no {from}", "--start, \"{from}\", ", "",
         "24:14: the command of \"players\" does not say for which dates: {from} is missing"},
        {"no {to}", "--end, \"{to}\", ", "",
         "24:14: the command of \"players\" does not say for which dates: {to} is missing"},
        {"{workers} without workers", "    workers: 4\n", "",
         "24:14: the command holds {workers}; add \"workers\""},
        {"a dates_argument without {dates}", "[--dates, \"{dates}\"]", "[--dates]",
         "25:21: dates_argument must hold {dates}"},
        {"{dates} in the command and a dates_argument", "\"{workers}\"]",
         "\"{workers}\", \"{dates}\"]",
         "25:21: the command holds {dates} already; leave dates_argument out"},
        {"a shell command of several words", "workers: 4", "workers: 4\n    shell: true",
         "24:14: with \"shell: true\" the command is a list of one text for /bin/sh -c\n25:21: a "
         "shell command cannot have dates_argument; put {dates} into it"},
        {"quiet only after its end", "timeout: 6h", "timeout: 6h\n    quiet_after: 7h",
         "28:18: the run would time out (6h) before it can be called quiet"},
        {"jobs on the server of a third kind", "timeout: 6h", "timeout: 6h\n    server_jobs: some",
         "28:18: \"some\" is neither \"labelled\" (its BigQuery jobs carry the label "
         "phasegate_run) nor \"none\" (it starts none of its own)"},
        {"a runner of a third kind", "timeout: 6h", "timeout: 6h\n    runner: {cloud: x}",
         "28:13: a runner is \"local\" or {ssh: HOST}"},
        {"a host that is an option", "timeout: 6h",
         "timeout: 6h\n    directory: /srv\n    runner: {ssh: -oProxyCommand=x}",
         "29:19: \"-oProxyCommand=x\" cannot be a host for ssh"},
        {"a directory of nowhere in particular", "timeout: 6h",
         "timeout: 6h\n    runner: {ssh: far-1}",
         "28:13: over ssh, `directory` must be named, and begin with \"/\": it is one of the other "
         "host"},
        {"a variable that is none", "timeout: 6h", "timeout: 6h\n    environment: {2PATH: x}",
         "28:19: \"2PATH\" cannot be a variable's name"},
        {"a variable that phasegate gives", "timeout: 6h",
         "timeout: 6h\n    environment: {PHASEGATE_RUN_ID: x, PHASEGATE_PIPELINE_LABEL: y}",
         "28:19: PHASEGATE_RUN_ID is given by phasegate to every command, in place of this value; "
         "leave it out\n"
         "28:40: PHASEGATE_PIPELINE_LABEL is given by phasegate to every command, in place of this "
         "value; leave it out"},
        {"a variable that is a list", "timeout: 6h", "timeout: 6h\n    environment: {A: [x]}",
         "28:22: \"A\" must be one value"},
        {"a log of no set of patterns", "timeout: 6h", "timeout: 6h\n    log: python-backfil",
         "28:10: there is no set of patterns \"python-backfil\"; did you mean "
         "\"python-backfill\"?"},
    };
    FIXTURE_CHECK(mistakes);
}
