"""What ACRO writes and what it reads; runs in ACRO's own environment, from an empty working folder.

`python acro_folder.py write FOLDER` finalises a session with a table, a table of means, a regression and a file of another
kind; `python acro_folder.py load FOLDER` loads a folder and prints as JSON how each output looks to ACRO.
"""

import json
import logging
import sys
from pathlib import Path

import pandas as pd
from acro import ACRO
from acro.record import load_records


def write(folder: str) -> None:
    session = ACRO(suppress=False)
    rows = [(g, h, place) for g in "xy" for h in "pqr" for place in range(3 if (g, h) == ("x", "p") else 30)]
    data = pd.DataFrame(rows, columns=["g", "h", "money"])
    session.crosstab(data["g"], data["h"])
    session.crosstab(data["g"], data["h"], values=data["money"], aggfunc="mean", margins=True)
    session.ols(data["money"], pd.DataFrame({"one": 1.0, "g": (data["g"] == "x").astype(float)}))
    Path("note.txt").write_text("a note")
    session.custom_output("note.txt", "a file of another kind")
    session.add_comments("output_0", "looked at")
    session.add_exception("output_0", "please")
    session.finalise(folder, "json")


def load(folder: str) -> None:
    found = load_records(folder)
    looks = {}
    for uid in found.get_keys():
        record = found.get(uid)
        table = record.output[0]
        looks[uid] = {
            "status": record.status,
            "rows": len(table),
            "columns": list(table.columns),
            "not ok": int((record.outcome != "ok").to_numpy().sum()),
            "comments": record.comments,
        }
    print(json.dumps(looks))


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    {"write": write, "load": load}[sys.argv[1]](sys.argv[2])
