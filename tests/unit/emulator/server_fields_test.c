/* What requests ask for beyond what is done here, and who may ask at all. */
#include <criterion/criterion.h>
#include <curl/curl.h>
#include <string.h>

#include "base/memory.h"
#include "server_fixture.h"

static struct emulator *emulator;

static void start(void) {
    emulator = server_start(NULL);
    server_make_table(emulator, "{\"name\":\"k\",\"type\":\"INTEGER\"}");
}

static void stop(void) {
    emulator_stop(emulator);
}

TestSuite(server_fields, .init = start, .fini = stop);

#define TABLE                                                                                      \
    "{\"tableReference\":{\"tableId\":\"u\"},\"schema\":{\"fields\":[{\"name\":\"k\","             \
    "\"type\":\"INTEGER\"}]}"

static const struct {
    const char *verb, *path, *body, *named;
} beyond[] = {
    {NULL, "/datasets/d/tables/t/insertAll",
     "{\"templateSuffix\":\"_x\",\"rows\":[{\"json\":{\"k\":1}}]}",
     "templateSuffix of tabledata.insertAll"},
    {NULL, "/datasets/d/tables/t/insertAll", "{\"rows\":[{\"json\":{\"k\":1},\"at\":1}]}",
     "rows.at of tabledata.insertAll"},
    {NULL, "/datasets/d/tables",
     TABLE ",\"rangePartitioning\":{\"field\":\"k\",\"range\":{\"start\":\"0\"}}}",
     "rangePartitioning of tables.insert"},
    {NULL, "/datasets/d/tables", TABLE ",\"timePartitioning\":{\"type\":\"DAY\"}}",
     "timePartitioning.type without a field (ingestion time) of tables.insert"},
    {NULL, "/datasets/d/tables",
     "{\"tableReference\":{\"tableId\":\"u\"},\"schema\":{\"fields\":[{\"name\":\"k\",\"type\":"
     "\"INTEGER\",\"defaultValueExpression\":\"1\"}]}}",
     "schema.fields.defaultValueExpression of tables.insert"},
    {NULL, "/datasets/d/tables",
     "{\"tableReference\":{\"tableId\":\"u\"},\"schema\":{\"fields\":[{\"name\":\"r\",\"type\":"
     "\"RECORD\",\"fields\":[{\"name\":\"k\",\"type\":\"STRING\",\"maxLength\":\"1\"}]}]}}",
     "schema.fields.maxLength of tables.insert"},
    {NULL, "/datasets/d/tables", TABLE ",\"tableConstraints\":{\"primaryKey\":{\"columns\":[]}}}",
     "tableConstraints of tables.insert"},
    {NULL, "/datasets", "{\"datasetReference\":{\"datasetId\":\"e\"},\"isCaseInsensitive\":true}",
     "isCaseInsensitive of datasets.insert"},
    {NULL, "/queries",
     "{\"query\":\"SELECT 1\",\"useLegacySql\":false,\"connectionProperties\":[{\"key\":"
     "\"time_zone\",\"value\":\"Asia/Tokyo\"}]}",
     "connectionProperties of jobs.query"},
    {NULL, "/queries", "{\"query\":\"SELECT 1\",\"useLegacySql\":false,\"createSession\":true}",
     "createSession of jobs.query"},
    {NULL, "/queries", "{\"query\":\"SELECT 1\",\"useLegacySql\":false,\"continuous\":true}",
     "continuous of jobs.query"},
    {NULL, "/jobs",
     "{\"configuration\":{\"query\":{\"query\":\"SELECT 1\",\"useLegacySql\":false,"
     "\"userDefinedFunctionResources\":[{\"inlineCode\":\"x\"}]}}}",
     "configuration.query.userDefinedFunctionResources of jobs.insert"},
    {NULL, "/jobs",
     "{\"configuration\":{\"reservation\":\"r\",\"query\":{\"query\":\"SELECT 1\",\"useLegacySql\":"
     "false}}}",
     "configuration.reservation of jobs.insert"},
    {"GET", "/datasets?filter=labels.a:b", NULL, "The parameter filter of datasets.list"},
    {"GET", "/jobs?parentJobId=x", NULL, "The parameter parentJobId of jobs.list"},
    {"PATCH", "/datasets/d/tables/t", "{\"description\":\"x\"}", "tables.patch"},
    {"PUT", "/datasets/d/tables/t", "{\"description\":\"x\"}", "tables.update"},
    {"PATCH", "/datasets/d", "{\"description\":\"x\"}", "datasets.patch"},
    {"GET", "/datasets/d/routines", NULL, "routines"},
    {"GET", "/datasets/d/models/m", NULL, "models"},
    {"POST", "/datasets/d/tables/t:getIamPolicy", "{}", "IAM of tables"},
};

Test(server_fields, what_changes_the_meaning_is_refused_and_nothing_is_done)
{
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
        json_t *answer =
            server_expect(emulator, 501, beyond[i].verb, beyond[i].path, beyond[i].body);
        char *wanted = memory_format("%s is not supported by the local BigQuery", beyond[i].named);
        cr_expect_str_eq(reason_of(answer), "notImplemented", "%s", beyond[i].named);
        cr_expect_str_eq(at(answer, "/error/message"), wanted);
        free(wanted);
        json_decref(answer);
    }
    json_t *rows = server_query(emulator, "SELECT COUNT(*) FROM d.t", "");
    cr_expect_str_eq(at(rows, "/rows/0/f/0/v"), "0");
    json_decref(rows);
}

Test(server_fields, what_asks_for_nothing_is_taken)
{
    json_decref(server_expect(emulator, 200, NULL, "/datasets/d/tables",
                              TABLE ",\"rangePartitioning\":null,\"tableConstraints\":{}}"));
    json_decref(server_expect(emulator, 200, NULL, "/queries",
                              "{\"query\":\"SELECT 1\",\"useLegacySql\":false,\"createSession\":"
                              "false,\"connectionProperties\":[]}"));
    json_decref(server_expect(emulator, 200, "GET", "/datasets?prettyPrint=false&key=x", NULL));
}

Test(server_fields, numbers_at_the_edge_of_their_type_overflow_nothing)
{
    json_decref(server_expect(emulator, 200, NULL, "/queries",
                              "{\"query\":\"SELECT 1\",\"useLegacySql\":false,\"timeoutMs\":"
                              "9223372036854775807,\"jobTimeoutMs\":\"9223372036854775807\","
                              "\"maxResults\":9223372036854775807}"));
    json_decref(server_expect(emulator, 200, NULL, "/queries",
                              "{\"query\":\"SELECT 1\",\"useLegacySql\":false,\"timeoutMs\":"
                              "-9223372036854775808,\"jobTimeoutMs\":\"-9223372036854775808\","
                              "\"maximumBytesBilled\":\"9223372036854775807\"}"));
    json_decref(server_expect(emulator, 200, "GET",
                              "/datasets/d/tables/t/data?startIndex=9223372036854775807&maxResults="
                              "9223372036854775807",
                              NULL));
    json_decref(server_expect(emulator, 200, "GET", "/jobs?maxResults=9223372036854775807", NULL));
    json_decref(server_expect(
        emulator, 400, NULL, "/queries",
        "{\"query\":\"CREATE TABLE d.w (day DATE) PARTITION BY day OPTIONS("
        "partition_expiration_days = 9223372036854775807)\",\"useLegacySql\":false}"));
}

static size_t drop(char *data, size_t size, size_t count, void *context) {
    (void)data;
    (void)context;
    return size * count;
}

/* The code that a request with one more header is answered. */
static long ask_with(const char *name_and_value) {
    CURL *curl = curl_easy_init();
    char *url = memory_format("%s/bigquery/v2/projects/p/datasets", emulator_url(emulator));
    struct curl_slist *headers = curl_slist_append(NULL, name_and_value);
    long code = 0;
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
    cr_assert_eq(curl_easy_perform(curl), CURLE_OK);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    free(url);
    return code;
}

Test(server_fields, only_this_machine_is_answered)
{
    static const struct {
        const char *header;
        long code;
    } askers[] = {
        {"Host: 127.0.0.1:9050", 200},
        {"Host: localhost", 200},
        {"Host: LOCALHOST:1", 200},
        {"Host: [::1]:9050", 200},
        {"Host: evil.example", 403},
        {"Host: evil.example:9050", 403},
        {"Host: 127.0.0.1.evil.example", 403},
        {"Host: localhost.evil.example:80", 403},
        {"Host: localhost:80.evil.example", 403},
        {"Origin: http://localhost:3000", 200},
        {"Origin: http://127.0.0.1", 200},
        {"Origin: https://evil.example", 403},
        {"Origin: http://127.0.0.1.evil.example", 403},
        {"Origin: null", 403},
    };
    for (size_t i = 0; i < sizeof askers / sizeof *askers; i++)
        cr_expect_eq(ask_with(askers[i].header), askers[i].code, "%s", askers[i].header);
}
