"""The table as the template of the deployment defines it."""

from typing import Any

import yaml

from infra.package import ROOT


class _Template(yaml.SafeLoader):
    """CloudFormation's short forms (!Ref, !GetAtt) are of no interest here."""


_Template.add_multi_constructor("!", lambda loader, tag, node: tag)


def table_definition() -> dict[str, Any]:
    """The table as the template defines it, so that the indexes are the real ones."""
    template = yaml.load((ROOT / "infra" / "resources.yaml").read_text(), _Template)
    found: dict[str, Any] = template["Resources"]["Table"]["Properties"]
    return found
