from typing import Any

import factory
from allauth.account.models import EmailAddress

from accounts.models import User

PASSWORD = "four unrelated quiet words"


class UserFactory(factory.django.DjangoModelFactory):
    """A person who may sign in with PASSWORD; `is_verified=True` also confirms the address."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda number: f"person{number}@example.org")
    name_native = factory.Sequence(lambda number: f"Айгуль {number}")

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, **kwargs: Any) -> User:
        is_verified = kwargs.pop("is_verified", False)
        password = kwargs.pop("password", PASSWORD)
        user = model_class.objects.create_user(password=password, **kwargs)
        if is_verified:
            EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
        return user
