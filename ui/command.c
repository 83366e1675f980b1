#include "ui/command.h"

#include <stdlib.h>

#include "base/memory.h"

struct command *command_new(enum command_kind kind, int64_t evidence_at) {
    struct command *command = memory_new(1, sizeof *command);
    command->kind = kind;
    command->evidence_at = evidence_at;
    return command;
}

void command_free(struct command *command) {
    if (!command)
        return;
    free(command->run);
    free(command->group);
    free(command->processor);
    free(command->gate);
    free(command->table);
    free(command->ranges);
    free(command->reason);
    free(command->path);
    free(command->content);
    free(command);
}

const char *command_name(enum command_kind kind) {
    static const char *const names[COMMAND_KIND_COUNT] = {
        [COMMAND_LAUNCH_GROUP] = "launch", [COMMAND_LAUNCH_PROCESSOR] = "launch",
        [COMMAND_RETRY] = "retry",         [COMMAND_STOP] = "stop",
        [COMMAND_KILL] = "kill",           [COMMAND_CANCEL_JOBS] = "cancel jobs",
        [COMMAND_HOLD] = "hold",           [COMMAND_RELEASE] = "release",
        [COMMAND_OVERRIDE] = "override",   [COMMAND_APPROVE] = "approve",
        [COMMAND_WAIVE] = "waive",         [COMMAND_ARM] = "arm",
        [COMMAND_DISARM] = "disarm",       [COMMAND_POLL] = "poll",
        [COMMAND_EXPORT] = "export",       [COMMAND_FORGET_COVERAGE] = "release unread dates",
    };
    return names[kind];
}
