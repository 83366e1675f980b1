/* Values that are not what they must be, names, seasons. */
#include <criterion/criterion.h>

#include "fixture.h"

Test(values, tells_what_a_value_should_be)
{
    static const struct fixture_mistake mistakes[] = {
        {"a day that is none", "from: 2024-01-01, to: yesterday", "from: 2024-02-30, to: yesterday",
         "3:15: \"2024-02-30\" is not a day of the calendar"},
        {"a date in another form", "from: 2024-01-01, to: yesterday",
         "from: 2024/1/5, to: yesterday",
         "3:15: \"2024/1/5\" is not a date of the form YYYY-MM-DD; did you mean 2024-01-05?"},
        {"a misspelt bound", "to: yesterday", "to: yesterdy",
         "3:31: \"yesterdy\" is not a date; did you mean yesterday?"},
        {"a range that ends before it begins", "to: yesterday", "to: 2023-01-01",
         "3:31: the range ends before it begins (2024-01-01)"},
        {"a duration without a unit", "timeout: 6h", "timeout: 6",
         "27:14: \"6\" has no unit; write 6s or 6m, for example"},
        {"a duration with an unknown unit", "timeout: 6h", "timeout: 6w",
         "27:14: \"6w\" is not a duration such as 60s, 5m, 6h or 1d"},
        {"a duration of nothing", "timeout: 6h", "timeout: 0s",
         "27:14: \"0s\" is nothing; leave the key out instead"},
        {"a size without a unit", "seasons:\n", "poll: {bytes_per_query: 100}\nseasons:\n",
         "4:25: \"100\" has no unit; write 100MiB or 100GiB, for example"},
        {"a size with an unknown unit", "seasons:\n", "poll: {bytes_per_query: 1GB}\nseasons:\n",
         "4:25: \"1GB\" is not a size such as 64KiB, 10MiB, 1GiB or 2TiB"},
        {"a percentage without its sign", "at_least: 95%", "at_least: 95",
         "33:45: \"95\" has no unit; write 95%"},
        {"a percentage above 100", "at_least: 95%", "at_least: 101%",
         "33:45: \"101%\" is more than 100%"},
        {"a percentage that is none", "at_least: 95%", "at_least: most%",
         "33:45: \"most%\" is not a percentage such as 95% or 99.5%"},
        {"workers that are no number", "workers: 4", "workers: four",
         "26:14: \"four\" is not a whole number from 1 to 1000"},
        {"too many workers", "workers: 4", "workers: 4000",
         "26:14: \"4000\" is not a whole number from 1 to 1000"},
        {"neither true nor false", "workers: 4", "workers: 4\n    shell: yes",
         "27:12: \"yes\" is neither true nor false"},
        {"a number that is none", "rows: {at_least: 2,", "rows: {at_least: two,",
         "15:22: \"two\" is not a number such as 18 or 0.9"},
        {"a number of too many digits", "rows: {at_least: 2,",
         "rows: {at_least: 1234567890123456789,",
         "15:22: \"1234567890123456789\" has more digits than are compared exactly (15 before the "
         "point and 15 behind it); compare within a query, which answers 1 or 0"},
        {"stale before the next poll", "seasons:\n",
         "poll: {every: 10m, stale_after: 5m}\nseasons:\n",
         "4:33: numbers would be stale before the next poll; stale_after must not be less than "
         "every"},
        {"counts left until they are stale", "seasons:\n",
         "poll: {every: 60s, stale_after: 5m, changing: 5m}\nseasons:\n",
         "4:47: counts of a changing table would grow stale; changing must not be more than "
         "stale_after less a quarter of every"},
        {"a night cheaper than a query", "seasons:\n",
         "poll: {bytes_per_query: 2GiB, bytes_per_night: 1GiB}\nseasons:\n",
         "4:48: bytes_per_night must not be less than bytes_per_query"},
        {"a price that is none", "seasons:\n", "poll: {price_per_tib: $6.25}\nseasons:\n",
         "4:23: \"$6.25\" is not a number such as 18 or 0.9"},
        {"a price below nothing", "seasons:\n", "poll: {price_per_tib: -1}\nseasons:\n",
         "4:23: \"-1\" cannot be a price: US dollars for a TiB billed, 0 to 1000, such as 6.25"},
        {"a time zone that is none", "seasons:\n", "timezone: Mars/Olympus\nseasons:\n",
         "4:11: \"Mars/Olympus\" is not a time zone such as America/Los_Angeles"},
        {"a location that is none", "seasons:\n", "location: us west\nseasons:\n",
         "4:11: \"us west\" cannot be a location such as US or us-west2"},
    };
    FIXTURE_CHECK(mistakes);
}

Test(values, tells_what_a_name_should_be)
{
    static const struct fixture_mistake mistakes[] = {
        {"a project that is none", "project: my-project", "project: My_Project",
         "2:10: \"My_Project\" cannot be a project: use lower-case letters, digits and \"-\""},
        {"a table that is none", "table: stats.players", "table: players",
         "18:12: \"players\" is not a table of the form dataset.table or project.dataset.table"},
        {"a table with a quote", "table: stats.players", "table: \"stats.players` --\"",
         "18:12: \"stats.players` --\" is not a table of the form dataset.table or "
         "project.dataset.table"},
        {"a wildcard", "table: stats.players", "table: \"stats.play*\"",
         "18:12: \"stats.play*\" is a wildcard over several tables, which BigQuery allows and "
         "phasegate does not; make a view over them and name the view"},
        {"a partition", "table: stats.players", "table: \"stats.players$20240101\"",
         "18:12: \"stats.players$20240101\" names one partition, which BigQuery allows and "
         "phasegate does not; name the table"},
        {"a column that is none", "    date: day", "    date: day(game)",
         "19:11: \"day(game)\" cannot be a column: BigQuery takes letters, digits, spaces and "
         "_-&%=+:'<>#|, at most 300 of them"},
        {"a field", "    date: day", "    date: game.day",
         "19:11: \"game.day\" is no column but a field of one, which BigQuery allows here and "
         "phasegate does not; make a view that gives it a name"},
        {"a name that is none", "name: players\n    phase", "name: the players\n    phase",
         "16:11: \"the players\" cannot be a table's name: use letters, digits, \".\", \"_\" and "
         "\"-\", at most 100\n23:13: there is no table \"players\""},
        {"two tables of one name", "name: players\n    phase", "name: games\n    phase",
         "16:11: there are two tables named \"games\"\n23:13: there is no table \"players\""},
        {"two seasons of one name", "\"2025\"", "\"2024\"",
         "6:12: there are two seasons named \"2024\""},
    };
    FIXTURE_CHECK(mistakes);
}

Test(values, tells_what_is_wrong_with_seasons)
{
    static const struct fixture_mistake mistakes[] = {
        {"a season that ends before it begins", "to: 2025-06-30", "to: 2024-12-30",
         "6:42: season \"2025\" ends before it begins (2025-01-01)"},
        {"seasons that overlap", "from: 2025-01-01", "from: 2024-06-30",
         "6:26: season \"2025\" overlaps season \"2024\" (2024-01-01 to 2024-06-30)"},
        {"seasons out of order", "from: 2025-01-01, to: 2025-06-30",
         "from: 2023-01-01, to: 2023-06-30",
         "6:26: season \"2025\" begins before the one above it; write them in order"},
        {"playoffs outside their season", "playoffs_from: 2024-05-01", "playoffs_from: 2024-07-01",
         "5:69: the playoffs begin outside season \"2024\" (2024-01-01 to 2024-06-30)"},
        {"bootstrap days without seasons",
         "seasons:\n  - {name: \"2024\", from: 2024-01-01, to: 2024-06-30, playoffs_from: "
         "2024-05-01}\n  - {name: \"2025\", from: 2025-01-01, to: 2025-06-30}\n",
         "", "4:17: bootstrap days count from a season's first day; add \"seasons\""},
    };
    FIXTURE_CHECK(mistakes);
}
