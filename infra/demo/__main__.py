"""`make demo`: a network with a year behind it on the local cloud, and an hour of its life before your eyes.

    python -m infra.demo            # again: resumes, doubles nothing, shows the table
    python -m infra.demo --errors   # what the deployed functions have complained of

Stopped at any point (Ctrl-C), it goes on from there the next time. `make demo-down` stops the local cloud.
"""

import argparse
import sys
import time
from datetime import UTC, datetime, timedelta

from infra.admin import act_as_local_root
from infra.demo.http import Refused
from infra.demo.report.errors import errors_since
from infra.demo.run import Demo, Steps, shown
from infra.demo.year import set_up
from infra.layers import PackagingError
from infra.local_cloud import LocalCloud, LocalCloudError
from infra.stack import DeploymentError


def _errors(cloud: LocalCloud) -> int:
    if not cloud.running():
        print("the local cloud is not running: make demo")
        return 1
    act_as_local_root()
    functions = cloud.deployment().functions
    for line in errors_since(cloud.connect("logs"), functions, datetime.now(UTC) - timedelta(days=1)):
        print(line)
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description="The demo on the local cloud.")
    parser.add_argument("--errors", action="store_true", help="the functions' errors of the last day")
    cloud, steps = LocalCloud(), Steps()
    if parser.parse_args().errors:
        return _errors(cloud)
    try:
        Demo(cloud, steps).run()
    except KeyboardInterrupt:
        print("\nStopped. `make demo` goes on from here, `make demo-down` stops the local cloud.")
        return 130
    except (LocalCloudError, DeploymentError, PackagingError, Refused) as error:
        print(f"\nThe demo cannot go on: {error}\nWhat the functions say: python -m infra.demo --errors",
              file=sys.stderr)  # fmt: skip
        return 1
    for name, seconds in [*steps.took, ("All", time.monotonic() - steps.began)]:
        print(f"{seconds:7.1f} s  {name}")
    print(f"\nKeys and addresses are in {shown(set_up.FILE)}. To stop: make demo-down")
    return 0


if __name__ == "__main__":
    sys.exit(main())
