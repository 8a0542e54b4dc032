"""The door to models that read a question and a passage together, and put the first passages in their order.

Such a cross-encoder is slower than everything else here and none comes with the installation, so one is used
only where it is asked for (Nogueira and Cho, "Passage re-ranking with BERT", arXiv:1901.04085, 2019).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from qa.encoder import find_model
from qa.errors import ModelError
from qa.types import Candidate

RERANKED = 30
"""How many of the first passages are read again; the others follow in the order they had."""

_BATCH = 16
_SCORING = "ForSequenceClassification"


class Reranker:
    """A cross-encoder in a folder of this machine, loaded at its first use.

    Of a question and passage longer than the model reads (512 tokens for most) only the beginning counts.

    Parameters
    ----------
    model
        The path of a model folder, or the name of a model on the Hugging Face hub.
    download
        Whether a named model that is not on this machine may be fetched; otherwise no network is touched.

    Raises
    ------
    ModelError
        If there is no such model, or it is none that scores a question with a passage.
    """

    def __init__(self, model: str, *, download: bool = False) -> None:
        self._name = model
        self._folder = _find(model, download=download)
        if not _scores_pairs(self._folder):
            raise ModelError(
                f"The model {model} does not score a question with a passage; give a cross-encoder, such as "
                "cross-encoder/ms-marco-MiniLM-L6-v2"
            )

    @property
    def name(self) -> str:
        """The model's name or path, as it was given."""
        return self._name

    def load(self) -> None:
        """Load the model now rather than at its first use."""
        _ = self._model

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """Return how well each text answers the question: what the model gives, before any squashing."""
        if not texts:
            return []
        import torch

        pairs = [(question, text) for text in texts]
        # Squashed to 0 … 1, the best of them would become equals.
        found = self._model.predict(
            pairs, batch_size=_BATCH, show_progress_bar=False, activation_fn=torch.nn.Identity()
        )
        return [float(score) for score in found]

    def rerank(self, question: str, candidates: Sequence[Candidate], texts: Sequence[str]) -> list[Candidate]:
        """Return the candidates with the first of them in the order of this model.

        Parameters
        ----------
        question
            What is asked.
        candidates
            The ranked passages, best first.
        texts
            What is read of each of the first `RERANKED` of them, at least.
        """
        first, others = candidates[:RERANKED], candidates[RERANKED:]
        if not first:
            return []
        scores = self.scores(question, texts[: len(first)])
        order = sorted(range(len(first)), key=lambda place: (-scores[place], place))
        reranked = [self._placed(first[place], scores[place], place + 1) for place in order]
        # Scores of two kinds do not compare; those that follow keep their distances, below the others.
        lowest, edge = min(scores), min(each.score for each in first)
        following = [replace(each, score=lowest - max(0.0, edge - each.score)) for each in others]
        return [*reranked, *following]

    def _placed(self, candidate: Candidate, score: float, rank: int) -> Candidate:
        why = candidate.explanation
        if why is not None:
            why = replace(why, reranked_by=self._name, rank_before=rank)
        return replace(candidate, score=score, explanation=why)

    @cached_property
    def _model(self) -> Any:  # sentence-transformers publishes no usable types
        from safetensors import SafetensorError

        try:
            from sentence_transformers import CrossEncoder
            from transformers.utils.logging import disable_progress_bar

            disable_progress_bar()  # type: ignore[no-untyped-call]  # it would draw over the caller's screen
            model = CrossEncoder(str(self._folder), device="cpu", local_files_only=True)
        except (
            ImportError, OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError,
            SafetensorError,
        ) as error:  # fmt: skip
            raise ModelError(
                f"The model in {self._folder} does not load ({type(error).__name__}); "
                "give the folder of a complete cross-encoder"
            ) from error
        if model.num_labels != 1:
            raise ModelError(
                f"The model {self._name} gives a question and passage {model.num_labels} scores and not one; "
                "give a cross-encoder for ranking, such as cross-encoder/ms-marco-MiniLM-L6-v2"
            )
        return model


def _find(model: str, *, download: bool) -> Path:
    try:
        return find_model(model, download=download)
    except ModelError as error:
        hint = "it could not be fetched" if download else "fetch it first with: hf download NAME"
        raise ModelError(
            f"There is no model {model} on this machine to rerank with: give the folder of a cross-encoder, "
            f"or its name on the Hugging Face hub ({hint})"
        ) from error


def _scores_pairs(folder: Path) -> bool:
    """Whether a folder holds a model with a head that scores; without one, a random head would be made up."""
    architectures = _read(folder / "config.json").get("architectures")
    if isinstance(architectures, list) and any(str(name).endswith(_SCORING) for name in architectures):
        return True
    return _read(folder / "config_sentence_transformers.json").get("model_type") == "CrossEncoder"


def _read(path: Path) -> dict[str, Any]:
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return settings if isinstance(settings, dict) else {}
