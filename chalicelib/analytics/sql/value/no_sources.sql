-- Nobody asks for sources.
SELECT NULL::VARCHAR AS client, NULL::VARCHAR AS source WHERE false
