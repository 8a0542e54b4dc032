"""The only door to models: finds one, checks its weights, and turns text into vectors.

sentence-transformers loads a model once and exports it (`export`); from then on ONNX Runtime runs it
(`runtime`), which starts in a tenth of the time and reads several times as fast. A model that cannot be
exported is run by sentence-transformers (`reference`). What is done with the token embeddings, pooling first,
is the same for both (`pipeline`).
"""

from qa.encoder.sentence_encoder import SentenceEncoder
from qa.encoder.weights import DEFAULT_MODEL, DEFAULT_WEIGHTS_SHA256, find_model

__all__ = ["DEFAULT_MODEL", "DEFAULT_WEIGHTS_SHA256", "SentenceEncoder", "find_model"]
