-- One row a date on which rows are due: the date, and how many games (orders, files, …) it has.
-- @from and @to are the range; {project} is the pipeline's.
SELECT event_date AS day, COUNT(*) AS games
FROM `{project}.raw.events`
WHERE event_date BETWEEN @from AND @to
GROUP BY day
ORDER BY day
