"""The process that exports a model: ``python -m qa.encoder MODEL_FOLDER TARGET_FOLDER``."""

import sys
from pathlib import Path

from qa.encoder.export import NO_MODEL, write_export
from qa.errors import ModelError

if __name__ == "__main__":
    try:
        write_export(Path(sys.argv[1]), Path(sys.argv[2]))
    except ModelError:
        sys.exit(NO_MODEL)
