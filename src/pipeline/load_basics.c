/* The head of the file: names, range, polling, seasons, where alarms go. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "pipeline/identifier.h"
#include "pipeline/loader.h"
#include "pipeline/unit.h"

static const struct pipeline_poll default_poll = {
    .every_ms = 60000,
    .changing_ms = 285000,
    .recheck_ms = 1800000,
    .stale_after_ms = 300000,
    .bytes_per_query = INT64_C(1) << 30,
    .bytes_per_night = INT64_C(50) << 30,
    .price_per_tib = 6.25, /* on demand in the US; other regions cost more */
};

/* Dollars for a TiB beyond which a price is a slip of the pen. */
enum { HIGHEST_PRICE = 1000 };

static bool load_bound(struct loader *loader, const char *key, const char *text,
                       struct pipeline_bound *bound) {
    char why[UNIT_WHY_SIZE];
    if (!unit_bound(text, bound, why)) {
        loader_mistake(loader, PLACE_KEY(PLACE_KEY(NULL, "range"), key), "%s", why);
        return false;
    }
    return true;
}

static void load_range(struct loader *loader) {
    struct pipeline *pipeline = loader->pipeline;
    bool good = load_bound(loader, "from", loader->raw->range->from, &pipeline->from);
    good = load_bound(loader, "to", loader->raw->range->to, &pipeline->to) && good;
    if (good && pipeline->from.kind == PIPELINE_BOUND_DATE &&
        pipeline->to.kind == PIPELINE_BOUND_DATE && pipeline->from.day > pipeline->to.day) {
        loader_mistake(loader, PLACE_KEY(PLACE_KEY(NULL, "range"), "to"),
                       "the range ends before it begins (%s)", loader->raw->range->from);
    }
}

static void load_price(struct loader *loader, const struct place *at, const char *text,
                       double *price) {
    char why[UNIT_WHY_SIZE];
    double value = *price;
    if (text == NULL) {
        return;
    }
    if (!unit_number(text, &value, why)) {
        loader_mistake(loader, at, "%s", why);
    } else if (value < 0 || value > HIGHEST_PRICE) {
        loader_mistake(loader, at,
                       "\"%s\" cannot be a price: US dollars for a TiB billed, 0 to %d, such as "
                       "6.25",
                       text, HIGHEST_PRICE);
    } else {
        *price = value;
    }
}

/* As late as counts can be read again and still be there before the old ones are stale: a quarter
 * of a period is left for the query. */
static int64_t latest_count(const struct pipeline_poll *poll) {
    return poll->stale_after_ms - poll->every_ms / 4;
}

static void load_changing(struct loader *loader, const struct place *at, const char *text,
                          struct pipeline_poll *poll) {
    int64_t latest = latest_count(poll);
    poll->changing_ms = latest;
    loader_duration(loader, at, text, &poll->changing_ms);
    if (poll->changing_ms > latest && latest >= 0) {
        loader_mistake(
            loader, at,
            "counts of a changing table would grow stale; changing must not be more than "
            "stale_after less a quarter of every");
    }
}

static void load_poll(struct loader *loader) {
    struct pipeline_poll *poll = &loader->pipeline->poll;
    *poll = default_poll;
    const struct raw_poll *raw = loader->raw->poll;
    if (raw == NULL) {
        return;
    }
    const struct place *at = PLACE_KEY(NULL, "poll");
    loader_duration(loader, PLACE_KEY(at, "every"), raw->every, &poll->every_ms);
    loader_duration(loader, PLACE_KEY(at, "recheck"), raw->recheck, &poll->recheck_ms);
    loader_duration(loader, PLACE_KEY(at, "stale_after"), raw->stale_after, &poll->stale_after_ms);
    loader_size(loader, PLACE_KEY(at, "bytes_per_query"), raw->bytes_per_query,
                &poll->bytes_per_query);
    bool unlimited = raw->bytes_per_night != NULL && strcmp(raw->bytes_per_night, "none") == 0;
    if (unlimited) {
        poll->bytes_per_night = 0;
    } else {
        loader_size(loader, PLACE_KEY(at, "bytes_per_night"), raw->bytes_per_night,
                    &poll->bytes_per_night);
    }
    load_price(loader, PLACE_KEY(at, "price_per_tib"), raw->price_per_tib, &poll->price_per_tib);
    load_changing(loader, PLACE_KEY(at, "changing"), raw->changing, poll);
    if (poll->stale_after_ms < poll->every_ms) {
        loader_mistake(loader, PLACE_KEY(at, "stale_after"),
                       "numbers would be stale before the next poll; stale_after must not be less "
                       "than every");
    }
    if (!unlimited && poll->bytes_per_night < poll->bytes_per_query) {
        loader_mistake(loader, PLACE_KEY(at, "bytes_per_night"),
                       "bytes_per_night must not be less than bytes_per_query");
    }
}

/* Only characters that an IANA name has, and a file of that name where the system keeps zones. */
static bool is_timezone(const char *name) {
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
    if (name[0] == '/' || name[strspn(name, letters)] != '\0' || strlen(name) > 64) {
        return false;
    }
    if (access("/usr/share/zoneinfo", R_OK) != 0) {
        return true;
    }
    char *path = memory_format("/usr/share/zoneinfo/%s", name);
    bool there = access(path, R_OK) == 0;
    free(path);
    return there;
}

static bool is_location(const char *name) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";
    return name[strspn(name, letters)] == '\0' && strlen(name) <= 64;
}

/* Whether what stands behind the host, up to the path, is nothing or a port. */
static bool is_port(const char *text, size_t size) {
    int64_t port = 0;
    return size == 0 ||
           (text[0] == ':' && text_to_int64((struct text){text + 1, size - 1}, &port) &&
            text[1] >= '0' && text[1] <= '9' && port > 0 && port < 65536);
}

/* What is wrong with an endpoint: host[:port], with http or https before it and a path behind it,
 * and nobody's name or password. NULL: nothing. */
static const char *endpoint_fault(const char *text) {
    const char *scheme = strstr(text, "://");
    const char *host = scheme == NULL ? text : scheme + 3;
    size_t size = strcspn(host, "/");
    if (memchr(host, '@', size) != NULL) {
        return "it holds a user or a password; nothing of the kind is sent to an endpoint";
    }
    if (scheme != NULL && strncmp(text, "http://", 7) != 0 && strncmp(text, "https://", 8) != 0) {
        return "it must begin with http:// or https://";
    }
    bool odd = false;
    for (const char *c = text; *c != '\0'; c++) {
        odd = odd || (unsigned char)*c <= ' ' || *c == 0x7F || strchr("?#@\\", *c) != NULL;
    }
    size_t name = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");
    bool whole = size > 0 && name > 0 && name <= size && is_port(host + name, size - name);
    return odd || !whole ? "it must be HOST:PORT or http(s)://HOST:PORT" : NULL;
}

static void load_endpoint(struct loader *loader) {
    const char *text = loader->raw->endpoint;
    const char *fault = text == NULL ? NULL : endpoint_fault(text);
    if (fault != NULL) {
        /* The text stays unsaid: there may be a password in it. */
        loader_mistake(loader, PLACE_KEY(NULL, "endpoint"), "this cannot be an endpoint: %s",
                       fault);
    }
    loader->pipeline->endpoint = memory_copy_string(text);
}

/* The file's, else the one that whoever loads it knows. */
static void load_project(struct loader *loader) {
    const char *named = loader->raw->project;
    struct pipeline *pipeline = loader->pipeline;
    const struct pipeline_help *help = loader->help;
    pipeline->project = memory_copy_string(named != NULL || help == NULL ? named : help->project);
    if (pipeline->project == NULL && help != NULL && help->find_project != NULL) {
        pipeline->project = help->find_project(loader->raw->endpoint);
    }
    if (pipeline->project == NULL) {
        pipeline->project = memory_copy_string("");
        loader_mistake(loader, PLACE_KEY(NULL, "project"),
                       "nobody names the project that pays for the queries: add `project: ID`, or "
                       "set GOOGLE_CLOUD_PROJECT");
    } else if (!identifier_is_project(text_of(pipeline->project))) {
        loader_mistake(loader, PLACE_KEY(NULL, "project"),
                       "\"%s\" cannot be a project: use lower-case letters, digits and \"-\"",
                       pipeline->project);
    }
}

void load_basics(struct loader *loader) {
    const struct raw_pipeline *raw = loader->raw;
    struct pipeline *pipeline = loader->pipeline;
    pipeline->name = memory_copy_string(raw->pipeline);
    load_project(loader);
    pipeline->location = memory_copy_string(raw->location);
    pipeline->timezone = memory_copy_string(raw->timezone == NULL ? "UTC" : raw->timezone);
    load_endpoint(loader);
    pipeline->at.project = loader_place(loader, PLACE_KEY(NULL, "project"));
    pipeline->at.location = loader_place(loader, PLACE_KEY(NULL, "location"));
    pipeline->at.range = loader_place(loader, PLACE_KEY(NULL, "range"));
    if (!identifier_is_name(text_of(raw->pipeline))) {
        loader_mistake(loader, PLACE_KEY(NULL, "pipeline"),
                       "\"%s\" cannot be a pipeline's name: use letters, digits, \".\", \"_\" and "
                       "\"-\", at most 100",
                       raw->pipeline);
    }
    if (pipeline->location != NULL && !is_location(pipeline->location)) {
        loader_mistake(loader, PLACE_KEY(NULL, "location"),
                       "\"%s\" cannot be a location such as US or us-west2", pipeline->location);
    }
    if (!is_timezone(pipeline->timezone)) {
        loader_mistake(loader, PLACE_KEY(NULL, "timezone"),
                       "\"%s\" is not a time zone such as America/Los_Angeles", pipeline->timezone);
    }
    load_range(loader);
    load_poll(loader);
}

static void load_season(struct loader *loader, size_t index) {
    const struct place *at = PLACE_ITEM(PLACE_KEY(NULL, "seasons"), index);
    const struct raw_season *raw = &loader->raw->seasons[index];
    struct pipeline_season *season = &loader->pipeline->seasons[index];
    season->name = memory_copy_string(raw->name);
    season->range = (struct day_range){DAY_NONE, DAY_NONE};
    season->playoffs_from = DAY_NONE;
    loader_day(loader, PLACE_KEY(at, "from"), raw->from, &season->range.from);
    loader_day(loader, PLACE_KEY(at, "to"), raw->to, &season->range.to);
    loader_day(loader, PLACE_KEY(at, "playoffs_from"), raw->playoffs_from, &season->playoffs_from);
    if (season->range.from == DAY_NONE || season->range.to == DAY_NONE) {
        season->range = (struct day_range){DAY_NONE, DAY_NONE};
        return;
    }
    if (season->range.from > season->range.to) {
        loader_mistake(loader, PLACE_KEY(at, "to"), "season \"%s\" ends before it begins (%s)",
                       raw->name, raw->from);
    } else if (season->playoffs_from != DAY_NONE &&
               !day_range_has(season->range, season->playoffs_from)) {
        loader_mistake(loader, PLACE_KEY(at, "playoffs_from"),
                       "the playoffs begin outside season \"%s\" (%s to %s)", raw->name, raw->from,
                       raw->to);
    }
    for (size_t i = 0; i < index; i++) {
        struct day_range other = loader->pipeline->seasons[i].range;
        if (day_range_count(day_range_intersect(season->range, other)) > 0) {
            loader_mistake(loader, PLACE_KEY(at, "from"),
                           "season \"%s\" overlaps season \"%s\" (%s to %s)", raw->name,
                           loader->raw->seasons[i].name, loader->raw->seasons[i].from,
                           loader->raw->seasons[i].to);
            return;
        }
    }
    if (index > 0 && loader->pipeline->seasons[index - 1].range.from > season->range.from) {
        loader_mistake(loader, PLACE_KEY(at, "from"),
                       "season \"%s\" begins before the one above it; write them in order",
                       raw->name);
    }
}

void load_seasons(struct loader *loader) {
    struct pipeline *pipeline = loader->pipeline;
    pipeline->season_count = loader->raw->seasons_count;
    pipeline->seasons = memory_new(pipeline->season_count, sizeof pipeline->seasons[0]);
    for (size_t i = 0; i < pipeline->season_count; i++) {
        load_season(loader, i);
    }
    loader_check_names(loader, "seasons", &loader->seasons);
}

/* A secret's file: beside the pipeline file unless its path is absolute or begins with ~/. */
static char *secret_file(struct loader *loader, const struct place *place, const char *path) {
    if (path == NULL) {
        return NULL;
    }
    if (strstr(path, "://") != NULL) {
        loader_mistake(loader, place,
                       "a URL is a secret; write it into a file of its own (mode 0600) and name "
                       "that file here");
        return NULL;
    }
    char *expanded = file_expand_home(path);
    char *absolute = file_join(loader->pipeline->directory, expanded);
    free(expanded);
    return absolute;
}

void load_alerts(struct loader *loader) {
    const struct raw_alerts *raw = loader->raw->alerts;
    if (raw == NULL) {
        return;
    }
    loader_warning(loader, PLACE_KEY(NULL, "alerts"),
                   "alerts: is kept, but this version sends nothing: nobody is woken by it");
    const struct {
        const char *key;
        const struct raw_alert *alert;
    } channels[PIPELINE_CHANNEL_COUNT] = {
        [PIPELINE_CHANNEL_SLACK] = {"slack", raw->slack},
        [PIPELINE_CHANNEL_NTFY] = {"ntfy", raw->ntfy},
        [PIPELINE_CHANNEL_WEBHOOK] = {"webhook", raw->webhook},
        [PIPELINE_CHANNEL_HEARTBEAT] = {"heartbeat", raw->heartbeat},
    };
    for (size_t i = 0; i < PIPELINE_CHANNEL_COUNT; i++) {
        const struct raw_alert *alert = channels[i].alert;
        if (alert == NULL) {
            continue;
        }
        const struct place *at = PLACE_KEY(PLACE_KEY(NULL, "alerts"), channels[i].key);
        struct pipeline_alert *made = &loader->pipeline->alerts[i];
        made->url_file = secret_file(loader, PLACE_KEY(at, "url_file"), alert->url_file);
        made->token_file = secret_file(loader, PLACE_KEY(at, "token_file"), alert->token_file);
        made->every_ms = i == PIPELINE_CHANNEL_HEARTBEAT ? 300000 : 0;
        loader_duration(loader, PLACE_KEY(at, "every"), alert->every, &made->every_ms);
    }
}
