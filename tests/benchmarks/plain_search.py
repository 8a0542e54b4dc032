"""A question answered as most scripts do it, for `cold` to compare with: no part of `qa` is used.

``python plain_search.py MODEL VECTORS QUESTION`` loads the model with sentence-transformers, encodes the
question, searches the vectors (a FAISS file) and prints the positions of the nearest ones.
"""

import sys

import faiss
from sentence_transformers import SentenceTransformer

if __name__ == "__main__":
    model, vectors, question = sys.argv[1:]
    index = faiss.read_index(vectors)
    encoded = SentenceTransformer(model, device="cpu").encode([question], normalize_embeddings=True)
    _, positions = index.search(encoded, 10)
    print(*positions[0])
