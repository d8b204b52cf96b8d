"""Why a text is no JSON: what one change would make it JSON, said in the words of `json_words`.

The decoder names the place where it could not go on, which may be far behind what is missing. Here every single sign
that could be left out, written or exchanged nearby is tried; the one that mends most, and leaves the lines indented as
they stand in each other, is told.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cds_service.rule_files.json_grammar import CLOSES, OPENS, START, State, run, step
from cds_service.rule_files.json_tokens import ATOM, SIGNS, TEXT, JsonToken, tokens_of
from cds_service.rule_files.json_words import WORDS, WRITTEN_OTHERWISE

_AROUND = 40
"""Tokens before the place of a fault in which its cause is looked for."""
_LINES_ALIKE = 3
_STEP = 2
"""Blanks by which people indent."""
_MOST_STEPS = 400_000
"""Tokens that are read to find the cause, all attempts together."""
_MOST_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Broken:
    """Why a text is no JSON, on which line, and how to mend it."""

    line: int
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class _Change:
    """`sign` written before the token at `place`; in its place where `instead`; the token left out without a sign."""

    place: int
    sign: str = ""
    instead: bool = False


def why_not_json(text: str) -> Broken | None:
    """Why a text is no JSON. None where nothing is wrong with its grammar."""
    if text.startswith("\ufeff"):
        return _broken("mark", 1)
    tokens = tokens_of(text)
    if not tokens:
        return _broken("empty", 1)
    wrong = next((i for i, token in enumerate(tokens) if token.fault), len(tokens))
    reached, state = run(tokens[:wrong], START, 0)
    if reached == wrong < len(tokens) or (wrong < len(tokens) and tokens[reached].line == tokens[wrong].line):
        return _of_token(tokens, wrong, state)
    if reached == len(tokens) and state.awaits == "end":
        return None
    plain = _plainly(tokens, reached, state)
    if plain is not None:
        return plain
    sound = tokens[:wrong]
    change = _mending(sound, reached, whole=wrong == len(tokens))
    return _else(tokens, reached) if change is None else _said(sound, change)


def _plainly(tokens: Sequence[JsonToken], place: int, state: State) -> Broken | None:
    """What needs no search: it can be nothing else."""
    token = tokens[place] if place < len(tokens) else None
    if token is None:
        return None
    if state.awaits == "value" and tokens[place - 1].kind == ":" and token.kind in (*OPENS, ","):
        return _broken("value", tokens[place - 1].line)
    if state.awaits == "end" and token.kind not in OPENS:
        return _broken("after-end", token.line)
    if state.awaits == "key" and token.kind == ATOM and _is_number(tokens[place - 2], token):
        whole, rest = tokens[place - 2].text, token.text
        return _broken("decimal-comma", token.line, found=f"{whole},{rest}", instead=f"{whole}.{rest}")
    return None


def _is_number(before: JsonToken, after: JsonToken) -> bool:
    """Whether two tokens on both sides of a comma look like one number as much of Europe writes it: `1,5`."""
    return before.line == after.line and before.text.lstrip("-").isdecimal() and after.text.isdecimal()


def _of_token(tokens: Sequence[JsonToken], place: int, state: State) -> Broken:
    """What is wrong with one token itself. `state`: how far the tokens before it can be read."""
    token = tokens[place]
    kind, instead = token.fault, ""
    before = tokens[place - 1] if place else None
    beside_text = before is not None and before.kind == TEXT and before.line == token.line
    if kind in ("word", "unquoted") and state.awaits in ("comma", "colon") and beside_text:
        assert before is not None  # "A "good" trial", or a text whose end is missing
        return _broken("open-text", token.line, found=before.text + token.text)
    if kind == "open-text" and _goes_on(tokens, place):
        kind = "line-break"
    if kind == "word":
        instead = WRITTEN_OTHERWISE.get(token.text, "")
        kind = "word" if instead else "unquoted"
    if kind == "character" and token.text.startswith("\xa0"):
        return _broken(kind, token.line, found="an invisible no-break space")
    return _broken(kind, token.line, found=token.shown, instead=instead)


def _goes_on(tokens: Sequence[JsonToken], place: int) -> bool:
    """Whether a text that is not closed in its line looks as if it went on in the next."""
    after = next((token for token in tokens[place + 1 :] if token.line > tokens[place].line), None)
    return after is not None and after.kind not in SIGNS and not after.text.startswith('"')


def _mending(tokens: Sequence[JsonToken], reached: int, *, whole: bool) -> _Change | None:
    """The change that mends most. `whole`: nothing but these tokens is in the file."""
    states, odd = _states(tokens, reached)
    places = {place for anchor in (reached, odd) for place in _places(tokens, states, anchor)}
    best: tuple[tuple[float, ...], _Change] | None = None
    steps = 0
    for change in _changes(tokens, sorted(places, key=lambda place: min(abs(place - odd), abs(place - reached)))):
        if steps > _MOST_STEPS:
            break
        got, state = _with(tokens, states[change.place], change)
        steps += got - change.place + 1
        done = got == len(tokens) and (not whole or state.awaits == "end")
        if not done and got <= reached:
            continue
        rank = (not done, -got if not done else 0, state.odd, *_unlikely(tokens, states, change, odd))
        if best is None or rank < best[0]:
            best = rank, change
    return None if best is None else best[1]


def _places(tokens: Sequence[JsonToken], states: Sequence[State], anchor: int) -> Iterator[int]:
    """Where the cause may be of what is wrong at a place: just before, where an open bracket stands, and in the last
    lines that are indented alike, where a closing bracket has its opening one."""
    start = max(0, anchor - _AROUND)
    yield from range(start, anchor + 1)
    within, more = states[anchor].within, _AROUND
    while within is not None and more:
        yield within.place
        if within.place < len(tokens) - 1:
            yield within.place + 1
        within, more = within.outer, more - 1
    indent = tokens[anchor].indent if anchor < len(tokens) else 0
    lines: set[int] = set()
    for place in range(min(anchor, len(tokens)) - 1, -1, -1):
        token = tokens[place]
        if token.indent == indent:
            lines.add(token.line)
            if len(lines) > _LINES_ALIKE:
                break
            yield place
            yield place + 1


def _states(tokens: Sequence[JsonToken], reached: int) -> tuple[list[State], int]:
    """The state before each token up to the one that can't be read, and the place of the first odd line."""
    states, first_odd = [START], reached
    for place in range(reached):
        after = step(states[-1], tokens[place], place)
        assert after is not None
        if after.odd and first_odd == reached:
            first_odd = place
        states.append(after)
    return states, first_odd


def _changes(tokens: Sequence[JsonToken], places: Sequence[int]) -> Iterator[_Change]:
    for place in places:
        there = tokens[place] if place < len(tokens) else None
        for sign in "}],:{[":
            yield _Change(place, sign)
        if there is not None and there.kind in SIGNS:
            yield _Change(place)
            for other in "{[" if there.kind in CLOSES else "}]" if there.kind in OPENS else ",:":
                if other != there.kind:
                    yield _Change(place, other, instead=True)


def _with(tokens: Sequence[JsonToken], state: State, change: _Change) -> tuple[int, State]:
    """As `run`, of the tokens as they are with a change, from its place on."""
    place = change.place
    if change.sign:
        after = step(state, _written(tokens, change), place)
        if after is None:
            return -1, state
        state = after
    return run(tokens, state, place + (change.instead or not change.sign))


def _written(tokens: Sequence[JsonToken], change: _Change) -> JsonToken:
    """The sign that a change writes, on the line where people would."""
    place, sign = change.place, change.sign
    if change.instead:
        return JsonToken(sign, sign, tokens[place].line, tokens[place].indent, tokens[place].first)
    before = tokens[max(0, place - 1)]
    after = tokens[place] if place < len(tokens) else before
    if sign in CLOSES and after.first and after.indent <= before.indent:  # on a line of its own, as it seems
        return JsonToken(sign, sign, after.line, max(0, after.indent - _STEP), first=False)
    return JsonToken(sign, sign, before.line, before.indent, first=False)


def _unlikely(tokens: Sequence[JsonToken], states: Sequence[State], change: _Change, odd: int) -> tuple[float, ...]:
    """What tells apart changes that mend equally: smaller is likelier."""
    place, sign = change.place, change.sign
    within = states[place].within
    strange = 0
    if sign in CLOSES:
        strange = _strange(tokens, place, sign)
    elif sign in OPENS and within is not None:
        strange = _strange(tokens, within.place, within.kind)
    elif not sign and tokens[place].kind in CLOSES:
        strange = -_strange(tokens, place, tokens[place].kind)
    return strange, change.instead, not sign, min(abs(change.place - odd), abs(change.place - len(states) + 1))


def _strange(tokens: Sequence[JsonToken], place: int, kind: str) -> int:
    """Whether an open bracket of that kind is strange at a place: 1, 0 where nobody knows, -1 where it is as elsewhere.

    Behind a key stands what stands behind it elsewhere in the file. A list directly in a list is strange.
    """
    if place < 2 or tokens[place - 1].kind != ":":
        return int(place > 0 and kind == "[" == tokens[place - 1].kind)
    key = tokens[place - 2].text
    others = {
        tokens[i + 2].kind
        for i in range(len(tokens) - 2)
        if i != place - 2 and tokens[i].text == key and tokens[i + 1].kind == ":"
    }
    return (-1 if kind in others else 1) if others else 0


def _said(tokens: Sequence[JsonToken], change: _Change) -> Broken:
    place, sign = change.place, change.sign
    token = tokens[place] if place < len(tokens) else None
    before = tokens[place - 1] if place else None
    line = before.line if before is not None else 1
    at = token.line if token is not None else line
    if change.instead and token is not None:
        return _exchanged(tokens, place, sign)
    if not sign:
        assert token is not None
        return _left_out(tokens, place)
    if sign == ",":
        if token is None or token.line > line:
            return _broken("comma-end", line)
        return _broken("comma", line, found=token.text)
    if sign == ":":
        return _broken("colon", line, found=before.text if before is not None else "")
    if sign in CLOSES:
        return _broken("open-missing", at, found=sign)
    opened = _open_at(tokens, place)
    if opened is None:
        return _broken("unclosed", line, found=OPENS[sign], opened=line, instead=sign)
    if token is not None and token.kind in OPENS and token.kind != sign:
        return Broken(line, f"{opened.text} of line {opened.line} is closed by {token.kind}", f"write {sign} before it")
    return _broken("unclosed", line, found=opened.text, opened=opened.line, instead=sign)


def _exchanged(tokens: Sequence[JsonToken], place: int, sign: str) -> Broken:
    token = tokens[place]
    if sign in OPENS:
        opened = _open_at(tokens, place)
        number = opened.line if opened is not None else token.line
        return _broken("wrong", token.line, found=OPENS[sign], opened=number, other=token.kind, instead=sign)
    if token.kind == ":":
        return _broken("in-list", token.line, found=tokens[place - 1].text)
    return _broken("alone", token.line, found=tokens[place - 1].text)


def _left_out(tokens: Sequence[JsonToken], place: int) -> Broken:
    token = tokens[place]
    after = tokens[place + 1] if place + 1 < len(tokens) else None
    if token.kind == ",":
        last = after is None or after.kind in OPENS
        return _broken("trailing" if last and (after is None or after.line > token.line) else "comma-extra", token.line)
    if token.kind == ":":
        return _broken("colon-extra", token.line)
    if token.kind in OPENS:
        return _broken("unopened", token.line, found=token.kind, instead=OPENS[token.kind])
    return _broken("too-many", token.line, found=token.kind, instead=CLOSES[token.kind])


def _open_at(tokens: Sequence[JsonToken], place: int) -> JsonToken | None:
    """The innermost bracket that is open before a place."""
    _, state = run(tokens[:place], START, 0)
    return None if state.within is None else tokens[state.within.place]


def _else(tokens: Sequence[JsonToken], place: int) -> Broken:
    """Where no single change helps: what is wrong at the place itself."""
    if place >= len(tokens):
        return _broken("else", tokens[-1].line, found="its end")
    token = tokens[place]
    _, state = run(tokens[:place], START, 0)
    if state.awaits in ("key", "entry") and token.kind != TEXT:
        return _broken("key", token.line)
    return _broken("else", token.line, found=token.text)


def _broken(kind: str, line: int, **words: object) -> Broken:
    sentence, hint = WORDS[kind]
    found = str(words.get("found", ""))
    shown = found if len(found) <= _MOST_SHOWN else f"{found[:_MOST_SHOWN]}…"
    given = {"line": line, "instead": "", **words, "found": shown}
    return Broken(line, sentence.format(**given), hint.format(**given))
