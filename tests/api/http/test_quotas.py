"""A caller whose quota is spent is refused, and told when to come back."""

import json
from typing import Any

import pytest

from chalicelib.domain.networks.network import Role
from chalicelib.domain.shared.quotas import QUOTAS, CallerKind, QuotaUse
from chalicelib.services.shared.request_quotas import FREE
from infra.testkit.api_client import Answer, Http
from infra.testkit.builders import NETWORK, NOW, a_connection


def spend_hour(world: Any, caller: str, kind: CallerKind) -> None:
    """Other processes have served all that the caller has in this hour."""
    taken = {f"{NOW:%H}": QUOTAS[kind].hour}
    day, expires_at = f"{NOW:%Y-%m-%d}", NOW
    world.store.save(
        QuotaUse(network_id=NETWORK, caller=caller, day=day, expires_at=expires_at, by_hour=taken)
    )


def actor_of(role: Role) -> str:
    return f"key:key_{role}"


@pytest.mark.parametrize("role", Role)
def test_a_key_whose_quota_is_spent_changes_nothing_more(
    role: Role, http: Http, keys: dict[str, str], world: Any
) -> None:
    spend_hour(world, actor_of(role), CallerKind(role.value))
    caller = http.with_key(keys[role.value])
    before = [caller.post("/v1/clients", {"name": ""}).status for _ in range(FREE)]
    answer = caller.post("/v1/clients", {"name": "Olga"})
    if 403 in before:  # a role that may not do this at all is refused for that reason
        assert {*before, answer.status} == {403}
        return
    assert 429 not in before
    assert (answer.status, answer.json["code"]) == (429, "QUOTA_SPENT")
    assert answer.headers["Retry-After"] == str(answer.json["details"]["retry_after_seconds"])


def test_reading_is_not_counted(http: Http, world: Any) -> None:
    spend_hour(world, actor_of(Role.OWNER), CallerKind.OWNER)
    for _ in range(FREE + 1):
        http.post("/v1/clients", {"name": ""})
    assert http.post("/v1/clients", {"name": "Olga"}).status == 429
    assert http.get("/v1/salons").status == 200


def deliver(http: Http, path: str, number: int) -> Answer:
    """A booking event of YCLIENTS, which signs nothing."""
    event = {"company_id": 1, "resource": "record", "resource_id": number, "status": "create", "data": {}}
    return http.with_key(None).post(path, json.dumps(event))


def test_an_unsigned_address_that_floods_is_refused_leaves_nothing_and_rings(
    http: Http, world: Any, town: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    connection = world.store.save(a_connection("yclients", "con_y", secret=None))[0]
    spend_hour(world, connection.id, CallerKind.UNSIGNED_SITE)
    path = f"/hooks/yclients/{connection.token}"
    assert [deliver(http, path, number).status for number in range(FREE)] == [200] * FREE
    answer = deliver(http, path, FREE)
    assert (answer.status, answer.json["code"]) == (429, "QUOTA_SPENT")
    assert '"QuotaSpent":[1.0]' in capsys.readouterr().out
    assert len(http.get("/v1/inbox?limit=200").json["items"]) == FREE


def test_forged_deliveries_spend_nothing_of_a_signed_sites_quota(http: Http, world: Any, town: Any) -> None:
    connection = world.store.save(a_connection())[0]
    spend_hour(world, connection.id, CallerKind.SIGNED_SITE)
    path = f"/hooks/standard/{connection.token}"
    assert {http.with_key(None).post(path, "{}").status for _ in range(FREE + 5)} == {401}
