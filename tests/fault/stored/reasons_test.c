/* Every reason of BigQuery's, and every answer that is not BigQuery's, at every method a poll
 * calls: what is stored stays to the byte, with its age and the reason, and comes back. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "stored.h"
#include "tests/support/bigquery_faults.h"

TestSuite(stored_reasons, .init = stored_open, .fini = stored_close, .timeout = 600);

static char *rule_of(const struct bigquery_fault *fault, const char *method) {
    char body[BIGQUERY_FAULT_BODY_SIZE];
    json_t *rule = json_pack("{s:s,s:s,s:i,s:s}", "fault", "answer", "method", method, "code",
                             fault->status, "body", bigquery_fault_body(fault, body));
    char *text = json_text(rule);
    json_decref(rule);
    return text;
}

/* What the service suffers from is said with its reason; what one table does, by its own sentence.
 */
static const char *header_of(const struct bigquery_fault *fault) {
    static const enum bigquery_failure_class OF_A_TABLE[] = {BIGQUERY_DENIED, BIGQUERY_NOT_FOUND,
                                                             BIGQUERY_BYTES_LIMIT, BIGQUERY_QUERY,
                                                             BIGQUERY_CANCELLED};
    for (size_t i = 0; i < sizeof OF_A_TABLE / sizeof OF_A_TABLE[0]; i++) {
        if (fault->class == OF_A_TABLE[i]) {
            return NULL;
        }
    }
    return fault->reason != NULL ? fault->reason : " ";
}

/* Tries every fault of the list at a method; `before` brings the calls there. */
static void try_all(const char *method, const char *before, bool passes, bool estimates) {
    for (size_t i = 0; i < BIGQUERY_FAULT_COUNT; i++) {
        const struct bigquery_fault *fault = &BIGQUERY_FAULT_LIST[i];
        char *rule = rule_of(fault, method);
        struct stored_case one = {
            .name = bigquery_fault_name(fault),
            .rules = {rule, before},
            .sentence = fault->reason != NULL ? "it failed" : NULL,
            .header = header_of(fault),
            .passes = passes,
            .estimates = estimates,
        };
        stored_try(&one);
        free(rule);
    }
}

Test(stored_reasons, of_the_query)
{ try_all("jobs.query", NULL, false, false); }

Test(stored_reasons, of_the_free_check)
{ try_all("tables.get", NULL, false, false); }

Test(stored_reasons, of_the_results_of_a_query_that_took_its_time)
{
    try_all("jobs.getQueryResults", "{\"fault\":\"incomplete\",\"method\":\"jobs.query\"}", false,
            false);
}

Test(stored_reasons, of_the_bill_change_no_count)
{ try_all("jobs.get", "{\"fault\":\"incomplete\",\"method\":\"jobs.query\"}", true, false); }

Test(stored_reasons, of_the_dry_run_change_no_count)
{ try_all("jobs.insert", NULL, true, true); }
