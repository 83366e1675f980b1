#include "base/environment.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* The one value of a variable in an environment; NULL when it has none. */
static const char *value_of(char *const *environment, const char *name) {
    const char *value = NULL;
    for (size_t i = 0; environment[i] != NULL; i++) {
        if (strncmp(environment[i], name, strlen(name)) == 0 &&
            environment[i][strlen(name)] == '=') {
            cr_assert_null(value, "%s stands twice", name);
            value = environment[i] + strlen(name) + 1;
        }
    }
    return value;
}

Test(environment, what_is_set_for_ourselves_reaches_no_command)
{
    cr_assert_eq(setenv("MINE", "theirs", 1), 0);
    cr_assert_eq(unsetenv("NEW"), 0);
    cr_assert(environment_set_own("MINE", "ours"));
    cr_assert(environment_set_own("MINE", "ours again"));
    cr_assert(environment_set_own("NEW", "ours"));
    cr_assert_str_eq(getenv("MINE"), "ours again");
    char **environment = environment_of_caller();
    cr_assert_str_eq(value_of(environment, "MINE"), "theirs");
    cr_assert_null(value_of(environment, "NEW"));
    free(environment);
}

Test(environment, the_zone_of_the_pipeline_is_ours_alone)
{
    struct error error = {0};
    cr_assert_eq(setenv("TZ", "America/New_York", 1), 0);
    cr_assert(clock_setup("Asia/Tokyo", &error), "%s", error.text);
    char **environment = environment_of_caller();
    cr_assert_str_eq(value_of(environment, "TZ"), "America/New_York");
    cr_assert_str_eq(getenv("TZ"), "Asia/Tokyo");
    free(environment);
}

Test(environment, who_had_no_zone_gets_none)
{
    struct error error = {0};
    cr_assert_eq(unsetenv("TZ"), 0);
    cr_assert(clock_setup("Asia/Tokyo", &error), "%s", error.text);
    char **environment = environment_of_caller();
    cr_assert_null(value_of(environment, "TZ"));
    free(environment);
}

Test(environment, what_is_set_for_all_that_is_started_reaches_it)
{
    cr_assert_eq(setenv("FOR_ALL", "yes", 1), 0);
    char **environment = environment_of_caller();
    cr_assert_str_eq(value_of(environment, "FOR_ALL"), "yes");
    free(environment);
}
