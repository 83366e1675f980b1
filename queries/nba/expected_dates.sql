-- The dates on which rows are due, and how many games each has: finished games of the regular season
-- and the playoffs. All-Star days, preseason and games still to be played are not due. A game may
-- stand in the schedule several times. The filter on game_date is required by the table.
SELECT game_date AS day, COUNT(DISTINCT game_id) AS games
FROM `{project}.nba_raw.nbac_schedule`
WHERE game_date BETWEEN @from AND @to
  AND game_status = 3
  AND (is_regular_season OR is_playoffs)
GROUP BY day
ORDER BY day
