"""Words in addresses: unguessable, of one session, over with it."""

from emotion_core.video.access import AccessTokens, Grant


def test_a_token_opens_one_thing_of_one_session_and_ends_with_it() -> None:
    alive = {"one", "two"}
    tokens = AccessTokens(alive.__contains__)
    first, second = tokens.issue("one", "media/a"), tokens.issue("two", "media/a")
    assert first != second
    assert tokens.issue("one", "media/a") == first
    assert tokens.resolve(first) == Grant("one", "media/a")
    assert len(first) >= 40  # 256 bits
    alive.remove("one")
    assert tokens.resolve(first) is None
    assert tokens.resolve(second) == Grant("two", "media/a")
    assert tokens.resolve("") is None
    assert tokens.resolve("media/a") is None


def test_tokens_of_ended_sessions_are_forgotten() -> None:
    alive = {"one"}
    tokens = AccessTokens(alive.__contains__)
    old = tokens.issue("one", "media/a")
    alive.clear()
    tokens.issue("two", "media/a")
    alive.add("one")  # the same name again is another session
    assert tokens.resolve(old) is None
    assert tokens.issue("one", "media/a") != old
