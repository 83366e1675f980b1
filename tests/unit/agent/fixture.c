#include "fixture.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdatomic.h>

struct scene scene;
struct warehouse warehouse;
_Atomic int64_t fixture_wall_ms;

static int64_t wall_ms(void *context) {
    return atomic_load((const _Atomic int64_t *)context);
}

static int64_t boot_ns(void *context) {
    (void)context;
    return clock_boot_ns(clock_system());
}

const struct clock fixture_clock = {wall_ms, boot_ns, &fixture_wall_ms};

void fixture_open(const char *const *changes) {
    fixture_wall_ms = SCENE_NOW;
    scene_open(&scene, changes);
    warehouse_open(&warehouse);
    struct dayset all = warehouse_game_dates("2021-11-02", "2021-11-11");
    struct dayset some = warehouse_game_dates("2021-11-02", "2021-11-06");
    warehouse_fill(&warehouse, "nbac_schedule", &all);
    warehouse_fill(&warehouse, "team_defense_game_summary", &all);
    warehouse_fill(&warehouse, "team_defense_zone_analysis", &some);
    dayset_free(&all);
    dayset_free(&some);
}

void fixture_close(void) {
    warehouse_close(&warehouse);
    scene_close(&scene);
}

void fixture_fault(const char *json) {
    struct error error = {0};
    cr_assert(emulator_add_fault(warehouse.emulator, json, &error), "%s", error.text);
}

struct recorder fixture_recorder(void) {
    scene_lead(&scene);
    return (struct recorder){
        .pipeline = scene.pipeline,
        .state = scene.state,
        .actor = {.name = "agent", .session = "s-scene", .term = scene.term},
    };
}

int64_t fixture_real_ms(void) {
    return clock_boot_ns(clock_system()) / 1000000;
}

struct agent_message fixture_message(struct agent_queue *queue, enum agent_message_kind kind) {
    int64_t until = fixture_real_ms() + FIXTURE_DEADLINE_MS;
    struct agent_message message;
    for (;;) {
        while (agent_queue_take(queue, &message)) {
            if (message.kind == kind) {
                return message;
            }
            agent_message_free(&message);
        }
        int64_t left = until - fixture_real_ms();
        struct pollfd event = {agent_queue_descriptor(queue), POLLIN, 0};
        cr_assert(left > 0 && poll(&event, 1, (int)left) > 0, "no message of kind %d came",
                  (int)kind);
    }
}
