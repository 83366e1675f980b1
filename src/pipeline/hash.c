#include "pipeline/hash.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

/* Every value is written as "name=length:bytes\n" or "name=number\n", so that no two pipelines give
 * the same bytes. */
static void add_text(EVP_MD_CTX *digest, const char *name, const char *value) {
    char head[64];
    size_t size = value == NULL ? 0 : strlen(value);
    int length = value == NULL ? snprintf(head, sizeof head, "%s=none\n", name)
                               : snprintf(head, sizeof head, "%s=%zu:", name, size);
    EVP_DigestUpdate(digest, head, (size_t)length);
    if (value != NULL) {
        EVP_DigestUpdate(digest, value, size);
        EVP_DigestUpdate(digest, "\n", 1);
    }
}

static void add_number(EVP_MD_CTX *digest, const char *name, int64_t value) {
    char line[96];
    int length = snprintf(line, sizeof line, "%s=%lld\n", name, (long long)value);
    EVP_DigestUpdate(digest, line, (size_t)length);
}

static void add_real(EVP_MD_CTX *digest, const char *name, double value) {
    char line[96];
    int length = snprintf(line, sizeof line, "%s=%a\n", name, value);
    EVP_DigestUpdate(digest, line, (size_t)length);
}

static void add_index(EVP_MD_CTX *digest, const char *name, size_t index) {
    add_number(digest, name, index == PIPELINE_NONE ? -1 : (int64_t)index);
}

static void add_indices(EVP_MD_CTX *digest, const char *name,
                        const struct pipeline_indices *indices) {
    add_number(digest, name, (int64_t)indices->count);
    for (size_t i = 0; i < indices->count; i++) {
        add_index(digest, "item", indices->items[i]);
    }
}

static void add_strings(EVP_MD_CTX *digest, const char *name,
                        const struct pipeline_strings *strings) {
    add_number(digest, name, (int64_t)strings->count);
    for (size_t i = 0; i < strings->count; i++) {
        add_text(digest, "item", strings->items[i]);
    }
}

static void add_range(EVP_MD_CTX *digest, const char *name, struct day_range range) {
    add_number(digest, name, range.from);
    add_number(digest, "to", range.to);
}

static void add_head(EVP_MD_CTX *digest, const struct pipeline *pipeline) {
    add_text(digest, "pipeline", pipeline->name);
    add_text(digest, "project", pipeline->project);
    add_text(digest, "location", pipeline->location);
    add_text(digest, "endpoint", pipeline->endpoint);
    add_text(digest, "timezone", pipeline->timezone);
    add_number(digest, "from", pipeline->from.kind);
    add_number(digest, "day", pipeline->from.day);
    add_number(digest, "to", pipeline->to.kind);
    add_number(digest, "day", pipeline->to.day);
    add_number(digest, "recheck", pipeline->poll.recheck_ms);
    add_number(digest, "stale_after", pipeline->poll.stale_after_ms);
    add_number(digest, "seasons", (int64_t)pipeline->season_count);
    for (size_t i = 0; i < pipeline->season_count; i++) {
        add_text(digest, "season", pipeline->seasons[i].name);
        add_range(digest, "range", pipeline->seasons[i].range);
        add_number(digest, "playoffs_from", pipeline->seasons[i].playoffs_from);
    }
    add_number(digest, "expected", (int64_t)pipeline->expected_count);
    for (size_t i = 0; i < pipeline->expected_count; i++) {
        const struct pipeline_expected *expected = &pipeline->expected[i];
        add_text(digest, "name", expected->name);
        add_text(digest, "sql", expected->sql);
        add_index(digest, "table", expected->table);
        add_number(digest, "except", (int64_t)expected->except_count);
        for (size_t j = 0; j < expected->except_count; j++) {
            add_range(digest, "range", expected->except[j]);
        }
    }
}

static void add_rule(EVP_MD_CTX *digest, const char *name, const struct pipeline_rows_rule *rule) {
    add_number(digest, name, rule->kind);
    add_real(digest, "value", rule->value);
    add_index(digest, "table", rule->table);
}

static void add_table(EVP_MD_CTX *digest, const struct pipeline *pipeline,
                      const struct pipeline_table *table) {
    add_text(digest, "table", table->name);
    add_text(digest, "phase", pipeline->phases[table->phase]);
    add_index(digest, "expected", table->expected);
    add_number(digest, "bootstrap_days", table->bootstrap_days);
    add_rule(digest, "rows", &table->rows);
    add_rule(digest, "duplicates_above", &table->duplicates_above);
    add_number(digest, "null_rate_at_most", table->null_rate_at_most);
    add_indices(digest, "needs", &table->needs);
    add_indices(digest, "wants", &table->wants);
    add_text(digest, "coverage_sql", table->coverage_sql);
}

static void add_processor(EVP_MD_CTX *digest, const struct pipeline_processor *processor) {
    add_text(digest, "processor", processor->name);
    add_indices(digest, "fills", &processor->fills);
    add_strings(digest, "command", &processor->command);
    add_strings(digest, "dates_argument", &processor->dates_argument);
    add_text(digest, "directory", processor->directory);
    add_number(digest, "environment", (int64_t)processor->environment_count);
    for (size_t i = 0; i < processor->environment_count; i++) {
        add_text(digest, "name", processor->environment[i].name);
        add_text(digest, "value", processor->environment[i].value);
    }
    add_number(digest, "workers", processor->workers);
    add_text(digest, "log", processor->log);
    add_number(digest, "quiet_after", processor->quiet_after_ms);
    add_number(digest, "timeout", processor->timeout_ms);
    add_number(digest, "stop_grace", processor->stop_grace_ms);
    add_number(digest, "stop_after_failures", processor->stop_after_failures);
    add_number(digest, "shell", processor->shell);
    if (processor->settle_ms != 0) {
        add_number(digest, "settle", processor->settle_ms);
    }
    if (processor->ssh != NULL) {
        add_text(digest, "ssh", processor->ssh);
    }
    if (processor->log_limit != INT64_C(2) << 30) {
        add_number(digest, "log_limit", processor->log_limit);
    }
    if (processor->retry.times > 0) {
        add_number(digest, "retry", processor->retry.times);
        add_number(digest, "after", processor->retry.after_ms);
        add_number(digest, "quota_after", processor->retry.quota_after_ms);
        add_number(digest, "quota_workers", processor->retry.quota_workers);
    }
    if (processor->processes_per_worker != 1) {
        add_number(digest, "processes_per_worker", processor->processes_per_worker);
    }
    if (!processor->labels_jobs) {
        add_text(digest, "server_jobs", "none");
    }
}

static void add_check(EVP_MD_CTX *digest, const struct pipeline_check *check) {
    add_text(digest, "check", check->name);
    add_number(digest, "kind", check->kind);
    add_index(digest, "table", check->table);
    add_index(digest, "season", check->season);
    add_number(digest, "segment", check->segment);
    add_number(digest, "unit", check->unit);
    add_number(digest, "minimum", check->minimum);
    add_number(digest, "target", check->target);
    add_number(digest, "optimal", check->optimal);
    add_number(digest, "maximum", check->maximum);
    add_number(digest, "missing_at_most", check->missing_at_most);
    add_number(digest, "each_season", check->each_season);
    add_index(digest, "group", check->group);
    add_text(digest, "sql", check->sql);
    add_number(digest, "comparison", check->comparison);
    add_real(digest, "value", check->value);
    add_strings(digest, "command", &check->command);
    add_number(digest, "timeout", check->timeout_ms);
    add_text(digest, "question", check->question);
    add_text(digest, "path", check->path);
}

static void add_order(EVP_MD_CTX *digest, const struct pipeline *pipeline) {
    add_number(digest, "groups", (int64_t)pipeline->group_count);
    for (size_t i = 0; i < pipeline->group_count; i++) {
        add_text(digest, "group", pipeline->groups[i].name);
        add_indices(digest, "runs", &pipeline->groups[i].runs);
        add_index(digest, "behind", pipeline->groups[i].behind);
    }
    add_number(digest, "gates", (int64_t)pipeline->gate_count);
    for (size_t i = 0; i < pipeline->gate_count; i++) {
        add_text(digest, "gate", pipeline->gates[i].name);
        add_number(digest, "checks", (int64_t)pipeline->gates[i].check_count);
        for (size_t j = 0; j < pipeline->gates[i].check_count; j++) {
            add_check(digest, &pipeline->gates[i].checks[j]);
        }
    }
    add_number(digest, "patterns", (int64_t)pipeline->pattern_set_count);
    for (size_t i = 0; i < pipeline->pattern_set_count; i++) {
        const struct pipeline_pattern_set *set = &pipeline->pattern_sets[i];
        add_text(digest, "set", set->name);
        for (size_t j = 0; j < set->pattern_count; j++) {
            add_text(digest, "kind", set->patterns[j].kind);
            add_text(digest, "regex", set->patterns[j].regex);
        }
    }
}

bool hash_pipeline(struct pipeline *pipeline, struct error *error) {
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    if (digest == NULL || EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1) {
        EVP_MD_CTX_free(digest);
        return error_set(error, EXIT_SOFTWARE, "libcrypto offers no SHA-256");
    }
    add_head(digest, pipeline);
    add_number(digest, "tables", (int64_t)pipeline->table_count);
    for (size_t i = 0; i < pipeline->table_count; i++) {
        add_table(digest, pipeline, &pipeline->tables[i]);
    }
    add_number(digest, "processors", (int64_t)pipeline->processor_count);
    for (size_t i = 0; i < pipeline->processor_count; i++) {
        add_processor(digest, &pipeline->processors[i]);
    }
    add_order(digest, pipeline);
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    bool good = EVP_DigestFinal_ex(digest, bytes, &size) == 1;
    EVP_MD_CTX_free(digest);
    for (unsigned int i = 0; good && i < size && 2 * i + 2 < sizeof pipeline->hash; i++) {
        (void)snprintf(pipeline->hash + (size_t)2 * i, 3, "%02x", bytes[i]);
    }
    return good || error_set(error, EXIT_SOFTWARE, "libcrypto could not compute a SHA-256");
}
