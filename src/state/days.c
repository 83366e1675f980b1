#include "state/days.h"

#include <stdlib.h>

char *days_to_text(const struct dayset *set) {
    struct text_buffer buffer = {0};
    size_t count;
    struct day_range *ranges = dayset_ranges(set, NULL, &count);
    for (size_t i = 0; i < count; i++) {
        char from[DAY_TEXT_SIZE];
        char to[DAY_TEXT_SIZE];
        text_buffer_add(&buffer, i > 0 ? "," : "");
        text_buffer_add(&buffer, day_format(ranges[i].from, from));
        if (ranges[i].to != ranges[i].from) {
            text_buffer_format(&buffer, "..%s", day_format(ranges[i].to, to));
        }
    }
    free(ranges);
    return text_buffer_take(&buffer);
}

static bool parse_range(struct text text, struct day_range *range) {
    enum { DAY_SIZE = DAY_TEXT_SIZE - 1 };
    if (text.size == DAY_SIZE) {
        bool done = day_parse(text, &range->from);
        range->to = range->from;
        return done;
    }
    return text.size == (size_t)2 * DAY_SIZE + 2 && text.data[DAY_SIZE] == '.' &&
           text.data[DAY_SIZE + 1] == '.' &&
           day_parse((struct text){text.data, DAY_SIZE}, &range->from) &&
           day_parse((struct text){text.data + DAY_SIZE + 2, DAY_SIZE}, &range->to) &&
           range->from <= range->to;
}

bool days_from_text(struct text text, struct dayset *set) {
    struct day_range whole = {0, -1};
    for (struct text rest = text; rest.size > 0;) {
        struct day_range range;
        if (!parse_range(text_cut(&rest, ','), &range)) {
            return false;
        }
        bool first = whole.from > whole.to;
        whole.from = first || range.from < whole.from ? range.from : whole.from;
        whole.to = first || range.to > whole.to ? range.to : whole.to;
    }
    *set = dayset_new(whole);
    for (struct text rest = text; rest.size > 0;) {
        struct day_range range;
        if (parse_range(text_cut(&rest, ','), &range)) {
            dayset_add_range(set, range);
        }
    }
    return true;
}
