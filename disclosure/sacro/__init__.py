"""Exchange with SACRO: a folder that its viewer opens, written from checked outputs, and such folders read as claims."""

from disclosure.sacro.claims import Claim, ClaimedFile, Claims
from disclosure.sacro.incoming import read
from disclosure.sacro.outgoing import Output, write

__all__ = ["Claim", "ClaimedFile", "Claims", "Output", "read", "write"]
