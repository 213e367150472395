"""How dues are paid: by transfer and cash, which a treasurer confirms, or through a payment provider."""

from functools import lru_cache

from django.conf import settings
from django.utils.module_loading import import_string

from members.channels.base import PaymentProvider


def payment_provider() -> PaymentProvider:
    """Return the provider that the settings name."""
    return _load(settings.PAYMENT_PROVIDER)


@lru_cache(maxsize=8)
def _load(path: str) -> PaymentProvider:
    provider: PaymentProvider = import_string(path)()
    return provider
