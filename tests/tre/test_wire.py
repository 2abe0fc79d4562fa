"""The wire takes what was agreed and nothing else."""

import json

import pytest

from tre import wire


def test_every_verb_has_its_shapes() -> None:
    assert set(wire.SHAPES) == set(wire.Verb)


def test_what_is_written_is_read_back() -> None:
    answer = wire.CheckAnswer(
        verdict="FAIL",
        findings=(wire.FindingShape(rule="threshold", sentence="Too few.", cells=(("London", None),)),),
        columns=("region", "tenure", "n", "unsafe", "rules"),
        rows=(("London", None, 3, True, "threshold"), (None, None, 1.5, False, "")),
    )
    payload = json.loads(json.dumps(wire.written(answer), allow_nan=False))
    assert wire.read(wire.CheckAnswer, payload) == answer


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({}, "id"),
        ({"id": 1}, "id"),
        ({"id": ""}, "id"),
        ({"id": "x" * 201}, "id"),
        ({"id": None}, "id"),
        ({"id": "1", "secret-value": 2}, "the payload"),
    ],
)
def test_another_shape_is_refused_naming_the_field_and_never_the_value(
    payload: dict[str, object], field: str
) -> None:
    with pytest.raises(wire.WireError) as refused:
        wire.read(wire.RequestReference, payload)
    assert refused.value.code == "malformed_payload"
    assert refused.value.sentence.startswith(field)
    assert "secret-value" not in refused.value.sentence


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/b", ".hidden", "a\n", "", "a\0"])
def test_a_file_name_cannot_be_a_path(name: str) -> None:
    with pytest.raises(wire.WireError):
        wire.read(wire.TableShape, {"name": "t", "file": name, "unit": "study_id", "columns": []})


@pytest.mark.parametrize("mode", ["Noisy", "", None, "waiver"])
def test_a_request_has_a_known_mode(mode: object) -> None:
    payload = {"title": "t", "context": "c", "mode": mode, "precision": "standard", "items": ["{}"]}
    with pytest.raises(wire.WireError):
        wire.read(wire.SubmitRequest, payload)
    assert wire.read(wire.SubmitRequest, payload | {"mode": "exact"}).mode == "exact"
