-- The expected visits of a client who has not left, by repeats and age.
SELECT unnest($repeats::INTEGER[]) AS repeats, unnest($ages::BIGINT[]) AS age, unnest($visits::DOUBLE[]) AS visits
