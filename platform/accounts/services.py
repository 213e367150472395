from allauth.account.models import EmailAddress
from django.db import transaction

from accounts.models import User


def update_profile(user: User, *, name_native: str, name_latin: str, language: str, time_zone: str) -> User:
    """Change how a person is called and in which language and time zone they are served."""
    user.name_native = name_native
    user.name_latin = name_latin
    user.language = language
    user.time_zone = time_zone
    user.clean_fields(exclude=["email", "password"])
    user.save(update_fields=["name_native", "name_latin", "language", "time_zone"])
    return user


@transaction.atomic
def replace_address(user: User, *, email: str) -> User:
    """Give a person another address to sign in with.

    The old one stops working at once; the new one counts only after its owner has followed the link that
    the next sign-in sends there. So an officer who corrects an address never vouches for it.
    """
    EmailAddress.objects.filter(user=user, email=user.email).delete()
    user.email = User.objects.normalize_email(email)
    user.save(update_fields=["email"])
    EmailAddress.objects.filter(user=user, primary=True).update(primary=False)
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"primary": True, "verified": False})
    return user


def find_address(email: str) -> EmailAddress:
    """Return the record of an address: the confirmed one of several, unsaved if there is none."""
    address = EmailAddress.objects.filter(email=email).order_by("-verified", "pk").first()
    if address is not None:
        return address
    user = User.objects.filter(email=email).first()
    if user is not None:  # an account made by an officer or on the command line
        return EmailAddress.objects.create(user=user, email=email, primary=False, verified=False)
    return EmailAddress(user=None, email=email)
