/* The verbs, one file each (cli_VERB.c), in the order `phasegate --help` lists them. */
#ifndef PHASEGATE_CLI_VERBS_H
#define PHASEGATE_CLI_VERBS_H

#include "cli/cli.h"

#define CLI_VERBS(X)                                                                               \
    X(console)                                                                                     \
    X(demo)                                                                                        \
    X(coverage)                                                                                    \
    X(gaps)                                                                                        \
    X(check)                                                                                       \
    X(launch)                                                                                      \
    X(adopt)                                                                                       \
    X(stop)                                                                                        \
    X(retry)                                                                                       \
    X(runs)                                                                                        \
    X(logs)                                                                                        \
    X(journal)                                                                                     \
    X(brief)                                                                                       \
    X(cost)                                                                                        \
    X(hold)                                                                                        \
    X(release)                                                                                     \
    X(override)                                                                                    \
    X(review)                                                                                      \
    X(approve)                                                                                     \
    X(arm)                                                                                         \
    X(disarm)                                                                                      \
    X(waive)                                                                                       \
    X(snapshot)                                                                                    \
    X(auth)                                                                                        \
    X(validate)                                                                                    \
    X(init)                                                                                        \
    X(moved)                                                                                       \
    X(share)                                                                                       \
    X(agent)                                                                                       \
    X(poll)                                                                                        \
    X(processor)

#define X(name) extern const struct cli_verb cli_verb_##name;
CLI_VERBS(X)
#undef X

#endif
