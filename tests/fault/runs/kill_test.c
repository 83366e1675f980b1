/* SIGKILL at random microseconds, to whatever part of a run is there: launcher, shim, witness,
 * command, agent. PHASEGATE_TRIALS and PHASEGATE_SEED ask for more trials, or for others. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "kin.h"
#include "trial.h"

enum { WORKERS = 8, SEED = 20261121 };

static uint64_t number_from(const char *variable, uint64_t otherwise) {
    const char *text = getenv(variable);
    return text == NULL || text[0] == '\0' ? otherwise : strtoull(text, NULL, 10);
}

/* In memory where that is possible: what is tried is not the disk. */
static char *make_place(void) {
    char *place = memory_copy_string("/dev/shm/phasegate-kill-XXXXXX");
    if (mkdtemp(place) == NULL) {
        free(place);
        place = memory_copy_string("/tmp/phasegate-kill-XXXXXX");
        cr_assert(mkdtemp(place) != NULL);
    }
    return place;
}

static void add(struct trial_sums *to, const struct trial_sums *from) {
    to->trials += from->trials;
    to->kills += from->kills;
    to->runs += from->runs;
    to->ok += from->ok;
    to->failed += from->failed;
    to->stopped += from->stopped;
    to->unstarted += from->unstarted;
    to->lost += from->lost;
    to->replayed += from->replayed;
}

static struct trial_sums run_trials(size_t count, bool faults) {
    struct error error;
    struct trial_sums sums = {0};
    uint64_t seed = number_from("PHASEGATE_SEED", SEED);
    char *place = make_place();
    pid_t workers[WORKERS];
    struct trial_sums *shared = mmap(NULL, WORKERS * sizeof *shared, PROT_READ | PROT_WRITE,
                                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert(shared != MAP_FAILED);
    cr_assert(setenv("PHASEGATE_SHIM", PHASEGATE_BINARY_DIR "/phasegate-shim", 1) == 0);
    cr_assert(setenv("PHASEGATE_TEST", "1", 1) == 0);
    /* Its search for leaks is a process that can be killed too, and then it waits for ever. */
    cr_assert(setenv("ASAN_OPTIONS", "abort_on_error=1:detect_leaks=0", 1) == 0);
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    int64_t began = clock_boot_ns(clock_system());
    for (size_t i = 0; i < WORKERS; i++) {
        workers[i] = fork();
        if (workers[i] == 0) {
            char *directory = memory_format("%s/%zu", place, i);
            bool good = trial_run_all(directory, seed, i, WORKERS, count, faults, &shared[i]);
            _exit(good ? 0 : 1);
        }
    }
    int status;
    bool good = true;
    for (size_t i = 0; i < WORKERS; i++) {
        cr_assert(waitpid(workers[i], &status, 0) == workers[i]);
        good = good && status == 0;
    }
    kin_kill_all();
    for (size_t i = 0; i < WORKERS; i++) {
        add(&sums, &shared[i]);
    }
    (void)munmap(shared, WORKERS * sizeof *shared);
    (void)fprintf(stderr,
                  "seed %llu: %lld trials, %lld kills, %lld runs in %lld s: %lld ok, %lld failed, "
                  "%lld stopped, %lld not started, %lld lost; %lld replayed\n",
                  (unsigned long long)seed, (long long)sums.trials, (long long)sums.kills,
                  (long long)sums.runs,
                  (long long)((clock_boot_ns(clock_system()) - began) / 1000000000),
                  (long long)sums.ok, (long long)sums.failed, (long long)sums.stopped,
                  (long long)sums.unstarted, (long long)sums.lost, (long long)sums.replayed);
    cr_assert(good, "a trial broke a rule; %s is left", place);
    cr_assert(file_remove_tree(place, &error), "%s", error.text);
    free(place);
    return sums;
}

Test(kill, at_random_moments_breaks_no_rule, .timeout = 1200)
{
    size_t count = (size_t)number_from("PHASEGATE_TRIALS", 200);
    struct trial_sums sums = run_trials(count, false);
    cr_assert(sums.trials == (int64_t)count);
    cr_assert(sums.kills > 0 && sums.ok > 0 && sums.failed > 0 && sums.replayed > 0);
}

Test(kill, at_every_point_and_once_more_at_random_breaks_no_rule, .timeout = 1200)
{
    size_t count = (size_t)number_from("PHASEGATE_TRIALS", 60);
    struct trial_sums sums = run_trials(count, true);
    cr_assert(sums.trials == (int64_t)count);
    cr_assert(sums.unstarted > 0 && sums.replayed > 0);
}
