"""The transparency log on disk: one entry a line, the last signed checkpoint, and elsewhere the published one.

entries      every entry and a line end, in order
checkpoint   the signed note over them
published    the same note where whoever can rewrite the log cannot: another disk, a mailbox, a witness
"""

from tre.vault.log.reader import entries, verify_log
from tre.vault.log.writer import Signer, TransparencyLog

__all__ = ["Signer", "TransparencyLog", "entries", "verify_log"]
