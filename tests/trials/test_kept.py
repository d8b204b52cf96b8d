"""What is kept takes no more than it may, what was asked for longest ago goes first, and nothing outlives its key."""

import gc
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.trials import Kept, Weight


class Key:
    """Equal to every other one, as trials with the same content are."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0


@dataclass(eq=False)
class Part:
    bytes: int


@dataclass(eq=False)
class Thing:
    own: int
    shared: Sequence[Part] = ()

    @property
    def weight(self) -> Weight:
        return Weight(self.own, self.shared)


BLOOD, AGE = Part(30), Part(20)


def kept(most: int, things: Sequence[Thing]) -> tuple[Kept[Key, Thing], list[Key]]:
    memory: Kept[Key, Thing] = Kept(most)
    keys = [Key() for _ in things]
    for key, thing in zip(keys, things, strict=True):
        assert memory.keep(key, thing) is thing
    return memory, keys


# Bound, the things in the order in which they are kept, what is there then, and what that takes.
FILLED = {
    "all fit": (100, [Thing(40), Thing(60)], [0, 1], 100),
    "the first goes": (100, [Thing(40), Thing(60), Thing(1)], [1, 2], 61),
    "several go for one": (100, [Thing(40), Thing(30), Thing(30), Thing(70)], [2, 3], 100),
    "too large by itself": (100, [Thing(40), Thing(101)], [], 0),
    "nothing may be kept": (0, [Thing(1)], [], 0),
    "what is shared takes room once": (100, [Thing(10, [BLOOD, AGE]), Thing(10, [BLOOD, AGE])], [0, 1], 70),
    "and as long as one has it": (100, [Thing(40, [BLOOD]), Thing(20, [BLOOD]), Thing(40)], [1, 2], 90),
    "named twice in one thing": (100, [Thing(10, [BLOOD, BLOOD])], [0], 40),
}


@pytest.mark.parametrize("case", FILLED)
def test_what_is_left_when_things_come_one_after_another(case: str) -> None:
    most, things, left, taken = FILLED[case]
    memory, keys = kept(most, things)
    assert [n for n, key in enumerate(keys) if memory.get(key) is things[n]] == left
    assert (len(memory), memory.bytes) == (len(left), taken)


def test_what_was_asked_for_longest_ago_goes_first() -> None:
    things = [Thing(30) for _ in range(4)]
    memory, keys = kept(100, things[:3])
    assert memory.get(keys[0]) is things[0]
    memory.keep(key := Key(), things[3])
    found = [memory.get(one) for one in (*keys, key)]
    assert found == [things[0], None, things[2], things[3]]


def test_what_has_grown_takes_the_place_of_others_and_goes_itself_when_it_is_too_large() -> None:
    things = [Thing(30), Thing(30), Thing(30)]
    memory, keys = kept(100, things)
    things[0].own, things[0].shared = 60, [AGE]
    memory.grew(keys[0])
    assert [memory.get(key) is not None for key in keys] == [True, False, False]
    assert memory.bytes == 80
    things[0].own = 200
    memory.grew(keys[0])
    assert (len(memory), memory.bytes) == (0, 0)
    memory.grew(keys[0])
    assert (len(memory), memory.bytes) == (0, 0), "it is not kept any more"


def test_who_comes_second_with_a_thing_is_given_the_first() -> None:
    memory: Kept[Key, Thing] = Kept(100)
    key, first = Key(), Thing(10)
    memory.keep(key, first)
    assert memory.keep(key, Thing(10)) is first
    assert memory.bytes == 10


def test_a_thing_goes_with_its_key() -> None:
    memory, keys = kept(1_000, [Thing(10, [BLOOD]), Thing(20, [BLOOD])])
    del keys[0]
    assert (len(memory), memory.bytes) == (1, 50)
    del keys[0]
    assert (len(memory), memory.bytes) == (0, 0)


def test_a_new_key_at_the_address_of_an_old_one_is_not_taken_for_it() -> None:
    memory: Kept[Key, Thing] = Kept(1_000_000)
    for n in range(1_000):
        key = Key()
        assert memory.get(key) is None
        assert memory.keep(key, thing := Thing(n)) is thing
        del key
    assert memory.bytes == 0


class Alone(Thing):
    """Lets go of a key while its weight is asked for, which is in the middle of the memory's work."""

    def __init__(self, keys: list[Key]) -> None:
        super().__init__(5)
        self.keys = keys

    @property
    def weight(self) -> Weight:
        self.keys.clear()
        gc.collect()
        return Weight(5)


def test_a_key_may_go_at_any_moment() -> None:
    memory, keys = kept(1_000, [Thing(10), Thing(20)])
    memory.keep(key := Key(), Thing(1))
    entry = memory._entries[id(key)]
    entry.thing = Alone(keys)
    memory.grew(key)
    assert (len(memory), memory.bytes) == (1, 5)


PARTS = [Part(size) for size in (1, 5, 20, 60)]
things = st.builds(Thing, st.integers(0, 120), st.lists(st.sampled_from(PARTS), max_size=3))
steps = st.one_of(
    st.tuples(st.just("ask"), st.integers(0, 5), st.none()),
    st.tuples(st.just("keep"), st.integers(0, 5), things),
    st.tuples(st.just("grow"), st.integers(0, 5), things),
    st.tuples(st.just("key goes"), st.integers(0, 5), st.none()),
)


@given(st.integers(0, 200), st.lists(steps, max_size=40))
@settings(deadline=None)
def test_after_anything_it_keeps_to_the_bound_and_knows_what_it_holds(
    most: int, history: list[tuple[str, int, Thing | None]]
) -> None:
    memory: Kept[Key, Thing] = Kept(most)
    keys = [Key() for _ in range(6)]
    latest: list[int] = []  # what may be there, that asked for last at the end
    for action, place, thing in history:
        found = memory.get(keys[place])
        if place in latest:
            latest.remove(place)
        if action == "key goes":
            keys[place] = Key()
        elif action == "keep" and thing is not None:
            assert memory.keep(keys[place], thing) is (found or thing)
        elif action == "grow" and thing is not None and found is not None:
            found.own, found.shared = thing.own, thing.shared
            memory.grew(keys[place])
        latest.append(place)
        held = {n: one for n, key in enumerate(keys) if (one := memory._entries.get(id(key)))}
        there = [entry.thing for entry in held.values()]
        parts = {id(part): part.bytes for one in there for part in one.shared}
        assert memory.bytes == sum(one.own for one in there) + sum(parts.values()) <= most
        assert [keys[n] for n in latest if n in held] == [entry.key() for entry in memory._entries.values()]


def test_threads_share_it() -> None:
    keys = [Key() for _ in range(40)]
    memory: Kept[Key, Thing] = Kept(100)
    made = {id(key): n for n, key in enumerate(keys)}
    wrong: list[Thing] = []

    def ask(start: int) -> None:
        for turn in range(2_000):
            key = keys[(start + 7 * turn) % len(keys)]
            found = memory.get(key) or memory.keep(key, Thing(made[id(key)], [BLOOD]))
            memory.grew(key)
            if found.own != made[id(key)]:
                wrong.append(found)

    threads = [Thread(target=ask, args=(start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    there = [entry.thing for entry in memory._entries.values()]
    assert memory.bytes == sum(one.own for one in there) + 30 * bool(there) <= 100
    keys.clear()
    made.clear()
    assert (len(memory), memory.bytes) == (0, 0)
