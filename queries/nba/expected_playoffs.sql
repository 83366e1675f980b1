-- Like expected_dates.sql, for the playoffs alone. The windows are written out, because the
-- schedule's own flag counts play-in games as playoffs.
SELECT game_date AS day, COUNT(DISTINCT game_id) AS games
FROM `{project}.nba_raw.nbac_schedule`
WHERE game_date BETWEEN @from AND @to
  AND game_status = 3
  AND (is_regular_season OR is_playoffs)
  AND (game_date BETWEEN DATE '2022-04-16' AND DATE '2022-06-17'
    OR game_date BETWEEN DATE '2023-04-15' AND DATE '2023-06-13'
    OR game_date BETWEEN DATE '2024-04-16' AND DATE '2024-06-18')
GROUP BY day
ORDER BY day
