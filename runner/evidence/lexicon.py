"""Words that carry a meaning which two phrasings of one statement share."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NEGATIONS: Final = _words(
    """not no never none without neither nor nothing nobody cannot lacks lack lacking failed fails
    fail denied denies deny refused refuses refuse ceased ceases"""
)

MAYBE: Final = _words(
    """may might could would will shall plans planned planning expects expected intends intended
    possibly probably likely reportedly allegedly alleged rumoured rumored proposed estimated
    forecast projected if unless"""
)

_AXES: Final = (
    (
        """up rise rises rose risen rising grow grows grew grown growing growth increase increases
        increased increasing gain gains gained higher more climbed improved""",
        """down fall falls fell fallen falling shrink shrank shrunk decline declines declined
        decrease decreases decreased decreasing drop drops dropped lower less worsened""",
    ),
    ("profit profits profitable", "loss losses unprofitable"),
    ("above over exceeds exceeded", "below under"),
    ("most maximum", "least minimum"),
    ("before", "after"),
    ("public", "private"),
    ("open opened opens", "closed closes shut"),
    ("active", "inactive dormant"),
    ("won win wins", "lost lose loses"),
    ("bought buy buys acquired acquires", "sold sell sells divested"),
    ("approved approves accepted granted", "rejected rejects dismissed"),
    ("legal lawful", "illegal unlawful"),
    ("guilty", "innocent acquitted"),
    ("true yes", "false untrue"),
    ("included includes including", "excluded excludes excluding"),
    ("began begins started starts launched", "ended ends stopped stops discontinued"),
    ("solvent", "insolvent bankrupt"),
    ("safe", "unsafe dangerous"),
    ("independent", "dependent"),
    ("alive", "dead died deceased"),
)
SIDES: Final[Mapping[str, tuple[int, int]]] = MappingProxyType(
    {
        word: (axis, side)
        for axis, ends in enumerate(_AXES)
        for side, words in enumerate(ends)
        for word in words.split()
    }
)
"""Words that point one way on an axis: the axis, and which of its two ends."""

STOP: Final = _words(
    """a an the and or but of in on at to by for from with as is are was were be been being has have
    had it its he she his her they their them this that these those which who whom whose there
    here into than then so also both about around some any each all such one s about approximately
    roughly nearly almost very new our we you your when where while because however since until
    during through between against do does did done i us"""
)
"""Words that carry no content of their own."""

ENGLISH: Final = _words(
    """the and with from it its this that these those which their they are were been whose than into
    company founded revenue rose grew fell increased decreased declined employs makes sells"""
)
"""Words that hardly another language has: where none stands, nobody knows what the others mean."""

FORMS: Final = _words(
    """inc incorporated ltd limited llc llp corp corporation co company gmbh ag plc sa spa nv ab oy
    kg se bv group holding holdings"""
)
"""Legal forms: with or without them it is the same company."""

_STATES: Final = """al Alabama;ak Alaska;az Arizona;ar Arkansas;ca California;co Colorado;
ct Connecticut;de Delaware;fl Florida;ga Georgia;hi Hawaii;id Idaho;il Illinois;in Indiana;ia Iowa;
ks Kansas;ky Kentucky;la Louisiana;me Maine;md Maryland;ma Massachusetts;mi Michigan;mn Minnesota;
ms Mississippi;mo Missouri;mt Montana;ne Nebraska;nv Nevada;nh New Hampshire;nj New Jersey;
nm New Mexico;ny New York;nc North Carolina;nd North Dakota;oh Ohio;ok Oklahoma;or Oregon;
pa Pennsylvania;ri Rhode Island;sc South Carolina;sd South Dakota;tn Tennessee;tx Texas;ut Utah;
vt Vermont;va Virginia;wa Washington;wv West Virginia;wi Wisconsin;wy Wyoming"""
STATES: Final[Mapping[str, str]] = MappingProxyType(
    {
        code.upper(): name
        for code, _, name in (entry.strip().partition(" ") for entry in _STATES.split(";"))
    }
)
"""US states by their two letters, which stand behind a place and a comma."""

ALIASES: Final = (
    (r"\bU\.? ?S\.? ?A?\.?(?=[\s,;:)]|$)|\bUnited States of America\b", "United States"),
    (r"\bU\.? ?K\.?(?=[\s,;:)]|$)|\bGreat Britain\b", "United Kingdom"),
    (r"\bE\.? ?U\.?(?=[\s,;:)]|$)", "European Union"),
)
