/* What a launch would stand on, besides the gates: the session, and the code. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "situation/situation.h"
#include "state/state_told.h"
#include "tests/support/scene.h"

static struct scene scene;

static void open_scene(void) {
    (void)setenv("TZ", "UTC", 1);
    scene_open(&scene, NULL);
    scene_lead(&scene);
}

static void close_scene(void) {
    scene_close(&scene);
}

TestSuite(preflight, .init = open_scene, .fini = close_scene);

static char *describe(const char *told, int64_t at) {
    struct error error;
    struct text_buffer text = {0};
    cr_assert(setenv("PHASEGATE_TEST", "1", 1) == 0);
    cr_assert(setenv("PHASEGATE_TEST_ROOT", "/nonexistent", 1) == 0);
    if (told != NULL) {
        cr_assert(state_told_put(scene.state, scene.term, SITUATION_TOLD_CODE, told, at, &error),
                  "%s", error.text);
    }
    struct situation *situation = situation_load(scene.pipeline, scene.state, SCENE_NOW, &error);
    cr_assert_not_null(situation, "%s", error.text);
    situation_preflight_describe(&situation->preflight, "- ", &text);
    situation_free(situation);
    return text_buffer_take(&text);
}

Test(preflight, tells_the_session_and_each_directory_of_code)
{
    char *text = describe("{\"directories\":["
                          "{\"directory\":\"/srv/a\",\"commit\":\"1a2b3c4d5e\",\"changed\":0},"
                          "{\"directory\":\"/srv/b\",\"commit\":\"1a2b3c4d5e\",\"changed\":3},"
                          "{\"directory\":\"/srv/c\",\"commit\":\"1a2b3c4d5e\",\"changed\":-1},"
                          "{\"directory\":\"/srv/d\",\"commit\":null,\"changed\":-1}]}",
                          SCENE_NOW - 60000);
    cr_assert_str_eq(text,
                     "- [x] session: runs survive logout\n"
                     "- [x] code: 1a2b3c4, nothing changed (/srv/a)\n"
                     "- [ ] code: 1a2b3c4, 3 files changed (/srv/b)\n"
                     "- [?] code: 1a2b3c4, whether files changed is not known (/srv/c)\n"
                     "- [?] code: not known: no git repository, or git does not answer (/srv/d)\n");
    free(text);
}

Test(preflight, believes_no_old_word_no_word_of_the_far_future_and_no_nonsense)
{
    static const char one[] =
        "{\"directories\":[{\"directory\":\"/srv/a\",\"commit\":\"1a2b3c4d5e\",\"changed\":0}]}";
    static const struct {
        const char *told;
        int64_t at;
    } table[] = {{one, SCENE_NOW - 11 * 60000},
                 {one, SCENE_NOW + 11 * 60000},
                 {"{\"directories\":7}", SCENE_NOW},
                 {NULL, 0}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char *text = describe(table[i].told, table[i].at);
        cr_assert_str_eq(text, "- [x] session: runs survive logout\n");
        free(text);
    }
}
