"""Ways to change counts instead of withholding them."""

from disclosure.perturb.changed import Changed
from disclosure.perturb.keys import cell_key
from disclosure.perturb.rounding import controlled, midpoint, random, rounded

__all__ = ["Changed", "cell_key", "controlled", "midpoint", "random", "rounded"]
