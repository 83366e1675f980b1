/* What BigQuery refuses before it runs, so that a night that passes here does not fail there. Each
 * line is a statement and how the refusal begins. */
#include <criterion/criterion.h>
#include <string.h>

#include "sql_fixture.h"

static struct sql_fixture *fixture;

static void start(void) {
    fixture = sql_fixture_new();
}

static void stop(void) {
    sql_fixture_free(fixture);
}

TestSuite(sql_refused, .init = start, .fini = stop);

struct refusal {
    const char *statement, *sentence;
};

static void check(const struct refusal *refusals, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const char *given = sql_fixture_run(fixture, refusals[i].statement, NULL);
        const char *wanted = refusals[i].sentence;
        cr_expect(given[0] == '!' && strncmp(given + 1, wanted, strlen(wanted)) == 0,
                  "%s\n  gave     %s\n  expected %s", refusals[i].statement, given, wanted);
    }
}

#define CHECK(...)                                                                                 \
    check((const struct refusal[]){__VA_ARGS__},                                                   \
          sizeof((const struct refusal[]){__VA_ARGS__}) / sizeof(struct refusal))

#define NO_OPERATOR "No matching signature for operator "
#define NO_FUNCTION "No matching signature for function "

Test(sql_refused, comparisons_of_types_that_do_not_meet)
{
    CHECK(
        {"SELECT 1 FROM kinds WHERE ts BETWEEN DATE '2024-01-01' AND DATE '2024-01-10'",
         NO_OPERATOR "BETWEEN for argument types: TIMESTAMP, DATE, DATE. Supported signature: "
                     "(ANY) BETWEEN (ANY) AND (ANY) at [1:30]"},
        {"SELECT 1 FROM kinds WHERE ts >= day",
         NO_OPERATOR ">= for argument types: TIMESTAMP, DATE. Supported signature: ANY >= ANY"},
        {"SELECT 1 FROM kinds WHERE ts = CURRENT_DATE()", NO_OPERATOR "= for argument types: TIME"},
        {"SELECT 1 FROM kinds WHERE dt < ts", NO_OPERATOR "< for argument types: DATETIME, TIMES"},
        {"SELECT 1 FROM kinds WHERE ts = dt", NO_OPERATOR "= for argument types: TIMESTAMP, DATET"},
        {"SELECT 1 FROM kinds WHERE tm = day", NO_OPERATOR "= for argument types: TIME, DATE"},
        {"SELECT 1 FROM kinds WHERE day = 20240101", NO_OPERATOR "= for argument types: DATE, INT"},
        {"SELECT 1 FROM kinds WHERE id = 1", NO_OPERATOR "= for argument types: STRING, INT64"},
        {"SELECT 1 FROM kinds WHERE k = '1'", NO_OPERATOR "= for argument types: INT64, STRING"},
        {"SELECT 1 FROM kinds WHERE b = 1", NO_OPERATOR "= for argument types: BOOL, INT64"},
        {"SELECT 1 FROM kinds WHERE y = 'x'", NO_OPERATOR "= for argument types: BYTES, STRING"},
        {"SELECT 1 FROM kinds WHERE k IN ('1', '2')",
         NO_OPERATOR "IN for argument types: INT64 and {STRING, STRING}"},
        {"SELECT 1 FROM kinds WHERE ts IN (SELECT day FROM kinds)",
         "Cannot execute IN subquery with uncomparable types TIMESTAMP and DATE"},
        {"SELECT 1 FROM kinds WHERE day IN UNNEST(['x', id])",
         "Cannot execute IN subquery with uncomparable types DATE and STRING"},
        {"SELECT 1 FROM kinds WHERE j = j", "Equality is not defined for arguments of type JSON"},
        {"SELECT 1 FROM kinds WHERE j <> j", "Inequality is not defined for arguments of type JS"},
        {"SELECT 1 FROM kinds WHERE a = a",
         "Equality is not defined for arguments of type ARRAY<INT64>"},
        {"SELECT 1 FROM kinds WHERE rec < rec",
         "Less than is not defined for arguments of type STRUCT<k STRING, deep STRUCT<n INT64>>"},
        {"SELECT 1 FROM kinds WHERE j IN (j)", "IN is not defined for arguments of type JSON"},
        {"SELECT 1 FROM kinds WHERE a BETWEEN a AND a",
         "BETWEEN is not defined for arguments of type ARRAY<INT64>"},
        {"SELECT 1 FROM kinds JOIN changes ON kinds.ts = changes.day",
         NO_OPERATOR "= for argument types: TIMESTAMP, DATE"},
        {"SELECT 1 FROM kinds JOIN changes USING (id)",
         "Column id in USING has incompatible types on either side of the join: STRING, INT64"},
        {"SELECT 1 FROM kinds a JOIN kinds b USING (j)",
         "Column j in USING has a type that cannot be compared: JSON"},
        {"SELECT CASE ts WHEN day THEN 1 END FROM kinds", NO_OPERATOR "CASE"},
        {"SELECT NULLIF(ts, day) FROM kinds", NO_FUNCTION "NULLIF for argument types: TIMEST"},
        {"SELECT NULLIF(j, j) FROM kinds", "NULLIF is not defined for arguments of type JSON"});
}

Test(sql_refused, operators)
{
    CHECK(
        {"SELECT ts + 1 FROM kinds", NO_OPERATOR "+ for argument types: TIMESTAMP, INT64"},
        {"SELECT id + id FROM kinds", NO_OPERATOR "+ for argument types: STRING, STRING"},
        {"SELECT b * 2 FROM kinds", NO_OPERATOR "* for argument types: BOOL, INT64"},
        {"SELECT day * 2 FROM kinds", NO_OPERATOR "* for argument types: DATE, INT64"},
        {"SELECT day + 1.5 FROM kinds", NO_OPERATOR "+ for argument types: DATE, FLOAT64"},
        {"SELECT day + day FROM kinds", NO_OPERATOR "+ for argument types: DATE, DATE"},
        {"SELECT id / 2 FROM kinds", NO_OPERATOR "/ for argument types: STRING, INT64"},
        {"SELECT -id FROM kinds", NO_OPERATOR "- for argument type: STRING. Supported signatures: "
                                              "-INT64; -FLOAT64; -NUMERIC; -BIGNUMERIC"},
        {"SELECT -day FROM kinds", NO_OPERATOR "- for argument type: DATE"},
        {"SELECT NOT k FROM kinds", NO_OPERATOR "NOT for argument type: INT64. Supported signatu"},
        {"SELECT k AND b FROM kinds", NO_OPERATOR "AND for argument types: INT64, BOOL"},
        {"SELECT b OR 'x' FROM kinds", NO_OPERATOR "OR for argument types: BOOL, STRING"},
        {"SELECT k || k FROM kinds", NO_OPERATOR "|| for argument types: INT64, INT64"},
        {"SELECT id || y FROM kinds", NO_OPERATOR "|| for argument types: STRING, BYTES"},
        {"SELECT k LIKE '1%' FROM kinds", NO_OPERATOR "LIKE for argument types: INT64, STRING"},
        {"SELECT x << 1 FROM kinds", NO_OPERATOR "<< for argument types: FLOAT64, INT64"},
        {"SELECT x & 1 FROM kinds", NO_OPERATOR "& for argument types: FLOAT64, INT64"},
        {"SELECT k IS TRUE FROM kinds", NO_OPERATOR "IS for argument type: INT64"},
        {"SELECT 9223372036854775808", "Invalid integer literal: 9223372036854775808 at [1:8]"},
        {"SELECT -9223372036854775809", "Invalid integer literal: -9223372036854775809 at [1:8]"},
        {"SELECT 0x1FFFFFFFFFFFFFFFF", "Invalid integer literal: 0x1FFFFFFFFFFFFFFFF at [1:8]"},
        {"SELECT a[OFFSET('0')] FROM kinds", "Array position must be INT64, but is STRING"},
        {"SELECT k[OFFSET(0)] FROM kinds", "Element access is not supported on type INT64"},
        {"SELECT 1 FROM kinds WHERE k", "WHERE clause should return type BOOL, but returns INT64"},
        {"SELECT 1 FROM kinds HAVING k > 1",
         "The HAVING clause requires GROUP BY or aggregation to be present"},
        {"SELECT 1 FROM kinds x JOIN kinds y ON x.k",
         "JOIN ON clause should return type BOOL, but returns INT64"},
        {"SELECT k FROM kinds LIMIT 1.5", "Syntax error: Unexpected"},
        {"SELECT k FROM kinds LIMIT 'x'", "Syntax error: Unexpected"},
        {"SELECT k FROM kinds LIMIT -1", "Syntax error: Unexpected"});
}

Test(sql_refused, aggregates_and_grouping)
{
    CHECK(
        {"SELECT COUNT(DISTINCT rec) FROM kinds",
         "Aggregate functions with DISTINCT cannot be used with arguments of type STRUCT at "},
        {"SELECT COUNT(DISTINCT a) FROM kinds",
         "Aggregate functions with DISTINCT cannot be used with arguments of type ARRAY at "},
        {"SELECT COUNT(DISTINCT j) FROM kinds",
         "Aggregate functions with DISTINCT cannot be used with arguments of type JSON at "},
        {"SELECT ARRAY_AGG(DISTINCT j) FROM kinds",
         "Aggregate functions with DISTINCT cannot be used with arguments of type JSON at "},
        {"SELECT j, COUNT(*) FROM kinds GROUP BY j",
         "Grouping by expressions of type JSON is not allowed at [1:40]"},
        {"SELECT COUNT(*) FROM kinds GROUP BY a",
         "Grouping by expressions of type ARRAY<INT64> is not allowed"},
        {"SELECT COUNT(*) FROM kinds GROUP BY rec",
         "Grouping by expressions of type STRUCT<k STRING, deep STRUCT<n INT64>> is not allow"},
        {"SELECT j FROM kinds GROUP BY 1", "Grouping by expressions of type JSON is not allowed"},
        {"SELECT DISTINCT j FROM kinds", "Column j of type JSON cannot be used in SELECT DISTINCT"},
        {"SELECT DISTINCT a FROM kinds", "Column a of type ARRAY<INT64> cannot be used in SELECT "},
        {"SELECT DISTINCT rec FROM kinds",
         "Column rec of type STRUCT<k STRING, deep STRUCT<n INT6"},
        {"SELECT DISTINCT * FROM kinds", "Column j of type JSON cannot be used in SELECT DISTINCT"},
        {"SELECT MAX(j) FROM kinds", "MAX is not defined for arguments of type JSON at [1:8]"},
        {"SELECT MIN(a) FROM kinds", "MIN is not defined for arguments of type ARRAY<INT64>"},
        {"SELECT MAX(rec) FROM kinds", "MAX is not defined for arguments of type STRUCT<"},
        {"SELECT GREATEST(j, j) FROM kinds", "GREATEST is not defined for arguments of type JSON"},
        {"SELECT LEAST(day, ts) FROM kinds", NO_FUNCTION "LEAST for argument types: DATE, TIMES"},
        {"SELECT APPROX_COUNT_DISTINCT(j) FROM kinds",
         "APPROX_COUNT_DISTINCT is not defined for arguments of type JSON"},
        {"SELECT ARRAY_AGG(a) FROM kinds",
         "The argument to ARRAY_AGG must not be an array type but was ARRAY<INT64>"},
        {"SELECT SUM(id) FROM kinds", NO_FUNCTION "SUM for argument type: STRING"},
        {"SELECT SUM(b) FROM kinds", NO_FUNCTION "SUM for argument type: BOOL"},
        {"SELECT AVG(day) FROM kinds", NO_FUNCTION "AVG for argument type: DATE"},
        {"SELECT COUNTIF(k) FROM kinds", NO_FUNCTION "COUNTIF for argument type: INT64"},
        {"SELECT LOGICAL_AND(k) FROM kinds", NO_FUNCTION "LOGICAL_AND for argument type: INT64"},
        {"SELECT STRING_AGG(k) FROM kinds", NO_FUNCTION "STRING_AGG for argument type: INT64"},
        {"SELECT STRING_AGG(id, id) FROM kinds",
         "Argument 2 to STRING_AGG must be a literal or query parameter"},
        {"SELECT SUM(*) FROM kinds", NO_FUNCTION "SUM"},
        {"SELECT k, COUNT(*) FROM kinds", "SELECT list expression references column k which is n"},
        {"SELECT * FROM kinds GROUP BY k", "SELECT list expression references column id which is"},
        {"SELECT COUNT(*) FROM kinds GROUP BY 'x'", "Cannot GROUP BY literal values at [1:37]"},
        {"SELECT COUNT(*) AS c FROM kinds GROUP BY c",
         "Aggregate function COUNT not allowed in GROUP BY"},
        {"SELECT COUNT(*) FROM kinds GROUP BY COUNT(*)",
         "Aggregate function COUNT not allowed in GROUP BY"},
        {"SELECT k FROM kinds WHERE SUM(k) > 1", "Aggregate function SUM not allowed in WHERE cla"},
        {"SELECT k FROM kinds GROUP BY k HAVING x > 1",
         "HAVING clause expression references column x which is neither grouped nor aggregated"},
        {"SELECT SUM(MAX(k)) FROM kinds", "Aggregations of aggregations are not allowed"},
        {"SELECT LOWER(DISTINCT id) FROM kinds",
         "Non-aggregate LOWER() call with DISTINCT is not allowed"});
}

Test(sql_refused, order_and_sets)
{
    CHECK(
        {"SELECT DISTINCT id FROM kinds ORDER BY x",
         "ORDER BY clause expression references column x which is not visible after SELECT "
         "DISTINCT at [1:40]"},
        {"SELECT DISTINCT id FROM kinds ORDER BY LOWER(id || CAST(k AS STRING))",
         "ORDER BY clause expression references column k which is not visible after SELECT"},
        {"SELECT DISTINCT LOWER(id) FROM kinds ORDER BY id",
         "ORDER BY clause expression references column id which is not visible after SELECT"},
        {"SELECT j FROM kinds ORDER BY j", "ORDER BY does not support expressions of type JSON"},
        {"SELECT j FROM kinds ORDER BY 1", "ORDER BY does not support expressions of type JSON"},
        {"SELECT a FROM kinds ORDER BY a",
         "ORDER BY does not support expressions of type ARRAY<IN"},
        {"SELECT rec FROM kinds ORDER BY rec",
         "ORDER BY does not support expressions of type STRU"},
        {"SELECT k FROM kinds ORDER BY 2", "ORDER BY is out of SELECT column number range: 2"},
        {"SELECT k FROM kinds ORDER BY 0", "ORDER BY is out of SELECT column number range: 0"},
        {"SELECT id FROM kinds UNION ALL SELECT k FROM kinds",
         "Column 1 in UNION ALL has incompatible types: STRING, INT64"},
        {"SELECT ts FROM kinds UNION ALL SELECT day FROM kinds",
         "Column 1 in UNION ALL has incompatible types: TIMESTAMP, DATE"},
        {"SELECT j FROM kinds UNION DISTINCT SELECT j FROM kinds",
         "Column 1 in UNION DISTINCT has type that does not support set operation comparisons: "},
        {"SELECT a FROM kinds EXCEPT DISTINCT SELECT a FROM kinds",
         "Column 1 in EXCEPT DISTINCT has type that does not support set operation comparisons"},
        {"SELECT rec FROM kinds INTERSECT DISTINCT SELECT rec FROM kinds",
         "Column 1 in INTERSECT DISTINCT has type that does not support set operation compari"},
        {"SELECT 1 UNION SELECT 2", "Syntax error: Expected keyword ALL or keyword DISTINCT but g"},
        {"SELECT 1 AS a, 2 AS a", "Duplicate column names in the result are not supported"},
        {"SELECT (SELECT id, k FROM kinds)", "Scalar subquery must produce a single column"},
        {"SELECT 1 IN (SELECT id, k FROM kinds)",
         "Subquery of type IN must have only one output column"},
        {"SELECT x FROM UNNEST(5) AS x", "Values referenced in UNNEST must be arrays"},
        {"SELECT *", "SELECT * must have a FROM clause"},
        {"SELECT * EXCEPT (zz) FROM kinds", "Column zz in SELECT * EXCEPT list does not exist"});
}

Test(sql_refused, window_functions)
{
    CHECK(
        {"SELECT LAG(x) OVER () FROM kinds",
         "Window ORDER BY is required for analytic function lag at [1:20]"},
        {"SELECT LEAD(x) OVER (PARTITION BY id) FROM kinds",
         "Window ORDER BY is required for analytic function lead"},
        {"SELECT RANK() OVER () FROM kinds",
         "Window ORDER BY is required for analytic function ra"},
        {"SELECT NTILE(2) OVER () FROM kinds",
         "Window ORDER BY is required for analytic function "},
        {"SELECT FIRST_VALUE(x) OVER () FROM kinds",
         "Window ORDER BY is required for analytic function first_value"},
        {"SELECT LAG(x) OVER (ORDER BY k ROWS 1 PRECEDING) FROM kinds",
         "Window framing clause is not allowed for analytic function lag"},
        {"SELECT ROW_NUMBER() OVER (ORDER BY k ROWS 1 PRECEDING) FROM kinds",
         "Window framing clause is not allowed for analytic function row_number"},
        {"SELECT COUNT(DISTINCT k) OVER (ORDER BY k) FROM kinds",
         "Window ORDER BY is not allowed if DISTINCT is specified"},
        {"SELECT COUNT(*) OVER (PARTITION BY x) FROM kinds",
         "Partitioning by expressions of type FLOAT64 is not allowed"},
        {"SELECT COUNT(*) OVER (PARTITION BY j) FROM kinds",
         "Partitioning by expressions of type JSON is not allowed"},
        {"SELECT RANK() OVER (ORDER BY rec) FROM kinds", "Ordering by expressions of type STRUCT<"},
        {"SELECT SUM(k) OVER (ORDER BY id RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) FROM kinds",
         "Window ORDER BY expression must have numeric type for a RANGE-based window"},
        {"SELECT SUM(k) OVER (RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) FROM kinds",
         "Window ORDER BY must have exactly one expression for a RANGE-based window"},
        {"SELECT LAG(x, -1) OVER (ORDER BY k) FROM kinds", "Argument 2 to LAG must be at least 0"},
        {"SELECT LAG(x, k) OVER (ORDER BY k) FROM kinds",
         "Argument 2 to LAG must be a literal or query parameter"},
        {"SELECT NTILE(0) OVER (ORDER BY k) FROM kinds", "Argument 1 to NTILE must be at least 1"},
        {"SELECT NTH_VALUE(x, 0) OVER (ORDER BY k) FROM kinds",
         "Argument 2 to NTH_VALUE must be at least 1"},
        {"SELECT k FROM kinds WHERE ROW_NUMBER() OVER (ORDER BY k) = 1",
         "Analytic function not allowed in WHERE clause"},
        {"SELECT id FROM kinds GROUP BY id HAVING RANK() OVER (ORDER BY id) = 1",
         "Analytic function not allowed in HAVING clause"},
        {"SELECT SUM(RANK() OVER (ORDER BY k)) FROM kinds",
         "Analytic function not allowed in the arguments of an aggregate function"},
        {"SELECT ROW_NUMBER() FROM kinds", "Analytic function ROW_NUMBER requires an OVER clause"},
        {"SELECT LOWER(id) OVER () FROM kinds", "Function LOWER does not support an OVER clause"});
}

Test(sql_refused, dates_and_their_parts)
{
    CHECK(
        {"SELECT TIMESTAMP_DIFF(ts, ts, MONTH) FROM kinds",
         "TIMESTAMP_DIFF does not support the MONTH date part at [1:31]"},
        {"SELECT TIMESTAMP_DIFF(ts, ts, YEAR) FROM kinds",
         "TIMESTAMP_DIFF does not support the YEAR date part"},
        {"SELECT TIMESTAMP_ADD(ts, INTERVAL 1 MONTH) FROM kinds",
         "TIMESTAMP_ADD does not support the MONTH date part"},
        {"SELECT TIMESTAMP_SUB(ts, INTERVAL 1 WEEK) FROM kinds",
         "TIMESTAMP_SUB does not support the WEEK date part"},
        {"SELECT DATE_ADD(day, INTERVAL 1 HOUR) FROM kinds",
         "DATE_ADD does not support the HOUR date part"},
        {"SELECT DATE_DIFF(day, day, HOUR) FROM kinds",
         "DATE_DIFF does not support the HOUR date part"},
        {"SELECT DATE_TRUNC(day, MINUTE) FROM kinds",
         "DATE_TRUNC does not support the MINUTE date part"},
        {"SELECT DATE_TRUNC(day, DAYOFWEEK) FROM kinds",
         "DATE_TRUNC does not support the DAYOFWEEK date part"},
        {"SELECT LAST_DAY(day, DAY) FROM kinds", "LAST_DAY does not support the DAY date part"},
        {"SELECT EXTRACT(HOUR FROM day) FROM kinds",
         "EXTRACT from DATE does not support the HOUR date part at [1:16]"},
        {"SELECT EXTRACT(DATE FROM day) FROM kinds",
         "EXTRACT from DATE does not support the DATE date part"},
        {"SELECT EXTRACT(DAY FROM tm) FROM kinds",
         "EXTRACT from TIME does not support the DAY date part"},
        {"SELECT EXTRACT(YEAR FROM id) FROM kinds", NO_FUNCTION "EXTRACT"},
        {"SELECT EXTRACT(FORTNIGHT FROM day) FROM kinds",
         "A valid date part name is required but found FORTNIGHT"},
        {"SELECT GENERATE_DATE_ARRAY(day, day, INTERVAL 1 HOUR) FROM kinds",
         "GENERATE_DATE_ARRAY does not support the HOUR date part"},
        {"SELECT GENERATE_DATE_ARRAY(ts, ts) FROM kinds",
         NO_FUNCTION "GENERATE_DATE_ARRAY for argument types: TIMESTAMP, TIMESTAMP"},
        {"SELECT DATE_DIFF(ts, day, DAY) FROM kinds",
         NO_FUNCTION "DATE_DIFF for argument types: TIMESTAMP, DATE, DATE_TIME_PART"},
        {"SELECT TIMESTAMP_DIFF(day, day, DAY) FROM kinds",
         NO_FUNCTION "TIMESTAMP_DIFF for argument types: DATE, DATE, DATE_TIME_PART"},
        {"SELECT DATETIME_DIFF(ts, dt, DAY) FROM kinds",
         NO_FUNCTION "DATETIME_DIFF for argument types: TIMESTAMP, DATETIME, DATE_TIME_PART"},
        {"SELECT DATE_ADD(id, INTERVAL 1 DAY) FROM kinds", NO_FUNCTION "DATE_ADD"},
        {"SELECT DATE_ADD(day, 1) FROM kinds",
         NO_FUNCTION "DATE_ADD for argument types: DATE, INT"},
        {"SELECT DATE_ADD(day, INTERVAL 1.5 DAY) FROM kinds",
         "Interval value must be coercible to INT64 type"},
        {"SELECT FORMAT_TIMESTAMP('%F', day) FROM kinds",
         NO_FUNCTION "FORMAT_TIMESTAMP for argument types: STRING, DATE"},
        {"SELECT FORMAT_DATE('%F', ts) FROM kinds",
         NO_FUNCTION "FORMAT_DATE for argument types: STRING, TIMESTAMP"},
        {"SELECT UNIX_SECONDS(day) FROM kinds", NO_FUNCTION "UNIX_SECONDS for argument type: DATE"},
        {"SELECT UNIX_DATE(ts) FROM kinds", NO_FUNCTION "UNIX_DATE for argument type: TIMESTAMP"},
        {"SELECT IF(b, day, ts) FROM kinds", NO_FUNCTION "IF for argument types: BOOL, DATE, TIME"},
        {"SELECT COALESCE(day, ts) FROM kinds", NO_FUNCTION "COALESCE for argument types: DATE, T"},
        {"SELECT CASE WHEN b THEN day ELSE ts END FROM kinds", NO_OPERATOR "CASE"},
        {"SELECT DATE '2024-02-30'", "Could not cast literal \"2024-02-30\" to type DATE"},
        {"SELECT 1 FROM kinds WHERE day > 'yesterday'",
         "Could not cast literal \"yesterday\" to type DATE"},
        {"SELECT CAST(day AS INT64) FROM kinds", "Invalid cast from DATE to INT64"},
        {"SELECT CAST(k AS DATE) FROM kinds", "Invalid cast from INT64 to DATE"},
        {"SELECT CAST(x AS BOOL) FROM kinds", "Invalid cast from FLOAT64 to BOOL"},
        {"SELECT CAST(a AS STRING) FROM kinds", "Invalid cast from ARRAY<INT64> to STRING"});
}

Test(sql_refused, functions)
{
    CHECK(
        {"SELECT LENGTH(k) FROM kinds", NO_FUNCTION "LENGTH for argument type: INT64"},
        {"SELECT LENGTH(a) FROM kinds", NO_FUNCTION "LENGTH for argument type: ARRAY<INT64>"},
        {"SELECT ARRAY_LENGTH(id) FROM kinds", NO_FUNCTION "ARRAY_LENGTH for argument type: STRIN"},
        {"SELECT LOWER(day) FROM kinds", NO_FUNCTION "LOWER for argument type: DATE"},
        {"SELECT CONCAT(id, k) FROM kinds", NO_FUNCTION "CONCAT for argument types: STRING, INT64"},
        {"SELECT CONCAT(id, y) FROM kinds", NO_FUNCTION "CONCAT for argument types: STRING, BYTES"},
        {"SELECT SUBSTR(id, '1') FROM kinds", NO_FUNCTION "SUBSTR for argument types: STRING, STR"},
        {"SELECT ROUND(id) FROM kinds", NO_FUNCTION "ROUND for argument type: STRING"},
        {"SELECT MOD(x, 2) FROM kinds", NO_FUNCTION "MOD for argument types: FLOAT64, INT64"},
        {"SELECT IF(k, 1, 2) FROM kinds", NO_FUNCTION "IF for argument types: INT64, INT64, INT64"},
        {"SELECT IF(b, 1, 'x') FROM kinds", NO_FUNCTION "IF for argument types: BOOL, INT64, STRI"},
        {"SELECT IF(b, 1) FROM kinds", NO_FUNCTION "IF for argument types: BOOL, INT64"},
        {"SELECT IFNULL(id, 0) FROM kinds", NO_FUNCTION "IFNULL for argument types: STRING, INT64"},
        {"SELECT SAFE_DIVIDE(id, 2) FROM kinds", NO_FUNCTION "SAFE_DIVIDE for argument types: STR"},
        {"SELECT GENERATE_ARRAY('a', 'b')", NO_FUNCTION "GENERATE_ARRAY for argument types: STRI"},
        {"SELECT REPLACE(id, 'a') FROM kinds",
         NO_FUNCTION "REPLACE for argument types: STRING, ST"},
        {"SELECT COUNT() FROM kinds", NO_FUNCTION "COUNT with no arguments"},
        {"SELECT id.k FROM kinds", "Cannot access field k on a value with type STRING"},
        {"SELECT rec.nothing FROM kinds", "Field name nothing does not exist in STRUCT<k STRING,"},
        {"SELECT [1, 'a']", "Array elements must have one common type"});
}

Test(sql_refused, changes)
{
    CHECK(
        {"INSERT INTO kinds (ts) VALUES (DATE '2024-01-01')",
         "Value has type DATE which cannot be inserted into column ts, which has type TIMESTAMP"},
        {"INSERT INTO kinds (ts) SELECT day FROM kinds",
         "Query column 1 has type DATE which cannot be inserted into column ts, which has type "},
        {"INSERT INTO kinds (day) SELECT ts FROM kinds",
         "Query column 1 has type TIMESTAMP which cannot be inserted into column day, which has"},
        {"INSERT INTO kinds (n) SELECT x FROM kinds",
         "Query column 1 has type FLOAT64 which cannot be inserted into column n, which has type"},
        {"INSERT INTO kinds (k) VALUES (1.5)",
         "Value has type FLOAT64 which cannot be inserted into column k, which has type INT64"},
        {"INSERT INTO kinds (k) SELECT id FROM kinds",
         "Query column 1 has type STRING which cannot be inserted into column k, which has type"},
        {"INSERT INTO kinds (id) VALUES (1)",
         "Value has type INT64 which cannot be inserted into column id, which has type STRING"},
        {"INSERT INTO kinds (id) VALUES (1, 2)", "Inserted row has wrong column count; Has 2, exp"},
        {"INSERT INTO kinds (id, id) VALUES ('a', 'b')",
         "INSERT has columns with duplicate name: id"},
        {"INSERT INTO kinds (zz) VALUES ('a')", "Column zz is not present in table"},
        {"UPDATE kinds SET day = ts WHERE TRUE",
         "Value has type TIMESTAMP which cannot be inserted into column day, which has type DATE"},
        {"UPDATE kinds SET k = x WHERE TRUE",
         "Value has type FLOAT64 which cannot be inserted into column k, which has type INT64"},
        {"UPDATE kinds SET k = 1", "UPDATE must have a WHERE clause"},
        {"DELETE FROM kinds", "DELETE must have a WHERE clause"},
        {"DELETE FROM kinds WHERE ts < day", NO_OPERATOR "< for argument types: TIMESTAMP, DATE"});
}
