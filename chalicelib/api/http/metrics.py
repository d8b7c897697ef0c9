"""Metrics of the API. Each is written to CloudWatch by the log, at once."""

import os


def count_metric(name: str) -> None:
    """Adds one to a metric. Powertools' metrics are imported at first use, since few requests count
    anything."""
    from aws_lambda_powertools.metrics import MetricUnit, single_metric

    namespace = os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "Perennial")
    with single_metric(name=name, unit=MetricUnit.Count, value=1, namespace=namespace) as metric:
        metric.add_dimension("service", os.environ.get("POWERTOOLS_SERVICE_NAME", "perennial"))
