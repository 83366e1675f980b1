/* Datasets and tables over HTTP. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "server_fixture.h"

Test(server_tables, both_prefixes_serve_and_any_authorization_does)
{
    struct emulator *emulator = server_start(NULL);
    const char *const paths[] = {"/bigquery/v2/projects/p/datasets?prettyPrint=false",
                                 "/projects/p/datasets"};
    for (size_t i = 0; i < 2; i++) {
        struct answer answer = server_ask(emulator, "GET", paths[i], NULL);
        cr_assert_eq(answer.code, 200);
        cr_assert_str_eq(answer.type, "application/json; charset=UTF-8");
        cr_assert_str_eq(at(answer.json, "/kind"), "bigquery#datasetList");
        answer_free(&answer);
    }
    emulator_stop(emulator);
}

Test(server_tables, it_listens_on_loopback_only)
{
    struct emulator *emulator = server_start(NULL);
    cr_assert(strncmp(emulator_url(emulator), "http://127.0.0.1:", 17) == 0);
    emulator_stop(emulator);
}

Test(server_tables, a_taken_port_is_one_sentence)
{
    struct emulator *emulator = server_start(NULL);
    struct error error = {0};
    const struct emulator_options options = {
        .port = (uint16_t)strtol(strrchr(emulator_url(emulator), ':') + 1, NULL, 10)};
    cr_assert_null(emulator_start(&options, &error));
    cr_assert_eq(error.code, EXIT_UNAVAILABLE);
    emulator_stop(emulator);
}

Test(server_tables, an_unknown_path_is_404_in_json)
{
    struct emulator *emulator = server_start(NULL);
    struct answer answer = server_ask(emulator, "GET", "/bigquery/v2/nothing", NULL);
    cr_assert_eq(answer.code, 404);
    cr_assert_str_eq(reason_of(answer.json), "notFound");
    answer_free(&answer);
    answer = server_ask(emulator, "GET", "/emulator/faults", NULL);
    cr_assert_eq(answer.code, 404, "faults are off unless asked for");
    answer_free(&answer);
    emulator_stop(emulator);
}

Test(server_tables, a_dataset_is_made_listed_read_and_deleted)
{
    struct emulator *emulator = server_start(NULL);
    const char *body = "{\"datasetReference\":{\"datasetId\":\"d\",\"projectId\":\"p\"},"
                       "\"location\":\"us-west2\",\"labels\":{\"team\":\"x\"}}";
    json_t *json = server_expect(emulator, 200, "POST", "/datasets", body);
    cr_assert_str_eq(at(json, "/id"), "p:d");
    cr_assert_str_eq(at(json, "/location"), "us-west2");
    cr_assert(strlen(at(json, "/creationTime")) == 13, "milliseconds as a string");
    json_decref(json);
    json = server_expect(emulator, 409, "POST", "/datasets", body);
    cr_assert_str_eq(reason_of(json), "duplicate");
    cr_assert_str_eq(at(json, "/error/message"), "Already Exists: Dataset p:d");
    cr_assert_str_eq(at(json, "/error/status"), "ALREADY_EXISTS");
    json_decref(json);
    json = server_expect(emulator, 200, "GET", "/datasets", NULL);
    cr_assert_str_eq(at(json, "/datasets/0/datasetReference/datasetId"), "d");
    cr_assert_str_eq(at(json, "/datasets/0/labels/team"), "x");
    json_decref(json);
    json_decref(server_expect(emulator, 200, "GET", "/datasets/d", NULL));
    json_decref(server_expect(emulator, 204, "DELETE", "/datasets/d", NULL));
    json = server_expect(emulator, 404, "GET", "/datasets/d", NULL);
    cr_assert_str_eq(at(json, "/error/message"), "Not found: Dataset p:d");
    json_decref(json);
    emulator_stop(emulator);
}

Test(server_tables, a_dataset_with_tables_is_deleted_with_its_contents_only)
{
    struct emulator *emulator = server_start(NULL);
    server_make_table(emulator, "{\"name\":\"a\",\"type\":\"STRING\"}");
    json_t *json = server_expect(emulator, 400, "DELETE", "/datasets/d", NULL);
    cr_assert_str_eq(reason_of(json), "resourceInUse");
    json_decref(json);
    json_decref(server_expect(emulator, 204, "DELETE", "/datasets/d?deleteContents=true", NULL));
    json_decref(server_expect(emulator, 404, "GET", "/datasets/d", NULL));
    server_make_table(emulator, "{\"name\":\"b\",\"type\":\"STRING\"}");
    emulator_stop(emulator);
}

Test(server_tables, lists_are_paged)
{
    struct emulator *emulator = server_start(NULL);
    server_make_table(emulator, "{\"name\":\"a\",\"type\":\"STRING\"}");
    json_decref(server_expect(emulator, 200, "POST", "/datasets/d/tables",
                              "{\"tableReference\":{\"tableId\":\"u\"}}"));
    json_decref(server_expect(emulator, 200, "POST", "/datasets",
                              "{\"datasetReference\":{\"datasetId\":\"e\"}}"));
    const struct {
        const char *path, *first, *second;
    } lists[] = {
        {"/datasets/d/tables", "/tables/0/tableReference/tableId", "u"},
        {"/datasets", "/datasets/0/datasetReference/datasetId", "e"},
    };
    for (size_t i = 0; i < 2; i++) {
        char *path = memory_format("%s?maxResults=1", lists[i].path);
        json_t *json = server_expect(emulator, 200, "GET", path, NULL);
        char *next = memory_format("%s&pageToken=%s", path, at(json, "/nextPageToken"));
        json_decref(json);
        json = server_expect(emulator, 200, "GET", next, NULL);
        cr_assert_str_eq(at(json, lists[i].first), lists[i].second);
        cr_assert_null(node(json, "/nextPageToken"));
        json_decref(json);
        free(next);
        free(path);
    }
    json_t *json = server_expect(emulator, 400, "GET", "/datasets?pageToken=nonsense", NULL);
    cr_assert_str_eq(reason_of(json), "invalid");
    json_decref(json);
    emulator_stop(emulator);
}

Test(server_tables, a_table_answers_its_schema_by_legacy_names_and_its_partitioning)
{
    struct emulator *emulator = server_start(NULL);
    server_make_table(emulator, "{\"name\":\"a\",\"type\":\"STRING\"}");
    const char *body =
        "{\"tableReference\":{\"tableId\":\"x\"},\"labels\":{\"k\":\"v\"},\"description\":\"w\","
        "\"timePartitioning\":{\"type\":\"DAY\",\"field\":\"day\"},\"requirePartitionFilter\":true,"
        "\"schema\":{\"fields\":[{\"name\":\"day\",\"type\":\"DATE\",\"mode\":\"REQUIRED\"},"
        "{\"name\":\"n\",\"type\":\"INT64\"},{\"name\":\"r\",\"type\":\"STRUCT\",\"mode\":"
        "\"REPEATED\",\"fields\":[{\"name\":\"b\",\"type\":\"BOOL\"}]}]}}";
    json_decref(server_expect(emulator, 200, "POST", "/datasets/d/tables", body));
    json_t *json = server_expect(emulator, 200, "GET", "/datasets/d/tables/x", NULL);
    cr_assert_str_eq(at(json, "/schema/fields/0/mode"), "REQUIRED");
    cr_assert_str_eq(at(json, "/schema/fields/1/type"), "INTEGER");
    cr_assert_str_eq(at(json, "/schema/fields/2/type"), "RECORD");
    cr_assert_str_eq(at(json, "/schema/fields/2/fields/0/type"), "BOOLEAN");
    cr_assert_str_eq(at(json, "/timePartitioning/field"), "day");
    cr_assert(json_is_true(node(json, "/requirePartitionFilter")));
    cr_assert_str_eq(at(json, "/labels/k"), "v");
    cr_assert_str_eq(at(json, "/description"), "w");
    cr_assert_str_eq(at(json, "/type"), "TABLE");
    cr_assert_str_eq(at(json, "/numRows"), "0");
    json_decref(json);
    json = server_expect(emulator, 200, "GET", "/datasets/d/tables/x?view=BASIC", NULL);
    cr_assert_null(node(json, "/numRows"));
    cr_assert_null(node(json, "/lastModifiedTime"));
    json_decref(json);
    json_decref(server_expect(emulator, 204, "DELETE", "/datasets/d/tables/x", NULL));
    json = server_expect(emulator, 404, "GET", "/datasets/d/tables/x", NULL);
    cr_assert_str_eq(at(json, "/error/message"), "Not found: Table p:d.x");
    json_decref(json);
    emulator_stop(emulator);
}

Test(server_tables, a_schema_that_cannot_be_is_refused)
{
    struct emulator *emulator = server_start(NULL);
    server_make_table(emulator, "{\"name\":\"a\",\"type\":\"STRING\"}");
    const char *const fields[] = {
        "{\"name\":\"1a\",\"type\":\"STRING\"}",
        "{\"name\":\"a\",\"type\":\"TEXT\"}",
        "{\"name\":\"a\",\"type\":\"STRING\",\"mode\":\"MAYBE\"}",
        "{\"name\":\"r\",\"type\":\"RECORD\"}",
        "{\"name\":\"a\",\"type\":\"STRING\"},{\"name\":\"A\",\"type\":\"STRING\"}",
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        char *body = memory_format(
            "{\"tableReference\":{\"tableId\":\"x\"},\"schema\":{\"fields\":[%s]}}", fields[i]);
        json_t *json = server_expect(emulator, 400, "POST", "/datasets/d/tables", body);
        cr_assert_str_eq(reason_of(json), "invalid");
        json_decref(json);
        free(body);
    }
    json_t *json = server_expect(emulator, 409, "POST", "/datasets/d/tables",
                                 "{\"tableReference\":{\"tableId\":\"t\"}}");
    cr_assert_str_eq(at(json, "/error/message"), "Already Exists: Table p:d.t");
    json_decref(json);
    json_decref(server_expect(emulator, 404, "POST", "/datasets/none/tables",
                              "{\"tableReference\":{\"tableId\":\"t\"}}"));
    emulator_stop(emulator);
}

Test(server_tables, a_file_keeps_tables_and_rows_over_restarts)
{
    char directory[] = "/tmp/phasegate-emulator-XXXXXX";
    cr_assert_not_null(mkdtemp(directory));
    char *path = file_join(directory, "rows.db");
    const struct emulator_options options = {.database = path, .streaming_buffer_ms = -1};
    struct emulator *emulator = server_start(&options);
    server_make_table(emulator, "{\"name\":\"a\",\"type\":\"STRING\"}");
    json_decref(server_expect(emulator, 200, "POST", "/datasets/d/tables/t/insertAll",
                              "{\"rows\":[{\"json\":{\"a\":\"kept\"}}]}"));
    emulator_stop(emulator);
    emulator = server_start(&options);
    json_t *json = server_expect(emulator, 200, "GET", "/datasets/d/tables/t/data", NULL);
    cr_assert_str_eq(at(json, "/rows/0/f/0/v"), "kept");
    json_decref(json);
    json = server_expect(emulator, 200, "GET", "/datasets/d/tables/t", NULL);
    cr_assert_str_eq(at(json, "/numRows"), "1");
    json_decref(json);
    emulator_stop(emulator);
    free(path);
    cr_assert(file_remove_tree(directory, NULL));
}

Test(server_tables, a_foreign_file_is_left_alone)
{
    char directory[] = "/tmp/phasegate-emulator-XXXXXX";
    cr_assert_not_null(mkdtemp(directory));
    char *path = file_join(directory, "notes.txt");
    cr_assert(file_write(path, TEXT("these are somebody's notes, and no database at all\n"), NULL));
    const struct emulator_options options = {.database = path};
    struct error error = {0};
    cr_assert_null(emulator_start(&options, &error));
    cr_assert_eq(error.code, EXIT_NO_INPUT);
    cr_assert_not_null(strstr(error.text, path));
    free(path);
    cr_assert(file_remove_tree(directory, NULL));
}
