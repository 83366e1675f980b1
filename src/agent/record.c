#include "agent/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/print.h"
#include "gates/gates_text.h"
#include "state/state_coverage.h"
#include "state/state_gates.h"
#include "state/state_spend.h"

/* A sample that says nothing new is kept once in ten minutes: enough for a rate, little for a
 * night. */
static const int64_t sample_every_ms = INT64_C(10) * 60 * 1000;

/* Under which its spending and its estimate are summed. A check's name is unique within its gate
 * only; no name holds a slash. */
static char *spend_key(const struct pipeline *pipeline, struct measure_target target) {
    if (target.kind != MEASURE_CHECK) {
        return memory_copy_string(measure_name(pipeline, target));
    }
    return memory_format("%s/%s", pipeline->gates[target.index].name,
                         measure_name(pipeline, target));
}

static bool store_counts(const struct recorder *recorder, const struct measure_answer *answer,
                         struct error *error) {
    struct state_measurement measurement = {
        .subject =
            answer->target.kind == MEASURE_TABLE ? STATE_SUBJECT_TABLE : STATE_SUBJECT_EXPECTED,
        .key = memory_copy_string(measure_name(recorder->pipeline, answer->target)),
        .range = answer->range,
        .measured_at = answer->at,
        .confirmed_at = answer->at,
        .count = answer->count,
        .counts = memory_new(answer->count, sizeof *measurement.counts),
        .bytes_billed = answer->bill.bytes,
        .bytes_processed = answer->bytes_processed,
        .cache_hit = answer->cache_hit,
        .query_hash = memory_copy_string(answer->query_hash),
        .signal = memory_copy_string(answer->signal[0] != '\0' ? answer->signal : NULL),
        .streaming = answer->streaming,
        .streaming_rows = answer->streaming_rows == BIGQUERY_UNKNOWN ? -1 : answer->streaming_rows,
    };
    for (size_t i = 0; i < answer->count; i++) {
        const struct coverage_count *count = &answer->counts[i];
        measurement.counts[i] = (struct state_count){.day = count->day,
                                                     .rows = count->rows,
                                                     .entities = count->entities,
                                                     .nulls = count->nulls,
                                                     .fallbacks = count->fallbacks};
    }
    bool good = state_coverage_store(recorder->state, recorder->actor.term, &measurement, error);
    free(measurement.key);
    free(measurement.query_hash);
    free(measurement.signal);
    free(measurement.counts);
    return good;
}

static bool store_check(const struct recorder *recorder, const struct measure_answer *answer,
                        struct error *error) {
    const struct pipeline_gate *gate = &recorder->pipeline->gates[answer->target.index];
    char null_text[] = "the query answered NULL";
    char failure[ERROR_TEXT_SIZE];
    (void)print_into(failure, sizeof failure, "%s", answer->error.text);
    bool failed = answer->outcome == MEASURE_FAILED;
    struct state_answer stored = {
        .gate = gate->name,
        .check = gate->checks[answer->target.check].name,
        .measured = !failed && answer->has_value,
        .value = answer->value,
        .error = failed              ? failure
                 : answer->has_value ? NULL
                                     : null_text,
        .at = answer->at,
    };
    return state_answer_put(recorder->state, &recorder->actor, &stored, error);
}

static bool store_result(const struct recorder *recorder, const struct measure_answer *answer,
                         struct error *error) {
    enum state_subject subject =
        answer->target.kind == MEASURE_TABLE ? STATE_SUBJECT_TABLE : STATE_SUBJECT_EXPECTED;
    const char *key = measure_name(recorder->pipeline, answer->target);
    int64_t term = recorder->actor.term;
    if (answer->target.kind == MEASURE_CHECK) {
        return answer->outcome == MEASURE_LEFT || store_check(recorder, answer, error);
    }
    switch (answer->outcome) {
    case MEASURE_COUNTED:
        return store_counts(recorder, answer, error);
    case MEASURE_CONFIRMED:
        return state_coverage_confirm(recorder->state, term, subject, key, answer->signal,
                                      answer->at, error);
    case MEASURE_LEFT:
        return true;
    case MEASURE_FAILED:
    case MEASURE_ESTIMATED:
        break;
    }
    return state_coverage_fail(recorder->state, term, subject, key, answer->at, answer->error.text,
                               error);
}

static bool store_estimate(const struct recorder *recorder, const struct measure_answer *answer,
                           struct error *error) {
    char failure[ERROR_TEXT_SIZE];
    (void)print_into(failure, sizeof failure, "%s", answer->error.text);
    bool known = answer->bill.bytes != BIGQUERY_UNKNOWN;
    struct state_estimate estimate = {
        .key = spend_key(recorder->pipeline, answer->target),
        .at = answer->at,
        .bytes_processed = answer->bytes_processed,
        .bytes_billed = answer->bill.bytes,
        .error = known ? NULL : failure,
    };
    bool good = state_estimate_put(recorder->state, recorder->actor.term, &estimate, error);
    free(estimate.key);
    return good;
}

static bool store_spend(const struct recorder *recorder, const struct measure_answer *answer,
                        struct error *error) {
    bool queried = answer->queried;
    bool estimated = queried && answer->bill.kind == BIGQUERY_BILL_ESTIMATED;
    int64_t billed = queried && answer->bill.bytes > 0 ? answer->bill.bytes : 0;
    struct state_spend spend = {
        .key = spend_key(recorder->pipeline, answer->target),
        .queries = queried ? 1 : 0,
        .cached = queried && answer->cache_hit ? 1 : 0,
        .failed = queried && answer->outcome == MEASURE_FAILED ? 1 : 0,
        .free_checks =
            answer->outcome == MEASURE_CONFIRMED || answer->outcome == MEASURE_LEFT ? 1 : 0,
        .bytes_billed = billed,
        .bytes_processed = queried && answer->bytes_processed > 0 ? answer->bytes_processed : 0,
        .estimated = estimated ? 1 : 0,
        .bytes_estimated = estimated ? billed : 0,
        .unknown = queried && answer->bill.kind == BIGQUERY_BILL_UNKNOWN ? 1 : 0,
        .dollars = bigquery_cost(billed, recorder->pipeline->poll.price_per_tib),
    };
    bool good = state_spend_add(recorder->state, recorder->actor.term, situation_night(answer->at),
                                &spend, error);
    free(spend.key);
    return good;
}

bool record_answer(const struct recorder *recorder, const struct measure_answer *answer,
                   struct error *error) {
    if (answer->outcome == MEASURE_ESTIMATED) {
        return store_estimate(recorder, answer, error);
    }
    return store_result(recorder, answer, error) && store_spend(recorder, answer, error);
}

/* The target that a measurement is of; false when the pipeline no longer has it. */
static bool target_of(const struct pipeline *pipeline, const struct state_measurement *measurement,
                      struct measure_target *target) {
    size_t count;
    bool found = false;
    enum measure_kind kind =
        measurement->subject == STATE_SUBJECT_TABLE ? MEASURE_TABLE : MEASURE_EXPECTED;
    struct measure_target *targets = measure_targets(pipeline, &count);
    for (size_t i = 0; i < count && !found; i++) {
        found = targets[i].kind == kind &&
                strcmp(measure_name(pipeline, targets[i]), measurement->key) == 0;
        *target = targets[i];
    }
    free(targets);
    return found;
}

bool record_recall(struct state *state, const struct pipeline *pipeline, struct measure *measure,
                   struct error *error) {
    size_t count;
    struct state_measurement *measurements = state_coverage_load(state, &count, error);
    if (measurements == NULL) {
        return error->code == EXIT_DATA; /* damaged counts are paid for again */
    }
    for (size_t i = 0; i < count; i++) {
        const struct state_measurement *stored = &measurements[i];
        struct measure_memory memory = {.query_hash = stored->query_hash,
                                        .signal = stored->signal,
                                        .range = stored->range,
                                        .counted_at = stored->measured_at};
        if (stored->measured && target_of(pipeline, stored, &memory.target)) {
            (void)measure_recall(measure, &memory);
        }
    }
    state_measurements_free(measurements, count);
    return true;
}

static struct state_sample sample_of(const struct coverage_table *table,
                                     const struct coverage_totals *totals, char *name, char *season,
                                     int64_t at) {
    struct state_sample sample = {
        .table = name,
        .season = season,
        .at = at,
        .evidence = table->evidence_at,
        .status = (char *)coverage_status_name(table->status), /* only read by the store */
        .expected = -1,
        .bootstrap = -1,
        .waived = -1,
        .attainable = -1,
        .complete = -1,
        .partial = -1,
        .missing = -1,
        .excess = -1,
        .with_rows = -1,
        .rows = -1,
        .error = table->error,
    };
    if (totals->known) {
        sample.expected = (int64_t)totals->expected;
        sample.bootstrap = (int64_t)totals->bootstrap;
        sample.waived = (int64_t)totals->waived;
        sample.attainable = (int64_t)totals->attainable;
        sample.complete = (int64_t)totals->complete;
        sample.partial = (int64_t)totals->partial;
        sample.missing = (int64_t)totals->missing;
        sample.excess = (int64_t)totals->excess;
        sample.with_rows = (int64_t)totals->with_rows;
        sample.rows = totals->rows;
    }
    return sample;
}

static bool record_samples(const struct recorder *recorder, const struct situation *situation,
                           struct error *error) {
    const struct pipeline *pipeline = situation->pipeline;
    char all[] = "";
    size_t count = 0;
    struct state_sample *samples =
        memory_new(pipeline->table_count * (pipeline->season_count + 1), sizeof *samples);
    for (size_t i = 0; i < pipeline->table_count; i++) {
        const struct coverage_table *table = &situation->coverage->tables[i];
        char *name = pipeline->tables[i].name;
        samples[count++] = sample_of(table, &table->all, name, all, situation->as_of);
        for (size_t j = 0; j < pipeline->season_count; j++) {
            samples[count++] = sample_of(table, &table->seasons[j].all, name,
                                         pipeline->seasons[j].name, situation->as_of);
        }
    }
    bool good = state_samples_append(recorder->state, recorder->actor.term, samples, count,
                                     sample_every_ms, error);
    free(samples);
    return good;
}

/* The reason of a verdict in one phrase: its worst check. */
static char *verdict_text(const struct gates_gate *gate, const struct pipeline_gate *facts) {
    char inputs[GATES_INPUTS_SIZE];
    (void)gates_format_inputs(gate, facts, inputs);
    if (gate->verdict == GATES_GO || facts->check_count == 0) {
        return memory_format("%s", inputs);
    }
    size_t *order = memory_new(facts->check_count, sizeof *order);
    gates_order(gate, facts->check_count, order);
    const struct gates_check *worst = &gate->checks[order[0]];
    char *text =
        memory_format("%s; %s%s%s", inputs, worst->check->name, worst->why != NULL ? ": " : "",
                      worst->why != NULL ? worst->why : "");
    free(order);
    return text;
}

/* Whether a gate is STALE for no other reason than that a run has just written what it looks at:
 * all of it is young, and is being read again. */
static bool is_read_again(const struct situation *situation, const struct gates_gate *gate) {
    if (gate->verdict != GATES_STALE || situation->written_at == 0 ||
        situation->header.bigquery != NULL) {
        return false;
    }
    for (size_t i = 0; i < gate->total; i++) {
        const struct gates_check *check = &gate->checks[i];
        if (!check->fresh && check->age_ms > situation->pipeline->poll.stale_after_ms) {
            return false;
        }
    }
    return true;
}

bool record_judgement(const struct recorder *recorder, const struct situation *situation,
                      struct error *error) {
    const struct pipeline *pipeline = situation->pipeline;
    for (size_t i = 0; i < pipeline->gate_count; i++) {
        const struct gates_gate *gate = &situation->gates->gates[i];
        if (is_read_again(situation, gate)) {
            continue; /* everybody is shown STALE; the journal is told what the reading says */
        }
        char *text = verdict_text(gate, &pipeline->gates[i]);
        bool good =
            state_verdict_store(recorder->state, &recorder->actor, pipeline->gates[i].name,
                                gates_verdict_name(gate->verdict), text, situation->as_of, error);
        free(text);
        if (!good) {
            return false;
        }
    }
    return record_samples(recorder, situation, error);
}
