"""Vectors are searched exactly: the best first, equals in order, filters before the cut."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.errors import IndexStateError
from qa.types import Sentence, Span, Tokens
from qa.vectors import Search, TokenCodec, TokenIndex, TokenWriter, WindowIndex, WindowWriter
from qa.vectors.files import _matrix_libraries, one_thread

if TYPE_CHECKING:
    from qa.types import Vectors


PLAIN = Search(0, 0, 1.0)


def unit_vectors(count: int, dimension: int = 8, seed: int = 0) -> Vectors:
    vectors = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return halved(unit)


def halved(vectors: Vectors) -> Vectors:
    """Return vectors in numbers that half precision holds."""
    return vectors.astype(np.float16).astype(np.float32)


def write_vectors(folder: Path, *passages: Vectors, questions: Vectors | None = None) -> Search:
    """Write the vectors of passages, numbered from 0."""
    writer = WindowWriter(folder, passages[0].shape[1])
    for number, vectors in enumerate(passages):
        writer.add(number, vectors)

    def asked() -> Vectors:
        assert questions is not None
        return questions

    return writer.close(passages=len(passages), questions=asked)


def index_of(folder: Path, vectors: Vectors) -> WindowIndex:
    """Write an index of passages with a vector each, in numbers that half precision holds."""
    search = write_vectors(folder, *(vectors[number : number + 1] for number in range(len(vectors))))
    return WindowIndex(folder, vectors.shape[1], search)


def test_an_index_has_the_number_and_length_of_its_vectors(tmp_path: Path) -> None:
    index = index_of(tmp_path, unit_vectors(5, 8))
    assert (len(index), index.dimension) == (5, 8)


def test_the_nearest_vector_comes_first_with_its_cosine(tmp_path: Path) -> None:
    vectors = unit_vectors(20)
    index = index_of(tmp_path, vectors)
    found = index.search(vectors[3], among=None, limit=20)
    exact = vectors @ vectors[3]
    assert [position for position, _ in found] == np.argsort(-exact, kind="stable").tolist()
    assert [score for _, score in found] == pytest.approx(sorted(exact.tolist(), reverse=True), abs=1e-6)


def test_more_than_there_are_can_be_asked_for(tmp_path: Path) -> None:
    index = index_of(tmp_path, unit_vectors(5))
    assert len(index.search(unit_vectors(1)[0], among=None, limit=1000)) == 5
    assert [position for position, _ in index.search(unit_vectors(1)[0], among=[4, 2], limit=1000)] != [-1]


def test_none_is_found_where_none_is_wanted(tmp_path: Path) -> None:
    query = unit_vectors(1)[0]
    index = index_of(tmp_path, unit_vectors(5))
    assert index.search(query, among=[], limit=3) == []
    assert index.search(query, among=None, limit=0) == []
    write_vectors(tmp_path, np.empty((0, 8), dtype=np.float32))
    assert WindowIndex(tmp_path, 8, PLAIN).search(query, among=None, limit=3) == []


@settings(max_examples=60, deadline=None)
@given(data=st.data(), limit=st.integers(1, 12))
def test_a_filter_gives_the_best_of_those_it_lets_through(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, limit: int
) -> None:
    vectors = unit_vectors(40, seed=data.draw(st.integers(0, 3)))
    among = data.draw(st.lists(st.integers(0, 39), unique=True, max_size=40))
    index = index_of(tmp_path_factory.mktemp("vectors"), vectors)
    found = index.search(vectors[0], among=among, limit=limit)
    exact = vectors @ vectors[0]
    expected = sorted(among, key=lambda position: (-exact[position], position))[:limit]
    assert [position for position, _ in found] == expected


@pytest.mark.parametrize("limit", [1, 5, 99, 150, 299, 300, 301, 450, 599, 600])
def test_equals_come_in_order_also_at_the_cut(tmp_path: Path, limit: int) -> None:
    vectors = np.tile(unit_vectors(3), (200, 1))
    index = index_of(tmp_path, vectors)
    everything = index.search(vectors[1], among=None, limit=600)
    assert everything == sorted(everything, key=lambda pair: (-pair[1], pair[0]))
    assert index.search(vectors[1], among=None, limit=limit) == everything[:limit]
    even = [position for position in range(600) if position % 2 == 0]
    assert index.search(vectors[1], among=even, limit=limit) == [
        pair for pair in everything if pair[0] in set(even)
    ][:limit]  # fmt: skip


def tokens_of(vectors: Vectors, first_id: int = 0) -> Tokens:
    ids = np.arange(first_id, first_id + len(vectors), dtype=np.int32)
    return Tokens(ids, vectors, np.stack([ids, ids + 1], axis=1))


def token_index(
    folder: Path, *passages: tuple[int, Tokens], count: int, codec: TokenCodec | None = None
) -> TokenIndex:
    dimension = passages[0][1].vectors.shape[1]
    codec = codec or TokenCodec.plain(dimension)
    writer = TokenWriter(folder, codec)
    counts = np.zeros(20_000, dtype=np.int64)
    for number, tokens in passages:
        writer.add(number, codec.encode(tokens.vectors))
        counts[np.unique(tokens.ids)] += 1
    writer.close(passages=count, with_tokens=len(passages), counts=counts)
    return TokenIndex(folder)


def test_each_token_of_a_question_is_met_by_the_best_token_of_each_place(tmp_path: Path) -> None:
    first, second, query = unit_vectors(6), unit_vectors(4, seed=1), unit_vectors(3, seed=2)
    index = token_index(tmp_path, (1, tokens_of(first)), (3, tokens_of(second, 4)), count=5)
    comparison = index.compare(query, [0, 1, 3, 4])
    found = comparison.best_matches([(3, None), (1, Span(2, 5)), (0, None), (4, None)])
    expected = [(query @ second.T).max(axis=1), (query @ first[2:5].T).max(axis=1)]
    assert found[:, :2] == pytest.approx(np.stack(expected, axis=1), abs=2e-3)
    assert (found[:, 2:] == -1).all()


def test_the_likeness_of_a_place_is_the_cosine_of_the_means_of_tokens(tmp_path: Path) -> None:
    passage, query = unit_vectors(6), unit_vectors(3, seed=2)
    index = token_index(tmp_path, (0, tokens_of(passage)), count=2)
    mean, asked = passage[1:4].mean(axis=0), query.mean(axis=0)
    expected = float(mean @ asked / np.linalg.norm(mean) / np.linalg.norm(asked))
    sentences = [
        Sentence(0, 0, 9, Span(1, 4), float(np.linalg.norm(passage[1:4].sum(axis=0)))),
        Sentence(1, 0, 9, Span(0, 2), 1.0),
    ]
    comparison = index.compare(np.concatenate([query, query[:1]]), [0, 1])
    assert comparison.likeness(Span(0, 3), sentences).tolist() == pytest.approx([expected, -1], abs=2e-3)


@pytest.mark.parametrize("most_decoded", [0, 1_000])
def test_it_makes_no_difference_whether_tokens_are_kept_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most_decoded: int
) -> None:
    monkeypatch.setattr("qa.vectors.tokens._MOST_DECODED", most_decoded)
    monkeypatch.setattr("qa.vectors.tokens._CHUNK_READ", 5)
    first, second, query = unit_vectors(6), unit_vectors(9, seed=1), unit_vectors(3, seed=2)
    index = token_index(tmp_path, (1, tokens_of(first)), (3, tokens_of(second, 4)), count=5)
    found = index.compare(query, [4, 3, 1]).best_matches([(1, None), (3, Span(4, 99)), (4, None)])
    expected = [(query @ first.T).max(axis=1), (query @ second[4:].T).max(axis=1), [-1, -1, -1]]
    assert found == pytest.approx(np.stack(expected, axis=1), abs=2e-3)


def test_many_tokens_are_compressed_and_stay_near_what_they_were(tmp_path: Path) -> None:
    centres = unit_vectors(40, 64)
    chosen = np.random.default_rng(1).integers(0, 40, 12_000)
    noisy = centres[chosen] + unit_vectors(12_000, 64, seed=2) * 0.2
    vectors: Vectors = (noisy / np.linalg.norm(noisy, axis=1, keepdims=True)).astype(np.float32)
    codec = TokenCodec.learnt(vectors)
    token_index(tmp_path, (0, tokens_of(vectors)), count=1, codec=codec)
    assert (tmp_path / "tokens.codes").stat().st_size == 12_000 * 8
    found = codec.turned(vectors[:50]) @ codec.decode(codec.encode(vectors[:50])).T
    assert float(np.abs(found - vectors[:50] @ vectors[:50].T).mean()) < 0.05


def test_a_codec_comes_out_of_its_file_as_it_went_in(tmp_path: Path) -> None:
    vectors = unit_vectors(10_000, 16)
    for codec in (TokenCodec.learnt(vectors), TokenCodec.plain(16)):
        codec.write(tmp_path / "codec")
        again = TokenCodec.read(tmp_path / "codec")
        codes = codec.encode(vectors)
        assert (again.encode(vectors) == codes).all()
        assert (again.decode(codes) == codec.decode(codes)).all()
        assert (again.turned(vectors) == codec.turned(vectors)).all()


@pytest.mark.parametrize(("count", "dimension"), [(9_999, 16), (10_000, 12)])
def test_too_few_tokens_or_an_odd_dimension_are_only_rounded(count: int, dimension: int) -> None:
    assert TokenCodec.learnt(unit_vectors(count, dimension)).code_size == 2 * dimension


# Search in lists


@pytest.fixture(scope="module")
def in_lists(tmp_path_factory: pytest.TempPathFactory) -> tuple[WindowIndex, Vectors, Search]:
    """Return an index of 3,000 passages with a vector each, in lists, and these vectors."""
    folder = tmp_path_factory.mktemp("lists")
    centres = unit_vectors(60, 16, seed=3)
    spread = centres[np.arange(3_000) % 60] + unit_vectors(3_000, 16, seed=4) * 0.3
    vectors = halved(spread / np.linalg.norm(spread, axis=1, keepdims=True))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("qa.vectors.windows.MOST_SEARCHED_EXACTLY", 1_000)
        patch.setattr("qa.vectors.windows._CHUNK", 900)
        passages = [vectors[number : number + 1] for number in range(3_000)]
        search = write_vectors(folder, *passages, questions=unit_vectors(40, 16, seed=5))
    assert {path.name for path in folder.iterdir()} == {
        "windows.codes", "window-starts.npy", "window-lists.npy", "window-list-starts.npy",
        "window-places.npy", "window-rows.npy",
    }  # fmt: skip
    moved = folder.rename(folder.with_name("moved"))
    return WindowIndex(moved, 16, search), vectors, search


def test_a_search_in_lists_finds_what_it_was_tuned_to_find(
    in_lists: tuple[WindowIndex, Vectors, Search],
) -> None:
    index, vectors, search = in_lists
    assert search.lists == 108
    assert search.probes < search.lists
    found = []
    for question in unit_vectors(40, 16, seed=5):
        nearest = np.argsort(-(vectors @ question), kind="stable")[:100]
        got = [number for number, _ in index.search(question, among=None, limit=100)]
        assert len(got) == 100
        found.append(len(set(got) & set(nearest.tolist())) / 100)
    assert np.mean(found) >= 0.98
    assert search.recall == pytest.approx(np.mean(found), abs=0.002)


def test_a_filter_is_exact_also_where_vectors_are_in_lists(
    in_lists: tuple[WindowIndex, Vectors, Search],
) -> None:
    index, vectors, _ = in_lists
    for seed, question in enumerate(unit_vectors(20, 16, seed=6)):
        among = np.sort(np.random.default_rng(seed).choice(3_000, 150, replace=False))
        expected = among[np.argsort(-(vectors[among] @ question), kind="stable")][:30]
        found = index.search(question, among=among.tolist(), limit=30)
        assert [number for number, _ in found] == expected.tolist()


def test_vectors_come_out_as_they_went_in(
    tmp_path: Path, in_lists: tuple[WindowIndex, Vectors, Search]
) -> None:
    index, vectors, _ = in_lists
    assert all((index.vectors(number) == vectors[number]).all() for number in range(0, 3_000, 7))
    parts = [unit_vectors(count, seed=count) for count in (2, 0, 3)]
    write_vectors(tmp_path, *parts)
    few = WindowIndex(tmp_path, 8, PLAIN)
    assert all((few.vectors(number) == part).all() for number, part in enumerate(parts))


def test_a_passage_stands_where_its_best_vector_does(tmp_path: Path) -> None:
    vectors = unit_vectors(6)
    write_vectors(tmp_path, vectors[:2], vectors[2:2], vectors[2:6])
    found = WindowIndex(tmp_path, 8, PLAIN).search(vectors[1], among=None, limit=6)
    best = [float((part @ vectors[1]).max()) for part in (vectors[:2], vectors[2:6])]
    assert [number for number, _ in found] == [0, 2]
    assert [score for _, score in found] == pytest.approx(best, abs=1e-6)
    assert WindowIndex(tmp_path, 8, PLAIN).search(vectors[1], among=[1, 2], limit=6)[0][0] == 2


def test_a_token_of_few_passages_is_rarer_than_one_of_many(tmp_path: Path) -> None:
    vectors = unit_vectors(3)
    index = token_index(tmp_path, (0, tokens_of(vectors)), (1, tokens_of(vectors, 2)), count=2)
    everywhere, once, nowhere = index.rarity(np.array([2, 0, 99], dtype=np.int32))
    assert 0 < everywhere < once < nowhere


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IndexStateError, match="run: qa index --force"):
        WindowIndex(tmp_path, 8, PLAIN)


def test_vectors_that_cannot_be_written_are_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(IndexStateError, match="check its permissions and free space"):
        write_vectors(tmp_path / "no-folder", unit_vectors(5))


def test_a_file_that_is_cut_short_while_it_is_open_is_refused(tmp_path: Path) -> None:
    vectors = unit_vectors(5)
    index = index_of(tmp_path, vectors)
    (tmp_path / "windows.codes").write_bytes(b"x" * 16)
    with pytest.raises(IndexStateError, match=r"windows\.codes cannot be read .*; run: qa index --force"):
        index.search(vectors[0], among=None, limit=3)


def test_what_a_question_computes_stays_on_one_core_and_nothing_else_does() -> None:
    def threads() -> list[int]:
        return [library["num_threads"] for library in _matrix_libraries().info()]

    before = (threads(), faiss.omp_get_max_threads())
    with one_thread():
        assert (set(threads()) | {1}, faiss.omp_get_max_threads()) == ({1}, 1)
    assert (threads(), faiss.omp_get_max_threads()) == before
