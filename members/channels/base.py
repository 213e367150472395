"""The one interface to whoever takes payments for the League.

To connect a provider, write a class with these members and name it in the setting `PAYMENT_PROVIDER`. Card numbers
never reach this site: the payer types them on the provider's page.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from moneyed import Money

from members.models import Invoice


class NoticeRejected(Exception):
    """Raised for a message that does not prove to come from the provider, or reports no payment."""


@dataclass(frozen=True)
class ProviderPayment:
    """A payment that a provider vouches for.

    reference: the provider's own id of it; the same one again is the same payment.
    """

    reference: str
    amount: Money
    invoice_number: str


class PaymentProvider(Protocol):
    """Takes a payer to where he pays, and understands the message that money came."""

    @property
    def is_online(self) -> bool:
        """Whether there is a page of the provider to which a payer is led."""

    def start(self, invoice: Invoice) -> str:
        """Return the address at which an invoice, or what remains of it, is paid. Called once for each attempt."""

    def verify(self, headers: Mapping[str, str], body: bytes) -> ProviderPayment:
        """Return what a message from the provider says. Raises NoticeRejected unless its signature is right.

        The body is as it came: signatures are over bytes. Providers repeat messages; nothing here needs to notice.
        """
