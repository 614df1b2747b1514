"""`python tests/kql/write_truth.py`: write the lines of `kql/requests.py` anew into mlmon's own queries."""

import re
from pathlib import Path

from mlmon.core.ports import Dialect
from mlmon.kql import requests

FOLDER = Path(requests.__file__).with_name("canned")
LINES = re.compile(
    r"^\| extend isDefective.*?(?=^\| )(?:^\| extend trueResultCode.*?)?(?=^\| )", re.MULTILINE | re.DOTALL
)

if __name__ == "__main__":
    truth = "\n".join(requests.truth(Dialect.CLASSIC)) + "\n"
    for path in FOLDER.glob("*.kql"):
        text = path.read_text("utf-8")
        path.write_text(LINES.sub(lambda _: truth, text, count=1), "utf-8")
