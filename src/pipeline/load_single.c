/* Checks with one input of their own: query, runs, command, credentials, disk, manual. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "pipeline/load_checks.h"
#include "pipeline/query.h"

static void load_comparison(struct loader *loader, const struct place *at,
                            const struct raw_query *raw, struct pipeline_check *check) {
    size_t given = (size_t)(raw->at_least != NULL) + (raw->at_most != NULL) + (raw->equals != NULL);
    if (given != 1) {
        loader_mistake(loader, at, "a query is compared with one of at_least, at_most, equals");
    }
    loader_number(loader, PLACE_KEY(at, "at_least"), raw->at_least, &check->value);
    loader_number(loader, PLACE_KEY(at, "at_most"), raw->at_most, &check->value);
    loader_number(loader, PLACE_KEY(at, "equals"), raw->equals, &check->value);
    check->comparison = raw->at_least != NULL  ? PIPELINE_AT_LEAST
                        : raw->at_most != NULL ? PIPELINE_AT_MOST
                                               : PIPELINE_EQUALS;
}

/* "queries/late_games.sql" is "late_games". */
static char *query_name(const char *file) {
    if (file == NULL) {
        return memory_copy_string("query");
    }
    const char *slash = strrchr(file, '/');
    const char *base = slash == NULL ? file : slash + 1;
    const char *dot = strrchr(base, '.');
    return memory_copy_part(base, dot == NULL ? strlen(base) : (size_t)(dot - base));
}

static void load_query(struct loader *loader, const struct place *at, const struct raw_query *raw,
                       struct pipeline_check *check) {
    check->kind = PIPELINE_CHECK_QUERY;
    check->name = query_name(raw->file);
    load_comparison(loader, at, raw, check);
    if ((raw->file == NULL) == (raw->sql == NULL)) {
        loader_mistake(loader, at, "a query is given either as a file or as sql");
    } else if (raw->sql != NULL) {
        const struct place *sql = PLACE_KEY(at, "sql");
        check->source = (struct pipeline_source){.text = memory_copy_string(raw->sql),
                                                 .at = loader_place(loader, sql)};
        check->sql = query_fill(loader, sql, "sql", raw->sql, false);
    } else {
        const struct place *file = PLACE_KEY(at, "file");
        check->source = query_read(loader, file, raw->file);
        const char *text = check->source.text;
        check->sql = text == NULL ? NULL : query_fill(loader, file, raw->file, text, false);
    }
}

static void load_runs(struct loader *loader, const struct place *at, const struct raw_runs *raw,
                      struct pipeline_check *check) {
    check->kind = PIPELINE_CHECK_RUNS;
    check->name = memory_format("%s runs", raw->group);
    check->group = loader_find(loader, PLACE_KEY(at, "group"), &loader->groups, raw->group);
}

static void load_command(struct loader *loader, const struct place *at,
                         const struct raw_command *raw, struct pipeline_check *check) {
    check->kind = PIPELINE_CHECK_COMMAND;
    check->timeout_ms = 60000;
    loader_duration(loader, PLACE_KEY(at, "timeout"), raw->timeout, &check->timeout_ms);
    if (raw->run_count == 0) {
        loader_mistake(loader, PLACE_KEY(at, "run"), "the command is empty");
        check->name = memory_copy_string("command");
        return;
    }
    warn_of_words(loader, PLACE_KEY(at, "run"), raw->run, raw->run_count);
    check->name = memory_format("command %s", raw->run[0]);
    check->command.items = memory_new((size_t)raw->run_count + 1, sizeof(char *));
    check->command.count = raw->run_count;
    for (size_t i = 0; i < raw->run_count; i++) {
        check->command.items[i] = memory_copy_string(raw->run[i]);
    }
}

static void load_disk(struct loader *loader, const struct place *at, const struct raw_disk *raw,
                      struct pipeline_check *check) {
    int64_t bytes = 0;
    check->kind = PIPELINE_CHECK_DISK;
    check->name = memory_format("disk %s", raw->path);
    char *expanded = file_expand_home(raw->path);
    check->path = file_join(loader->pipeline->directory, expanded);
    free(expanded);
    loader_size(loader, PLACE_KEY(at, "at_least"), raw->at_least, &bytes);
    check->comparison = PIPELINE_AT_LEAST;
    check->value = (double)bytes;
}

static void load_credentials(struct loader *loader, const struct place *at, const char *text,
                             struct pipeline_check *check) {
    bool asked = false;
    check->kind = PIPELINE_CHECK_CREDENTIALS;
    check->name = memory_copy_string("credentials");
    if (strcmp(text, "false") == 0) {
        loader_mistake(loader, at, "a check that is off passes nothing; leave it out");
    } else {
        loader_bool(loader, at, text, &asked);
    }
}

void load_single(struct loader *loader, const struct place *at, const struct raw_check *raw,
                 struct pipeline_check *check) {
    *check = (struct pipeline_check){.table = PIPELINE_NONE,
                                     .season = PIPELINE_NONE,
                                     .group = PIPELINE_NONE,
                                     .missing_at_most = -1};
    if (raw->query != NULL) {
        load_query(loader, PLACE_KEY(at, "query"), raw->query, check);
    } else if (raw->runs != NULL) {
        load_runs(loader, PLACE_KEY(at, "runs"), raw->runs, check);
    } else if (raw->command != NULL) {
        load_command(loader, PLACE_KEY(at, "command"), raw->command, check);
    } else if (raw->disk != NULL) {
        load_disk(loader, PLACE_KEY(at, "disk"), raw->disk, check);
    } else if (raw->manual != NULL) {
        check->kind = PIPELINE_CHECK_MANUAL;
        check->name = memory_copy_string("manual");
        check->question = memory_copy_string(raw->manual->question);
    } else {
        load_credentials(loader, PLACE_KEY(at, "credentials"), raw->credentials, check);
    }
}
