/* Any bytes as an HTTP answer of BigQuery, behind a digit that is the hundreds of its status: it is
 * taken as what was asked for, or judged with a reason. */
#include <stdlib.h>
#include <string.h>

#include "base/count.h"
#include "bigquery/answer.h"
#include "bigquery/bigquery.h"
#include "bigquery/verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds) {
    if (!holds) {
        abort();
    }
}

/* One line without control characters. */
static void check_message(const struct verdict *verdict) {
    const char *message = verdict->failure.message;
    check(strlen(message) < BIGQUERY_MESSAGE_SIZE);
    for (; *message != '\0'; message++) {
        check((unsigned char)*message >= ' ' && *message != 0x7F);
    }
}

static void check_rows(struct answer *answer, const json_t *body) {
    struct bigquery_rows *rows = &answer->open.rows;
    if (!answer_read_fields(&answer->arena, json_object_get(body, "schema"), &rows->columns,
                            &rows->column_count)) {
        return;
    }
    size_t before = rows->row_count;
    if (!answer_add_rows(answer, json_object_get(body, "rows"))) {
        check(rows->row_count == before);
    }
    for (size_t row = 0; row <= rows->row_count; row++) {
        for (size_t column = 0; column <= rows->column_count; column++) {
            (void)bigquery_rows_cell(rows, row, column);
        }
    }
    answer_forget_rows(answer);
    check(rows->row_count == 0);
}

/* What a server says of bytes ends in a bill that is neither negative nor undefined. */
static void check_bill(const json_t *body) {
    int64_t bytes = answer_int64(body, "totalBytesProcessed");
    check(bytes >= BIGQUERY_UNKNOWN);
    for (size_t tables = 0; tables < 3; tables++) {
        int64_t billed = bigquery_billed_estimate(bytes, tables);
        check(billed >= 0 && bigquery_billed_limit(bytes, tables) > 0);
        check(count_add(count_add(billed, billed), billed) >= billed);
        check(bigquery_cost(billed, BIGQUERY_PRICE_PER_TIB) >= 0);
    }
}

static void check_body(const json_t *body) {
    struct answer *answer = answer_new();
    check_bill(body);
    check_rows(answer, body);
    answer_read_job(answer, json_object_get(body, "jobReference"));
    answer_add_jobs(answer, json_object_get(body, "jobs"), "phasegate", NULL, true);
    (void)answer_read_table(answer, body);
    bigquery_result_free(&answer->open);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) {
        return 0;
    }
    struct exchange exchange = {.code = CURLE_OK, .status = (data[0] % 6) * 100L};
    text_buffer_put(&exchange.answer, (const char *)data + 1, size - 1);
    json_t *body = NULL;
    struct verdict verdict = {0};
    if (verdict_of_exchange(&exchange, &body, &verdict)) {
        check_body(body);
        json_decref(body);
    } else {
        check_message(&verdict);
    }
    text_buffer_free(&exchange.answer);
    return 0;
}
