#include <jansson.h>

#include "base/json.h"
#include "situation/launch.h"

char *situation_launch_write(const struct situation_launch *launch) {
    char from[DAY_TEXT_SIZE];
    char to[DAY_TEXT_SIZE];
    json_t *json = json_make("{s:s,s:s,s:b,s:i}", "from", day_format(launch->range.from, from),
                             "to", day_format(launch->range.to, to), "gaps", launch->gaps ? 1 : 0,
                             "workers", launch->workers);
    char *text = json_text(json);
    json_decref(json);
    return text;
}

bool situation_launch_read(const struct pipeline *pipeline, const char *group, const char *json,
                           struct situation_launch *launch, struct error *error) {
    json_t *parsed = json != NULL ? json_loads(json, 0, NULL) : NULL;
    const char *from = "";
    const char *to = "";
    int gaps = 0;
    int workers = 0;
    *launch = (struct situation_launch){.group = pipeline_find_group(pipeline, group),
                                        .processor = PIPELINE_NONE};
    bool good = parsed != NULL && launch->group != PIPELINE_NONE &&
                json_unpack(parsed, "{s:s,s:s,s:b,s:i}", "from", &from, "to", &to, "gaps", &gaps,
                            "workers", &workers) == 0 &&
                day_parse(text_of(from), &launch->range.from) &&
                day_parse(text_of(to), &launch->range.to) && workers >= 0;
    launch->gaps = gaps != 0;
    launch->workers = workers;
    json_decref(parsed);
    return good || error_set(error, EXIT_DATA, "what %s was armed for cannot be read", group);
}
