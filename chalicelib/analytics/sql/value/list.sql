-- A page of the clients, the greatest expected value first, or what they paid where nothing is expected.
SELECT client, realised, visits, expected, coalesce(expected, realised) AS rank
FROM shown
WHERE $after_rank::BIGINT IS NULL OR (-rank, client) > (-$after_rank::BIGINT, $after_client)
ORDER BY rank DESC, client
LIMIT $limit + 1
