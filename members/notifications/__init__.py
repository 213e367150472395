"""What members are told. The registry finds this module; importing the others declares their kinds."""

from members.notifications import announcements, committees, cpd, personal_data  # noqa: F401 -- declare their kinds
