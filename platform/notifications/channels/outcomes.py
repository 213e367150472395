"""What a channel answers to `send`, and what it is given to render."""

from dataclasses import dataclass
from enum import Enum

from notifications.choices import Floor
from notifications.registry import Kind, Notice


class Result(Enum):
    SENT = "sent"
    TEMPORARY = "temporary"  # the other side says: not now
    AMBIGUOUS = "ambiguous"  # the connection broke; it may have been accepted
    PERMANENT = "permanent"  # the other side says: never
    NO_ADDRESS = "no_address"  # there is nowhere to send it to


@dataclass(frozen=True)
class Outcome:
    result: Result
    code: str = ""  # of the protocol, or the class of an error; never a text


@dataclass(frozen=True)
class Line:
    """One subject in a message: its kind, what to say of it, how much may be said."""

    kind: Kind
    notice: Notice
    floor: Floor
    scope: str
