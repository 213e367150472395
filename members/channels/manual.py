"""Payment by bank transfer or in cash: the payer reads how, and a treasurer confirms that the money came."""

from collections.abc import Mapping

from members.channels.base import NoticeRejected, ProviderPayment
from members.models import Invoice


class ManualProvider:
    """The provider where there is none."""

    is_online = False

    def start(self, invoice: Invoice) -> str:
        """Lead to the payment details on the invoice's own page."""
        return f"{invoice.get_absolute_url()}#how-to-pay"

    def verify(self, headers: Mapping[str, str], body: bytes) -> ProviderPayment:
        """Reject everything: nobody but a treasurer says that money came."""
        raise NoticeRejected
