-- The source of each client.
SELECT client, coalesce(source, '') AS source FROM firsts
