/* What is said of an agent that is there and stores nothing. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "situation/parts.h"

static const int64_t at_0241 = INT64_C(1767580860000); /* 2026-01-05T02:41:00Z */

static void expect(int64_t free_bytes, const char *text) {
    char *said = situation_agent_trouble(at_0241, at_0241, free_bytes, "/srv/state");
    cr_expect_str_eq(said, text);
    free(said);
}

Test(agent_trouble, names_a_full_disk_and_where_to_make_room)
{
    expect(0, "disk full: nothing can be stored since 02:41; free space in /srv/state");
    expect(4096, "disk full: nothing can be stored since 02:41; free space in /srv/state");
}

Test(agent_trouble, does_not_blame_a_disk_that_has_room_or_is_not_known)
{
    const char *other = "the agent is frozen or locked out since 02:41: nothing is stored";
    expect(INT64_C(1) << 30, other);
    expect(-1, other);
}
