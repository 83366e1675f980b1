/* phasegate share: lets another account of the same group watch, or act. */
#include <grp.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/print.h"
#include "base/share.h"
#include "cli/operate.h"
#include "cli/verbs.h"
#include "state/state_copy.h"
#include "state/state_journal.h"

static const char *const reaches[] = {
    [SHARE_NONE] = "none",
    [SHARE_WATCH] = "watch",
    [SHARE_ACT] = "act",
};

enum { REACHES = sizeof reaches / sizeof *reaches };

/* The wanted reach; REACHES when none is named. */
static bool pick(const struct cli *cli, size_t *wanted, struct error *error) {
    *wanted = REACHES;
    for (size_t i = 0; i < REACHES; i++) {
        if (cli_value(cli, reaches[i]) != NULL) {
            if (*wanted != REACHES) {
                return error_set(error, EXIT_USAGE, "only one of --watch, --act and --none");
            }
            *wanted = i;
        }
    }
    return *wanted != REACHES || cli_value(cli, "group") == NULL ||
           error_set(error, EXIT_USAGE, "--group goes with --watch or --act");
}

static bool find_group(const char *name, gid_t *group, struct error *error) {
    *group = (gid_t)-1;
    if (name == NULL) {
        return true;
    }
    char room[16384];
    struct group entry;
    struct group *found = NULL;
    char *end;
    long number = strtol(name, &end, 10);
    if (getgrnam_r(name, &entry, room, sizeof room, &found) == 0 && found != NULL) {
        *group = found->gr_gid;
    } else if (*end == '\0' && end != name && number >= 0 && number < INT32_MAX) {
        *group = (gid_t)number;
    } else {
        return error_set(error, EXIT_USAGE, "there is no group \"%s\"; `id` lists yours", name);
    }
    return true;
}

/* The name of a directory's group; the caller frees it. */
static char *group_of(const char *directory) {
    struct stat status;
    char room[16384];
    struct group entry;
    struct group *found = NULL;
    gid_t group = stat(directory, &status) == 0 ? status.st_gid : 0;
    return getgrgid_r(group, &entry, room, sizeof room, &found) == 0 && found != NULL
               ? memory_copy_string(found->gr_name)
               : memory_format("%ld", (long)group);
}

static void report(struct cli *cli, const char *directory) {
    enum share_reach reach = share_of(directory);
    char *group = group_of(directory);
    char *closed = reach != SHARE_NONE ? share_closed_parent(directory) : NULL;
    (void)print(cli->out, "%s is for its owner", directory);
    if (reach == SHARE_NONE) {
        (void)print(cli->out, " only");
    } else {
        (void)print(cli->out, "; the group %s may %s", group,
                    reach == SHARE_ACT ? "watch and act" : "watch");
    }
    (void)print(cli->out, ".\n");
    if (closed != NULL) {
        (void)print(cli->out,
                    "But %s is closed to the group: open it (chmod g+x or o+x), or keep the state "
                    "in a shared place named by PHASEGATE_STATE.\n",
                    closed);
    }
    free(closed);
    free(group);
}

static bool change(struct cli *cli, const char *directory, size_t wanted, struct error *error) {
    struct share_change change = {.reach = (enum share_reach)wanted};
    if (!find_group(cli_value(cli, "group"), &change.group, error) ||
        !share_change(directory, &change, error)) {
        return false;
    }
    char *owner = operate_owner();
    char *group = group_of(directory);
    char *text = wanted == SHARE_NONE
                     ? memory_copy_string("shared with nobody")
                     : memory_format("shared with the group %s, to %s", group, reaches[wanted]);
    struct state_actor actor = {.name = owner};
    bool good = state_journal_append(cli->state, &actor, clock_wall_ms(clock_system()),
                                     STATE_EVENT_SHARE, NULL, text, NULL, error) &&
                state_copy_publish(cli->state, error);
    if (good && change.left > 0) {
        (void)print(cli->out,
                    "%zu files and directories belong to other accounts and stay as they are.\n",
                    change.left);
    }
    free(text);
    free(group);
    free(owner);
    return good;
}

static int share(struct cli *cli) {
    struct error error = {0};
    size_t wanted;
    if (!pick(cli, &wanted, &error) || !cli_attach_state(cli, &error)) {
        return cli_fail(cli, &error);
    }
    const char *directory = state_directory(cli->state);
    if (wanted != REACHES && !change(cli, directory, wanted, &error)) {
        return cli_fail(cli, &error);
    }
    report(cli, directory);
    return EXIT_GO;
}

const struct cli_verb cli_verb_share = {
    .name = "share",
    .arguments = "",
    .summary = "let a group watch the state, or act in it; says how it is shared",
    .about =
        "Sets group and modes of the state directory; what is made there later follows them. Who "
        "watches reads\n"
        "everything but the runs' environments and changes nothing. Who acts can launch, stop and "
        "approve, also what\n"
        "your agent then starts under your account: let act whom you would let run the pipeline "
        "file's commands.",
    .options = {{"group", "GROUP", "a group you are in; without it the directory's own"},
                {"watch", NULL, "its members may read"},
                {"act", NULL, "its members may read and act"},
                {"none", NULL, "nobody but the owner (as it is at first)"}},
    .run = share,
};
