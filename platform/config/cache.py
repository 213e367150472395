"""Django's Redis cache with one client for each pool of connections."""

from typing import Any

from django.core.cache.backends import redis


class KeptClient(redis.RedisCacheClient):
    """Keep the client: Django makes a new one for every call, which takes as long as asking Redis does.

    A client of redis-py holds no state but its pool and may be shared by threads.
    """

    _kept: Any = None

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        if self._kept is None:
            self._kept = super().get_client(key, write=write)
        return self._kept


class RedisCache(redis.RedisCache):
    """The cache of settings.REDIS_URL: a single server, so one pool for reading and writing."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = KeptClient
