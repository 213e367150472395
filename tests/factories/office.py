"""People who hold an office, for the tests of the office's pages."""

from accounts.models import User
from members.choices import LEAGUE_ROLES, OfficeRole
from members.models import Chapter
from tests.factories.accounts import UserFactory
from tests.factories.members import OfficeTermFactory


def holder_of(role: OfficeRole, chapter: Chapter | None = None) -> User:
    """Return a new person who holds an office: of a chapter, or of the League where none is given."""
    user: User = UserFactory(language="en")
    OfficeTermFactory(user=user, role=role, chapter=None if role in LEAGUE_ROLES else chapter)
    return user
