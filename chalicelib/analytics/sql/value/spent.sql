-- What the likelihood of Gamma-Gamma needs of the bills: see gamma_gamma.BillSums.
SELECT
    fsum($p * bills * ln(billed / ($scale + billed)) + $q * ln($scale / ($scale + billed))) AS value,
    fsum(bills * ln(billed / ($scale + billed))) AS by_p,
    fsum(ln($scale / ($scale + billed))) AS by_q,
    fsum(($p * bills + $q) / ($scale + billed)) AS inverses
FROM value_clients
WHERE bills > 0
