"""What the rest of the app may listen to; who listens stands in `members.receivers`."""

from django.dispatch import Signal

# Sent in the transaction of the submission, with `application` and `at`: whoever looks for duplicates starts here.
application_submitted = Signal()
