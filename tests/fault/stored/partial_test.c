/* Connections that break and answers that are not whole: none of them is taken for the table. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "stored.h"

TestSuite(stored_partial, .init = stored_open, .fini = stored_close, .timeout = 600);

#define QUERY         "\"method\":\"jobs.query\""
#define RESULTS       "\"method\":\"jobs.getQueryResults\""
#define TABLE         "\"method\":\"tables.get\""
#define LATER         "{\"fault\":\"incomplete\"," QUERY "}"
#define EDIT(WHAT)    "{\"fault\":\"edit\"," QUERY "," WHAT "}"
#define ANSWER(BODY)  "{\"fault\":\"answer\"," QUERY ",\"body\":" BODY "}"
#define SCHEMA(FIELD) "\"schema\":{\"fields\":[" FIELD "]}"
#define DAY           "{\"name\":\"day\",\"type\":\"DATE\"}"
#define DONE          "\"jobComplete\":true,\"jobReference\":{\"projectId\":\"p\",\"jobId\":\"j\"}"

static void try_all(const struct stored_case *cases, size_t count) {
    for (size_t i = 0; i < count; i++) {
        stored_try(&cases[i]);
    }
}

Test(stored_partial, connections_that_break_or_stay_silent)
{
    static const struct stored_case CASES[] = {
        {.name = "reset", .rules = {"{\"fault\":\"reset\"}"}, .header = "no connection"},
        {.name = "half an answer",
         .rules = {"{\"fault\":\"truncate\"}"},
         .header = "no connection"},
        {.name = "half of the query's",
         .rules = {"{\"fault\":\"truncate\"," QUERY "}"},
         .header = ","},
        {.name = "half of the results",
         .rules = {"{\"fault\":\"truncate\"," RESULTS "}", LATER},
         .header = ","},
        {.name = "silence",
         .rules = {"{\"fault\":\"delay\",\"delay_ms\":600000}"},
         .header = "no answer in time",
         .hangs = true},
        {.name = "silence of the query",
         .rules = {"{\"fault\":\"delay\",\"delay_ms\":600000," QUERY "}"},
         .header = "no answer in time",
         .hangs = true},
        {.name = "a byte at a time",
         .rules = {"{\"fault\":\"slow\",\"delay_ms\":600000}"},
         .header = "no answer in time",
         .hangs = true},
        {.name = "a proxy's page", .rules = {"{\"fault\":\"html\"}"}, .header = "502"},
        {.name = "a proxy's page as success",
         .rules = {"{\"fault\":\"html\",\"code\":200}"},
         .header = "not BigQuery's"},
        {.name = "an empty answer", .rules = {"{\"fault\":\"empty\"}"}, .header = "not BigQuery's"},
        {.name = "a query that never ends",
         .rules = {"{\"fault\":\"incomplete\"}"},
         .header = "no answer in time",
         .hangs = true},
    };
    try_all(CASES, sizeof CASES / sizeof CASES[0]);
}

Test(stored_partial, answers_that_are_not_whole)
{
    static const struct stored_case CASES[] = {
        {.name = "a warning that rows are missing",
         .rules = {EDIT("\"rows\":5,\"set\":{\"totalRows\":\"5\",\"errors\":[{\"reason\":"
                        "\"backendError\",\"message\":\"streaming buffer\"}]}")},
         .sentence = "rows may be missing: streaming buffer",
         .header = ","},
        {.name = "a warning on results",
         .rules = {"{\"fault\":\"edit\"," RESULTS
                   ",\"rows\":0,\"set\":{\"totalRows\":\"0\",\"errors\":[{\"message\":\"x\"}]}}",
                   LATER},
         .sentence = "rows may be missing"},
        {.name = "half of the rows", .rules = {EDIT("\"rows\":5")}, .header = ","},
        {.name = "no row of those announced", .rules = {EDIT("\"rows\":0")}, .header = ","},
        {.name = "more rows than announced",
         .rules = {EDIT("\"set\":{\"totalRows\":\"0\"}")},
         .header = ","},
        {.name = "no total", .rules = {EDIT("\"set\":{\"totalRows\":null}")}, .header = ","},
        {.name = "no schema", .rules = {EDIT("\"set\":{\"schema\":null}")}, .header = ","},
        {.name = "no jobComplete",
         .rules = {EDIT("\"set\":{\"jobComplete\":null}")},
         .header = ","},
        {.name = "a page whose token leads nowhere",
         .rules = {EDIT("\"rows\":5,\"set\":{\"pageToken\":\"5\"}"),
                   "{\"fault\":\"answer\"," RESULTS
                   ",\"code\":400,\"body\":{\"error\":{\"code\":400,\"errors\":[{\"reason\":"
                   "\"invalid\"}],\"message\":\"it failed\"}}}"}},
        {.name = "a second page of another table",
         .rules = {EDIT("\"rows\":5,\"set\":{\"pageToken\":\"5\"}"),
                   "{\"fault\":\"answer\"," RESULTS ",\"body\":{" DONE ",\"totalRows\":\"5\"}}"},
         .header = ","},
        {.name = "the same page again and again",
         .rules = {EDIT("\"rows\":5,\"set\":{\"pageToken\":\"5\"}"),
                   "{\"fault\":\"answer\"," RESULTS ",\"body\":{" DONE
                   ",\"totalRows\":\"10\",\"pageToken\":\"5\"}}"},
         .header = ","},
    };
    try_all(CASES, sizeof CASES / sizeof CASES[0]);
}

Test(stored_partial, answers_of_another_shape)
{
    static const struct stored_case CASES[] = {
        {.name = "nothing in it", .rules = {ANSWER("{}")}, .header = ","},
        {.name = "a list", .rules = {ANSWER("[1]")}, .header = ","},
        {.name = "no rows of other columns",
         .rules = {ANSWER(
             "{" DONE ",\"totalRows\":\"0\"," SCHEMA("{\"name\":\"x\",\"type\":\"STRING\"}") "}")},
         .sentence = NULL},
        {.name = "no rows and no columns", .rules = {ANSWER("{" DONE ",\"totalRows\":\"0\"}")}},
        {.name = "days without counts",
         .rules = {ANSWER("{" DONE ",\"totalRows\":\"1\"," SCHEMA(
             DAY) ",\"rows\":[{\"f\":[{\"v\":\"2021-11-02\"}]}]}")}},
        {.name = "counts that are NULL",
         .rules = {ANSWER("{" DONE ",\"totalRows\":\"1\"," SCHEMA(
             DAY ",{\"name\":\"row_count\",\"type\":\"INTEGER\"},{\"name\":\"games\",\"type\":"
                 "\"INTEGER\"}") ",\"rows\":[{\"f\":[{\"v\":\"2021-11-02\"},{\"v\":null},{\"v\":"
                                 "null}]}]}")}},
        {.name = "counts below zero",
         .rules = {ANSWER("{" DONE ",\"totalRows\":\"1\"," SCHEMA(
             DAY ",{\"name\":\"row_count\",\"type\":\"INTEGER\"},{\"name\":\"games\",\"type\":"
                 "\"INTEGER\"}") ",\"rows\":[{\"f\":[{\"v\":\"2021-11-02\"},{\"v\":\"-4\"},{\"v\":"
                                 "\"-2\"}]}]}")}},
        {.name = "a day twice",
         .rules = {ANSWER("{" DONE ",\"totalRows\":\"2\"," SCHEMA(
             DAY
             ",{\"name\":\"row_count\",\"type\":\"INTEGER\"},{\"name\":\"games\",\"type\":"
             "\"INTEGER\"}") ",\"rows\":[{\"f\":[{\"v\":\"2021-11-02\"},{\"v\":\"4\"},{\"v\":\"2\"}"
                             "]},{\"f\":[{\"v\":\"2021-11-02\"},{\"v\":\"4\"},{\"v\":\"2\"}]}]}")}},
        {.name = "a table without a name",
         .rules = {"{\"fault\":\"answer\"," TABLE ",\"body\":{}}"},
         .header = ","},
    };
    try_all(CASES, sizeof CASES / sizeof CASES[0]);
}

Test(stored_partial, trouble_that_passes_changes_nothing)
{
    static const struct stored_case CASES[] = {
        {.name = "one reset", .rules = {"{\"fault\":\"reset\",\"times\":1}"}, .passes = true},
        {.name = "three throttles",
         .rules = {"{\"fault\":\"error\",\"reason\":\"rateLimitExceeded\",\"times\":3}"},
         .passes = true},
        {.name = "one 503 of each call",
         .rules = {"{\"fault\":\"error\",\"times\":1," QUERY "}",
                   "{\"fault\":\"error\",\"times\":1," TABLE "}",
                   "{\"fault\":\"error\",\"times\":1," RESULTS "}", LATER},
         .passes = true},
        {.name = "an answer lost after the work was done",
         .rules = {"{\"fault\":\"reset\",\"processed\":true,\"times\":1," QUERY "}"},
         .passes = true},
        {.name = "a query that takes its time",
         .rules = {"{\"fault\":\"incomplete\",\"times\":9}"},
         .passes = true,
         .hangs = false},
        {.name = "an answer in pieces",
         .rules = {"{\"fault\":\"slow\",\"delay_ms\":20}"},
         .passes = true},
        {.name = "a warning of a free check",
         .rules = {"{\"fault\":\"edit\"," TABLE ",\"set\":{\"errors\":[{\"message\":\"x\"}]}}"},
         .passes = true},
        {.name = "a table that tells no number",
         .rules = {"{\"fault\":\"edit\"," TABLE
                   ",\"set\":{\"numRows\":null,\"numBytes\":null,\"lastModifiedTime\":null}}"},
         .passes = true},
    };
    try_all(CASES, sizeof CASES / sizeof CASES[0]);
}

Test(stored_partial, leave_no_descriptor_open)
{
    static const struct stored_case CASES[] = {
        {.name = "reset", .rules = {"{\"fault\":\"reset\"}"}, .header = ""},
        {.name = "truncate", .rules = {"{\"fault\":\"truncate\"}"}, .header = ""},
        {.name = "silence",
         .rules = {"{\"fault\":\"delay\",\"delay_ms\":600000}"},
         .header = "",
         .hangs = true},
        {.name = "503", .rules = {"{\"fault\":\"error\"}"}, .header = ""},
    };
    stored_try(&CASES[0]);
    int before = stored_descriptors();
    for (int round = 0; round < 3; round++) {
        try_all(CASES, sizeof CASES / sizeof CASES[0]);
        int after = stored_descriptors();
        cr_expect_eq(after, before, "%d descriptors became %d", before, after);
    }
}
