// What the terminal's own script (textual.js, of textual-serve) leaves to the page: where the server is, fonts
// of our own, the keyboard, the clipboard of every browser, downloads, and what to say when the app has ended.
"use strict";

(() => {
  const byId = (id) => document.getElementById(id);
  const keyboard = () => document.querySelector(".xterm-helper-textarea");

  // The clipboard. The app sends text, the terminal's script calls `navigator.clipboard.writeText`. Browsers
  // have that only on localhost and over https, and some refuse it a moment after the key was pressed.

  const clipboard = navigator.clipboard;
  let uncopied = "";

  function copyBySelection(text) {
    const box = document.createElement("textarea");
    box.className = "uncopied";
    box.readOnly = true;
    box.value = text;
    const before = document.activeElement;
    document.body.append(box);
    box.select();
    const done = document.execCommand("copy");
    box.remove();
    before?.focus();
    return done;
  }

  async function writeText(text) {
    if (!text) return;
    byId("uncopied").hidden = true;
    try {
      await clipboard.writeText(text);
    } catch {
      if (copyBySelection(text)) return;
      uncopied = text;
      byId("uncopied").hidden = false;
      byId("copy").focus();
    }
  }

  // The app never reads the clipboard: people paste.
  Object.defineProperty(navigator, "clipboard", { value: { writeText, readText: async () => "" } });

  function answerUncopied(copied) {
    if (copied) copyBySelection(uncopied);
    uncopied = "";
    byId("uncopied").hidden = true;
    keyboard()?.focus();
  }

  // Files. A link that is followed is not a window that a browser may refuse to open.

  const open = window.open.bind(window);
  window.open = (address, target) => {
    const url = new URL(address, location.href);
    if (url.origin !== location.origin || !url.pathname.startsWith("/download/")) {
      return open(url, target, "noopener");
    }
    const link = document.createElement("a");
    link.href = url.href;
    link.download = "";
    link.click();
    return null;
  };

  // Keys. The terminal would send ctrl+v to the app, which knows nothing of this computer's clipboard.

  function leavePastingToTheBrowser(event) {
    if (event.ctrlKey && !event.altKey && !event.metaKey && event.key.toLowerCase() === "v") {
      event.stopImmediatePropagation();
    }
  }

  function warnOfLeaving(event) {
    if (!document.body.classList.contains("-closed")) event.preventDefault();
  }

  // The terminal's script marks the body with -first-byte, again with every frame, and with -closed.
  let begun = false;

  function follow() {
    const marks = document.body.classList;
    if (marks.contains("-closed")) {
      byId("uncopied").hidden = true;
      byId("ended").hidden = false;
      byId("again").focus();
    } else if (marks.contains("-first-byte") && !begun) {
      begun = true;
      keyboard()?.focus();
    }
  }

  async function begin() {
    const terminal = byId("terminal");
    const asked = Number.parseInt(new URLSearchParams(location.search).get("fontsize"), 10);
    terminal.dataset.fontSize = Math.min(Math.max(asked || 16, 6), 96);
    const socket = new URL("ws", location.href);
    socket.protocol = socket.protocol === "https:" ? "wss:" : "ws:";
    socket.search = "";
    terminal.dataset.sessionWebsocketUrl = socket.href;
    byId("copy").addEventListener("click", () => answerUncopied(true));
    byId("leave").addEventListener("click", () => answerUncopied(false));
    byId("again").addEventListener("click", () => location.reload());
    window.addEventListener("keydown", leavePastingToTheBrowser, { capture: true });
    window.addEventListener("beforeunload", warnOfLeaving);
    new MutationObserver(follow).observe(document.body, { attributeFilter: ["class"] });

    // The terminal measures its letters once, at its start: the fonts must be there.
    const start = window.onload;
    window.onload = null;
    const styles = ["", "bold ", "italic ", "bold italic "];
    await Promise.allSettled(styles.map((style) => document.fonts.load(`${style}16px "Roboto Mono"`)));
    start();
  }

  document.addEventListener("DOMContentLoaded", begin);
})();
