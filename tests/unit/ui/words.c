/* Words of the console: what does not fit its room says so. */
#include <criterion/criterion.h>
#include <string.h>

#include "pipeline/pipeline.h"
#include "ui/words.h"

enum { MANY = 60 };

Test(words, of_more_tables_than_fit_end_in_an_ellipsis)
{
    char name[] = "a_table_whose_name_takes_room";
    struct pipeline_table tables[MANY] = {0};
    size_t places[MANY];
    for (size_t i = 0; i < MANY; i++) {
        tables[i].name = name;
        places[i] = i;
    }
    const struct pipeline pipeline = {.tables = tables, .table_count = MANY};
    struct pipeline_indices all = {.items = places, .count = MANY};
    char out[WORDS_SIZE];
    (void)words_tables(&pipeline, &all, ", ", out);
    cr_expect_str_eq(out + strlen(out) - strlen("…"), "…", "%s", out);
    all.count = 2;
    cr_expect_str_eq(words_tables(&pipeline, &all, ", ", out),
                     "a_table_whose_name_takes_room, a_table_whose_name_takes_room");
    all.count = 0;
    cr_expect_str_eq(words_tables(&pipeline, &all, ", ", out), "");
}
