"""Who may bring in, hand out, compare and merge members' records: by office alone, superusers like everybody else."""

from accounts.models import User
from members.choices import OfficeRole
from members.models import DuplicateCase, MergeRecord, export_chapters, import_chapters, offices_of


def can_import(user: User) -> bool:
    """Whether this person may import members: of the League, or of chapters of which they are an officer."""
    return bool(import_chapters(user))


def can_export(user: User) -> bool:
    """Whether this person may export members at all; which columns and chapters is asked for each file."""
    return bool(export_chapters(user))


def can_see_duplicates(user: User) -> bool:
    """Whether this person's office compares people who may be on record twice."""
    roles = (OfficeRole.CHAPTER_OFFICER, OfficeRole.REGISTRAR, OfficeRole.BOARD)
    return bool(offices_of(user).chapters_with(*roles))


def can_propose_merge(user: User, case: DuplicateCase) -> bool:
    """Whether this person may propose to merge two accounts: a registrar, not about the own account."""
    return offices_of(user).holds(OfficeRole.REGISTRAR) and user.pk not in (case.first_id, case.second_id)


def can_approve_merge(user: User, case: DuplicateCase) -> bool:
    """Whether this person may approve a proposed merge: a registrar or the board, never who proposed it."""
    return _decides(user) and user.pk not in (case.first_id, case.second_id, case.proposed_by_id)


def can_undo_merge(user: User, merge: MergeRecord) -> bool:
    """Whether this person may take a merge back."""
    return _decides(user) and user.pk not in (merge.survivor_id, merge.merged_id)


def _decides(user: User) -> bool:
    offices = offices_of(user)
    return offices.holds(OfficeRole.REGISTRAR) or offices.holds(OfficeRole.BOARD)
