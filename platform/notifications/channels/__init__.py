"""How a message leaves the site: one module for each channel, with `render` and `send`.

A further channel (Telegram) is a module with the same two functions, a member of `choices.Channel` and a line in
`CHANNELS`.
"""

from types import ModuleType

from notifications.channels import mail, push
from notifications.choices import Channel

CHANNELS: dict[str, ModuleType] = {Channel.MAIL: mail, Channel.PUSH: push}
