-- Counts per date: the one question that is asked of every table. phasegate fills in the names of
-- the pipeline file and leaves out the lines for which a table has no column; @from and @to are
-- parameters. A copy beside a pipeline file takes the place of this one.
SELECT {date} AS day, COUNT(*) AS row_count
     , COUNT(DISTINCT {entity}) AS entities
     , COUNTIF({null_of} IS NULL) AS `nulls`
     , COUNTIF({fallback}) AS fallbacks
FROM `{table}`
WHERE {date} BETWEEN @from AND @to
GROUP BY day
ORDER BY day
