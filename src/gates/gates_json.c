#include "gates/gates_json.h"

#include "base/json.h"

static json_t *names_of(const struct pipeline *pipeline, const struct pipeline_indices *tables) {
    json_t *names = json_array();
    for (size_t i = 0; i < tables->count; i++) {
        json_array_append_new(names, json_words(pipeline->tables[tables->items[i]].name));
    }
    return names;
}

static const char *const unit_names[] = {
    [GATES_UNIT_PERCENT] = "percent",
    [GATES_UNIT_COUNT] = "count",
    [GATES_UNIT_BYTES] = "bytes",
    [GATES_UNIT_NUMBER] = "number",
};

/* Counts and bytes are whole, as far as a double holds them whole. */
static json_t *number(const struct gates_check *check, double value) {
    bool whole = check->unit == GATES_UNIT_COUNT || check->unit == GATES_UNIT_BYTES;
    if (whole && value > -9e15 && value < 9e15) {
        return json_integer((json_int_t)value);
    }
    return json_real(value);
}

static json_t *check_to_json(const struct pipeline *pipeline, const struct gates_check *check) {
    json_t *object = json_object();
    json_object_set_new(object, "check", json_words(check->check->name));
    json_object_set_new(object, "result", json_words(gates_result_name(check->result)));
    json_object_set_new(object, "unit", json_words(unit_names[check->unit]));
    json_object_set_new(object, "measured",
                        check->measured ? number(check, check->value) : json_null());
    json_object_set_new(object, "required", number(check, check->required));
    json_object_set_new(object, "margin",
                        check->measured ? number(check, check->margin) : json_null());
    json_object_set_new(object, "age_seconds",
                        check->age_ms < 0 ? json_null() : json_integer(check->age_ms / 1000));
    json_object_set_new(object, "fresh", json_boolean(check->fresh));
    json_object_set_new(object, "step", json_integer(check->step));
    json_object_set_new(object, "why", json_string_or_null(check->why));
    json_object_set_new(object, "blocks", names_of(pipeline, &check->blocks));
    json_object_set_new(object, "degrades", names_of(pipeline, &check->degrades));
    json_object_set_new(object, "blocked_percent", json_percent(check->blocked_percent));
    return object;
}

static json_t *mark_to_json(const struct gates_mark *mark) {
    if (mark == NULL) {
        return json_null();
    }
    json_t *object = json_object();
    json_object_set_new(object, "kind", json_words(mark->hold ? "hold" : "override"));
    json_object_set_new(object, "by", json_string_or_null(mark->by));
    json_object_set_new(object, "reason", json_string_or_null(mark->reason));
    json_object_set_new(object, "at", json_time(mark->at));
    return object;
}

static json_t *gate_to_json(const struct pipeline *pipeline, const struct gates_gate *gate,
                            int64_t since) {
    const struct pipeline_gate *facts = &pipeline->gates[gate->gate];
    json_t *object = json_object();
    json_t *holds = json_array();
    json_t *inputs = json_object();
    json_t *checks = json_array();
    for (size_t i = 0; i < facts->holds.count; i++) {
        json_array_append_new(holds, json_words(pipeline->groups[facts->holds.items[i]].name));
    }
    for (size_t i = 0; i < gate->total; i++) {
        json_array_append_new(checks, check_to_json(pipeline, &gate->checks[i]));
    }
    json_object_set_new(inputs, "measured", json_integer((json_int_t)gate->measured));
    json_object_set_new(inputs, "total", json_integer((json_int_t)gate->total));
    json_object_set_new(object, "gate", json_words(facts->name));
    json_object_set_new(object, "verdict", json_words(gates_verdict_name(gate->verdict)));
    json_object_set_new(object, "since", json_time(since));
    json_object_set_new(object, "mark", mark_to_json(gate->mark));
    json_object_set_new(object, "holds", holds);
    json_object_set_new(object, "inputs", inputs);
    json_object_set_new(object, "checks", checks);
    return object;
}

json_t *gates_to_json(const struct gates_report *report, size_t gate, const int64_t *since) {
    json_t *object = json_object();
    json_t *gates = json_array();
    size_t first = gate == PIPELINE_NONE ? 0 : gate;
    size_t end = gate == PIPELINE_NONE ? report->pipeline->gate_count : gate + 1;
    for (size_t i = first; i < end; i++) {
        json_array_append_new(
            gates, gate_to_json(report->pipeline, &report->gates[i], since == NULL ? 0 : since[i]));
    }
    json_object_set_new(object, "schema", json_integer(1));
    json_object_set_new(object, "as_of", json_time(report->as_of));
    json_object_set_new(object, "gates", gates);
    return object;
}
