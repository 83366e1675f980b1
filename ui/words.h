/* Words and marks that all views share: verdicts, percentages, ages, times, ranges, thresholds. */
#ifndef PHASEGATE_UI_WORDS_H
#define PHASEGATE_UI_WORDS_H

#include "situation/situation.h"
#include "ui/theme.h"

enum { WORDS_SIZE = 128 };

enum theme_style words_verdict_style(enum gates_verdict verdict);
const char *words_verdict_mark(enum gates_verdict verdict); /* "■", "●", "▲", "?" */

enum theme_style words_run_style(const struct situation_run *run);
const char *words_run_mark(const struct situation_run *run);
const char *words_run_state(const struct situation_run *run); /* "failed", "stalled", "running" … */

/* What the log of a run tells that has told nothing of its dates: "log not understood", "no output
 * yet"; `out` is WORDS_SIZE. */
char *words_log(const struct situation_run *run, char *out);

/* "91.5 %", or "?" when not known; `out` is WORDS_SIZE. */
char *words_percent(int tenths, char *out);

/* "06:42:17", "01-05 06:42" in the pipeline's time zone, which the first line names; "" for 0. */
char *words_clock(int64_t wall_ms, char *out);
char *words_moment(int64_t wall_ms, char *out);

/* "2021-10-19 → 2026-01-03", "2021-10-19" for one day. */
char *words_range(struct day_range range, char *out);

/* "06:42", with its date when that is not the day of `now`; "" for 0. */
char *words_time(int64_t now, int64_t wall_ms, char *out);

/* The same within a pipeline: a season's name, "all seasons", or the dates. */
char *words_seasons(const struct pipeline *pipeline, struct day_range whole, struct day_range range,
                    char *out);

/* "14 s ago", "never". */
char *words_age(int64_t now, int64_t at, char *out);

/* "14s", "10m", "2h", "4d": an age where there is no room. */
char *words_short_span(int64_t ms, char *out);

/* "0.03 GiB". */
char *words_bytes(int64_t bytes, char *out);

/* The minimum that gates ask of a table's coverage (hundredths of a percent, the highest), or
 * PERCENT_NO_THRESHOLD. */
int words_threshold(const struct pipeline *pipeline, size_t table);

/* The table's coverage in a situation, or NULL when nothing was read yet. */
const struct coverage_table *words_coverage(const struct situation *situation, size_t table);

/* The names of tables joined by `between`. */
char *words_tables(const struct pipeline *pipeline, const struct pipeline_indices *tables,
                   const char *between, char *out);

/* "upcoming_team_game_context" as "UTGC". */
char *words_initials(const char *name, char *out);

/* "armed until 06:00, GO 1 of 2", "starts in 42 s, m says no", or why it was disarmed; "" for a
 * group that is not armed. */
enum theme_style words_arm(const struct situation_group *group, int64_t now, char *out);

/* The group that will start next by itself, or PIPELINE_NONE when no countdown runs. */
size_t words_countdown(const struct situation *situation);

/* "1 date", "72 dates". */
char *words_dates(size_t count, char *out);

#endif
