"""Every sign on the screen can be read in each of the app's own themes, measured cell by cell."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

import pytest
from rich.color import Color as TerminalColor
from rich.color import ColorSystem
from rich.style import Style
from textual.app import App, ComposeResult
from textual.color import Color
from textual.theme import Theme
from textual.widgets import Static

from qa.settings import SETTINGS_HELP, Settings
from qa.tui import QaApp
from qa.tui.dialogs import ExportScreen, HistoryScreen, ReportsScreen, ScopeScreen, TrayScreen
from qa.tui.present import PresentScreen
from qa.tui.themes import DEFAULT_THEME, THEMES
from tests.tui.fakes import (
    HOSTILE_QUESTION,
    NOTHING,
    FakeLibrary,
    ask_and_wait,
    on_screen,
    screen_of,
    turns_of,
    until_ready,
    wait_until,
)

TEXT = 7.0
"""The least contrast of what is read: WCAG 2.2, 1.4.6."""

DRAWN = 4.5
"""The least contrast of a frame, bar or bullet; WCAG 2.2, 1.4.11, is content with 3."""

SIZES = [(100, 30), (80, 24), (60, 20)]
EACH_THEME = pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)


class Cell(NamedTuple):
    """A cell of the screen that holds a sign: its row and place in it, both from 0, colours and contrast."""

    row: int
    column: int
    sign: str
    colour: str
    background: str
    contrast: float


def weak_cells(
    app: App[Any],
    *,
    text: float = TEXT,
    drawn: float = DRAWN,
    colours: ColorSystem = ColorSystem.TRUECOLOR,
) -> list[Cell]:
    """Return the cells of the screen in front whose sign has less contrast with what is behind it.

    Parameters
    ----------
    app
        The app, running; its screen is measured as it is now.
    text
        The least contrast of letters, digits, punctuation and whatever else is read.
    drawn
        The least contrast of frames, blocks and bullets. One that has the colour behind it is not drawn.
    colours
        What the terminal can show; colours are replaced by the nearest it has.
    """
    return [
        cell
        for cell in measured(app, colours=colours)
        if cell.contrast < (drawn if is_drawn(cell.sign) else text)
    ]


def measured(app: App[Any], *, colours: ColorSystem = ColorSystem.TRUECOLOR) -> Iterator[Cell]:
    """Yield every cell of the screen in front that holds a sign, with its contrast."""
    for row, strip in enumerate(app.screen._compositor.render_strips()):
        column = -1
        for segment in strip:
            if not segment.text.strip():
                column += len(segment.text)
                continue
            assert segment.style is not None, "these signs have the terminal's own colours, which may be any"
            seen = shown(segment.style, colours)
            for sign in segment.text:
                column += 1
                if sign.isspace() or is_picture(sign):
                    continue
                is_hidden = seen.colour == seen.background and (
                    is_drawn(sign) or strip.text[max(0, column - 1) : column + 2] == "▐X▌"
                )
                if not is_hidden:
                    yield Cell(row, column, sign, *seen)


class Seen(NamedTuple):
    """The colour of a sign and the one behind it as a terminal shows them, and their contrast."""

    colour: str
    background: str
    contrast: float


@cache
def shown(style: Style, colours: ColorSystem) -> Seen:
    assert style.color is not None, "a colour of the terminal's own may be any"
    assert style.bgcolor is not None, "a colour of the terminal's own may be any"
    colour, background = as_seen(style.color, colours), as_seen(style.bgcolor, colours)
    if style.reverse:
        colour, background = background, colour
    if style.dim:
        colour = background.blend(colour, 0.5)
    return Seen(colour.hex, background.hex, contrast(colour, background))


def as_seen(colour: TerminalColor, colours: ColorSystem) -> Color:
    return Color(*colour.downgrade(colours).get_truecolor())


def is_drawn(sign: str) -> bool:
    """Whether a sign is a line, a block, a geometric shape or a bullet: seen, not read."""
    return "\u2500" <= sign <= "\u25ff" or sign == "•"


def is_picture(sign: str) -> bool:
    """Whether a terminal draws a sign in colours of its own."""
    return sign >= "\U0001f000" and unicodedata.category(sign) == "So"


def contrast(one: Color, other: Color) -> float:
    """Return the contrast of two colours as WCAG 2.2 defines it: 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: Color) -> float:
    """Return the relative luminance as WCAG 2.2 defines it."""
    parts = [part / 255 for part in (colour.r, colour.g, colour.b)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def told(cells: Sequence[Cell]) -> str:
    """Return weak cells as people look for them: by their colours, with the rows and the signs."""
    alike: dict[tuple[str, str, float], list[Cell]] = {}
    for cell in cells:
        alike.setdefault((cell.colour, cell.background, round(cell.contrast, 2)), []).append(cell)
    return "\n".join(
        f"{measure} to 1, {colour} on {background}, rows {sorted({cell.row for cell in group})}: "
        f"{''.join(cell.sign for cell in group)[:80]}"
        for (colour, background, measure), group in alike.items()
    )


def assert_legible(app: App[Any], state: str) -> None:
    """Fail with what is hard to see on the screen in front, also where a terminal has 256 colours."""
    rows = [strip.text for strip in app.screen._compositor.render_strips()]
    assert len("".join("".join(rows).split())) > 20, f"{state}: nothing is shown"
    for colours in (ColorSystem.TRUECOLOR, ColorSystem.EIGHT_BIT):
        weak = told(weak_cells(app, colours=colours))
        if weak:
            pytest.fail(f"{state}, {colours.name}\n{weak}", pytrace=False)


def put_on(app: App[Any], theme: Theme) -> None:
    """Let the app wear a theme, whether or not it has it already."""
    app.register_theme(theme)
    app.theme = theme.name


# The measure itself


def test_contrast_is_measured_as_the_standard_says() -> None:
    assert contrast(Color.parse("#000"), Color.parse("#fff")) == pytest.approx(21)
    assert contrast(Color.parse("#777"), Color.parse("#fff")) == pytest.approx(4.48, abs=0.005)
    assert contrast(Color.parse("#ff0000"), Color.parse("#fff")) == pytest.approx(4.00, abs=0.005)
    assert contrast(Color.parse("#00f"), Color.parse("#00f")) == 1


class Marked(App[None]):
    """One line of text with a frame, in the colours it is given."""

    def __init__(self, style: str, frame: str) -> None:
        super().__init__()
        self._style = style
        self._frame = frame

    def compose(self) -> ComposeResult:
        words = Static("Seen? •", markup=False)
        for rule in self._style.split("; "):
            name, _, value = rule.partition(": ")
            setattr(words.styles, name, value)
        words.styles.border = ("round", self._frame)
        yield words


@pytest.mark.parametrize(
    ("style", "frame", "weak"),
    [
        ("color: #595959; background: white", "#767676", ""),
        ("color: #5c5c5c; background: white", "#767676", "Seen?"),
        ("color: #000000; background: white", "#7a7a7a", "frame"),
        ("color: #ffffff; background: white", "#000000", "Seen?"),
        ("color: #5c5c5c; background: white; text_style: reverse", "#767676", "Seen?"),
        ("color: #444444; background: white; text_style: dim", "#767676", "Seen?•"),
        ("color: #000000; background: white; text_opacity: 50%", "#767676", "Seen?•"),
        ("color: #000000; background: white; opacity: 50%", "#000000", "frame"),
    ],
)
async def test_what_is_weak_is_found(style: str, frame: str, weak: str) -> None:
    async with (app := Marked(style, frame)).run_test(size=(20, 5)):
        found = weak_cells(app)
        words = "".join(cell.sign for cell in found if cell.row == 1 and cell.sign != "│")
        has_frame = any(cell.sign in "╭│" for cell in found)
        if weak == "frame":
            assert has_frame
        else:
            assert (words, has_frame) == (weak, False)


# The themes


def test_the_usual_theme_is_the_first_of_four() -> None:
    assert [theme.name for theme in THEMES] == ["qa-dark", "qa-light", "qa-projector", "qa-contrast"]
    assert THEMES[0].name == DEFAULT_THEME


def test_the_settings_name_every_theme_of_the_app_and_the_usual_one() -> None:
    assert Settings().theme == DEFAULT_THEME
    assert all(theme.name in SETTINGS_HELP for theme in THEMES)


def variables(theme: Theme) -> dict[str, Color]:
    """Return the colours of a theme that a stylesheet can name; automatic ones left out."""
    app = App[None]()
    put_on(app, theme)
    found = {}
    for name, value in app.get_css_variables().items():
        if not value.startswith(("auto", "initial", "ansi")) and "style" not in name:
            found[name] = Color.parse(value)
    return found


READ_ANYWHERE = [
    *("foreground", "primary", "secondary", "accent", "warning", "error", "success"),
    *(f"text-{name}" for name in ("primary", "secondary", "accent", "warning", "error", "success")),
    *("text-muted", "text-disabled", "foreground-muted", "foreground-disabled"),
    *("footer-foreground", "footer-key-foreground", "footer-description-foreground"),
    *("link-color", "button-foreground", "block-cursor-blurred-foreground"),
    *(f"markdown-h{level}-color" for level in range(1, 7)),
]
BACKGROUNDS = [
    *("background", "surface", "panel", "footer-background", "surface-active", "block-hover-background"),
    *("block-cursor-blurred-background", "primary-muted", "secondary-muted", "error-muted"),
]
PAIRS = [
    ("block-cursor-foreground", "block-cursor-background"),
    ("input-cursor-foreground", "input-cursor-background"),
    ("input-selection-foreground", "input-selection-background"),
    ("screen-selection-foreground", "screen-selection-background"),
    ("link-color-hover", "link-background-hover"),
    *(("button-color-foreground", name) for name in ("primary", "success", "warning", "error", "accent")),
]
SEEN_ANYWHERE = [
    *("border", "border-blurred", "scrollbar", "scrollbar-hover", "scrollbar-active"),
    *("block-cursor-background", "input-cursor-background", "input-selection-background"),
    "screen-selection-background",
]


@EACH_THEME
def test_text_can_be_read_on_whatever_it_can_stand_on(theme: Theme) -> None:
    found = variables(theme)
    pairs = [(name, behind) for name in READ_ANYWHERE for behind in BACKGROUNDS] + PAIRS
    weak = {
        f"{name} on {behind}": contrast(found[name], found[behind])
        for name, behind in pairs
        if contrast(found[name], found[behind]) < TEXT
    }
    assert weak == {}


@EACH_THEME
def test_frames_scroll_bars_and_cursors_can_be_seen(theme: Theme) -> None:
    found = variables(theme)
    weak = {
        f"{name} on {behind}": contrast(found[name], found[behind])
        for name in SEEN_ANYWHERE
        for behind in [*BACKGROUNDS, "scrollbar-background", "scrollbar-background-hover"]
        if contrast(found[name], found[behind]) < DRAWN
    }
    assert weak == {}


@EACH_THEME
def test_no_colour_lets_another_shine_through(theme: Theme) -> None:
    assert {name: colour.a for name, colour in variables(theme).items() if colour.a not in (0, 1)} == {}


# The app


@EACH_THEME
async def test_every_sign_of_the_app_can_be_read(library: FakeLibrary, theme: Theme) -> None:
    library.warnings = ("One report was left out.",)
    app = QaApp(library.shelf)
    async with app.run_test(size=SIZES[0]) as pilot:

        async def assert_legible_at_every_size(state: str) -> None:
            # Themes differ in colours only, not in what is shown where.
            for size in reversed(SIZES if theme is THEMES[0] else SIZES[:1]):
                await pilot.resize_terminal(*size)
                await pilot.pause()
                assert_legible(app, f"{state}, {size[0]} x {size[1]}")

        put_on(app, theme)
        screen = screen_of(pilot)
        await until_ready(pilot)
        await assert_legible_at_every_size("ready")

        await pilot.press("r")
        await wait_until(pilot, lambda: screen.question_box._suggestion != "")
        assert_legible(app, "a filter is offered")
        await pilot.press("shift+home")
        assert_legible(app, "text is selected")

        await ask_and_wait(pilot)
        await assert_legible_at_every_size("an answer")
        await pilot.press("down")
        assert_legible(app, "a passage")
        await pilot.press("enter")
        await wait_until(pilot, lambda: screen.focused is screen.reader.section)
        await assert_legible_at_every_size("reading")
        await pilot.press("y")
        await wait_until(pilot, lambda: "Copied" in screen.status.message)
        assert_legible(app, "a citation copied")

        await ask_and_wait(pilot, NOTHING)
        await assert_legible_at_every_size("no answer")
        await ask_and_wait(pilot, HOSTILE_QUESTION)
        assert_legible(app, "hostile text")

        await pilot.press("f1")
        await wait_until(pilot, lambda: app.screen is not screen)
        await assert_legible_at_every_size("help")
        await pilot.press("escape")
        await wait_until(pilot, lambda: app.screen is screen)
        await pilot.press("ctrl+p")
        await wait_until(pilot, lambda: bool(app.screen.query("CommandList.--visible")))
        await assert_legible_at_every_size("the command palette")


@EACH_THEME
async def test_every_sign_of_an_app_that_failed_can_be_read(library: FakeLibrary, theme: Theme) -> None:
    library.opening_error = RuntimeError("broken")
    app = QaApp(library.shelf)
    async with app.run_test(size=(80, 24)) as pilot:
        put_on(app, theme)
        await pilot.pause()
        await wait_until(pilot, lambda: "Error" in screen_of(pilot).status.message)
        await pilot.press("w", "h", "o", "enter")
        await wait_until(pilot, lambda: turns_of(pilot) != ())
        assert_legible(app, "failed")


async def test_the_stylesheet_goes_with_every_theme_of_textuals(library: FakeLibrary) -> None:
    app = QaApp(library.shelf)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_ready(pilot)
        assert len(app.available_themes) > 15
        for name in app.available_themes:
            app.theme = name
            await pilot.pause()
            assert on_screen(pilot, "Ready.")


# What lies over it

DIALOGS = {
    "f2": ScopeScreen,
    "f3": ReportsScreen,
    "f4": TrayScreen,
    "f5": PresentScreen,
    "ctrl+r": HistoryScreen,
    "ctrl+s": ExportScreen,
}


def is_open(app: QaApp, kind: type[object]) -> bool:
    return isinstance(app.screen, kind) and app.screen.is_mounted


@EACH_THEME
async def test_every_sign_of_the_dialogs_can_be_read(library: FakeLibrary, theme: Theme) -> None:
    app = QaApp(library.shelf)
    async with app.run_test(size=SIZES[0]) as pilot:
        put_on(app, theme)
        await until_ready(pilot)
        await ask_and_wait(pilot)
        await pilot.press("down", "space", "n", "space", "g")
        assert_legible(app, "the prompt")
        await pilot.press("escape")
        for key, kind in DIALOGS.items():
            await pilot.press(key)
            await wait_until(pilot, partial(is_open, app, kind))
            for size in (SIZES[-1], SIZES[0]) if theme is THEMES[0] else SIZES[:1]:
                await pilot.resize_terminal(*size)
                await pilot.pause()
                assert_legible(app, f"{kind.__name__}, {size[0]} x {size[1]}")
            await pilot.press("escape")
            await wait_until(pilot, lambda: app.screen is screen_of(pilot))
