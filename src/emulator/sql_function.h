/* The functions of GoogleSQL that are known here, as a table. */
#ifndef PHASEGATE_EMULATOR_SQL_FUNCTION_H
#define PHASEGATE_EMULATOR_SQL_FUNCTION_H

#include "emulator/sql_tree.h"

/* Rows: name, arguments, result, how SQLite spells it.
 *
 * Arguments, one letter each: a anything, o what can be ordered, g what can be grouped, q what can
 * be compared, s STRING, y STRING or BYTES as the other y's, i INT64, n a number, b BOOL, d DATE, e
 * DATETIME, t TIMESTAMP, m any of these three, M these and TIME, l ARRAY, p a part of a date, v an
 * INTERVAL, z a time zone, h INT64 or FLOAT64, k a decimal (numbers become one with the other k's),
 * c one common type with the other c's (O: that can be ordered, Q: compared), * any number more of
 * the last. Result: such a letter, f FLOAT64, u TIME, 1 the type of the first argument, c the
 * common type, S what SUM gives, N the number's own type but FLOAT64 for INT64, L an array of the
 * first, D an array of DATE, I of INT64, X what EXTRACT gives. Spelling: %1 … %4 an argument, %*
 * all with commas, %| all joined by ||, %T1 the number of the argument's type, %K1 its letter (i
 * INT64, f FLOAT64, d NUMERIC, b BIGNUMERIC), %C the order of the first argument's type, %D
 * DISTINCT where asked for, @d @e @t @u the current date, datetime, timestamp, time, @T the number
 * of TIMESTAMP. NULL: BigQuery has the form, this server has not. */
#define SQL_AGGREGATES(X)                                                                          \
    X("COUNT", "a", 'i', "count(%D%*)")                                                            \
    X("COUNTIF", "b", 'i', "count(CASE WHEN %1 THEN 1 END)")                                       \
    X("APPROX_COUNT_DISTINCT", "g", 'i', "count(DISTINCT %1)")                                     \
    X("SUM", "n", 'S', "bq_sum_%K1(%D%1)")                                                         \
    X("AVG", "n", 'N', "bq_avg_%K1(%D%1)")                                                         \
    X("MIN", "o", '1', "min(%1%C)")                                                                \
    X("MAX", "o", '1', "max(%1%C)")                                                                \
    X("ANY_VALUE", "a", '1', "max(%1)")                                                            \
    X("LOGICAL_AND", "b", 'b', "min(%1)")                                                          \
    X("LOGICAL_OR", "b", 'b', "max(%1)")                                                           \
    X("STRING_AGG", "s", 's', "group_concat(%D%1)")                                                \
    X("STRING_AGG", "ss", 's', "group_concat(%1, %2)")                                             \
    X("ARRAY_AGG", "a", 'L', "json_group_array(%D%1)")

#define SQL_WINDOWS(X)                                                                             \
    X("ROW_NUMBER", "", 'i', "row_number()")                                                       \
    X("RANK", "", 'i', "rank()")                                                                   \
    X("DENSE_RANK", "", 'i', "dense_rank()")                                                       \
    X("PERCENT_RANK", "", 'f', "percent_rank()")                                                   \
    X("CUME_DIST", "", 'f', "cume_dist()")                                                         \
    X("NTILE", "i", 'i', "ntile(%1)")                                                              \
    X("LAG", "a", '1', "lag(%1)")                                                                  \
    X("LAG", "ai", '1', "lag(%1, %2)")                                                             \
    X("LAG", "cic", 'c', "lag(%1, %2, %3)")                                                        \
    X("LEAD", "a", '1', "lead(%1)")                                                                \
    X("LEAD", "ai", '1', "lead(%1, %2)")                                                           \
    X("LEAD", "cic", 'c', "lead(%1, %2, %3)")                                                      \
    X("FIRST_VALUE", "a", '1', "first_value(%1)")                                                  \
    X("LAST_VALUE", "a", '1', "last_value(%1)")                                                    \
    X("NTH_VALUE", "ai", '1', "nth_value(%1, %2)")

#define SQL_SCALARS(X)                                                                             \
    X("IF", "bcc", 'c', "iif(%1, %2, %3)")                                                         \
    X("COALESCE", "c*", 'c', "coalesce(%*, NULL)")                                                 \
    X("IFNULL", "cc", 'c', "ifnull(%1, %2)")                                                       \
    X("NULLIF", "QQ", 'c', "nullif(%1, %2)")                                                       \
    X("GREATEST", "O*", 'c', "max(%1%C, %*)")                                                      \
    X("LEAST", "O*", 'c', "min(%1%C, %*)")                                                         \
    X("SAFE_DIVIDE", "hh", 'f', "bq_safe_divide(%1, %2)")                                          \
    X("SAFE_DIVIDE", "kk", 'c', "bq_safe_decimal(%TR, %1, %2)")                                    \
    X("IEEE_DIVIDE", "ff", 'f', "bq_ieee_divide(%1, %2)")                                          \
    X("ABS", "n", '1', "bq_abs_%K1(%1)")                                                           \
    X("SIGN", "n", '1', "bq_sign_%K1(%1)")                                                         \
    X("MOD", "ii", 'i', "bq_mod(%1, %2)")                                                          \
    X("MOD", "kk", 'c', "bq_mod_d(%TR, %1, %2)")                                                   \
    X("DIV", "ii", 'i', "bq_div(%1, %2)")                                                          \
    X("DIV", "kk", 'c', "bq_div_d(%TR, %1, %2)")                                                   \
    X("ROUND", "h", 'f', "bq_round_f(%1, 0, 0)")                                                   \
    X("ROUND", "hi", 'f', "bq_round_f(%1, %2, 0)")                                                 \
    X("ROUND", "k", '1', "bq_round_d(%TR, %1, 0, 0)")                                              \
    X("ROUND", "ki", '1', "bq_round_d(%TR, %1, %2, 0)")                                            \
    X("ROUND", "kis", '1', NULL)                                                                   \
    X("TRUNC", "h", 'f', "bq_round_f(%1, 0, 1)")                                                   \
    X("TRUNC", "hi", 'f', "bq_round_f(%1, %2, 1)")                                                 \
    X("TRUNC", "k", '1', "bq_round_d(%TR, %1, 0, 1)")                                              \
    X("TRUNC", "ki", '1', "bq_round_d(%TR, %1, %2, 1)")                                            \
    X("FLOOR", "h", 'f', "bq_round_f(%1, 0, 2)")                                                   \
    X("FLOOR", "k", '1', "bq_round_d(%TR, %1, 0, 2)")                                              \
    X("CEIL", "h", 'f', "bq_round_f(%1, 0, 3)")                                                    \
    X("CEIL", "k", '1', "bq_round_d(%TR, %1, 0, 3)")                                               \
    X("CEILING", "h", 'f', "bq_round_f(%1, 0, 3)")                                                 \
    X("CEILING", "k", '1', "bq_round_d(%TR, %1, 0, 3)")                                            \
    X("SQRT", "h", 'f', "bq_math('SQRT', %1)")                                                     \
    X("POW", "hh", 'f', "bq_math('POW', %1, %2)")                                                  \
    X("POWER", "hh", 'f', "bq_math('POW', %1, %2)")                                                \
    X("EXP", "h", 'f', "bq_math('EXP', %1)")                                                       \
    X("LN", "h", 'f', "bq_math('LN', %1)")                                                         \
    X("LOG", "h", 'f', "bq_math('LN', %1)")                                                        \
    X("LOG", "hh", 'f', "bq_math('LOG', %1, %2)")                                                  \
    X("LOG10", "h", 'f', "bq_math('LOG10', %1)")                                                   \
    X("LOWER", "s", 's', "bq_fold(%1, 0)")                                                         \
    X("UPPER", "s", 's', "bq_fold(%1, 1)")                                                         \
    X("LENGTH", "y", 'i', "length(%1)")                                                            \
    X("CHAR_LENGTH", "s", 'i', "length(%1)")                                                       \
    X("BYTE_LENGTH", "y", 'i', "length(CAST(%1 AS BLOB))")                                         \
    X("CONCAT", "y*", 'c', "(%|)")                                                                 \
    X("SUBSTR", "yi", 'c', "bq_substr(%1, %2)")                                                    \
    X("SUBSTR", "yii", 'c', "bq_substr(%1, %2, %3)")                                               \
    X("SUBSTRING", "yi", 'c', "bq_substr(%1, %2)")                                                 \
    X("SUBSTRING", "yii", 'c', "bq_substr(%1, %2, %3)")                                            \
    X("LEFT", "yi", 'c', "bq_side(%1, %2, 0)")                                                     \
    X("RIGHT", "yi", 'c', "bq_side(%1, %2, 1)")                                                    \
    X("REPLACE", "sss", 's', "replace(%1, %2, %3)")                                                \
    X("TRIM", "s", 's', "bq_trim(%1, 3)")                                                          \
    X("TRIM", "ss", 's', "trim(%1, %2)")                                                           \
    X("LTRIM", "s", 's', "bq_trim(%1, 1)")                                                         \
    X("LTRIM", "ss", 's', "ltrim(%1, %2)")                                                         \
    X("RTRIM", "s", 's', "bq_trim(%1, 2)")                                                         \
    X("RTRIM", "ss", 's', "rtrim(%1, %2)")                                                         \
    X("STARTS_WITH", "ss", 'b', "(substr(%1, 1, length(%2)) = %2)")                                \
    X("ENDS_WITH", "ss", 'b', "(%2 = '' OR substr(%1, -length(%2)) = %2)")                         \
    X("STRPOS", "ss", 'i', "instr(%1, %2)")                                                        \
    X("INSTR", "ss", 'i', "instr(%1, %2)")                                                         \
    X("INSTR", "ssi", 'i', "bq_instr(%1, %2, %3, 1)")                                              \
    X("INSTR", "ssii", 'i', "bq_instr(%1, %2, %3, %4)")                                            \
    X("CONTAINS_SUBSTR", "ss", 'b', "(instr(bq_fold(%1, 0), bq_fold(%2, 0)) > 0)")                 \
    X("ARRAY_LENGTH", "l", 'i', "json_array_length(%1)")                                           \
    X("GENERATE_ARRAY", "ii", 'I', "bq_numbers(%1, %2, 1)")                                        \
    X("GENERATE_ARRAY", "iii", 'I', "bq_numbers(%1, %2, %3)")                                      \
    X("GENERATE_ARRAY", "nn", 'L', NULL)                                                           \
    X("GENERATE_ARRAY", "nnn", 'L', NULL)                                                          \
    X("CURRENT_DATE", "", 'd', "@d")                                                               \
    X("CURRENT_DATE", "z", 'd', "bq_cast(bq_local(@t, %1), @T, %TR, 0)")                           \
    X("CURRENT_DATETIME", "", 'e', "@e")                                                           \
    X("CURRENT_DATETIME", "z", 'e', "bq_cast(bq_local(@t, %1), @T, %TR, 0)")                       \
    X("CURRENT_TIMESTAMP", "", 't', "@t")                                                          \
    X("CURRENT_TIME", "", 'u', "@u")                                                               \
    X("CURRENT_TIME", "z", 'u', "bq_cast(bq_local(@t, %1), @T, %TR, 0)")                           \
    X("DATE", "m", 'd', "bq_cast(%1, %T1, %TR, 0)")                                                \
    X("DATE", "s", 'd', "bq_cast(%1, %T1, %TR, 0)")                                                \
    X("DATE", "iii", 'd', "bq_date(%1, %2, %3)")                                                   \
    X("DATE", "tz", 'd', "bq_cast(bq_local(%1, %2), %T1, %TR, 0)")                                 \
    X("DATETIME", "m", 'e', "bq_cast(%1, %T1, %TR, 0)")                                            \
    X("DATETIME", "s", 'e', "bq_cast(%1, %T1, %TR, 0)")                                            \
    X("DATETIME", "tz", 'e', "bq_cast(bq_local(%1, %2), %T1, %TR, 0)")                             \
    X("DATETIME", "iiiiii", 'e', NULL)                                                             \
    X("DATETIME", "du", 'e', NULL)                                                                 \
    X("TIME", "iii", 'u', NULL)                                                                    \
    X("TIME", "t", 'u', "bq_cast(%1, %T1, %TR, 0)")                                                \
    X("TIME", "e", 'u', "bq_cast(%1, %T1, %TR, 0)")                                                \
    X("TIME", "tz", 'u', "bq_cast(bq_local(%1, %2), %T1, %TR, 0)")                                 \
    X("TIMESTAMP", "m", 't', "bq_cast(%1, %T1, %TR, 0)")                                           \
    X("TIMESTAMP", "s", 't', "bq_cast(%1, %T1, %TR, 0)")                                           \
    X("TIMESTAMP", "sz", 't', "bq_utc(%T1, %1, %2)")                                               \
    X("TIMESTAMP", "dz", 't', "bq_utc(%T1, %1, %2)")                                               \
    X("TIMESTAMP", "ez", 't', "bq_utc(%T1, %1, %2)")                                               \
    X("STRING", "m", 's', "bq_cast(%1, %T1, %TR, 0)")                                              \
    X("STRING", "u", 's', NULL)                                                                    \
    X("STRING", "b", 's', NULL)                                                                    \
    X("STRING", "tz", 's', "bq_show_local(%1, %2)")                                                \
    X("DATE_ADD", "dv", 'd', "bq_add(%T1, %1, %2)")                                                \
    X("DATE_ADD", "mv", '1', "bq_add(%T1, %1, %2)")                                                \
    X("DATE_SUB", "dv", 'd', "bq_sub(%T1, %1, %2)")                                                \
    X("DATE_SUB", "mv", '1', "bq_sub(%T1, %1, %2)")                                                \
    X("DATETIME_ADD", "ev", 'e', "bq_add(%T1, %1, %2)")                                            \
    X("DATETIME_SUB", "ev", 'e', "bq_sub(%T1, %1, %2)")                                            \
    X("TIMESTAMP_ADD", "tv", 't', "bq_add(%T1, %1, %2)")                                           \
    X("TIMESTAMP_SUB", "tv", 't', "bq_sub(%T1, %1, %2)")                                           \
    X("DATE_DIFF", "ddp", 'i', "bq_diff(%T1, %1, %2, %3)")                                         \
    X("DATE_DIFF", "eep", 'i', "bq_diff(%T1, %1, %2, %3)")                                         \
    X("DATE_DIFF", "ttp", 'i', "bq_diff(%T1, %1, %2, %3)")                                         \
    X("DATETIME_DIFF", "eep", 'i', "bq_diff(%T1, %1, %2, %3)")                                     \
    X("TIMESTAMP_DIFF", "ttp", 'i', "bq_diff(%T1, %1, %2, %3)")                                    \
    X("DATE_TRUNC", "dp", 'd', "bq_trunc(%T1, %1, %2)")                                            \
    X("DATE_TRUNC", "mp", '1', "bq_trunc(%T1, %1, %2)")                                            \
    X("DATE_TRUNC", "tpz", 't', "bq_trunc_local(%1, %2, %3)")                                      \
    X("TIMESTAMP_TRUNC", "tp", 't', "bq_trunc(%T1, %1, %2)")                                       \
    X("TIMESTAMP_TRUNC", "tpz", 't', "bq_trunc_local(%1, %2, %3)")                                 \
    X("TIMESTAMP_TRUNC", "ep", 'e', NULL)                                                          \
    X("DATETIME_TRUNC", "ep", 'e', "bq_trunc(%T1, %1, %2)")                                        \
    X("DATETIME_TRUNC", "tp", 't', NULL)                                                           \
    X("DATETIME_TRUNC", "tpz", 't', NULL)                                                          \
    X("LAST_DAY", "d", 'd', "bq_last(%T1, %1, 'MONTH')")                                           \
    X("LAST_DAY", "dp", 'd', "bq_last(%T1, %1, %2)")                                               \
    X("LAST_DAY", "e", 'd', "bq_last(%TR, bq_cast(%1, %T1, %TR, 0), 'MONTH')")                     \
    X("LAST_DAY", "ep", 'd', "bq_last(%TR, bq_cast(%1, %T1, %TR, 0), %2)")                         \
    X("EXTRACT", "pM", 'X', "bq_extract(%T2, %2, %1)")                                             \
    X("EXTRACT", "pv", 'X', NULL)                                                                  \
    X("EXTRACT", "ptz", 'X', "bq_extract(%T2, bq_local(%2, %3), %1)")                              \
    X("FORMAT_DATE", "sd", 's', "bq_format(%T2, %2, %1)")                                          \
    X("FORMAT_DATETIME", "se", 's', "bq_format(%T2, %2, %1)")                                      \
    X("FORMAT_TIMESTAMP", "st", 's', "bq_format(%T2, %2, %1)")                                     \
    X("FORMAT_TIMESTAMP", "stz", 's', "bq_format_local(%2, %1, %3)")                               \
    X("PARSE_DATE", "ss", 'd', "bq_parse(%TR, %1, %2)")                                            \
    X("PARSE_DATETIME", "ss", 'e', "bq_parse(%TR, %1, %2)")                                        \
    X("PARSE_TIMESTAMP", "ss", 't', "bq_parse(%TR, %1, %2)")                                       \
    X("PARSE_TIMESTAMP", "ssz", 't', "bq_utc(%TR, bq_parse(%TR, %1, %2), %3)")                     \
    X("UNIX_DATE", "d", 'i', "bq_diff(%T1, %1, '1970-01-01', 'DAY')")                              \
    X("DATE_FROM_UNIX_DATE", "i", 'd', "bq_add(%TR, '1970-01-01', %1, 'DAY')")                     \
    X("UNIX_SECONDS", "t", 'i', "bq_floor(%1, 1000000)")                                           \
    X("UNIX_MILLIS", "t", 'i', "bq_floor(%1, 1000)")                                               \
    X("UNIX_MICROS", "t", 'i', "(%1)")                                                             \
    X("TIMESTAMP_SECONDS", "i", 't', "bq_stamp(%1, 1000000)")                                      \
    X("TIMESTAMP_MILLIS", "i", 't', "bq_stamp(%1, 1000)")                                          \
    X("TIMESTAMP_MICROS", "i", 't', "bq_stamp(%1, 1)")                                             \
    X("GENERATE_DATE_ARRAY", "dd", 'D', "bq_dates(%1, %2, 1, 'DAY')")                              \
    X("GENERATE_DATE_ARRAY", "ddv", 'D', "bq_dates(%1, %2, %3)")

enum sql_function_kind { FUNCTION_SCALAR, FUNCTION_AGGREGATE, FUNCTION_WINDOW };

struct sql_function {
    const char *name;
    const char *arguments;
    const char *sqlite;
    char result;
    enum sql_function_kind kind;
};

/* The functions of that name stand next to each other: the first of them (NULL: unknown) and their
 * number. */
const struct sql_function *sql_function_find(const char *name, size_t *count);

/* A function that BigQuery has and this server has not. */
bool sql_function_is_foreign(const char *name);

/* The known name nearest to a wrong one, or NULL. */
const char *sql_function_nearest(const char *name);

/* The type a letter of the table stands for; unknown for letters that stand for several. */
struct sql_type sql_function_letter(char letter);

/* Fails where the part of a date that the resolved call names has no meaning for its type. */
bool sql_function_check_part(struct sql_compilation *compilation,
                             const struct sql_expression *call);

/* Fails where a literal format string has an element that is not known here. */
bool sql_function_check_format(struct sql_compilation *compilation,
                               const struct sql_expression *call);

/* Resolves a call's arguments (already resolved one by one, but for parts of dates) against the
 * table, coerces them and gives the call its function and type; false with the error filled. */
bool sql_function_resolve(struct sql_compilation *compilation, struct sql_expression *call);

#endif
