/* Everything that does not have the shape of a pipeline file. */
#include <criterion/criterion.h>

#include "fixture.h"

Test(shape, tells_what_does_not_fit_the_schema)
{
    static const struct fixture_mistake mistakes[] = {
        {"an unknown key", "project: my-project", "projct: my-project",
         "2:1: unknown key \"projct\"; did you mean \"project\"?"},
        {"an unknown key with nothing near", "bootstrap_days: 14", "weather: fine",
         "7:1: unknown key \"weather\"; known here: pipeline, project, location, timezone, "
         "endpoint, range, poll, seasons, bootstrap_days, expected, tables, processors, groups, "
         "gates, patterns, alerts"},
        {"an unknown key of a table", "    entity: game_id", "    entitty: game_id",
         "14:5: unknown key \"entitty\"; did you mean \"entity\"?"},
        {"an unknown key of a check", "at_least: 95%}", "at_leat: 95%}",
         "33:35: unknown key \"at_leat\"; did you mean \"at_least\"?"},
        {"a key of another check", "at_least: 95%}", "at_most: 95%}",
         "33:35: unknown key \"at_most\"; did you mean \"at_least\"?"},
        {"a missing key", "    date: day\n", "", "16:5: the key \"date\" is missing"},
        {"a key given twice", "    date: day\n", "    date: day\n    date: day\n",
         "20:5: \"date\" is given twice"},
        {"an empty value", "    date: day\n", "    date:\n", "19:10: \"date\" is empty"},
        {"a null", "    date: day\n", "    date: null\n", "19:11: \"date\" is empty"},
        {"a list where a value must be", "    date: day\n", "    date: [day]\n",
         "19:11: \"date\" must be one value"},
        {"a value where a list must be", "needs: [games]", "needs: games",
         "20:12: \"needs\" must be a list"},
        {"a value where keys must be", "range: {from: 2024-01-01, to: yesterday}", "range: 2024",
         "3:8: \"range\" must be keys with values"},
        {"a list within a list", "needs: [games]", "needs: [[games]]",
         "20:13: \"needs[0]\" must be one value"},
        {"a key that is a list", "    date: day\n", "    date: day\n    [a]: b\n",
         "20:5: a key must be one word"},
        {"a merge key", "    date: day\n", "    date: day\n    <<: {wants: []}\n",
         "20:5: merge keys (<<) are not read; write the keys out"},
        {"a NUL character", "    date: day\n", "    date: \"d\\0y\"\n",
         "19:11: \"date\" holds a NUL character"},
        {"no YAML", "    date: day\n", "    date: day: night\n",
         "19:14: this is not valid YAML: mapping values are not allowed in this context"},
        {"a tab", "    date: day\n", "\tdate: day\n",
         "19:1: this is not valid YAML: found a tab character that violates indentation"},
        {"bytes that are not UTF-8", "    date: day\n",
         "    date: d\xff"
         "\n",
         "19:12: this is not valid YAML: invalid leading UTF-8 octet"},
        {"two documents", "gates:\n", "---\ngates:\n",
         "31:1: a second document begins here; a pipeline file holds one"},
        {"an unknown anchor", "needs: [games]", "needs: [*games]",
         "20:13: this is not valid YAML: found undefined alias"},
        {"a node that holds itself", "needs: [games]", "needs: &n [*n]",
         "1:1: the file nests too deeply, or its aliases repeat too much"},
    };
    FIXTURE_CHECK(mistakes);
}
