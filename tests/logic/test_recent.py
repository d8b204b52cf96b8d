"""What is kept, for how long, and for whom."""

from threading import Thread

from cds_service.logic.recent import Recent


class Thing:
    """Equal to every other one, as trials with the same content are."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0


def test_each_object_is_made_once() -> None:
    made: list[Thing] = []
    recent = Recent(lambda thing: made.append(thing) or len(made), 8)
    one, two = Thing(), Thing()
    assert [recent.of(thing) for thing in (one, two, one, two)] == [1, 2, 1, 2]


def test_the_one_that_was_not_asked_for_longest_goes() -> None:
    made: list[str] = []
    recent = Recent(lambda word: made.append(word) or word, 2)
    first, second, third = "first", "second", "third"
    for word in (first, second, first, third, first, second):
        recent.of(word)
    assert made == ["first", "second", "third", "second"]
    assert len(recent) == 2


def test_an_object_is_kept_alive_so_that_no_other_takes_its_place() -> None:
    recent: Recent[Thing, int] = Recent(id, 100)
    assert [recent.of(thing) == id(thing) for thing in (Thing() for _ in range(100))] == [True] * 100


def test_threads_share_it() -> None:
    things = [Thing() for _ in range(40)]
    recent: Recent[Thing, int] = Recent(id, 10)
    wrong: list[Thing] = []

    def ask() -> None:
        for _ in range(50):
            wrong.extend(thing for thing in things if recent.of(thing) != id(thing))

    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(recent) == 10
