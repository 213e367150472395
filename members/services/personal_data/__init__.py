from members.services.personal_data import tables  # noqa: F401 -- declares what members, notifications and audit hold
from members.services.personal_data.erasure import Blocker, ErasureBlocked, blockers_of, erase_person
from members.services.personal_data.exports import (
    ask_for_export,
    build_export,
    build_waiting_exports,
    note_download,
)

__all__ = [
    "Blocker",
    "ErasureBlocked",
    "ask_for_export",
    "blockers_of",
    "build_export",
    "build_waiting_exports",
    "erase_person",
    "note_download",
]
