-- The clients who came first within the period, by the source.
shown AS (
    FROM value_worth
    WHERE first_on BETWEEN $first AND $last AND ($source::VARCHAR IS NULL OR source = $source)
)
