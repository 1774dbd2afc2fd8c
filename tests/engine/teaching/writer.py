"""A process that writes numbered marks and prints each once it is stored: ``writer.py FOLDER AUTHOR PREFIX COUNT``."""

from __future__ import annotations

import sys
from pathlib import Path

from engine.schema import RowMark
from engine.teaching.store import Store


def main(folder: str, author: str, prefix: str, count: int) -> None:
    store = Store(Path(folder), author, patience=60)
    for number in range(count):
        row = f"{prefix}{number}"
        with store.edit(f"mark row {row}") as edit:
            edit.put("mark", row, RowMark(row, "fine"))
        print(row, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
