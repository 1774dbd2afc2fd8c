// The page of `blindspot serve`: a terminal (xterm.js) at one end of a WebSocket, the app at the other; see server.py.
import { Terminal } from "./xterm.mjs";
import { FitAddon } from "./addon-fit.mjs";
import { Unicode11Addon } from "./addon-unicode11.mjs";

const SMALLEST = [80, 24]; // columns and lines that the screens are made for
const LARGEST_FONT = 16, SMALLEST_FONT = 9; // pixels
const PIECE = 16384; // bytes of a message; the server takes four times as many
const SAVED = "Everything was saved as you went.";
const TOLD = { // by the code with which the server closed the connection
  4000: "You have left. " + SAVED,
  4001: "All places are taken. Try again when somebody has left.",
  4002: "This has been opened elsewhere under your name. " + SAVED,
  4003: "Give a name of at most 60 characters.",
  4004: "The server could not open a terminal. Whoever started it can read why there.",
};
const LOST = "The connection has ended: the server was stopped, or the network is gone. " + SAVED +
  " If this stays, ask for a new link: each start of the server makes new ones.";

const by = (id) => document.getElementById(id);
const page = document.documentElement, door = by("door"), field = by("annotator");
const asks = page.dataset.annotator === "";
const encoder = new TextEncoder();

const terminal = new Terminal({
  allowProposedApi: true, // for the widths of emoji as Unicode 11 has them
  fontFamily: '"DejaVu Sans Mono", "Noto Sans Mono", Menlo, Consolas, "Liberation Mono", monospace',
  fontSize: LARGEST_FONT,
  macOptionIsMeta: true,
  scrollback: 0,
  theme: { background: "#121212" },
});
const fit = new FitAddon();
terminal.loadAddon(fit);
terminal.loadAddon(new Unicode11Addon());
terminal.unicode.activeVersion = "11";
terminal.open(by("terminal"));
// What the app copies (OSC 52) goes to the clipboard; the clipboard is never read.
terminal.parser.registerOscHandler(52, (said) => {
  const text = said.slice(said.indexOf(";") + 1);
  if (text !== "?") {
    const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
    navigator.clipboard?.writeText(new TextDecoder().decode(bytes)).catch(() => {});
  }
  return true;
});

let socket = null;

function send(bytes) {
  for (let at = 0; at < bytes.length && socket?.readyState === WebSocket.OPEN; at += PIECE) {
    socket.send(bytes.subarray(at, at + PIECE));
  }
}

// As many cells as the window holds; in a small window smaller ones, until there are enough.
function resize() {
  for (let size = LARGEST_FONT; size >= SMALLEST_FONT; size--) {
    terminal.options.fontSize = size;
    const found = fit.proposeDimensions();
    if (found?.cols >= SMALLEST[0] && found.rows >= SMALLEST[1]) break;
  }
  fit.fit();
}

function ask(told) {
  by("told").textContent = told;
  by("asked").hidden = field.disabled = !asks;
  door.hidden = false;
  (asks && field.value === "" ? field : door.querySelector("button")).focus();
}

function enter() {
  door.hidden = true;
  terminal.reset();
  resize();
  const address = new URL("terminal", document.baseURI);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  address.search = new URLSearchParams({ annotator: field.value, columns: terminal.cols, lines: terminal.rows });
  socket = new WebSocket(address);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => terminal.focus();
  socket.onmessage = (message) => terminal.write(new Uint8Array(message.data));
  socket.onclose = (end) => ask(TOLD[end.code] ?? LOST);
}

terminal.onData((text) => send(encoder.encode(text)));
terminal.onBinary((text) => send(Uint8Array.from(text, (sign) => sign.charCodeAt(0))));
terminal.onResize(({ cols, rows }) => {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify([cols, rows]));
});
window.addEventListener("resize", resize);
door.addEventListener("submit", (event) => {
  event.preventDefault();
  enter();
});

resize();
if (asks) ask("");
else enter();
