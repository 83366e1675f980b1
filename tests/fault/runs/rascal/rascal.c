/* A command that does not want to end: rascal KIND. Says "up" when it is as bad as it gets.
 *
 *   bomb       forks without a pause, in groups and sessions of its own, until 250 live at a time
 *              or 4,000 were made; every survivor makes up for what was killed
 *   deserter   two forks and setsid, and its parents leave
 *   group      moves itself into another process group
 *   vfork      waits in vfork for a child that never comes back
 *   frozen     stops itself, and its child
 *   deaf       ignores every signal that can be ignored
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { AT_A_TIME = 250, IN_ALL = 4000 };

struct counts {
    atomic_int alive, made;
};

static void say_up(void) {
    (void)!write(STDOUT_FILENO, "up\n", 3);
}

static void ignore_all(void) {
    for (int number = 1; number < NSIG; number++) {
        (void)signal(number, number == SIGCHLD ? SIG_DFL : SIG_IGN);
    }
}

static void wait_for_ever(void) {
    for (;;) {
        (void)pause();
    }
}

static void breathe(void) {
    struct timespec moment = {.tv_nsec = 1000000};
    (void)nanosleep(&moment, NULL);
}

static void explode(struct counts *counts) {
    unsigned turn = (unsigned)getpid();
    for (;;) {
        while (waitpid(-1, NULL, WNOHANG) > 0) {
            (void)atomic_fetch_sub(&counts->alive, 1);
        }
        if (atomic_load(&counts->alive) >= AT_A_TIME || atomic_load(&counts->made) >= IN_ALL) {
            breathe();
            continue;
        }
        (void)atomic_fetch_add(&counts->alive, 1);
        (void)atomic_fetch_add(&counts->made, 1);
        pid_t pid = fork();
        if (pid == 0) {
            turn = (unsigned)getpid();
            if (turn % 3 == 0) {
                (void)setsid();
            } else if (turn % 3 == 1) {
                (void)setpgid(0, 0);
            }
        } else if (pid < 0) {
            (void)atomic_fetch_sub(&counts->alive, 1);
        }
        if (atomic_load(&counts->alive) == AT_A_TIME) {
            say_up();
        }
    }
}

static void be_bomb(void) {
    struct counts *counts =
        mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (counts != MAP_FAILED) {
        ignore_all();
        atomic_store(&counts->alive, 1);
        explode(counts);
    }
}

static void be_deserter(void) {
    ignore_all();
    if (fork() == 0) {
        (void)setsid();
        if (fork() == 0) {
            say_up();
            wait_for_ever();
        }
        _exit(0);
    }
    /* The leader stays until it is stopped: what left it is found all the same. */
    (void)signal(SIGTERM, SIG_DFL);
    wait_for_ever();
}

static void be_in_another_group(void) {
    ignore_all();
    if (fork() == 0) {
        (void)setpgid(0, 0);
        say_up();
        wait_for_ever();
    }
    wait_for_ever();
}

static void be_in_vfork(void) {
    ignore_all();
    say_up();
    if (vfork() == 0) {
        for (;;) {
            (void)pause();
        }
    }
}

static void be_frozen(void) {
    pid_t child = fork();
    say_up();
    (void)kill(child == 0 ? getpid() : 0, SIGSTOP);
    wait_for_ever();
}

static void be_deaf(void) {
    ignore_all();
    say_up();
    wait_for_ever();
}

int main(int argc, char **argv) {
    static const struct {
        const char *kind;
        void (*be)(void);
    } table[] = {{"bomb", be_bomb},      {"deserter", be_deserter}, {"group", be_in_another_group},
                 {"vfork", be_in_vfork}, {"frozen", be_frozen},     {"deaf", be_deaf}};
    for (size_t i = 0; argc == 2 && i < sizeof table / sizeof *table; i++) {
        if (strcmp(argv[1], table[i].kind) == 0) {
            table[i].be();
        }
    }
    return 2;
}
