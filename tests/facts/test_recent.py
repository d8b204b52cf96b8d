"""What is remembered, and what goes."""

from cds_service.facts import Recent


def test_what_was_asked_for_longest_ago_goes_first() -> None:
    made: list[str] = []

    def make(name: str) -> str:
        made.append(name)
        return name.upper()

    recent = Recent[str, str](2)
    got = [recent.get(name, lambda name=name: make(name)) for name in "ababcabcc"]  # type: ignore[misc]
    assert "".join(got) == "ABABCABCC"
    assert "".join(made) == "abcabc"
