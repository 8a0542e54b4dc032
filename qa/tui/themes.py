"""The app's own colours: dark, light, for a bright room and a weak projector, and of the highest contrast.

Whatever is read has a contrast of at least 7 to 1 with whatever it can stand on, in the way WCAG 2.2 measures
it (1.4.6), and whatever is drawn and means something at least 4.5 to 1. Where Textual would work a weaker
colour out of others, the colour is given. Nothing is told by a hue alone: states are told in words, the
current passage has a bar beside it, what matches is underlined.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.theme import Theme

DEFAULT_THEME = "qa-dark"
PROJECTOR_THEME = "qa-projector"

_SHADES = [f"{way}-{step}" for way in ("lighten", "darken") for step in (1, 2, 3)]
"""What Textual calls the shades of a colour. None of ours has any."""


@dataclass(frozen=True, slots=True)
class _Colours:
    """What the colours of a theme are made of.

    Attributes
    ----------
    background, panel
        What text stands on: most of the screen, and its lines at the top and bottom and its frames.
    current
        What a line stands on that is chosen in a part of the screen without the focus.
    foreground, quiet
        Text, and text that is to stand back: what an empty box asks for, what cannot be used now.
    line
        Frames and scroll bars.
    primary, secondary, accent, warning, error, success
        Text on `background` and `panel`, or what `reversed` stands on.
    reversed
        Text on any of the six, or on `foreground`.
    """

    background: str
    panel: str
    current: str
    foreground: str
    quiet: str
    line: str
    primary: str
    secondary: str
    accent: str
    warning: str
    error: str
    success: str
    reversed: str


_DARK = _Colours(
    background="#111417",
    panel="#1f2327",
    current="#2b3036",
    foreground="#f2f5f7",
    quiet="#bcc7d1",
    line="#93a0ac",
    primary="#8fcbff",
    secondary="#c3ced8",
    accent="#ffd479",
    warning="#ffbf69",
    error="#ffb0a8",
    success="#94e2a8",
    reversed="#0b0e11",
)
_LIGHT = _Colours(
    background="#ffffff",
    panel="#ecedef",
    current="#e2e5e8",
    foreground="#14181b",
    quiet="#3b444d",
    line="#545f6a",
    primary="#002b80",
    secondary="#353b41",
    accent="#6b0f4a",
    warning="#5c2e00",
    error="#8f0000",
    success="#082e16",
    reversed="#ffffff",
)
_PROJECTOR = _Colours(
    background="#ffffff",
    panel="#ffffff",
    current="#e4e4e4",
    foreground="#000000",
    quiet="#1f1f1f",
    line="#000000",
    primary="#00005f",
    secondary="#000000",
    accent="#00005f",
    warning="#4d2600",
    error="#5f0000",
    success="#003300",
    reversed="#ffffff",
)
_CONTRAST = _Colours(
    background="#000000",
    panel="#000000",
    current="#303030",
    foreground="#ffffff",
    quiet="#ffffff",
    line="#ffffff",
    primary="#ffff00",
    secondary="#ffffff",
    accent="#ffff00",
    warning="#ffff00",
    error="#ffff00",
    success="#ffffff",
    reversed="#000000",
)


def _theme(name: str, colours: _Colours, *, dark: bool) -> Theme:
    """Return a theme of Textual's in which nothing is left to be worked out."""
    c = colours
    signals = {
        "primary": c.primary,
        "secondary": c.secondary,
        "accent": c.accent,
        "warning": c.warning,
        "error": c.error,
        "success": c.success,
    }
    plain = {
        **signals,
        "foreground": c.foreground,
        "background": c.background,
        # As the background, so that what stands on a box or list can stand anywhere, and so that the part of
        # a progress bar that is not done yet is not drawn.
        "surface": c.background,
        "panel": c.panel,
    }
    return Theme(
        name,
        primary=c.primary,
        secondary=c.secondary,
        accent=c.accent,
        warning=c.warning,
        error=c.error,
        success=c.success,
        foreground=c.foreground,
        background=c.background,
        surface=c.background,
        panel=c.panel,
        dark=dark,
        variables={
            **plain,
            **{f"{colour}-{shade}": value for colour, value in plain.items() for shade in _SHADES},
            **{f"text-{colour}": value for colour, value in signals.items()},
            **{f"{colour}-muted": c.current for colour in signals},
            "text": "auto 100%",
            "text-muted": c.quiet,
            "text-disabled": c.quiet,
            "foreground-muted": c.quiet,
            "foreground-disabled": c.quiet,
            "surface-active": c.background,
            "block-cursor-foreground": c.reversed,
            "block-cursor-background": c.primary,
            "block-cursor-text-style": "bold",
            "block-cursor-blurred-foreground": c.foreground,
            "block-cursor-blurred-background": c.current,
            "block-cursor-blurred-text-style": "bold",
            "block-hover-background": c.current,
            "border": c.primary,
            "border-blurred": c.line,
            "scrollbar": c.line,
            "scrollbar-hover": c.primary,
            "scrollbar-active": c.primary,
            "scrollbar-background": c.background,
            "scrollbar-background-hover": c.background,
            "scrollbar-background-active": c.background,
            "scrollbar-corner-color": c.background,
            "link-color": c.primary,
            "link-color-hover": c.reversed,
            "link-background-hover": c.primary,
            "footer-foreground": c.foreground,
            "footer-background": c.panel,
            "footer-key-foreground": c.primary,
            "footer-description-foreground": c.foreground,
            "input-cursor-foreground": c.reversed,
            "input-cursor-background": c.foreground,
            "input-selection-foreground": c.reversed,
            "input-selection-background": c.primary,
            "screen-selection-foreground": c.reversed,
            "screen-selection-background": c.primary,
            "button-foreground": c.foreground,
            "button-color-foreground": c.reversed,
            **{f"markdown-h{level}-color": c.primary for level in (1, 2, 3)},
            **{f"markdown-h{level}-color": c.foreground for level in (4, 5, 6)},
        },
    )


THEMES: tuple[Theme, ...] = (
    _theme("qa-dark", _DARK, dark=True),
    _theme("qa-light", _LIGHT, dark=False),
    _theme(PROJECTOR_THEME, _PROJECTOR, dark=False),
    _theme("qa-contrast", _CONTRAST, dark=True),
)
"""The app's own themes, the usual one first."""
