"""The process that exports a model: ``python -m qa.encoder MODEL_FOLDER TARGET_FOLDER``."""

import sys
from pathlib import Path

from qa.encoder.export import NOT_NOW, write_export
from qa.errors import ModelError

if __name__ == "__main__":
    try:
        write_export(Path(sys.argv[1]), Path(sys.argv[2]))
    except (ModelError, ImportError, MemoryError, OSError):
        sys.exit(NOT_NOW)
