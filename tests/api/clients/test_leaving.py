"""Over HTTP: why clients leave, what came of a call, and who corrected a source."""

from infra.testkit.api_client import Http
from infra.testkit.salon_driver import MARIA_ID

PATH = f"/v1/clients/{MARIA_ID}"


def test_a_reason_is_stated_shown_and_taken_back(http: Http) -> None:
    stated = http.put(f"{PATH}/leaving-reason", {"reason": "moved", "words": "to Iași"}).json
    reason = stated["leaving_reason"]
    shown = {name: reason[name] for name in ("reason", "name", "outside", "words", "actor")}
    assert shown == {
        "reason": "moved", "name": "Переезд", "outside": True, "words": "to Iași", "actor": "key:key_owner",
    }  # fmt: skip
    assert stated["leaving_reasons"] == [reason]
    after = http.put(f"{PATH}/leaving-reason", {"reason": None}).json
    assert (after["leaving_reason"], len(after["leaving_reasons"])) == (None, 2)
    assert http.put(f"{PATH}/leaving-reason", {"reason": "boredom"}).code == "INVALID_FIELD"


def test_the_reasons_have_names_in_three_languages(http: Http) -> None:
    found = http.get("/v1/leaving-reasons").json["items"]
    assert found[0] == {
        "reason": "price", "outside": False, "names": {"ru": "Цена", "ro": "Prețul", "en": "The price"},
    }  # fmt: skip
    assert [each["reason"] for each in found if each["outside"]] == ["moved", "health", "no_need"]


def test_a_call_is_recorded_and_a_refusal_asks_for_its_reason(http: Http) -> None:
    first, again = (http.post(f"{PATH}/called", {"result": "refused"}) for _ in range(2))
    assert first.json == again.json
    assert first.json["needs_leaving_reason"] is True
    told = {"result": "refused", "leaving_reason": "price", "words": "too dear"}
    assert http.post(f"{PATH}/called", told).json["needs_leaving_reason"] is False
    client = http.get(PATH).json
    assert (client["last_call"]["result"], client["last_call"]["number"]) == ("refused", 1)
    assert client["leaving_reason"]["words"] == "too dear"
    assert http.post(f"{PATH}/called", {"result": "sang"}).code == "INVALID_FIELD"


def test_only_the_desk_calls_and_asks(http: Http, keys: dict[str, str]) -> None:
    for role in ("specialist", "partner"):
        asked = http.with_key(keys[role])
        assert asked.put(f"{PATH}/leaving-reason", {"reason": "price"}).status == 403
        assert asked.post(f"{PATH}/called", {"result": "booked"}).status == 403
        assert asked.get("/v1/leaving-reasons").status == 403
    assert http.with_key(keys["reception"]).post(f"{PATH}/called", {"result": "booked"}).status == 200


def test_a_correction_of_the_source_is_shown_with_who_and_when(http: Http) -> None:
    made = http.post("/v1/clients", {"name": "Ion", "phone": "069110001", "source": "Google"}).json
    path = f"/v1/clients/{made['id']}"
    assert made["source_corrections"] == []
    http.patch(path, {"source": "friend"})
    client = http.patch(path, {"source": "friend", "note": "x"}).json
    (correction,) = client["source_corrections"]
    assert (client["source"], correction["source"]) == ("friend", "friend")
    assert correction["actor"] == "key:key_owner"


def test_a_specialist_reads_no_phone_in_a_clients_words(
    http: Http, keys: dict[str, str], mine: object
) -> None:
    http.put(f"{PATH}/leaving-reason", {"reason": "other", "words": "call 069123456"})
    seen = http.with_key(keys["specialist"]).get(PATH).json
    assert "069123456" not in seen["leaving_reason"]["words"]
