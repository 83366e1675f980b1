/* Rows over HTTP: insertAll, tabledata.list, the streaming buffer, bulk loading. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "server_fixture.h"

static const char every_type[] =
    "{\"name\":\"s\",\"type\":\"STRING\"},{\"name\":\"i\",\"type\":\"INTEGER\"},"
    "{\"name\":\"f\",\"type\":\"FLOAT\"},{\"name\":\"n\",\"type\":\"NUMERIC\"},"
    "{\"name\":\"b\",\"type\":\"BOOLEAN\"},{\"name\":\"y\",\"type\":\"BYTES\"},"
    "{\"name\":\"d\",\"type\":\"DATE\"},{\"name\":\"dt\",\"type\":\"DATETIME\"},"
    "{\"name\":\"tm\",\"type\":\"TIME\"},{\"name\":\"ts\",\"type\":\"TIMESTAMP\"},"
    "{\"name\":\"j\",\"type\":\"JSON\"},{\"name\":\"l\",\"type\":\"STRING\",\"mode\":\"REPEATED\"},"
    "{\"name\":\"r\",\"type\":\"RECORD\",\"fields\":[{\"name\":\"a\",\"type\":\"INTEGER\"},"
    "{\"name\":\"t\",\"type\":\"TIMESTAMP\",\"mode\":\"REPEATED\"}]}";

static const char full_row[] =
    "{\"rows\":[{\"json\":{\"s\":\"a \\\"quoted\\\" line\\n\\u00e9\",\"i\":\"9007199254740993\","
    "\"f\":1e10,\"n\":\"12.5\",\"b\":true,\"y\":\"aGk\",\"d\":\"2024-10-01\","
    "\"dt\":\"2024-10-01 12:00:00.5\",\"tm\":\"01:02:03\","
    "\"ts\":\"2024-10-01T12:00:00.123456Z\",\"j\":\"{\\\"x\\\": [1]}\",\"l\":[\"x\",\"y\"],"
    "\"r\":{\"a\":3,\"t\":[\"1970-01-01 00:00:01 UTC\"]}}},{\"json\":{}}]}";

static const struct {
    const char *path;
    const char *text;
} encoded[] = {
    {"/rows/0/f/0/v", "a \"quoted\" line\n\xc3\xa9"},
    {"/rows/0/f/1/v", "9007199254740993"},
    {"/rows/0/f/2/v", "1.0E10"},
    {"/rows/0/f/3/v", "12.5"},
    {"/rows/0/f/4/v", "true"},
    {"/rows/0/f/5/v", "aGk="},
    {"/rows/0/f/6/v", "2024-10-01"},
    {"/rows/0/f/7/v", "2024-10-01T12:00:00.500000"},
    {"/rows/0/f/8/v", "01:02:03"},
    {"/rows/0/f/9/v", "1727784000123456"},
    {"/rows/0/f/10/v", "{\"x\":[1]}"},
    {"/rows/0/f/11/v/1/v", "y"},
    {"/rows/0/f/12/v/f/0/v", "3"},
    {"/rows/0/f/12/v/f/1/v/0/v", "1000000"},
};

static void check_encoding(const json_t *json) {
    for (size_t i = 0; i < sizeof encoded / sizeof encoded[0]; i++)
        cr_expect_str_eq(at(json, encoded[i].path), encoded[i].text, "%s is %s, not %s",
                         encoded[i].path, at(json, encoded[i].path), encoded[i].text);
    for (size_t i = 0; i < 13; i++) {
        char path[32];
        (void)snprintf(path, sizeof path, "/rows/1/f/%zu/v", i);
        if (i == 11)
            cr_expect(json_is_array(node(json, path)), "an empty array is never null");
        else
            cr_expect(json_is_null(node(json, path)), "%s", path);
    }
}

Test(server_rows, every_type_is_encoded_as_the_clients_need_it)
{
    struct emulator *emulator = server_start(NULL);
    server_make_table(emulator, every_type);
    json_t *json = server_expect(emulator, 200, "POST", "/datasets/d/tables/t/insertAll", full_row);
    cr_assert_null(node(json, "/insertErrors"));
    json_decref(json);
    json = server_expect(emulator, 200, "GET",
                         "/datasets/d/tables/t/data?formatOptions.useInt64Timestamp=true", NULL);
    cr_assert_str_eq(at(json, "/totalRows"), "2");
    check_encoding(json);
    json_decref(json);
    json = server_query(emulator, "SELECT * FROM d.t ORDER BY i DESC",
                        ",\"formatOptions\":{\"useInt64Timestamp\":true}");
    check_encoding(json);
    cr_assert_str_eq(at(json, "/schema/fields/12/type"), "RECORD");
    json_decref(json);
    emulator_stop(emulator);
}

Test(server_rows, a_timestamp_is_written_in_the_format_asked_for)
{
    struct emulator *emulator = server_start(NULL);
    server_make_table(emulator, "{\"name\":\"ts\",\"type\":\"TIMESTAMP\"}");
    json_decref(server_expect(emulator, 200, "POST", "/datasets/d/tables/t/insertAll",
                              "{\"rows\":[{\"json\":{\"ts\":\"2023-11-14 22:13:20+00:00\"}}]}"));
    const struct {
        const char *query, *text;
    } formats[] = {
        {"", "1.7E9"},
        {"?formatOptions.timestampOutputFormat=INT64", "1700000000000000"},
        {"?formatOptions.timestampOutputFormat=ISO8601_STRING", "2023-11-14T22:13:20Z"},
    };
    for (size_t i = 0; i < 3; i++) {
        char *path = memory_format("/datasets/d/tables/t/data%s", formats[i].query);
        json_t *json = server_expect(emulator, 200, "GET", path, NULL);
        cr_assert_str_eq(at(json, "/rows/0/f/0/v"), formats[i].text);
        json_decref(json);
        free(path);
    }
    emulator_stop(emulator);
}

Test(server_rows, a_bad_row_is_named_and_stops_the_others)
{
    struct emulator *emulator = server_start(NULL);
    server_make_table(emulator, "{\"name\":\"i\",\"type\":\"INTEGER\",\"mode\":\"REQUIRED\"},"
                                "{\"name\":\"r\",\"type\":\"RECORD\",\"fields\":[{\"name\":\"d\","
                                "\"type\":\"DATE\"}]}");
    json_t *json = server_expect(
        emulator, 200, "POST", "/datasets/d/tables/t/insertAll",
        "{\"rows\":[{\"json\":{\"i\":1}},{\"json\":{\"i\":\"x\"}},{\"json\":{}},"
        "{\"json\":{\"i\":1,\"zz\":2}},{\"json\":{\"i\":1,\"r\":{\"d\":\"2024-02-30\"}}}]}");
    cr_assert_eq(json_array_size(node(json, "/insertErrors")), 5);
    cr_assert_str_eq(at(json, "/insertErrors/0/errors/0/message"),
                     "Cannot convert value to integer (bad value): x");
    cr_assert_str_eq(at(json, "/insertErrors/1/errors/0/message"), "Missing required field: i.");
    cr_assert_str_eq(at(json, "/insertErrors/2/errors/0/message"), "no such field: zz.");
    cr_assert_str_eq(at(json, "/insertErrors/3/errors/0/location"), "r.d");
    cr_assert_str_eq(at(json, "/insertErrors/4/errors/0/reason"), "stopped");
    json_decref(json);
    json = server_expect(emulator, 200, "GET", "/datasets/d/tables/t/data", NULL);
    cr_assert_str_eq(at(json, "/totalRows"), "0");
    json_decref(json);
    emulator_stop(emulator);
}

Test(server_rows, invalid_rows_can_be_skipped_and_unknown_values_ignored)
{
    struct emulator *emulator = server_start(NULL);
    server_make_table(emulator, "{\"name\":\"i\",\"type\":\"INTEGER\"}");
    json_decref(server_expect(emulator, 200, "POST", "/datasets/d/tables/t/insertAll",
                              "{\"skipInvalidRows\":true,\"ignoreUnknownValues\":true,\"rows\":["
                              "{\"json\":{\"i\":1,\"zz\":2}},{\"json\":{\"i\":\"x\"}}]}"));
    json_t *json = server_expect(emulator, 200, "GET", "/datasets/d/tables/t/data", NULL);
    cr_assert_str_eq(at(json, "/totalRows"), "1");
    json_decref(json);
    emulator_stop(emulator);
}

Test(server_rows, an_insert_id_that_comes_again_is_stored_once)
{
    struct emulator *emulator = server_start(NULL);
    server_make_table(emulator, "{\"name\":\"i\",\"type\":\"INTEGER\"}");
    for (int i = 0; i < 2; i++)
        json_decref(server_expect(emulator, 200, "POST", "/datasets/d/tables/t/insertAll",
                                  "{\"rows\":[{\"insertId\":\"a\",\"json\":{\"i\":1}},"
                                  "{\"insertId\":\"a\",\"json\":{\"i\":1}},"
                                  "{\"insertId\":\"b\",\"json\":{\"i\":2}}]}"));
    json_t *json = server_expect(emulator, 200, "GET", "/datasets/d/tables/t/data", NULL);
    cr_assert_str_eq(at(json, "/totalRows"), "2");
    json_decref(json);
    emulator_stop(emulator);
}

Test(server_rows, streamed_rows_are_seen_by_queries_but_not_counted_yet)
{
    struct emulator *emulator = server_start(NULL);
    server_make_table(emulator, "{\"name\":\"i\",\"type\":\"INTEGER\"}");
    json_t *before = server_expect(emulator, 200, "GET", "/datasets/d/tables/t", NULL);
    cr_assert_null(node(before, "/streamingBuffer"));
    json_decref(server_expect(emulator, 200, "POST", "/datasets/d/tables/t/insertAll",
                              "{\"rows\":[{\"json\":{\"i\":1}}]}"));
    json_t *after = server_expect(emulator, 200, "GET", "/datasets/d/tables/t", NULL);
    cr_assert_str_eq(at(after, "/streamingBuffer/estimatedRows"), "1");
    cr_assert_str_eq(at(after, "/numRows"), "0");
    cr_assert_str_eq(at(after, "/lastModifiedTime"), at(before, "/lastModifiedTime"));
    json_t *query = server_query(emulator, "SELECT COUNT(*) FROM d.t", "");
    cr_assert_str_eq(at(query, "/rows/0/f/0/v"), "1");
    json_decref(query);
    json_decref(before);
    json_decref(after);
    emulator_stop(emulator);
}

Test(server_rows, without_a_buffer_rows_count_and_last_modified_moves)
{
    const struct emulator_options options = {.streaming_buffer_ms = -1};
    struct emulator *emulator = server_start(&options);
    server_make_table(emulator, "{\"name\":\"i\",\"type\":\"INTEGER\"}");
    json_t *before = server_expect(emulator, 200, "GET", "/datasets/d/tables/t", NULL);
    json_decref(server_expect(emulator, 200, "POST", "/datasets/d/tables/t/insertAll",
                              "{\"rows\":[{\"json\":{\"i\":1}}]}"));
    json_t *after = server_expect(emulator, 200, "GET", "/datasets/d/tables/t", NULL);
    cr_assert_null(node(after, "/streamingBuffer"));
    cr_assert_str_eq(at(after, "/numRows"), "1");
    cr_assert_str_neq(at(after, "/etag"), at(before, "/etag"));
    cr_assert_geq(atoll(at(after, "/lastModifiedTime")), atoll(at(before, "/lastModifiedTime")));
    json_decref(before);
    json_decref(after);
    emulator_stop(emulator);
}

static struct emulator_table *make_numbers(void) {
    char day[] = "day";
    char n[] = "n";
    const struct emulator_field fields[] = {
        {.name = day, .type = EMULATOR_DATE},
        {.name = n, .type = EMULATOR_INT64},
    };
    struct emulator_table *table = emulator_table_new("p", "d", "numbers", fields, 2);
    table->partition_field = memory_copy_string("day");
    return table;
}

static void load_numbers(struct emulator *emulator, int64_t count, int64_t at_ms) {
    struct error error = {0};
    struct emulator_table *table = make_numbers();
    struct emulator_load *load = emulator_load_begin(emulator, table, &error);
    cr_assert(load, "%s", error.text);
    for (int64_t i = 0; i < count; i++) {
        char day[24];
        (void)snprintf(day, sizeof day, "2024-01-%02d", (int)(i * 28 / count) + 1);
        const struct emulator_value values[] = {{.kind = VALUE_TEXT, .text = text_of(day)},
                                                {.kind = VALUE_INTEGER, .integer = i}};
        cr_assert(emulator_load_row(load, values, &error), "%s", error.text);
    }
    cr_assert(emulator_load_end(load, true, at_ms, &error), "%s", error.text);
    emulator_table_free(table);
}

Test(server_rows, bulk_loading_makes_what_is_missing_and_sets_the_time)
{
    struct emulator *emulator = server_start(NULL);
    load_numbers(emulator, 1000, 1700000000000);
    json_t *json = server_expect(emulator, 200, "GET", "/datasets/d/tables/numbers", NULL);
    cr_assert_str_eq(at(json, "/numRows"), "1000");
    cr_assert_str_eq(at(json, "/numBytes"), "16000");
    cr_assert_str_eq(at(json, "/lastModifiedTime"), "1700000000000");
    cr_assert_str_eq(at(json, "/timePartitioning/field"), "day");
    json_decref(json);
    emulator_stop(emulator);
}

Test(server_rows, pages_of_a_table_join_without_gap_or_overlap)
{
    struct emulator *emulator = server_start(NULL);
    load_numbers(emulator, 10, 0);
    long long seen = 0;
    char *path = memory_format("/datasets/d/tables/numbers/data?maxResults=3");
    while (path) {
        json_t *json = server_expect(emulator, 200, "GET", path, NULL);
        free(path);
        path = NULL;
        for (size_t i = 0; i < json_array_size(node(json, "/rows")); i++) {
            const json_t *row = json_array_get(node(json, "/rows"), i);
            cr_assert_eq(atoll(at(row, "/f/1/v")), seen++);
        }
        if (node(json, "/pageToken"))
            path = memory_format("/datasets/d/tables/numbers/data?maxResults=3&pageToken=%s",
                                 at(json, "/pageToken"));
        json_decref(json);
    }
    cr_assert_eq(seen, 10);
    json_t *json =
        server_expect(emulator, 200, "GET",
                      "/datasets/d/tables/numbers/data?startIndex=8&selectedFields=n", NULL);
    cr_assert_str_eq(at(json, "/rows/1/f/0/v"), "9");
    cr_assert_eq(json_array_size(node(json, "/rows/0/f")), 1);
    json_decref(json);
    emulator_stop(emulator);
}

Test(server_rows, bytes_processed_follow_columns_and_partitions)
{
    struct emulator *emulator = server_start(NULL);
    load_numbers(emulator, 2800, 0);
    const struct {
        const char *sql, *bytes;
    } queries[] = {
        {"SELECT n FROM d.numbers", "22400"},
        {"SELECT day, n FROM d.numbers", "44800"},
        {"SELECT n FROM d.numbers WHERE day = '2024-01-05'", "1600"},
    };
    for (size_t i = 0; i < 3; i++) {
        json_t *json = server_query(emulator, queries[i].sql, ",\"dryRun\":true");
        cr_expect_str_eq(at(json, "/totalBytesProcessed"), queries[i].bytes, "%s: %s",
                         queries[i].sql, at(json, "/totalBytesProcessed"));
        json_decref(json);
    }
    emulator_stop(emulator);
}

Test(server_rows, an_answer_is_gzipped_for_who_takes_it)
{
    struct emulator *emulator = server_start(NULL);
    load_numbers(emulator, 1000, 0);
    struct answer answer =
        server_ask(emulator, "GET", "/projects/p/datasets/d/tables/numbers/data", NULL);
    cr_assert(answer.gzip);
    cr_assert_eq(json_array_size(node(answer.json, "/rows")), 1000);
    answer_free(&answer);
    emulator_stop(emulator);
}

Test(server_rows, a_gzipped_request_is_read)
{
    struct emulator *emulator = server_start(NULL);
    static const unsigned char packed[] = {0x1f, 0x8b, 0x08, 0x00, 0x00,
                                           0x00, 0x00, 0x00, 0x02, 0x03};
    struct answer answer =
        server_ask_packed(emulator, "/projects/p/queries", packed, sizeof packed);
    cr_assert_eq(answer.code, 400, "a broken one is refused");
    answer_free(&answer);
    size_t size;
    unsigned char *whole = server_pack("{\"query\":\"SELECT 4\",\"useLegacySql\":false}", &size);
    answer = server_ask_packed(emulator, "/projects/p/queries", whole, size);
    cr_assert_str_eq(at(answer.json, "/rows/0/f/0/v"), "4");
    answer_free(&answer);
    free(whole);
    emulator_stop(emulator);
}
