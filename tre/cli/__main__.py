"""`python -m tre.cli` is `tre`."""

from tre.cli import main

main()
