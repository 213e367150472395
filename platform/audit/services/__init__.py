from audit.services.erasing import ERASED, erase_detail
from audit.services.recording import hash_detail, record
from audit.services.sealing import GENESIS, link_hash, seal
from audit.services.verification import Problem, Verification, verify

__all__ = [
    "ERASED",
    "GENESIS",
    "Problem",
    "Verification",
    "erase_detail",
    "hash_detail",
    "link_hash",
    "record",
    "seal",
    "verify",
]
